"""Findings as text in Chinese or English, as JSON, and as SARIF 2.1.0 for code hosts and editors."""

from __future__ import annotations

import json
from collections import Counter
from fractions import Fraction
from typing import Any

from openyibao import __version__
from openyibao.lint.judge import ANSWERS, Finding
from openyibao.lint.national import national_documents
from openyibao.policy.model import NOT_IDENTIFIED
from openyibao.policy.values import money, percent
from openyibao.policy.vocabulary import Vocabulary

SAY = {
    "conforms": ("符合", "conforms"),
    "within about": ("大体符合", "within about"),
    "departs": ("不符", "departs"),
    "cannot tell": ("无法判断", "cannot tell"),
    "says": ("{answer}：{says}（{document}；{rule}）", "{answer}: {says} [{document}; {rule}]"),
    "local": ("本地为{local}，国家规定为{wanted}", "here {local}, wanted {wanted}"),
    "local silent": ("本地未写明封顶线，国家规定为{wanted}", "here no cap is stated, wanted {wanted}"),
    "local alone": ("本地为{local}", "here {local}"),
    "by": ("，相差{by}", ", by {by}"),
    "for": ("（{facts}）", " ({facts})"),
    "article": ("依据：{document} {article}", "stands in {document}, {article}"),
    "untold": ("{tried}种情形中{untold}种无法判断：{why}", "{untold} of {tried} cases cannot be told: {why}"),
    "no article": ("条款未查明", "article not identified"),
    "no document": ("文件未查明", "document not identified"),
    "no cap": ("不封顶", "no cap"),
    "yes": ("是", "yes"),
    "no": ("否", "no"),
    "yuan": ("{money}元", "{money} yuan"),
    "months": ("{months}个月", "{months} months"),
    "points": ("{points}个百分点", "{points} points"),
    "summary": (
        "{policies}项政策，{rules}条国家规定：{counts}。",
        "{policies} policies, {rules} national rules: {counts}.",
    ),
    "none": ("该政策施行期间没有可对照的国家规定。", "No national rule of the list was in force at its time."),
}
LEVELS = {"conforms": "none", "within about": "note", "departs": "warning", "cannot tell": "none"}
SARIF = "https://json.schemastore.org/sarif-2.1.0.json"


class Teller:
    """Says findings in one language."""

    def __init__(self, lang: str) -> None:
        self.lang, self.column = lang, 0 if lang == "zh" else 1

    def say(self, key: str, /, **values: object) -> str:
        return SAY[key][self.column].format(**values)

    def pick(self, text: Any) -> str:
        return str(getattr(text, self.lang))

    def value(self, finding: Finding, value: Fraction | None) -> str:
        """A measure in words: an amount, a share, whether."""
        if finding.rule.bound == "yes":
            return self.say("yes" if value else "no")
        if value is None:
            return self.say("no cap")
        if finding.unit == "fen":
            return self.say("yuan", money=money(round(value)))
        if finding.unit == "months":
            return self.say("months", months=round(value))
        return percent(value) if (value * 10**4).denominator == 1 else f"{float(value):.2%}"

    def by(self, finding: Finding) -> str:
        if finding.by is None or not finding.by:
            return ""
        if finding.unit != "ratio":
            return self.value(finding, finding.by)
        return self.say("points", points=f"{float(finding.by * 100):.4g}")

    def facts(self, finding: Finding) -> str:
        if finding.measured is None:
            return ""
        say = Vocabulary(finding.policy.words).say
        joint, colon = ("，", "为") if self.lang == "zh" else (", ", " ")
        asked = finding.rule.facts  # a number is told only where the rule is about it
        found = [(name, value) for name, value in finding.measured.facts if isinstance(value, str) or name in asked]
        told = [(name, value) for name, value in found if value != "any"]
        return joint.join(f"{say(name, self.lang)}{colon}{say(str(value), self.lang)}" for name, value in told)

    def article(self, finding: Finding) -> str:
        basis = finding.measured.basis if finding.measured else None
        if basis is None:
            return ""
        document = finding.policy.document(basis.document)
        title = self.pick(document.title) if document else self.say("no document")
        article = basis.article if basis.article != NOT_IDENTIFIED else self.say("no article")
        return self.say("article", document=title, article=article)

    def comparison(self, finding: Finding) -> str:
        """What was found and wanted; empty where it cannot be told."""
        if finding.measured is None:
            return ""
        local, wanted = (self.value(finding, value) for value in (finding.local, finding.wanted))
        if finding.wanted is None and finding.rule.bound != "no cap":  # without a cap here, nothing was worked out
            told = self.say("local alone", local=local)
        else:
            told = self.say("local silent" if finding.measured.silent else "local", local=local, wanted=wanted)
        by, facts = self.by(finding), self.facts(finding)
        told += self.say("by", by=by) if by else ""
        return told + (self.say("for", facts=facts) if facts else "")

    def lines(self, finding: Finding) -> list[str]:
        rule = finding.rule
        lines = [
            self.say(
                "says",
                answer=self.say(finding.answer),
                says=self.pick(rule.says),
                document=rule.basis.document,
                rule=rule.id,
            )
        ]
        if told := self.comparison(finding):
            lines += [f"    {told}", f"    {self.article(finding)}"]
        if finding.answer == "within about" and rule.tolerance_from:
            lines.append(f"    {self.pick(rule.tolerance_from)}")
        if finding.missing is not None:
            why = self.pick(finding.missing)
            seen = finding.measured is not None
            lines.append(
                "    " + (self.say("untold", tried=finding.tried, untold=finding.untold, why=why) if seen else why)
            )
        return lines

    def text(self, by_policy: dict[str, list[Finding]]) -> str:
        out: list[str] = []
        for name, findings in by_policy.items():
            out += [name, *(f"  {line}" for finding in findings for line in self.lines(finding))]
            out += [] if findings else [f"  {self.say('none')}"]
        counts = Counter(finding.answer for findings in by_policy.values() for finding in findings)
        listed = ("，" if self.lang == "zh" else ", ").join(f"{self.say(a)} {counts[a]}" for a in ANSWERS)
        rules = {finding.rule.id for findings in by_policy.values() for finding in findings}
        out.append(self.say("summary", policies=len(by_policy), rules=len(rules), counts=listed))
        return "\n".join(out) + "\n"


