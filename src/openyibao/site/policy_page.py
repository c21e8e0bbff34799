"""What a policy's page shows: its head, main values, layers, worked examples, grounds, gaps and findings."""

from __future__ import annotations

from typing import Any

from openyibao.lint import Finding
from openyibao.lint.report import Teller
from openyibao.policy.model import Policy
from openyibao.policy.values import percent
from openyibao.site.coverage import Quality
from openyibao.site.examples import Examples
from openyibao.site.grid import Grid
from openyibao.site.layers import Layers
from openyibao.site.library import Library, last_day, policy_page
from openyibao.site.measured import Measured, Measures, Span
from openyibao.site.say import Say
from openyibao.site.view import CellView, Notes, Tables, TableView
from openyibao.site.words import Words, amount

DISEASES = ("hypertension", "diabetes")
"""What national rules speak of under names that are words of some policies only."""


class PolicyPage:
    """Makes the page of one policy in one language. `measured` is by layer, the same for both languages."""

    def __init__(
        self,
        policy: Policy,
        texts: Words,
        library: Library,
        measured: dict[str, Grid],
        examples: list[Examples],
        findings: list[Finding],
    ) -> None:
        self.policy, self.texts, self.library = policy, texts, library
        self.measured, self.examples, self.findings = measured, examples, findings
        self.say = Say(policy, texts)
        self.notes = Notes(self.say)
        self.layers = Layers(policy, self.say, self.notes)

    def context(self) -> dict[str, Any]:
        """All that the template asks for."""
        texts, policy = self.texts, self.policy
        layers = self.layers.views()
        amounts, statistics = self.layers.amounts(), self.layers.statistics()
        year_start = (
            self.layers.tables.item(texts("policy.year_start"), policy.year_start) if policy.year_start else None
        )
        newer = self.library.newer(policy)
        return {
            "title": texts.pick(policy.title),
            "policy": policy,
            "place": texts.place(policy.region),
            "scheme": self.say.word(policy.scheme),
            "start": policy.start,
            "end": last_day(policy),
            "rule_date": self.say.word(policy.rule_date),
            "year_date": self.say.word(policy.year_date),
            "year_start": year_start,
            "facts": [(self.say.word(fact.name), self.say.fact_values(fact)) for fact in policy.facts],
            "key": self.key_table(),
            "layers": layers,
            "amounts": amounts,
            "statistics": statistics,
            "derived": self.layers.derived(),
            "sums": [*self.layers.divided(), *self.layers.sums()],
            "examples": [ExampleView(one, self.say).view() for one in self.examples],
            "documents": self.documents(),
            "notes": list(self.notes.found.values()),
            "gaps": [texts.pick(gap) for gap in policy.gaps],
            "assumptions": [layer.assumption for layer in layers if layer.assumption],
            "lint": finding_views(self.findings, texts),
            "quality": Quality.of(policy),
            "history": self.library.beside(policy),
            "newer": newer,
            "newer_page": policy_page(newer) if newer else "",
        }

    def documents(self) -> list[dict[str, str]]:
        return [
            {
                "title": self.texts.pick(one.title),
                "number": "" if one.number == "not identified" else one.number,
                "date": "" if one.date == "not identified" else one.date,
                "source": one.source,
            }
            for one in self.policy.documents
        ]

    def key_table(self) -> TableView:
        """The main values, layer by layer; values that make no difference are left out."""
        texts = self.texts
        lines: list[tuple[CellView, ...]] = []
        tables = Tables(self.policy, self.say, self.notes)
        for number, layer in enumerate(self.policy.layers, 1):
            grid = self.measured[layer.name]
            link = CellView(self.say.word(layer.name), "rowgroup", 1, 4, href=f"#layer-{number}", kind="layer")
            lines.append((link,))
            lines += self.cases(grid, tables)
        heads = (
            CellView(texts("policy.case"), "col"),
            *(
                CellView(texts(f"policy.{key}"), "col", kind="number")
                for key in ("deductible_yuan", "rate", "cap_yuan")
            ),
        )
        caption = texts("policy.key_caption", title=texts.pick(self.policy.title))
        return TableView(caption, (heads,), tuple(lines), kind="key")

    def cases(self, grid: Grid, tables: Tables) -> list[tuple[CellView, ...]]:
        """One line for each case of a layer; the heads of a case stand in one cell."""
        lines: list[tuple[CellView, ...]] = []
        open_heads: dict[str, str] = {}
        for heads, answers in grid.lines:
            for head in heads:
                open_heads[head.fact] = "" if head.group is None else tables.group(head.group, head.fact)
            case = self.texts.comma.join(open_heads[fact] for fact in grid.facts if open_heads.get(fact))
            name = CellView(case or self.texts("policy.all_cases"), "row")
            found: Measures | None = answers[0].cell
            if found is None:
                lines.append((name, CellView(self.texts("policy.not_told"), columns=3, kind="unknown")))
                continue
            cells = (self.deductible(found), self.rate(found), self.cap(found))
            lines.append((name, *(CellView(text, kind="number", sub=sub) for text, sub in cells)))
        return lines

    def deductible(self, found: Measures) -> tuple[str, str]:
        if not found.deductibles:
            return self.texts("policy.no_deductible"), ""
        depends = self.texts("policy.not_measured")
        told = [(span_amount(span) if span else depends, self.say.period(p)) for p, span in found.deductibles]
        return " + ".join(text for text, _ in told), self.texts.comma.join(dict.fromkeys(period for _, period in told))

    def rate(self, found: Measures) -> tuple[str, str]:
        if found.rate is None and found.fixed is not None:
            return self.texts("policy.fixed_rate", amount=self.texts("layer.yuan", amount=span_amount(found.fixed))), ""
        return (span_rate(found.rate) if found.rate else self.texts("policy.not_measured")), ""

    def cap(self, found: Measures) -> tuple[str, str]:
        if found.unlimited:
            return self.texts("policy.unlimited"), ""
        if found.depends:
            return self.texts("policy.not_measured"), ""
        return (span_amount(found.cap) if found.cap else self.texts("policy.no_cap")), ""


