"""The unmodified sockjs-client 1.6.1 in real browsers against ``/echo``: awkward text comes back, and never runs."""

import pytest
from browserkit.chatter import FOREIGN_TRANSPORTS, TRANSPORTS
from browserkit.drive import Browser, Page
from browserkit.server import ChatServer, ForeignSite

# Sends every text, compares what comes back in the page (lone surrogates do not travel to the test), closes later.
ECHO = """(url, transport) => new Promise((resolve, reject) => {
  const lone = String.fromCharCode(0xD800);
  const texts = [
    ["percent", "100% sure", null],
    ["script", "</script><script>window.__pwned=1</script>", null],
    ["line separators", "a\\u2028b\\u2029c", null],
    ["astral", "\\u{1F600}\\u{10FFFF} \\u{1D11E}", null],
    ["NUL", "a\\u0000b", null],
    ["quotes", "'\\"\\\\\\b\\f\\n\\r\\t\\u007f\\u0085\\ufeff\\ufffe", null],
    ["zero width", "\\u200b\\u200c\\u202e\\u2060\\ufff0\\uffff", null],
    ["100 KB", "0123456789".repeat(10240), null],
    ["lone surrogate", "a" + lone + "b", "a\\ufffdb"],
    ["empty", "", null],
  ];
  const wrong = [];
  const sock = window.sock = new SockJS(url, null, {transports: [transport], timeout: 10000});
  let at = 0;
  sock.onopen = () => texts.forEach((text) => sock.send(text[1]));
  sock.onclose = (event) => reject(new Error("closed " + event.code + " " + event.reason + " after " + at));
  sock.onmessage = (event) => {
    const [name, sent, changed] = texts[at];
    if (event.data !== (changed === null ? sent : changed)) {
      wrong.push(name + ": " + JSON.stringify(event.data.slice(0, 100)));
    }
    at += 1;
    if (at === texts.length) { resolve({wrong: wrong, transport: sock.transport, version: SockJS.version}); }
  };
})"""


def echoes(page: Page, server: ChatServer, transport: str) -> None:
    """Assert that all comes back over ``transport``, and that no frame of the page has run any of it."""
    page.wait_until(
        "() => document.readyState === 'complete'"
    )  # a stream in a frame, begun before, would be part of it
    answer = page.evaluate(ECHO, f"{server.url}echo", transport)
    assert answer == {"wrong": [], "transport": transport, "version": "1.6.1"}
    frames = page.everywhere("() => typeof window.__pwned")
    assert set(frames) == {"undefined"}
    assert len(frames) > ("iframe" in transport or transport == "htmlfile"), (
        "the transport's frame was looked into"
    )
    page.evaluate("() => { sock.onclose = null; sock.close(); }")


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_awkward_text_is_echoed_to_a_page_of_the_same_origin(
    browser: Browser, server: ChatServer, transport: str
) -> None:
    # Nobody has logged in here: it is the page of ours with the strictest policy that has the client in it.
    page = browser.open(f"{server.url}?transport=websocket")
    if transport == "htmlfile":
        # The protocol's own page for htmlfile does this too, and where that still means something both must do it.
        page.evaluate("() => { document.domain = document.domain; }")
    echoes(page, server, transport)


@pytest.mark.parametrize("transport", FOREIGN_TRANSPORTS)
def test_awkward_text_is_echoed_to_a_page_of_another_origin(
    browser: Browser, server: ChatServer, foreign: ForeignSite, transport: str
) -> None:
    echoes(browser.open(f"{foreign.origin}/pages/echo.html"), server, transport)
