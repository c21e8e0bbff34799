"""Random lines against a tiny recomputation in fractions, and against the explanations alone.

`recomputed` is written from the semantics (benefit layers, section 2) and knows nothing of the package. `redone` knows
only the data that explains a line. Hypothesis prints the example that fails, and how to run it again;
`--hypothesis-seed` chooses others.
"""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue.cases_of_lines import Case, all_cases, catalogue_of_snippet, found_fen, settled_as
from openyibao.catalogue import line_data

GRADES = ("primary", "secondary", "tertiary")
Parts = tuple[int, int, int, int, int]


def half_up(number: Fraction) -> int:
    assert number >= 0
    return (2 * number.numerator + number.denominator) // (2 * number.denominator)


def recomputed(item: dict[str, Any], grade: str, count: Fraction, price: Fraction) -> Parts:
    """Amount, over limit, pre-self-paid, fully self-paid and in scope, in fen; `count` is net, `price` in fen."""
    amount = half_up(count * price)
    if item["class"] == "class C":
        return amount, 0, 0, amount, 0
    limit = item["limit"] if not isinstance(item["limit"], dict) else item["limit"][grade]
    over = 0 if limit is None else max(0, amount - half_up(limit * count))
    share = Fraction(0)
    if item["class"] == "class B":
        counted = price if limit is None else min(price, limit)
        share = share_of(item, grade, counted)
    prepaid = half_up((amount - over) * share)
    return amount, over, prepaid, 0, amount - over - prepaid


def share_of(item: dict[str, Any], grade: str, price: Fraction) -> Fraction:
    if item["decided"] is None:
        return item["shares"][0][grade]
    edges = [*item["edges"], None]
    if item["decided"] == "whole price":
        return next(s[grade] for e, s in zip(edges, item["shares"], strict=True) if e is None or price <= e)
    paid, low = Fraction(0), Fraction(0)
    for edge, share in zip(edges, item["shares"], strict=True):
        high = price if edge is None else min(edge, price)
        paid += max(Fraction(0), high - low) * share[grade]
        low = max(low, high)
    return paid / price if price else Fraction(0)


def redone(data: dict[str, Any]) -> Parts:
    """The sums of one line, from its explanation."""
    count, price = Fraction(data["count"]), Fraction(data["price_yuan"]) * 100
    assert count == Fraction(data["charged_count"]) + sum(Fraction(refund["count"]) for refund in data["refunds"])
    amount = half_up(count * price)
    if data["version"]["class"] == "class C":
        return amount, 0, 0, amount, 0
    limit = data["price_limit"]
    over = 0
    if limit is not None and limit["yuan"] is not None:
        assert limit["amount_fen"] == half_up(Fraction(limit["yuan"]) * 100 * count)
        over = max(0, amount - limit["amount_fen"])
        price = min(price, Fraction(limit["yuan"]) * 100)
    pre_pay = data["pre_pay"]
    share = ratio(pre_pay["share"])
    if pre_pay["decided_by"] == "slices":
        bands = pre_pay["bands"]
        assert sum(Fraction(band["width_yuan"]) for band in bands) * 100 == price
        assert share * price == sum(Fraction(band["width_yuan"]) * 100 * ratio(band["share"]) for band in bands)
    elif pre_pay["decided_by"] == "whole price":
        (band,) = pre_pay["bands"]
        assert share == ratio(band["share"])
        assert Fraction(band["above_yuan"]) * 100 < price or not price
        assert band["up_to_yuan"] is None or price <= Fraction(band["up_to_yuan"]) * 100
    prepaid = half_up((amount - over) * share)
    return amount, over, prepaid, 0, amount - over - prepaid


def ratio(text: str) -> Fraction:
    return Fraction(text[:-1]) / 100 if text.endswith("%") else Fraction(text)


def said(data: dict[str, Any]) -> Parts:
    names = ("amount_fen", "over_limit_fen", "pre_self_paid_fen", "fully_self_paid_fen", "in_scope_fen")
    found: list[int] = [data[name] for name in names]
    return (found[0], found[1], found[2], found[3], found[4])


def decimal(number: Fraction) -> str:
    """Four decimals, exact."""
    scaled = abs(number) * 10_000
    assert scaled.denominator == 1
    return f"{'-' if number < 0 else ''}{scaled.numerator // 10_000}.{scaled.numerator % 10_000:04d}"


