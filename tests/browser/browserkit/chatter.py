"""The chat in a page: our own at ``/``, or the bare one of another origin. Both have ``twistedchatPage.chat``."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from browserkit.drive import WAIT_S, Browser, Page

TRANSPORTS = (
    "websocket",
    "xhr-streaming",
    "eventsource",
    "iframe-eventsource",
    "htmlfile",
    "iframe-htmlfile",
    "xhr-polling",
    "iframe-xhr-polling",
    "jsonp-polling",
)
FOREIGN_TRANSPORTS = tuple(name for name in TRANSPORTS if name != "htmlfile")

_ROOM = "twistedchatPage.chat.room(channel)"

# Listens to the room from now on: every line that somebody else wrote must be told once, and once only.
_LISTEN = f"""(channel) => {{
  const room = {_ROOM};
  window.told = {{}};
  window.arrivals = [];
  room.on("message", (message) => {{
    if (window.cutSoon) {{
      window.cutSoon = false;
      twistedchatPage.chat.live.cut();
    }}
    if (!message.mine) {{
      told[message.id] = (told[message.id] || 0) + 1;
      arrivals.push([message.offset, message.id, message.text]);
    }}
  }});
}}"""

_LOGGED = f"""(channel) => {_ROOM}.messages.filter((message) => message.state === "sent")
  .map((message) => [message.offset, message.id, message.from.name, message.text])"""


@dataclass(frozen=True, slots=True)
class Line:
    """A message of the log as a page has it."""

    offset: int
    id: str
    author: str
    text: str


class Chatter:
    """One person in one room, in one page."""

    def __init__(self, page: Page, name: str, room: str) -> None:
        self.page = page
        self.name = name
        self.channel = f"room/{room}"

    def __repr__(self) -> str:
        return self.name

    def joined(self) -> "Chatter":
        """Wait until it is in the room, then listen to it."""
        self.page.wait_until(
            f"(channel) => window.twistedchatPage && twistedchatPage.chat && {_ROOM} && {_ROOM}.joined",
            self.channel,
        )
        self.page.evaluate(_LISTEN, self.channel)
        return self

    def say(self, *texts: str) -> None:
        """Write messages, in this order."""
        self.page.evaluate(
            f"(channel, texts) => texts.forEach((text) => {_ROOM}.say(text))", self.channel, texts
        )

    def cut(self) -> None:
        """Break the connection as a bad network would."""
        self.page.evaluate("() => twistedchatPage.chat.live.cut()")

    def cut_at_next_arrival(self) -> None:
        """Break the connection when the next message comes."""
        self.page.evaluate("() => { window.cutSoon = true; }")

    def was_cut(self) -> None:
        """Wait until ``cut_at_next_arrival`` has cut."""
        self.page.wait_until("() => window.cutSoon === false")

    def use(self, transport: str) -> None:
        """Ask for another transport."""
        self.page.evaluate("(name) => twistedchatPage.chat.live.use(name)", transport)

    def on_transport(self, transport: str, timeout_s: float = WAIT_S) -> None:
        """Wait until the connection is open on it: by our word, and by that of the SockJS client below."""
        self.page.wait_until(
            """(name) => {
              const live = twistedchatPage.chat.live;
              const status = live.status();
              const session = live.comet.current;
              return status.state === "open" && status.transport === name && !status.brief &&
                !!session && !!session.sock && session.sock.transport === name;
            }""",
            transport,
            timeout_s=timeout_s,
        )

    def settled(self, total: int, timeout_s: float = 60) -> None:
        """Wait until ``total`` messages of the log are here and none of ours is still to be sent."""
        self.page.wait_until(
            f"""(channel, total) => {_ROOM} && {_ROOM}.unsent().length === 0 &&
              {_ROOM}.messages.filter((message) => message.state === "sent").length >= total""",
            self.channel,
            total,
            timeout_s=timeout_s,
        )

    def lines(self) -> list[Line]:
        """Return the log as the page has it."""
        return [Line(*fields) for fields in self.page.evaluate(_LOGGED, self.channel)]

    def shown(self) -> list[dict[str, Any]]:
        """Return what our own page has drawn."""
        return list(self.page.evaluate("() => twistedchatPage.shown()"))

    def told_twice(self) -> dict[str, int]:
        """Return the ids of others' messages that were told more than once since ``joined``."""
        return dict(
            self.page.evaluate(
                "() => Object.fromEntries(Object.entries(told).filter((entry) => entry[1] > 1))"
            )
        )

    def arrivals(self) -> list[int]:
        """Return the offsets of others' messages in the order in which they came since ``joined``."""
        return [entry[0] for entry in self.page.evaluate("() => arrivals")]


def own_page(url: str, name: str, room: str, transport: str) -> str:
    """Return the URL of our page that logs in by itself."""
    return f"{url}?{urlencode({'name': name, 'go': 1, 'room': room, 'transport': transport})}"


def foreign_page(origin: str, url: str, name: str, room: str, transport: str) -> str:
    """Return the URL of the bare page of another origin."""
    asked = {"comet": f"{url}comet", "name": name, "room": room, "transport": transport}
    return f"{origin}/pages/bare.html?{urlencode(asked)}"


def enter(browser: Browser, url: str, name: str, room: str, transport: str, profile: Any = None) -> Chatter:
    """Open our page and be in the room."""
    return Chatter(browser.open(own_page(url, name, room, transport), profile), name, room).joined()


def assert_same_log(chatters: list[Chatter], texts: set[str]) -> None:
    """Assert that every page has every text once, in one order, and was told nothing twice or out of order."""
    first = chatters[0].lines()
    assert sorted(line.text for line in first) == sorted(texts), f"{chatters[0]} has not each text once"
    offsets = [line.offset for line in first]
    assert offsets == list(range(offsets[0], offsets[0] + len(offsets))), f"{chatters[0]} has a hole"
    for chatter in chatters[1:]:
        assert chatter.lines() == first, f"{chatter} differs from {chatters[0]}"
    for chatter in chatters:
        assert chatter.told_twice() == {}, chatter
        arrivals = chatter.arrivals()
        assert arrivals == sorted(arrivals), f"{chatter} was told out of order"


def shows(chatter: Chatter, *texts: str) -> None:
    """Wait until the log on the screen has exactly these lines at its end, all of them sent."""
    chatter.page.wait_until(
        """(texts) => {
          const lines = twistedchatPage.shown().slice(-texts.length);
          return JSON.stringify(lines.map((line) => line.text)) === JSON.stringify(texts) &&
            lines.every((line) => line.state === "sent");
        }""",
        list(texts),
    )
