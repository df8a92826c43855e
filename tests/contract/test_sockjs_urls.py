"""URLs, methods, headers: what SockJS 0.3 says of everything around the frames."""

import json
import re
from collections.abc import Iterator

import pytest
from sockjs_kit import World

from twistedchat.core.policy import MountPolicy

NO_CACHE = "no-store, no-cache, no-transform, must-revalidate, max-age=0"


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.close()


@pytest.mark.parametrize("path", ["/echo", "/echo/"])
def test_greeting(world: World, path: str) -> None:
    answer = world.ask("GET", path)
    assert (answer.status, answer.body) == (200, b"Welcome to SockJS!\n")
    assert answer.headers["content-type"] == "text/plain; charset=UTF-8"
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "path",
    ["a", "a.html", "/", "//", "a/a", "a/a/", "a/", "/a", "/a/a", "iframe", "iframe.htm", "IFRAME.HTML", "iframe-/.html",
     "iframe/.html", "info/x", "a/b/c/d", "server/session", "//xhr", "a//xhr", "/a/xhr", "a./b/xhr", "a/b./xhr",
     "a/b/nothing"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_everything_else_is_not_there(world: World, method: str, path: str) -> None:
    assert world.ask(method, f"/echo/{path}", "" if method == "POST" else None).status == 404


@pytest.mark.parametrize(
    "name", ["iframe.html", "iframe-a.html", "iframe-0.1.2-dirty_x.html", "iframe-.html", "iframe.html?t=x"]
)
def test_iframe_page(world: World, name: str) -> None:
    answer = world.ask("GET", f"/echo/{name}")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=UTF-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000"
    assert answer.headers["expires"] and answer.headers["etag"]
    assert "last-modified" not in answer.headers and "set-cookie" not in answer.headers
    assert "x-frame-options" not in answer.headers
    pattern = r"""<!DOCTYPE html>
<html>
<head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
  <script src="[^"]*"></script>
  <script>
    document.domain = document.domain;
    SockJS.bootstrap_iframe\(\);
  </script>
</head>
<body>
  <h2>Don't panic!</h2>
  <p>This is a SockJS hidden iframe. It's used for cross domain magic.</p>
</body>
</html>"""
    assert re.fullmatch(pattern, answer.body.decode())


def test_iframe_page_is_revalidated(world: World) -> None:
    etag = world.ask("GET", "/echo/iframe.html").headers["etag"]
    answer = world.ask("GET", "/echo/iframe-9.html", If_None_Match=etag)
    assert (answer.status, answer.body) == (304, b"")
    assert "content-type" not in answer.headers
    assert world.ask("GET", "/echo/iframe.html", If_None_Match='"other"').status == 200


def test_iframe_page_of_a_live_mount_follows_the_allow_list(world: World) -> None:
    world.mount("live", MountPolicy(document_domain=False), ["https://ok.example"])
    answer = world.ask("GET", "/live/iframe.html")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-security-policy"].endswith("frame-ancestors 'self' https://ok.example")
    assert b"document.domain" not in answer.body
    assert world.ask("POST", "/live/iframe.html", "").status == 405


def test_iframe_page_needs_an_iframe_transport(world: World) -> None:
    world.mount("plain", MountPolicy(transports=("websocket", "xhr-polling")))
    assert world.ask("GET", "/plain/iframe.html").status == 404


def test_info(world: World) -> None:
    answers = [world.ask("GET", "/echo/info") for _ in range(2)]
    info = json.loads(answers[0].body)
    assert info["websocket"] is True and info["cookie_needed"] is False and info["origins"] == ["*:*"]
    assert 0 <= info["entropy"] < 2**32
    assert info["entropy"] != json.loads(answers[1].body)["entropy"]
    headers = answers[0].headers
    assert headers["content-type"] == "application/json; charset=UTF-8"
    assert headers["cache-control"] == NO_CACHE and "expires" not in headers
    assert "set-cookie" not in headers and "last-modified" not in headers
    assert headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in headers


def test_info_of_other_mounts(world: World) -> None:
    assert json.loads(world.ask("GET", "/disabled_websocket_echo/info").body)["websocket"] is False
    cookies = world.ask("GET", "/cookie_needed_echo/info")
    assert json.loads(cookies.body)["cookie_needed"] is True and "set-cookie" not in cookies.headers
    assert world.ask("POST", "/echo/info", "").status == 405


def test_preflight_of_info(world: World) -> None:
    answer = world.ask(
        "OPTIONS", "/echo/info", Origin="https://a.example", Access_Control_Request_Headers="a, b"
    )
    assert answer.status in (200, 204) and answer.body == b""
    assert answer.headers["access-control-allow-methods"] == "OPTIONS, GET"
    assert answer.headers["access-control-allow-headers"] == "a, b"


@pytest.mark.parametrize("name", ["xhr", "xhr_streaming", "xhr_send"])
@pytest.mark.parametrize("origin", ["https://a.example", "null"])
def test_preflight(world: World, name: str, origin: str) -> None:
    answer = world.ask("OPTIONS", f"/echo/000/s/{name}", Origin=origin)
    assert answer.status in (200, 204) and answer.body == b""
    headers = answer.headers
    assert headers["access-control-allow-methods"] == "OPTIONS, POST"
    assert headers["access-control-max-age"] == "31536000"
    assert headers["cache-control"] == "public, max-age=31536000" and headers["expires"]
    assert headers["access-control-allow-origin"] == origin
    assert headers["access-control-allow-credentials"] == "true"
    assert "access-control-allow-headers" not in headers


@pytest.mark.parametrize(
    ("name", "method"),
    [("xhr", "GET"), ("xhr_streaming", "GET"), ("xhr_send", "PUT"), ("eventsource", "POST"), ("htmlfile", "POST"),
     ("jsonp", "POST"), ("jsonp_send", "GET"), ("websocket", "POST"), ("jsonp", "OPTIONS")],
)  # fmt: skip
def test_wrong_methods(world: World, name: str, method: str) -> None:
    answer = world.ask(method, f"/echo/000/s/{name}", "")
    assert answer.status == 405 and answer.headers["allow"] and answer.body == b""
    assert "content-type" not in answer.headers


@pytest.mark.parametrize("session", ["a", "%20", "a%2Fb", "%C3%BC", "x" * 200])
def test_any_name_is_a_session(world: World, session: str) -> None:
    assert world.ask("POST", f"/echo/0/{session}/xhr", "").body == b"o\n"


def test_the_server_part_means_nothing(world: World) -> None:
    assert world.ask("POST", "/echo/000/s/xhr", "").body == b"o\n"
    assert world.ask("POST", "/echo/999/s/xhr_send", '["x"]').status == 204
    assert world.ask("POST", "/echo/555/s/xhr/", "").body == b'a["x"]\n'


@pytest.mark.parametrize("name", ["websocket", "000/s/websocket"])
def test_a_disabled_websocket_is_not_there(world: World, name: str) -> None:
    assert world.ask("GET", f"/disabled_websocket_echo/{name}").status == 404


@pytest.mark.parametrize(
    ("transports", "there"),
    [
        (("xhr-polling",), {"xhr", "xhr_send"}),
        (("iframe-xhr-polling",), {"xhr", "xhr_send"}),
        (("xhr-streaming",), {"xhr_streaming", "xhr_send"}),
        (("iframe-eventsource",), {"eventsource", "xhr_send"}),
        (("htmlfile",), {"htmlfile", "xhr_send"}),
        (("jsonp-polling",), {"jsonp", "jsonp_send"}),
        (("websocket",), {"websocket"}),
    ],
)
def test_only_enabled_transports_are_there(
    world: World, transports: tuple[str, ...], there: set[str]
) -> None:
    world.mount("few", MountPolicy(transports=transports))
    names = (
        "xhr",
        "xhr_send",
        "xhr_streaming",
        "eventsource",
        "htmlfile",
        "jsonp",
        "jsonp_send",
        "websocket",
    )
    assert {name for name in names if world.ask("PUT", f"/few/0/s/{name}", "").status == 405} == there


def test_unknown_transports_are_refused() -> None:
    with pytest.raises(ValueError, match="carrier-pigeon"):
        MountPolicy(transports=("carrier-pigeon",))


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("POST", "xhr"),
        ("POST", "xhr_streaming"),
        ("GET", "eventsource"),
        ("GET", "htmlfile?c=x"),
        ("GET", "jsonp?c=x"),
    ],
)
def test_cookies(world: World, method: str, name: str) -> None:
    body = "" if method == "POST" else None
    path = f"/cookie_needed_echo/000/{name[:5]}/{name}"
    assert world.ask(method, path, body).headers["set-cookie"] == "JSESSIONID=dummy; path=/"
    sent = world.ask(method, path.replace("/000/", "/000/2"), body, Cookie="a=b; JSESSIONID=abc.1")
    assert sent.headers["set-cookie"] == "JSESSIONID=abc.1; path=/"
    bad = world.ask(method, path.replace("/000/", "/000/3"), body, Cookie='JSESSIONID="<x>"')
    assert bad.headers["set-cookie"] == "JSESSIONID=dummy; path=/"
    plain = world.ask(method, path.replace("/cookie_needed_echo/", "/echo/"), body)
    assert "set-cookie" not in plain.headers


