"""Cases by hand: amounts for each one of a number; named amounts that are sums with a least and a most."""

from typing import Any

from second.by_hand import Case, case, claim, history, policy
from second.by_hand_gathering import FOR_YEAR, HALF, gathering, refund, stay
from second.random_values import BASIS

YEARS = {"continuous enrolment years": "0 to 60", "zero-claim years": "0 to 60"}
ITEMS = {"items": "0 to 400"}
CLASSES = {"class": ["ordinary", "destitute"]}


def amounts(**more: Any) -> dict[str, Any]:
    """Each with its basis; what is no sum stands under `is`."""
    names = {name.replace("_", " "): made for name, made in more.items()}
    return {name: (made if isinstance(made, dict) else {"is": made}) | {"basis": BASIS} for name, made in names.items()}


def with_items(day: str, cost: float, items: int, **facts: Any) -> dict[str, Any]:
    return claim(day, cost, {"items": items} | facts)


# For each one -------------------------------------------------------------------------------------------------


@case
def a_cap_for_each_one() -> Case:
    """20 for each: nothing for 0, 20 for 1, 60 for 3."""
    law = policy({"at most per claim": "20 x items"}, facts=ITEMS)
    claims = [with_items("2024-01-01", 100, items) for items in (0, 1, 3)]
    return Case(law, history(*claims), [0, 20, 60])


@case
def a_deductible_for_each_one_beyond() -> Case:
    """10.50 for each above 4: nothing up to 4; 10.50 for 5; 21 for 6."""
    law = policy({"deductible per claim": "10.50 x items beyond 4"}, facts=ITEMS)
    claims = [with_items("2024-01-01", 100, items) for items in (3, 4, 5, 6)]
    return Case(law, history(*claims), [100, 100, 89.5, 79])


@case
def a_table_needs_the_number_whichever_cell_answers() -> Case:
    law = policy(
        {"at most per claim": {"by": "class", "destitute": "20 x items", "otherwise": 10}}, facts=ITEMS | CLASSES
    )
    claims = [
        claim("2024-01-01", 100, {"class": "ordinary"}),
        with_items("2024-01-01", 100, 3, **{"class": "ordinary"}),
        with_items("2024-01-01", 100, 3, **{"class": "destitute"}),
    ]
    return Case(law, history(*claims), ["fact", 10, 60])


@case
def edges_that_fall_for_a_claim() -> Case:
    """Half up to 30 for each, all up to 50, nothing above: with 1 15 + 20, with 0 50; with 2 the edges fall."""
    bands = [{"up to": "30 x items", "pays": "50%"}, {"up to": 50, "pays": "100%"}, {"above": "0%"}]
    law = policy(
        {"pays in bands": {"counted": "from the threshold", "over": "claim", "bands": bands}},
        facts=ITEMS,
    )
    claims = [with_items("2024-01-01", 100, items) for items in (1, 0, 2)]
    return Case(law, history(*claims), [35, 50, "edges"])


@case
def a_fixed_amount_for_each_item_that_itself_rises() -> Case:
    """5 x 3 for each of 3: 45."""
    law = policy({"pays fixed": {"is": "5 x items", "for each": "items"}}, facts=ITEMS)
    return Case(law, history(with_items("2024-01-01", 100, 3)), [45])


@case
def what_is_left_of_a_yearly_cap_that_rises() -> Case:
    """20 of 20; then 60 less the 20; a number that falls leaves nothing, and takes nothing back."""
    law = policy({"at most per year": "20 x items"}, facts=ITEMS)
    claims = [with_items(f"2024-0{n}-01", 100, items) for n, items in enumerate((1, 3, 2, 4), 1)]
    return Case(law, history(*claims), [20, 40, 0, 20])


@case
def never_more_than_the_largest_amount() -> Case:
    """400 times 10 million would be 4 billion: one billion it is, of which half is 500 million."""
    law = policy({"deductible per claim": "50% of reward"}, facts=ITEMS, amounts=amounts(reward="10000000 x items"))
    return Case(law, history(with_items("2024-01-01", 600_000_000, 400)), [100_000_000])


@case
def on_a_gathering_claim() -> Case:
    """Of 50 open, 4 for each of 3 are borne: the number is that of the supplement."""
    law = gathering(HALF, FOR_YEAR | {"deductible per claim": "4 x items"}, facts=ITEMS)
    claims = history(stay("2024-05-01", 100, {"items": 7}), refund("2025-01-01", {"items": 3}))
    return Case(law, claims, [(50, 0), (0, 38)])


