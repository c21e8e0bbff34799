"""Cases by hand: sums of quantities, and facts that are worked out from money, earlier claims, days and months."""

from typing import Any

from second.by_hand import Case, case, claim, history, policy
from second.random_values import BASIS

LOW_HIGH = {"by": "height", "small": "10%", "large": "50%"}
BY_ORDER = {"by": "which one", "first one": "10%", "later one": "50%"}
STAY, VISIT = {"service": "inpatient"}, {"service": "outpatient"}
SERVICES = {"service": ["outpatient", "inpatient"]}
CAT_1, CAT_2 = {"tier": "cat 1"}, {"tier": "cat 2"}
TIERS = {"tier": ["cat 1", "cat 2"]}


def fact(of: str, *values: dict[str, Any], **more: Any) -> dict[str, Any]:
    keys = {key.replace("_", " "): value for key, value in more.items()}
    return {"of": of, **keys, "values": list(values), "basis": BASIS}


def height(of: str, edge: Any, key: str = "below") -> dict[str, Any]:
    return {"height": fact(of, {key: edge, "is": "small"}, {"otherwise": "large"})}


def order(of: str, edge: int = 1, key: str = "below", **more: Any) -> dict[str, Any]:
    return {"which one": fact(of, {key: edge, "is": "first one"}, {"otherwise": "later one"}, **more)}


# Sums ---------------------------------------------------------------------------------------------------------


@case
def a_sum_with_something_taken_off() -> Case:
    """1000 in scope, 300 prepaid beforehand: 60 % are 600, of the 400 left 50 % are 200, 200 are left.

    Burden: 400 + 300 - 200 = 500; the floor of 20 % is 100, more than 10 % of the 200 left.
    """
    burden = {"of": ["left of basic insurance", "pre-self-paid cost"], "less": "critical illness insurance's paid"}
    law = policy(
        {"pays": "60%"}, {"pays": "50%"}, {"pays": "10%", "at least": "20% of sum"}, quantities={"sum": burden}
    )
    money = {"total cost": 130_000, "in-scope cost": 100_000, "pre-self-paid cost": 30_000}
    return Case(law, history(claim("2025-01-01", 1000, money=money)), [(600, 200, 100)])


@case
def a_sum_that_is_not_below_0() -> Case:
    """In scope 100 less total 100 twice: 0, not -100. Twice 0 plus 100 is 100: a floor of 30 %."""
    sums = {
        "sum": {"of": "in-scope cost", "less": ["total cost", "in-scope cost"]},
        "whole": {"of": ["sum", "total cost"]},
    }
    law = policy(
        {"pays": "10%", "at least": "30% of whole", "at most per claim": {"is": "50% of sum", "least": 25}},
        quantities=sums,
    )
    return Case(law, history(claim("2025-01-01", 100)), [25])


@case
def what_a_layer_left_is_what_it_left_when_it_had_finished() -> Case:
    """Basic insurance leaves 400, all of which the next layer pays. The limit of the third is still half of the 400:

    it pays 200 of the 500 outside the catalogue.
    """
    law = policy(
        {"pays": "60%"},
        {"pays": "100%"},
        {"of": "fully self-paid cost", "limit per claim": "50% of sum"},
        quantities={"sum": {"of": "left of basic insurance"}},
    )
    money = {"total cost": 150_000, "in-scope cost": 100_000, "fully self-paid cost": 50_000}
    return Case(law, history(claim("2025-01-01", 1000, money=money)), [(600, 400, 200)])


# Facts of quantities ------------------------------------------------------------------------------------------


@case
def below_and_up_to() -> Case:
    """Below 100: 99.99, but not 100. Up to 200: 200, but not 200.01."""
    values = {"below": 100, "is": "small"}, {"up to": 200, "is": "middle"}, {"otherwise": "large"}
    pays = {"by": "height", "small": "0%", "middle": "50%", "large": "100%"}
    law = policy({"pays": pays}, derived_facts={"height": fact("total cost", *values)})
    costs = (99.99, 100, 200, 200.01)
    return Case(law, history(*(claim("2025-01-01", cost) for cost in costs)), [0, 50, 100, 200.01])


@case
def a_value_that_stands_twice() -> Case:
    """Small below 100 and above 200."""
    values = {"below": 100, "is": "small"}, {"up to": 200, "is": "large"}, {"otherwise": "small"}
    law = policy({"pays": LOW_HIGH}, derived_facts={"height": fact("total cost", *values)})
    return Case(law, history(*(claim("2025-01-01", cost) for cost in (50, 200, 300))), [5, 100, 30])


