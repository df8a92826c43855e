"""The allow list of origins."""

import pytest

from twistedchat.core.origins import Evidence, OriginPolicy, normal_origin


def seen(
    origin: str | None = None,
    site: str | None = None,
    referer: str | None = None,
    scheme: str = "http",
    host: str = "chat.example:8080",
) -> Evidence:
    return Evidence(origin, site, referer, scheme, host)


OWN = OriginPolicy()
LISTED = OriginPolicy(["https://ok.example", "http://localhost:*", "https://*.wide.example"])


@pytest.mark.parametrize(
    ("evidence", "allowed"),
    [
        (seen("http://chat.example:8080"), True),
        (seen("HTTP://Chat.Example:8080"), True),
        (seen("https://chat.example:8080"), True),  # a proxy ends TLS for us
        (seen("http://chat.example:8080", scheme="https"), False),  # and never the other way round
        (seen("http://chat.example"), False),
        (seen("http://evil.example"), False),
        (seen("null"), False),
        (seen("not an origin"), False),
        (seen("http://[broken"), False),
        (seen(site="same-origin"), True),
        (seen(site="none"), True),
        (seen(site="cross-site"), False),
        (seen(site="same-site"), False),
        (seen(site="cross-site", referer="http://evil.example/page"), False),
        (seen(referer="http://evil.example/page"), False),
        (seen(referer="http://chat.example:8080/page?x=1"), True),
        (seen(), True),  # no page of a browser
    ],
)
def test_without_a_list_only_our_own_pages_may(evidence: Evidence, allowed: bool) -> None:
    assert OWN.allows(evidence) is allowed


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://ok.example", True),
        ("https://ok.example:443", True),
        ("http://ok.example", False),
        ("https://ok.example.evil.example", False),
        ("http://localhost:3000", True),
        ("http://localhost", True),
        ("https://localhost:3000", False),
        ("https://a.wide.example", True),
        ("https://a.b.wide.example", True),
        ("https://wide.example", False),
        ("https://a.wide.example:8443", False),
        ("https://notwide.example", False),
        ("null", False),
    ],
)
def test_a_list_names_exact_origins_ports_and_subdomains(origin: str, allowed: bool) -> None:
    assert LISTED.allows(seen(origin)) is allowed
    assert LISTED.allows(seen(site="cross-site", referer=origin + "/x")) is allowed


def test_a_star_is_everyone() -> None:
    anyone = OriginPolicy(["*"])
    assert anyone.anyone and anyone.ancestors() is None
    for origin in ("null", "http://evil.example", "rubbish"):
        assert anyone.allows(seen(origin))


def test_null_only_when_listed() -> None:
    assert OriginPolicy(["null"]).allows(seen("null"))
    assert OriginPolicy(["null"]).ancestors() == "'self'"


def test_ancestors_are_the_list() -> None:
    assert LISTED.ancestors() == "'self' https://ok.example http://localhost:* https://*.wide.example"


@pytest.mark.parametrize(
    "entry", ["ok.example", "https://ok.example/path", "https://*", "https://a*b.example", "://x:*"]
)
def test_what_is_no_origin_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match="not an origin"):
        OriginPolicy([entry])


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("http://[::1]:80/x", "http://[::1]"),
        ("https://a.example:444", "https://a.example:444"),
        ("http://a:x", None),
        ("file:///x", None),
    ],
)
def test_origins_have_one_form(text: str, origin: str | None) -> None:
    assert normal_origin(text) == origin
