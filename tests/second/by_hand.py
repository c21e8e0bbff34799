"""Small policies, small histories and the payments worked out by hand: the form in which the cases are written."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from second import calculator
from second.product import KINDS
from second.random_values import BASIS

Expected = Any  # yuan that the layer paid; a tuple of that for each layer; or the kind of failure
CASES: list[Callable[[], "Case"]] = []
WORDS = {
    "county rule": "某县办法",
    "pool": "共用",
    "hypertension": "高血压",
    "diabetes": "糖尿病",
    "wage": "平均工资",
    "line": "标准",
    "half": "半标准",
    "sum": "合计",
    "whole": "总计",
    "height": "费用高低",
    "which one": "第几次",
    "small": "小额",
    "middle": "居中",
    "large": "大额",
    "first one": "首次",
    "later one": "再次",
    "class A cost": "甲类费用",
    "class B cost": "乙类费用",
    "sum of lines": "标准合计",
    "reward": "奖励额",
    "cap of the person": "个人封顶线",
    "year-end supplement": "年终补助",
    "assistance on application": "依申请救助",
}


@dataclass(frozen=True)
class Case:
    policy: dict[str, Any]
    claims: list[dict[str, Any]]
    expected: list[Expected]


def case(function: Callable[[], Case]) -> Callable[[], Case]:
    CASES.append(function)
    return function


def policy(*layers: dict[str, Any], facts: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A policy of 2024 to 2027 whose layers pay all of the cost in scope, but for the keys given."""
    names = ("basic insurance", "critical illness insurance", "medical assistance")[: len(layers)]
    above = [None, *names]
    return {
        "policy": "second/by-hand",
        "title": {"zh": "手算（虚构）", "en": "By hand (fictional)"},
        "region": 999999,
        "scheme": "resident",
        "in force": {"from": "2023-01-01", "before": "2029-01-01"},
        "rule of the date of": "settlement",
        **{key.replace("_", " "): value for key, value in more.items()},
        "words": [{"en": en, "zh": zh} for en, zh in WORDS.items()],
        "documents": {
            "county rule": {
                "title": {"zh": "办法（虚构）", "en": "Rule (fictional)"},
                "number": "not identified",
                "date": "2023-12-01",
                "source": "made up",
            }
        },
        "facts": facts or {},
        "layers": [
            {
                name: {"payer": "pooled fund", "of": f"left of {before}" if before else "in-scope cost"}
                | ({} if {"pays in bands", "pays fixed"} & set(layer) else {"pays": "100%"})
                | layer
                | {"basis": BASIS}
            }
            for name, before, layer in zip(names, above, layers, strict=False)
        ],
    }


def claim(day: str, cost: float, facts: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A claim of one day with its cost in scope in yuan; `more` are further keys, also another day for one of three."""
    fen = round(cost * 100)
    return {
        "admission": day,
        "discharge": day,
        "settlement": day,
        "facts": facts or {},
        "money": {"total cost": fen, "in-scope cost": fen},
        **{key.replace("_", " "): value for key, value in more.items()},
    }


def history(*claims: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"claim id": f"c{n}"} | one for n, one in enumerate(claims, 1)]


def calculated(one: Case) -> list[Expected]:
    """What the calculator says to a case, in the form of what is expected."""
    uses: calculator.Uses = {}
    found: list[Expected] = []
    for settled in one.claims:
        answer = calculator.settle(one.policy, uses, settled)
        uses = answer.uses
        if answer.problems:
            found.append(KINDS.get(answer.problems[0].kind, answer.problems[0].kind))
        else:
            paid = tuple(layer["paid"] / 100 for layer in answer.layers.values())
            found.append(paid if len(paid) > 1 else paid[0])
    return found
