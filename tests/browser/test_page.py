"""The page as a visitor has it: what is typed, pressed, shown and read; without an error in the console."""

from collections.abc import Iterator
from itertools import count

import pytest
from browserkit.chatter import TRANSPORTS, Chatter, enter, shows
from browserkit.chromium import ChromiumPage
from browserkit.drive import Browser, Page
from browserkit.server import ChatServer

FOCUSED = "() => document.activeElement.id"
_rooms = count(1)

# Chromium tells of each frame of SockJS whose listener our pages have it ignore, for the back-forward cache's sake.
UNLOAD = "Permissions policy violation: unload is not allowed"
VALUE = "() => document.getElementById('text').value"


@pytest.fixture
def room() -> str:
    """A room of this test's own."""
    return f"visit-{next(_rooms)}"


@pytest.fixture
def page(browser: Browser, server: ChatServer, room: str) -> Iterator[Page]:
    """Our page with the login form in front; afterwards the console must be empty."""
    page = browser.open(f"{server.url}?room={room}")
    page.evaluate(
        """() => {
          window.violations = [];
          addEventListener("securitypolicyviolation", (event) => violations.push(event.violatedDirective));
        }"""
    )
    yield page
    assert page.evaluate("() => violations") == []
    assert page.complaints() == []


@pytest.fixture
def visitor(page: Page, room: str) -> Chatter:
    """A visitor who has logged in with the keyboard alone."""
    name = f"visitor of {room}"
    page.wait_until("() => document.activeElement.id === 'name'")
    page.write(name)
    page.press("Enter")
    return Chatter(page, name, room).joined()


def test_enter_sends_and_shift_enter_breaks_the_line(visitor: Chatter) -> None:
    page = visitor.page
    page.wait_until("() => document.activeElement.id === 'text'")
    page.write("first line")
    page.press("Shift+Enter")
    page.write("second line")
    assert page.evaluate(VALUE) == "first line\nsecond line"
    page.press("Enter")
    shows(visitor, "first line\nsecond line")
    assert page.evaluate(VALUE) == ""
    assert page.evaluate(FOCUSED) == "text"
    page.write("   ")
    page.press("Enter")
    page.write("x")
    page.press("Enter")
    shows(visitor, "first line\nsecond line", "   x")


def test_an_enter_of_a_composition_sends_nothing(visitor: Chatter) -> None:
    page = visitor.page
    page.wait_until("() => document.activeElement.id === 'text'")
    page.evaluate(
        """() => {
          const field = document.getElementById("text");
          const key = (more) => field.dispatchEvent(new KeyboardEvent(
            "keydown", Object.assign({key: "Enter", keyCode: 13, bubbles: true, cancelable: true}, more)));
          field.value = "nihongo";
          field.dispatchEvent(new CompositionEvent("compositionstart", {bubbles: true}));
          key({});                            // within
          key({isComposing: true});
          field.dispatchEvent(new CompositionEvent("compositionend", {bubbles: true}));
          key({keyCode: 229});                // ends it, as older browsers say
          key({});                            // WebKit: after the end, in the same burst
        }"""
    )
    assert page.evaluate(VALUE) == "nihongo"
    assert page.evaluate("() => twistedchatPage.shown()") == []
    page.press("End", "Enter")
    shows(visitor, "nihongo")


def test_an_enter_of_a_real_composition_in_chromium_sends_nothing(
    chromium: Browser, server: ChatServer
) -> None:
    chatter = enter(chromium, server.url, "composing", "composing", "websocket")
    page = chatter.page
    assert isinstance(page, ChromiumPage)
    page.wait_until("() => document.activeElement.id === 'text'")
    session = page.tab.context.new_cdp_session(page.tab)
    session.send("Input.imeSetComposition", {"text": "にほ", "selectionStart": 2, "selectionEnd": 2})
    key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229}
    session.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **key})
    assert page.evaluate(VALUE) == "にほ"
    session.send("Input.insertText", {"text": "日本"})
    assert page.evaluate("() => twistedchatPage.shown()") == []
    page.wait_until(
        "() => { const now = Date.now(); window.from = window.from || now; return now - from > 60; }"
    )
    page.press("Enter")
    shows(chatter, "日本")


