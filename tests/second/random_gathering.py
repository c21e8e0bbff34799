"""Random policies in which claims of one service or two gather what is still open of earlier ones."""

import random
from typing import Any

from second.parts import OPEN_PARTS
from second.random_parts import PartsMaker, named
from second.random_policies import CLAIM_PARTS, Node, takes_whole, wider
from second.random_values import BASIS, FACTS

SERVICES = (("year-end supplement", "年终补助"), ("assistance on application", "依申请救助"))
LAYERS = (("supplement", "补助层次"), ("second supplement", "第二补助层次"), ("third supplement", "第三补助层次"))
WINDOWS = (
    "the year before",
    "the 12 months before",
    "the 1 months before",
    "the 3 months before",
    "the 6 months before",
)


class GatheringMaker(PartsMaker):
    """One random policy. `gathers` are the services whose claims gather; `current` is that of the layer being made."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__(rng)
        count = self.own.choice((0, 0, 0, 0, 1, 1, 2))
        self.gathers: dict[str, dict[str, Any]] = {en: {} for en, _ in SERVICES[:count]}
        self.current = ""
        self.owner: dict[str, str] = {}  # the service of each layer that gathers
        self.taken: dict[str, set[str]] = {service: set() for service in self.gathers}  # the parts that its layers name

    def policy(self) -> dict[str, Any]:
        made = super().policy()
        made["words"] += [{"en": en, "zh": zh} for en, zh in (*SERVICES, *LAYERS)]
        return made | ({"gathering claims": self.gathers} if self.gathers else {})

    def make_facts(self) -> None:
        super().make_facts()
        if self.gathers:
            ordinary = self.facts.get("service") or self.own.sample(FACTS["service"], self.own.choice((1, 2, 3)))
            self.facts["service"] = [*ordinary, *self.gathers]
            for service in self.gathers:
                self.gathers[service] = self.window()

    def window(self) -> dict[str, Any]:
        made: dict[str, Any] = {"of": self.own.choice((*WINDOWS, "the year before"))}
        if self.chance(0.45):
            lines = self.swapped(self.where)
            if "service" in lines:
                lines["service"] = self.ordinary()[:1]
            made["where"] = lines
        return made | {"basis": BASIS}

    def swapped(self, make: Any) -> Any:
        """What is made so is drawn from own numbers."""
        self.rng, self.own = self.own, self.rng
        made = make()
        self.rng, self.own = self.own, self.rng
        return made

    def ordinary(self) -> list[str]:
        return [service for service in self.facts["service"] if service not in self.gathers]

    # Layers

    def layers(self) -> list[dict[str, Any]]:
        """The layers that gather stand last; each service has one at least."""
        made = super().layers()
        names = [name for layer in made for name in layer]
        services = list(self.gathers)
        services += [self.own.choice(services)] if services and self.chance(0.4) else []
        for (name, _), self.current in zip(LAYERS, sorted(services), strict=False):
            self.owner[name] = self.current
            made.append({name: self.gathering_layer(name, names)})
            names = [*names, name]
        return made

    def gathering_layer(self, name: str, above: list[str]) -> dict[str, Any]:
        made: dict[str, Any] = self.swapped(lambda: self.layer(name, above))
        return made

    def lines(self) -> dict[str, Any]:
        """Every layer names services: those that do not gather, or one that does."""
        lines = super().lines()
        if not self.gathers:
            return lines
        if self.current:
            return {"service": self.own.choice((self.current, [self.current]))} | {
                fact: wanted for fact, wanted in lines.items() if fact != "service"
            }
        wanted = lines.get("service", self.ordinary())
        kept = [service for service in ([wanted] if isinstance(wanted, str) else wanted) if service not in self.gathers]
        return lines | {"service": kept or self.ordinary()}

    def of(self, above: list[str], lines: dict[str, Any]) -> Node:
        """Parts of the claim, of layers that do not gather, of those above of the same service; none of another one."""
        if not self.current:
            return super().of(above, lines)
        gone = {name for its, name in self.whole if wider(its, lines)}
        taken = {name for service, names in self.taken.items() if service != self.current for name in names}
        taken |= set(self.spelled_out(CLAIM_PARTS[-1])) if self.current != max(self.gathers) else set()  # the other's
        taken |= {part for part, names in self.divided.items() if taken & set(names)}
        gone |= {part for part, names in self.divided.items() if gone & set(names)}
        gone |= {name for part in gone & set(self.divided) for name in self.divided[part]}
        parts = [name for name in (*CLAIM_PARTS, *self.sub_parts()) if name not in gone | taken]
        names = [name for name in self.rng.sample(parts, len(parts)) if self.often(0.2)]
        names = self.without_doubles(names)
        for layer in above:
            if self.owner.get(layer, self.current) == self.current:
                names += self.of_layer(layer, taken)
        names = names or parts[:1] or [f"left of {own}" for own in above if self.owner.get(own) == self.current][-1:]
        items = [self.term(name) for name in names]
        self.whole += [(lines, name) for name, item in zip(names, items, strict=True) if whole(item)]
        self.taken[self.current] |= {its for name in names for its in self.spelled_out(name)}
        return items[0] if len(items) == 1 else items

    def of_layer(self, layer: str, taken: set[str]) -> list[str]:
        filled = [f"{layer}'s {part}" for part in OPEN_PARTS if part in self.filled[layer]]
        free = [name for name in filled if name not in taken]
        if free == filled and not taken & set(self.spelled_out(f"left of {layer}")) and self.often(0.45):
            return [f"left of {layer}"]
        return self.rng.sample(free, self.rng.randint(0, len(free))) if free else []

    def without_doubles(self, names: list[str]) -> list[str]:
        """No divided part beside one of its sub-parts."""
        kept: list[str] = []
        for name in names:
            if not set(self.spelled_out(name)) & {its for other in kept for its in self.spelled_out(other)}:
                kept.append(name)
        return kept

    def spelled_out(self, name: str) -> list[str]:
        """The parts for which a base term stands."""
        if name.startswith("left of "):
            return [f"{name.removeprefix('left of ')}'s {part}" for part in OPEN_PARTS]
        return [name, *self.divided[name]] if name in self.divided else [name]


def whole(item: Node) -> bool:
    return takes_whole(item) or (not (isinstance(item, dict) and "share" in item) and "'s " not in named(item))


def random_policy(rng: random.Random) -> dict[str, Any]:
    return GatheringMaker(rng).policy()
