"""What of a person's filings is shown to whom: telephones and addresses to nobody, some diagnoses to few.

shown(data, full=False) -> the data without what is not for everybody's eyes
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

ITEM = "diagnosis.sensitive"
"""The service item that it takes to see a sensitive diagnosis."""
HIDDEN = "***"
REACH = ("tel", "addr", "agnter_tel", "agnter_addr", "agnter_certno", "mob", "certno", "mdtrt_cert_no")
"""Fields by which a person can be reached or known; no listing shows them in full."""
DIAGNOSES = ("diag_code", "diag_name", "opsp_dise_code", "opsp_dise_name", "dise_cond_dscr", "refl_rea", "memo")
"""Fields that may tell a diagnosis: where one of them is sensitive, none is shown."""


@cache
def _known() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The beginnings of codes, and the words, in capitals."""
    data = tomllib.loads(files(__package__).joinpath("sensitive.toml").read_text(encoding="utf-8"))
    codes = [code.upper() for one in data["disease"] for code in one["codes"]]
    return tuple(codes), tuple(word.upper() for one in data["disease"] for word in one["words"])


def is_sensitive(code: str, text: str = "") -> bool:
    """Whether a code of ICD-10 or a Chinese name tells a disease whose patients must not be made known."""
    codes, words = _known()
    return code.strip().upper().startswith(codes) or any(word in text.upper() for word in words)


def tells(code: str, data: Mapping[str, Any]) -> bool:
    """Whether a filing tells a sensitive diagnosis, by its code or by any field."""
    stated = [str(data.get(name) or "") for name in DIAGNOSES]
    return any(is_sensitive(one, one) for one in (code, *stated))


def shown(code: str, data: Mapping[str, Any], *, full: bool) -> tuple[str, dict[str, Any]]:
    """A filing's code and data for a listing; with `full` the diagnosis stands there whatever it is."""
    hidden = set(REACH)
    if not full and tells(code, data):
        hidden |= set(DIAGNOSES)
        code = HIDDEN
    return code, {name: HIDDEN if name in hidden and value else value for name, value in data.items()}
