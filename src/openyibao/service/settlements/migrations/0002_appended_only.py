from django.db import migrations

FORWARD = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is appended only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER settlement_appended_only BEFORE UPDATE OR DELETE ON settlements_settlement
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER settlement_kept BEFORE TRUNCATE ON settlements_settlement EXECUTE FUNCTION refuse_change();
CREATE TRIGGER layer_appended_only BEFORE UPDATE OR DELETE ON settlements_layerpaid
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER layer_kept BEFORE TRUNCATE ON settlements_layerpaid EXECUTE FUNCTION refuse_change();
CREATE SEQUENCE settlements_setl_id;
CREATE SEQUENCE settlements_mdtrt_id;
"""
BACK = """
DROP SEQUENCE settlements_setl_id, settlements_mdtrt_id;
DROP TRIGGER settlement_appended_only ON settlements_settlement;
DROP TRIGGER settlement_kept ON settlements_settlement;
DROP TRIGGER layer_appended_only ON settlements_layerpaid;
DROP TRIGGER layer_kept ON settlements_layerpaid;
DROP FUNCTION refuse_change();
"""


class Migration(migrations.Migration):
    """Settlements can neither be changed nor deleted."""

    dependencies = [("settlements", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
