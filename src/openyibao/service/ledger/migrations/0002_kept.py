from django.db import migrations

KEPT = ("account", "entry", "posting", "closedmonth", "carried", "seal")

# An entry's number is drawn after its transaction has an id, so that the sealer can know which numbers are settled
# (seal.py). The month is locked in shared mode, which no other entry waits for; closing it takes that lock alone.
# A transaction at repeatable read could miss a month closed since it began, so it may not post.
FORWARD = """
CREATE SEQUENCE ledger_entry_number CACHE 1;

CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is appended only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION ledger_number_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'entries are posted at isolation level read committed, not %',
            current_setting('transaction_isolation') USING ERRCODE = 'restrict_violation';
    END IF;
    PERFORM pg_advisory_xact_lock_shared(
        1818453095, extract(year FROM NEW.day)::integer * 12 + extract(month FROM NEW.day)::integer);
    IF EXISTS (SELECT FROM ledger_closedmonth WHERE month >= date_trunc('month', NEW.day)::date) THEN
        RAISE EXCEPTION 'the month of % is closed: nothing is posted on its days any more', NEW.day
            USING ERRCODE = 'restrict_violation', HINT = 'Post on a day of an open month.';
    END IF;
    NEW.tx := pg_current_xact_id()::text::bigint;
    NEW.id := nextval('ledger_entry_number');
    RETURN NEW;
END $$;

CREATE FUNCTION ledger_admit_posting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM ledger_entry WHERE id = NEW.entry_id AND tx = pg_current_xact_id()::text::bigint;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'posting % of entry %: no entry of this transaction', NEW.line, NEW.entry_id
            USING ERRCODE = 'restrict_violation', HINT = 'Postings are written in the transaction of their entry.';
    END IF;
    PERFORM FROM ledger_account WHERE id = NEW.account_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'posting % of entry %: no account %', NEW.line, NEW.entry_id, NEW.account_id
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION ledger_check_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    entry bigint;
    undone bigint;
    lines integer;
    total numeric;
BEGIN
    IF TG_TABLE_NAME = 'ledger_entry' THEN
        entry := NEW.id;
    ELSE
        entry := NEW.entry_id;
    END IF;
    SELECT count(*), coalesce(sum(fen), 0) INTO lines, total FROM ledger_posting WHERE entry_id = entry;
    IF lines < 2 OR total <> 0 THEN
        RAISE EXCEPTION 'entry % does not balance: % postings with the sum % fen', entry, lines, total
            USING ERRCODE = 'check_violation';
    END IF;
    SELECT reverses_id INTO undone FROM ledger_entry WHERE id = entry;
    IF undone IS NOT NULL AND EXISTS (
        SELECT FROM ledger_posting WHERE entry_id IN (entry, undone) GROUP BY account_id HAVING sum(fen) <> 0
    ) THEN
        RAISE EXCEPTION 'entry % does not undo entry %: an account keeps a difference', entry, undone
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER ledger_entry_numbered BEFORE INSERT ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION ledger_number_entry();
CREATE TRIGGER ledger_posting_admitted BEFORE INSERT ON ledger_posting
    FOR EACH ROW EXECUTE FUNCTION ledger_admit_posting();
CREATE CONSTRAINT TRIGGER ledger_entry_balances AFTER INSERT ON ledger_entry DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION ledger_check_entry();
CREATE CONSTRAINT TRIGGER ledger_posting_balances AFTER INSERT ON ledger_posting DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION ledger_check_entry();
INSERT INTO ledger_fold (id, through) VALUES (1, 0);
""" + "".join(
    f"""
CREATE TRIGGER ledger_{table}_appended_only BEFORE UPDATE OR DELETE ON ledger_{table}
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_{table}_kept BEFORE TRUNCATE ON ledger_{table} EXECUTE FUNCTION ledger_refuse();
"""
    for table in KEPT
)

BACK = (
    "".join(
        f"""
DROP TRIGGER ledger_{table}_appended_only ON ledger_{table};
DROP TRIGGER ledger_{table}_kept ON ledger_{table};
"""
        for table in KEPT
    )
    + """
DROP TRIGGER ledger_entry_numbered ON ledger_entry;
DROP TRIGGER ledger_posting_admitted ON ledger_posting;
DROP TRIGGER ledger_entry_balances ON ledger_entry;
DROP TRIGGER ledger_posting_balances ON ledger_posting;
DROP FUNCTION ledger_refuse(), ledger_number_entry(), ledger_admit_posting(), ledger_check_entry();
DROP SEQUENCE ledger_entry_number;
"""
)


class Migration(migrations.Migration):
    """What the database itself keeps: entries balance, are never changed, and stay out of closed months."""

    dependencies = [("ledger", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