@pytest.mark.parametrize(
    ("method", "name"),
    [("POST", "xhr"), ("POST", "xhr_streaming"), ("GET", "eventsource"), ("GET", "info")],
)
def test_cors(world: World, method: str, name: str) -> None:
    path = f"/echo/{name}" if name == "info" else f"/echo/000/{name}/{name}"
    body = "" if method == "POST" else None
    plain = world.ask(method, path, body).headers
    assert plain["access-control-allow-origin"] == "*" and "access-control-allow-credentials" not in plain
    assert plain["vary"] == "Origin"
    path = path.replace("/000/", "/000/2")
    asked = world.ask(method, path, body, Origin="https://a.example").headers
    assert asked["access-control-allow-origin"] == "https://a.example"
    assert asked["access-control-allow-credentials"] == "true"
    path = path.replace("/000/2", "/000/3")
    opaque = world.ask(method, path, body, Origin="null").headers
    assert opaque["access-control-allow-origin"] == ("*" if name == "eventsource" else "null")
    if name != "info":
        assert plain["cache-control"] == NO_CACHE


@pytest.mark.parametrize(
    ("method", "name"),
    [("POST", "xhr"), ("POST", "xhr_streaming"), ("POST", "xhr_send"), ("GET", "eventsource"), ("GET", "htmlfile?c=x"),
     ("GET", "jsonp?c=x"), ("POST", "jsonp_send"), ("OPTIONS", "xhr"), ("GET", "websocket")],
)  # fmt: skip
def test_foreign_pages_are_refused(world: World, method: str, name: str) -> None:
    made = world.mount("live", MountPolicy(), ["https://ok.example"])
    path, body = f"/live/000/s/{name}", "[]" if method == "POST" else None
    foreign = world.ask(method, path, body, Origin="https://evil.example")
    assert foreign.status == 403 and "access-control-allow-origin" not in foreign.headers
    assert world.ask(method, path, body, Sec_Fetch_Site="cross-site").status == 403
    assert world.ask(method, path, body, Referer="https://evil.example/x").status == 403
    assert made.made == []
    proofs = (
        {"Origin": "https://ok.example"},
        {"Sec_Fetch_Site": "same-origin"},
        {"Origin": "http://127.0.0.1"},
        {},
    )
    for number, proof in enumerate(proofs):
        assert world.ask(method, path.replace("/s/", f"/s{number}/"), body, **proof).status != 403


def test_info_is_refused_to_foreign_pages(world: World) -> None:
    world.mount("live")
    assert world.ask("GET", "/live/info", Origin="https://evil.example").status == 403
    assert world.ask("GET", "/live/info", Origin="http://127.0.0.1").status == 200