def span_amount(span: Span) -> str:
    """The lowest and the highest amount, in yuan without the unit."""
    low, high = amount(round(span.low)), amount(round(span.high))
    return low if low == high else f"{low}–{high}"


def span_rate(span: Span) -> str:
    """The lowest and the highest rate."""
    low, high = (
        percent(rate) if (rate * 10**4).denominator == 1 else f"{float(rate):.2%}" for rate in (span.low, span.high)
    )
    return low if low == high else f"{low}–{high}"


def measured_of(policy: Policy) -> dict[str, Grid]:
    """The measures of every layer by the cases they are told apart by."""
    meter = Measured(policy)
    return {layer.name: meter.grid(layer) for layer in policy.layers}


class ExampleView:
    """A set of worked examples as a table with bars."""

    def __init__(self, examples: Examples, say: Say) -> None:
        self.examples, self.say, self.texts = examples, say, say.texts

    def view(self) -> dict[str, Any]:
        one, texts = self.examples, self.texts
        service = self.say.word(one.service) if one.service else texts("examples.any_service")
        facts = {**{fact: value for fact, value in one.facts.items() if fact != "service"}}
        told = [
            f"{self.say.word(fact)}{'为' if self.say.lang == 'zh' else ' '}"
            f"{self.say.word(value) if isinstance(value, str) else value}"
            for fact, value in facts.items()
            if value != "any"
        ]
        cost = amount(one.examples[0].cost_fen)
        caption = (
            texts("examples.caption_class", service=service, cost=cost)
            if one.varied == "class"
            else texts("examples.caption", service=service)
        )
        return {
            "facts": texts("examples.person", facts=texts.comma.join(told)) if told else "",
            "day": texts.day(one.day),
            "table": self.table(caption),
            "payers": [self.payer(payer) for payer in self.payers()],
            "partly": any(example.down_to for example in one.examples),
        }

    def payers(self) -> list[Any]:
        """The payers that pay something in one of the examples, in the order of the policy."""
        found: dict[str, Any] = {}
        for example in self.examples.examples:
            for payer in example.bill.data()["totals"]["by_payer"] if example.bill else ():
                if payer["fen"]:
                    found.setdefault(payer["payer"]["en"], payer["payer"])
        order = [layer.payer for layer in self.examples.policy.layers]
        return sorted(found.values(), key=lambda payer: order.index(payer["en"]))

    def payer(self, payer: Any) -> str:
        return str(payer[self.say.lang])

    def table(self, caption: str) -> TableView:
        texts, payers = self.texts, self.payers()
        varied = self.examples.varied
        names = [(texts("examples.cost"), "")] if varied != "class" else []
        names += [(texts(f"examples.{varied}"), "")] if varied else []
        names += [(texts("examples.person_bears"), "number"), (texts("examples.share"), "")]
        names += [(self.payer(payer), "number") for payer in payers]
        lines = []
        by_cost: dict[int, list[Any]] = {}
        for example in self.examples.examples:
            by_cost.setdefault(example.cost_fen, []).append(example)
        for fen, group in by_cost.items():
            for n, example in enumerate(group):
                heads = []
                if varied != "class" and n == 0:
                    scope = "rowgroup" if len(group) > 1 else "row"
                    heads.append(CellView(texts.yuan(fen), scope, len(group), kind="cost"))
                heads += [CellView(self.say.word(example.value), "row")] if varied else []
                lines.append((*heads, *self.cells(example, payers)))
        return TableView(
            caption, (tuple(CellView(name, "col", kind=kind) for name, kind in names),), tuple(lines), "examples"
        )

    def cells(self, example: Any, payers: list[Any]) -> list[CellView]:
        if example.bill is None:
            return [CellView(self.texts("examples.not_settled"), columns=len(payers) + 2, kind="unknown")]
        totals = example.bill.data()["totals"]
        paid = {payer["payer"]["en"]: payer["fen"] for payer in totals["by_payer"]}
        fen = [*(paid.get(payer["en"], 0) for payer in payers), totals["personal_fen"]]
        total = totals["total_fen"]
        bar = tuple((n + 1 if n < len(payers) else 0, part) for n, part in enumerate(_hundredths(fen, total)) if part)
        share = self.texts("examples.share_text", share=f"{totals['paid_fen'] / total:.1%}")
        down = self.texts("examples.down_to", layer=self.say.word(example.down_to)) if example.down_to else ""
        return [
            CellView(amount(fen[-1]), kind="number person"),
            CellView(share, kind="bar", bar=bar, sub=down),
            *(CellView(amount(one), kind="number") for one in fen[:-1]),
        ]


