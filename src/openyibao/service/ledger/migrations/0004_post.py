from django.db import migrations

# An account that is not there yet is made; two that do so at once make them in one order, and so cannot deadlock.
POST = """
CREATE FUNCTION ledger_post(
    kind_ text, moment_ timestamptz, day_ date, reference_ text, reverses_ bigint, memo_ text,
    kinds text[], regions text[], schemes text[], funds text[], owners text[], fens bigint[]
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    accounts bigint[];
    entry_ bigint;
BEGIN
    FOR again IN 1..2 LOOP
        SELECT array_agg((
            SELECT a.id FROM ledger_account a WHERE a.kind = g.kind AND a.region = g.region AND a.scheme = g.scheme
                AND a.fund = g.fund AND a.owner = g.owner
        ) ORDER BY g.line) INTO accounts
        FROM unnest(kinds, regions, schemes, funds, owners) WITH ORDINALITY AS g (kind, region, scheme, fund, owner, line);
        EXIT WHEN array_position(accounts, NULL) IS NULL;
        INSERT INTO ledger_account (kind, region, scheme, fund, owner)
        SELECT DISTINCT g.* FROM unnest(kinds, regions, schemes, funds, owners) AS g (kind, region, scheme, fund, owner)
        ORDER BY 1, 2, 3, 4, 5 ON CONFLICT DO NOTHING;
    END LOOP;
    INSERT INTO ledger_entry (kind, moment, day, reference, reverses_id, memo)
    VALUES (kind_, moment_, day_, reference_, reverses_, memo_) RETURNING id INTO entry_;
    INSERT INTO ledger_posting (entry_id, line, account_id, fen)
    SELECT entry_, g.line, g.account, g.fen FROM unnest(accounts, fens) WITH ORDINALITY AS g (account, fen, line);
    RETURN entry_;
END $$;
"""


class Migration(migrations.Migration):
    """Posting as one call, which whoever settles can send along with other statements."""

    dependencies = [("ledger", "0003_unsealed")]
    operations = [
        migrations.RunSQL(
            POST,
            "DROP FUNCTION ledger_post(text, timestamptz, date, text, bigint, text, text[], text[], text[], text[],"
            " text[], bigint[])",
        )
    ]
