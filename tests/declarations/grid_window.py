"""A clerk at the grid in Chromium: a server of the test's own, and what hands and eyes do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from declarations.models import Declaration, DraftLine
from portal.models import User
from tests.conftest import beside_a_browser
from tests.factories import client_of

_WATCH = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`Content Security Policy: ${event.effectiveDirective} ${event.blockedURI}`));
"""

# The key that a page is told of while an input method takes the keys.
PROCESS = {
    "type": "rawKeyDown",
    "key": "Process",
    "code": "KeyN",
    "windowsVirtualKeyCode": 229,
}


@contextmanager
def serving() -> Iterator[str]:
    """Serve the portal from this process; yield its address."""
    server = LiveServerThread("127.0.0.1", StaticFilesHandler)
    server.daemon = True
    server.start()
    server.is_ready.wait()
    if server.error:
        raise server.error
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.terminate()


def logged_in(browser: Browser, url: str, user: User, **options: Any) -> BrowserContext:
    """Return a browser's context in which a user is logged in."""
    context = browser.new_context(locale="zh-CN", **options)
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=url)
    context.add_init_script(_WATCH)
    with beside_a_browser():
        sid = client_of(user).cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": sid, "url": url}])
    return context


class GridWindow:
    """One window with a draft's grid in it."""

    def __init__(self, context: BrowserContext, url: str, draft: Declaration) -> None:
        self.draft = draft
        self.complaints: list[str] = []
        self.address = f"{url}/declarations/{draft.public_id}/grid/"
        self.page: Page = context.new_page()
        self.page.set_viewport_size({"width": 1280, "height": 800})
        self.page.set_default_timeout(10_000)
        self.method = context.new_cdp_session(self.page)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._hear)
        self.open()

    def _hear(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def open(self, fragment: str = "") -> None:
        self.page.goto(self.address + fragment)
        self.page.wait_for_selector("#grid-editor[data-state=ready]", state="attached")
        self.page.locator("#grid").focus()

    # --- Hands ---

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        """Type a text; what has no key of its own by an input method."""
        if text.isascii():
            self.page.keyboard.type(text)
        else:
            self.compose(text)

    def compose(self, *stages: str) -> None:
        """Compose a text in an input method: every stage of it, the last one chosen."""
        for stage in stages[:-1] or stages:
            self.method.send("Input.dispatchKeyEvent", PROCESS)
            self.method.send(
                "Input.imeSetComposition",
                {"text": stage, "selectionStart": len(stage), "selectionEnd": len(stage)},
            )
        self.method.send("Input.insertText", {"text": stages[-1]})

    def go_to(self, row: int, column: str) -> None:
        """Select a cell by its line's number, counted from 1, and its column."""
        self.cell(row, column).click()

    def paste(self, text: str) -> None:
        """Paste a text as a program put it on the clipboard."""
        self.page.locator("#grid").evaluate(
            """(element, text) => {
                const clipboardData = new DataTransfer();
                clipboardData.setData("text/plain", text);
                element.dispatchEvent(new ClipboardEvent("paste", {
                    clipboardData, bubbles: true, cancelable: true }));
            }""",
            text,
        )

    def copied(self) -> Mapping[str, str]:
        """Copy what is selected; return what is on the clipboard, by type."""
        found: dict[str, str] = self.page.locator("#grid").evaluate(
            """(element) => {
                const clipboardData = new DataTransfer();
                element.dispatchEvent(new ClipboardEvent("copy", {
                    clipboardData, bubbles: true, cancelable: true }));
                return { text: clipboardData.getData("text/plain"),
                         html: clipboardData.getData("text/html") };
            }"""
        )
        return found

    def do(self, name: str) -> None:
        self.page.locator(".grid-tools").get_by_role("button", name=name, exact=True).click()

    # --- Eyes ---

    def cell(self, row: int, column: str) -> Locator:
        return self.page.locator(
            f'#grid .tabulator-row[aria-rowindex="{row + 1}"] [tabulator-field="{column}"]'
        )

    def text(self, row: int, column: str) -> str:
        found: str = self.cell(row, column).evaluate("cell => cell.firstChild.data")
        return found

    def active(self) -> tuple[int, str]:
        """Return where the keyboard is: the line's number and the column."""
        found = self.page.locator("#grid-active").evaluate(
            """cell => [Number(cell.closest(".tabulator-row").getAttribute("aria-rowindex")) - 1,
                        cell.getAttribute("tabulator-field")]"""
        )
        return found[0], found[1]

    def says(self, words: str) -> None:
        expect(self.page.locator("#grid-said")).to_contain_text(words)

    def until_saved(self) -> None:
        expect(self.page.locator("#grid-saving")).to_contain_text("已保存", timeout=60_000)

    def saved(self) -> list[dict[str, str]]:
        """Return the draft's lines as the database has them, once all is saved."""
        self.until_saved()
        with beside_a_browser():
            rows = list(DraftLine.objects.filter(declaration=self.draft).order_by("position"))
        return [row.cells.reveal_json("test") for row in rows]

    def block(self, rows: Sequence[int], columns: Sequence[str]) -> list[list[str]]:
        return [[self.text(row, column) for column in columns] for row in rows]
