"""What an institution states beside what the platform settled: totals, and the differences one by one.

The comparison is done by the database over a table of the stated rows, so that a million rows need no memory here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import date
from operator import attrgetter
from typing import Any

from django.db import connection

from openyibao.service.gateway.sheet import Stated
from openyibao.service.settlements.lines import yuan
from openyibao.service.settlements.replies import CLEARING

MISSING_THERE, MISSING_HERE, DIFFERENT, TAKEN_BACK, TWICE, OTHER_DAY, OTHER_GROUP = range(101, 108)
CLASSES = {
    MISSING_THERE: "机构缺：中心有结算，机构未报",
    MISSING_HERE: "中心缺：中心没有该机构的此结算",
    DIFFERENT: "数据不一致",
    TAKEN_BACK: "中心已冲销，机构未报冲销",
    TWICE: "机构重复报送",
    OTHER_DAY: "不在对账期内",
    OTHER_GROUP: "不属于该经办机构或清算类别",
}
"""The classes of differences. 101 to 103 are in STMT_RSLT (certainty low), the others are own codes."""
ANSWER = (
    *("stmt_rslt", "setl_id", "mdtrt_id", "psn_no", "medfee_sumamt", "medfee_sumamt_here", "fund_pay_sumamt"),
    *("fund_pay_sumamt_here", "acct_pay", "acct_pay_here", "psn_cash_pay", "psn_cash_pay_here", "setl_date", "memo"),
)
"""The columns of the file of differences: what the institution stated, and beside it what stands here."""
AMOUNTS = ("total_fen", "funds_fen", "account_fen", "cash_fen")


@dataclass(frozen=True, slots=True)
class Scope:
    """What is compared: an institution's settlements of some days with one office, of a category, of an insurance."""

    institution: int
    office: str
    first: date
    last: date
    clearing: str | None = None
    insurance: str | None = None

    def values(self) -> dict[str, Any]:
        kinds = [kind for kind, code in CLEARING.items() if kind != "manual" and self.clearing in (None, code)]
        return {
            "institution": self.institution,
            "office": self.office,
            "first": self.first,
            "last": self.last,
            "kinds": kinds,
            "insurance": self.insurance,
        }


@dataclass(frozen=True, slots=True)
class Sums:
    """What the stated rows add up to. Fen; None of an amount that not every row states."""

    count: int
    total_fen: int
    funds_fen: int
    cash_fen: int | None


SETTLED = """
    SELECT s.id, s.setl_id, s.day, s.reverses_id, v.mdtrt_id, p.psn_no, s.total_fen, s.funds_fen,
           s.account_fen + s.family_fen AS account_fen, s.cash_fen,
           back.setl_id AS back_id, back.day AS back_day, first.day AS first_day,
           left(b.code, length(%(office)s)) = %(office)s AND v.kind = ANY(%(kinds)s)
               AND (%(insurance)s::text IS NULL OR c.insurance = %(insurance)s) AS here
    FROM settlements_settlement s
    JOIN settlements_visit v ON v.id = s.visit_id
    JOIN people_person p ON p.id = v.person_id
    JOIN people_coverage c ON c.id = v.coverage_id
    JOIN organisation_region r ON r.id = c.region_id
    JOIN organisation_body b ON b.id = r.body_id
    LEFT JOIN (SELECT coalesce(taken.original_id, taken.id) AS of_id, own.setl_id, own.day
               FROM settlements_settlement own
               JOIN settlements_settlement taken ON taken.id = own.reverses_id
               LEFT JOIN settlements_settlement again ON again.undoes_id = own.id
               WHERE again.id IS NULL AND own.institution_id = %(institution)s) AS back ON back.of_id = s.id
    LEFT JOIN settlements_settlement taken ON taken.id = s.reverses_id
    LEFT JOIN settlements_settlement first ON first.id = coalesce(taken.original_id, taken.id)
    LEFT JOIN settlements_settlement again ON again.undoes_id = s.id
    WHERE s.institution_id = %(institution)s AND s.undoes_id IS NULL AND again.id IS NULL
"""
"""A reversal that was undone (2601), and the settlement that undid it, are nothing: the first one stands."""
PERIOD = f"{SETTLED} AND s.day BETWEEN %(first)s AND %(last)s"
COUNTS = """(CASE WHEN reverses_id IS NULL THEN back_day IS NULL OR back_day > %(last)s
                  ELSE first_day < %(first)s END)"""
"""Whether a settlement of the period has to be stated: it stands, or takes back what was settled before."""

TOTALS = f"""
    SELECT count(*), coalesce(sum(total_fen), 0)::bigint, coalesce(sum(funds_fen), 0)::bigint,
           coalesce(sum(account_fen), 0)::bigint, coalesce(sum(cash_fen), 0)::bigint
    FROM ({PERIOD}) AS ours WHERE here AND (%(all)s OR {COUNTS})
"""

STATED = """
    CREATE TEMPORARY TABLE stated (line bigint, psn_no text, mdtrt_id text, setl_id text,
        total_fen bigint, funds_fen bigint, account_fen bigint, cash_fen bigint, nth bigint DEFAULT 1) ON COMMIT DROP
"""
NUMBERED = """
    UPDATE stated SET nth = found.nth FROM
        (SELECT line, row_number() OVER (PARTITION BY setl_id ORDER BY line) AS nth FROM stated) AS found
    WHERE found.line = stated.line AND found.nth > 1
"""
"""Only rows that come again are written: there are few."""

