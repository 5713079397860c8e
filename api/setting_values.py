"""Values of settings: from the text of an environment variable to what it stands for, typed and bounded.

Each raises ValueError for what it does not take, with the end of a sentence that says what it does; a value that may be
secret is never repeated.
"""

import ipaddress
import re
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from storage.address import AddressError, normalise
from storage.embedded import Durability
from storage.retention import LOG_KEPT_DAYS_MAX, LOG_KEPT_DAYS_MIN

SECRET_BYTES_MIN: Final = 32
"""Bytes of SECRET_KEY: as many as the hash that signs, so that the key is not the weakest part."""
PASSWORD_LENGTH_MIN: Final = 16
"""Characters of OPS_PASSWORD: a machine makes it and keeps it, so it may be long."""
PORT_MAX: Final = 65_535
RATE_FACTOR_MAX: Final = 10_000
WORKERS_MAX: Final = 16

_HOOK: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
_HOST: Final = re.compile(r"[A-Za-z0-9._:%-]{1,255}")


def host(text: str) -> str:
    """Return the name or address of an interface."""
    if not _HOST.fullmatch(text):
        raise ValueError("it takes an address such as 127.0.0.1, or 0.0.0.0 for all networks")
    return text


def port(text: str) -> int:
    """Return a port."""
    if not text.isascii() or not text.isdecimal() or int(text[:9]) > PORT_MAX:
        raise ValueError(f"it takes a number from 0 to {PORT_MAX}; 0 lets the system choose")
    return int(text)


def own_port(text: str) -> int:
    """Return a port that somebody else is told beforehand."""
    number = port(text)
    if number == 0:
        raise ValueError(f"it takes a number from 1 to {PORT_MAX}")
    return number


def folder(text: str) -> Path:
    """Return a folder, absolute."""
    if "\x00" in text:
        raise ValueError("it takes the path of a folder")
    return Path(text).expanduser().absolute()


def durability(text: str) -> Durability:
    """Return how durable a 2xx is."""
    try:
        return Durability(text.lower())
    except ValueError:
        raise ValueError("it takes full; test is for tests alone") from None


def database(text: str) -> str:
    """Return the address of a database, normalised."""
    try:
        return normalise(text)
    except AddressError as error:
        raise ValueError(f"{error}; it takes postgresql://user:password@host:5432/database") from None


def secret(text: str) -> str:
    """Return a secret that is long enough."""
    if len(text.encode(errors="surrogateescape")) < SECRET_BYTES_MIN:
        raise ValueError(f"it is shorter than {SECRET_BYTES_MIN} bytes; use one such as `openssl rand -hex 32` prints")
    return text


def password(text: str) -> str:
    """Return a password that nobody guesses."""
    if len(text) < PASSWORD_LENGTH_MIN:
        raise ValueError(
            f"it is shorter than {PASSWORD_LENGTH_MIN} characters; use one such as `openssl rand -hex 16` prints"
        )
    return text


def hook(text: str) -> str:
    """Return the name of something to call, as it is spelled; whether it is there is seen at the start."""
    if not _HOOK.fullmatch(text):
        raise ValueError("it takes package.module:callable")
    return text


def origins(text: str) -> tuple[str, ...]:
    """Return origins, each exact."""
    return tuple(_origin(each.strip()) for each in text.split(",") if each.strip())


def _origin(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or text != f"{parts.scheme}://{parts.netloc}":
        raise ValueError(
            f"{text[:100]!r} is not an origin; it takes exact ones such as https://club.example, by commas"
        )
    return text.lower()


def networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Return networks of one's own proxies."""
    return tuple(_network(each.strip()) for each in text.split(",") if each.strip())


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        found = ipaddress.ip_network(text)
    except ValueError:
        raise ValueError(
            f"{text[:100]!r} is no network; it takes such as 10.0.0.0/8 or 2001:db8::1, by commas"
        ) from None
    if not found.prefixlen:
        raise ValueError(f"{text[:100]!r} is everybody; name the networks of your own proxies alone")
    return found


_FACTOR: Final = re.compile(r"[0-9]{1,5}(\.[0-9]{1,3})?", re.ASCII)


def factor(text: str) -> float:
    """Return what multiplies each budget."""
    if not _FACTOR.fullmatch(text) or float(text) > RATE_FACTOR_MAX:
        raise ValueError(f"it takes a number from 0 to {RATE_FACTOR_MAX}; 0 takes the limits away")
    return float(text)


def workers(text: str) -> int:
    """Return how many processes serve."""
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:9]) <= WORKERS_MAX:
        raise ValueError(f"it takes a number from 1 to {WORKERS_MAX}")
    return int(text)


def log_kept_days(text: str) -> int:
    """Return for how many days logs are kept."""
    if not text.isascii() or not text.isdecimal() or not LOG_KEPT_DAYS_MIN <= int(text[:9]) <= LOG_KEPT_DAYS_MAX:
        raise ValueError(f"it takes a number of days from {LOG_KEPT_DAYS_MIN} to {LOG_KEPT_DAYS_MAX}")
    return int(text)


def switch(text: str) -> bool:
    """Return whether something is on."""
    if text.lower() not in {"on", "off"}:
        raise ValueError("it takes on or off")
    return text.lower() == "on"
