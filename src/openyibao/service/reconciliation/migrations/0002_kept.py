from django.db import migrations

FORWARD = """
CREATE FUNCTION reconciliation_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE FUNCTION reconciliation_item_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('corrected', 'written off') AND NEW.state <> OLD.state
       AND NOT (OLD.state = 'written off' AND NEW.state = 'corrected')
       OR (NEW.period_id, NEW.key, NEW.content, NEW.kind, NEW.opened_id)
          IS DISTINCT FROM (OLD.period_id, OLD.key, OLD.content, OLD.kind, OLD.opened_id) THEN
        RAISE EXCEPTION 'a difference changes by its state only, and not from an end' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER step_appended_only BEFORE UPDATE OR DELETE ON reconciliation_step
    FOR EACH ROW EXECUTE FUNCTION reconciliation_refuse_change();
CREATE TRIGGER step_all_kept BEFORE TRUNCATE ON reconciliation_step EXECUTE FUNCTION reconciliation_refuse_change();
CREATE TRIGGER item_changes_by_steps BEFORE UPDATE ON reconciliation_item
    FOR EACH ROW EXECUTE FUNCTION reconciliation_item_change();
CREATE TRIGGER item_kept BEFORE DELETE ON reconciliation_item
    FOR EACH ROW EXECUTE FUNCTION reconciliation_refuse_change();
"""
BACK = """
DROP TRIGGER item_kept ON reconciliation_item;
DROP TRIGGER item_changes_by_steps ON reconciliation_item;
DROP TRIGGER step_all_kept ON reconciliation_step;
DROP TRIGGER step_appended_only ON reconciliation_step;
DROP FUNCTION reconciliation_item_change();
DROP FUNCTION reconciliation_refuse_change();
"""


class Migration(migrations.Migration):
    """A difference changes by its state only; its steps are appended only."""

    dependencies = [("reconciliation", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
