"""The verbs `yibao lab claims` and `yibao lab survey`. Exit code 1: some rows cannot be used; 2: none can."""

from __future__ import annotations

import sys
from pathlib import Path

from openyibao.policy import Policy
from openyibao.tables import TableError
from openyibao.tables.progress import STOPPED, progress_shown, stoppable

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


def bring_survey(
    file: Path, name: str, out: Path, wave: str, weight: str, claims: Path | None, year: int | None, lang: str
) -> None:
    """A survey file as a table of people, and perhaps of claims, with the report."""
    import pyarrow.parquet as pq

    from openyibao.lab.bring.mapping import find_mapping, read_mapping
    from openyibao.lab.bring.report import claim_lines, lines
    from openyibao.lab.bring.survey import read_people
    from openyibao.lab.bring.visits import survey_claims

    mapping = read_mapping(find_mapping(name))
    try:
        for target in (out, *([claims] if claims else [])):
            _check_target(target, file)
        people, report = read_people(file, mapping, wave, weight)
        print("\n".join(lines(report, lang)))
        written = {out: people}
        if claims:
            written[claims], left = survey_claims(people, year or mapping.waves[report.wave], mapping.claims)
            print("\n".join(claim_lines(mapping, left, lang)))
        for target, table in written.items():
            part = target.with_name(f".{target.name}.part")
            pq.write_table(table, part)
            part.replace(target)
            print(f"{target}: {table.num_rows:,} x {table.num_columns}")
    except (TableError, OSError) as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None


def _check_target(target: Path, source: Path) -> None:
    if target.suffix.lower() != ".parquet":
        raise TableError(f"{target}: the lab reads Parquet. Name the file .parquet.")
    if target.resolve() == source.resolve():
        raise TableError(f"{target}: the survey file would be replaced. Name another file.")
    if not target.parent.is_dir():
        raise TableError(f"{target}: there is no folder {target.parent}.")
