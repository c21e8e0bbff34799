"""A series: the policies of one scheme of one region, one after the other, and which of them a claim falls under.

    load_series(["chongqing"]) -> Series          ids of policies or files; or a folder, or what several ids begin with
    Series(policies).settle(uses, claim)          under the policy in force on the date that it names

No two policies of a series are in force on the same day. A date that none covers is an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from openyibao.history.messages import HistoryError, error, listed, say, word
from openyibao.policy import Policy, find_policy, policy_ids, read_policy
from openyibao.policy.claim_parts import Gathering
from openyibao.policy.library import PolicyNotFoundError, library_root
from openyibao.policy.model import Bilingual, Fact
from openyibao.policy.nodes import Mapping, Text, parse_file
from openyibao.policy.variation import is_variation
from openyibao.policy.vocabulary import Vocabulary
from openyibao.settlement import Bill, Claim, ClaimError, Rule, Uses
from openyibao.settlement.claim import UseKey
from openyibao.settlement.claim_file import read_lined_claims
from openyibao.settlement.claim_stay import CHARGE, LinedClaim, benefit_year


class Series:
    """Policies of one region and scheme in the order of their dates, each compiled when first needed.

    Raises HistoryError, naming both policies, where two are in force on the same day or differ in region or scheme.
    """

    def __init__(self, policies: Iterable[Policy]) -> None:
        self.policies = tuple(sorted(policies, key=lambda policy: (policy.start, policy.end, policy.id)))
        check_series(self.policies)
        self.region, self.scheme = self.policies[0].region, self.policies[0].scheme
        self._rules: dict[str, Rule] = {}

    def rule_for(self, claim: Claim) -> Rule:
        """The compiled policy that settles the claim.

        It is the one in force on that date of the claim which the policy itself names (settlement, discharge or
        admission). Raises ClaimError when there is none (naming the nearest before and after), when two that go
        by different dates both hold, and when the claim says that the person enrolled only later.
        """
        found = [policy for policy in self.policies if covers(policy, claim)]
        if len(found) > 1:
            raise _ambiguous(claim, found[0], found[1])
        if not found:
            if len(self.policies) == 1:  # nothing to choose from: the policy itself says what it covers
                return self._rule(self.policies[0])
            raise _uncovered(claim, self.policies)
        day = rule_day(found[0], claim)
        if claim.enrolment is not None and day < claim.enrolment:
            details = {"what": word(found[0].rule_date), "found": day, "enrolment": claim.enrolment}
            raise ClaimError(claim.id, "not insured", say("not insured", **details))
        self._check_gathered(found[0], claim)
        return self._rule(found[0])

    def _check_gathered(self, policy: Policy, claim: Claim) -> None:
        """A claim gathers what policies before left in the same way; what they left otherwise would be missed."""
        gathering = next((one for one in policy.gatherings if one.service == claim.facts.get("service")), None)
        if gathering is None:
            return
        first, mine = window_start(policy, gathering, claim), self._left_to(policy, gathering.service)
        for before in self.policies[: self.policies.index(policy)]:
            if before.end > first and self._left_to(before, gathering.service) != mine:
                service = Vocabulary(policy.words).word(gathering.service)
                about = {"service": Bilingual(service.zh, service.en), "first": first, "end": before.end}
                text = say("gathered apart", **about, policy=policy.id, before=before.id)
                raise ClaimError(claim.id, "gathered apart", text)

    def _left_to(self, policy: Policy, service: str) -> tuple[object, ...] | None:
        """What claims under a policy leave to those of a gathering service: which parts and sums, by which window."""
        for plan in self._rule(policy).plan.gathers:
            if plan.gathering.service == service:
                asked = (plan.gathering.months is None, plan.gathering.conditions)
                return (*asked, frozenset(plan.parts), frozenset(plan.quantities))
        return None

    def settle(self, uses: Uses, claim: Claim) -> tuple[Bill, Uses]:
        """`Rule.settle` under the policy that the claim falls under; raises ClaimError as `rule_for` does."""
        return self.rule_for(claim).settle(uses, claim)

    def settle_touching(self, uses: Uses, claim: Claim) -> tuple[Bill, Uses, frozenset[UseKey]]:
        """`Rule.settle_touching` under the policy that the claim falls under."""
        return self.rule_for(claim).settle_touching(uses, claim)

    def reader(self) -> Policy:
        """A policy whose words and facts are those of all policies of the series, to read claims with."""
        words = tuple(dict.fromkeys(word for policy in self.policies for word in policy.words))
        facts: dict[str, Fact] = {}
        for fact in (fact for policy in self.policies for fact in policy.facts):
            known = facts.get(fact.name)
            values = tuple(dict.fromkeys((*known.values, *fact.values))) if known else fact.values
            facts[fact.name] = replace(known or fact, values=values)
        gatherings = {one.service: one for policy in self.policies for one in policy.gatherings}
        last = self.policies[-1]
        return replace(last, words=words, facts=tuple(facts.values()), gatherings=tuple(gatherings.values()))

    def compile(self) -> None:
        """Compile every policy now, rather than when a claim first falls under it."""
        for policy in self.policies:
            self._rule(policy)

    def _rule(self, policy: Policy) -> Rule:
        if policy.id not in self._rules:
            self._rules[policy.id] = Rule(policy)
        return self._rules[policy.id]


def rule_day(policy: Policy, claim: Claim) -> date:
    """The date of the claim that must lie in the policy's time."""
    day: date = getattr(claim, policy.rule_date)
    return day