@case
def the_burden_decides_whether_a_layer_applies() -> Case:
    """50 % leaves 100 of 200 (not large), and 101 of 202 (large): 10 % of 101 are 10.10."""
    law = policy(
        {"pays": "50%"},
        {"for": {"height": "large"}, "pays": "10%"},
        derived_facts=height("left of basic insurance", 100, "up to"),
    )
    return Case(law, history(claim("2025-01-01", 200), claim("2025-01-02", 202)), [(100, 0), (101, 10.1)])


@case
def a_layer_that_does_not_apply_paid_nothing() -> Case:
    """Of a visit, basic insurance paid 0, which is below 1: small. Of a stay it paid 50: large."""
    law = policy(
        {"for": STAY, "pays": "50%"},
        {"of": "pre-self-paid cost", "pays": LOW_HIGH},
        facts=SERVICES,
        derived_facts=height("basic insurance's paid", 1),
    )
    money = {"total cost": 20_000, "in-scope cost": 10_000, "pre-self-paid cost": 10_000}
    claims = history(claim("2025-01-01", 100, VISIT, money=money), claim("2025-01-01", 100, STAY, money=money))
    return Case(law, claims, [(0, 10), (50, 50)])


@case
def edges_that_depend_on_the_claim() -> Case:
    """Middle: up to 100 for cat 1, up to 40 for cat 2; small: below 50. For cat 2 the edges fall, and it fails.

    Large: from 50 % of the total; for cat 1 with a total of 150, 75 is below the 100: it fails, too.
    """
    edge = {"by": "tier", "cat 1": "line", "cat 2": 40}
    share = {"up to": "50% of total cost", "is": "middle"}
    values = {"below": 50, "is": "small"}, {"up to": edge, "is": "middle"}, share, {"otherwise": "large"}
    pays = {"by": "height", "small": "10%", "middle": "50%", "large": "100%"}
    law = policy(
        {"pays": pays},
        facts=TIERS,
        amounts={"line": {"is": 100, "basis": BASIS}},
        derived_facts={"height": fact("in-scope cost", *values)},
    )
    claims = history(claim("2025-01-01", 200, CAT_1), claim("2025-01-01", 400, CAT_2), claim("2025-01-01", 150, CAT_1))
    return Case(law, claims, [200, "edges", "edges"])


@case
def an_edge_that_nobody_knows() -> Case:
    """All edges are needed, also behind the one that decides; but only of a layer whose other lines hold."""
    values = {"below": 50, "is": "small"}, {"up to": "not known", "is": "small"}, {"otherwise": "large"}
    law = policy({"for": STAY, "pays": LOW_HIGH}, facts=SERVICES, derived_facts={"height": fact("total cost", *values)})
    return Case(law, history(claim("2025-01-01", 10, STAY), claim("2025-01-01", 10, VISIT)), ["gap", 0])


# Earlier claims -----------------------------------------------------------------------------------------------


@case
def claims_that_failed_or_do_not_say_do_not_count() -> Case:
    """Only stays count. The second claim lacks the tier and fails; the third is a visit: the fourth is the second stay,

    the fifth the third. A layer for visits asks the same fact, and finds the stays so far.
    """
    law = policy(
        {"pays": {"by": ["tier", "which one"], "cat 1": {"first one": "10%", "later one": "50%"}, "cat 2": "0%"}},
        facts=SERVICES | TIERS,
        derived_facts=order("earlier claims", 2, where=STAY),
    )
    stay, visit = STAY | CAT_1, VISIT | CAT_1
    claims = [claim(f"2025-01-0{n}", 100, facts) for n, facts in enumerate((stay, STAY, visit, stay, visit, stay), 1)]
    return Case(law, history(*claims), [10, "fact", 10, 10, 50, 50])


@case
def a_claim_without_the_fact_of_where() -> Case:
    """Nothing else asks the service: a claim that does not state it is settled, but does not count."""
    law = policy({"pays": BY_ORDER}, facts=SERVICES, derived_facts=order("earlier claims", where=STAY))
    claims = history(claim("2025-01-01", 100), claim("2025-01-02", 100, STAY), claim("2025-01-03", 100))
    return Case(law, claims, [10, 10, 50])


@case
def for_each_tier() -> Case:
    """Cat 2 begins anew; a claim without a tier fails, as it is asked."""
    law = policy({"pays": BY_ORDER}, facts=TIERS, derived_facts=order("earlier claims", per="tier"))
    claims = [claim("2025-01-01", 100, facts) for facts in (CAT_1, CAT_2, {}, CAT_2, CAT_1)]
    return Case(law, history(*claims), [10, 10, "fact", 50, 50])


@case
def only_what_a_layer_paid_for() -> Case:
    """Deductible 80: of 80 nothing is paid, so it does not count; then 20 are paid (10 %), and it does."""
    law = policy(
        {"deductible per claim": 80, "pays": BY_ORDER},
        derived_facts=order("earlier claims", paid_by="basic insurance"),
    )
    claims = history(*(claim("2025-01-01", cost) for cost in (80, 280, 280)))
    return Case(law, claims, [0, 20, 100])


