"""The examples as their READMEs start them, with people in real windows."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from browserkit.drive import Browser, Page
from browserkit.process import Process
from browserkit.server import LOCAL, ROOT, START_S, STOP_S

EXAMPLES = ROOT / "examples"
BIN = Path(sys.executable).parent
FIRST, THEN = "websocket", ("htmlfile", "xhr-polling", "websocket")

# What is in the page: each line as the room says it.
LINES = "() => [...document.querySelectorAll('%s p')].map((line) => line.textContent)"
HAS_LINES = "(count) => document.querySelectorAll('%s p').length >= count"
READY = "() => document.activeElement && document.activeElement.matches('%s')"
ON_TRANSPORT = """(name) => {
  const status = window.twistedchatLive.status();
  return status.state === "open" && status.transport === name;
}"""
SAY_AT_ONCE = """(texts) => texts.forEach((text) => {
  document.querySelector('.chat-text').value = text;
  document.querySelector('.chat-say').requestSubmit();
})"""


class Example:
    """An example that runs in its own folder.

    Args:
        folder: in ``examples/``.
        command: what its README says, with a place and a folder of our own for ``{listen}`` and ``{state}``.
        state: a folder for what it keeps.
    """

    def __init__(self, folder: str, command: str, state: Path) -> None:
        self._command = command
        self._folder = EXAMPLES / folder
        self._state = state
        self._port = "0"
        self.start()
        self.url = f"http://127.0.0.1:{self._port}/"

    def start(self) -> None:
        """Start it; again on the same port."""
        program, *options = self._command.format(
            listen=f"tcp:{self._port}:{LOCAL}", state=self._state
        ).split()
        self._process = Process([str(BIN / program), *options], self._folder, {"PYTHONUNBUFFERED": "1"})
        self._port = self._process.wait_for(r"(?:Site starting on|twistedchat is at \S+?:)\s?(\d+)", START_S)[
            1
        ]

    def stop(self) -> None:
        """End it; it must do so in time, and without having logged a traceback."""
        self._process.stop(STOP_S)
        assert not any("Traceback" in line for line in self._process.lines), "".join(self._process.lines)


TWISTD = "twistd -n --pidfile= chat --http={listen} --state={state} --element="
CHATS = {
    "xml": f"{TWISTD}chatthing.chatterbox.chat",
    "stan": f"{TWISTD}chatthing.stan.chat",
    "site": "python -m chatthing.site {listen}",
}
ECHOES = {
    "xml": f"{TWISTD}echothing.echobox.EchoElement",
    "stan": f"{TWISTD}echothing.stan.StanEchoElement",
}


@pytest.fixture
def example(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Example]:
    """An example in the form that the test names: nobody is in its room yet."""
    started = Example(*request.param, tmp_path / "state")
    yield started
    started.stop()


def forms(folder: str, commands: dict[str, str]) -> pytest.MarkDecorator:
    """Run a test with each form of an example."""
    return pytest.mark.parametrize(
        "example", [(folder, command) for command in commands.values()], ids=commands, indirect=True
    )


each_chat = forms("chatthing", CHATS)
one_chat = forms("chatthing", {"xml": CHATS["xml"]})
each_server = forms("chatthing", {form: CHATS[form] for form in ("xml", "site")})
each_echo = forms("echothing", ECHOES)


class Window:
    """One person's window on the chat."""

    def __init__(self, browser: Browser, url: str, transport: str = FIRST) -> None:
        self.page: Page = browser.open(f"{url}?transport={transport}")
        self.page.wait_until(READY % ".chat-name")

    def type(self, text: str) -> None:
        """Type a line where the focus is."""
        self.page.write(text)
        self.page.press("Enter")

    def log_in(self, name: str) -> "Window":
        """Give a name, and wait until the page shows it with the chat area instead of the login box."""
        self.type(name)
        self.page.wait_until(READY % ".chat-text")
        assert self.text(".chat-username") == name
        assert self.page.evaluate("() => document.querySelector('.chat-login').offsetParent === null")
        return self

    def use(self, transport: str) -> None:
        """Go on over another transport, whatever is under way."""
        self.page.evaluate("(name) => window.twistedchatLive.use(name)", transport)

    def on_transport(self, transport: str) -> None:
        """Wait until that has happened."""
        self.page.wait_until(ON_TRANSPORT, transport)

    def text(self, selector: str) -> str:
        """Return the text of an element."""
        return str(self.page.evaluate(f"() => document.querySelector('{selector}').textContent"))

    def lines(self, count: int) -> list[str]:
        """Wait for so many lines; return all."""
        self.page.wait_until(HAS_LINES % ".chat-lines", count)
        return list(self.page.evaluate(LINES % ".chat-lines"))


