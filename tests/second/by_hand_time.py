"""Cases by hand: periods, benefit years, stays in two years."""

from second.by_hand import Case, case, claim, history, policy
from second.random_values import BASIS


@case
def a_deductible_a_day() -> Case:
    """100 a day: the first claim of 10 May bears 60, the second the other 40; 11 May begins anew."""
    law = policy({"deductible per day": 100})
    claims = history(claim("2025-05-10", 60), claim("2025-05-10", 90), claim("2025-05-11", 130))
    return Case(law, claims, [0, 50, 30])


@case
def a_day_named_by_discharge() -> Case:
    """Settled on the same day, discharged on two: two days with 50 each; the third claim finds 10 of 1 May left."""
    law = policy({"at most per day": 50}, period_of_the_date_of="discharge")
    claims = history(
        claim("2025-05-09", 40, admission="2025-05-01", discharge="2025-05-01"),
        claim("2025-05-09", 70, admission="2025-05-02", discharge="2025-05-02"),
        claim("2025-05-10", 70, admission="2025-05-01", discharge="2025-05-01"),
    )
    return Case(law, claims, [40, 50, 10])


@case
def two_dates_for_two_sorts_of_periods() -> Case:
    """Months by admission, years by settlement. The month of December 2024 has 100, and the year 2025 150.

    First claim: 120 costs, month leaves 100, year 100. Second: month used up, 0. Third (January): 50 of the year.
    """
    law = policy({"limit per month": 100, "at most per year": 150}, period_of_the_date_of="admission")
    claims = history(
        claim("2025-01-03", 120, admission="2024-12-30"),
        claim("2025-01-04", 10, admission="2024-12-31"),
        claim("2025-01-05", 80, admission="2025-01-02"),
    )
    return Case(law, claims, [100, 0, 50])


@case
def an_episode_over_the_turn_of_the_year() -> Case:
    """Deductible 300 an episode: 200 in 2024, the other 100 in 2025; another episode bears its own."""
    law = policy({"deductible per episode": 300})
    claims = history(
        claim("2024-12-30", 200, episode="e"),
        claim("2025-01-10", 200, episode="e"),
        claim("2025-01-11", 400),
    )
    return Case(law, claims, [0, 100, 100])


@case
def an_episode_named_by_its_first_claim() -> Case:
    """A claim without an episode is one of its own, named by its id: c2 continues c1."""
    law = policy({"deductible per episode": 300})
    return Case(law, history(claim("2024-12-30", 200), claim("2025-01-10", 200, episode="c1")), [0, 100])


@case
def calendar_year_and_benefit_year() -> Case:
    """The benefit year starts on 1 September; 100 a benefit year, 150 a calendar year.

    31 August 2025: benefit year 2024, pays 100. 1 September: benefit year 2025, but of the calendar year 50 are left.
    1 January 2026: 50 of the benefit year 2025 are left, 150 of the calendar year.
    """
    law = policy(
        {"at most per year": 100, "at most per calendar year": 150},
        benefit_year_from={"is": "09-01", "basis": BASIS},
    )
    claims = history(claim("2025-08-31", 400), claim("2025-09-01", 400), claim("2026-01-01", 400))
    return Case(law, claims, [100, 50, 50])


@case
def a_benefit_year_by_group() -> Case:
    """The retired begin on 1 July. 10 May 2025 is in 2025 for the active, in 2024 for the retired.

    Active 2025: 80. Retired in May 2025: year 2024, 100. Retired in July 2025: year 2025, of which 20 are left.
    Without a status there is no year: the claim fails, although no rule of the layer is a table.
    """
    law = policy(
        {"at most per year": 100},
        facts={"status": ["active", "retired"]},
        benefit_year_from={"by": "status", "active": "01-01", "retired": "07-01", "basis": BASIS},
    )
    active, retired = {"status": "active"}, {"status": "retired"}
    claims = history(
        claim("2025-05-10", 80, active),
        claim("2025-05-11", 120, retired),
        claim("2025-07-01", 90, retired),
        claim("2025-07-02", 90),
    )
    return Case(law, claims, [80, 100, 20, "fact"])


@case
def a_benefit_year_that_no_rule_looks_at() -> Case:
    """The facts of `benefit year from` are asked where something is kept per benefit year; here all is per claim."""
    law = policy(
        {"at most per claim": 50},
        facts={"status": ["active", "retired"]},
        benefit_year_from={"by": "status", "active": "01-01", "retired": "07-01", "basis": BASIS},
    )
    return Case(law, history(claim("2025-05-10", 80), claim("2025-05-10", 80, {"status": "active"})), [50, 50])


@case
def lifetime_limits_and_bands() -> Case:
    """A limit of 500 for life: 400 in 2024, 100 in 2026. Bands over a lifetime: 50 % of the first 300, then 100 %.

    First: 300 x 50 % + 100 = 250. Second: 100, all in the upper band: 100.
    """
    bands = {"counted": "from zero", "over": "a lifetime", "bands": [{"up to": 300, "pays": "50%"}, {"above": "100%"}]}
    law = policy({"limit per lifetime": 500, "pays in bands": bands})
    return Case(law, history(claim("2024-02-01", 400), claim("2026-02-01", 400)), [250, 100])


