"""JSON between the platform and its database: the same texts whichever library writes them, no number made inexact."""

from __future__ import annotations

import hashlib
import json
import random
from decimal import Decimal
from typing import Any

import pytest

from openyibao.service.direct import as_json
from openyibao.service.gateway.messages import digest_of
from openyibao.service.settlements.claims import _stated

HARD = ["", "柳县", 'a"b\\c', "\u2028\x7f\x00\x1f\t\n", "\uffff", "\U00020bb7", "é", "/"]
SEED = random.SystemRandom().randrange(10**9)


def anything(chance: random.Random, depth: int = 0) -> Any:
    """What a message may hold."""
    kind = chance.randrange(8 if depth < 3 else 6)
    if kind == 6:
        return [anything(chance, depth + 1) for _ in range(chance.randrange(4))]
    if kind == 7:
        return {chance.choice(HARD) + str(n): anything(chance, depth + 1) for n in range(chance.randrange(5))}
    whole = chance.choice((0, -1, 2**53 + 1, 2**63 - 1, -(2**63), 2**64 - 1, 10**30))
    return (None, True, chance.choice(HARD), whole, Decimal("12.50"), b"file")[kind]


def test_the_digest_of_a_message_is_what_it_always_was() -> None:
    print("seed", SEED)
    chance = random.Random(SEED)
    told = {bytes: lambda value: hashlib.sha256(value).hexdigest(), Decimal: str}
    for _ in range(500):
        content = {"data": anything(chance), **{text: anything(chance) for text in HARD}}
        about = {"infno": "2207", "insuplc_admdvs": "999999", "input": content}
        text = json.dumps(
            about,
            sort_keys=True,
            ensure_ascii=False,
            separators=(",", ":"),
            default=lambda value: told[type(value)](value),
        )
        assert digest_of("2207", "999999", content) == hashlib.sha256(text.encode()).hexdigest()


def test_plain_data_are_written_as_ever_or_not_at_all() -> None:
    value = {"b": ["柳县", None, True, -5, 2**63 - 1], "a": {"x": 'q"'}}
    assert as_json(value).decode() == json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for wrong in (10**30, Decimal(1), {1: 2}):
        with pytest.raises(TypeError):
            as_json(wrong)


def test_a_stated_number_that_was_read_inexactly_is_no_fact() -> None:
    assert _stated(7) == 7 and _stated("7") == "7"
    with pytest.raises(ValueError, match="exactly"):
        _stated(float(10**30))
