"""Reading published figures by year, and the amounts that have a name: tables, multiples of a figure, sums."""

from __future__ import annotations

import re
from fractions import Fraction

from openyibao.policy.basis import Scope, need_basis, read_basis
from openyibao.policy.messages import say
from openyibao.policy.model import (
    NOT_IDENTIFIED,
    Amount,
    Basis,
    Cell,
    Money,
    NotKnown,
    Ratio,
    Statistic,
    StatisticShare,
    Table,
)
from openyibao.policy.nodes import Mapping, Node, Sequence, Text
from openyibao.policy.reading import Fields, Reading, describe, join, named, written
from openyibao.policy.tables import AMOUNT, MONTH_DAY, MULTIPLE, read_table
from openyibao.policy.values import MAX_AMOUNT_FEN, parse_fen, round_figure, yuan
from openyibao.policy.vocabulary import ROUNDING, SHARE_OF
from openyibao.policy.worked_out import AmountSum

YEARS_BEFORE = {"the same year": 0, "the year before": 1, "two years before": 2, "the last published": None}
TABLE, SHARE, SUM = "table", "share", "sum"
NO_BASIS = Basis(NOT_IDENTIFIED, NOT_IDENTIFIED, "", "low")  # where a file, which is refused, has none


def read_statistics(reading: Reading, fields: Fields, scope: Scope) -> tuple[Statistic, ...]:
    if "statistics" not in fields:
        return ()
    return tuple(
        _read_statistic(reading, name, value, scope)
        for name, _, value in named(reading, fields["statistics"][1], "statistics")
    )


def _read_statistic(reading: Reading, name: str, node: Node, scope: Scope) -> Statistic:
    path = join("statistics", name)
    years: list[tuple[int, Cell]] = []
    if not isinstance(node, Mapping):
        reading.problem(node.place, path, describe(node), say("values by year"))
    elif not node.items:
        todo = say("Add one, or leave the statistic out.")
        reading.problem(node.place, path, say("no value"), say("a value for at least one year"), todo)
    for key, value in node if isinstance(node, Mapping) else ():
        if not re.fullmatch(r"[12][0-9]{3}", key.value):
            reading.problem(key.place, join(path, key.value), written(key.value), say("a year such as 2021"))
        else:
            table = read_table(reading, value, join(path, key.value), AMOUNT, scope)
            if table.by or not isinstance(table.cells[0].value, Money | NotKnown):
                reading.problem(
                    value.place, join(path, key.value), say("a table or a named amount"), say("one amount for the year")
                )
            cell = table.cells[0]
            if cell.basis is None:
                need_basis(reading, value, join(path, key.value))
            years.append((int(key.value), cell))
    return Statistic(name, tuple(years))


def read_amounts(
    reading: Reading, fields: Fields, scope: Scope, statistics: dict[str, Statistic]
) -> tuple[Amount, ...]:
    if "amounts" not in fields:
        return ()
    amounts = []
    entries = named(reading, fields["amounts"][1], "amounts")
    for number, (name, key, value) in enumerate(entries):
        path = join("amounts", key.value)
        form = _form(reading, value, statistics)
        if form == SHARE:
            rule = _read_statistic_share(reading, value, path, scope, set(statistics))
            _check_figures(reading, value, path, rule, statistics)
            amounts.append(Amount(name, rule))
            scope.amounts.add(name)
            continue
        told = _check_order(reading, value, path, {below for below, _, _ in entries[number:]} - reading.blamed)
        reading.blamed |= told
        if form == SUM:
            amounts.append(Amount(name, _read_sum(reading, value, path, scope)))
        else:
            table = read_table(reading, value, path, AMOUNT, scope)
            amounts.append(Amount(name, table))
            if not _has_basis(reading, value, table):
                need_basis(reading, value, path)
        reading.blamed -= told
        scope.amounts.add(name)  # from here on: an amount may name one above it
    return tuple(amounts)


def _form(reading: Reading, node: Node, statistics: dict[str, Statistic]) -> str:
    """Which of its three forms a named amount has: both shares of statistics and sums say `of`."""
    given = {reading.english(key.value): value for key, value in node} if isinstance(node, Mapping) else {}
    if not given.keys() & {"of", "less"}:
        return TABLE
    of = given.get("of")
    named = reading.english(of.value) if isinstance(of, Text) else ""
    return SHARE if given.keys() & {"share", "year", "rounded"} or named in statistics else SUM


def _read_sum(reading: Reading, node: Node, path: str, scope: Scope) -> AmountSum:
    """Amounts added together, others taken off, the result not below `least` and not above `most`."""
    fields = reading.fields(node, path, ("of", "basis"), ("less", "least", "most"))
    basis = read_basis(reading, fields["basis"][1], join(path, "basis"), scope) if "basis" in fields else NO_BASIS
    plus, minus = (_read_terms(reading, fields, path, key, scope) for key in ("of", "less"))
    least, most = (
        read_table(reading, fields[key][1], join(path, key), AMOUNT, scope) if key in fields else None
        for key in ("least", "most")
    )
    return AmountSum(plus, minus, basis, least, most)