@case
def bands_over_days_and_episodes() -> Case:
    """Bands over a day below, over an episode above: 0 % of the first 100, then 100 % (day); 10 %/50 % (episode).

    c1: day: 150 - 100 = 50 paid, 100 left; episode: 10 % of 100 = 10. c2, same day, other episode: 50 paid, nothing
    left. c3, next day, episode of c1: 0 paid, 60 left; the episode stands at 100: 50 % of 60 = 30.
    """

    def bands(over: str, low: str, high: str) -> dict:
        rows = [{"up to": 100, "pays": low}, {"above": high}]
        return {"pays in bands": {"counted": "from the threshold", "over": over, "bands": rows}}

    law = policy(bands("day", "0%", "100%"), bands("episode", "10%", "50%"))
    claims = history(
        claim("2025-03-01", 150, episode="e"),
        claim("2025-03-01", 50, episode="f"),
        claim("2025-03-02", 60, episode="e"),
    )
    return Case(law, claims, [(50, 10), (50, 0), (0, 30)])


@case
def a_late_claim_meets_its_year() -> Case:
    """Years by discharge: the third claim is settled last, but falls into 2024, of which 30 are left."""
    law = policy({"at most per year": 100}, year_of_the_date_of="discharge")
    claims = history(
        claim("2024-12-20", 70),
        claim("2025-01-05", 90),
        claim("2025-02-01", 50, admission="2024-12-25", discharge="2024-12-31"),
    )
    return Case(law, claims, [70, 90, 30])


# A stay whose costs arose in two years ------------------------------------------------------------------------


def split(second_cost: float = 500) -> list[dict]:
    """A stay of 20 December to 10 January, in two claims."""
    days = {"admission": "2024-12-20", "discharge": "2025-01-10", "stay": "s"}
    return history(
        claim("2025-01-10", 200, **days, charge="2024-12-31", last_of_stay="no"),
        claim("2025-01-10", second_cost, **days, charge="2025-01-10", first_of_stay="no"),
    )


@case
def amounts_per_claim_in_the_earlier_year() -> Case:
    """Deductible 300: 200 in the first part, 100 in the second, which pays 400. The cap of 2025 is another: 350."""
    law = policy({"deductible per claim": 300, "at most per year": 350}, year_of_the_date_of="charge")
    return Case(law, split(), [0, 350])


@case
def amounts_per_claim_in_the_later_year() -> Case:
    """The first part bears no deductible and pays 200; the second bears 300 of its 500. Caps per claim are shared:

    450 for the stay, less 200, leaves 250; 200 are paid.
    """
    law = policy(
        {"deductible per claim": 300, "at most per claim": 450},
        year_of_the_date_of="charge",
        amounts_per_claim_in="the later year",
    )
    return Case(law, split(), [200, 200])


@case
def a_fixed_amount_for_a_stay() -> Case:
    """300 for the stay: 200 in the first part; but the cap of the year pays only 150. Used are 200, before the cap:

    100 are left for the second part. In the later year: 0, then 300, of which the cap of 2025 pays 150.
    """
    law = policy({"pays fixed": 300, "at most per year": 150}, year_of_the_date_of="charge")
    return Case(law, split(), [150, 100])


@case
def a_fixed_amount_in_the_later_year() -> Case:
    """Nothing in the first part, 300 in the second."""
    law = policy({"pays fixed": 300}, year_of_the_date_of="charge", amounts_per_claim_in="the later year")
    return Case(law, split(), [0, 300])


@case
def a_limit_for_a_stay_with_another_amount_later() -> Case:
    """The limit is 80 % of each part's own cost: 160 for the first; of the second 400 less 160, that is 240."""
    law = policy({"limit per claim": "80% of total cost"}, year_of_the_date_of="charge")
    return Case(law, split(), [160, 240])


@case
def bands_over_a_claim_begin_anew_in_each_part() -> Case:
    """0 % up to 150, then 100 %: 50 of 200, and 350 of 500."""
    bands = {"counted": "from zero", "over": "claim", "bands": [{"up to": 150, "pays": "0%"}, {"above": "100%"}]}
    return Case(policy({"pays in bands": bands}, year_of_the_date_of="charge"), split(), [50, 350])


@case
def a_claim_without_charge_uses_its_discharge() -> Case:
    """Settled in 2025, discharged in 2024: the cap of 2024, of which 10 are left."""
    law = policy({"at most per year": 100}, year_of_the_date_of="charge")
    claims = history(claim("2024-05-01", 90), claim("2025-01-02", 90, admission="2024-12-30", discharge="2024-12-31"))
    return Case(law, claims, [90, 10])


@case
def a_stay_is_nothing_special_without_charge() -> Case:
    """By discharge, each claim bears its own deductible, whatever its stay; but they are one episode."""
    law = policy({"deductible per claim": 150, "at most per episode": 380}, year_of_the_date_of="discharge")
    return Case(law, split(), [50, 330])
