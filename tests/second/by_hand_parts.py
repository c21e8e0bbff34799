"""Cases by hand: divided parts, positions that layers share, answers that are not allowed."""

from typing import Any

from second.by_hand import Case, case, claim, history, policy
from second.random_values import BASIS

SUB_PARTS = {"class A cost": "money", "class B cost": "money"}
DIVIDED = {"in-scope cost": {"class A cost": {"catalogue class": "class A"}, "class B cost": "otherwise"}}
STAY, VISIT = {"service": "inpatient"}, {"service": "outpatient"}
SERVICES = {"service": ["outpatient", "inpatient"]}
REFUSED = {"not allowed": {"zh": "不予办理此类费用", "en": "such costs are not for this policy"}}
SHARED = {"is": 500, "group": "pool"}


def divided(*layers: dict[str, Any], facts: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return policy(*layers, facts=SUB_PARTS | (facts or {}), divided_parts=DIVIDED, **more)


def of_classes(day: str, a: float, b: float, facts: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A claim with so much cost of class A and of class B, in yuan."""
    parts = {"class A cost": round(a * 100), "class B cost": round(b * 100)}
    return claim(day, a + b, parts | (facts or {}), **more)


# Divided parts ------------------------------------------------------------------------------------------------


@case
def two_classes_share_a_deductible() -> Case:
    """(6,000 - 500) x 80 % and 3,000 x 70 %. Of 300 of class A, all is deducted: 200 are due of class B."""
    law = divided(
        {"of": "class A cost", "deductible per claim": SHARED, "pays": "80%"},
        {"of": "class B cost", "deductible per claim": SHARED, "pays": "70%"},
    )
    claims = history(of_classes("2025-01-01", 6000, 3000), of_classes("2025-01-02", 300, 3000))
    return Case(law, claims, [(4400, 2100), (0, 1960)])


@case
def a_share_is_rounded_once_for_each_sub_part() -> Case:
    """Half of 0.01 is 0.01, rounded, twice; of the 0.02 together it would be 0.01."""
    law = divided({"of": {"take": "in-scope cost", "share": "50%"}})
    return Case(law, history(of_classes("2025-01-01", 0.01, 0.01), of_classes("2025-01-01", 0.02, 0)), [0.02, 0.01])


@case
def the_part_stands_for_what_is_left_of_its_sub_parts() -> Case:
    """A quarter of class A is gone: 75 of 100, and the 40 of class B."""
    law = divided({"of": {"take": "class A cost", "share": "25%"}}, {"of": "in-scope cost"})
    return Case(law, history(of_classes("2025-01-01", 100, 40)), [(25, 115)])


@case
def the_layer_takes_the_sub_parts_in_the_order_of_its_terms() -> Case:
    """The order shows in nothing that is paid; a half of class A first: 50 and 40 are the base."""
    law = divided({"of": ["class B cost", {"take": "class A cost", "share": "1/2"}], "at most per claim": 60})
    return Case(law, history(of_classes("2025-01-01", 100, 40), of_classes("2025-01-01", 30, 40)), [60, 55])


@case
def every_claim_needs_sub_parts_that_add_up() -> Case:
    """Also where no layer applies: one is missing, one fen is too much; without a cost in scope both are 0."""
    law = divided({"for": STAY}, facts=SERVICES)
    missing = claim("2025-01-01", 10, VISIT | {"class A cost": 1000})
    too_much = claim("2025-01-01", 10, VISIT | {"class A cost": 1000, "class B cost": 1})
    claims = history(missing, too_much, of_classes("2025-01-01", 10, 0, STAY), of_classes("2025-01-02", 0, 0, STAY))
    return Case(law, claims, ["sub-part", "division", 10, 0])


@case
def sub_parts_as_quantities_are_what_came_in() -> Case:
    """The first layer takes all of both. A deductible of 10 % of class A, 60; a cap of a third of class B, 100;

    a floor of 20 % of class A and B together, 180.
    """
    law = divided(
        {"pays": "0%"},
        {"deductible per claim": "10% of class A cost", "at most per claim": "1/3 of class B cost"},
        {"pays": "10%", "at least": "20% of sum"},
        quantities={"sum": {"of": ["class A cost", "class B cost"]}},
    )
    return Case(law, history(of_classes("2025-01-01", 600, 300)), [(0, 100, 180)])


@case
def a_derived_fact_of_a_sub_part() -> Case:
    """Class B below 50: 10 %, else half."""
    values = [{"below": 50, "is": "small"}, {"otherwise": "large"}]
    law = divided(
        {"pays": {"by": "height", "small": "10%", "large": "50%"}},
        derived_facts={"height": {"of": "class B cost", "values": values, "basis": BASIS}},
    )
    claims = history(of_classes("2025-01-01", 100, 49.99), of_classes("2025-01-01", 50, 50))
    return Case(law, claims, [15, 50])


@case
def a_list_of_sub_parts() -> Case:
    """Where claims state them all, the names alone stand there; another part than the one in scope."""
    law = policy(
        {"of": ["class B cost", "in-scope cost"]},
        facts=SUB_PARTS,
        divided_parts={"pre-self-paid cost": ["class A cost", "class B cost"]},
    )
    money = {"total cost": 10_000, "in-scope cost": 7_000, "pre-self-paid cost": 3_000}
    one = claim("2025-01-01", 0, {"class A cost": 1000, "class B cost": 2000}, money=money)
    return Case(law, history(one), [90])


# A position that layers share ---------------------------------------------------------------------------------


def bands(counted: str, over: str, group: str = "pool", edge: int = 10_000, low: str = "60%") -> dict[str, Any]:
    made = {"counted": counted, "over": over, "bands": [{"up to": edge, "pays": low}, {"above": "80%"}]}
    return {"pays in bands": made | ({"group": group} if group else {})}


BESIDE = {"of": "pre-self-paid cost"}


def two_costs(day: str, first: int, second: int, **more: Any) -> dict[str, Any]:
    money = {"total cost": (first + second) * 100, "in-scope cost": first * 100, "pre-self-paid cost": second * 100}
    return claim(day, 0, money=money, **more)


@case
def a_position_goes_on_in_the_next_layer() -> Case:
    """8,000 x 60 %; then 2,000 x 60 % and 2,000 x 80 %. The next claim stands at 12,000, that of 2026 at 0."""
    shared = bands("from the threshold", "a year")
    law = policy(shared, BESIDE | shared)
    claims = history(
        two_costs("2025-01-01", 8000, 4000), two_costs("2025-12-31", 1000, 1000), two_costs("2026-01-01", 1000, 1000)
    )
    return Case(law, claims, [(4800, 2800), (800, 800), (600, 600)])


@case
def a_position_counted_from_zero_moves_by_the_deductibles() -> Case:
    """The first layer stands at 100 and moves to 600; the second begins behind its own 100: 300 up to 1,000, 200 above.

    250; 150 + 160. Then 1,200: 400 x 80 % and 1,700 + 100.
    """
    shared = bands("from zero", "month", edge=1000, low="50%") | {"deductible per claim": 100}
    law = policy(shared, BESIDE | shared)
    claims = history(two_costs("2025-01-01", 600, 600), two_costs("2025-01-31", 500, 100))
    return Case(law, claims, [(250, 310), (320, 0)])


@case
def a_position_over_a_claim_is_shared_on_that_claim() -> Case:
    """Each claim begins anew, also the second part of a stay."""
    shared = bands("from the threshold", "claim", edge=1000)
    law = policy(shared, BESIDE | shared, year_of_the_date_of="charge")
    stay = {"stay": "s", "admission": "2024-12-31"}
    claims = history(
        two_costs("2025-01-01", 1000, 1000, **stay, charge="2024-12-31", last_of_stay="no"),
        two_costs("2025-01-01", 500, 1000, **stay, charge="2025-01-01", first_of_stay="no"),
    )
    return Case(law, claims, [(600, 800), (300, 700)])


@case
def a_cap_in_fees_begins_where_the_position_stands() -> Case:
    """The second layer stands at 600 of 1,000: 400 x 60 % + 600 x 80 % = 720, of which the cap leaves 400.

    400 stand for 400 x 60 % = 240 and 160 / 80 % = 200: a cost of 600, so that 400 are over the cap. The third layer
    pays them.
    """
    shared = bands("from the threshold", "a lifetime", edge=1000)
    law = policy(
        shared,
        BESIDE | shared | {"at most per claim": 400, "over-cap counted in": "fees"},
        {"of": "critical illness insurance's over-cap"},
    )
    return Case(law, history(two_costs("2025-01-01", 600, 1000)), [(360, 400, 400)])


@case
def two_groups_and_a_position_of_its_own() -> Case:
    """Only those of one name share: the second stands at 0, the third at 1,000."""
    first, other = bands("from the threshold", "a year", edge=1000), bands("from the threshold", "a year", "", 1000)
    law = policy(first, BESIDE | other, {"of": "over-limit cost"} | first)
    money = dict.fromkeys(("in-scope cost", "pre-self-paid cost", "over-limit cost"), 100000)
    return Case(law, history(claim("2025-01-01", 0, money={"total cost": 300_000} | money)), [(600, 600, 800)])


# Not allowed --------------------------------------------------------------------------------------------------

GRADES = {"grade": ["primary", "secondary", "tertiary"]}


@case
def an_answer_that_is_not_allowed() -> Case:
    """A tertiary hospital is refused, if the layer applies; what claims before used is used."""
    pays = {"by": "grade", "primary": "80%", "secondary": "not known", "tertiary": REFUSED}
    law = policy({"for": STAY, "pays": pays, "at most per year": 100}, facts=SERVICES | GRADES)
    facts = [STAY | {"grade": "primary"}, STAY | {"grade": "tertiary"}, VISIT | {"grade": "tertiary"}]
    facts += [STAY | {"grade": "secondary"}, STAY | {"grade": "primary"}]
    return Case(law, history(*(claim("2025-01-01", 100, one) for one in facts)), [80, "refused", 0, "gap", 20])


@case
def not_allowed_by_a_derived_fact() -> Case:
    """The second claim of a year is not; it is not settled, so that a third is the second, too. 2026 begins anew."""
    which = {
        "which one": {
            "of": "earlier claims",
            "over": "a year",
            "values": [{"below": 1, "is": "first one"}, {"otherwise": "later one"}],
            "basis": BASIS,
        }
    }
    law = policy({"pays": {"by": "which one", "first one": "50%", "later one": REFUSED}}, derived_facts=which)
    days = ("2025-01-01", "2025-02-01", "2025-03-01", "2026-01-01")
    claims = history(*(claim(day, 100) for day in days))
    return Case(law, claims, [50, "refused", "refused", 50])


@case
def not_allowed_in_an_edge_and_in_points() -> Case:
    """The upper edge of bands, and points that are added: each a table over the tier."""
    edge = {"by": "tier", "cat 1": 100, "cat 2": REFUSED}
    points = {"by": "grade", "tertiary": REFUSED, "otherwise": "+5%"}
    rate = {"is": "50%", "points": points}
    made = {"counted": "from zero", "over": "claim", "bands": [{"up to": edge, "pays": "10%"}, {"above": rate}]}
    law = policy({"pays in bands": made}, facts=GRADES | {"tier": ["cat 1", "cat 2"]})
    facts = [("cat 1", "primary"), ("cat 2", "primary"), ("cat 1", "tertiary")]
    claims = history(*(claim("2025-01-01", 200, {"tier": tier, "grade": grade}) for tier, grade in facts))
    return Case(law, claims, [65, "refused", "refused"])