def test_the_transport_is_switched_in_mid_conversation_with_the_keyboard(visitor: Chatter) -> None:
    page = visitor.page
    visitor.on_transport("websocket")
    visitor.say("over one")
    page.evaluate("() => document.getElementById('transport').focus()")
    page.press("ArrowDown")
    for step in ("htmlfile", "xhr-polling"):
        page.wait_until("() => document.getElementById('transport-menu').getAttribute('hidden') === null")
        for _ in TRANSPORTS:
            if page.evaluate("() => document.activeElement.getAttribute('data-use')") == step:
                break
            page.press("ArrowDown")
        page.press("Enter")
        visitor.say(f"on the way to {step}")
        visitor.on_transport(step)
        page.wait_until(
            "(step) => document.getElementById('transport').getAttribute('data-transport') === step", step
        )
        page.evaluate("() => document.getElementById('transport').focus()")
        page.press("ArrowDown")
    page.press("Escape")
    assert page.evaluate(FOCUSED) == "transport"
    shows(visitor, "over one", "on the way to htmlfile", "on the way to xhr-polling")


def test_a_private_chat_opens_on_the_other_side(
    visitor: Chatter, browser: Browser, server: ChatServer
) -> None:
    other = enter(browser, server.url, f"friend of {visitor.name}"[:32], visitor.channel[5:], "websocket")
    key = other.page.evaluate("() => twistedchatPage.chat.you.key")
    visitor.page.wait_until("(key) => !!document.querySelector(`#people li[data-key='${key}'] button`)", key)
    visitor.page.evaluate(
        "(key) => document.querySelector(`#people li[data-key='${key}'] button`).focus()", key
    )
    visitor.page.press("Enter")
    visitor.page.wait_until("() => document.activeElement.getAttribute('role') === 'menuitem'")
    visitor.page.press("Enter")
    visitor.page.wait_until(
        "(name) => document.getElementById('title').textContent === name && document.activeElement.id === 'text'",
        other.name,
    )
    visitor.page.write("only for you")
    visitor.page.press("Enter")
    shows(visitor, "only for you")
    row = "#private-list li"
    other.page.wait_until(
        f"() => !!document.querySelector(`{row} .badge`) && "
        f"document.querySelector(`{row} .badge`).textContent === '1'"
    )
    other.page.evaluate(f"() => document.querySelector(`{row} button`).click()")
    shows(other, "only for you")
    assert other.page.evaluate("() => document.getElementById('title').textContent") == visitor.name
    assert visitor.lines() == []


def test_a_message_that_fails_is_told_and_can_be_sent_again(visitor: Chatter) -> None:
    page = visitor.page
    page.evaluate(
        """() => {
          const chatter = twistedchatPage.chat.chatter;
          const call = chatter.callRemote;
          chatter.callRemote = function (method) {        // the server says no, once
            if (method !== "say") { return call.apply(this, arguments); }
            delete chatter.callRemote;
            const refusal = new TwistedChat.Deferred();
            refusal.errback({kind: "refused", error: "BadText", text: "Not like this."});
            return refusal;
          };
        }"""
    )
    page.write("try me")
    page.press("Enter")
    page.wait_until("() => twistedchatPage.shown().some((line) => line.state === 'failed')")
    assert "Not like this." in page.evaluate(
        "() => document.querySelector('#log .message .state').textContent"
    )
    page.evaluate("() => document.querySelector('#log .retry').focus()")
    page.press("Enter")
    shows(visitor, "try me")


def test_what_others_write_is_text_and_never_a_part_of_the_page(visitor: Chatter) -> None:
    texts = [
        "<img src=x onerror='window.__pwned=1'>",
        "</script><script>window.__pwned=1</script>",
        "javascript:alert(1)",
    ]
    visitor.say(*texts)
    shows(visitor, *texts)
    assert visitor.page.evaluate(
        "() => [typeof __pwned, document.querySelectorAll('#log img, #log script').length]"
    ) == [
        "undefined",
        0,
    ]


def test_without_a_room_there_is_nothing_to_write_in_but_a_way_to_choose_one(visitor: Chatter) -> None:
    page = visitor.page
    shown = "() => ['composer', 'log', 'no-room'].filter((id) => document.getElementById(id).offsetWidth > 0)"
    assert page.evaluate(shown) == ["composer", "log"]
    page.evaluate("() => document.getElementById('leave').click()")
    assert page.evaluate(shown) == ["no-room"]
    assert page.evaluate(FOCUSED) == "choose-room"
    page.press("Enter")
    page.wait_until(
        "(channel) => document.activeElement.closest('#room-list li') !== null && twistedchatPage.chat.open.length === 0",
        visitor.channel,
    )
    page.press("Enter")
    page.wait_until("() => document.activeElement.id === 'text'")
    assert page.evaluate(shown) == ["composer", "log"]


