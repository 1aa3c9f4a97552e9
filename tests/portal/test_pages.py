"""The frame of every page, the public home, the language switch, the error pages."""

from __future__ import annotations

import ast
import re
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import translation

from portal import navigation
from portal.templatetags.amounts import count, month, yuan
from portal.views import errors
from tests.portal.people import a_clerk, an_agent, sign_in

ROOT: Path = settings.BASE_DIR
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
VIEWS = sorted(
    path
    for app in ("portal", "declarations", "reconciliation")
    for path in [*(ROOT / app).glob("views.py"), *(ROOT / app).glob("views/**/*.py")]
)


@pytest.mark.django_db
def test_the_home_page_has_the_four_sections_and_says_whom_it_does_not_serve(
    client: Client,
) -> None:
    page = client.get("/").content.decode()

    for section in (
        "自行申报纳税人使用",
        "代扣代缴单位使用",
        "个人独资合伙企业使用",
        "个体工商户使用",
    ):
        assert section in page
    assert page.count("本门户不受理") == 3
    for function in ("明细申报初始密码获取", "单位联系信息及密码修改", "申报及缴款信息查询"):
        assert function in page
    assert "个人所得税明细申报" in page
    assert reverse("staff_login") in page


@pytest.mark.django_db
def test_a_function_that_is_not_installed_leads_nowhere_and_says_so(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(navigation, "url_of", lambda url_name: "")

    page = client.get("/").content.decode()

    assert page.count("此项功能尚未在本门户开通") == 4
    assert "进入" not in page


@pytest.mark.django_db
@pytest.mark.parametrize("url_name", ["home", "enrolment", "login", "staff_login"])
def test_every_page_names_hotline_hours_and_office_in_this_order(
    client: Client, url_name: str
) -> None:
    footer = client.get(reverse(url_name)).content.decode().partition("<footer")[2]

    places = [footer.index(word) for word in ("服务热线", "服务时间", "主管税务所")]
    assert places == sorted(places)


@pytest.mark.django_db
def test_a_page_is_chinese_until_the_switch_and_the_switch_keeps_the_address() -> None:
    client = Client(headers={"accept-language": "en"})
    page = client.get("/login/?next=/contact/")
    assert page.headers["Content-Language"] == "zh-hans"
    assert '<html lang="zh-Hans">' in page.content.decode()
    assert 'name="next" value="/login/?next=/contact/"' in page.content.decode()

    answer = client.post("/language/", {"language": "en", "next": "/login/?next=/contact/"})

    assert answer.headers["Location"] == "/login/?next=/contact/"
    assert client.get("/login/").headers["Content-Language"] == "en"
    assert client.post("/language/", {"next": "https://evil.example/"}).headers["Location"] == "/"
    assert client.get("/language/").status_code == 405


@pytest.mark.django_db
@pytest.mark.parametrize("cookie", ["xx", "../../etc", "EN", ""])
def test_a_language_that_the_site_does_not_have_is_chinese(client: Client, cookie: str) -> None:
    client.cookies["language"] = cookie

    assert client.get("/login/").headers["Content-Language"] == "zh-hans"


@pytest.mark.django_db
def test_the_menu_shows_where_one_is(client: Client) -> None:
    sign_in(client, a_clerk(an_agent()))

    page = client.get("/contact/").content.decode()

    assert page.count('<a href="/contact/" aria-current="page">') == 2  # wide and folded
    assert "单位11010001" in page


@pytest.mark.django_db
def test_a_page_that_is_not_there_says_so_in_the_frame(client: Client) -> None:
    answer = client.get("/no/such/page/")

    assert answer.status_code == 404
    assert "没有这个页面" in answer.content.decode()


def test_our_failure_is_not_called_the_users_mistake(rf: Any) -> None:
    answer = errors.server_error(rf.get("/"))

    assert answer.status_code == 500
    assert "不是您填写的内容有误" in answer.content.decode()
    assert errors.bad_request(rf.get("/"), Exception()).status_code == 400


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_in_a_template_is_inline(template: Path) -> None:
    class Reader(HTMLParser):
        found: list[str]

        def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            names = {name for name, _value in attributes}
            if tag == "style" or (tag == "script" and not names & {"src", "type"}):
                self.found.append(tag)
            self.found += [name for name in names if name == "style" or name.startswith("on")]

    reader = Reader()
    reader.found = []
    reader.feed(re.sub(r"{[%#].*?[%#]}", "", template.read_text()))

    assert reader.found == []


@pytest.mark.parametrize("path", VIEWS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_view_goes_to_the_database_past_the_access_functions(path: Path) -> None:
    used = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in ("objects", "_default_manager")
    ]

    assert used == []


# Amounts, counts and months


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        (Decimal("0"), "0.00"),
        (Decimal("1234567.8"), "1,234,567.80"),
        (Decimal("-1000"), "-1,000.00"),
        (Decimal("99999999999999.99"), "99,999,999,999,999.99"),
        (3, "3.00"),
        (None, "—"),
    ],
)
def test_amounts_have_commas_by_thousands_and_two_decimals(amount: Any, written: str) -> None:
    for language in ("zh-hans", "en"):
        with translation.override(language):
            assert yuan(amount) == written


def test_a_float_is_no_amount() -> None:
    with pytest.raises(TypeError, match="Decimal"):
        yuan(0.1)  # type: ignore[arg-type]


def test_counts_and_months_are_written_in_both_languages() -> None:
    assert (count(2109600), count(0), count(None)) == ("2,109,600", "0", "—")
    assert month(date(2006, 4, 1)) == "2006年4月"
    assert month(None) == "—"


# The style sheet

STYLES = (ROOT / "portal" / "static" / "portal" / "portal.css").read_text()
LIGHT, DARK = (
    dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))
    for block in re.findall(r":root \{(.*?)\}", STYLES, re.S)[:2]
)
PAIRS = [
    ("text", "page", 4.5),
    ("text", "surface", 4.5),
    ("text", "shade", 4.5),
    ("muted", "page", 4.5),
    ("muted", "surface", 4.5),
    ("muted", "shade", 4.5),
    ("link", "page", 4.5),
    ("link", "surface", 4.5),
    ("link", "shade", 4.5),
    ("on-primary", "primary", 4.5),
    ("on-primary", "primary-strong", 4.5),
    ("primary", "surface", 4.5),
    ("primary", "info-tint", 4.5),
    ("text", "info-tint", 4.5),
    ("error", "surface", 4.5),
    ("error", "error-tint", 4.5),
    ("text", "error-tint", 4.5),
    ("warning", "surface", 4.5),
    ("warning", "warning-tint", 4.5),
    ("text", "warning-tint", 4.5),
    ("success", "surface", 4.5),
    ("success", "success-tint", 4.5),
    ("text", "success-tint", 4.5),
    ("control", "surface", 3),
    ("control", "page", 3),
]


@pytest.mark.parametrize("scheme", [LIGHT, LIGHT | DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back", "least"), PAIRS)
def test_every_pair_of_colours_has_its_contrast(
    scheme: dict[str, str], front: str, back: str, least: float
) -> None:
    lighter, darker = sorted((luminance(scheme[front]), luminance(scheme[back])), reverse=True)

    assert (lighter + 0.05) / (darker + 0.05) >= least


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2.2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