# Sums ---------------------------------------------------------------------------------------------------------


@case
def a_cap_with_rewards() -> Case:
    """300, and 3 for each year above 4 and for each without a claim, together at most 60; 3 less for the ordinary.

    6 and 2: 6 + 6 - 3 = 309. 20 and 10: 48 + 30 are cut to 60, less 3 = 357; 360 for the destitute.
    """
    law = policy(
        {"at most per claim": "cap of the person"},
        facts=YEARS | CLASSES,
        amounts=amounts(
            sum_of_lines=300,
            reward={
                "of": ["3 x continuous enrolment years beyond 4", "3 x zero-claim years"],
                "most": "20% of sum of lines",
            },
            cap_of_the_person={
                "of": ["sum of lines", "reward"],
                "less": {"by": "class", "destitute": 0, "otherwise": 3},
            },
        ),
    )
    facts = ((6, 2, "ordinary"), (20, 10, "ordinary"), (20, 10, "destitute"))
    claims = [claim("2024-01-01", 1000, dict(zip((*YEARS, "class"), one, strict=True))) for one in facts]
    return Case(law, history(*claims), [309, 357, 360])


@case
def never_below_nothing_then_the_least_then_the_most() -> Case:
    """10 for each less 25, at least 8, at most 30. 0: 0, so 8. 3: 5, so 8. 4: 15. 6: 35, so 30."""
    reward = {"of": "10 x items", "less": 25, "least": 8, "most": 30}
    law = policy({"at most per claim": "reward"}, facts=ITEMS, amounts=amounts(reward=reward))
    claims = [with_items("2024-01-01", 100, items) for items in (0, 3, 4, 6)]
    return Case(law, history(*claims), [8, 8, 15, 30])


@case
def what_is_taken_off_makes_no_debt_for_the_least() -> Case:
    """10 less 40 is 0, and no least: nothing."""
    reward = {"of": 10, "less": "20 x items"}
    law = policy({"at most per claim": "reward"}, facts=ITEMS, amounts=amounts(reward=reward))
    claims = [with_items("2024-01-01", 100, items) for items in (2, 0)]
    return Case(law, history(*claims), [0, 10])


@case
def a_least_above_the_most() -> Case:
    """At least 20 for each, at most 50: with 2 40, with 3 50, not 60."""
    reward = {"of": 1, "least": "20 x items", "most": 50}
    law = policy({"at most per claim": "reward"}, facts=ITEMS, amounts=amounts(reward=reward))
    claims = [with_items("2024-01-01", 100, items) for items in (2, 3)]
    return Case(law, history(*claims), [40, 50])


@case
def each_share_is_rounded_by_itself() -> Case:
    """Half of 0.01 twice: 0.01 + 0.01; half of the sum of 0.03, again half up: 0.02."""
    law = policy(
        {"at most per claim": "50% of cap of the person"},
        amounts=amounts(
            sum_of_lines="0.01",
            reward={"of": ["50% of sum of lines", "50% of sum of lines"]},
            cap_of_the_person={"of": ["reward", "sum of lines"]},
        ),
    )
    return Case(law, history(claim("2024-01-01", 100)), [0.02])


@case
def a_bound_that_would_not_bind_must_be_known() -> Case:
    """Without the number there is no least: a gap. Only where the table's cell names the sum."""
    law = policy(
        {"at most per claim": {"by": "class", "destitute": "reward", "otherwise": 10}},
        facts=ITEMS | CLASSES,
        amounts=amounts(reward={"of": 50, "least": "1 x items"}),
    )
    claims = [claim("2024-01-01", 100, {"class": name}) for name in ("destitute", "ordinary")]
    claims.append(with_items("2024-01-01", 100, 2, **{"class": "destitute"}))
    return Case(law, history(*claims), ["gap", 10, 50])


@case
def a_sum_is_never_more_than_the_largest_amount() -> Case:
    """Two billion added, one and a half taken off: 500 million, cut by nothing. Without the second: one billion."""
    billion = "1000000000"
    law = policy(
        {"deductible per claim": {"by": "class", "destitute": "reward", "otherwise": "50% of sum of lines"}},
        facts=CLASSES,
        amounts=amounts(
            reward={"of": [billion, billion], "less": [billion, "500000000"]}, sum_of_lines={"of": [billion, billion]}
        ),
    )
    claims = [claim("2024-01-01", 600_000_000, {"class": name}) for name in ("destitute", "ordinary")]
    return Case(law, history(*claims), [100_000_000, 100_000_000])
