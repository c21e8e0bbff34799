"""Claims from a YAML or JSON file, in either language, with every problem of the file at once.

A file holds one claim, or several under `claims`. Amounts are yuan as written (`52000`, `8450.50`): they become
whole fen without passing through floating point.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from openyibao.policy.model import Policy
from openyibao.policy.nodes import FileError, Mapping, Node, Text, parse_file
from openyibao.policy.reading import Fields, Reading, describe, join, some
from openyibao.policy.values import MAX_AMOUNT_FEN, parse_fen, parse_whole, yuan
from openyibao.policy.vocabulary import Vocabulary, language
from openyibao.settlement.claim import Claim, FactValue

DATES = ("admission", "discharge", "settlement")
PARTS = {
    "in-scope cost": "in_scope_fen",
    "pre-self-paid cost": "pre_self_paid_fen",
    "over-limit cost": "over_limit_fen",
    "fully self-paid cost": "fully_self_paid_fen",
}


def read_claims(path: str | Path, policy: Policy) -> list[Claim]:
    """The claims of a file, in settlement order (each person's by settlement date, then as they stand).

    The policy lends its words. Raises FileError with every problem: file, line, column, key, found, expected.
    """
    path = Path(path)
    root = parse_file(path)
    if isinstance(root, Mapping) and any(Vocabulary().english(key.value) == "claims" for key, _ in root):
        reading = Reading(str(path), Vocabulary())
        fields = reading.fields(root, "", ("claims",))
        if reading.problems:
            raise FileError(reading.problems)
        root = fields["claims"][1]
    return claims_of(root, str(path), policy)


def claims_of(node: Node, file: str, policy: Policy) -> list[Claim]:
    """The claims of a part of a file: one claim, or a list of them. See `read_claims`."""
    reading = Reading(file, Vocabulary(policy.words))
    nodes = (node,) if isinstance(node, Mapping) else reading.items(node, "claims", "claims")
    claims = [
        _read_claim(reading, node, f"claims[{n}]" if len(nodes) > 1 else "", policy) for n, node in enumerate(nodes, 1)
    ]
    _check_ids(reading, claims, nodes)
    if reading.problems:
        raise FileError(reading.problems)
    return sorted(claims, key=lambda claim: claim.settlement)


def _check_ids(reading: Reading, claims: list[Claim], nodes: tuple[Node, ...]) -> None:
    seen: set[str] = set()
    for claim, node in zip(claims, nodes, strict=True):
        if claim.id and claim.id in seen:
            reading.problem(node.place, "claim id", f"the claim {claim.id!r} a second time", "every claim once")
        seen.add(claim.id)


def _read_claim(reading: Reading, node: Node, path: str, policy: Policy) -> Claim:
    fields = reading.fields(node, path, ("claim id", "person", *DATES, "facts", "money"))
    days = {name: reading.date(fields[name][1], join(path, name)) if name in fields else date.min for name in DATES}
    for first, second in (("admission", "discharge"), ("discharge", "settlement")):
        if date.min not in days.values() and days[first] > days[second]:
            reading.problem(
                fields[second][1].place,
                join(path, second),
                str(days[second]),
                f"a day not before {first} ({days[first]})",
            )
    if reading.problems:  # told already; the claim is only built to read on
        days = dict(zip(DATES, sorted(days.values()), strict=True))
    money = _read_money(reading, fields["money"][1], join(path, "money")) if "money" in fields else {}
    return Claim(
        id=reading.text(fields["claim id"][1], join(path, "claim id")) if "claim id" in fields else "",
        person=reading.text(fields["person"][1], join(path, "person")) if "person" in fields else "",
        facts=_read_facts(reading, fields, join(path, "facts"), policy),
        in_scope_fen=money.pop("in_scope_fen", 0),
        admission=days["admission"],
        discharge=days["discharge"],
        settlement=days["settlement"],
        **money,
    )


def _read_facts(reading: Reading, fields: Fields, path: str, policy: Policy) -> dict[str, FactValue]:
    if "facts" not in fields:
        return {}
    known = language().facts
    facts: dict[str, FactValue] = {}
    for name, (_, node) in reading.fields(fields["facts"][1], path, (), tuple(known)).items():
        text = node.value if isinstance(node, Text) else ""
        if known[name].is_number:
            if (number := parse_whole(text)) is None:
                reading.problem(
                    node.place, join(path, name), describe(node), "a whole number such as 45 (up to 9 digits)"
                )
            else:
                facts[name] = number
            continue
        value = reading.english(reading.text(node, join(path, name), f"a value of {name}"))
        own = next((fact.values for fact in policy.facts if fact.name == name), ())
        words = tuple(dict.fromkeys((*own, *known[name].values)))
        if text and value not in words:
            reading.problem(
                node.place,
                join(path, name),
                repr(text),
                f"a value of {name} ({some(words)})",
                reading.did_you_mean(value, words),
            )
        facts[name] = value
    return facts


def _read_money(reading: Reading, node: Node, path: str) -> dict[str, int]:
    """The four parts in fen; what is not written is 0, and the sum must be the total."""
    fields = reading.fields(node, path, ("total cost", "in-scope cost"), tuple(PARTS)[1:])
    amounts = {name: _read_amount(reading, item, join(path, name)) for name, (_, item) in fields.items()}
    total = amounts.pop("total cost", None)
    found = sum(fen for fen in amounts.values() if fen is not None)
    whole = not isinstance(node, Mapping) or len(node.items) == len(fields)  # no part lost to a wrong key
    if total is not None and whole and None not in amounts.values() and total != found and "in-scope cost" in amounts:
        reading.problem(
            node.place,
            path,
            f"parts that add up to {yuan(found)} yuan, {yuan(abs(total - found))} "
            f"{'less' if found < total else 'more'} than the total",
            f"the total cost, {yuan(total)} yuan",
            f"The parts are {', '.join(PARTS)}; one that is not written is 0.",
        )
    return {PARTS[name]: fen or 0 for name, fen in amounts.items()}


def _read_amount(reading: Reading, node: Node, path: str) -> int | None:
    fen = parse_fen(node.value) if isinstance(node, Text) else None
    if fen is None:
        reading.problem(
            node.place,
            path,
            describe(node),
            "an amount in yuan, not negative, such as 52000 or 8450.50",
            "An amount has at most two decimals.",
        )
    elif fen > MAX_AMOUNT_FEN:
        reading.problem(node.place, path, describe(node), f"at most {yuan(MAX_AMOUNT_FEN)} yuan")
        return None
    return fen
