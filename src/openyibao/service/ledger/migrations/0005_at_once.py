from importlib import import_module

from django.db import migrations

# The postings of an entry are looked at once for each statement that writes some, not once for each row at the end:
# whatever a statement leaves behind balances, so at the end only entries without postings, and reversals whose original
# was added to in the same transaction, are left to find.
FORWARD = """
CREATE FUNCTION ledger_admit_postings() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    entry bigint;
    e record;
    lines integer;
    total numeric;
    missing bigint;
BEGIN
    FOR entry IN SELECT DISTINCT f.entry_id FROM fresh f LOOP
        SELECT tx, reverses_id INTO e FROM ledger_entry WHERE id = entry;
        IF NOT FOUND OR e.tx <> pg_current_xact_id()::text::bigint THEN
            RAISE EXCEPTION 'postings of entry %: no entry of this transaction', entry
                USING ERRCODE = 'restrict_violation', HINT = 'Postings are written in the transaction of their entry.';
        END IF;
        SELECT count(*), sum(p.fen), min(p.account_id) FILTER (WHERE a.id IS NULL) INTO lines, total, missing
        FROM ledger_posting p LEFT JOIN ledger_account a ON a.id = p.account_id WHERE p.entry_id = entry;
        IF missing IS NOT NULL THEN
            RAISE EXCEPTION 'a posting of entry %: no account %', entry, missing
                USING ERRCODE = 'foreign_key_violation';
        END IF;
        IF lines < 2 OR total <> 0 THEN
            RAISE EXCEPTION 'entry % does not balance: % postings with the sum % fen', entry, lines, total
                USING ERRCODE = 'check_violation', HINT = 'All postings of an entry are written by one statement.';
        END IF;
        IF e.reverses_id IS NOT NULL AND EXISTS (
            SELECT FROM ledger_posting WHERE entry_id IN (entry, e.reverses_id)
            GROUP BY account_id HAVING sum(fen) <> 0
        ) THEN
            RAISE EXCEPTION 'entry % does not undo entry %: an account keeps a difference', entry, e.reverses_id
                USING ERRCODE = 'check_violation';
        END IF;
    END LOOP;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION ledger_check_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    lines integer;  -- counted: for an EXISTS a plan from before the table had statistics reads the whole of it
BEGIN
    SELECT count(*) INTO lines FROM ledger_posting WHERE entry_id = NEW.id;
    IF lines = 0 THEN
        RAISE EXCEPTION 'entry % does not balance: 0 postings', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.reverses_id IS NOT NULL AND EXISTS (  -- once more: the entry that it undoes may have got more of them since
        SELECT FROM ledger_posting WHERE entry_id IN (NEW.id, NEW.reverses_id)
        GROUP BY account_id HAVING sum(fen) <> 0
    ) THEN
        RAISE EXCEPTION 'entry % does not undo entry %: an account keeps a difference', NEW.id, NEW.reverses_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

DROP TRIGGER ledger_posting_balances ON ledger_posting;
DROP TRIGGER ledger_posting_admitted ON ledger_posting;
DROP FUNCTION ledger_admit_posting();
CREATE TRIGGER ledger_posting_admitted AFTER INSERT ON ledger_posting REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_admit_postings();
"""
BEFORE = import_module("openyibao.service.ledger.migrations.0002_kept").FORWARD


def _before(start: str, end: str) -> str:
    return BEFORE[BEFORE.index(start) : BEFORE.index(end)]


BACK = (
    "DROP TRIGGER ledger_posting_admitted ON ledger_posting; DROP FUNCTION ledger_admit_postings();"
    + _before("CREATE FUNCTION ledger_admit_posting()", "CREATE FUNCTION ledger_check_entry()")
    + _before("CREATE FUNCTION ledger_check_entry()", "CREATE TRIGGER").replace("CREATE", "CREATE OR REPLACE", 1)
    + _before("CREATE TRIGGER ledger_posting_admitted", "CREATE CONSTRAINT TRIGGER ledger_entry_balances")
    + _before("CREATE CONSTRAINT TRIGGER ledger_posting_balances", "INSERT INTO ledger_fold")
)


class Migration(migrations.Migration):
    """That entries balance is seen when their postings are written: four look-ups an entry, where there were many."""

    dependencies = [("ledger", "0004_post")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
