"""The verbs `yibao lab claims` and `yibao lab survey`. Exit code 1: some rows cannot be used; 2: none can."""

from __future__ import annotations

import sys
from pathlib import Path

from openyibao.policy import Policy
from openyibao.tables import TableError
from openyibao.tables.progress import progress_shown, stoppable

STOPPED = 130
"""The exit code of a command that was stopped by a signal."""


def bring_table(policy: Policy, file: Path, out: Path, lang: str, progress: bool | None) -> None:
    """Claims of a table as columns of the lab."""
    from openyibao.lab.bring.claims import bring_claims
    from openyibao.lab.bring.summary import lines

    try:
        with progress_shown(progress, lang) as show, stoppable(show) as watched:
            found = bring_claims(policy, file, out, progress=watched)
    except (TableError, OSError) as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        print("已停止，未写出任何文件。" if lang == "zh" else "Stopped. Nothing was written.", file=sys.stderr)
        raise SystemExit(STOPPED) from None
    print("\n".join(lines(found, lang)))
    if found.rejects:
        raise SystemExit(1)
