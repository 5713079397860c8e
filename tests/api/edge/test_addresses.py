"""Where a request comes from: the peer, and behind trusted proxies whom they name; nothing else can say it."""

from ipaddress import ip_network
from typing import Any

import pytest

from api.edge.addresses import Addresses, network_of

PROXY = "10.0.0.7"
TRUSTED = Addresses([ip_network("10.0.0.0/8"), ip_network("fdaa::/16"), ip_network("66.51.122.70")])


def scope(peer: str | None, *forwarded: str) -> dict[str, Any]:
    """Return as much of a scope as counts."""
    headers = [(b"host", b"x"), *((b"x-forwarded-for", each.encode("latin-1")) for each in forwarded)]
    return {"client": None if peer is None else (peer, 1234), "headers": headers}


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.9", (), "203.0.113.9"),
        ("203.0.113.9", ("1.1.1.1",), "203.0.113.9"),
        (None, ("1.1.1.1",), "local"),
        (None, (), "local"),
        (PROXY, (), PROXY),
        (PROXY, ("198.51.100.1",), "198.51.100.1"),
        (PROXY, ("6.6.6.6, 198.51.100.1",), "198.51.100.1"),
        (PROXY, ("6.6.6.6", "198.51.100.1"), "198.51.100.1"),
        (PROXY, ("198.51.100.1, 10.0.0.8",), "198.51.100.1"),
        (PROXY, ("6.6.6.6, 198.51.100.1, 66.51.122.70",), "198.51.100.1"),
        (PROXY, ("10.0.0.9, 10.0.0.8",), "10.0.0.9"),
        (PROXY, ("198.51.100.1, nonsense",), PROXY),
        (PROXY, ("6.6.6.6, nonsense, 10.0.0.8",), "10.0.0.8"),
        (PROXY, ("198.51.100.1:4711",), "198.51.100.1"),
        (PROXY, ("[2001:db8:1:2:3::4]:4711",), "2001:db8:1:2::/64"),
        (PROXY, ("::ffff:198.51.100.1",), "198.51.100.1"),
        ("::ffff:10.0.0.7", ("198.51.100.1",), "198.51.100.1"),
        ("fdaa:1::2", ("198.51.100.1",), "198.51.100.1"),
        (PROXY, ("",), PROXY),
        (PROXY, ("\xff\xfe",), PROXY),
        (PROXY, ("6.6.6.6," + "10.0.0.8," * 400 + "10.0.0.9",), "10.0.0.8"),
    ],
)
def test_who_is_counted(peer: str | None, forwarded: tuple[str, ...], expected: str) -> None:
    """The rightmost address that no trusted proxy has; a stranger's header, and one that cannot be read, is air."""
    assert TRUSTED.network_of(scope(peer, *forwarded)) == expected


def test_nobody_is_trusted_unasked() -> None:
    """Without TRUSTED_PROXIES even a neighbour's header counts for nothing."""
    assert Addresses().network_of(scope("127.0.0.1", "1.1.1.1")) == "127.0.0.1"
    assert not Addresses().is_proxy(scope("127.0.0.1"))
    assert TRUSTED.is_proxy(scope(PROXY))
    assert not TRUSTED.is_proxy(scope(None))


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
    ],
)
def test_a_subscriber_has_one_budget(one: str, other: str, is_same: bool) -> None:
    """All addresses of a household's /64 are one, and no two of IPv4."""
    assert (network_of(one) == network_of(other)) is is_same


def test_a_forgotten_proxy_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    """A private peer that forwards, and is not trusted, is worth one warning; a stranger who lies is not."""
    addresses = Addresses()
    addresses.network_of(scope("8.8.8.8", "1.1.1.1"))
    assert "proxy_not_trusted" not in capsys.readouterr().out
    for _ in range(3):
        addresses.network_of(scope("172.16.3.4", "1.1.1.1"))
    assert capsys.readouterr().out.count("proxy_not_trusted") == 1
