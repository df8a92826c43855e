"""Commands beside a running server, and what its log must not have in it."""

import json
import sqlite3
import stat
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_twisted
from process_kit import Process, fetch, run, twistd
from twisted.internet import reactor
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.task import deferLater

from twistedchat.testing.client import Client, Refused

SECRETS = {
    "text": "three violet herons at noon",
    "private": "nobody else may read of the walrus",
    "password": "correct horse battery staple 7",
    "wrong": "wrong horse battery staple 8",
    "registered": "quite another horse staple 9",
}


def command(*arguments: str, cwd: Path, told: str = "") -> str:
    """Run ``python -m twistedchat``; return what it prints."""
    done = run(sys.executable, "-m", "twistedchat", *arguments, cwd=cwd, told=told)
    assert done.returncode == 0, done.stderr
    return done.stdout


def client_of(server: Process) -> Client:
    url = urlsplit(server.url_found)
    endpoint = TCP4ClientEndpoint(reactor, url.hostname, url.port, timeout=20)
    return Client(endpoint, reactor, host=url.netloc, headers=(("Origin", f"http://{url.netloc}"),))


async def visitor(server: Process, transport: str = "websocket") -> Client:
    client = client_of(server)
    await client.connect(transport)
    return client


async def gone(*clients: Client) -> None:
    """Stop clients, and let the reactor close their sockets: it does so in the turns that follow."""
    for client in clients:
        client.stop()
    for _ in range(3):
        await deferLater(reactor, 0)


@pytest_twisted.ensureDeferred
async def test_an_account_made_beside_a_running_server_can_log_in_at_once(tmp_path: Path) -> None:
    with twistd(cwd=tmp_path) as server:
        server.url()
        made = command("create-account", "Ada", cwd=tmp_path, told=f"{SECRETS['password']}\n")
        assert made == "made an account for Ada\n"
        ada = await visitor(server)
        try:
            welcome = await ada.call("login", "Ada", None, SECRETS["password"])
            await ada.login("Ada", welcome["ticket"])
            await ada.join("room/lobby")
            assert await ada.say("room/lobby", "here I am") == 1
        finally:
            await gone(ada)
        again = run(
            sys.executable,
            "-m",
            "twistedchat",
            "create-account",
            "ADA",
            cwd=tmp_path,
            told="another good one 1\n",
        )
        assert (again.returncode, again.stdout) == (1, "")
        assert again.stderr.startswith("twistedchat: ")
        short = run(sys.executable, "-m", "twistedchat", "create-account", "Bob", cwd=tmp_path, told="x\n")
        assert short.returncode == 1
        assert "Traceback" not in again.stderr + short.stderr
        assert server.end()[0] == 0
    assert "Traceback" not in "".join(server.lines)
    # And while it does not run.
    command("create-account", "Bob", cwd=tmp_path, told=f"{SECRETS['password']}\n")


@pytest_twisted.ensureDeferred
async def test_an_account_is_appointed_and_keeps_order_in_the_lobby(tmp_path: Path) -> None:
    with twistd(cwd=tmp_path) as server:
        server.url()
        command("create-account", "Ada", "--role=moderator", cwd=tmp_path, told=f"{SECRETS['password']}\n")
        command("create-account", "Bob", cwd=tmp_path, told=f"{SECRETS['password']}\n")
        people = {name: await visitor(server) for name in ("Ada", "Bob")}
        try:
            for name, page in people.items():
                welcome = await page.call("login", name, None, SECRETS["password"])
                await page.login(name, welcome["ticket"])
                await page.join("room/lobby")
            mute = "m".ljust(22, "_"), "/mute Bob 10"
            assert await people["Ada"].call("command", "room/lobby", *mute) == {"text": ""}
            with pytest.raises(Refused, match="Muted"):
                await people["Bob"].say("room/lobby", "hi")
            command("appoint", "bob", "owner", cwd=tmp_path)
            command("appoint", "Ada", "nobody", cwd=tmp_path)
            for name, page in people.items():
                await page.call("logout")
                await page.call("login", name, None, SECRETS["password"])
            lift = "n".ljust(22, "_"), "/unmute Bob"
            with pytest.raises(Refused, match="NotAllowed"):
                await people["Ada"].call("command", "room/lobby", *lift)
            assert await people["Bob"].call("command", "room/lobby", *lift) == {"text": ""}
            unknown = run(sys.executable, "-m", "twistedchat", "appoint", "Nobody", "owner", cwd=tmp_path)
            assert (unknown.returncode, unknown.stderr) == (1, "twistedchat: there is no account Nobody\n")
        finally:
            for page in people.values():
                await gone(page)
        assert server.end()[0] == 0


