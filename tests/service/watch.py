"""Whether a request that was refused wrote anything, seen from the database itself.

Triggers note every row that is committed to a table of the platform, so each request can be judged alone. Beside them
the count of rows and a digest of every table are taken, and must stay what they are over requests that wrote nothing.
"""

from __future__ import annotations

from typing import Any

import psycopg

EXEMPT = {
    "gateway_refusal": "the audit of refusals",
    "gateway_nonce": "the nonce of a signed request stays used, whatever becomes of it",
    "organisation_access": "the log of who read what",
    "organisation_attempt": "the log of sign-ins that failed",
    "ledger_seal": "the worker's, in its own time",
    "ledger_balance": "the worker's, in its own time",
    "ledger_fold": "the worker's, in its own time",
}
"""Tables that are not watched, and why."""
MESSAGES = "gateway_message"
KEPT = "{row}void OR ({row}infno = '2601' AND {row}settlement_id IS NULL AND {row}visit_id IS NULL)"
"""Rows of messages that are not watched: 2601 refuses an id that never came, makes it void for ever, and keeps the
refusal beside its own id."""
RECORD_NOTHING = ("2101", "2206", "2303")
"""Tries: the interface says that they record nothing when they succeed, either."""

INSTALL = """
CREATE UNLOGGED TABLE watch_written (name text, what text);
CREATE FUNCTION watch_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'gateway_message' AND TG_OP IN ('INSERT', 'UPDATE') THEN
        IF KEPT THEN RETURN NULL; END IF;
    END IF;
    INSERT INTO watch_written VALUES (TG_TABLE_NAME, TG_OP);
    RETURN NULL;
END $$;
""".replace("KEPT", KEPT.format(row="NEW."))


class Watch:
    """Called after each reply; says what a request wrote that it should not have written."""

    def __init__(self, url: str, every: int = 50) -> None:
        self.connection = psycopg.connect(url, autocommit=True)
        self.every, self.left, self.known = every, every, {}
        self.compared = self.writes_on_refusal = 0
        names = self.connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        self.tables = sorted({name for (name,) in names} - EXEMPT.keys())
        self.connection.execute(INSTALL)
        for name in self.tables:
            self.connection.execute(
                f'CREATE TRIGGER watch_rows AFTER INSERT OR UPDATE OR DELETE ON "{name}"'
                " FOR EACH ROW EXECUTE FUNCTION watch_note()"
            )
            self.connection.execute(
                f'CREATE TRIGGER watch_whole AFTER TRUNCATE ON "{name}" EXECUTE FUNCTION watch_note()'
            )

    def __call__(self, infno: str, accepted: bool, reply: bytes) -> str:
        if b'"err_msg":"Y9' in reply:
            return "a failure of the platform"
        rows = self.connection.execute("DELETE FROM watch_written RETURNING name, what").fetchall()
        told = ", ".join(sorted({f"{what} {name}" for name, what in rows}))
        if rows and accepted and infno not in RECORD_NOTHING:
            self.known = {}
            return ""
        if rows:
            self.writes_on_refusal += not accepted
            return f"{'a try' if accepted else 'a refusal'} wrote: {told}"
        return self._compare()

    def _compare(self) -> str:
        """Now and then, all tables beside what they were when something was written last."""
        self.left -= 1
        if not self.known:
            self.known, self.left = self.digests(), self.every
        elif self.left <= 0:
            now, self.left = self.digests(), self.every
            self.compared += 1
            changed = sorted(name for name in now if now[name] != self.known[name])
            self.known = now
            if changed:
                self.writes_on_refusal += 1
                return f"requests that wrote nothing by their triggers changed {', '.join(changed)}"
        return ""

    def digests(self) -> dict[str, Any]:
        """The count of rows and a sum of digests of each table."""
        found = {}
        for name in self.tables:
            where = f" WHERE NOT ({KEPT.format(row='t.')})" if name == MESSAGES else ""
            query = f'SELECT count(*), sum(hashtextextended(t::text, 0)) FROM "{name}" t{where}'
            found[name] = self.connection.execute(query).fetchone()
        return found

    def close(self) -> None:
        self.connection.close()
