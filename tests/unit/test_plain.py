"""What counts as a plain request; that both ways answer the same is in tests/contract/test_front_plain.py."""

import pytest

from twistedchat.core.plain import PlainRequest, read_request

GET = b"GET /comet/000/abc/xhr?t=1 HTTP/1.1\r\nHost: a.example\r\n\r\n"
POST = b"POST /comet/000/abc/xhr_send HTTP/1.1\r\nHost: a.example\r\nContent-Length: 2\r\n\r\n[]"


def read(data: bytes) -> PlainRequest:
    request = read_request(data)
    assert request is not None
    return request


def test_a_plain_request_is_read_whole() -> None:
    got, posted = read(GET), read(POST)
    assert (got.method, got.path, got.query, got.body) == ("GET", b"/comet/000/abc/xhr", b"t=1", b"")
    assert (posted.method, posted.head.fields[b"host"], posted.body) == ("POST", "a.example", b"[]")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no request at all\r\n\r\n",
        GET.replace(b"GET", b"PATCH"),
        GET[:-2],
        GET + b"more",
        POST[:-1],
        GET.replace(b"Host", b"Host\r\nHost"),
        GET.replace(b"Host: a.example\r\n", b""),
        GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
        POST.replace(b"Length: 2", b"Length: two"),
        GET.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n"),
    ],
)
def test_whatever_else_comes_goes_the_general_way(data: bytes) -> None:
    assert read_request(data) is None
