"""The Redis backend on a real Redis: the contract, its bounds, TLS and ACL, a Redis that is not as it should be."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from redis_kit import CALM, RedisServer, free_port, needs_redis
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from twistedchat.backends.redis import RedisBackend
from twistedchat.backends.redis_scripts import EMPTY_S, SWEPT, TRIMMED
from twistedchat.backends.redis_url import RedisURL, parse_redis_url
from twistedchat.core.entry import Revision
from twistedchat.core.records import Change
from twistedchat.interfaces import IBackend
from twistedchat.testing.backends import BackendContract, message_id
from twistedchat.testing.waiting import wait, waiting

pytestmark = needs_redis


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One Redis for all tests that only need an empty prefix."""
    server = RedisServer(tmp_path_factory.mktemp("redis")).start()
    yield server
    server.kill()


@pytest.fixture
def prefix(request: pytest.FixtureRequest) -> str:
    return f"{request.node.nodeid}:"


@waiting
class TestRedis(BackendContract):
    """The public suite; each test has a prefix of its own, so a second backend finds what the first one wrote."""

    def wait(self, deferred: "Deferred[Any]") -> Any:
        return wait(deferred)

    @pytest.fixture
    def make_backend(self, shared: RedisServer, prefix: str) -> Iterator[Callable[[], IBackend]]:
        made: list[RedisBackend] = []

        def make() -> RedisBackend:
            made.append(shared.backend(prefix=prefix))
            return made[-1]

        yield make
        for backend in made:
            wait(backend.stop())


@waiting
class TestBounds:
    """What is kept, and for how long."""

    @pytest.fixture
    def backend(self, shared: RedisServer, prefix: str) -> Iterator[RedisBackend]:
        backend = shared.backend(prefix=prefix, keep=3)
        yield backend
        wait(backend.stop())

    def post(self, backend: RedisBackend, *numbers: int, revision: Revision | None = None) -> list[bool]:
        """Append and return whether each was new."""
        answers = [backend.append("room/x", "ann", message_id(n), f"[{n}]", n, revision) for n in numbers]
        return [wait(answer).new for answer in answers]

    def test_the_newest_entries_are_kept_and_ids_go_with_their_entries(
        self, backend: RedisBackend, shared: RedisServer, prefix: str
    ) -> None:
        self.post(backend, 1, 2, 3, 4, 5)
        assert [entry.offset for entry in wait(backend.read("room/x", 0, 10))] == [3, 4, 5]
        assert self.post(backend, 3) == [False] and self.post(backend, 2) == [True]
        for kept in ("e", "i"):
            assert shared.command("HLEN", f"{prefix}log:room/x:{kept}") == b":3\r\n"

    def test_revisions_go_with_their_entries(
        self, backend: RedisBackend, shared: RedisServer, prefix: str
    ) -> None:
        self.post(backend, 1)
        self.post(backend, 2, revision=Revision(1, "[9]", "[]"))
        self.post(backend, 3, 4)
        assert shared.command("EXISTS", f"{prefix}log:room/x:r") == b":0\r\n"

    def test_a_bound_that_was_lowered_is_reached_in_pieces(self, shared: RedisServer, prefix: str) -> None:
        wide = shared.backend(prefix=prefix)
        self.post(wide, *range(1, 151))
        wait(wide.stop())
        narrow = shared.backend(prefix=prefix, keep=3)
        self.post(narrow, 151, 152)
        assert [entry.offset for entry in wait(narrow.read("room/x", 0, 10))] == [150, 151, 152]
        wait(narrow.stop())

    def test_an_erased_log_leaves_nothing(
        self, backend: RedisBackend, shared: RedisServer, prefix: str
    ) -> None:
        self.post(backend, 1)
        wait(backend.erase("room/x"))
        assert shared.command("EXISTS", *(f"{prefix}log:room/x:{name}" for name in "meir")) == b":0\r\n"

    def test_the_epoch_of_a_log_that_stays_empty_is_not_kept_for_ever(
        self, backend: RedisBackend, shared: RedisServer, prefix: str
    ) -> None:
        key = f"{prefix}log:room/x:m"
        wait(backend.open("room/x", 10))
        assert 0 < int(shared.command("TTL", key)[1:]) <= EMPTY_S
        self.post(backend, 1)
        wait(backend.heads(["room/x"]))
        assert shared.command("TTL", key) == b":-1\r\n"

    def test_more_is_trimmed_and_swept_than_goes_at_once(self, shared: RedisServer, prefix: str) -> None:
        backend = shared.backend(prefix=prefix)
        self.post(backend, *range(1, TRIMMED + 12))
        assert wait(backend.trim("room/x", 1, 0.0)) == TRIMMED + 10
        for start in range(0, SWEPT + 100, 100):
            wait(backend.commit([Change("a", str(start + n), "", until=1.0) for n in range(100)]))
        assert wait(backend.sweep(2.0)) == SWEPT and wait(backend.sweep(2.0)) == 100
        wait(backend.stop())

    def test_two_processes_wake_each_other(
        self, backend: RedisBackend, shared: RedisServer, prefix: str
    ) -> None:
        heard: Deferred[tuple[str, int]] = Deferred()
        other = shared.backend(prefix=prefix)
        other.watch(Hearing(heard))
        wait(other.heads(["room/x"]))
        while shared.command("PUBSUB", "NUMSUB", f"{prefix}grew:0").split(b"\r\n")[-2] != b":2":
            wait(deferLater(reactor, 0.01))
        self.post(backend, 1)
        assert wait(heard) == ("room/x", 1)
        wait(other.stop())


