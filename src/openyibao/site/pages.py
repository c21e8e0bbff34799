"""What the pages beside those of policies show: places, comparison, national rules, coverage, glossary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from openyibao.lint import ANSWERS, Finding, national_rules
from openyibao.lint.national import national_documents
from openyibao.policy.model import Policy
from openyibao.policy.vocabulary import Vocabulary
from openyibao.site.coverage import Quality
from openyibao.site.library import NO_PLACE, SCHEMES, Library, last_day, policy_page, region_page
from openyibao.site.measured import Measured, Measures, Span
from openyibao.site.policy_page import finding_views, span_amount, span_rate
from openyibao.site.say import Say
from openyibao.site.view import CellView, TableView
from openyibao.site.words import Words, first
from openyibao.terms import all_words
from openyibao.terms.vocabulary import WORD_KINDS

BASIC, CRITICAL = "basic insurance", "critical illness insurance"
ASSISTANCE = ("medical assistance", "large-cost assistance")
HELPED = ("destitute", "minimum living allowance", "low-income edge")
GRADES = ("primary", "secondary", "tertiary")
ORDINARY, POOR = "ordinary", "minimum living allowance"


def home(library: Library, texts: Words) -> dict[str, Any]:
    """Places by province, with their schemes and policies."""
    provinces: dict[str, list[Any]] = {}
    for region in library.regions:
        shelves = [shelf_view(shelf.policies, shelf.scheme, texts) for shelf in library.shelves(region)]
        one = {"name": texts.place(region), "code": region, "page": region_page(region), "shelves": shelves}
        provinces.setdefault(region[:2], []).append(one)
    ordered = [{"name": texts.province(code), "places": places} for code, places in provinces.items()]
    real = sum(1 for policy in library.policies if not policy.region.startswith(NO_PLACE))
    counts = texts("home.counts", regions=len(library.places), policies=real, others=len(library.policies) - real)
    return {"provinces": ordered, "counts": counts}


def shelf_view(policies: tuple[Policy, ...], scheme: str, texts: Words) -> dict[str, Any]:
    return {
        "scheme": scheme,
        "name": first(Vocabulary().say(scheme, texts.lang)),
        "policies": [policy_line(policy, texts) for policy in policies],
    }


def policy_line(policy: Policy, texts: Words) -> dict[str, Any]:
    say = Say(policy, texts)
    return {
        "title": texts.pick(policy.title),
        "page": policy_page(policy),
        "start": policy.start,
        "before": policy.end,
        "end": last_day(policy),
        "layers": texts.list.join(say.word(layer.name) for layer in policy.layers),
        "place": texts.place(policy.region),
        "id": policy.id,
    }


def region(library: Library, code: str, texts: Words) -> dict[str, Any]:
    shelves = [shelf_view(shelf.policies, shelf.scheme, texts) for shelf in library.shelves(code)]
    lead = texts("region.no_place" if code.startswith(NO_PLACE) else "region.lead", place=texts.place(code))
    return {"place": texts.place(code), "province": texts.province(code), "lead": lead, "shelves": shelves}


class Comparison:
    """Key values of the newest policy of each place and scheme, side by side."""

    def __init__(self, library: Library) -> None:
        self.meters = {shelf.newest.id: (shelf.newest, Measured(shelf.newest)) for shelf in library.real_shelves()}

    def tables(self, texts: Words) -> list[TableView]:
        out = []
        for scheme in SCHEMES:
            for kind, lines in (
                ("inpatient", self._inpatient),
                ("critical", self._critical),
                ("assistance", self._assistance),
            ):
                rows = []
                for policy, meter in self.meters.values():
                    cells = lines(policy, meter, texts) if policy.scheme == scheme else None
                    if cells and any(cell.text != texts("compare.nothing") for cell in cells):
                        rows.append((*self._place(policy, texts), *cells))
                if rows:
                    caption = texts(f"compare.{kind}", scheme=Vocabulary().say(scheme, texts.lang))
                    out.append(TableView(caption, self._heads(kind, texts), tuple(rows), kind="compare"))
        return out

    def _place(self, policy: Policy, texts: Words) -> tuple[CellView, CellView]:
        place = CellView(texts.place(policy.region), "row", href=policy_page(policy))
        return place, CellView(_years(policy), kind="number")

    def _heads(self, kind: str, texts: Words) -> tuple[tuple[CellView, ...], ...]:
        say = Vocabulary().say
        named = [CellView(texts("compare.place"), "col", rows=2), CellView(texts("compare.year"), "col", rows=2)]
        if kind == "critical":
            keys = ("line", "line_poor", "rate", "rate_poor", "cap")
            return (tuple(CellView(texts(f"compare.{key}"), "col") for key in ("place", "year", *keys)),)
        values = GRADES if kind == "inpatient" else HELPED
        wide = [CellView(texts(f"compare.{key}"), "colgroup", columns=len(values)) for key in ("deductible", "rate")]
        cap = CellView(texts("compare.cap"), "col", rows=2) if kind == "inpatient" else None
        cap_wide = None if cap else CellView(texts("compare.cap"), "colgroup", columns=len(values))
        below = tuple(CellView(say(value, texts.lang), "col") for value in values * (2 if cap else 3))
        return ((*named, *wide, *([cap] if cap else [cap_wide] if cap_wide else [])), below)

    def _find(
        self, policy: Policy, meter: Measured, names: tuple[str, ...], asked: Mapping[str, str]
    ) -> Measures | None:
        """The measures of the first layer of these names for some facts; None where the policy does not tell."""
        known = {fact.name: fact for fact in policy.facts}
        for name, value in asked.items():
            if name in known and known[name].values and value not in known[name].values:
                return None
        layer = next((one for one in policy.layers if one.name in names), None)
        stated = {name: (value,) for name, value in asked.items() if name in known}
        if layer is None or any(
            one.fact in asked and asked[one.fact] not in getattr(one.key, "values", ()) for one in layer.conditions
        ):
            return None
        return meter.case(layer, {}, stated)

    def _inpatient(self, policy: Policy, meter: Measured, texts: Words) -> list[CellView]:
        person = {"service": "inpatient", **self._usual(policy)}
        found = [self._find(policy, meter, (BASIC,), {**person, "grade": grade}) for grade in GRADES]
        caps = next((one for one in reversed(found) if one), None)
        return [*(_line(one, texts) for one in found), *(_rate(one, texts) for one in found), _cap(caps, texts)]

    def _critical(self, policy: Policy, meter: Measured, texts: Words) -> list[CellView]:
        usual = self._find(policy, meter, (CRITICAL,), {"service": "inpatient", **self._usual(policy)})
        told = any(fact.name == "class" for fact in policy.facts)
        poor = self._find(policy, meter, (CRITICAL,), {"service": "inpatient", "class": POOR}) if told else None
        return [_line(usual, texts), _line(poor, texts), _rate(usual, texts), _rate(poor, texts), _cap(usual, texts)]

    def _assistance(self, policy: Policy, meter: Measured, texts: Words) -> list[CellView]:
        if not any(fact.name == "class" for fact in policy.facts):
            return []
        found = [self._find(policy, meter, ASSISTANCE, {"service": "inpatient", "class": one}) for one in HELPED]
        return [
            *(_line(one, texts) for one in found),
            *(_rate(one, texts) for one in found),
            *(_cap(one, texts) for one in found),
        ]

    def _usual(self, policy: Policy) -> dict[str, str]:
        return {"class": ORDINARY} if any(ORDINARY in fact.values for fact in policy.facts) else {}


def _line(found: Measures | None, texts: Words) -> CellView:
    if found is None:
        return CellView(texts("compare.nothing"), kind="number")
    spans = [span for _, span in found.deductibles if span is not None]
    if len(spans) < len(found.deductibles):
        return CellView(texts("compare.depends"), kind="number")
    if not spans:
        return CellView(texts("policy.no_deductible"), kind="number")
    low, high = sum((span.low for span in spans), Fraction(0)), sum((span.high for span in spans), Fraction(0))
    return CellView(span_amount(Span(low, high)), kind="number")


def _rate(found: Measures | None, texts: Words) -> CellView:
    if found is not None and found.rate is not None:
        return CellView(span_rate(found.rate), kind="number")
    if found is not None and found.fixed is not None:
        return CellView(texts("policy.fixed_rate", amount=span_amount(found.fixed)), kind="number")
    return CellView(texts("compare.nothing"), kind="number")


def _cap(found: Measures | None, texts: Words) -> CellView:
    if found is None:
        return CellView(texts("compare.nothing"), kind="number")
    if found.unlimited:
        return CellView(texts("policy.unlimited"), kind="number")
    if found.depends:
        return CellView(texts("compare.depends"), kind="number")
    return CellView(span_amount(found.cap) if found.cap else texts("policy.no_cap"), kind="number")


def _years(policy: Policy) -> str:
    first_year, last_year = policy.start.year, last_day(policy).year
    return str(first_year) if first_year == last_year else f"{first_year}–{last_year}"


def lint_page(library: Library, findings: Mapping[str, list[Finding]], texts: Words) -> dict[str, Any]:
    """All findings: by policy, by rule, and each departure in words."""
    heads = [(texts("lint.policy"), ""), *((texts(f"lint.{answer}"), "number") for answer in ANSWERS)]
    by_policy = []
    departures: dict[str, Any] = {}
    for policy in library.policies:
        counts = Counter(one.answer for one in findings[policy.id])
        name = CellView(texts.pick(policy.title), "row", href=f"{policy_page(policy)}#lint")
        by_policy.append((name, *(CellView(str(counts[answer]), kind="number") for answer in ANSWERS)))
        for view in finding_views(findings[policy.id], texts)["told"]:
            if view["answer"] == "departs":
                rule = departures.setdefault(view["says"], {"document": view["document"], "lines": []})
                rule["lines"].append((policy_line(policy, texts), view))
    everything = [one for found in findings.values() for one in found]
    by_rule = []
    documents = national_documents()
    for rule in national_rules():
        counts = Counter(one.answer for one in everything if one.rule.id == rule.id)
        force = (
            texts("lint.force_to", start=texts.day(rule.start), end=texts.day(rule.end))
            if rule.end
            else texts("lint.force_from", start=texts.day(rule.start))
        )
        by_rule.append(
            {
                "says": texts.pick(rule.says),
                "document": rule.basis.document,
                "title": texts.pick(documents[rule.basis.document].title),
                "force": force,
                "counts": [(texts(f"lint.{answer}"), counts[answer]) for answer in ANSWERS],
            }
        )
    caption = texts("lint.by_policy")
    table = TableView(
        caption, (tuple(CellView(head, "col", kind=kind) for head, kind in heads),), tuple(by_policy), kind="counts"
    )
    return {"by_policy": table, "by_rule": by_rule, "departures": departures}


def coverage_page(library: Library, texts: Words) -> dict[str, Any]:
    """Every policy with its years, layers and how well it is known."""
    keys = ("place", "schemes", "years", "layers", "values", "sure", "article", "unknown")
    lines = []
    qualities = {policy.id: Quality.of(policy) for policy in library.policies}
    for shelf in library.all_shelves():
        for policy in shelf.policies:
            line, quality = policy_line(policy, texts), qualities[policy.id]
            lines.append(
                (
                    CellView(line["title"], "row", href=line["page"]),
                    CellView(first(Vocabulary().say(policy.scheme, texts.lang))),
                    CellView(_years(policy), kind="date"),
                    CellView(line["layers"]),
                    *_quality(quality, texts),
                )
            )
    total = Quality.sum(qualities.values())
    lines.append((CellView(texts("coverage.total"), "row", columns=4), *_quality(total, texts)))
    numbers = ("values", "article", "unknown")
    heads = tuple(CellView(texts(f"coverage.{key}"), "col", kind="number" * (key in numbers)) for key in keys)
    gaps = [
        {"line": policy_line(policy, texts), "gaps": [texts.pick(gap) for gap in policy.gaps]}
        for policy in library.policies
        if policy.gaps
    ]
    return {"table": TableView(texts("coverage.caption"), (heads,), tuple(lines), kind="coverage"), "gaps": gaps}


def _quality(quality: Quality, texts: Words) -> tuple[CellView, ...]:
    told = texts.comma.join(
        texts(f"sure_short.{sure}", count=count)
        for sure, count in (("high", quality.high), ("medium", quality.medium), ("low", quality.low))
        if count
    )
    return (
        CellView(str(quality.total), kind="number"),
        CellView(told or texts("site.none"), kind="bar sure", bar=quality.bar),
        CellView(str(quality.article), kind="number"),
        CellView(str(quality.unknown), kind="number"),
    )


def glossary(texts: Words) -> dict[str, Any]:
    """The words of the field, by kind."""
    words = all_words()
    other = "en" if texts.lang == "zh" else "zh"
    kinds = []
    for kind in WORD_KINDS:
        entries = [
            {
                "term": texts.pick(word),
                "other": getattr(word, other),
                "code": word.code,
                "meaning": word.meaning_zh if texts.lang == "zh" else word.meaning_en,
                "search": " ".join((word.en, word.zh, word.code, *word.also)).lower(),
            }
            for word in words
            if word.kind == kind
        ]
        if entries:
            kinds.append({"name": texts(f"kinds.{kind}"), "entries": entries})
    return {"kinds": kinds, "count": len(words), "other": other}