def as_data(finding: Finding) -> dict[str, Any]:
    """A finding as plain data; money in fen, ratios as numerator and denominator."""
    rule, seen = finding.rule, finding.measured

    def number(value: Fraction | None) -> list[int] | None:
        return None if value is None else [value.numerator, value.denominator]

    return {
        "policy": finding.policy.id,
        "rule": rule.id,
        "says": {"zh": rule.says.zh, "en": rule.says.en},
        "document": rule.basis.document,
        "article": rule.basis.article,
        "strength": rule.strength,
        "day": str(finding.day),
        "answer": finding.answer,
        "unit": finding.unit,
        "local": number(finding.local),
        "wanted": number(finding.wanted),
        "by": number(finding.by),
        "facts": dict(seen.facts) if seen else None,
        "line": seen.place.line if seen else None,
        "local_document": seen.basis.document if seen and seen.basis else None,
        "local_article": seen.basis.article if seen and seen.basis else None,
        "missing": {"zh": finding.missing.zh, "en": finding.missing.en} if finding.missing else None,
        "tried": finding.tried,
        "untold": finding.untold,
    }


def as_json(by_policy: dict[str, list[Finding]]) -> str:
    found = [as_data(finding) for findings in by_policy.values() for finding in findings]
    return json.dumps({"findings": found}, ensure_ascii=False, indent=2) + "\n"


def as_sarif(by_policy: dict[str, list[Finding]], lang: str = "en") -> str:
    """SARIF: one result for each finding that can be told; what departs is a warning."""
    teller = Teller(lang)
    findings = [finding for of_policy in by_policy.values() for finding in of_policy]
    rules = {finding.rule.id: finding.rule for finding in findings}
    documents = national_documents()
    run = {
        "tool": {
            "driver": {
                "name": "yibao policy lint",
                "version": __version__,
                "rules": [
                    {
                        "id": rule.id,
                        "shortDescription": {"text": teller.pick(rule.says)},
                        "help": {"text": f"{rule.basis.document} {teller.pick(documents[rule.basis.document].title)}"},
                    }
                    for rule in rules.values()
                ],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, teller) for finding in findings if finding.measured is not None],
    }
    return json.dumps({"$schema": SARIF, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=2) + "\n"


def _result(finding: Finding, teller: Teller) -> dict[str, Any]:
    assert finding.measured is not None
    place = finding.measured.place
    return {
        "ruleId": finding.rule.id,
        "kind": "fail" if finding.answer == "departs" else "pass",
        "level": LEVELS[finding.answer] if finding.answer == "departs" else "none",
        "message": {"text": " ".join(line.strip() for line in teller.lines(finding))},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": finding.policy.file},
                    "region": {"startLine": max(1, place.line), "startColumn": max(1, place.column)},
                }
            }
        ],
    }