def _hundredths(parts: list[int], total: int) -> list[int]:
    """Parts of a total as whole hundredths that add up to a hundred: the rest goes to the largest remainders."""
    exact = [part * 100 / total for part in parts]
    whole = [int(one) for one in exact]
    order = sorted(range(len(parts)), key=lambda n: whole[n] - exact[n])
    for n in order[: 100 - sum(whole)]:
        whole[n] += 1
    return whole


def translated(text: str, texts: Words) -> str:
    """A finding's reason, with the names of diseases that the policy has no word for said in the language."""
    for english in DISEASES:
        text = text.replace(english, texts(f"diseases.{english}"))
    return text


def finding_views(findings: list[Finding], texts: Words) -> dict[str, Any]:
    """The findings in plain words: what can be told, then what cannot."""
    teller = Teller(texts.lang)
    told: list[dict[str, Any]] = []
    untold: list[dict[str, Any]] = []
    for one in findings:
        view = {
            "answer": one.answer,
            "kind": one.answer.replace(" ", "-"),
            "label": texts(f"lint.{one.answer}"),
            "says": texts.pick(one.rule.says),
            "document": one.rule.basis.document,
            "comparison": teller.comparison(one),
            "article": teller.article(one),
            "tolerance": texts.pick(one.rule.tolerance_from)
            if one.answer == "within about" and one.rule.tolerance_from
            else "",
            "why": translated(texts.pick(one.missing), texts) if one.missing else "",
        }
        (untold if one.answer == "cannot tell" else told).append(view)
    told.sort(key=lambda view: ("departs", "within about", "conforms").index(view["answer"]))
    counts = {
        answer: sum(one.answer == answer for one in findings) for answer in ("conforms", "within about", "departs")
    }
    return {"told": told, "untold": untold, "counts": counts, "any": bool(findings)}
