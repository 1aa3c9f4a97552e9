"""填表说明: every column of both forms has its rule, at hand where lines are typed."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from declarations.filling_rules import filling_rules, rule_of
from declarations.models import Declaration
from declarations.services.drafts import add_line, create_draft
from declarations.workbook import headings_of
from portal.models import WithholdingAgent
from tests.declarations.builders import APRIL, a_clerk, an_agent, typed
from tests.declarations.test_printed_form import text_of
from tests.factories import client_of

JANUARY_2019 = date(2019, 1, 1)
DECEMBER_2018 = date(2018, 12, 1)


@pytest.mark.parametrize("month", [APRIL, DECEMBER_2018, JANUARY_2019, date(2025, 1, 1)])
def test_every_column_of_the_form_has_its_rule(month: date) -> None:
    rules = filling_rules(month)

    assert [rule.column for rule in rules.columns] == list(headings_of(month))
    assert all(rule.text for rule in rules.columns + rules.head)
    assert rules.general
    assert rules.relations


def test_the_rules_change_with_the_form() -> None:
    for column in ("income", "exempt_income"):
        assert rule_of(column, DECEMBER_2018) != rule_of(column, JANUARY_2019)
    assert "基本养老保险费" in rule_of("exempt_income", DECEMBER_2018)
    assert rule_of("pension", DECEMBER_2018) == ""
    assert any("×税率-速算扣除数" in text for text in filling_rules(APRIL).relations)
    assert any("累计应纳税所得额" in text for text in filling_rules(JANUARY_2019).relations)


def test_a_rule_does_not_state_an_amount_of_the_law() -> None:
    """Amounts change; they stand in the law's parameters alone."""
    for month in (APRIL, JANUARY_2019):
        rules = filling_rules(month)
        for text in [rule.text for rule in rules.columns] + rules.relations:
            assert "元" not in text


@pytest.mark.django_db
def test_everybody_reads_the_rules_of_both_forms(client: Client) -> None:
    page = text_of(client.get(reverse("declarations:filling_rules")))

    for said in (
        *("2019 年 1 月起的申报表", "2018 年 12 月以前的申报表", "区分纳税人、所得项目"),
        *("累计3岁以下婴幼儿照护", "收入额(外币折合人民币)", "第六十二条"),
    ):
        assert said in page
    client.cookies["language"] = "en"
    assert client.get(reverse("declarations:filling_rules")).status_code == 200


@pytest.mark.django_db
class TestWhereLinesAreTyped:
    @pytest.fixture
    def acme(self) -> WithholdingAgent:
        return an_agent()

    @pytest.fixture
    def clerk(self, acme: WithholdingAgent) -> Client:
        return client_of(a_clerk(acme))

    @pytest.fixture
    def draft(self, acme: WithholdingAgent) -> Declaration:
        return create_draft(acme, APRIL, "regular")

    def test_the_rules_of_the_month_are_at_hand(self, clerk: Client, draft: Declaration) -> None:
        line = add_line(draft, typed())

        for name, arguments in (
            ("declaration", [draft.public_id]),
            ("add_line", [draft.public_id]),
            ("line", [draft.public_id, line.public_id]),
        ):
            page = text_of(clerk.get(reverse(f"declarations:{name}", args=arguments)))
            assert "填表说明" in page
            for rule in filling_rules(APRIL).columns:
                assert rule.text in page
            assert rule_of("pension", JANUARY_2019) not in page

    def test_who_begins_a_declaration_is_led_to_the_rules(self, clerk: Client) -> None:
        page = clerk.get(reverse("declarations:new")).content.decode()

        assert f'href="{reverse("declarations:filling_rules")}"' in page


def test_the_rules_are_read_in_the_reader_s_language() -> None:
    with override("en"):
        assert filling_rules(APRIL).columns[0].label == "Name"
