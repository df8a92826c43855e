"""The pages: what the body of each tells its scripts of this server."""

from pathlib import Path

import pytest
from twisted.web.test.requesthelper import DummyRequest

from twistedchat.paths import static_dir
from twistedchat.web.pages import Pages


def shell(static: Path, path: str, **options: bool) -> str:
    """Return what is served at ``path``."""
    pages = Pages(static, ("websocket", "xhr-polling"), lambda digest: None, None, **options)
    request = DummyRequest([b""])
    served: bytes = {"/": pages.front, "/chat": pages.chat, "/demo": pages.demo}[path](request)
    return served.decode()


@pytest.mark.parametrize("path", ["/", "/chat", "/demo"])
@pytest.mark.parametrize(("registration", "told"), [(True, "open"), (False, "closed")])
def test_a_page_is_told_the_transports_and_whether_accounts_can_be_made(
    path: str, registration: bool, told: str
) -> None:
    body = shell(static_dir(), path, registration=registration)
    assert body.count(f'<body data-transports="websocket,xhr-polling" data-registration="{told}"') == 1


def test_what_a_page_says_of_itself_stays() -> None:
    assert 'data-comet="comet"' in shell(static_dir(), "/").partition("<body")[2].partition(">")[0]