KNOWN = (
    f"CREATE TEMPORARY TABLE known ON COMMIT DROP AS SELECT *, true AS inside FROM ({PERIOD}) AS ours",
    f"""INSERT INTO known SELECT *, false AS inside FROM ({SETTLED} AND s.setl_id IN
        (SELECT setl_id FROM stated EXCEPT SELECT setl_id FROM known)) AS others""",
    "ANALYZE known",
)
"""The settlements of the period, then those of other days that are stated all the same: each is read once."""

DIFFERENCES = f"""
    WITH due AS (SELECT * FROM known WHERE here AND inside AND {COUNTS}
                 UNION ALL
                 SELECT one.* FROM known one JOIN stated ON stated.setl_id = one.back_id AND stated.nth = 1
                 WHERE here AND inside AND one.back_day <= %(last)s)
    SELECT * FROM (
        SELECT CASE WHEN stated.nth > 1 THEN {TWICE}
                    WHEN known.id IS NULL THEN {MISSING_HERE}
                    WHEN NOT known.inside THEN {OTHER_DAY}
                    WHEN NOT known.here THEN {OTHER_GROUP}
                    WHEN known.back_day <= %(last)s AND back.line IS NULL THEN {TAKEN_BACK}
                    WHEN (stated.psn_no, stated.mdtrt_id, stated.total_fen, stated.funds_fen, stated.account_fen)
                         <> (known.psn_no, known.mdtrt_id, known.total_fen, known.funds_fen, known.account_fen)
                         OR stated.cash_fen <> known.cash_fen THEN {DIFFERENT}
               END AS class, stated.setl_id, stated.mdtrt_id, stated.psn_no,
               stated.total_fen, known.total_fen AS total_here, stated.funds_fen, known.funds_fen AS funds_here,
               stated.account_fen, known.account_fen AS account_here, stated.cash_fen, known.cash_fen AS cash_here,
               known.day, stated.line
        FROM stated
        LEFT JOIN known ON known.setl_id = stated.setl_id
        LEFT JOIN stated back ON back.setl_id = known.back_id AND back.nth = 1
        UNION ALL
        SELECT {MISSING_THERE}, due.setl_id, due.mdtrt_id, due.psn_no, NULL, due.total_fen, NULL, due.funds_fen, NULL,
               due.account_fen, NULL, due.cash_fen, due.day, NULL
        FROM due LEFT JOIN stated ON stated.setl_id = due.setl_id
        WHERE stated.line IS NULL
    ) AS found
    WHERE class IS NOT NULL
    ORDER BY class, line, setl_id
"""
MEMORY = "SET LOCAL work_mem = '128MB'"
"""For sorting and joining a month of a large hospital, until the transaction ends."""


def totals(scope: Scope, *, with_reversals: bool) -> tuple[int, dict[str, int]]:
    """How many settlements of the platform count, and their sums in fen by the fields of 3201."""
    with connection.cursor() as cursor:
        cursor.execute(TOTALS, {**scope.values(), "all": with_reversals})
        count, total, funds, account, cash = cursor.fetchone()
    return count, {"medfee_sumamt": total, "fund_pay_sumamt": funds, "acct_pay": account, "cash_payamt": cash}


def compare(scope: Scope, rows: Iterable[Stated]) -> Sums:
    """Lay the stated rows and ours into tables of this transaction, for `rows_of`; what the stated ones add up to."""
    names = [field.name for field in fields(Stated)]
    values = attrgetter(*names)
    with connection.cursor() as cursor:
        cursor.execute(MEMORY)
        cursor.execute("DROP TABLE IF EXISTS stated, known")
        cursor.execute(STATED)
        with cursor.copy(f"COPY stated ({', '.join(names)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(values(row))
        cursor.execute("ANALYZE stated")
        cursor.execute(NUMBERED)
        for statement in KNOWN:
            cursor.execute(statement, scope.values())
        cursor.execute(
            "SELECT count(*), coalesce(sum(total_fen), 0)::bigint, coalesce(sum(funds_fen), 0)::bigint,"
            " CASE WHEN count(cash_fen) = count(*) THEN coalesce(sum(cash_fen), 0)::bigint END FROM stated"
        )
        return Sums(*cursor.fetchone())


def rows_of(scope: Scope) -> Iterator[tuple[str, ...]]:
    """The differences between the table of `compare` and the platform, as rows of the file (ANSWER)."""
    with connection.cursor() as cursor:
        cursor.execute(DIFFERENCES, scope.values())
        while rows := cursor.fetchmany(10_000):
            for kind, setl_id, mdtrt_id, psn_no, *amounts, day, line in rows:
                cells = ["" if fen is None else str(yuan(fen)) for fen in amounts]
                memo = CLASSES[kind] + ("" if line is None else f"（第 {line} 行）")
                yield (str(kind), setl_id, mdtrt_id, psn_no, *cells, day.isoformat() if day else "", memo)
