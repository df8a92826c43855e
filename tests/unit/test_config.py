"""What an operator may say, and what he is told when it is wrong."""

import dataclasses
import ipaddress
from pathlib import Path

import pytest

from twistedchat import config, loading, parsing
from twistedchat.config import Limits, Refusal, Settings


def refused(parse, text: str) -> str:
    with pytest.raises(Refusal) as caught:
        parse(text)
    line = str(caught.value)
    assert "\n" not in line
    return line


def test_transports_keep_the_order_given() -> None:
    assert parsing.parse_transports("xhr-polling, websocket") == ("xhr-polling", "websocket")


def test_aliases_stand_for_all_of_their_kind() -> None:
    assert parsing.parse_transports("streaming-iframe") == ("iframe-htmlfile", "htmlfile")
    assert parsing.parse_transports("long-poll") == ("xhr-polling", "iframe-xhr-polling", "jsonp-polling")


def test_every_alias_names_known_transports() -> None:
    assert {name for names in config.TRANSPORT_ALIASES.values() for name in names} <= set(config.TRANSPORTS)


def test_a_transport_named_twice_counts_where_it_came_first() -> None:
    assert parsing.parse_transports("jsonp-polling,long-poll,htmlfile,WebSocket") == (
        "jsonp-polling",
        "xhr-polling",
        "iframe-xhr-polling",
        "htmlfile",
        "websocket",
    )


@pytest.mark.parametrize(
    ("wrong", "near"), [("websockets", "websocket"), ("xhr-poling", "xhr-polling"), ("longpoll", "long-poll")]
)
def test_an_unknown_transport_is_refused_with_the_nearest_known(wrong: str, near: str) -> None:
    line = refused(parsing.parse_transports, f"htmlfile,{wrong}")
    assert repr(wrong) in line
    assert f"did you mean {near!r}" in line


def test_where_no_transport_is_near_the_known_ones_are_told() -> None:
    line = refused(parsing.parse_transports, "carrier-pigeon")
    assert "did you mean" not in line
    assert line.startswith("unknown transport 'carrier-pigeon'; known are websocket, ")


@pytest.mark.parametrize("text", ["", ",", " , "])
def test_no_transport_at_all_is_refused(text: str) -> None:
    assert "names no transport" in refused(parsing.parse_transports, text)


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://Example.ORG", "https://example.org"),
        ("https://example.org:443", "https://example.org"),
        ("http://example.org:443", "http://example.org:443"),
        ("http://localhost:*", "http://localhost:*"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("null", "null"),
        ("*", "*"),
    ],
)
def test_an_origin_is_written_as_browsers_send_it(text: str, origin: str) -> None:
    assert parsing.parse_origin(text) == origin


@pytest.mark.parametrize(
    "text",
    [
        "example.org",
        "https://",
        "https://example.org/",
        "https://example.org/path",
        "https://example.org?x",
        "https://user@example.org",
        "https://*.example.org",
        "ftp://example.org",
        "https://example.org:99999",
        "https://example.org:0",
        "https://exa mple.org",
        "https://exämple.org",
        "http://[::1",
        "",
    ],
)
def test_what_is_no_origin_is_refused(text: str) -> None:
    assert "is not an origin" in refused(parsing.parse_origin, text)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://chat.example.org/", "https://chat.example.org"),
        ("https://Example.org:443/chat/", "https://example.org/chat"),
        ("http://10.0.0.1:8080", "http://10.0.0.1:8080"),
    ],
)
def test_a_public_url_loses_its_last_slash_and_default_port(text: str, url: str) -> None:
    assert parsing.parse_public_url(text) == url


@pytest.mark.parametrize(
    "text", ["chat.example.org", "https://example.org/?a=1", "https://example.org/#top", "/chat"]
)
def test_what_is_no_public_url_is_refused(text: str) -> None:
    assert "is not a public URL; write it with http:// or https:// " in refused(
        parsing.parse_public_url, text
    )


def test_a_bare_address_is_a_range_of_one() -> None:
    assert parsing.parse_network("127.0.0.1") == ipaddress.ip_network("127.0.0.1/32")
    assert parsing.parse_network("fd00::/8") == ipaddress.ip_network("fd00::/8")


@pytest.mark.parametrize("text", ["10.0.0.1/8", "localhost", "10.0.0.0/33", ""])
def test_what_is_no_address_range_is_refused(text: str) -> None:
    line = refused(parsing.parse_network, text)
    assert "is not an address range" in line
    assert text == "" or line.count(text) == 1


@pytest.mark.parametrize("text", ["memory:", "sqlite:a/b", "redis://:p@h:1/0"])
def test_a_backend_has_a_scheme(text: str) -> None:
    assert parsing.parse_backend(text) == text


@pytest.mark.parametrize("text", ["", "memory", "hush@host", "://hush@host"])
def test_what_is_no_backend_is_refused_and_not_told(text: str) -> None:
    line = refused(parsing.parse_backend, text)
    assert line.startswith("takes a URL such as memory:")
    assert "hush" not in line


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("redis://u:hush@h:1/0", "redis://u:***@h:1/0"),
        ("redis://:hu@sh@h", "redis://:***@h"),
        ("redis://u@h", "redis://u@h"),
        ("sqlite:/a:b@c", "sqlite:/a:b@c"),
        ("memory:", "memory:"),
    ],
)
def test_a_url_is_told_without_its_password(url: str, told: str) -> None:
    assert parsing.without_password(url) == told


