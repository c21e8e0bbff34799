"""Why a fee line came to its parts: as data from which every sum can be redone, and as one sentence a line.

The data is stable: `line_version` grows when its form changes. Money is whole fen; prices, edges and counts are
exact decimal texts in yuan or units; shares are exact, as a percentage or a fraction.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from openyibao.catalogue.model import WHOLE_PRICE, Bands, Catalogue
from openyibao.catalogue.numbers import decimal, price_text
from openyibao.catalogue.split import Slice, SplitLine
from openyibao.catalogue.tables import Answer
from openyibao.policy.divisions import CLASS_C
from openyibao.policy.model import Basis, Bilingual, NoLimit
from openyibao.policy.values import money, percent
from openyibao.policy.vocabulary import Vocabulary

LINE_VERSION = 1


def line_data(catalogue: Catalogue, split: SplitLine) -> dict[str, Any]:
    """The explanation of a line as data, ready for JSON. Its keys are told in docs/fee-lines.md."""
    line, version = split.charge.line, split.version
    data: dict[str, Any] = {
        "line_version": LINE_VERSION,
        "catalogue": {"id": catalogue.id, "digest": catalogue.digest},
        "line": line.name,
        "date": str(line.day),
        "item": {
            "code": split.item.code,
            "title": _both(split.item.title),
            "kind": split.item.kind,
            "unit": _both(split.item.unit),
        },
        "version": {
            "from": str(version.start),
            "before": str(version.end) if version.end else None,
            "class": version.item_class,
            "basis": _basis(catalogue, version.basis),
        },
        "charged_count": decimal(line.count),
        "refunds": [
            {"line": refund.name, "date": str(refund.day), "count": decimal(refund.count)}
            for refund in split.charge.refunds
        ],
        "count": decimal(split.charge.count),
        "price_yuan": decimal(split.charge.price_fen / 100),
        "amount_fen": split.amount_fen,
        "price_limit": _limit_data(catalogue, split),
        "over_limit_fen": split.over_limit_fen,
        "pre_pay": _share_data(catalogue, split),
        "pre_self_paid_fen": split.pre_self_paid_fen,
        "fully_self_paid_fen": split.fully_self_paid_fen,
        "in_scope_fen": split.in_scope_fen,
    }
    return data


def _limit_data(catalogue: Catalogue, split: SplitLine) -> dict[str, Any] | None:
    if split.limit is None:
        return None
    value = split.limit.value
    return {
        "yuan": None if isinstance(value, NoLimit) else decimal(_fraction(split.limit) / 100),
        "amount_fen": split.limit_amount_fen,
        **_answer_data(catalogue, split.limit, split.version.limit.table.basis if split.version.limit else None),
    }


def _share_data(catalogue: Catalogue, split: SplitLine) -> dict[str, Any]:
    """The share, and the one cell, or the bands, that it came from."""
    share = split.version.share
    inner = share.basis if isinstance(share, Bands) else share.table.basis if share else None
    data: dict[str, Any] = {"share": percent(split.share), "decided_by": split.decided_by}
    if split.answer is not None:
        data |= _answer_data(catalogue, split.answer, inner)
    if split.decided_by is not None:
        data["bands"] = [
            {
                "above_yuan": decimal(piece.start_fen / 100),
                "up_to_yuan": None if piece.end_fen is None else decimal(piece.end_fen / 100),
                "width_yuan": decimal(piece.width_fen / 100),
                "share": percent(_fraction(piece.answer)),
                **_answer_data(catalogue, piece.answer, inner),
            }
            for piece in split.slices
        ]
    return data


def _answer_data(catalogue: Catalogue, answer: Answer, table: Basis | None) -> dict[str, Any]:
    """The facts that chose a cell, and its basis; without one of its own or of its table, that of the version holds."""
    assumption, basis = answer.cell.assumption, answer.cell.basis or table
    return {
        "facts": dict(answer.facts),
        "basis": _basis(catalogue, basis) if basis else None,
        "assumption": _both(assumption) if assumption else None,
    }


def _basis(catalogue: Catalogue, basis: Basis) -> dict[str, Any]:
    document = catalogue.document(basis.document)
    return {
        "document": basis.document,
        "title": _both(document.title) if document else None,
        "number": document.number if document else None,
        "article": basis.article,
        "source": basis.source,
        "sure": basis.sure,
        "note": _both(basis.note) if basis.note else None,
    }


def _both(text: Bilingual) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def _fraction(answer: Answer) -> Fraction:
    assert isinstance(answer.value, Fraction)
    return answer.value


# ---------------------------------------------------------------- text


def line_text(catalogue: Catalogue, split: SplitLine, lang: str) -> str:
    """One sentence (`zh` or `en`) that says what the line came to and why."""
    return _Sentence(catalogue, split, lang).text()


class _Sentence:
    """The pieces of a sentence, in one of the two languages."""

    def __init__(self, catalogue: Catalogue, split: SplitLine, lang: str) -> None:
        self.split, self.zh, self.lang = split, lang == "zh", lang
        self.say = Vocabulary(catalogue.words).say

    def text(self) -> str:
        if self.split.version.item_class == CLASS_C:
            pieces = [self._charge(), self._pick("全部自费", "all of it fully self-paid")]
        else:
            in_scope = money(self.split.in_scope_fen)
            scope = self._pick(f"符合政策范围{in_scope}元", f"{in_scope} yuan in scope")
            pieces = [piece for piece in (self._charge(), self._limit(), self._share(), scope) if piece]
        return self._pick("；".join(pieces) + "。", "; ".join(pieces) + ".")

    def _pick(self, zh: str, en: str) -> str:
        return zh if self.zh else en

    def _charge(self) -> str:
        split, line = self.split, self.split.charge.line
        title, unit = (self._pick(text.zh, text.en) for text in (split.item.title, split.item.unit))
        item_class = self.say(str(split.version.item_class), self.lang)
        count, price, amount = decimal(split.charge.count), price_text(split.charge.price_fen), money(split.amount_fen)
        back = "".join(self._refund(decimal(-refund.count), refund.name) for refund in split.charge.refunds)
        return self._pick(
            f"明细{line.name}（{line.day}）{title}（{split.item.code}，{item_class}）"
            f"{price}元/{unit} × {count} = {amount}元{back}",
            f"Line {line.name} ({line.day}) {title} ({split.item.code}, {item_class}): "
            f"{price} yuan per {unit} x {count} = {amount} yuan{back}",
        )

    def _refund(self, count: str, name: str) -> str:
        return self._pick(f"，已扣除明细{name}冲减的{count}", f", after {count} taken back by line {name}")

    def _limit(self) -> str:
        split = self.split
        if split.limit is None:
            return ""
        why = self._facts(split.limit)
        if split.limit_amount_fen is None:
            return self._pick(f"不设限价{why}", f"no price limit{why}")
        limit, over = price_text(_fraction(split.limit)), money(split.over_limit_fen)
        amount = money(split.limit_amount_fen)
        return self._pick(
            f"限价{limit}元{why} × {decimal(split.charge.count)} = {amount}元，超限价{over}元",
            f"price limit {limit} yuan{why} x {decimal(split.charge.count)} = {amount} yuan, {over} yuan over it",
        )

    def _share(self) -> str:
        split = self.split
        if split.answer is None and split.decided_by is None:
            return ""
        rest, prepaid = money(split.amount_fen - split.over_limit_fen), money(split.pre_self_paid_fen)
        how = self._facts(split.answer) if split.answer else self._bands()
        share = percent(split.share)
        return self._pick(
            f"先行自付{rest}元 × {share}{how} = {prepaid}元",
            f"pre-self-paid {rest} yuan x {share}{how} = {prepaid} yuan",
        )

    def _bands(self) -> str:
        if self.split.decided_by == WHOLE_PRICE:
            band = self._band(self.split.slices[0])
            return self._pick(f"（按整件单价，{band}）", f" (by the whole price: {band})")
        parts = []
        for piece in self.split.slices:
            width, share = price_text(piece.width_fen), percent(_fraction(piece.answer))
            parts.append(self._pick(f"{width}元按{share}", f"{width} yuan at {share}") + self._facts(piece.answer))
        return self._pick(f"（按单价分段：{'，'.join(parts)}）", f" (by slices of the price: {', '.join(parts)})")

    def _band(self, piece: Slice) -> str:
        start = price_text(piece.start_fen)
        if piece.end_fen is None:
            band = self._pick(f"{start}元以上", f"above {start} yuan")
        elif not piece.start_fen:
            band = self._pick(f"{price_text(piece.end_fen)}元及以下", f"up to {price_text(piece.end_fen)} yuan")
        else:
            end = price_text(piece.end_fen)
            band = self._pick(f"{start}元以上至{end}元", f"above {start} up to {end} yuan")
        return band + self._facts(piece.answer)

    def _facts(self, answer: Answer) -> str:
        """The facts that chose the cell, as in the explanations of a bill."""
        if not answer.facts:
            return ""
        said = [(self.say(name, self.lang), self.say(str(value), self.lang)) for name, value in answer.facts]
        if self.zh:
            return f"（{'，'.join(f'{name}为{value}' for name, value in said)}）"
        return f" ({', '.join(f'{name}: {value}' for name, value in said)})"
