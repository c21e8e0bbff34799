"""Survey files for the tests, in the shapes of CHARLS and CFPS, with missing codes and labels in GB18030.

The people are made up; every figure that a test expects can be worked out from these columns by hand.
"""

from __future__ import annotations

from pathlib import Path

from bring.stata import Cell, Variable, write_stata

YES_NO = {0: "0.否", 1: "1.是"}


def charls(path: Path) -> None:
    """Seven rows as in H_CHARLS_D_Data.dta: the last is not in wave 4, the one before it has no weight."""
    ids = [f"01010410{n:02}02" for n in range(1, 8)]
    columns: dict[str, list[Cell]] = {
        "inw4": [1, 1, 1, 1, 1, 1, 0],
        "r4agey": [67, 71, 48, 80, ".m", 55, None],
        "ragender": [1, 2, 2, 1, 2, 1, 1],
        "h4rural": [1, 0, 1, 1, 0, 1, 1],
        "hh4itot": [24000, 51000.125, -300, ".m", 8000, 1, None],
        "hh4ctot": [18000, 40000, 9000, 7000.5, 6000, 1, None],
        "hh4cfood": [150, 400, 80, ".d", 60.25, 1, None],
        "r4higov": [1, 1, 0, 1, ".r", 1, None],
        "r4hipriv": [0, 1, 0, 0, 0, 0, None],
        "r4hsptim1y": [3, 0, 0, 1, 2, 0, None],
        "r4tothos1y": [10000, 0, 0, ".d", 5000.05, 0, None],
        "r4oophos1y": [4000, 0, 0, ".d", 1000, 0, None],
        "r4doctim1m": [0, 2, 1, 0, ".r", 0, None],
        "r4totdoc1m": [0, 300, ".d", 55, ".r", 0, None],
        "r4oopdoc1m": [0, 120.5, ".d", 55, ".r", 0, None],
        "r4wtresp": [1500.5, 800, 1200, 900, 700, 0, None],
    }
    labels = {"ragender": {1: "1.男", 2: "2.女"}, "h4rural": {0: "0.城镇", 1: "1.农村"}, "r4higov": YES_NO}
    write_stata(
        path,
        [
            Variable("ID", ids, "个人编码", width=12),
            Variable("householdID", [one[:9] + "0" for one in ids], "家户编码", width=10),
            Variable("communityID", [one[:7] for one in ids], "社区编码", width=7),
            *(Variable(name, cells, f"变量{name}", labels.get(name, {})) for name, cells in columns.items()),
        ],
    )


def cfps(path: Path) -> None:
    """Five households as in cfps2018famecon: negative codes are reasons; a household stands twice."""
    codes = {-8: "不适用", -1: "不知道", 0: "乡村", 1: "城镇"}
    columns: dict[str, list[Cell]] = {
        "fid18": [100051, 100125, 100160, 100160, 100286],
        "provcd18": [11, 50, 50, 50, 51],
        "countyid18": [45, 170, 170, 170, -9],
        "urban18": [1, 0, -8, 1, 2],
        "familysize18": [3, 5, 2, 2, 1],
        "fincome1": [120000, 36500.75, -8, 1, 15000],
        "fincome1_per": [40000, 7300.15, -8, 1, 15000],
        "pce": [80000, 30000, 12000, 1, -1],
        "food": [30000, 12000.123, 5000, 1, -2],
        "med": [6000, 9000, -10, 1, 0],
        "expense": [90000, 31000, 13000, 1, 9000],
        "fswt_natcs18n": [1.25, 0.75, 2, 2, -9],
    }
    labels = {"urban18": codes, "med": {-10: "无法判断"}}
    write_stata(path, [Variable(name, cells, f"变量{name}", labels.get(name, {})) for name, cells in columns.items()])
