from django.db import migrations

FORWARD = """
CREATE FUNCTION organisation_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is appended only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE FUNCTION organisation_one_decision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.decided_at IS NOT NULL OR NEW.decided_at IS NULL
       OR (NEW.id, NEW.action, NEW.body_id, NEW.subject, NEW.data, NEW.proposed_by_id, NEW.proposed_at)
          IS DISTINCT FROM
          (OLD.id, OLD.action, OLD.body_id, OLD.subject, OLD.data, OLD.proposed_by_id, OLD.proposed_at) THEN
        RAISE EXCEPTION 'a proposal changes by its one decision only' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER proposal_one_decision BEFORE UPDATE ON organisation_proposal
    FOR EACH ROW EXECUTE FUNCTION organisation_one_decision();
CREATE TRIGGER proposal_kept BEFORE DELETE ON organisation_proposal
    FOR EACH ROW EXECUTE FUNCTION organisation_refuse_change();
CREATE TRIGGER proposal_all_kept BEFORE TRUNCATE ON organisation_proposal
    EXECUTE FUNCTION organisation_refuse_change();
CREATE TRIGGER access_appended_only BEFORE UPDATE OR DELETE ON organisation_access
    FOR EACH ROW EXECUTE FUNCTION organisation_refuse_change();
CREATE TRIGGER access_all_kept BEFORE TRUNCATE ON organisation_access
    EXECUTE FUNCTION organisation_refuse_change();
"""
BACK = """
DROP TRIGGER access_all_kept ON organisation_access;
DROP TRIGGER access_appended_only ON organisation_access;
DROP TRIGGER proposal_all_kept ON organisation_proposal;
DROP TRIGGER proposal_kept ON organisation_proposal;
DROP TRIGGER proposal_one_decision ON organisation_proposal;
DROP FUNCTION organisation_one_decision();
DROP FUNCTION organisation_refuse_change();
"""


class Migration(migrations.Migration):
    """A proposal changes by its decision only; the access log is appended only."""

    dependencies = [("organisation", "0002_proposals")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
