"""The arithmetic of settlements, in whole fen, on every try, settlement and reversal of random visits.

The checks are those of the client (`client.checks`), which was written from the interface's text alone. What the visits
were like is counted and printed; a kind of visit that never had all payers at once fails the test.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from client import checks
from openyibao.service.institutions.models import Institution, Mapping
from openyibao.service.people.models import Person
from service.county import ALWAYS, HOSPITAL, PHARMACY, Window, add_person, build

KINDS = ("outpatient", "inpatient", "mid-stay", "pharmacy")
PRICES = {
    "D-001": ("0.01", "1.00", "3.333333", "999.99"),  # class A
    "D-002": ("0.10", "9.99", "10.00", "33.37"),  # class B, 5%
    "D-003": ("0.07", "5.00", "123.45"),  # class C
    "D-004": ("0.0478", "0.05", "0.123456"),  # class B, 10%, price limit 0.0478
    "S-001": ("20.00", "25.01", "40.00", "333.33"),  # class A, price limit 25
    "S-002": ("500.00", "500.01", "1000.00", "1000.01"),  # class B, the share by the price
    "M-001": ("8000", "10000", "20000", "50000"),  # slices; those whose share has four places, as the field has
}


@dataclass(frozen=True)
class Charge:
    """A fee line; `back`: how much of its count is refunded later, in a stay."""

    item: str
    price: str
    times: str
    back: str = ""


@dataclass(frozen=True)
class Case:
    """A visit. `parts`: the fee lines by settlement (two of a stay settled in its middle)."""

    kind: str
    parts: tuple[tuple[Charge, ...], ...]
    own_fen: int | None
    family_fen: int | None
    use_account: bool
    identity: str = ""


@st.composite
def charges(draw: st.DrawFn, kind: str) -> Charge:
    """A line; a pharmacy, which has no grade, sells drugs."""
    item = draw(st.sampled_from([item for item in sorted(PRICES) if kind != "pharmacy" or item[0] == "D"]))
    price = draw(st.sampled_from(PRICES[item]))
    times = draw(st.integers(1, 9 if item in ("M-001", "S-002") else 400))
    whole = Decimal(price) * times < Decimal("0.01")  # a line of less than a fen is none
    finer = Decimal(price) % Decimal("0.01") != 0  # such a refund has a test of its own below
    back = "" if finer else str(draw(st.integers(0, times)) or "")
    return Charge(item, price, str(times + 9) if whole else str(times), back)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    kind = draw(st.sampled_from(KINDS))
    number = 2 if kind == "mid-stay" else 1
    rich = draw(st.booleans()) * (BOUGHT if kind == "pharmacy" else RICH)
    parts = tuple((*rich, *draw(st.lists(charges(kind), min_size=1, max_size=3))) for _ in range(number))
    own, family = (draw(st.none() | st.integers(0, 300_000)) for _ in range(2))
    return Case(kind, parts, own, family, draw(st.booleans() | st.just(True)), draw(st.sampled_from(("", "2303"))))


RICH = (
    Charge("D-001", "999.99", "60", "7"),
    Charge("D-002", "33.37", "30", "1"),
    Charge("D-003", "123.45", "3"),
    Charge("S-001", "40.00", "11", "2"),
)
BOUGHT = (*RICH[:3], Charge("D-004", "0.123456", "9999"))
"""Lines of which every payer bears a part, at a hospital and at a pharmacy."""


class Visits:
    """Settles visits at the county's windows and checks every reply."""

    def __init__(self) -> None:
        self.region = build(borne_bp=2_500)
        for institution in Institution.objects.filter(code__in=(HOSPITAL, PHARMACY)):
            for item in ("D-004", "S-002", "M-001"):
                about = {"own_code": f"own-{item}", "own_name": item, "item_code": item, "kind": "101"}
                Mapping.objects.create(institution=institution, period=ALWAYS, **about)
        self.windows = {code: Window(code) for code in (HOSPITAL, PHARMACY)}
        self.numbers, self.seen = count(1), Counter[str]()

    def __call__(self, case: Case) -> None:
        accounts = {"account_fen": case.own_fen, "family_fen": case.family_fen}
        person = add_person(self.region, next(self.numbers), identity=case.identity, **accounts)
        ways: dict[str, Callable[[Case, Person], None]] = {"pharmacy": self.purchase, "outpatient": self.outpatient}
        ways.get(case.kind, self.stay)(case, person)

    def rows(self, window: Window, person: Person, visit: str, part: tuple[Charge, ...]) -> list[dict[str, Any]]:
        return [window.line(person, visit, one.item, "", "B1", count=one.times, price=one.price) for one in part]

    def settles(self, case: Case, output: dict[str, Any], lines: list[Any], infno: str) -> dict[str, Any]:
        """All identities of a reply, and its sums beside those of the lines."""
        info: dict[str, Any] = output["setlinfo"]
        wrong = checks.settlement(output, infno) + checks.settles(info, checks.sums(lines), infno)
        assert wrong == [], (case, [str(one) for one in wrong])
        self.seen["replies"] += 1
        return info

    def same(self, tried: dict[str, Any], info: dict[str, Any]) -> None:
        """A try and the settlement after it say the same; a purchase is a visit of its own each time."""
        own = ("setl_id", "setl_time", "medins_setl_id", *(("mdtrt_id",) if info["clr_type"] == "41" else ()))
        other = {name for name, value in info.items() if name in tried and tried[name] != value}
        assert other <= set(own)

    def takes_back(self, case: Case, window: Window, info: dict[str, Any], infno: str) -> None:
        which = {name: info[name] for name in ("psn_no", "mdtrt_id", "setl_id")}
        output = window.done(infno, {"data": which})
        wrong = checks.settlement(output, infno) + checks.reverses(output["setlinfo"], info)
        assert wrong == [], (case, [str(one) for one in wrong])
        self.seen["reversals"] += 1
        self.seen["replies"] += 1

    def note(self, case: Case, info: dict[str, Any]) -> None:
        """Which payers and which parts were above zero together."""
        payers = {
            "funds": info["fund_pay_sumamt"],
            "account": info["acct_pay"] - (info["acct_mulaid_pay"] or 0),
            "family": info["acct_mulaid_pay"] or 0,
            "hospital": info["hosp_part_amt"],
        }
        paid = [name for name, amount in payers.items() if amount > 0]
        self.seen[f"{case.kind}: {' + '.join(paid) or 'cash alone'}"] += 1
        for name in ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "hifp_pay", "hifmi_pay", "maf_pay"):
            self.seen[name] += info[name] > 0

    def outpatient(self, case: Case, person: Person) -> None:
        window = self.windows[HOSPITAL]
        visit = window.register(person)
        sent = self.rows(window, person, visit, case.parts[0])
        lines = window.done("2204", {"feedetail": sent})["result"]
        self.check_lines(case, lines, sent)
        given = {"data": window.settle_data(person, visit, lines, account=case.use_account)}
        tried = self.settles(case, window.done("2206", given), lines, "2206")
        info = self.settles(case, window.done("2207", given), lines, "2207")
        self.same(tried, info)
        self.note(case, info)
        self.takes_back(case, window, info, "2208")

    def check_lines(self, case: Case, lines: list[Any], sent: list[Any]) -> None:
        wrong = checks.lines(lines, sent)
        assert wrong == [], (case, [str(one) for one in wrong])

    def purchase(self, case: Case, person: Person) -> None:
        window = self.windows[PHARMACY]
        sent = self.rows(window, person, "", case.parts[0])
        about = {"psn_no": person.psn_no, "mdtrt_cert_type": "02", "mdtrt_cert_no": person.certificate}
        what = {"insutype": "390", "begntime": "2026-03-02 08:00:00", "med_type": "41"}
        total = sum(row["det_item_fee_sumamt"] for row in sent)
        paid = {"medfee_sumamt": total, "acct_used_flag": str(int(case.use_account))}
        given = {"druginfo": {**about, **what, **paid}, "drugdetail": sent}
        replies = []
        for infno in ("2101", "2102"):
            output = window.done(infno, given)
            lines = output["detlcutinfo"]
            wrong = [one for row in lines for one in checks.line(row, infno)]
            assert wrong == [], (case, [str(one) for one in wrong])
            replies.append(self.settles(case, output, lines, infno))
        self.same(*replies)
        self.note(case, replies[1])
        self.takes_back(case, window, replies[1], "2103")

    def stay(self, case: Case, person: Person) -> None:
        """Each part is settled as it is charged; then all are taken back, the last first."""
        window, done = self.windows[HOSPITAL], []
        visit = window.admit(person)
        for number, part in enumerate(case.parts, 1):
            lines = self.charged(case, person, visit, part)
            last = number == len(case.parts)
            if last:
                window.discharge(person, visit)
            about = {"mid_setl_flag": "0" if last else "1"}
            given = {"data": window.settle_data(person, visit, lines, account=case.use_account) | about}
            tried = self.settles(case, window.done("2303", given), lines, "2303")
            info = self.settles(case, window.done("2304", given), lines, "2304")
            self.same(tried, info)
            self.note(case, info)
            done.append(info)
        for info in reversed(done):
            self.takes_back(case, window, info, "2305")

    def charged(self, case: Case, person: Person, visit: str, part: tuple[Charge, ...]) -> list[Any]:
        """The lines of a part as answered: charged, then refunded in a second upload."""
        window = self.windows[HOSPITAL]
        sent = self.rows(window, person, visit, part)
        lines: list[Any] = window.done("2301", {"feedetail": sent})["result"]
        self.check_lines(case, lines, sent)
        back = [
            window.line(
                person,
                visit,
                one.item,
                "",
                count=f"-{one.back}",
                price=one.price,
                init_feedetl_sn=row["feedetl_sn"],
            )
            for one, row in zip(part, sent, strict=True)
            if one.back
        ]
        if back:
            self.seen["refunds"] += len(back)
            answered = window.done("2301", {"feedetail": back})["result"]
            self.check_refunds(case, lines, answered, back)
            lines = lines + answered
        return lines

    def check_refunds(self, case: Case, lines: list[Any], answered: list[Any], back: list[Any]) -> None:
        """A refund leaves its line with parts that add up, though each amount was rounded by itself (identity 6)."""
        asked = {row["feedetl_sn"]: row["init_feedetl_sn"] for row in back}
        charged = {row["feedetl_sn"]: row for row in lines}
        wrong = [one for one in checks.lines(answered, back) if "identity 7: preselfpay_amt" not in one.where]
        for row in answered:
            first = charged[asked[row["feedetl_sn"]]]
            names = ("cnt", "fulamt_ownpay_amt", "overlmt_amt", "preselfpay_amt", "inscp_scp_amt")
            rest = {name: first[name] + row[name] for name in names}
            amount = {"det_item_fee_sumamt": sum(rest[name] for name in names[1:])}
            rest = first | rest | amount
            left = checks.line(rest, f"what is left of {first['feedetl_sn']}")
            wrong += [one for one in left if "identity 6" not in one.where]
        assert wrong == [], (case, [str(one) for one in wrong])


