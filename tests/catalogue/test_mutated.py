"""Files with mistakes that nobody thought of: whatever stands in a file, it is read, or refused with a FileError.

Valid policies, claim files and catalogues are changed at random, on the tree and on the text. A short run is part of
every test run; the long one (`./yibao test --long`) makes 100,000 changes for each reader. `YIBAO_SEED` chooses others;
`YIBAO_MUTATIONS` says how many. What fails is printed as the smallest file that fails in the same way.
"""

from __future__ import annotations

import os
import random
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

import pytest

from catalogue.mutations import as_json, mutated_text, mutated_tree, smallest
from openyibao.catalogue import Catalogue, catalogue_of, find_catalogue, read_catalogue, read_catalogue_text
from openyibao.policy import FileError, find_policy, policy_ids, read_policy, variation
from openyibao.policy.nodes import Node, parse_bytes
from openyibao.policy.read import read_policy_text, read_tree
from openyibao.settlement import claim_file

ROOT = Path(__file__).parent.parent
SEED = int(os.environ.get("YIBAO_SEED", "20261122"))
SHORT, LONG = 1200, int(os.environ.get("YIBAO_MUTATIONS", "100000"))
TEXTS_EVERY = 25  # one change in so many is made on the text, which takes ten times as long
POLICY = read_policy(find_policy("teaching/willow-county-2026"))
READERS = ("policy", "claims", "catalogue")


def sources(reader: str) -> list[Path]:
    """Valid files of a kind."""
    if reader == "policy":
        own = [path for path in sorted((ROOT / "policies").glob("*.yaml")) if path.stat().st_size < 10_000]
        return [find_policy(name) for name in policy_ids()] + own
    if reader == "catalogue":
        return [find_catalogue("teaching/willow-county-2026")]
    examples = Path(claim_file.__file__).parent.parent / "examples"
    return sorted(examples.glob("*.yaml"))


@cache
def catalogue_at(path: Path) -> Catalogue:
    return read_catalogue(path)


@cache
def tree_at(path: Path) -> Node:
    return parse_bytes(path.read_bytes(), str(path))


def read(reader: str, tree: Node) -> None:
    """Read a changed tree. Other files that it names are read once: they are as they were."""
    with pytest.MonkeyPatch.context() as patch:
        if reader == "policy":
            patch.setattr(variation, "parse_file", tree_at)
            read_tree(tree, "mutated.yaml")
        elif reader == "catalogue":
            catalogue_of(tree, "mutated.yaml")
        else:
            patch.setattr(claim_file, "parse_file", lambda _: tree)
            patch.setattr(claim_file, "read_catalogue", catalogue_at)
            claim_file.read_lined_claims("mutated.yaml", POLICY)


@dataclass
class Outcome:
    """What a run found: files refused, and each kind of crash with its traceback and its smallest input."""

    refused: int = 0
    crashes: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


def crash(read_it: Callable[[], object]) -> tuple[str, str] | None:
    """`refused`; or an error that is no FileError, with its line and its traceback; None if the file was read."""
    try:
        read_it()
    except FileError as error:
        try:
            told = error.told("zh")
        except Exception as broken:  # a message that cannot be said is a crash too
            return f"{type(broken).__name__} in a message", traceback.format_exc()
        assert error.problems and told.count("；应") >= len(error.problems)
        return "refused", str(error)
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}", traceback.format_exc()
    return None


def run(reader: str, count: int, seed: int) -> Outcome:
    """Change files `count` times."""
    rng = random.Random(f"{reader} {seed}")
    texts = [path.read_text(encoding="utf-8") for path in sources(reader)]
    trees = [parse_bytes(text.encode(), "valid.yaml") for text in texts]
    short = [text for text in texts if len(text) < 5000] or texts
    outcome, started = Outcome(), time.perf_counter()
    for number in range(count):
        if number % TEXTS_EVERY == 0:
            text = mutated_text(rng.choice(short), rng)
            found, file = crash(partial(read_text, reader, text)), repr(text)
        else:
            tree = mutated_tree(rng.choice(trees), rng)
            found, file = crash(partial(read, reader, tree)), ""
        if found is None or found[0] == "refused":
            outcome.refused += found is not None
        elif found[0] not in outcome.crashes:
            file = file or as_json(smallest(tree, partial(same, reader, found[0])))
            outcome.crashes[found[0]] = f"{found[1]}\n{file}"
    outcome.seconds = time.perf_counter() - started
    return outcome


def read_text(reader: str, text: str) -> None:
    if reader == "policy":
        read_policy_text(text)
    elif reader == "catalogue":
        read_catalogue_text(text)
    else:
        read(reader, parse_bytes(text.encode(), "mutated.yaml"))


def same(reader: str, what: str, tree: Node) -> bool:
    """Whether a smaller tree crashes in the same way."""
    found = crash(partial(read, reader, tree))
    return found is not None and found[0] == what


def check(reader: str, count: int) -> None:
    found = run(reader, count, SEED)
    speed = f"{count} mutations in {found.seconds:.1f} s, {count / found.seconds:.0f} a second"
    print(f"\n{reader}: {speed}; {found.refused} refused, {count - found.refused} read; YIBAO_SEED={SEED}")
    assert not found.crashes, "\n\n".join(f"== {what}\n{how}" for what, how in found.crashes.items())


@pytest.mark.parametrize("reader", READERS)
def test_what_is_wrong_is_refused_and_never_crashes(reader: str) -> None:
    check(reader, SHORT)


@pytest.mark.long
@pytest.mark.parametrize("reader", READERS)
def test_a_hundred_thousand_mistakes(reader: str) -> None:
    check(reader, LONG)
