"""docs/populations.md: the table of the nation holds every held-out figure, and its misses are those of its numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from openyibao.lab.targets import find_targets, read_targets

DOCUMENT = Path(__file__).parents[2] / "docs" / "populations.md"
SCHEMES = {"Residents": "nation-resident-2023", "Employees": "nation-employee-2023"}
DIGITS = 1e-5
"""The command prints six digits that count."""


def rows() -> dict[str, dict[str, list[str]]]:
    """By population: the cells of each figure after its name (unit, published, simulated, error, miss, why)."""
    text = DOCUMENT.read_text(encoding="utf-8")
    table = text.partition("<!-- nation -->\n")[2].partition("<!-- end of nation -->")[0]
    found: dict[str, dict[str, list[str]]] = {}
    for line in table.splitlines():
        if line.startswith("|---") or not line:
            continue
        name, *cells = [cell.strip() for cell in line.strip("|").split("|")]
        if name in SCHEMES:
            here = found.setdefault(SCHEMES[name], {})
            assert cells == ["unit", "published", "simulated", "error", "miss", "why"]
        else:
            here[name] = cells
    return found


def number(text: str) -> float:
    return float(text.replace(",", ""))


@pytest.mark.parametrize("population", SCHEMES.values())
def test_every_held_out_figure_stands_there(population: str) -> None:
    held = read_targets(find_targets(population)).of("held out")
    table = rows()[population]
    assert list(table) == [one.name for one in held]
    for one in held:
        unit, published, simulated, error, miss, why = table[one.name]
        assert unit == one.unit and number(published) == pytest.approx(one.value, rel=DIGITS)
        assert number(miss.rstrip("%")) == pytest.approx(100 * (number(simulated) / one.value - 1), abs=0.011), one.name
        assert 0 < number(error) < number(simulated) and len(why) > 20
