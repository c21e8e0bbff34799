"""`yibao bench lint`: how long it takes to hold policies against national law. Figures, no verdicts."""

from __future__ import annotations

import json
import statistics

from openyibao.bench.settle import POLICY, print_figures, process, timed
from openyibao.lint import lint
from openyibao.policy import find_policy, policy_ids, read_policy


def run() -> None:
    """Print a table of all figures; the last line is one JSON object with the medians."""
    library = [read_policy(find_policy(name)) for name in policy_ids()]
    figures = {
        f"process: the whole library, {len(library)} policies, start and reading included (s)": process(
            ["policy", "lint", "--all", "--format", "json"]
        ),
        "the whole library, already read (s)": timed(lambda: [lint(policy) for policy in library], 5),
        "one policy of it, read and judged (s)": timed(lambda: lint(read_policy(find_policy(POLICY))), 15),
    }
    print_figures(figures, "policies against national rules")
    cold, warm, one = (statistics.median(values) for values in figures.values())
    last = {"bench": "lint", "policies": len(library), "cold_s": round(cold, 2), "warm_s": round(warm, 2)}
    print(json.dumps(last | {"one_policy_ms": round(one * 1000, 1)}))
