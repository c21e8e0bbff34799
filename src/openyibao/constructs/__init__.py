"""Constructs of real policies: 86 ways in which local rules are worded, each a small policy with claims and bills.

cases() -> (Case, ...)                each construct: the rule in words, its source, policies and claims
run(case, part) -> (Told, ...)        the claims of a case settled: a bill, or why it is refused
amount(bill, name) -> fen             an amount of a bill by its words
policy_text(policy, part, lang) -> str the part of a policy that a construct needs, as YAML in Chinese or English
sections(), lacks()                   the sections of the survey, and what the language lacks
"""

from openyibao.constructs.case import Case, Lack, Part, Said, Section, cases, lacks, read_case, sections
from openyibao.constructs.running import Told, amount, run
from openyibao.constructs.snippet import catalogue_text, policy_text
from openyibao.constructs.trees import CaseError

__all__ = [
    "Case",
    "CaseError",
    "Lack",
    "Part",
    "Said",
    "Section",
    "Told",
    "amount",
    "cases",
    "catalogue_text",
    "lacks",
    "policy_text",
    "read_case",
    "run",
    "sections",
]