OVERLAPS = """(...ids) => {
  const boxes = ids.map((id) => [id, document.getElementById(id).getBoundingClientRect()]);
  const apart = (a, b) => a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
  return boxes.flatMap(([id, box], at) =>
    (box.width > 0 && box.left >= 0 && box.right <= innerWidth ? [] : [id]).concat(
      boxes.slice(at + 1).filter(([, other]) => !apart(box, other)).map(([other]) => id + " " + other)));
}"""


@pytest.mark.parametrize("width", [320, 390, 800, 1280])
def test_nothing_overlaps_while_the_server_is_away(chromium: Browser, server: ChatServer, width: int) -> None:
    page = enter(chromium, server.url, f"away {width}", f"away-{width}", "websocket").page
    assert isinstance(page, ChromiumPage)
    page.tab.set_viewport_size({"width": width, "height": 844})
    page.evaluate(
        """() => {
          twistedchatPage.chat.emit("status", {state: "waiting", transport: "websocket", retryIn: 59000});
          twistedchatPage.chat.emit("problem", {kind: "refused", error: "Gone", text: "The server is away"});
        }"""
    )
    drawers = ["show-rooms"] * (width <= 720) + ["show-people"] * (width <= 1000)
    ids = ["title", "subtitle", "transport", "reconnect", "toast", "composer", *drawers]
    assert page.evaluate(OVERLAPS, *ids) == []


def test_a_long_name_leaves_room_for_what_stands_beside_it(chromium: Browser, server: ChatServer) -> None:
    name = "Wilhelmina Wolkenstein-Trostburg"
    chatter = enter(chromium, server.url, name, "long-names", "websocket")
    chatter.page.wait_until("() => document.querySelector('#people .you .self') !== null")
    assert chatter.page.evaluate(
        """() => {
          const part = (name) => document.querySelector("#people .you " + name);
          const row = part(".row").getBoundingClientRect();
          const self = part(".self").getBoundingClientRect();
          return [part(".row").textContent.slice(2), self.width > 0 && self.right <= row.right,
            part(".label").scrollWidth > part(".label").clientWidth];
        }"""
    ) == [f"{name} (you)", True, True]
    chatter.say("one", "two")
    shows(chatter, "one", "two")
    heights = """() => [...document.querySelectorAll("#log .time")].map((node) => {
      const [line, drawn] = [parseFloat(getComputedStyle(node).lineHeight), node.getBoundingClientRect().height];
      return drawn < line * 1.5;
    })"""
    assert chatter.page.evaluate(heights) == [True, True]


def test_dark_and_light_follow_the_system_until_the_visitor_chooses(
    chromium: Browser, server: ChatServer
) -> None:
    page = chromium.open(server.url)
    assert isinstance(page, ChromiumPage)
    ground = "() => getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.tab.emulate_media(color_scheme="dark")
    dark = page.evaluate(ground)
    assert dark != light
    chosen = chromium.open(f"{server.url}?name=chooser&go=1&room=theme", page.tab.context)
    chosen.wait_until("() => document.getElementById('theme').offsetWidth > 0")
    chosen.evaluate("() => document.getElementById('theme').click()")
    assert chosen.evaluate(ground) == dark
    page.tab.emulate_media(color_scheme="light")
    page.wait_until(f"(dark) => ({ground})() === dark", dark)
    chosen.reload()
    assert chosen.evaluate(ground) == dark


@pytest.mark.timeout(180)
def test_the_demo_shows_the_same_in_every_pane(browser: Browser, server: ChatServer) -> None:
    page = browser.open(f"{server.url}demo?room=demo-{browser.name}")
    page.wait_until("() => window.twistedchatDemo && twistedchatDemo.ready()", timeout_s=90)
    page.evaluate("() => document.getElementById('send-all').click()")
    same = f"""() => {{
      const found = twistedchatDemo.check();
      return found.same && found.lines.length === {len(TRANSPORTS)};
    }}"""
    page.wait_until(same, timeout_s=60)
    page.evaluate("() => document.getElementById('cut-all').click()")
    page.wait_until("() => !twistedchatDemo.ready()")
    page.wait_until("() => twistedchatDemo.ready()", timeout_s=60)
    page.evaluate("() => document.getElementById('check').click()")
    assert page.evaluate("() => document.getElementById('result').getAttribute('data-same')") == "true"
    assert [said for said in page.complaints() if UNLOAD not in said] == []
