"""Numbers that tell who somebody is: found in a text, so that it is not taken in.

Found are numbers of identity cards, telephones, bank cards, bills, and addresses of e-mail and chat, also written with
full-width or Chinese digits, with spaces and hyphens. A name can't be found by a rule.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

NUMERALS = str.maketrans("〇零一二三四五六七八九壹贰叁肆伍陆柒捌玖幺两", "0012345678912345678912")
DATE = re.compile(r"(?<!\d)(?:19|20)\d\d([-./])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])(?!\d)")
GAP = r"[ \-_.]"
LONG = re.compile(
    r"(?<![0-9])(?:"
    rf"(?:\d{GAP}){{10,}}[\dXx]"  # one by one
    rf"|\d{{6}}{GAP}(?:\d{{4}}{GAP}?\d{{4}}|\d{{6}}){GAP}?\d{{3}}[\dXx]?"  # identity card in groups
    rf"|\d{{4}}(?:{GAP}\d{{4}}){{3}}(?:{GAP}?\d{{1,3}})?"  # bank card in groups
    rf"|(?:(?:\+|00)?86{GAP}?)?1[3-9]\d{GAP}?\d{{4}}{GAP}?\d{{4}}"  # mobile telephone
    r"|\d{11,}[Xx]?"
    r")(?![0-9])"
)
LANDLINE = re.compile(r"(?<![0-9.])(?:\(0\d{2,3}\)|0\d{2,3})[ \-]?[2-8]\d{6,7}(?![0-9])")
MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)
CHAT = re.compile(
    r"(?:微信|薇信|扣扣|wechat|weixin|qq)"
    r"(?:(?:号码|号|id|:|=|是|为| )*(?:号码|号|id|:|=) *[a-z0-9_-]{5,20}|[ 是为]*(?=[a-z_-]*\d)[a-z0-9_-]{5,20})",
    re.IGNORECASE,
)
CODE = re.compile(r"(?<![0-9A-Z])(?=[A-Z-]*\d)[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}(?![0-9A-Z])")
PASSPORT = re.compile(r"(?<![0-9A-Za-z])[EGeg][A-Za-z]?\d{7,8}(?![0-9])")
INSTITUTION = re.compile(r"(?<![0-9A-Za-z])[HP]\d{11}(?![0-9])")
"""An institution's code, which is public."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found: `identity`, `mobile`, `telephone`, `card`, `number`, `code`, `mail` or `chat`; and the text."""

    kind: str
    text: str


def find(text: str, *, office: bool = False) -> list[Found]:
    """All that is found in a text, each once. Of an `office`, telephone and mail may stand there.

    >>> find("我的电话是１３８-0013-8000，2026-01-01到2026-12-31")
    [Found(kind='mobile', text='138-0013-8000')]
    """
    plain = "".join(one for one in unicodedata.normalize("NFKC", text) if unicodedata.category(one) != "Cf")
    plain = INSTITUTION.sub("、", DATE.sub("、", plain))
    digits = plain.translate(NUMERALS)
    found = [Found(_kind(one), one) for one in LONG.findall(digits)]
    if office:
        found = [one for one in found if one.kind != "telephone"]
    else:
        found += [Found("telephone", one) for one in LANDLINE.findall(digits)]
        found += [Found("mail", one) for one in MAIL.findall(plain)]
        found += [Found("chat", one) for one in CHAT.findall(plain)]
    found += [Found("code", one) for one in CODE.findall(plain)]
    found += [Found("identity", one) for one in PASSPORT.findall(plain)]
    return list(dict.fromkeys(found))


def _kind(written: str) -> str:
    """What a long number is, as far as its form tells."""
    number = re.sub(GAP, "", written).lstrip("+")
    short = re.sub(r"^(?:00)?86(?=1\d{10}$)", "", number)
    if re.fullmatch(r"1[3-9]\d{9}", short):
        return "mobile"
    if re.fullmatch(r"\d{17}[\dXx]", number) and _is_day(number[6:14]):
        return "identity"
    if re.fullmatch(r"\d{15}", number) and _is_day(f"19{number[6:12]}"):
        return "identity"
    if re.fullmatch(r"0\d{9,11}", number):
        return "telephone"
    return "card" if re.fullmatch(r"[3-9]\d{15,18}", number) and _luhn(number) else "number"


def _is_day(text: str) -> bool:
    try:
        return date(1890, 1, 1) < date.fromisoformat(f"{text[:4]}-{text[4:6]}-{text[6:]}")
    except ValueError:
        return False


def _luhn(number: str) -> bool:
    """Whether the last digit is the check digit by Luhn's rule (ISO/IEC 7812-1), which bank cards follow."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