@case
def over_a_benefit_year_with_a_late_claim() -> Case:
    """Years from 1 September, by discharge. The third claim is late and lies in the year of the first."""
    law = policy(
        {"pays": BY_ORDER},
        year_of_the_date_of="discharge",
        benefit_year_from={"is": "09-01", "basis": BASIS},
        derived_facts=order("earlier claims", over="a year"),
    )
    claims = history(
        claim("2025-08-31", 100),
        claim("2025-09-01", 100),
        claim("2025-09-02", 100, admission="2025-08-01", discharge="2025-08-30"),
        claim("2025-09-03", 100),
    )
    return Case(law, claims, [10, 10, 50, 50])


@case
def over_a_calendar_year_by_admission() -> Case:
    """Periods by admission: the second claim lies in 2024 with nobody, the third in 2025 with the first."""
    law = policy(
        {"pays": BY_ORDER},
        period_of_the_date_of="admission",
        derived_facts=order("earlier claims", over="a calendar year"),
    )
    claims = history(
        claim("2025-01-05", 100), claim("2025-01-06", 100, admission="2024-12-31"), claim("2025-01-07", 100)
    )
    return Case(law, claims, [10, 10, 50])


# Episodes and stays -------------------------------------------------------------------------------------------


@case
def an_episode_never_counts_itself_nor_later_ones() -> Case:
    """e finds 0, also after f came; f finds 1, also after g."""
    law = policy({"pays": BY_ORDER}, derived_facts=order("earlier episodes"))
    claims = [claim(f"2025-01-0{n}", 100, episode=name) for n, name in enumerate("efefg", 1)]
    return Case(law, history(*claims), [10, 50, 10, 50, 50])


@case
def an_episode_that_does_not_count_yet() -> Case:
    """Stays count. e begins with a visit, which finds 0; f counts; then e has its stay and finds 1, from now on."""
    law = policy({"pays": BY_ORDER}, facts=SERVICES, derived_facts=order("earlier episodes", where=STAY))
    facts = (("e", VISIT), ("f", STAY), ("e", STAY), ("e", VISIT), ("f", VISIT))
    claims = [claim(f"2025-01-0{n}", 100, its, episode=name) for n, (name, its) in enumerate(facts, 1)]
    return Case(law, history(*claims), [10, 10, 50, 50, 10])


@case
def an_episode_over_the_turn_of_the_year() -> Case:
    """In 2025 e counts anew, with its claim of 2025: it finds 0 there, and f finds 1."""
    law = policy({"pays": BY_ORDER}, derived_facts=order("earlier episodes", over="a year"))
    days = (("2024-12-30", "d"), ("2024-12-31", "e"), ("2025-01-02", "e"), ("2025-01-03", "f"))
    return Case(law, history(*(claim(day, 100, episode=name) for day, name in days)), [10, 50, 10, 50])


@case
def an_episode_with_two_tiers() -> Case:
    """Of cat 2, a claim of e counts, the second: f finds 1 episode. What e found of cat 1 is another count:

    d and e are the first and second of cat 1; of cat 2, e is the first.
    """
    law = policy({"pays": BY_ORDER}, facts=TIERS, derived_facts=order("earlier episodes", per="tier"))
    of = (("d", CAT_1), ("e", CAT_1), ("e", CAT_2), ("f", CAT_2))
    claims = [claim(f"2025-01-0{n}", 100, its, episode=name) for n, (name, its) in enumerate(of, 1)]
    return Case(law, history(*claims), [10, 50, 10, 50])


def split(kind: str, **more: Any) -> dict[str, Any]:
    return policy({"pays": BY_ORDER}, year_of_the_date_of="charge", derived_facts=order(kind, **more))


SPLIT = {"admission": "2024-12-20", "discharge": "2025-01-10", "stay": "s"}


@case
def a_split_stay_counts_with_its_last_part() -> Case:
    """Between the parts nothing counts yet; after the last part one claim does."""
    claims = history(
        claim("2025-01-10", 100, **SPLIT, charge="2024-12-31", last_of_stay="no"),
        claim("2025-01-10", 100),
        claim("2025-01-11", 100, **SPLIT, charge="2025-01-10", first_of_stay="no"),
        claim("2025-01-12", 100),
    )
    return Case(split("earlier claims", edge=2), claims, [10, 10, 10, 50])


@case
def a_split_stay_as_an_episode_counts_with_its_first_part() -> Case:
    """The claim between the parts finds the episode of the stay."""
    claims = history(
        claim("2025-01-10", 100, **SPLIT, charge="2024-12-31", last_of_stay="no"),
        claim("2025-01-10", 100),
        claim("2025-01-11", 100, **SPLIT, charge="2025-01-10", first_of_stay="no"),
    )
    return Case(split("earlier episodes"), claims, [10, 50, 10])


