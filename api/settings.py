"""Settings: the environment, read once into one frozen struct; nothing else looks at it.

Every setting is typed and bounded here. A wrong one ends the start with one sentence that names it and says what to do;
a value that may be secret is never repeated. Each may also be given with the prefix `TOUCHLINE_`, for environments in
which `PORT` or `HOST` is somebody else's.
"""

import enum
import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

from msgspec import Struct

from storage.address import AddressError, normalise
from storage.embedded import Durability
from storage.embedded.bundle import SYSTEM_FOLDER, SYSTEM_USER, RunUser, closed_folder

PREFIX: Final = "TOUCHLINE_"
SECRET_BYTES_MIN: Final = 32
"""Bytes of SECRET_KEY: as many as the hash that signs, so that the key is not the weakest part."""
PORT_MAX: Final = 65_535
CHECKOUT: Final = Path(__file__).resolve().parents[1]

T = TypeVar("T")


class Mode(enum.StrEnum):
    """What the server is started for."""

    DEVELOPMENT = "development"
    """On the developer's own machine: it makes a secret, a demo club and a demo account by itself."""
    PRODUCTION = "production"
    """For other people: the secret is given, and nothing is made up."""


class SettingsError(Exception):
    """A setting cannot be used; the text names it and says what to do."""


class Settings(Struct, frozen=True):
    """All settings, in their final types."""

    host: str
    port: int
    data_dir: Path
    mode: Mode
    database_url: str | None = None
    """None: the embedded PostgreSQL in the data folder."""
    secret_key: str | None = None
    """None, in development alone: a random one is made once and kept in the data folder."""
    secret_key_previous: str | None = None
    """The secret before this one: tokens that it signed are good until they run out."""
    cors_origins: tuple[str, ...] = ()
    websocket_origins: tuple[str, ...] = ()
    durability: Durability = Durability.FULL

    @property
    def is_production(self) -> bool:
        """Whether other people rely on this server."""
        return self.mode is Mode.PRODUCTION


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings. Raises SettingsError for the first that cannot be used."""
    given = _given(environment)
    host = _read(given, "HOST", _host, "127.0.0.1")
    mode = _read(given, "MODE", _mode, None) or (Mode.DEVELOPMENT if is_own_machine(host) else Mode.PRODUCTION)
    settings = Settings(
        host=host,
        port=_read(given, "PORT", _port, 8000),
        data_dir=_read(given, "DATA_DIR", _folder, None) or default_data_dir(),
        mode=mode,
        database_url=_read(given, "DATABASE_URL", _database, None),
        secret_key=_read(given, "SECRET_KEY", _secret, None),
        secret_key_previous=_read(given, "SECRET_KEY_PREVIOUS", _secret, None),
        cors_origins=_read(given, "CORS_ORIGINS", _origins, ()),
        websocket_origins=_read(given, "WEBSOCKET_ORIGINS", _origins, ()),
        durability=_read(given, "DURABILITY", _durability, Durability.FULL),
    )
    if settings.is_production and settings.secret_key is None:
        raise SettingsError(
            f"SECRET_KEY is missing, and MODE is production{_why_production(given)}. "
            "Set it to a secret of its own, such as `openssl rand -hex 32` prints."
        )
    return settings


def read_environment() -> Settings:
    """Read the settings of this process."""
    return read_settings(os.environ)


def is_own_machine(host: str) -> bool:
    """Tell whether only this machine can reach a server that listens there."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def default_data_dir() -> Path:
    """Return where data lies unless DATA_DIR says otherwise: beside the code, where PostgreSQL may go there.

    Root's PostgreSQL runs as a user of its own, who may not enter a checkout below a closed home folder.
    """
    folder = CHECKOUT / ".touchline"
    if os.geteuid() == 0 and closed_folder(folder, RunUser(SYSTEM_USER, -1, -1)):
        return SYSTEM_FOLDER
    return folder


NAMES: Final = frozenset(name.upper() for name in Settings.__struct_fields__)


def _given(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the settings that are given, under their short names; an empty one counts as not given."""
    found = {name: environment[name] for name in NAMES if environment.get(name, "").strip()}
    for long, value in sorted(environment.items()):
        if not long.startswith(PREFIX) or not value.strip():
            continue
        name = long.removeprefix(PREFIX)
        if name not in NAMES:
            raise SettingsError(f"{long} is not a setting. Remove it; there are {', '.join(sorted(NAMES))}.")
        if found.setdefault(name, value) != value:
            raise SettingsError(f"{name} and {long} are both set, and differ. Remove one of them.")
    return found


def _read(given: Mapping[str, str], name: str, parse: Callable[[str], T], default: T) -> T:
    text = given.get(name)
    if text is None:
        return default
    try:
        return parse(text.strip())
    except ValueError as error:
        raise SettingsError(f"{name} cannot be used: {error}.") from None


def _why_production(given: Mapping[str, str]) -> str:
    return (
        "" if "MODE" in given else ", since HOST lets other machines in (MODE=development is for a network you trust)"
    )


_HOST: Final = re.compile(r"[A-Za-z0-9._:%-]{1,255}")


def _host(text: str) -> str:
    if not _HOST.fullmatch(text):
        raise ValueError("it takes an address such as 127.0.0.1, or 0.0.0.0 for all networks")
    return text


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text[:9]) > PORT_MAX:
        raise ValueError(f"it takes a number from 0 to {PORT_MAX}; 0 lets the system choose")
    return int(text)


def _folder(text: str) -> Path:
    if "\x00" in text:
        raise ValueError("it takes the path of a folder")
    return Path(text).expanduser().absolute()


def _mode(text: str) -> Mode | None:
    try:
        return Mode(text.lower())
    except ValueError:
        raise ValueError("it takes development or production") from None


def _durability(text: str) -> Durability:
    try:
        return Durability(text.lower())
    except ValueError:
        raise ValueError("it takes full; test is for tests alone") from None


def _database(text: str) -> str:
    try:
        return normalise(text)
    except AddressError as error:
        raise ValueError(f"{error}; it takes postgresql://user:password@host:5432/database") from None


def _secret(text: str) -> str:
    if len(text.encode(errors="surrogateescape")) < SECRET_BYTES_MIN:
        raise ValueError(f"it is shorter than {SECRET_BYTES_MIN} bytes; use one such as `openssl rand -hex 32` prints")
    return text


def _origins(text: str) -> tuple[str, ...]:
    return tuple(_origin(each.strip()) for each in text.split(",") if each.strip())


def _origin(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or text != f"{parts.scheme}://{parts.netloc}":
        raise ValueError(
            f"{text[:100]!r} is not an origin; it takes exact ones such as https://club.example, by commas"
        )
    return text.lower()
