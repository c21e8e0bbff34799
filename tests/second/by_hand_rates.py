"""Cases by hand: rates as the law writes them."""

from second.by_hand import Case, case, claim, history, policy

STATUS = {"status": ["active", "retired"]}


@case
def points_from_a_table() -> Case:
    """80 % or 60 % by grade; 5 points more in the second tier."""
    points = {"by": "tier", "cat 1": "0%", "cat 2": "+5%"}
    law = policy(
        {"pays": {"by": "grade", "primary": "80%", "secondary": "60%", "points": points}},
        facts={"grade": ["primary", "secondary"], "tier": ["cat 1", "cat 2"]},
    )
    claims = history(
        claim("2025-01-01", 100, {"grade": "primary", "tier": "cat 2"}),
        claim("2025-01-01", 100, {"grade": "secondary", "tier": "cat 1"}),
        claim("2025-01-01", 100, {"grade": "secondary"}),
    )
    return Case(law, claims, [85, 60, "fact"])


@case
def several_points_beside_a_value() -> Case:
    """70 % + 10 - 20 = 60 %; retired 70 + 10 + 15 = 95 %."""
    points = ["+10%", {"by": "status", "active": "-20%", "retired": "+15%"}]
    law = policy({"pays": {"is": "70%", "points": points}}, facts=STATUS)
    claims = history(claim("2025-01-01", 100, {"status": "active"}), claim("2025-01-01", 100, {"status": "retired"}))
    return Case(law, claims, [60, 95])


@case
def points_beyond_the_whole() -> Case:
    """95 % + 10 points is no rate; 95 % - 10 is one. Only the sum counts: -30 and +100 beside 20 % give 90 %."""
    law = policy({"pays": {"is": "95%", "points": {"by": "status", "active": "+10%", "retired": "-10%"}}}, facts=STATUS)
    claims = history(claim("2025-01-01", 100, {"status": "active"}), claim("2025-01-01", 100, {"status": "retired"}))
    return Case(law, claims, ["rate", 85])


@case
def a_share_of_the_own_share() -> Case:
    """The active bear 14 %, the retired 80 % of that, 11.2 %; in a primary hospital 10 % and 8 %."""
    rates = {
        "by": ["status", "grade"],
        "active": {"primary": "90%", "secondary": "86%"},
        "retired": "80% of the own share of active",
    }
    law = policy({"pays": rates}, facts=STATUS | {"grade": ["primary", "secondary"]})
    claims = history(
        claim("2025-01-01", 1000, {"status": "retired", "grade": "secondary"}),
        claim("2025-01-01", 1000, {"status": "retired", "grade": "primary"}),
    )
    return Case(law, claims, [888, 920])


@case
def a_share_of_a_share() -> Case:
    """Ordinary 60 %: bears 40. Low-income edge: half of it, 20. Destitute: a quarter of that, 5."""
    rates = {
        "by": "class",
        "ordinary": "60%",
        "low-income edge": "50% of the own share of ordinary",
        "destitute": "25% of the own share of low-income edge",
    }
    law = policy({"pays": rates}, facts={"class": ["ordinary", "low-income edge", "destitute"]})
    claims = history(claim("2025-01-01", 100, {"class": "destitute"}), claim("2025-01-01", 100, {"class": "ordinary"}))
    return Case(law, claims, [95, 60])


@case
def a_share_of_a_share_in_small_parts() -> Case:
    """Ordinary 0 %: bears all. Low-income edge: a quarter, so 75 %. Destitute: half of that, an eighth: 87.5 %."""
    rates = {
        "by": "class",
        "ordinary": "0%",
        "low-income edge": "25% of the own share of ordinary",
        "otherwise": "50% of the own share of low-income edge",
    }
    law = policy({"pays": rates}, facts={"class": ["ordinary", "low-income edge", "destitute"]})
    return Case(law, history(claim("2025-01-01", 1000, {"class": "destitute"})), [875])


@case
def points_on_a_share_of_the_own_share() -> Case:
    """The cell counts without the points: 1 - 50 % x (1 - 60 %) = 80 %, and 5 points more."""
    rates = {"by": "status", "active": "60%", "retired": "50% of the own share of active", "points": "+5%"}
    claims = history(claim("2025-01-01", 100, {"status": "retired"}), claim("2025-01-01", 100, {"status": "active"}))
    return Case(policy({"pays": rates}, facts=STATUS), claims, [85, 65])


@case
def more_than_the_own_share_of_another() -> Case:
    """150 % of an own share of 80 % is more than all: no rate for the retired."""
    rates = {"by": "status", "active": "20%", "retired": "150% of the own share of active"}
    claims = history(claim("2025-01-01", 100, {"status": "retired"}), claim("2025-01-01", 100, {"status": "active"}))
    return Case(policy({"pays": rates}, facts=STATUS), claims, ["rate", 20])


@case
def a_line_in_the_age() -> Case:
    """75 % + 0.2 % a year: 85 % at 50; 95.1 % at 100.5 is no age; at 130 it would be 101 %, and is 100 %."""
    law = policy({"pays": {"is": "75% + 0.2% x age", "most": "100%"}}, facts={"age": "0 to 130"})
    claims = history(*(claim("2025-01-01", 1000, {"age": age}) for age in (50, 1, 130)), claim("2025-01-01", 1000))
    return Case(law, claims, [850, 752, 1000, "fact"])


@case
def a_falling_line_with_a_least() -> Case:
    """90 % - 5 % a day, at least 60 %."""
    law = policy({"pays": {"is": "90% - 5% x days", "least": "60%"}}, facts={"days": "0 to 45"})
    claims = history(*(claim("2025-01-01", 100, {"days": days}) for days in (0, 2, 6, 7)))
    return Case(law, claims, [90, 80, 60, 60])


@case
def a_line_without_bounds() -> Case:
    """90 % + 2 % an item: 100 % at 5, no rate at 6."""
    law = policy({"pays": "90% + 2% x items"}, facts={"items": "0 to 9"})
    claims = history(*(claim("2025-01-01", 100, {"items": items}) for items in (5, 6)))
    return Case(law, claims, [100, "rate"])


@case
def lines_and_points_in_bands_and_pre_pay() -> Case:
    """Age 20. Pre-pay 10 % + 10 points = 20 % of 1,000. Of 800: 300 at 50 % + 1 % x 20 = 70 %, 500 at 80 + 10 = 90 %.

    210 + 450 = 660.
    """
    bands = [{"up to": 300, "pays": "50% + 1% x age"}, {"above": {"is": "80%", "points": "+10%"}}]
    law = policy(
        {
            "pre-pay": {"is": "10%", "points": "+10%"},
            "pays in bands": {"counted": "from zero", "over": "claim", "bands": bands},
        },
        facts={"age": "0 to 50"},
    )
    return Case(law, history(claim("2025-01-01", 1000, {"age": 20})), [660])


@case
def points_after_the_bounds_of_a_line() -> Case:
    """The line is cut to 80 %, then 5 points are added: 85 %."""
    law = policy({"pays": {"is": "75% + 0.2% x age", "most": "80%", "points": "+5%"}}, facts={"age": "0 to 90"})
    return Case(law, history(claim("2025-01-01", 100, {"age": 60})), [85])
