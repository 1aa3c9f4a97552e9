"""Every refusal and every quarantine code is a sentence that names place and cure."""

from __future__ import annotations

import pytest
from django.utils import translation

from reconciliation import wording
from reconciliation.feed.refusals import Reason
from reconciliation.models import FeedFile, QuarantinedRow

PARAMETERS: dict[Reason, dict[str, str | int]] = {
    Reason.SIZE_DIFFERS: {"stated": 100, "found": 99},
    Reason.DIGEST_DIFFERS: {"stated": "aa", "found": "bb"},
    Reason.NUMBER_ABOVE_COUNT: {"number": 3, "count": 2},
    Reason.COUNT_DIFFERS: {"stated": 2, "expected": 3},
    Reason.LINE_TOO_LONG: {"limit": 4000},
    Reason.ROWS_DIFFER: {"stated": "5", "found": 4},
    Reason.AMOUNT_UNREADABLE: {"amount": "12,5%(x)s"},
    Reason.TOTAL_DIFFERS: {"stated": "1.00", "found": "2.00"},
}
"""The parameters of reconciliation/feed/refusals.py; reasons left out have none."""

NO_LINE = {
    Reason.NAME_UNREADABLE,
    Reason.MARKER_UNREADABLE,
    Reason.SIZE_DIFFERS,
    Reason.DIGEST_DIFFERS,
    Reason.FILE_EMPTY,
    Reason.CONTENT_CHANGED,
}
"""Reasons for which no line is to blame."""


def refused(reason: Reason) -> FeedFile:
    return FeedFile(
        name="JKRK_20060508_001.txt",
        refusal_reason=reason,
        refusal_line=None if reason in NO_LINE else 4321,
        refusal_parameters=PARAMETERS.get(reason, {}),
    )


@pytest.mark.parametrize("reason", Reason)
def test_every_refusal_names_its_place_its_parameters_and_the_cure(reason: Reason) -> None:
    sentence = wording.refusal_sentence(refused(reason))

    for value in PARAMETERS.get(reason, {}).values():
        assert str(value) in sentence
    assert ("第 4321 行" in sentence) == (reason not in NO_LINE)
    assert "None" not in sentence
    assert "请" in sentence
    assert "发送" in sentence


@pytest.mark.parametrize("code", QuarantinedRow.Code)
def test_every_quarantine_code_says_why_and_how_the_row_leaves(code: QuarantinedRow.Code) -> None:
    sentence = wording.quarantine_sentence(code)

    assert sentence.endswith("。")
    assert "在此处理" in sentence or "自动" in sentence


@pytest.mark.parametrize(
    ("item", "chinese", "english"),
    [
        ("01", "工资、薪金所得", "Wages"),
        ("02", "劳务报酬", "Labour service"),
        ("06", "财产租赁所得", "Leasing of property"),
        ("09", "其他所得", "Other income"),
    ],
)
def test_an_item_has_the_name_that_its_income_items_share(
    item: str, chinese: str, english: str
) -> None:
    assert wording.item_name(item) == chinese
    with translation.override("en"):
        assert wording.item_name(item) == english


def test_an_item_that_is_in_no_table_is_named_by_its_code() -> None:
    assert wording.item_name("77") == "品目 77"