class Hearing:
    """A listener that waits for one wake-up."""

    def __init__(self, heard: "Deferred[tuple[str, int]]") -> None:
        self._heard = heard

    def logGrew(self, channel: str, offset: int) -> None:
        self._heard.callback((channel, offset))


# --- TLS, an ACL user, a prefix

RULES = (
    "~my-chat:*",
    "&my-chat:*",
    "-@all",
    "+@read",
    "+@write",
    "+@scripting",
    "+@connection",
    "+publish",
    "+subscribe",
)


def certificates(directory: Path) -> None:
    """Write a CA of our own, and a certificate of it for localhost with its key."""
    now = datetime.now(UTC)
    authority, server = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    for name, key, of in (("ca", authority, "An authority"), ("server", server, "localhost")):
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, of)])
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An authority")])
        made = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        made = made.add_extension(x509.BasicConstraints(name == "ca", None), critical=True)
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        signed = made.sign(authority, hashes.SHA256())
        (directory / f"{name}.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    written = server.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (directory / "server.key").write_bytes(written)


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of one, and where its CA is."""
    directory = tmp_path_factory.mktemp("secured")
    certificates(directory)
    port = free_port()
    options = (
        f"tls-port {port}", f'tls-cert-file "{directory}/server.pem"', f'tls-key-file "{directory}/server.key"',
        f'tls-ca-cert-file "{directory}/ca.pem"', "tls-auth-clients no", "user default off",
        "user ann on >hush " + " ".join(RULES),
    )  # fmt: skip
    server = RedisServer(directory / "redis", options=options).start()
    yield f"localhost:{port}", directory / "ca.pem"
    server.kill()


@waiting
class TestSecured:
    """A Redis behind TLS that knows one user, who may touch one prefix."""

    def backend(self, url: str) -> RedisBackend:
        where: RedisURL = parse_redis_url(url)
        backend = RedisBackend(where, where.endpoint(reactor, 5), reactor, patience=CALM)
        backend.start()
        return backend

    def trouble(self, url: str) -> str:
        """Return what is wrong with ``url``, in a line."""
        backend = self.backend(url)
        while backend.trouble is None:
            wait(deferLater(reactor, 0.01))
        told: str = backend.trouble
        wait(backend.stop())
        assert "hush" not in told and "\n" not in told
        return told

    def test_a_user_who_may_touch_our_prefix_only_can_do_all_that_we_do(
        self, secured: tuple[str, Path]
    ) -> None:
        place, ca = secured
        backend = self.backend(f"rediss://ann:hush@{place}?prefix=my-chat:&ca={ca}")
        assert wait(backend.append("room/x", "ann", message_id(1), "[]", 1.0)).new
        assert wait(backend.heads(["room/x"]))["room/x"].offset == 1
        wait(backend.trim("room/x", 1, 0.0))
        wait(backend.erase("room/x"))
        wait(backend.commit([Change("a", "1", "x", until=1.0)]))
        assert len(wait(backend.page("a", "", "", 9))) == 1 and wait(backend.sweep(2.0)) == 1
        assert backend.trouble is None
        wait(backend.stop())

    def test_a_wrong_password_is_told(self, secured: tuple[str, Path]) -> None:
        place, ca = secured
        assert "WRONGPASS" in self.trouble(f"rediss://ann:hush!@{place}?ca={ca}")

    def test_a_certificate_that_nobody_vouches_for_is_refused(self, secured: tuple[str, Path]) -> None:
        assert "certificate verify failed" in self.trouble(f"rediss://ann:hush@{secured[0]}")

    def test_a_certificate_of_another_host_is_refused(self, secured: tuple[str, Path]) -> None:
        place, ca = secured
        other = place.replace("localhost", "127.0.0.1")
        assert self.trouble(f"rediss://ann:hush@{other}?ca={ca}")


# --- with hiredis, and without

ONE_OF_EACH = """
import sys
if {without}:
    sys.modules["hiredis"] = None
import txredisapi
assert (txredisapi.hiredis is None) == {without}
from twisted.internet import defer, reactor, task
from twistedchat.backends.redis import make_redis_backend

async def main(reactor):
    backend = make_redis_backend("{url}", reactor)
    for number in range(600):
        await backend.append("room/x", "ann", str(number).ljust(22, "_"), '["' + "x" * number + '"]', 1.0)
    read = await backend.read("room/x", 0, 1000)
    assert [len(entry.event) for entry in read] == [4 + number for number in range(600)]
    assert (await backend.heads(["room/x"]))["room/x"].offset == 600
    await backend.erase("room/x")
    await backend.stop()
    print("done")

task.react(lambda reactor: defer.Deferred.fromCoroutine(main(reactor)))
"""


@pytest.mark.parametrize("without", [True, False], ids=["pure Python", "hiredis"])
def test_it_works_with_hiredis_and_without(shared: RedisServer, without: bool) -> None:
    if not without:
        pytest.importorskip("hiredis", reason="hiredis is not installed (pip install twistedchat[redis])")
    program = ONE_OF_EACH.replace("{without}", str(without)).replace("{url}", shared.url)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "done\n", done.stderr
