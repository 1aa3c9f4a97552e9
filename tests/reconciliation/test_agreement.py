"""Every line of section 5 of the agreement, on both sides of each boundary."""

from datetime import date
from decimal import Decimal

import pytest

from reconciliation.agreement import (
    Relation,
    Result,
    month_result,
    relation,
)

LESS, EQUAL, GREATER = Relation.LESS, Relation.EQUAL, Relation.GREATER
SETTLES_ON = date(2006, 4, 10)
BEFORE = date(2006, 4, 9)
FROM_2012_08, EARLIER = "1", "0"


@pytest.mark.parametrize(
    ("declared", "paid", "small_tax", "expected"),
    [
        ("100.00", "100.01", EARLIER, LESS),
        ("100.00", "100.00", EARLIER, EQUAL),
        ("100.00", "99.99", EARLIER, GREATER),
        ("0", "0.00", EARLIER, EQUAL),
        ("0", "0.01", EARLIER, LESS),
        ("0.01", "0", EARLIER, GREATER),
        ("1.00", "0", EARLIER, GREATER),
        ("0.01", "0", FROM_2012_08, EQUAL),
        ("1.00", "0.00", FROM_2012_08, EQUAL),
        ("1.01", "0", FROM_2012_08, GREATER),
        # One yuan is let go only where nothing was paid.
        ("1.00", "0.01", FROM_2012_08, GREATER),
        ("100.00", "99.00", FROM_2012_08, GREATER),
        ("0.50", "1.00", FROM_2012_08, LESS),
        ("0", "0.01", FROM_2012_08, LESS),
    ],
)
def test_declared_against_paid(declared, paid, small_tax, expected):
    assert relation(Decimal(declared), Decimal(paid), Decimal(small_tax)) is expected


MATCHED, WAITING, MISMATCHED = Result.MATCHED, Result.WAITING, Result.MISMATCHED


@pytest.mark.parametrize(
    # The kinds' relations, and the result before and from the settling day on.
    ("relations", "has_declaration", "something_paid", "before", "after"),
    [
        pytest.param([EQUAL] * 3, True, True, MATCHED, MATCHED, id="all equal"),
        pytest.param([EQUAL] * 3, True, False, MATCHED, MATCHED, id="zero tax, or let go"),
        pytest.param([], True, False, MATCHED, MATCHED, id="no kind has a line or a payment"),
        pytest.param([EQUAL] * 3, False, True, MATCHED, MATCHED, id="equal, something paid"),
        pytest.param([EQUAL] * 3, False, False, None, None, id="nothing filed, nothing paid"),
        pytest.param([], False, False, None, None, id="nothing at all"),
        pytest.param([GREATER, EQUAL, EQUAL], True, False, WAITING, MISMATCHED, id="unpaid"),
        pytest.param(
            [EQUAL, EQUAL, GREATER],
            True,
            True,
            WAITING,
            MISMATCHED,
            id="refund to come",
        ),
        pytest.param([LESS, EQUAL, EQUAL], True, True, MISMATCHED, MISMATCHED, id="overpaid"),
        pytest.param(
            [EQUAL, LESS, EQUAL],
            True,
            True,
            MISMATCHED,
            MISMATCHED,
            id="a kind not declared",
        ),
        pytest.param(
            [GREATER, LESS, EQUAL],
            True,
            True,
            MISMATCHED,
            MISMATCHED,
            id="less beside greater",
        ),
        pytest.param([LESS, EQUAL, EQUAL], False, True, WAITING, MISMATCHED, id="not yet filed"),
        pytest.param([LESS], False, True, WAITING, MISMATCHED, id="not yet filed, one kind"),
    ],
)
def test_a_months_result(relations, has_declaration, something_paid, before, after):
    def result_at(watermark):
        return month_result(
            relations,
            has_declaration=has_declaration,
            something_paid=something_paid,
            settles_on=SETTLES_ON,
            watermark=watermark,
        )

    assert result_at(None) is before
    assert result_at(date.min) is before
    assert result_at(BEFORE) is before
    assert result_at(SETTLES_ON) is after
    assert result_at(date.max) is after


def test_the_kinds_may_come_from_a_generator():
    result = month_result(
        (kind for kind in [EQUAL, GREATER]),
        has_declaration=True,
        something_paid=True,
        settles_on=SETTLES_ON,
        watermark=SETTLES_ON,
    )

    assert result is Result.MISMATCHED


def test_the_words_are_those_of_the_exports():
    assert [str(word) for word in Relation] == ["less", "equal", "greater"]
    assert [str(word) for word in Result] == ["matched", "waiting", "mismatched"]
