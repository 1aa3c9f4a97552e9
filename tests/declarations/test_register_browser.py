"""The register in Chromium: nothing that axe finds, nothing too wide, in both languages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from declarations.roster_workbook import write_roster
from declarations.services.drafts import add_line, create_draft
from declarations.services.taxpayers import add_taxpayer
from portal.models import User
from tests.conftest import beside_a_browser
from tests.declarations.builders import APRIL, LI, a_clerk, an_agent, filed, typed
from tests.declarations.grid_window import logged_in, serving
from tests.declarations.register import a_person
from tests.walking import Walk

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Take Debian's Chromium, which has no sandbox for root."""
    chromium = shutil.which("chromium")
    assert chromium, "Chromium is missing: run `make packages`."
    return {**browser_type_launch_args, "executable_path": chromium, "args": ["--no-sandbox"]}


def a_full_register() -> tuple[User, str, str]:
    """Return a clerk, and the addresses of a draft and a filed one with strangers in them."""
    acme = an_agent()
    clerk = a_clerk(acme)
    add_taxpayer(acme, a_person(joined_on=date(2005, 7, 1)))
    for number in range(60):
        person = a_person(
            name=f"约翰·史密斯 John Smith {number}",
            document_type="03",
            document_number=f"G{number:07}",
            country="003",
            occupation="2021300",
            employed_here=bool(number % 2),
            left_on=date(2006, 4, 30) if number % 3 else None,
        )
        add_taxpayer(acme, person)
    declaration = filed(acme, declarant="某单位")
    draft = create_draft(acme, APRIL, "regular")
    add_line(draft, typed(name="李四", document_number=LI))
    add_line(draft, typed(name="", document_type="03", document_number="E1234567"))
    return clerk, f"/declarations/{draft.public_id}/", f"/declarations/{declaration.public_id}/"


@pytest.fixture(params=["zh-hans", "en"])
def walk(
    request: pytest.FixtureRequest, committed: None, browser: Browser, tmp_path: Path
) -> Iterator[tuple[Walk, str, str, Path]]:
    with beside_a_browser():
        clerk, draft, receipt = a_full_register()
        list_of_persons = tmp_path / "persons.xlsx"
        persons = [
            a_person(name="张叁", remark="改名"),
            a_person(name="李四", document_number=LI),
            a_person(name="", document_type="03", document_number="E7654321"),
        ]
        list_of_persons.write_bytes(write_roster(persons))
    with serving() as url:
        context = logged_in(browser, url, clerk)
        context.add_cookies([{"name": "django_language", "value": request.param, "url": url}])
        walk = Walk(context, url, looks_closely=True)
        yield walk, draft, f"{receipt}receipt/", list_of_persons
        context.close()
    assert not walk.complaints, "\n".join(walk.complaints)


def test_every_page_of_the_register_is_for_everybody(walk: tuple[Walk, str, str, Path]) -> None:
    clerk, draft, receipt, list_of_persons = walk
    for path in (
        "/taxpayers/",
        "/taxpayers/?state=left&page=2",
        "/taxpayers/new/",
        "/taxpayers/upload/",
        f"{draft}check/",
        receipt,
    ):
        clerk.open(path)
        clerk.look()
    clerk.open("/taxpayers/")
    clerk.fill(text="John")
    clerk.page.locator("main form.search button").click()
    clerk.look("John Smith 0")
    clerk.page.locator("main tbody th a").first.click()
    clerk.look()
    clerk.fill(document_number="1", name="")
    clerk.page.locator("main form button").first.click()
    clerk.look()
    clerk.open("/taxpayers/")
    clerk.page.locator("main tbody .row-actions a").nth(1).click()
    clerk.look()
    clerk.open("/taxpayers/upload/")
    clerk.page.locator("main input[type=file]").set_input_files(list_of_persons)
    clerk.page.locator("main form button").click()
    clerk.look("张叁")
