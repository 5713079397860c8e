"""Addresses: from which network a request comes, as far as that can be known.

The peer of the connection counts. `X-Forwarded-For` is anybody's to write, so it is read only where the peer is a
trusted proxy, and only from its right end, up to the first address that is no trusted proxy. This is the one place that
reads it: uvicorn is told to leave it alone.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any, Final

import structlog

from api.settings import is_own_machine

Network = IPv4Network | IPv6Network

NOWHERE: Final = "local"
"""The peer of a connection without an address, such as a socket in the file system."""
HOPS_MAX: Final = 16
"""Forwarded addresses that are looked at, from the right: no chain of proxies is longer."""
REMEMBERED: Final = 8_192
"""Addresses whose network is remembered."""
FORWARDED: Final = frozenset({b"x-forwarded-for", b"forwarded", b"x-real-ip", b"via"})
"""What a proxy adds: whoever asks through one does not sit at this machine."""
SUBSCRIBER_BITS: Final = 64
"""Bits of an IPv6 address that name a subscriber: one household has all addresses below them."""

_log: Final = structlog.get_logger("touchline.edge")


class Addresses:
    """Tells from which network a request comes."""

    def __init__(self, trusted: Iterable[Network] = ()) -> None:
        """Believe these proxies, and nobody else."""
        self._trusted = tuple(trusted)
        self._is_proxy = lru_cache(REMEMBERED)(self._look_up)
        self._is_warned = False

    def network_of(self, scope: Mapping[str, Any]) -> str:
        """Return the sender's network: an IPv4 address, the first 64 bits of an IPv6 one, or `local`."""
        peer = scope.get("client")
        nearest = NOWHERE if peer is None else str(peer[0])
        forwarded = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
        if not forwarded:
            return network_of(nearest)
        if not self._is_proxy(nearest):
            self._warn(nearest)
            return network_of(nearest)
        return network_of(self._behind(nearest, b",".join(forwarded)))

    def is_proxy(self, scope: Mapping[str, Any]) -> bool:
        """Tell whether a request comes by a trusted proxy."""
        peer = scope.get("client")
        return peer is not None and self._is_proxy(str(peer[0]))

    def _behind(self, nearest: str, forwarded: bytes) -> str:
        """Return the first address from the right that no trusted proxy has; what is no address ends the search."""
        for hop in reversed(forwarded.decode("latin-1").rsplit(",", HOPS_MAX)[-HOPS_MAX:]):
            named = read_address(hop)
            if named is None:
                break
            nearest = str(named)
            if not self._is_proxy(nearest):
                break
        return nearest

    def _look_up(self, text: str) -> bool:
        found = read_address(text)
        return found is not None and any(found in network for network in self._trusted)

    def _warn(self, peer: str) -> None:
        """Say once that a proxy seems to stand in front: all of its users would share one budget."""
        found = read_address(peer)
        if self._is_warned or found is None or found.is_global:
            return
        self._is_warned = True
        _log.warning("proxy_not_trusted", peer=peer, advice="set TRUSTED_PROXIES if this is your proxy's address")


def is_here(scope: Mapping[str, Any]) -> bool:
    """Tell whether a request comes from this machine itself, and through nothing that stands in front of it."""
    is_direct = not FORWARDED.intersection(name for name, _ in scope["headers"])
    peer = scope.get("client")
    return is_direct and peer is not None and is_own_machine(peer[0])


def read_address(text: str) -> IPv4Address | IPv6Address | None:
    """Return an address, with or without a port beside it; None for what is none."""
    text = text.strip()[:64]
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


@lru_cache(REMEMBERED)
def network_of(text: str) -> str:
    """Return the network that shares one budget: an IPv4 address, or a subscriber's part of IPv6."""
    found = read_address(text)
    if isinstance(found, IPv6Address):
        return str(IPv6Network((int(found) >> SUBSCRIBER_BITS << SUBSCRIBER_BITS, SUBSCRIBER_BITS)))
    return NOWHERE if found is None else str(found)
