from django.db import migrations

QUESTIONS, MARKS = 5, 5
SUMS = " AND ".join(
    " + ".join(f"marks[{question * MARKS + mark}]" for mark in range(1, MARKS + 1)) + " = size"
    for question in range(QUESTIONS)
)
FORWARD = f"""
ALTER TABLE voice_batch ADD CONSTRAINT batch_adds_up CHECK (
    array_length(marks, 1) = {QUESTIONS * MARKS} AND 0 <= ALL (marks) AND {SUMS} AND last >= first);
CREATE FUNCTION voice_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE FUNCTION voice_question_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('refused', 'taken back') OR NEW.state = 'waiting'
       OR (NEW.digest, NEW.kind, NEW.body_id, NEW.policy, NEW.general, NEW.characters, NEW.asked)
          IS DISTINCT FROM
          (OLD.digest, OLD.kind, OLD.body_id, OLD.policy, OLD.general, OLD.characters, OLD.asked) THEN
        RAISE EXCEPTION 'a question changes by its state and what is cut only' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION voice_answer_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'stands'
       OR (NEW.question_id, NEW.number, NEW.text, NEW.role, NEW.office_id, NEW.day, NEW.proposal_id)
          IS DISTINCT FROM
          (OLD.question_id, OLD.number, OLD.text, OLD.role, OLD.office_id, OLD.day, OLD.proposal_id) THEN
        RAISE EXCEPTION 'an answer changes by being corrected or withdrawn only' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER question_changes BEFORE UPDATE ON voice_question FOR EACH ROW EXECUTE FUNCTION voice_question_change();
CREATE TRIGGER question_kept BEFORE DELETE ON voice_question FOR EACH ROW EXECUTE FUNCTION voice_refuse_change();
CREATE TRIGGER answer_changes BEFORE UPDATE ON voice_answer FOR EACH ROW EXECUTE FUNCTION voice_answer_change();
CREATE TRIGGER answer_kept BEFORE DELETE ON voice_answer FOR EACH ROW EXECUTE FUNCTION voice_refuse_change();
CREATE TRIGGER rated_kept BEFORE UPDATE OR DELETE ON voice_rated FOR EACH ROW EXECUTE FUNCTION voice_refuse_change();
CREATE TRIGGER batch_final BEFORE UPDATE OR DELETE ON voice_batch FOR EACH ROW WHEN (OLD.closed)
    EXECUTE FUNCTION voice_refuse_change();
"""
BACK = """
DROP TRIGGER batch_final ON voice_batch;
DROP TRIGGER rated_kept ON voice_rated;
DROP TRIGGER answer_kept ON voice_answer;
DROP TRIGGER answer_changes ON voice_answer;
DROP TRIGGER question_kept ON voice_question;
DROP TRIGGER question_changes ON voice_question;
DROP FUNCTION voice_answer_change();
DROP FUNCTION voice_question_change();
DROP FUNCTION voice_refuse_change();
ALTER TABLE voice_batch DROP CONSTRAINT batch_adds_up;
"""


class Migration(migrations.Migration):
    """What the room promises, kept by the database: no answer is rewritten, no batch that is shown changes."""

    dependencies = [("voice", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
