"""What the tests ask of the public pages."""

from __future__ import annotations

from urllib.parse import urlencode

CHONGQING = {"at": "500000.resident", "day": "2023-06-01", "f-tier": "cat-1", "f-district": "Yubei"}
FARMER = CHONGQING | {"total": "50000", "outside": "4000", "f-grade": "secondary"}
POOR = CHONGQING | {
    "total": "200000",
    "outside": "20000",
    "f-grade": "secondary",
    "f-district": "district-of-CQ-02",
    "f-class": "minimum-living-allowance",
    "f-age": "52",
}
DIALYSIS = {"at": "330100.resident", "case": "dialysis-year", "f-grade": "secondary"}
WILLOW = {"at": "999999.resident", "day": "2026-06-01", "total": "60000", "f-grade": "tertiary"}


def calculator(lang: str, stated: dict[str, str], page: str = "calculator") -> str:
    return f"/{lang}/{page}?{urlencode(stated)}"
