"""The legal texts that values and computations cite, in Chinese and English."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from declarations.taxlaw.parameters import load_yaml

_TEXTS = load_yaml(Path(__file__).parent / "texts.yaml")
_CITATION = re.compile(r"(?P<text>[a-z0-9-]+)(?: (?P<article>[0-9]{1,2})(?:\((?P<item>[0-9])\))?)?")
_DIGITS = "零一二三四五六七八九"


class Citation(NamedTuple):
    """A place in a legal text."""

    chinese: str
    english: str


@cache
def cite(citation: str) -> Citation:
    """Return what a citation (`law-2018 6(1)`) is called; ValueError for one that is none."""
    match = _CITATION.fullmatch(citation)
    if match is None or match["text"] not in _TEXTS:
        raise ValueError(f"{citation!r} cites no text of texts.yaml")
    text = _TEXTS[match["text"]]
    chinese, english = text["chinese"], text["english"]
    if match["article"]:
        chinese += f"第{_numeral(int(match['article']))}条"
        english += f", article {match['article']}"
    if match["item"]:
        chinese += f"第({_numeral(int(match['item']))})项"
        english += f"({match['item']})"
    return Citation(chinese, english)


def _numeral(number: int) -> str:
    """Return a number below 100 as Chinese texts count their articles."""
    tens, ones = divmod(number, 10)
    if not tens:
        return _DIGITS[ones]
    return ("" if tens == 1 else _DIGITS[tens]) + "十" + (_DIGITS[ones] if ones else "")
