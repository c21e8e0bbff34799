"""Random policies with divided parts, positions of bands that layers share, and answers that are not allowed.

All of it is drawn from numbers of its own, so that the rest of a policy is what it is without.
"""

import random
from typing import Any

from second.random_amounts import AmountsMaker
from second.random_policies import Node, wider
from second.random_time import BANDS
from second.random_values import SHARES, Leaf

SUB_PARTS = (
    ("class A cost", "甲类费用"),
    ("class B cost", "乙类费用"),
    ("negotiated drugs", "谈判药品费用"),
    ("tests beforehand", "入院前检查费用"),
    ("other beforehand", "其他先行自付费用"),
)
SPLITS = {"in-scope cost": SUB_PARTS[:3], "pre-self-paid cost": SUB_PARTS[3:]}
LINES = ({"catalogue class": "class A"}, {"kind": "drug"}, {"days before admission": "1 and over"})
REASON = {"zh": "本政策不予办理", "en": "not under this policy"}
GROUPS = ("pool one", "pool two")


class PartsMaker(AmountsMaker):
    """One random policy. `divided` are the sub-parts of each part that has some; `positions` groups of bands."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__(rng)
        self.own = random.Random(str(rng.getstate()[1][4:8]))
        own = self.own
        parts = [part for part, chance in zip(SPLITS, (0.3, 0.12), strict=True) if own.random() < chance]
        self.divided = {part: [en for en, _ in SPLITS[part][: own.choice((2, 2, 3))]] for part in parts}
        self.positions = {name: self.position() for name in GROUPS[: own.choice((0, 0, 1, 1, 2))]}
        self.refusing, self.naming = own.random() < 0.3, False

    def chance(self, chance: float) -> bool:
        return self.own.random() < chance

    def policy(self) -> dict[str, Any]:
        made = super().policy()
        made["words"] += [{"en": en, "zh": zh} for en, zh in SUB_PARTS]
        return made | ({"divided parts": self.written_parts()} if self.divided else {})

    def make_facts(self) -> None:
        super().make_facts()
        self.declared |= {name: "money" for names in self.divided.values() for name in names}

    # Divided parts

    def written_parts(self) -> dict[str, Any]:
        """A list, or conditions on lines, of which a claim that states its money has none."""
        return {part: names if self.chance(0.6) else self.by_lines(names) for part, names in self.divided.items()}

    def by_lines(self, names: list[str]) -> dict[str, Any]:
        lines = self.own.sample(LINES, len(names) - 1)
        return dict(zip(names, [*lines, "otherwise"], strict=True))

    def of(self, above: list[str], lines: dict[str, Any]) -> Node:
        """As without divided parts; but for a divided part mostly its sub-parts stand, and now and then they alone."""
        made = super().of(above, lines)
        if not self.divided:
            return made
        items = made if isinstance(made, list) else [made]
        found: list[Node] = []
        for item in items:
            part = named(item)
            if part in self.divided and (self.chance(0.7) or not self.still_there(part, lines)):
                self.whole = [one for one in self.whole if one[0] is not lines or one[1] != part]
                found += self.sub_terms(part, lines, 1)
            else:
                found.append(item)
        for part in [part for part in self.divided if part not in map(named, items)]:
            found += self.sub_terms(part, lines, 0) if self.chance(0.35) else []
        if not found:
            return f"left of {above[-1]}"
        return found[0] if len(found) == 1 else found

    def still_there(self, part: str, lines: dict[str, Any]) -> list[str]:
        """The sub-parts that no layer above has always taken whole."""
        gone = {name for its, name in self.whole if its is not lines and wider(its, lines)}
        return [] if part in gone else [name for name in self.divided[part] if name not in gone]

    def sub_terms(self, part: str, lines: dict[str, Any], least: int) -> list[Node]:
        """Some sub-parts of a part, in any order, each with its share or whole."""
        names = self.still_there(part, lines)
        chosen = self.own.sample(names, self.own.randint(min(least, len(names)), len(names)))
        items: list[Node] = []
        for name in chosen:
            items.append({"take": name, "share": self.own.choice(SHARES)} if self.chance(0.4) else name)
            self.whole += [] if isinstance(items[-1], dict) else [(lines, name)]
        return items

    def known_quantities(self, above: list[str]) -> list[str]:
        return [*super().known_quantities(above), *self.sub_parts(), *self.sub_parts()]

    def quantities_above(self, above: list[str]) -> list[str]:
        return [*super().quantities_above(above), *self.sub_parts(), *self.sub_parts()]

    def sub_parts(self) -> list[str]:
        return [name for names in self.divided.values() for name in names]

    # Positions

    def position(self) -> dict[str, str]:
        over = self.own.choice(("claim", "a year", "a year", "month", "a lifetime", *BANDS))
        return {"counted": self.own.choice(("from zero", "from the threshold")), "over": over}

    def pays(self) -> dict[str, Any]:
        """Where positions are shared, more often bands."""
        return {"pays in bands": self.bands()} if self.positions and self.chance(0.4) else super().pays()

    def bands(self) -> dict[str, Any]:
        made = super().bands()
        if not self.positions or not self.chance(0.8):
            return made
        name = self.own.choice(tuple(self.positions))
        return made | self.positions[name] | {"group": name}

    # Not allowed

    def named_amounts(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """They have no such answer."""
        self.naming = True
        made = super().named_amounts()
        self.naming = False
        return made

    def table(self, leaf: Leaf, most: int) -> dict[str, Any]:
        """Now and then an answer is that it is not allowed."""
        if not self.refusing or self.naming:
            return super().table(leaf, most)
        refused = {"not allowed": REASON}
        return super().table(lambda: refused if self.chance(0.025) else leaf(), most)


def named(item: Node) -> str:
    name: str = item["take"] if isinstance(item, dict) else item
    return name