def window_start(policy: Policy, gathering: Gathering, claim: Claim) -> date:
    """The first day that a claim which gathers looks back to; of a benefit year that starts later, 1 January."""
    if gathering.months is None:
        day = claim.charge or claim.discharge if policy.year_date == CHARGE else getattr(claim, policy.year_date)
        return date(benefit_year(policy, claim, day) - 1, 1, 1)
    months = claim.discharge.year * 12 + claim.discharge.month - 1 - gathering.months
    return date(months // 12, months % 12 + 1, 1)


def covers(policy: Policy, claim: Claim) -> bool:
    return policy.start <= rule_day(policy, claim) < policy.end


def check_series(policies: Sequence[Policy]) -> None:
    """Raise HistoryError unless the policies, sorted by their first day, can stand in one series."""
    if not policies:
        raise error("empty")
    first, last = policies[0], policies[0]  # last: the one that is in force longest so far
    for policy in policies[1:]:
        if policy.id == last.id:
            raise error("twice", first=policy.id)
        if (policy.region, policy.scheme) != (first.region, first.scheme):
            raise error("mixed", **_about("first", first), **_about("second", policy))
        if policy.start < last.end:
            raise error("overlap", **_about("first", last), **_about("second", policy))
        last = policy


def _about(name: str, policy: Policy) -> dict[str, object]:
    details = {"region": policy.region, "scheme": word(policy.scheme), "start": policy.start, "end": policy.end}
    return {name: policy.id} | {f"{name}_{key}": value for key, value in details.items()}


def _uncovered(claim: Claim, policies: Sequence[Policy]) -> ClaimError:
    before = [policy for policy in policies if policy.end <= rule_day(policy, claim)]
    after = [policy for policy in policies if policy.start > rule_day(policy, claim)]
    dates = dict.fromkeys(policy.rule_date for policy in policies)
    text = say(
        "uncovered",
        dates=listed(_dated(name, getattr(claim, name)) for name in dates),
        before=_interval(before[-1]) if before else Bilingual("无", "none"),
        after=_interval(after[0]) if after else Bilingual("无", "none"),
    )
    return ClaimError(claim.id, "uncovered", text)


def _dated(name: str, day: date) -> Bilingual:
    return Bilingual(f"{word(name).zh}{day}", f"{name} {day}")


def _interval(policy: Policy) -> Bilingual:
    zh = f"{policy.id}（自{policy.start}起，{policy.end}之前）"
    return Bilingual(zh, f"{policy.id} (from {policy.start}, before {policy.end})")


def _ambiguous(claim: Claim, first: Policy, second: Policy) -> ClaimError:
    details: dict[str, object] = {}
    for name, policy in (("first", first), ("second", second)):
        details |= {name: policy.id, f"{name}_date": word(policy.rule_date), f"{name}_day": rule_day(policy, claim)}
    return ClaimError(claim.id, "ambiguous", say("ambiguous", **details))


def load_series(names: Sequence[str]) -> Series:
    """The series that names stand for, read and checked.

    A name is the id of a policy or a file, as everywhere; or a folder of the library or one's own (`chongqing`); or
    what the ids of several policies begin with (`chongqing/resident`). Of a folder, variations that hold on days of
    the policy they vary are left out: they are what-ifs, not law. Raises HistoryError, FileError,
    PolicyNotFoundError.
    """
    files = [path for name in names for path in series_files(name)]
    return Series(read_policy(path) for path in files)


def series_files(name: str) -> list[Path]:
    """The policy files that a name stands for; see `load_series`."""
    try:
        return [find_policy(name)]
    except PolicyNotFoundError:
        files = _folder(name)
        if not files:
            raise
    policies = {path.resolve(): read_policy(path) for path in files}
    kept = [path for path in policies if not _is_what_if(path, policies)]
    kinds = {(policies[path].region, policies[path].scheme) for path in kept}
    if len(kinds) > 1:
        raise _several(name, [policies[path] for path in kept])
    return kept


def _folder(name: str) -> list[Path]:
    own = Path(name)
    if own.is_dir():
        return sorted(path for path in own.iterdir() if path.suffix in (".yaml", ".yml", ".json"))
    start = name.rstrip("/")
    ids = [known for known in policy_ids() if known.startswith((f"{start}/", f"{start}-"))]
    return [library_root() / f"{known}.yaml" for known in ids]


def _is_what_if(path: Path, policies: dict[Path, Policy]) -> bool:
    """Whether a file varies, over one or several steps, a policy beside it that holds on the same days."""
    own, base = policies[path], base_of(path)
    while base is not None and base in policies:
        if policies[base].start < own.end and own.start < policies[base].end:
            return True
        base = base_of(base)
    return False


def base_of(path: Path) -> Path | None:
    """The file of the policy that a file varies, or None."""
    root = parse_file(path)
    if not is_variation(root) or not isinstance(root, Mapping):
        return None
    english = Vocabulary().english
    named = (node.value for key, node in root if english(key.value) == "variation of" and isinstance(node, Text))
    return find_policy(next(named)).resolve()


def read_series_claims(path: Path, series: Series) -> list[LinedClaim]:
    """The claims of a file with their fee lines, in settlement order, in the words of all policies of a series.

    Raises FileError as `read_claims` does, and HistoryError for fee lines where the policies part stays into benefit
    years, or cost into sub-parts, in different ways: it would be parted before it is known which policy settles it.
    """
    lined = read_lined_claims(path, series.reader())
    rules = {(policy.year_date, policy.year_start, policy.divisions) for policy in series.policies}
    if len(rules) > 1 and any(claim.lines for claim in lined):
        raise error("parted")
    return lined


def _several(name: str, policies: list[Policy]) -> HistoryError:
    kinds: dict[tuple[str, str], list[str]] = {}
    for policy in policies:
        kinds.setdefault((policy.region, policy.scheme), []).append(policy.id)
    found = listed(
        Bilingual(f"{region}{word(scheme).zh}（{'、'.join(ids)}）", f"{region} {scheme} ({', '.join(ids)})")
        for (region, scheme), ids in kinds.items()
    )
    return error("several", name=name, found=found)
