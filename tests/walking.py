"""Walks through a running portal with Chromium, and looks at every page on the way."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # has no types
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Response, expect

# WCAG 2.2, A and AA: axe runs only what is named here, and no best practices.
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
DESK = {"width": 1280, "height": 900}
NARROW = (390, 320)

_WATCH = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`Content Security Policy: ${event.effectiveDirective} ${event.blockedURI}`));
"""


class Walk:
    """A person at a browser: one context, one page, and what went wrong on the way.

    `looks_closely` has axe read each page that `look` is called on, and narrows it.
    """

    def __init__(self, context: BrowserContext, url: str, *, looks_closely: bool) -> None:
        self.url = url
        self.looks_closely = looks_closely
        self.complaints: list[str] = []
        self.seen: list[str] = []
        context.add_init_script(_WATCH)
        self.page: Page = context.new_page()
        self.page.set_viewport_size(DESK)  # type: ignore[arg-type]  # a TypedDict
        self.page.set_default_timeout(15_000)
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("response", self._answered)

    def open(self, path: str) -> None:
        self.page.goto(f"{self.url}{path}")

    def click(self, name: str, *, within: str = "main") -> None:
        """Click the link or button of that name, or of which the name begins so."""
        part = self.page.locator(within)
        begins = re.compile(f"^{re.escape(name)}")
        part.get_by_role("link", name=begins).or_(
            part.get_by_role("button", name=begins)
        ).first.click()

    def fill(self, **values: str) -> None:
        """Fill fields, by their names; the labels are axe's business."""
        for name, value in values.items():
            self.page.locator(f"main [name={name}]").fill(value)

    def tick(self, name: str) -> None:
        self.page.locator(f"main [name={name}]").check()

    def look(self, *words: str) -> None:
        """Expect words on the page; then have it examined, at each width."""
        for word in words:
            expect(self.page.locator("body")).to_contain_text(word)
        path = self.page.url.removeprefix(self.url)
        self.seen.append(path)
        if not self.looks_closely:
            return
        found = Axe().run(
            self.page,
            # Swagger UI is as it comes: docs/accessibility.md names what it fails in.
            context={"exclude": [[".swagger-ui"]]},
            options={"runOnly": {"type": "tag", "values": WCAG}},
        )
        for violation in found.response["violations"]:
            for node in violation["nodes"]:
                self.complaints.append(f"{path}: {violation['id']}: {node['html']}")
        for width in NARROW:
            self.page.set_viewport_size({"width": width, "height": 800})
            wide = self.page.evaluate("document.documentElement.scrollWidth")
            if wide > width:
                self.complaints.append(f"{path}: {wide} px wide at {width}")
        self.page.set_viewport_size(DESK)  # type: ignore[arg-type]  # a TypedDict

    def links(self) -> list[str]:
        """Return the paths on this site that the page links to."""
        found: list[str] = self.page.eval_on_selector_all(
            "a[href]", "links => links.map(link => link.href.split('#')[0])"
        )
        ours = [link for link in found if link.startswith(f"{self.url}/")]
        return [link.removeprefix(self.url) for link in ours]

    def until(self, condition: Callable[[Page], Any], *, within: float = 60) -> None:
        """Reload the page until a condition holds: what a worker does takes its time."""
        deadline = time.monotonic() + within
        while not condition(self.page):
            assert time.monotonic() < deadline, self.page.inner_text("main")
            self.page.wait_for_timeout(200)
            self.page.reload()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{self.page.url}: {message.text}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.url}: {response.status}")
