"""Why a question has no whole answer, in plain words: what is not known, for whom, and why."""

from __future__ import annotations

from openyibao.service.web.words import Words
from openyibao.settlement import ClaimError
from openyibao.site.words import first

VALUES = {
    "pays": "rate",
    "deductible per year": "deductible_year",
    "deductible per claim": "deductible_claim",
    "deductible per episode": "deductible_claim",
    "at most per year": "cap_year",
}
"""Which value of a layer lacks, as people call it."""


def reason(error: ClaimError, t: Words) -> str:
    """A sentence for a claim that cannot be settled down to the last layer."""
    told = error.details.get(t.lang)
    if error.kind != "gap" or not told:
        return t.pick(error.why)
    key = VALUES.get(str(error.details["en"]["what"]))
    what = t(f"unknown.{key}") if key else str(told["what"])
    of = told["of"]
    assert isinstance(of, tuple)
    whom = t("unknown.whom", whom=t.list.join(of)) if of else ""
    why = t("unknown.why", why=told["plain"]) if told["plain"] else ""
    return first(t("unknown.gap", layer=told["layer"], what=what, whom=whom, why=why))