@pytest.mark.parametrize("text", ["tcp:8080", "haproxy:tcp:1:interface=127.0.0.1", "unix:/a b"])
def test_an_endpoint_has_a_kind(text: str) -> None:
    assert parsing.parse_endpoint(text) == text


@pytest.mark.parametrize(("text", "meant"), [("18911", "tcp:18911"), (":80", "tcp:80"), ("80:", "tcp:80")])
def test_a_bare_port_is_refused_with_what_was_meant(text: str, meant: str) -> None:
    assert refused(parsing.parse_endpoint, text).endswith(f"did you mean {meant!r}?")


@pytest.mark.parametrize("text", ["", "99999", "localhost", "127.0.0.1"])
def test_what_is_no_endpoint_is_refused(text: str) -> None:
    assert "is not an endpoint, such as tcp:8080" in refused(parsing.parse_endpoint, text)


@pytest.mark.parametrize(
    "text",
    [
        "tcp:99999", "tcp:-1", "tcp:", "tcp:x", "tcp6:65536", "ssl:443x:privateKey=k", "haproxy:tcp:70000", "tcp:port=x",
        "tcp:80:interface=999.1.1.1", "tcp:80:interface=1.2.3", "haproxy:tcp:80:interface=10.0.0.300",
        r"tcp:80:interface=\:\:zz",
    ],
)  # fmt: skip
def test_a_port_or_an_address_that_can_be_none_is_refused(text: str) -> None:
    assert "is not a usable endpoint" in refused(parsing.parse_endpoint, text)


@pytest.mark.parametrize(
    "text",
    [
        "tcp:0", "tcp:port=80", "tcp:80:interface=127.0.0.1:backlog=5", "tcp:80:interface=localhost",
        "systemd:domain=INET:index=0",
        r"tcp6:80:interface=\:\:1", r"tcp:80:interface=fe80\:\:1%eth0", "tcp:interface=0.0.0.0:port=1",
        "tls:certs:tcp:443",
    ],
)  # fmt: skip
def test_what_may_be_listened_on_is_taken(text: str) -> None:
    assert parsing.parse_endpoint(text) == text


@pytest.mark.parametrize(
    ("text", "prefix"),
    [("", ""), ("/", ""), ("/chat", "/chat"), ("chat/", "/chat"), ("/a/b-c.d~e", "/a/b-c.d~e")],
)
def test_a_prefix_has_a_slash_before_and_none_behind(text: str, prefix: str) -> None:
    assert parsing.parse_prefix(text) == prefix


@pytest.mark.parametrize("text", ["/a//b", "/../etc", "/a/.", "/a b", "/ä", "/a?b", "/%20"])
def test_a_prefix_that_needs_escaping_is_refused(text: str) -> None:
    assert "is not a path prefix" in refused(parsing.parse_prefix, text)


def test_each_drops_what_is_said_twice() -> None:
    origins = parsing.each(["https://a.example", "https://A.example:443"], parsing.parse_origin)
    assert origins == ("https://a.example",)


@pytest.fixture
def element_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", ["/nonexistent"])
    return tmp_path / "someelements.py"


@pytest.fixture(autouse=True)
def forget_element_module() -> None:
    import sys

    sys.modules.pop("someelements", None)


def test_an_element_is_found_beside_the_operator(element_module: Path) -> None:
    element_module.write_text("def factory(): return 5\n")
    assert loading.load_element("someelements.factory")() == 5


@pytest.mark.parametrize("name", ["factory", "", ".", "a..b", "a-b.c", "someelements."])
def test_a_name_without_dots_between_names_is_no_element(name: str) -> None:
    assert "package.module.factory" in refused(loading.load_element, name)


@pytest.mark.parametrize(
    ("source", "name", "told"),
    [
        ("", "nosuchmodule.factory", "cannot import nosuchmodule: ModuleNotFoundError"),
        ("1/0", "someelements.factory", "cannot import someelements: ZeroDivisionError: division by zero"),
        ("def factory(): pass", "someelements.factry", "did you mean 'factory'"),
        ("factory = 5", "someelements.factory", "factory is a int"),
        ("def broken(:\n  pass", "someelements.broken", "cannot import someelements: SyntaxError"),
    ],
)
def test_a_wrong_element_is_one_clear_line(element_module: Path, source: str, name: str, told: str) -> None:
    element_module.write_text(source + "\n")
    assert told in refused(loading.load_element, name)


def test_every_limit_is_described() -> None:
    names = [field.name for field in dataclasses.fields(Limits)]
    described = [name for name in names if f" {name}: " in (Limits.__doc__ or "")]
    assert described == names


def test_settings_have_defaults_for_everything() -> None:
    assert Settings().http == ("tcp:8080",)
    assert Settings().transports == config.TRANSPORTS
