"""Local law against national law: each rule of a policy that a national rule speaks of is measured and judged.

national_rules() -> tuple[NationalRule, ...]    the national rules, as data with their documents
lint(policy) -> list[Finding]                   what each rule in force at the time says of a policy
"""

from openyibao.lint.judge import ANSWERS, Finding, lint
from openyibao.lint.national import NationalRule, RuleError, national_rules

__all__ = ["ANSWERS", "Finding", "NationalRule", "RuleError", "lint", "national_rules"]