def _read_terms(reading: Reading, fields: Fields, path: str, key: str, scope: Scope) -> tuple[Table, ...]:
    """One amount, or a list of them; each may be a table."""
    if key not in fields:
        return ()
    node, path = fields[key][1], join(path, key)
    items = reading.items(node, path, say("amounts")) if isinstance(node, Sequence) else (node,)
    return tuple(read_table(reading, item, path, AMOUNT, scope) for item in items)


def _has_basis(reading: Reading, node: Node, table: Table) -> bool:
    """Whether the table as a whole says where it comes from (also if it could not be read), or each of its cells."""
    stated = isinstance(node, Mapping) and any(reading.english(key.value) == "basis" for key, _ in node)
    return stated or all(cell.basis is not None for cell in table.cells)


def _check_order(reading: Reading, node: Node, path: str, below: set[str]) -> set[str]:
    """An amount names only amounts above it. Gives the names that were told."""
    told: set[str] = set()
    if isinstance(node, Text):
        parts = SHARE_OF.match(node.value)
        name = reading.english(parts[1] if parts else node.value)
        if name in below:
            found = say("{name}, which stands here or below", name=reading.named(name))
            todo = say("Move it up, or write the amount itself.")
            reading.problem(node.place, path, found, say("an amount that stands above"), todo)
            told.add(name)
    for item in node.items if isinstance(node, Sequence) else ():
        told |= _check_order(reading, item, path, below)
    for key, child in node if isinstance(node, Mapping) else ():
        if reading.english(key.value) not in ("by", "basis", "assumption", "note"):
            told |= _check_order(reading, child, join(path, key.value), below)
    return told


def _check_figures(
    reading: Reading, node: Node, path: str, rule: StatisticShare, statistics: dict[str, Statistic]
) -> None:
    """What a share of a published figure comes to is an amount like any other, in every year."""
    for year, cell in statistics[rule.statistic].values if rule.statistic in statistics else ():
        figure = cell.value.fen if isinstance(cell.value, Money) else 0
        ratios = [answer.value.ratio for answer in rule.share.cells if isinstance(answer.value, Ratio)]
        if any(round_figure(figure, ratio, rule.mode, rule.unit_fen) > MAX_AMOUNT_FEN for ratio in ratios):
            reading.problem(
                node.place,
                path,
                say("an amount of {year} that is too large", year=year),
                say("at most {most} yuan", most=yuan(MAX_AMOUNT_FEN)),
            )


def _read_statistic_share(
    reading: Reading, node: Node, path: str, scope: Scope, statistics: set[str]
) -> StatisticShare:
    fields = reading.fields(node, path, ("share", "of", "year", "basis"), ("rounded",))
    share = (
        read_table(reading, fields["share"][1], join(path, "share"), MULTIPLE, scope)
        if "share" in fields
        else Table((), (Cell((), Ratio(Fraction(0))),))
    )
    name = reading.english(reading.text(fields["of"][1], join(path, "of"))) if "of" in fields else ""
    if name and name not in statistics:
        reading.problem(
            fields["of"][1].place,
            join(path, "of"),
            reading.written(name),
            say("a statistic declared under `statistics` ({words})", words=reading.some(sorted(statistics))),
            reading.did_you_mean(name, statistics),
        )
    year = reading.choice(fields["year"][1], join(path, "year"), tuple(YEARS_BEFORE)) if "year" in fields else ""
    mode, unit = (
        _read_rounding(reading, fields["rounded"][1], join(path, "rounded")) if "rounded" in fields else ("half-up", 1)
    )
    basis = read_basis(reading, fields["basis"][1], join(path, "basis"), scope) if "basis" in fields else None
    if unit > MAX_AMOUNT_FEN:
        reading.problem(
            node.place, join(path, "rounded"), say("a larger unit than any amount"), say("a unit such as 1 yuan")
        )
    return StatisticShare(name, share, YEARS_BEFORE.get(year), mode, unit, basis)


def _read_rounding(reading: Reading, node: Node, path: str) -> tuple[str, int]:
    expected = say("`down to 1 yuan`, `up to 100 yuan`, `half-up to 0.01 yuan` or the like")
    text = reading.text(node, path, expected)
    for mode, phrase in ROUNDING.items():
        parts = phrase.match(text)
        if parts and (unit := parse_fen(parts[0])):
            return mode, unit
    if text:
        reading.problem(node.place, path, written(text), expected)
    return "half-up", 1


def read_year_start(reading: Reading, fields: Fields, scope: Scope) -> Table | None:
    """The first day of the benefit year, for everybody or by facts; None where it is that of the calendar year."""
    if "benefit year from" not in fields:
        return None
    node = fields["benefit year from"][1]
    table = read_table(reading, node, "benefit year from", MONTH_DAY, scope)
    if not _has_basis(reading, node, table):
        need_basis(reading, node, "benefit year from")
    if any(isinstance(cell.value, NotKnown) for cell in table.cells):
        todo = say("Leave the key out if the year is the calendar year.")
        reading.problem(node.place, "benefit year from", say("`not known`"), say("a day for everybody"), todo)
    return table