def run(examples: int) -> None:
    visits = Visits()

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @example(Case("outpatient", (RICH,), 50_000, 20_000, True, "2303"))
    @example(Case("inpatient", (RICH,), 50_000, 20_000, True, "2303"))
    @example(Case("mid-stay", (RICH, RICH), 250_000, 20_000, True))
    @example(Case("pharmacy", (BOUGHT,), 50_000, 20_000, True))
    @given(cases())
    def settle(case: Case) -> None:
        visits(case)

    settle()
    print()
    for name, times in sorted(visits.seen.items()):
        print(f"{times:>6}  {name}")
    never = [
        name
        for name in (
            *(f"{kind}: funds + account + family + hospital" for kind in KINDS if kind != "pharmacy"),
            *("pharmacy: account + family + hospital", "refunds", "reversals", "fulamt_ownpay_amt"),
            *("overlmt_selfpay", "preselfpay_amt", "hifp_pay", "hifmi_pay", "maf_pay"),
        )
        if not visits.seen[name]
    ]
    assert never == []


def test_a_refund_at_a_price_finer_than_a_fen(database: str) -> None:
    """Identity 6 holds on each line: 12 x 0.0478 is 0.57 and -1 x 0.0478 is -0.05, so 0.52 is left, not 0.53."""
    Visits()(Case("inpatient", ((Charge("D-004", "0.0478", "12", "1"),),), None, None, False))


def test_identities(database: str) -> None:
    run(12)


@pytest.mark.long
def test_identities_of_many(database: str) -> None:
    run(600)
