"""The law of a month and the calculator, as visitors, clerks and officers see them."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from declarations import calculator
from declarations.calculator import calculate
from declarations.law_forms import CaseForm, facts_form, facts_of
from declarations.law_of_month import (
    AMOUNTS,
    COUNTS,
    PARTS,
    SHARES,
    SWITCHES,
    changes,
    law_json,
    law_of_month,
    part_label,
)
from declarations.lines import Fact, check_line
from declarations.taxlaw.case import Case, FactsMissing, WrongFact
from declarations.taxlaw.facts import FACTS
from declarations.taxlaw.methods import METHODS, methods_of
from declarations.taxlaw.parameters import bureaus, local_parameters, parameters
from declarations.taxlaw.tax_month import EARLIEST
from portal.models import User
from tests.declarations.builders import a_clerk, an_agent, typed
from tests.factories import client_of, office, staff

pytestmark = pytest.mark.django_db

CALCULATOR = "/calculator/"


def text_of(response: Any) -> str:
    """Return what a page says, without its tags."""
    text = re.sub(r"<(script|style|title).*?</\1>", "", response.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def ask(month: str, item: str, client: Client | None = None, **choices: str) -> Any:
    """Return what the calculator asks for."""
    return (client or Client()).get(CALCULATOR, {"month": month, "item": item, **choices})


def compute(month: str, item: str, given: dict[str, str], **choices: str) -> Any:
    query = {"month": month, "item": item, **choices}
    data = {f"facts-{key}": value for key, value in given.items()}
    return Client().post(CALCULATOR, data, query_params=query)


# --- The calculator ---


def test_a_visitor_computes_the_tax_on_a_wage_with_its_explanation() -> None:
    page = compute("2006-04", "0101", {"income": "5,000.00"})

    assert page.status_code == 200
    for said in (
        "2006年4月 · 0101 工资、薪金所得-普通月工资",
        "应纳税所得额 3,400.00 税率 15% 速算扣除数 125.00 应扣税额 385.00",
        "收入额 5,000.00 - 费用扣除标准 1,600.00 = 3,400.00",
        "依据:国税发[2005]196号",
    ):
        assert said in text_of(page)


def test_what_was_typed_is_in_the_fields_and_not_in_the_address() -> None:
    page = compute("2006-04", "0101", {"income": "5,000.00"})

    assert 'name="facts-income" value="5,000.00"' in page.content.decode()
    assert "5000" not in str(page.request["QUERY_STRING"])
    assert 'action="?month=2006-04&amp;item=0101#result"' in page.content.decode()


def test_the_calculator_begins_with_last_months_wage() -> None:
    page = Client().get(CALCULATOR)

    assert page.status_code == 200
    assert "累计收入" in text_of(page)
    assert 'value="0101" selected' in page.content.decode()


def test_residence_is_asked_from_2019_and_the_country_while_it_matters() -> None:
    assert "国家和地区" in text_of(ask("2018-09", "0101"))
    assert "居民身份" not in text_of(ask("2018-09", "0101"))
    assert "国家和地区" not in text_of(ask("2018-10", "0101"))
    assert "居民身份" in text_of(ask("2019-01", "0101"))


def test_a_foreigners_deduction_is_another() -> None:
    assert "费用扣除标准 4,800.00" in text_of(
        compute("2006-04", "0101", {"income": "5000"}, country="003")
    )


def test_a_non_residents_wage_is_not_cumulative() -> None:
    page = text_of(compute("2020-04", "0101", {"income": "10000"}, resident="no"))

    assert "收入额 10,000.00 - 费用扣除标准 5,000.00 = 5,000.00" in page


def test_the_basic_deduction_to_date_follows_from_the_months() -> None:
    page = text_of(compute("2020-03", "0101", {"cum_income": "90000", "months": "3"}))

    assert "累计收入 90,000.00 - 累计减除费用 15,000.00 = 75,000.00" in page


def test_the_whole_years_deduction_comes_off_at_once() -> None:
    given = {"cum_income": "70000", "variant": "annual_60000"}

    assert "累计减除费用 60,000.00" in text_of(compute("2021-01", "0101", given))
    assert "一次减除" not in text_of(ask("2020-12", "0101"))


def test_without_a_basic_deduction_the_months_are_asked_for() -> None:
    page = compute("2020-03", "0101", {"cum_income": "90000"})

    assert "月数:请填写月数,或直接填写累计减除费用" in text_of(page)
    assert 'href="#id_facts-months"' in page.content.decode()
    assert "计算结果" not in text_of(page)


def test_nobody_works_more_months_than_the_year_has_had() -> None:
    page = text_of(compute("2020-03", "0101", {"cum_income": "90000", "months": "4"}))

    assert "月数应为 1 至 3 的整数" in page


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"income": "-1"}, "收入额应为不小于 0、最多两位小数的数字,现为“-1”"),
        ({"reduction_rate": "50"}, "减征比例应写作百分数(例如 1%)或小数(例如 0.01),现为“50”"),
    ],
)
def test_an_unreadable_value_is_named_at_its_field(given: dict[str, str], sentence: str) -> None:
    page = compute("2006-04", "0101", given)

    assert sentence in text_of(page)
    assert 'aria-invalid="true"' in page.content.decode()
    assert "<title>错误:" in page.content.decode()


def test_what_the_law_has_to_know_is_asked_for_at_its_field() -> None:
    page = compute("2014-01", "0107", {"lump": "100000", "years": "5"})

    assert "请填写当地上年职工平均工资" in text_of(page)
    assert 'href="#id_facts-local_avg_annual_wage"' in page.content.decode()


def test_interest_is_asked_for_by_the_days_known_in_its_month() -> None:
    assert "1999-11-01 至 2007-08-14 孳生的利息" in text_of(ask("2006-04", "05"))
    assert "2007-08-15" not in text_of(ask("2006-04", "05"))
    assert "2008-10-09 及以后孳生的利息" in text_of(ask("2008-10", "05"))


def test_savings_interest_is_computed_by_its_days() -> None:
    given = {"kind": "savings_interest", "accrued_0": "100", "accrued_1": "100"}

    assert "应扣税额 25.00" in text_of(compute("2008-10", "05", given))


def test_interest_without_its_days_is_missing_at_the_first_of_them() -> None:
    page = compute("2008-10", "05", {"kind": "savings_interest"})

    assert 'href="#id_facts-accrued_0"' in page.content.decode()


def test_a_method_is_chosen_where_there_are_several() -> None:
    assert "互联网平台从业人员" not in text_of(ask("2025-09", "02"))
    page = ask("2025-10", "02", method="platform_cumulative")
    assert "互联网平台从业人员" in text_of(page)
    assert "累计收入" in text_of(page)


@pytest.mark.parametrize(
    ("month", "item", "sentence"),
    [
        ("2019-01", "09", "按偶然所得(08)填报"),
        ("2019-01", "0103", "居民个人的数月奖金并入普通月工资(0101)填报"),
    ],
)
def test_an_item_that_ended_says_where_its_income_belongs(
    month: str, item: str, sentence: str
) -> None:
    page = ask(month, item)

    assert page.status_code == 200
    assert sentence in text_of(page)


def test_a_relief_that_nobody_extended_says_since_when_there_is_no_rule() -> None:
    page = text_of(compute("2028-01", "0102", {"bonus": "1000"}))

    assert "执行到 2028-01 以前,以后尚无规定" in page
    assert "财政部 税务总局公告2023年第30号" in page


@pytest.mark.parametrize("month", ["2005-12", "0000-01", "2006-13", "soon", ""])
def test_a_month_without_law_is_named_at_its_field(month: str) -> None:
    page = ask(month, "0101")

    assert page.status_code == 200
    assert 'href="#id_month"' in page.content.decode()


def test_an_old_choice_in_an_address_is_named_and_not_a_fault_of_ours() -> None:
    page = ask("2020-01", "02", method="platform_cumulative")

    assert "所选的值不在列表中,请重新选择" in text_of(page)


def test_too_many_calculations_wait_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("declarations.views.law.CALCULATIONS", 1)
    assert compute("2006-04", "0101", {"income": "5000"}).status_code == 200

    page = compute("2006-04", "0101", {"income": "6000"})

    assert page.status_code == 429
    assert 0 < int(page["Retry-After"]) <= 61
    assert "请过一分钟再试" in text_of(page)
    assert 'value="6000"' in page.content.decode()


def test_looking_at_the_calculator_counts_as_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("declarations.views.law.CALCULATIONS", 0)

    assert ask("2006-04", "0101").status_code == 200


def test_every_item_of_every_kind_of_month_can_be_asked_and_computed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("declarations.views.law.CALCULATIONS", 1000)
    for month in ("2006-01", "2012-12", "2018-10", "2019-01", "2026-10"):
        for method in METHODS:
            for item in method.items:
                choices = {"resident": "no"} if method.who is False else {}
                page = compute(month, item, {"months": "1"}, method=method.chosen, **choices)
                assert page.status_code == 200, (month, item)


# --- The form of facts ---


def test_every_input_of_every_method_has_a_field_with_its_help() -> None:
    for method in METHODS:
        form = facts_form(method.inputs, tax_month=method.start, method=method.name)
        for each in method.inputs:
            names = [name for name in form.fields if name.split("_")[0] == "accrued"]
            fields = names if each.kind == "accrued" else [each.key]
            assert fields
            for name in fields:
                field = form.fields[name]
                assert field.label, (method.name, name)
                assert field.help_text or each.kind == "choice", (method.name, name)


def test_facts_are_plain_text_that_a_line_accepts() -> None:
    inputs = {each.key: each for method in METHODS for each in method.inputs}
    data = {f"facts-{key}": "1" for key, each in inputs.items() if each.kind != "choice"}
    data |= {f"facts-{key}": each.choices[0] for key, each in inputs.items() if each.choices}
    data |= {"facts-accrued_1": "1,000.50", "facts-assessed_rate": "1%", "facts-months": "3"}
    form = facts_form(tuple(inputs.values()), data, methods=METHODS[:2])
    assert form.is_valid(), form.errors

    facts = form.facts()

    assert facts["accrued"] == {"2007-08-15..2008-10-08": "1000.5"}
    assert (facts["assessed_rate"], facts["seafarer"], facts["income"]) == ("0.01", True, "1")
    assert set(facts) <= FACTS
    line = check_line({**typed(), "facts": facts}, date(2006, 4, 1))
    assert not isinstance(line, list), line
    assert line.facts == facts


def test_facts_come_back_into_their_fields() -> None:
    inputs = {each.key: each for method in METHODS for each in method.inputs}
    facts: dict[str, Fact] = {
        "assessed_rate": "0.015",
        "accrued": {"2008-10-09..": "5"},
        "kind": "lottery",
    }

    form = facts_form(tuple(inputs.values()), initial=facts)

    assert form["assessed_rate"].value() == "1.5%"
    assert form["accrued_2"].value() == "5"
    assert form["kind"].value() == "lottery"


def test_blank_fields_tell_nothing() -> None:
    assert facts_of({"income": "", "seafarer": False, "kind": "", "accrued_0": ""}) == {}
    assert facts_of({"income": "0"}) == {"income": "0"}


@pytest.mark.parametrize(
    ("typed_rate", "rate"),
    [("50%", "0.5"), ("0.01", "0.01"), ("1.5 %", "0.015"), ("1", "1"), ("0", "0")],
)
def test_a_rate_is_read_in_per_cent_or_as_a_fraction(typed_rate: str, rate: str) -> None:
    method = next(method for method in METHODS if method.name == "assessed")
    form = facts_form(method.inputs, {"facts-assessed_rate": typed_rate})

    assert form.is_valid()
    assert form.facts() == {"assessed_rate": rate}


def test_a_price_keeps_its_decimals() -> None:
    method = next(method for method in METHODS if method.name == "options")
    form = facts_form(method.inputs, {"facts-market": "12.3456", "facts-strike": "1.12345678"})

    assert not form.is_valid()
    assert form.cleaned_data["market"] == "12.3456"
    assert "最多六位小数" in str(form.errors["strike"])


def test_the_case_form_asks_for_nothing_that_makes_no_difference() -> None:
    assert list(CaseForm({"month": "2006-04", "item": "0101"}).fields) == [
        "month",
        "item",
        "country",
    ]


# --- What is calculated ---


def test_a_given_basic_deduction_stands_above_the_months() -> None:
    inputs = {"cum_income": "90000", "cum_basic": "10000", "months": "3"}

    result = calculate(Case(date(2020, 3, 1), "0101", inputs=inputs))

    assert result.assessment.taxable == Decimal(80000)


@pytest.mark.parametrize("months", ["4", "0.5"])
def test_months_are_whole_and_of_the_year(months: str) -> None:
    with pytest.raises(WrongFact):
        calculate(Case(date(2020, 3, 1), "0101", inputs={"months": months}))


def test_no_months_are_missing_months() -> None:
    with pytest.raises(FactsMissing):
        calculate(Case(date(2020, 3, 1), "0101", inputs={"cum_income": "1"}))


# --- The law of a month ---


@pytest.fixture
def officer() -> Client:
    return client_of(staff(User.Role.OFFICER, office("1101")))


def law_page(client: Client, month: str) -> str:
    response = client.get(f"/law/{month}/")
    assert response.status_code == 200
    return text_of(response)


def test_an_officer_reads_the_law_of_a_month_with_its_sources(officer: Client) -> None:
    page = law_page(officer, "2006-04")

    for said in (
        "2006年4月的计税规则",
        "申报缴款期限 2006-05-07",
        "下次变动:2007年3月",
        "0101 工资、薪金所得-普通月工资 纳入校验 工资、薪金所得按月计税",
        "0103 工资、薪金所得-无住所个人数月奖金 不校验",
        "9 100,000.00 — 45% 15,375.00",
        "中国(001) 1,600.00 其他国家和地区 4,800.00 自 2006年1月起",
        "国税发[2005]196号;财税[2005]183号",
        "2026-11-21 核对",
        "未经证实 2008年3月以前附加减除费用为3200元",
        "北京市上年职工平均工资(元/年) — 尚未录入规定",
    ):
        assert said in page


def test_each_change_leads_to_the_next(officer: Client) -> None:
    month, seen = EARLIEST, [EARLIEST]
    while following := law_of_month(month).next_change:
        assert law_of_month(following).previous_change == month
        month = following
        seen.append(month)

    assert tuple(seen) == changes()
    assert {date(2011, 9, 1), date(2018, 10, 1), date(2019, 1, 1), date(2025, 10, 1)} <= set(seen)


def test_every_value_of_every_time_can_be_read_in_both_languages() -> None:
    for language in ("zh-hans", "en"):
        for month in changes():
            with override(language):
                law = law_of_month(month)
                for rule in (*law.tables, *law.rules):
                    assert rule.title, rule.name
                    assert rule.values or rule.brackets or rule.has_ended, rule.name
                    assert rule.citations, rule.name
                assert law_json(law)["parameters"]


def test_every_value_is_of_one_kind() -> None:
    kinds = [AMOUNTS, SHARES, COUNTS, SWITCHES]
    everything = {each.name for each in parameters()}
    everything |= {each.name for bureau in bureaus() for each in local_parameters(bureau)}
    others = {"cost_deduction", "exempt_dividends", *(n for n in everything if n[:6] == "rates_")}

    assert set().union(*kinds) | others == everything
    assert sum(map(len, kinds)) + len(others) == len(everything)


def test_every_part_of_a_value_has_its_words() -> None:
    for each in parameters():
        for block in each.history:
            if isinstance(block.value, Mapping):
                for key in block.value:
                    assert key == "brackets" or part_label(each.name, key), (each.name, key)
    assert set(PARTS) <= {each.name for each in parameters()}


def test_the_methods_shown_are_those_of_the_month() -> None:
    for month in changes():
        for item in law_of_month(month).items:
            shown = {each.method for each in item.methods}
            assert shown == {
                method for who in (True, False) for method in methods_of(month, item.code, who)
            }


def test_what_ended_is_marked(officer: Client) -> None:
    page = law_page(officer, "2028-01")

    assert "全年一次性奖金确定税率的月数 已停止执行" in page


def test_an_item_without_a_method_says_so(officer: Client) -> None:
    assert "09 其他所得 纳入校验 本月没有此项目的计税方法" in law_page(officer, "2019-01")


def test_the_month_that_is_asked_for_is_led_to(officer: Client) -> None:
    assert officer.get("/law/", {"month": "2010-05"})["Location"] == "/law/2010-05/"
    for nonsense in ("", "x", "2005-12"):
        location = officer.get("/law/", {"month": nonsense})["Location"]
        assert re.fullmatch(r"/law/20[0-9]{2}-[0-9]{2}/", location)


def test_a_month_before_the_first_has_no_page(officer: Client) -> None:
    assert officer.get("/law/2005-12/").status_code == 404


def test_the_last_month_has_a_page(officer: Client) -> None:
    assert officer.get("/law/9999-12/").status_code == 200


def test_the_law_and_the_calculator_are_a_link_away(officer: Client) -> None:
    assert reverse("law:law_now") in officer.get("/staff/").content.decode()
    assert 'href="/calculator/"' in Client().get("/").content.decode()
    clerk = client_of(a_clerk(an_agent()))
    page = clerk.get("/law/2006-04/").content.decode()
    assert 'href="/calculator/?month=2006-04"' in page


def test_the_limit_is_the_calculators_own() -> None:
    assert calculator.CALCULATIONS >= 60
