"""What the loop that traces uses has beside the ordinary one: uses to begin with, and columns of what rows wrote."""

from __future__ import annotations

from collections.abc import Callable

from openyibao.settlement.ir import Program


def traced_keys(program: Program, number: int) -> dict[str, str]:
    """Columns that say which use a slot's row wrote, and the locals that they hold; names are known without."""
    slot = program.slots[number]
    asked = {f"KEY_{number}": slot.key, **{f"PER_{number}_{place}": name for place, name in enumerate(slot.per)}}
    return {name: local for name, local in asked.items() if local not in program.texts}


def traced_arguments(program: Program) -> list[str]:
    """Further arguments of the loop that traces uses: those to begin with, by row, and what each row wrote."""
    written = [name for n in range(len(program.slots)) for name in (f"WAS_{n}", f"NOW_{n}", *traced_keys(program, n))]
    return ["GIVEN_ROW", "GIVEN_SLOT", "GIVEN_PLACE", "GIVEN_FEN", *written]


def given_lines(program: Program, own: Callable[[int], str]) -> list[str]:
    """Statements of the loop: the uses that a person brings along are put in their places.

    `own` names, for a slot, the array that says whose its uses are.
    """
    lines = ["while given < len(GIVEN_ROW) and GIVEN_ROW[given] == i:", "    place = uint64(GIVEN_PLACE[given])"]
    for n, slot in enumerate(program.slots):
        beside = [other for other, one in enumerate(program.slots) if one.place == slot.place]
        lines += [
            f"    if GIVEN_SLOT[given] == {n}:",
            f"        if {own(n)}[place] != who:",
            f"            {own(n)}[place] = who",
            *(f"            USE_{other}[place] = 0" for other in beside),
            f"        USE_{n}[place] = GIVEN_FEN[given]",
        ]
    return [*lines, "    given += 1"]
