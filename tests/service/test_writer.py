"""Replies of the national interface: exactly what the specification says, or a ReplyError of our own."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openyibao.service.clock import CHINA
from openyibao.service.gateway.reader import read_input, read_message
from openyibao.service.gateway.refusals import Refused
from openyibao.service.gateway.spec import ROOT, Transaction, transaction, transactions
from openyibao.service.gateway.writer import ReplyError, write_reply
from service.messages import nodes

RECEIVED = datetime(2026, 7, 1, 23, 59, 59, 7000, CHINA)
NOW = datetime(2026, 7, 1, 16, 0, 0, 123999, UTC)
"""Midnight in China, given in another zone."""


def reply(spec: Transaction | None, output: Any, **more: Any) -> bytes:
    settled = {"received": RECEIVED, "now": NOW, "division": "999999", "serial": 42, **more}
    return write_reply(spec, output, **settled)


def signed(**more: Any) -> dict[str, Any]:
    return {"signinoutb": {"sign_time": NOW, "sign_no": "S1", **more}}


def setlinfo(**more: Any) -> dict[str, Any]:
    """A settlement with what 2207 requires, and changes."""
    samples = {"number": Decimal("1.00"), "datetime": NOW, "date": date(2026, 1, 1), "string": "1", "any": "1"}
    fields = transaction("2207").outputs["setlinfo"].fields.values()
    return {field.name: samples[field.type] for field in fields if field.required} | more


def test_a_reply_to_the_letter() -> None:
    assert reply(transaction("9001"), signed()).decode() == (
        '{"infcode":0,"inf_refmsgid":"999999202607020000000000000042","refmsg_time":"20260701235959007",'
        '"respond_time":"20260702000000123","err_msg":null,"warn_msg":null,"cainfo":"","signtype":"",'
        '"enctype":"","output":{"signinoutb":{"sign_time":"2026-07-02 00:00:00","sign_no":"S1"}}}'
    )


def test_a_refusal(settings: Any) -> None:
    refused = Refused("unknown transaction", infno="2299")
    found = json.loads(reply(None, None, refusal=refused))
    assert (found["infcode"], found["output"]) == (-1, None)
    assert found["err_msg"] == "Y1002 本平台没有交易 2299。请核对 infno。"
    assert json.loads(reply(transaction("9001"), signed(), refusal=refused))["output"] is None
    settings.REPLY_LANGUAGE = "en"
    assert json.loads(reply(None, None, refusal=refused))["err_msg"].startswith("Y1002 There is no transaction 2299")


@pytest.fixture(name="settings")
def _settings(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Settings that are put back afterwards."""
    from django.conf import settings

    monkeypatch.setattr(settings, "REPLY_LANGUAGE", settings.REPLY_LANGUAGE)
    return settings


def test_every_field_is_there_and_money_is_exact() -> None:
    output = {"setlinfo": setlinfo(medfee_sumamt=Decimal("12345678901234.10"), acct_pay=3)}
    text = reply(transaction("2207"), output).decode()
    assert '"medfee_sumamt":12345678901234.10,' in text and '"acct_pay":3,' in text
    found = read_message(text.encode())["output"]
    node = transaction("2207").outputs["setlinfo"]
    assert set(found["setlinfo"]) == {field.name for field in node.fields.values() if not field.regional}
    assert found["setlinfo"]["brdy"] is None
    assert found["setldetail"] == [] and "voladetail" not in found


def test_what_is_regional_is_written_where_given() -> None:
    node = transaction("2207").outputs["setlinfo"]
    assert node.fields["hifdm_pay"].regional
    output = {"setlinfo": setlinfo(hifdm_pay=Decimal("0.5")), "voladetail": [{"vola_type": "1"}]}
    found = read_message(reply(transaction("2207"), output))["output"]
    assert found["setlinfo"]["hifdm_pay"] == Decimal("0.5") and len(found["voladetail"]) == 1


def test_outputs_without_nodes_and_in_the_root() -> None:
    assert json.loads(reply(transaction("2202"), None))["output"] == {}
    page = json.loads(reply(transaction("1312"), {ROOT: {"pages": 1, "lastPage": True}, "data": []}))["output"]
    assert (page["pages"], page["lastPage"], page["size"], page["data"]) == (1, True, None, [])
    assert json.loads(reply(transaction("5204"), None))["output"] == []