@pytest_twisted.ensureDeferred
async def test_a_backup_of_a_running_server_has_what_was_said_and_can_be_served(tmp_path: Path) -> None:
    with twistd(cwd=tmp_path) as server:
        server.url()
        ada = await visitor(server)
        try:
            await ada.login("Ada")
            await ada.join("room/lobby")
            await ada.say("room/lobby", SECRETS["text"])
            command("backup", "copy.sqlite3", cwd=tmp_path)
        finally:
            await gone(ada)
        refused = run(sys.executable, "-m", "twistedchat", "backup", "copy.sqlite3", cwd=tmp_path)
        assert refused.returncode == 1
        assert "there is something at copy.sqlite3 already" in refused.stderr
        assert server.end()[0] == 0
    copy = tmp_path / "copy.sqlite3"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with sqlite3.connect(copy) as connection:
        assert SECRETS["text"] in str(connection.execute("SELECT event FROM entries").fetchall())
    connection.close()
    with twistd(f"--backend=sqlite:{copy}", "--state=other", cwd=tmp_path) as server:
        assert fetch(f"{server.url()}healthz")[0] == 200
        assert server.end()[0] == 0


class Raiser:
    """Sources of an element of the operator's own that fails in every way."""

    SOURCE = """
from twistedchat.live.element import LiveElement, expose

class Element(LiveElement):
    jsClass = "Things.Thing"

    @expose
    def fail(self, text: str) -> None:
        raise ValueError("the operator's own words")

def make() -> Element:
    return Element()
"""


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("options", [(), ("--log-json",)])
async def test_no_text_and_no_secret_is_in_the_log(tmp_path: Path, options: tuple[str, ...]) -> None:
    (tmp_path / "things.py").write_text(Raiser.SOURCE)
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "Things.js").write_text("")
    hushed = dict(SECRETS)
    table = command("gen-key", "site.jwk", "--alg=HS256", cwd=tmp_path)
    hushed["key"] = json.loads((tmp_path / "site.jwk").read_text())["k"]
    (tmp_path / "chat.toml").write_text(table)
    arguments = ("--config=chat.toml", "--public-url=http://127.0.0.1", "--element=things.make", *options)
    with twistd(*arguments, cwd=tmp_path) as server:
        server.url()
        command("create-account", "Ada", cwd=tmp_path, told=f"{SECRETS['password']}\n")
        await _talk(server, hushed, tmp_path)
        assert server.end()[0] == 0
    log = "".join(server.lines)
    assert "the operator's own words" in log  # what is wrong with an element is there
    for name, secret in hushed.items():
        assert secret not in log, name
    if options:
        assert all(json.loads(line)["text"] is not None for line in server.lines)


async def _talk(server: Process, hushed: dict[str, str], cwd: Path) -> None:
    """Do all that has a text or a secret in it, rightly and wrongly; add the secrets that the server made."""
    clients = []
    try:
        for transport in ("websocket", "xhr-streaming", "xhr-polling"):
            client = await visitor(server, transport)
            clients.append(client)
        ada, bob, eve = clients
        welcome = await ada.call("login", "Ada", None, SECRETS["password"])
        hushed["ticket of an account"] = welcome["ticket"]
        guest = await bob.call("login", "Bob", None)
        hushed["ticket of a guest"] = guest["ticket"]
        with pytest.raises(Refused):
            await eve.call("login", "Ada", None, SECRETS["wrong"])
        with pytest.raises(Refused):
            await eve.call("login", None, guest["ticket"][:-2])
        token = command(
            "sign-token",
            "--key-file=site.jwk",
            "--sub=7",
            "--aud=http://127.0.0.1",
            "--name=Eve",
            cwd=cwd,
        ).strip()
        hushed["token"] = token
        with pytest.raises(Refused):
            await eve.call("vouched", token[:-2], "n" * 22)
        await eve.call("vouched", token, "n" * 22)
        await ada.login("Ada", welcome["ticket"])
        await ada.join("room/lobby")
        await ada.say("room/lobby", SECRETS["text"])
        with pytest.raises(Refused):
            await bob.call("say", "room/nowhere", "i" * 22, SECRETS["private"])
        with pytest.raises(Refused):
            await bob.call("say", SECRETS["private"], {"not": SECRETS["text"]}, 5)
        with pytest.raises(Refused):
            await bob.call("nosuch", SECRETS["private"])
        await bob.call("register", "Robert", SECRETS["registered"])
        for client in clients:
            hushed[f"secret of {client.transport}"] = client.peer._secret
        await _fail(server)
    finally:
        await gone(*clients)


async def _fail(server: Process) -> None:
    """Let the operator's element fail at what a visitor says."""
    url = urlsplit(server.url_found)
    endpoint = TCP4ClientEndpoint(reactor, url.hostname, url.port, timeout=20)
    visitor = Client(
        endpoint, reactor, host=url.netloc, headers=(("Origin", f"http://{url.netloc}"),), root="element"
    )
    try:
        await visitor.connect("websocket")
        with pytest.raises(Refused):
            await visitor.call("fail", SECRETS["text"])
    finally:
        await gone(visitor)