# Days and months ----------------------------------------------------------------------------------------------


@case
def days_since_the_latest_discharge() -> Case:
    """Never discharged: otherwise. 15 days after 10 January: 25 January. The late third claim was discharged before,

    and admitted on 5 January, when the discharges so far lay ahead: 0. 16 days after 25 January: 10 February.
    """
    law = policy({"pays": BY_ORDER}, derived_facts=order("days since discharge", 15, "up to"))
    claims = history(
        claim("2025-01-10", 100, admission="2025-01-08"),
        claim("2025-01-25", 100),
        claim("2025-01-26", 100, admission="2025-01-05", discharge="2025-01-06"),
        claim("2025-02-10", 100),
    )
    return Case(law, claims, [50, 10, 10, 50])


@case
def full_months() -> Case:
    """From 15 January: 14 February 0, 15 February 1. From 31 January: 28 February 0, 1 March 1. Before: 0.

    Without the day the claim fails, if the layer asks: not where another line does not hold.
    """
    law = policy({"for": STAY, "pays": BY_ORDER}, facts=SERVICES, derived_facts=order("months since enrolment"))
    days = (("2025-02-14", "2025-01-15"), ("2025-02-15", "2025-01-15"), ("2025-02-28", "2025-01-31"))
    days += (("2025-03-01", "2025-01-31"), ("2025-03-02", "2025-04-01"))
    claims = [claim(day, 100, STAY, enrolment=since) for day, since in days]
    more = claim("2025-03-03", 100, STAY), claim("2025-03-03", 100, VISIT)
    return Case(law, history(*claims, *more), [10, 50, 10, 50, 10, "enrolled", 0])


# In combination -----------------------------------------------------------------------------------------------


@case
def a_table_is_asked_where_another_derived_fact_does_not_hold() -> Case:
    """Lines that ask no derived fact all hold, so the layer needs all of its derived facts: the months, too.

    A table by a stated fact is asked only where the layer applies.
    """
    months = {"by": ["which one", "tier"], "first one": {"cat 1": "10%", "cat 2": "0%"}, "later one": "50%"}
    law = policy(
        {"for": {"height": "large"}, "pays": months},
        facts=TIERS,
        derived_facts=height("total cost", 100) | order("months since enrolment"),
    )
    claims = history(claim("2025-01-01", 50), claim("2025-01-01", 50, enrolment="2025-01-01"))
    return Case(law, claims, ["enrolled", 0])


@case
def a_carried_cap_by_a_derived_fact() -> Case:
    """A cap of 60 a year, once 100 from the second claim on, carried once. 2024: 50 of 60. 2025 finds 10 + 100."""
    law = policy(
        {"at most per year": {"by": "which one", "first one": 60, "later one": 100, "carry over": "one"}},
        derived_facts=order("earlier claims"),
    )
    return Case(law, history(claim("2024-05-01", 50), claim("2025-05-01", 300)), [50, 110])


@case
def a_share_of_the_own_share_of_a_derived_value() -> Case:
    """First: 1 - 90 % = 10 %. Later ones bear half of the 90 %: 55 %."""
    law = policy(
        {"pays": {"by": "which one", "first one": "10%", "later one": "50% of the own share of first one"}},
        derived_facts=order("earlier claims"),
    )
    return Case(law, history(claim("2025-01-01", 100), claim("2025-01-02", 100)), [10, 55])


@case
def an_own_share_in_a_table_over_facts_with_the_same_values() -> Case:
    """Both facts are small or large. The cell stands in the rows of `which one`: so does the small that it names.

    Total 100 is large, in scope 100 is large: half of the 50 % that a large total with a small cost in scope bears.
    """
    of = {"of": "in-scope cost", "values": [{"below": 10, "is": "small"}, {"otherwise": "large"}], "basis": BASIS}
    rows = {"small": "50%", "large": "50% of the own share of small"}
    law = policy(
        {"pays": {"by": ["height", "which one"], "small": {"small": "10%", "large": "20%"}, "large": rows}},
        derived_facts=height("total cost", 50) | {"which one": of},
    )
    return Case(law, history(claim("2025-01-01", 100)), [75])


@case
def whole_numbers_in_a_table() -> Case:
    """Cat 1 is on its first two claims, cat 2 on its first; a claim that does not say fails."""
    edge = {"below": {"by": "tier", "cat 1": 2, "cat 2": 1}, "is": "first one"}
    which = {"which one": fact("earlier claims", edge, {"otherwise": "later one"})}
    law = policy({"pays": BY_ORDER}, facts=TIERS, derived_facts=which)
    claims = [claim("2025-01-01", 100, facts) for facts in (CAT_2, CAT_2, CAT_1, {}, CAT_2)]
    return Case(law, history(*claims), [10, 50, 50, "fact", 50])