@each_chat
def test_two_windows_hear_each_other_in_one_order_while_one_changes_transport(
    browser: Browser, example: Example
) -> None:
    ada = Window(browser, example.url).log_in("Ada")
    bob = Window(browser, example.url, "xhr-polling").log_in("Bob")
    ada.on_transport(FIRST)
    bob.on_transport("xhr-polling")
    ada.type("Hello, Bob")
    assert bob.lines(2) == ["Bob has joined", "Ada: Hello, Bob"]
    bob.type("Hello, Ada")
    said = {"Ada": ["Hello, Bob"], "Bob": ["Hello, Ada"]}
    for transport in THEN:
        for who, window in (("Ada", ada), ("Bob", bob)):
            texts = [f"{number} before {transport}" for number in range(5)]
            window.page.evaluate(SAY_AT_ONCE, texts)
            said[who] += texts
        ada.use(transport)
        ada.page.evaluate(SAY_AT_ONCE, [f"on the way to {transport}"])
        said["Ada"].append(f"on the way to {transport}")
        ada.on_transport(transport)
    total = sum(map(len, said.values()))
    seen = ada.lines(total + 2)
    assert seen[:2] == ["Ada has joined", "Bob has joined"]
    assert bob.lines(total + 1) == seen[1:]
    for who, texts in said.items():
        assert [line for line in seen if line.startswith(who)][-len(texts) :] == [
            f"{who}: {t}" for t in texts
        ]
    assert ada.page.complaints() == bob.page.complaints() == []
    ada.page.evaluate("() => window.twistedchatLive.close()")
    assert bob.lines(total + 2)[-1] == "Ada has left"


@one_chat
def test_markup_in_names_and_texts_shows_as_text(browser: Browser, example: Example) -> None:
    ada = Window(browser, example.url).log_in("<b>Ada</b>")
    bob = Window(browser, example.url).log_in("Bob & Co")
    evil = "<img src=x onerror='document.title=1'><script>document.title=2</script> &lt; \u2028 \U0001f600"
    ada.page.evaluate(SAY_AT_ONCE, [evil])
    assert ada.lines(3) == ["<b>Ada</b> has joined", "Bob & Co has joined", f"<b>Ada</b>: {evil}"]
    assert bob.lines(2) == ["Bob & Co has joined", f"<b>Ada</b>: {evil}"]
    for window in (ada, bob):
        assert (
            window.page.evaluate(
                "() => document.querySelectorAll('.chatthing img, .chatthing script').length"
            )
            == 0
        )
        assert window.page.complaints() == []


@one_chat
def test_a_page_that_raises_silences_nobody(browser: Browser, example: Example) -> None:
    ada = Window(browser, example.url).log_in("Ada")
    broken = Window(browser, example.url).log_in("Broken")
    cleo = Window(browser, example.url).log_in("Cleo")
    broken.page.evaluate("() => { document.createElement = () => { throw new Error('out of order'); }; }")
    broken.page.evaluate(SAY_AT_ONCE, ["Can you hear me?"])
    assert cleo.lines(2) == ["Cleo has joined", "Broken: Can you hear me?"]
    cleo.type("Yes")
    assert ada.lines(5)[3:] == ["Broken: Can you hear me?", "Cleo: Yes"]
    assert cleo.lines(3)[2:] == ["Cleo: Yes"]


@one_chat
def test_a_name_that_is_taken_is_refused_but_free_again_for_who_reloads(
    browser: Browser, example: Example
) -> None:
    ada = Window(browser, example.url).log_in("Ada")
    other = Window(browser, example.url)
    other.type("ADA")
    other.page.wait_until("() => document.querySelector('.chat-problem').textContent")
    assert other.text(".chat-problem") == "ADA is here already. Take another name."
    other.page.evaluate("() => { document.querySelector('.chat-name').value = ''; }")
    other.log_in("Bob")
    assert other.text(".chat-problem") == ""
    assert ada.lines(2) == ["Ada has joined", "Bob has joined"]
    ada.page.reload()
    ada.page.wait_until(READY % ".chat-name")
    ada.log_in("Ada")
    assert other.lines(3)[1:] == ["Ada has left", "Ada has joined"]


@each_server
def test_after_a_restart_the_page_comes_back_and_asks_for_a_name(browser: Browser, example: Example) -> None:
    ada = Window(browser, example.url).log_in("Ada")
    example.stop()
    example.start()
    ada.page.wait_until(READY % ".chat-name", timeout_s=40)
    ada.log_in("Ada")
    assert ada.lines(1) == ["Ada has joined"]
    assert ada.page.evaluate("() => document.querySelectorAll('.chatthing').length") == 1


@each_echo
def test_the_echo_comes_back_over_each_transport(browser: Browser, example: Example) -> None:
    pages = [browser.open(f"{example.url}?transport={FIRST}") for _ in range(2)]
    for page in pages:
        page.wait_until(READY % ".echo-text")
    mine, other = pages
    texts = []
    for transport in (FIRST, *THEN):
        mine.evaluate("(name) => window.twistedchatLive.use(name)", transport)
        texts.append(f"<i>over</i> {transport}")
        mine.write(texts[-1])
        mine.press("Enter")
        mine.wait_until(ON_TRANSPORT, transport)
        mine.wait_until(HAS_LINES % ".echo-lines", len(texts))
        mine.wait_until(
            "(count) => document.querySelector('.echo-count').textContent === 'Lines that came back: ' + count",
            len(texts),
        )
    assert mine.evaluate(LINES % ".echo-lines") == texts
    assert other.evaluate(LINES % ".echo-lines") == []
    assert mine.complaints() == other.complaints() == []
