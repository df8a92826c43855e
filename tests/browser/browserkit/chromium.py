"""Chromium by Playwright."""

import shutil
from typing import Any

from playwright.sync_api import BrowserContext, Frame, sync_playwright
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page as Tab

from browserkit.drive import WAIT_S, Browser, Page

_QUIET = ["--no-sandbox", "--no-first-run", "--disable-background-networking", "--disable-component-update"]


def program() -> str | None:
    """Return the path of Chromium, or None."""
    return shutil.which("chromium")


class ChromiumPage(Page):
    """See ``Page``."""

    def __init__(self, tab: Tab) -> None:
        self.tab = tab
        self._complaints: list[str] = []
        tab.set_default_timeout(WAIT_S * 1000)
        tab.on("pageerror", lambda error: self._complaints.append(str(error)))
        tab.on("console", self._heard)

    def _heard(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self._complaints.append(f"{message.type}: {message.text}")

    def goto(self, url: str) -> None:
        """See ``Page``."""
        self.tab.goto(url, wait_until="domcontentloaded")

    def reload(self) -> None:
        """See ``Page``."""
        self.tab.reload(wait_until="domcontentloaded")

    def back(self) -> None:
        """See ``Page``."""
        self.tab.go_back(wait_until="commit")

    def evaluate(self, function: str, *args: Any, timeout_s: float = WAIT_S) -> Any:
        """See ``Page``."""
        return self.tab.evaluate(f"async (args) => await ({function})(...args)", list(args))

    def everywhere(self, function: str) -> list[Any]:
        """See ``Page``."""
        return [frame.evaluate(f"() => ({function})()") for frame in self._frames()]

    def _frames(self) -> list[Frame]:
        return [frame for frame in self.tab.frames if not frame.is_detached()]

    def press(self, *keys: str) -> None:
        """See ``Page``."""
        for key in keys:
            self.tab.keyboard.press(key)

    def write(self, text: str) -> None:
        """See ``Page``."""
        self.tab.keyboard.type(text)

    def complaints(self) -> list[str]:
        """See ``Page``."""
        self.evaluate("() => 0")  # what was said before this answer has been heard now
        return list(self._complaints)

    def close(self) -> None:
        """See ``Page``."""
        self.tab.close()


class Chromium(Browser):
    """See ``Browser``."""

    name = "chromium"

    def __init__(self) -> None:
        self._playwright = sync_playwright().start()
        self._browser = self._playwright.chromium.launch(
            executable_path=program(),
            args=_QUIET,
            ignore_default_args=["--disable-back-forward-cache"],
        )
        self._contexts: list[BrowserContext] = []

    def profile(self) -> BrowserContext:
        """See ``Browser``."""
        context = self._browser.new_context()
        self._contexts.append(context)
        return context

    def open(self, url: str, profile: BrowserContext | None = None) -> ChromiumPage:
        """See ``Browser``."""
        page = ChromiumPage((profile or self.profile()).new_page())
        page.goto(url)
        return page

    def close_pages(self) -> None:
        """See ``Browser``."""
        contexts, self._contexts = self._contexts, []
        for context in contexts:
            try:
                context.close()
            except PlaywrightError:
                continue

    def quit(self) -> None:
        """See ``Browser``."""
        self._browser.close()
        self._playwright.stop()
