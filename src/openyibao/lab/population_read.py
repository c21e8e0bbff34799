"""Reads a population file into a `Population`; every complaint names file, line, key and what was expected."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from openyibao.lab.nodes import LabFileError, Node, change_number, check_grounds, read_node
from openyibao.lab.population import (
    MAX_GRADES,
    MAX_KINDS,
    PERSONS_OF_A_CLUSTER,
    Answer,
    Band,
    Costs,
    Income,
    Kind,
    Population,
    Scope,
    find_population,
)

NEEDED = ("population", "title", "scheme", "year", "seed", "persons", "households", "residence", "ages", "income")
FREE = ("tiers", "assistance", "policy")
PLAIN = ("year", "seed", "facts", "stream")
MOST = 1e12
COLUMNS = ("kind", "grade", "tier", "class", "age", "sex", "residence", "quintile")
QUINTILES = 5


def read_population(name: str | Path, changes: Mapping[str, float] | None = None) -> Population:
    """A shipped population by name, or a file; with numbers changed by their path, such as `persons.is`.

    Raises LabFileError.
    """
    root = read_node(find_population(str(name)))
    for path, value in (changes or {}).items():
        change_number(root, path, value)
    root.only((*NEEDED, "kinds", "facts"), FREE)
    check_grounds(root, free=PLAIN)
    ages, shares, men, roles_prior = _ages(root.at("ages"), roles := _roles(root.at("households")))
    place_shares = _places(root.at("residence"))
    tiers, tier_shares, tier_prior = _table(root, "tiers", "prior", ("urban", "rural"))
    quintiles = tuple(f"quintile {number + 1}" for number in range(QUINTILES))
    classes, class_shares, class_prior = _table(root, "assistance", "prior", quintiles)
    income = root.at("income")
    income.only(("urban", "rural", "with frailty"))
    return Population(
        name=root.at("population").text(),
        title=(root.at("title").at("zh").text(), root.at("title").at("en").text()),
        scheme=root.at("scheme").text(),
        year=root.at("year").whole(1990, 2100),
        seed=root.at("seed").whole(0, 2**63 - 1),
        persons=root.at("persons").whole(1, 2_000_000_000),
        policy=root.at("policy").text() if "policy" in root else None,
        household_sizes=_sizes(root.at("households"), len(roles)),
        roles=roles,
        places=("urban", "rural"),
        place_shares=place_shares,
        tiers=tiers,
        tier_shares=tier_shares,
        tier_prior=tier_prior,
        ages=ages,
        age_shares=shares,
        men_by_age=men,
        age_prior=roles_prior,
        income=(_income(income.at("urban")), _income(income.at("rural"))),
        income_with_frailty=income.at("with frailty").number(-0.95, 0.95),
        classes=classes,
        class_shares=class_shares,
        class_prior=class_prior,
        kinds=_kinds(root.at("kinds"), len(ages)),
        facts=tuple((fact, _answer(node)) for fact, node in root.at("facts")),
    )


def _roles(node: Node) -> tuple[str, ...]:
    node.only(("sizes", "roles"))
    return node.at("roles").words()


def _sizes(node: Node, longest: int) -> tuple[tuple[int, int], ...]:
    sizes = []
    for key, one in node.at("sizes"):
        if not key.isdigit() or not 1 <= int(key) <= longest:
            raise one.wrong(f"sizes from 1 to {longest} (as many as there are roles), each with a number of households")
        sizes.append((int(key), one.whole(0, PERSONS_OF_A_CLUSTER)))
    persons = sum(size * count for size, count in sizes)
    if persons != PERSONS_OF_A_CLUSTER:
        raise node.at("sizes").wrong(f"households of {PERSONS_OF_A_CLUSTER} persons together; they hold {persons}")
    return tuple(sizes)


def _ages(
    node: Node, roles: tuple[str, ...]
) -> tuple[tuple[Band, ...], tuple[float, ...], tuple[float, ...], tuple[tuple[str, tuple[float, ...]], ...]]:
    node.only(("shares", "men", "given role"))
    bands: list[Band] = []
    shares: list[float] = []
    for key, one in node.at("shares"):
        low, _, high = key.partition("-")
        if not (low.isdigit() and high.isdigit() and int(low) <= int(high) <= 120):
            raise one.wrong("an age group such as 15-29 as key")
        if int(low) != (bands[-1].high + 1 if bands else 0):
            raise one.wrong("age groups that begin at 0 and follow each other without gaps")
        bands.append(Band(key, int(low), int(high)))
        shares.append(one.number(0, MOST))
    prior = node.at("given role")
    found = tuple((role, prior.at(role).numbers(len(bands), 0, MOST)) for role in dict.fromkeys(roles))
    prior.only(tuple(dict.fromkeys(roles)))
    return tuple(bands), _to_one(node.at("shares"), shares), node.at("men").numbers(len(bands), 0, 1), found


def _places(node: Node) -> tuple[float, float]:
    urban, rural = _to_one(node, node.by(("urban", "rural"), 0, MOST))
    return urban, rural


def _table(
    root: Node, key: str, prior: str, rows: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[float, ...], tuple[tuple[float, ...], ...]]:
    """Words with their shares, and for each row the prior shares of the words; one word where the file has none."""
    if key not in root:
        return ("all",), (1.0,), ((1.0,),) * len(rows)
    node = root.at(key)
    node.only(("shares", prior))
    words = tuple(word for word, _ in node.at("shares"))
    shares = _to_one(node.at("shares"), node.at("shares").by(words, 0, MOST))
    node.at(prior).only(rows)
    return words, shares, tuple(node.at(prior).at(row).numbers(len(words), 0, MOST) for row in rows)


def _to_one(node: Node, shares: tuple[float, ...] | list[float]) -> tuple[float, ...]:
    if not sum(shares) > 0:
        raise node.wrong("shares of which one at least is above 0")
    return tuple(share / sum(shares) for share in shares)


def _income(node: Node) -> Income:
    node.only(("mean", "sigma"))
    return Income(node.at("mean").number(1, 1e7), node.at("sigma").number(0.01, 3))


def _kinds(node: Node, ages: int) -> tuple[Kind, ...]:
    kinds = tuple(_kind(word, one, ages) for word, one in node)
    if not 1 <= len(kinds) <= MAX_KINDS:
        raise node.wrong(f"1 to {MAX_KINDS} kinds of events")
    streams = [kind.stream for kind in kinds]
    if len(set(streams)) != len(streams):
        raise LabFileError(f"{node.file}:{node.line}: kinds: streams {streams}; expected each number once")
    return kinds


def _kind(word: str, node: Node, ages: int) -> Kind:
    node.only(
        ("stream", "rate", "by age", "urban", "dispersion", "severity with frailty", "grades", "cost", "in scope"),
        ("women by age", "prevalence", "rest", "days"),
    )
    grades, cost, scope = node.at("grades"), node.at("cost"), node.at("in scope")
    grades.only(("share",), ("urban", "severity"))
    words = tuple(grade for grade, _ in grades.at("share"))
    if not 1 <= len(words) <= MAX_GRADES:
        raise grades.wrong(f"1 to {MAX_GRADES} grades")
    mix = _to_one(grades.at("share"), grades.at("share").by(words, 0, MOST))
    zeros = (0.0,) * len(words)
    cost.only(("mean", "cv"), ("by age", "tail"))
    scope.only(("share", "slope", "spread"))
    means, cvs = cost.at("mean").by(words, 0.01, 1e8), cost.at("cv").by(words, 0.01, 10)
    shares, spreads = scope.at("share").by(words, 0.001, 0.9999), scope.at("spread").by(words, 0, 3)
    slope = scope.at("slope").number(-3, 3)
    tails = dict(_tails(cost.at("tail"), words)) if "tail" in cost else {}
    prevalence = node.at("prevalence") if "prevalence" in node else None
    if prevalence:
        prevalence.only(("by age", "with frailty"))
    days = node.at("days") if "days" in node else None
    if days:
        days.only(("mean", "cv", "with cost"))
    return Kind(
        word=word,
        stream=node.at("stream").whole(0, 200),
        rate=node.at("rate").number(1e-6, 300),
        by_age=node.at("by age").numbers(ages, 0, 1000),
        women_by_age=node.at("women by age").numbers(ages, 0, 100) if "women by age" in node else (1.0,) * ages,
        urban=node.at("urban").number(0, 100),
        dispersion=node.at("dispersion").number(0.05, 100),
        prevalence=prevalence.at("by age").numbers(ages, 0, 1) if prevalence else None,
        prevalence_with_frailty=prevalence.at("with frailty").number(-0.95, 0.95) if prevalence else 0.0,
        severity=node.at("severity with frailty").number(-0.95, 0.95),
        grades=words,
        grade_shares=mix,
        grade_urban=grades.at("urban").by(words, -10, 10) if "urban" in grades else zeros,
        grade_severity=grades.at("severity").by(words, -10, 10) if "severity" in grades else zeros,
        costs=tuple(Costs(mean, cv, tails.get(w)) for w, mean, cv in zip(words, means, cvs, strict=True)),
        cost_by_age=cost.at("by age").numbers(ages, 0.001, 1000) if "by age" in cost else (1.0,) * ages,
        scopes=tuple(Scope(share, slope, spread) for share, spread in zip(shares, spreads, strict=True)),
        rest=_rest(node.at("rest")) if "rest" in node else (1.0, 0.0, 0.0),
        days=days.at("mean").by(words, 1, 365) if days else None,
        days_cv=days.at("cv").number(0.01, 10) if days else 1.0,
        days_with_cost=days.at("with cost").number(-0.95, 0.95) if days else 0.0,
    )


def _tails(node: Node, grades: tuple[str, ...]) -> list[tuple[str, tuple[float, float]]]:
    found = []
    for grade, one in node:
        if grade not in grades:
            raise one.wrong(f"a grade of this kind: {', '.join(grades)}")
        one.only(("from", "shape"))
        found.append((grade, (one.at("from").number(0.5, 0.99999), one.at("shape").number(0.01, 0.9))))
    return found


def _rest(node: Node) -> tuple[float, float, float]:
    full, over, pre = _to_one(node, node.by(("fully self-paid", "over limit", "pre-self-paid"), 0, MOST))
    return full, over, pre


def _answer(node: Node) -> Answer:
    if "is" in node:
        node.only(("is",))
        if not isinstance(value := node.at("is").value, str | int):
            raise node.at("is").wrong("a word or a whole number")
        return Answer(None, value, (), ())
    node.only(("from",), ("words", "bands"))
    column = node.at("from").text()
    if column not in COLUMNS:
        raise node.at("from").wrong(f"one of {', '.join(COLUMNS)}")
    words = tuple((word, one.text()) for word, one in node.at("words")) if "words" in node else ()
    bands = []
    for key, one in node.at("bands") if "bands" in node else ():
        if not key.isdigit():
            raise one.wrong("a lowest number as key")
        bands.append((int(key), one.text()))
    if bands and (column not in ("age", "quintile") or bands != sorted(bands) or bands[0][0] != 0):
        raise node.at("bands").wrong("bands of age or quintile, rising, the first from 0")
    return Answer(column, None, words, tuple(bands))
