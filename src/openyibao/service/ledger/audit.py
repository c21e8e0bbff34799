"""The audit of the books for a terminal: seals, checks, trial balance.

python -m openyibao.service.ledger.audit [--lang zh] [--file SEALS]     exit code 1 where anything differs
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

TEXTS = {
    "zh": (
        "已核验封存 {seals} 条、凭证 {entries} 张；未封存 {unsealed} 张；链头 {head}",
        "封存核验无误",
        "账实核对：差额 0.00",
    ),
    "en": (
        "verified {seals} seals over {entries} entries; {unsealed} not sealed yet; head {head}",
        "the seals are right",
        "the books agree with what they are kept for: difference 0.00",
    ),
}


def audit(file: Path | None, lang: str) -> tuple[str, bool]:
    """The audit's text, and whether all is right."""
    from openyibao.service.ledger.checks import check_books
    from openyibao.service.ledger.reports import trial_balance, trial_text
    from openyibao.service.ledger.verify import verify

    verdict, differences = verify(file), check_books()
    head, right, agree = TEXTS[lang]
    said = [
        head.format(seals=verdict.seals, entries=verdict.entries, unsealed=verdict.unsealed, head=verdict.head or "-"),
        verdict.fault.text(lang) if verdict.fault else right,
        *([one.text(lang) for one in differences] or [agree]),
        "",
        trial_text(trial_balance(), lang),
    ]
    return "\n".join(said), not verdict.fault and not differences


def main() -> int:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openyibao.service.settings")
    django.setup()
    from django.conf import settings

    asked = argparse.ArgumentParser(prog="audit", description=__doc__)
    asked.add_argument("--lang", choices=list(TEXTS), default="en")
    asked.add_argument("--file", type=Path, default=Path(settings.SEAL_FILE) if settings.SEAL_FILE else None)
    given = asked.parse_args()
    text, right = audit(given.file, given.lang)
    print(text)
    return 0 if right else 1


if __name__ == "__main__":
    raise SystemExit(main())
