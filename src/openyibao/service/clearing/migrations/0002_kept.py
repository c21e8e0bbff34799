from django.db import migrations

APPENDED = ("item", "part", "deduction", "depositshare")
"""Tables of which nothing is changed or deleted; of the others below nothing is deleted."""
KEPT = ("statement", "order", "transfer", "batch", "confirmation", "report", "dispute", "bankaccount", "speaker")

FORWARD = """
CREATE SEQUENCE clearing_number;
CREATE FUNCTION clearing_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is kept: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;
""" + "".join(
    f"""
CREATE TRIGGER clearing_{table}_kept BEFORE {"UPDATE OR " if table in APPENDED else ""}DELETE ON clearing_{table}
    FOR EACH ROW EXECUTE FUNCTION clearing_refuse_change();
CREATE TRIGGER clearing_{table}_all_kept BEFORE TRUNCATE ON clearing_{table} EXECUTE FUNCTION clearing_refuse_change();
"""
    for table in (*APPENDED, *KEPT)
)
BACK = (
    "".join(
        f"""
DROP TRIGGER clearing_{table}_kept ON clearing_{table};
DROP TRIGGER clearing_{table}_all_kept ON clearing_{table};
"""
        for table in (*APPENDED, *KEPT)
    )
    + """
DROP FUNCTION clearing_refuse_change();
DROP SEQUENCE clearing_number;
"""
)


class Migration(migrations.Migration):
    """What statements say is never changed, and nothing of the room is deleted."""

    dependencies = [("clearing", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