@pytest.mark.parametrize(
    ("infno", "output", "found"),
    [
        ("9001", None, "9001 signinoutb.sign_time is required"),
        ("9001", signed(sign_no=None), "sign_no is required"),
        ("9001", signed(extra="1"), "no field extra"),
        ("9001", signed(sign_no="1" * 31), "31 characters, at most 30"),
        ("9001", signed(sign_no=1), "is a int, expected a string"),
        ("9001", signed(sign_no="\ud800"), "surrogate"),
        ("9001", signed(sign_time="2026-07-01 00:00:00"), "is a str, expected a datetime"),
        ("9001", signed(sign_time=date(2026, 7, 1)), "is a date, expected a datetime"),
        ("9001", signed(sign_time=datetime(2026, 7, 1)), "no time zone"),  # noqa: DTZ001
        ("9001", {**signed(), "other": {}}, "no output node other"),
        ("9001", {"signinoutb": [signed()["signinoutb"]]}, "is a list, expected one row"),
        ("2202", {"data": {}}, "no output node data"),
        ("2207", {"setlinfo": setlinfo(acct_pay=1.5)}, "is a float, expected a number"),
        ("2207", {"setlinfo": setlinfo(acct_pay=True)}, "is a bool, expected a number"),
        ("2207", {"setlinfo": setlinfo(acct_pay="1.50")}, "is a str, expected a number"),
        ("2207", {"setlinfo": setlinfo(acct_pay=Decimal("1.505"))}, "more digits than 16,2"),
        ("2207", {"setlinfo": setlinfo(acct_pay=Decimal("1e14"))}, "more digits than 16,2"),
        ("2207", {"setlinfo": setlinfo(acct_pay=Decimal("NaN"))}, "is no number"),
        ("2207", {"setlinfo": setlinfo(brdy=NOW)}, "is a datetime, expected a date"),
        ("2207", {"setlinfo": setlinfo(), "setldetail": {}}, "setldetail is a dict, expected a list"),
        ("2207", {"setlinfo": setlinfo(), "setldetail": [{}]}, r"setldetail\[1\].fund_pay_type is required"),
        ("2207", {"setlinfo": setlinfo(), "setldetail": [1]}, r"setldetail\[1\] is a int"),
    ],
)
def test_mistakes_of_ours(infno: str, output: Any, found: str) -> None:
    with pytest.raises(ReplyError, match=found):
        reply(transaction(infno), output)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"division": "99999"}, "division"),
        ({"division": "99999X"}, "division"),
        ({"serial": 10**10}, "serial"),
        ({"serial": -1}, "serial"),
        ({"now": datetime(2026, 7, 1)}, "no time zone"),  # noqa: DTZ001
        ({"received": datetime(2026, 7, 1)}, "no time zone"),  # noqa: DTZ001
    ],
)
def test_mistakes_in_the_envelope(change: dict[str, Any], found: str) -> None:
    with pytest.raises(ReplyError, match=found):
        reply(transaction("9001"), signed(), **change)
    with pytest.raises(ReplyError, match="without a transaction"):
        reply(None, None)


def test_a_mistake_never_shows_the_value() -> None:
    with pytest.raises(ReplyError) as caught:
        reply(transaction("2207"), {"setlinfo": setlinfo(psn_name="王小明" * 99)})
    assert "王" not in str(caught.value)


NAMED = sorted(infno for infno, spec in transactions().items() if spec.outputs and ROOT not in spec.outputs)


@settings(max_examples=150, deadline=None, print_blob=True)
@given(st.data())
def test_what_is_written_reads_back(data: st.DataObject) -> None:
    """Every value a handler may give comes out of the bytes as it went in, and nothing is written that was not."""
    spec = transaction(data.draw(st.sampled_from(NAMED)))
    output = data.draw(nodes(spec.outputs))
    body = reply(spec, output)
    found = read_message(body)
    assert read_input(replace(spec, inputs=spec.outputs), found["output"]) == output
    assert list(found)[:2] == ["infcode", "inf_refmsgid"] and len(found["inf_refmsgid"]) == 30


@settings(max_examples=100, deadline=None, print_blob=True)
@given(st.data())
def test_one_wrong_value_anywhere_is_a_mistake(data: st.DataObject) -> None:
    """Whatever field of whatever node gets a float, an unknown name or nothing though required: it is not written."""
    spec = transaction(data.draw(st.sampled_from(NAMED)))
    output = data.draw(nodes(spec.outputs))
    name, node = data.draw(st.sampled_from(sorted(spec.outputs.items(), key=lambda item: item[0])))
    if not output[name]:
        return
    row = output[name][-1] if node.many else output[name]
    required = [field.name for field in node.fields.values() if field.required]
    wrongs: list[tuple[str, Any]] = [("no_such_field", None), (next(iter(node.fields)), 0.5)]
    wrongs += [(data.draw(st.sampled_from(required)), None)] if required else []
    key, value = data.draw(st.sampled_from(wrongs))
    row[key] = value
    with pytest.raises(ReplyError):
        reply(spec, output)
