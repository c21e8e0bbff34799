from django.db import migrations

FORWARD = """
CREATE FUNCTION refuse_change_of_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is final: % refused', TG_TABLE_NAME, OLD.number, TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER deed_final BEFORE UPDATE ON portability_deed
    FOR EACH ROW WHEN (OLD.state <> 'void' OR OLD.xmin::text <> pg_current_xact_id()::xid::text)
    EXECUTE FUNCTION refuse_change_of_final();
CREATE TRIGGER deed_kept BEFORE DELETE ON portability_deed FOR EACH ROW EXECUTE FUNCTION refuse_change_of_final();
CREATE TRIGGER errand_final BEFORE UPDATE ON portability_errand
    FOR EACH ROW WHEN (OLD.state <> 'asking') EXECUTE FUNCTION refuse_change_of_final();
CREATE TRIGGER errand_kept BEFORE DELETE ON portability_errand FOR EACH ROW EXECUTE FUNCTION refuse_change_of_final();
"""
BACK = """
DROP TRIGGER deed_final ON portability_deed;
DROP TRIGGER deed_kept ON portability_deed;
DROP TRIGGER errand_final ON portability_errand;
DROP TRIGGER errand_kept ON portability_errand;
DROP FUNCTION refuse_change_of_final();
"""


class Migration(migrations.Migration):
    """A verdict is final: a deed changes only in the transaction that takes its id, an errand until it has one."""

    dependencies = [("portability", "0002_clearing")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
