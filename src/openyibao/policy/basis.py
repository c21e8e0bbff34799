"""Where a value comes from, and what values may refer to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from openyibao.policy.messages import say
from openyibao.policy.model import NOT_IDENTIFIED, Basis, Fact, Key
from openyibao.policy.nodes import Node
from openyibao.policy.reading import Reading, join
from openyibao.policy.worked_out import DERIVED


@dataclass
class Scope:
    """What values and tables may refer to: the facts, amounts and documents the policy declares."""

    facts: dict[str, Fact] = field(default_factory=dict)
    amounts: set[str] = field(default_factory=set)
    money: set[str] = field(default_factory=set)  # facts that are amounts
    documents: set[str] | None = field(default_factory=set)  # None: they could not be read
    has_facts: bool = True
    floors: dict[str, tuple[str | None, str]] = field(default_factory=dict)  # sums that stand in floors only
    later: frozenset[str] = frozenset()  # derived facts that look at layers further down
    constants: dict[str, int] = field(default_factory=dict)  # named amounts that are the same for everybody, in fen
    parts: dict[str, str] = field(default_factory=dict)  # sub-parts of the claim, and the part that each is of
    in_layers: bool = False  # where an answer may be that the policy does not allow the case
    quantities: dict[str, tuple[str | None, str]] = field(default_factory=dict)  # by the name a share may use
    let_through: dict[str, Key] = field(default_factory=dict)  # what the conditions of the layer let through, by fact

    def stated(self) -> Scope:
        """The same without facts that are worked out from claims."""
        return replace(self, facts={name: fact for name, fact in self.facts.items() if fact.kind != DERIVED})


def read_basis(reading: Reading, node: Node, path: str, scope: Scope) -> Basis:
    """Document, article, source and confidence of a value. Who does not know writes `not identified`."""
    fields = reading.fields(node, path, ("document", "article", "source", "sure"), ("note",))
    values = {
        name: reading.english(reading.text(fields[name][1], join(path, name)))
        for name in ("document", "article", "source")
        if name in fields
    }
    document = values.get("document", NOT_IDENTIFIED)
    if scope.documents is not None and document not in scope.documents | {NOT_IDENTIFIED, ""}:
        reading.problem(
            fields["document"][1].place,
            join(path, "document"),
            reading.written(document),
            say(
                "a document declared under `documents` ({words}) or `not identified`",
                words=reading.some(sorted(scope.documents)),
            ),
            reading.did_you_mean(document, scope.documents),
        )
    sure = reading.choice(fields["sure"][1], join(path, "sure"), ("high", "medium", "low")) if "sure" in fields else ""
    note = reading.bilingual(fields["note"][1], join(path, "note")) if "note" in fields else None
    return Basis(document, values.get("article", ""), values.get("source", ""), sure, note)


def need_basis(reading: Reading, node: Node, path: str) -> None:
    reading.problem(
        node.place,
        path,
        say("a value without a basis"),
        say("`is` with a `basis` (document, article, source, sure)"),
        say("Say where the value comes from; what nobody knows is `not identified`."),
    )
