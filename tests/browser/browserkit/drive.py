"""One face for both browsers, so that a test is written once.

A *profile* has storage and connections of its own (six a host, as HTTP/1.1 gives): a context in Chromium, a container
in Firefox. JavaScript is given as the text of a function.
"""

from abc import ABC, abstractmethod
from typing import Any

WAIT_S = 20.0

# Looks every 20 ms, inside the page; a page that goes away ends the wait with the browser's own error.
WAIT = """(limit, args) => new Promise((resolve, reject) => {
  const end = performance.now() + limit;
  const look = () => {
    try {
      const value = (%s)(...args);
      if (value || performance.now() > end) { resolve(value || null); } else { setTimeout(look, 20); }
    } catch (error) { reject(error); }
  };
  look();
})"""

_STORY = """() => ({
  at: location.href,
  document: document.readyState,
  status: window.twistedchatPage && twistedchatPage.chat ? twistedchatPage.chat.live.status() : "no chat here",
  log: window.TwistedChat ? TwistedChat.log.lines.slice(-40) : []
})"""


class Page(ABC):
    """A page in a tab."""

    @abstractmethod
    def goto(self, url: str) -> None:
        """Go to ``url``; returns when its scripts have run."""

    @abstractmethod
    def reload(self) -> None:
        """Load the page again; returns when its scripts have run."""

    @abstractmethod
    def back(self) -> None:
        """Go back one step in the history; returns when the page is there."""

    @abstractmethod
    def evaluate(self, function: str, *args: Any, timeout_s: float = WAIT_S) -> Any:
        """Call the function; return its result, or what its promise gives, through JSON."""

    @abstractmethod
    def everywhere(self, function: str) -> list[Any]:
        """Call the function in the page and in each of its frames; return all results."""

    @abstractmethod
    def press(self, *keys: str) -> None:
        """Press keys one after the other, as a person would: "Enter", "Shift+Enter", "Tab", "ArrowDown", "Escape", "a"."""

    @abstractmethod
    def write(self, text: str) -> None:
        """Type text where the focus is."""

    @abstractmethod
    def complaints(self) -> list[str]:
        """Return what the console has of errors, uncaught exceptions and violations of the policy since the start."""

    @abstractmethod
    def close(self) -> None:
        """Close the tab."""

    def wait_until(self, function: str, *args: Any, timeout_s: float = WAIT_S) -> Any:
        """Wait until the function returns something true; return that.

        Raises:
            AssertionError: it did not in time; says what the page has logged.
        """
        value = self.evaluate(WAIT % function, timeout_s * 1000, list(args), timeout_s=timeout_s + 10)
        assert value, f"not within {timeout_s} s: {function} {args}\n{self.story()}"
        return value

    def story(self) -> str:
        """Return where the page stands, for a failed test to show."""
        told = self.evaluate(_STORY)
        return "\n".join([f"{told['at']} {told['document']} {told['status']}", *told["log"]])


class Browser(ABC):
    """A browser that runs.

    Attributes:
        name: "chromium" or "firefox".
    """

    name: str

    @abstractmethod
    def profile(self) -> Any:
        """Return a new profile to open pages in."""

    @abstractmethod
    def open(self, url: str, profile: Any = None) -> Page:
        """Open ``url`` in a new tab, in a new profile unless one is given."""

    @abstractmethod
    def close_pages(self) -> None:
        """Close every page that was opened."""

    @abstractmethod
    def quit(self) -> None:
        """End the browser."""
