"""No text of an export is taken for a formula, and it comes back as it was."""

from __future__ import annotations

import pytest

from portal.exports import safe_cell, unguarded


@pytest.mark.parametrize("sign", [*"=+-@\t\r\0", *"＝＋－＠"])
def test_what_begins_like_a_formula_is_guarded(sign: str) -> None:
    assert safe_cell(f"{sign}1") == f"'{sign}1"


@pytest.mark.parametrize("text", ["", "张三", "1-2", "'张", "'", "’=1"])
def test_other_texts_stay(text: str) -> None:
    assert safe_cell(text) == text


@pytest.mark.parametrize("text", ["=1", "'=1", "''-x", "'张", "", "+86", "张=三"])
def test_a_guarded_text_comes_back(text: str) -> None:
    assert unguarded(safe_cell(text)) == text
