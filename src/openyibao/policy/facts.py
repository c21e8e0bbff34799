"""Reading the facts a policy asks about: named values, whole numbers, money, any text, what is worked out."""

from __future__ import annotations

from openyibao.policy.keys import parse_range, range_hint
from openyibao.policy.messages import NOTHING, Message, say
from openyibao.policy.model import Fact, Range
from openyibao.policy.nodes import Mapping, Node, Text
from openyibao.policy.problems import Place
from openyibao.policy.reading import Fields, Reading, describe, join
from openyibao.policy.vocabulary import FactWord, chinese_kind, language
from openyibao.policy.worked_out import DERIVED

MAX_NUMBER = 100_000  # days, items, years of age: no number of a fact is larger (see settlement.bounds)
IDENTITY_DATES = ("settlement", "discharge", "admission", "enrolment")
INPATIENT = "inpatient"


def read_facts(reading: Reading, fields: Fields) -> tuple[Fact, ...]:
    if "facts" not in fields:
        return ()
    known = language().facts
    cited = fields["documents"][1] if "documents" in fields else None
    documents = {reading.english(key.value) for key, _ in cited} if isinstance(cited, Mapping) else set()
    own = [word.en for word in reading.vocabulary.own if word.en not in {*known, *documents}]
    inner = reading.fields(fields["facts"][1], "facts", (), (*known, *own))
    facts = tuple(
        _read_fact(reading, known.get(name) or _own_fact(reading, name, node), node)
        for name, (_, node) in inner.items()
    )
    for fact in facts:
        service = next((other.values for other in facts if other.name == "service"), ())
        if fact.kind == "admission number" and INPATIENT not in service:
            reading.problem(
                inner[fact.name][0],
                join("facts", fact.name),
                say("no fact `service` with the value `inpatient`"),
                say("both, as the number counts episodes with an inpatient claim"),
                say("Add `service: [inpatient, ...]`."),
            )
    return facts


def _own_fact(reading: Reading, name: str, node: Node) -> FactWord:
    """A fact of this policy only: of which kind it is, its declaration says."""
    kind = "words"
    if isinstance(node, Text):
        money = next((one for one in ("money", "signed money") if node.value in (one, chinese_kind(one))), None)
        kind = money or ("number" if parse_range(node.value) else "words")
    return FactWord(name, reading.vocabulary.chinese(name), (), kind)


def _read_fact(reading: Reading, word: FactWord, node: Node) -> Fact:
    path = join("facts", word.name)
    if word.kind in ("number", "admission number"):
        return Fact(word.name, (), _read_range(reading, node, path, word.name), word.kind)
    if word.kind in ("money", "signed money"):
        if not isinstance(node, Text) or node.value not in (word.kind, chinese_kind(word.kind)):
            kind = Message(chinese_kind(word.kind), word.kind)
            fact = reading.word(word.name)
            todo = say("Write `{fact}: {kind}`; the claim states how much it is.", fact=fact, kind=kind)
            reading.problem(node.place, path, describe(node), say("`{kind}`", kind=kind), todo)
        return Fact(word.name, (), None, word.kind)
    if isinstance(node, Text) and reading.english(node.value) == "any":
        if word.values:
            reading.problem(
                node.place,
                path,
                say("`any`"),
                say("the values it tells apart ({words})", words=reading.some(word.values)),
            )
        return Fact(word.name, (), None, "any")
    if isinstance(node, Mapping):
        return _read_identity(reading, word, node, path)
    return Fact(word.name, _read_values(reading, word, node, path))


def _read_range(reading: Reading, node: Node, path: str, name: str) -> Range:
    bounds = parse_range(node.value) if isinstance(node, Text) else None
    if bounds is None or bounds.low is None or bounds.high is None or not bounds.low <= bounds.high <= MAX_NUMBER:
        expected = say("a range of whole numbers such as `0 to 130`, up to {most}", most=MAX_NUMBER)
        todo = range_hint(node.value) if isinstance(node, Text) and bounds is None else NOTHING
        reading.problem(node.place, path, describe(node), expected, todo)
        reading.blamed.add(name)
        return Range(0, MAX_NUMBER)
    return bounds


def _read_identity(reading: Reading, word: FactWord, node: Mapping, path: str) -> Fact:
    """Values in an order, of which a claim may state several; or values with times only."""
    fields = reading.fields(node, path, (), ("order", "values", "as of"))
    if "order" in fields and "values" in fields:
        todo = say("`order` if of several the first counts, `values` if several are an error.")
        reading.problem(
            fields["values"][0], join(path, "values"), say("both `order` and `values`"), say("one of the two"), todo
        )
    elif "order" not in fields and "values" not in fields:
        reading.problem(
            node.place,
            path,
            say("no values"),
            say("`order` or `values`, with a list"),
            say("Name what it tells apart."),
        )
        return Fact(word.name, ())
    name = "order" if "order" in fields else "values"
    values = _read_values(reading, word, fields[name][1], join(path, name))
    as_of = reading.choice(fields["as of"][1], join(path, "as of"), IDENTITY_DATES) if "as of" in fields else ""
    return Fact(word.name, values, order=name == "order", as_of=as_of or IDENTITY_DATES[0])


def _read_values(reading: Reading, word: FactWord, node: Node, path: str) -> tuple[str, ...]:
    values: list[str] = []
    for item in reading.items(node, path, say("values") if word.values else say("values, or `any`")):
        value = reading.english(reading.text(item, path, say("a value")))
        own = {pair.en for pair in reading.vocabulary.own}
        if value and value not in word.values and value not in own:
            reading.blamed.add(value)
            known = (
                say(
                    "a value of {fact} ({words}) or a word",
                    fact=reading.word(word.name),
                    words=reading.some(word.values),
                )
                if word.values
                else say("a word")
            )
            meant = (*word.values, *sorted(own))
            reading.unknown(
                item,
                path,
                say("{known} of `words`", known=known),
                meant,
                say("Declare it under `words` with its Chinese."),
            )
        elif value in values:
            reading.problem(item.place, path, say("{value} twice", value=reading.named(value)), say("every value once"))
        elif value:
            values.append(value)
    return tuple(values)


def usable(reading: Reading, fact: Fact, place: Place, path: str, where: Message) -> bool:
    """Whether tables and conditions can ask a fact; what is any text, or money, they cannot."""
    if fact.kind in ("words", "number", "admission number", DERIVED):
        return True
    todo = {
        "any": say("List its values under `facts / {fact}`.", fact=reading.word(fact.name)),
        "money": say("Write it where an amount stands, or after `plus`."),
        "signed money": say("Write it after `plus`."),
    }
    expected = say("a fact with values or a range of its own, in {where}", where=where)
    kind = Message(chinese_kind(fact.kind), fact.kind)
    reading.problem(
        place,
        path,
        say("{fact}, declared as `{kind}`", fact=reading.named(fact.name), kind=kind),
        expected,
        todo[fact.kind],
    )
    return False


def tell_later(reading: Reading, node: Node, path: str, name: str) -> None:
    """A derived fact that is not worked out yet."""
    reading.problem(
        node.place,
        path,
        say("{fact}, which looks at a layer that is not above", fact=reading.named(name)),
        say("a fact that is known by now"),
        say("Use it in a layer further down."),
    )