PRICES = st.one_of(
    st.integers(0, 30_000_000), st.integers(0, 2_000_000_000), st.integers(0, 300).map(lambda n: n * 10_000)
).map(lambda n: Fraction(n, 100))  # fen, with two decimals more
SHARES = st.one_of(
    st.sampled_from([Fraction(0), Fraction(1), Fraction(1, 3), Fraction(1, 20)]),
    st.integers(0, 1000).map(lambda n: Fraction(n, 1000)),
)
BY_GRADE = st.one_of(
    SHARES.map(lambda share: dict.fromkeys(GRADES, share)), st.fixed_dictionaries(dict.fromkeys(GRADES, SHARES))
)
LIMITS = st.one_of(st.none(), PRICES, st.fixed_dictionaries(dict.fromkeys(GRADES, st.one_of(st.none(), PRICES))))


@st.composite
def items(draw: st.DrawFn) -> dict[str, Any]:
    item_class = draw(st.sampled_from(["class A", "class B", "class B", "class B", "class C"]))
    decided = draw(st.sampled_from([None, "whole price", "slices"])) if item_class == "class B" else None
    edges = sorted({edge for edge in draw(st.lists(PRICES, min_size=1, max_size=4)) if edge}) if decided else []
    return {
        "class": item_class,
        "limit": draw(LIMITS) if item_class != "class C" else None,
        "decided": decided,
        "edges": edges,
        "shares": [draw(BY_GRADE) for _ in range(len(edges) + 1)],
    }


def written(item: dict[str, Any]) -> dict[str, Any]:
    """The item as a catalogue states it."""
    snippet: dict[str, Any] = {"catalogue class": item["class"]}
    limit = item["limit"]
    if isinstance(limit, dict):
        snippet["price limit"] = {"by": "grade"} | {grade: price_of(value) for grade, value in limit.items()}
    elif limit is not None:
        snippet["price limit"] = price_of(limit)
    shares = [{"by": "grade"} | {grade: str_of(share) for grade, share in by.items()} for by in item["shares"]]
    if item["decided"] is not None:
        bands = [
            {"up to": price_of(edge), "share": share} for edge, share in zip(item["edges"], shares[:-1], strict=True)
        ]
        snippet["pre-pay in bands"] = {"decided by": item["decided"], "bands": [*bands, {"above": shares[-1]}]}
    elif item["class"] == "class B":
        snippet["pre-pay share"] = shares[0]
    return snippet


def price_of(fen: Fraction | None) -> str:
    return "no limit" if fen is None else decimal(fen / 100)


def str_of(share: Fraction) -> str:
    return f"{share.numerator}/{share.denominator}"


COUNTS = st.one_of(st.integers(1, 40).map(Fraction), st.integers(1, 500_000).map(lambda n: Fraction(n, 10_000)))


@st.composite
def lines(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Lines of one item; after each, perhaps refunds that take back part of it, or all."""
    found = []
    for _ in range(draw(st.integers(1, 3))):
        count = draw(COUNTS)
        line = {"count": count, "price": draw(PRICES), "back": []}
        left = count
        for _ in range(draw(st.integers(0, 2))):
            back = Fraction(draw(st.integers(0, int(left * 10_000))), 10_000)
            if back:
                line["back"].append(back)
                left -= back
        found.append(line)
    return found


@settings(max_examples=400, deadline=None)
@given(items(), lines(), st.sampled_from(GRADES))
def test_random_lines_are_split_as_recomputed(item: dict[str, Any], charged: list[dict[str, Any]], grade: str) -> None:
    catalogue = catalogue_of_snippet({"facts": {"grade": list(GRADES)}, "items": {"X": written(item)}})
    entries: list[dict[str, Any]] = []
    for line in charged:
        entries.append({"item": "X", "count": decimal(line["count"]), "price": decimal(line["price"] / 100)})
        number = len(entries)
        entries += [{"refund of": str(number), "count": decimal(-back)} for back in line["back"]]
    case = Case(None, "random", {"facts": {"grade": grade}, "lines": entries}, catalogue)  # type: ignore[arg-type]
    (lined,) = settled_as(case)
    expected = [recomputed(item, grade, line["count"] - sum(line["back"]), line["price"]) for line in charged]
    data = [json.loads(json.dumps(line_data(catalogue, line))) for line in lined.lines]
    assert [said(line) for line in data] == expected
    assert [redone(line) for line in data] == expected
    total = [sum(parts) for parts in zip(*expected, strict=True)]
    assert list(found_fen(lined).values()) == [total[4], total[2], total[1], total[3]]
    assert lined.claim.total_fen == total[0]


@pytest.mark.parametrize("case", [case for case in all_cases() if "expect" in case.text], ids=lambda case: case.name)
def test_the_explanations_of_the_cases_redo_their_sums(case: Case) -> None:
    (lined,) = settled_as(case)
    for line in lined.lines:
        data = line_data(case.catalogue, line)
        assert redone(data) == said(data)
