"""What an address is, from its text."""

import pytest

from twistedchat.core.addresses import home, is_loopback, parse_address, parse_range
from twistedchat.parsing import parse_network
from twistedchat.web.hosts import Hosts, Proxies


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("[::1]", True),
        ("::ffff:127.0.0.1", True),
        ("::ffff:192.0.2.1", False),
        ("192.0.2.1", False),
        ("localhost", False),
        ("", False),
    ],
)
def test_only_loopback_addresses_are_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("[::FFFF:192.0.2.1]", "192.0.2.1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:192.0.2.1%1", "192.0.2.1"),
    ],
)
def test_an_address_is_told_in_one_way(text: str, address: str) -> None:
    assert str(parse_address(text)) == address


@pytest.mark.parametrize(
    "text",
    ["", "localhost", "192.0.2.1%eth0", "[192.0.2.1]", "[::1", "::1]", "192.0.2.1:80", "192.0.2", "[]", "%"],
)
def test_what_is_no_address_is_none(text: str) -> None:
    assert parse_address(text) is None


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("fe80::2%eth1", "fe80::/64"),
        ("::1", "::1"),
        ("::ffff:127.0.0.1", "127.0.0.1"),
        ("somewhere", "somewhere"),
    ],
)
def test_bounds_count_by_home(host: str, counted: str) -> None:
    assert home(host) == counted


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::ffff:192.0.2.1", "192.0.2.1/32"),
        ("::ffff:0:0/96", "0.0.0.0/0"),
        ("::/0", "::/0"),
        ("2001:db8::/32", "2001:db8::/32"),
    ],
)
def test_a_mapped_range_is_one_of_ipv4(text: str, network: str) -> None:
    assert str(parse_range(text)) == str(parse_network(text)) == network


@pytest.mark.parametrize("network", ["10.0.0.0/8", "::ffff:10.0.0.0/104"])
@pytest.mark.parametrize("proxy", ["10.1.2.3", "::ffff:10.1.2.3"])
def test_a_proxy_is_trusted_however_its_address_is_written(network: str, proxy: str) -> None:
    proxies = Proxies([parse_network(network)])
    assert proxies.trust(proxy)
    assert not proxies.trust("::ffff:192.0.2.1")
    assert not proxies.trust("2001:db8::1")


def test_a_mapped_address_is_a_literal_host() -> None:
    assert Hosts(()).ours("[::ffff:192.0.2.1]:8080")
    assert not Hosts(()).ours("example.org")
