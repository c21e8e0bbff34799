"""What `yibao replicate` prints."""

from __future__ import annotations

from openyibao.evidence.model import ReplicationError

CLOSED_FORMS = "closed-forms"


def run(table: str | None, form: str, lang: str) -> None:
    """Print the replication of a table, of a document, or of all; or the table of closed forms.

    Raises ReplicationError where there is no table or document of that name.
    """
    if table == CLOSED_FORMS:
        if form != "text":
            raise ReplicationError(f"{CLOSED_FORMS} is printed as text only: leave out --format")
        from openyibao.evidence.closed_forms import report

        report()
        return
    from openyibao.evidence.replicate import replicate
    from openyibao.evidence.report import as_csv, as_json, text

    told = replicate(table)
    print({"json": as_json, "csv": as_csv}[form](told) if form != "text" else text(told, lang), end="")
