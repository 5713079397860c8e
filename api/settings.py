"""Settings: the environment, read once into one frozen struct; nothing else looks at it.

Every setting is typed and bounded here. A wrong one ends the start with one sentence that names it and says what to do;
a value that may be secret is never repeated. Each may also be given with the prefix `TOUCHLINE_`, for environments in
which `PORT` or `HOST` is somebody else's.
"""

import enum
import ipaddress
import os
from collections.abc import Callable, Mapping
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from api import setting_values as values
from api.setting_values import PASSWORD_LENGTH_MIN, PORT_MAX, RATE_FACTOR_MAX, SECRET_BYTES_MIN, WORKERS_MAX
from storage.embedded import Durability
from storage.embedded.bundle import SYSTEM_FOLDER, SYSTEM_USER, RunUser, closed_folder
from storage.erasures.ledger_file import LEDGER
from storage.pools import WORKER_CONNECTIONS_MAX
from storage.retention import LOG_KEPT_DAYS, LOG_KEPT_DAYS_MAX, LOG_KEPT_DAYS_MIN

PREFIX: Final = "TOUCHLINE_"
PORT_DEFAULT: Final = 8_000
CHECKOUT: Final = Path(__file__).resolve().parents[1]


class Mode(enum.StrEnum):
    """What the server is started for."""

    DEVELOPMENT = "development"
    """On the developer's own machine: it makes a secret, a demo club and a demo account by itself."""
    PRODUCTION = "production"
    """For other people: the secret is given, and nothing is made up."""


class SettingsError(Exception):
    """A setting cannot be used; the text names it and says what to do."""


class Settings(Struct, frozen=True):
    """All settings, in their final types; `SETTINGS` below says how each is read, and what it means."""

    host: str
    port: int
    data_dir: Path
    mode: Mode
    database_url: str | None = None
    """None: the embedded PostgreSQL in the data folder."""
    database_url_direct: str | None = None
    """None: wake-ups between processes go the way of `database_url`."""
    workers: int = 1
    secret_key: str | None = None
    """None, in development alone: a random one is made once and kept in the data folder."""
    secret_key_previous: str | None = None
    """The secret before this one: tokens that it signed are good until they run out."""
    cors_origins: tuple[str, ...] = ()
    websocket_origins: tuple[str, ...] = ()
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    rate_factor: float = 0.0
    """Multiplies every rate limit; 0, which only tests have without asking for it: no limits."""
    docs: bool = True
    metrics_token: str | None = None
    """None: metrics are told in development alone, and only to this machine."""
    metrics_port: int | None = None
    """None: metrics are told on the one port alone."""
    log_kept_days: int = LOG_KEPT_DAYS
    erasure_ledger: Path | None = None
    """None: in the data folder."""
    ops_password: str | None = None
    """None: the operator's page is there in development alone, for this machine, with a password of its own."""
    error_hook: str | None = None
    """None: faults are in the log alone."""
    durability: Durability = Durability.FULL

    @property
    def ledger_path(self) -> Path:
        """Where the erasure ledger is."""
        return self.erasure_ledger or self.data_dir / LEDGER

    @property
    def is_production(self) -> bool:
        """Whether other people rely on this server."""
        return self.mode is Mode.PRODUCTION


class Setting(Struct, frozen=True):
    """How one setting is read, and what a person is told of it."""

    parse: Callable[[str], Any]
    """Raises ValueError, with the end of a sentence, for what it does not take."""
    takes: str
    """Its type and bounds."""
    otherwise: str
    """What counts where it is not given."""
    meaning: str


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings. Raises SettingsError for the first that cannot be used."""
    given = _given(environment)
    host = _read(given, "HOST", "127.0.0.1")
    mode = _read(given, "MODE", None) or (Mode.DEVELOPMENT if is_own_machine(host) else Mode.PRODUCTION)
    settings = Settings(
        host=host,
        port=_read(given, "PORT", PORT_DEFAULT),
        data_dir=_read(given, "DATA_DIR", None) or default_data_dir(),
        mode=mode,
        database_url=_read(given, "DATABASE_URL", None),
        database_url_direct=_read(given, "DATABASE_URL_DIRECT", None),
        workers=_read(given, "WORKERS", 1),
        secret_key=_read(given, "SECRET_KEY", None),
        secret_key_previous=_read(given, "SECRET_KEY_PREVIOUS", None),
        cors_origins=_read(given, "CORS_ORIGINS", ()),
        websocket_origins=_read(given, "WEBSOCKET_ORIGINS", ()),
        trusted_proxies=_read(given, "TRUSTED_PROXIES", ()),
        rate_factor=_read(given, "RATE_FACTOR", 1.0),
        docs=_read(given, "DOCS", True),  # noqa: FBT003 - what counts where it is not given
        metrics_token=_read(given, "METRICS_TOKEN", None),
        metrics_port=_read(given, "METRICS_PORT", None),
        log_kept_days=_read(given, "LOG_KEPT_DAYS", LOG_KEPT_DAYS),
        erasure_ledger=_read(given, "ERASURE_LEDGER", None),
        ops_password=_read(given, "OPS_PASSWORD", None),
        error_hook=_read(given, "ERROR_HOOK", None),
        durability=_read(given, "DURABILITY", Durability.FULL),
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


def _read(given: Mapping[str, str], name: str, default: Any) -> Any:  # noqa: ANN401 - each setting has its own type
    text = given.get(name)
    if text is None:
        return default
    try:
        return SETTINGS[name].parse(text.strip())
    except ValueError as error:
        raise SettingsError(f"{name} cannot be used: {error}.") from None


def _why_production(given: Mapping[str, str]) -> str:
    return (
        "" if "MODE" in given else ", since HOST lets other machines in (MODE=development is for a network you trust)"
    )


def _mode(text: str) -> Mode | None:
    try:
        return Mode(text.lower())
    except ValueError:
        raise ValueError("it takes development or production") from None


_ORIGINS_TAKES: Final = "exact origins, by commas: `https://club.example`"

SETTINGS: Final[Mapping[str, Setting]] = {
    "HOST": Setting(
        values.host,
        "an address of this machine",
        "`127.0.0.1`",
        "Where to listen; `0.0.0.0` for all networks, which makes `MODE` production.",
    ),
    "PORT": Setting(values.port, f"0 to {PORT_MAX}", f"`{PORT_DEFAULT}`", "The port; `0` lets the system choose."),
    "DATA_DIR": Setting(
        values.folder,
        "a folder",
        "`.touchline` in the checkout",
        "The server's own PostgreSQL and secret. Where root runs it below a closed folder: `/var/lib/touchline`.",
    ),
    "MODE": Setting(
        _mode,
        "`development` or `production`",
        "by `HOST`: development where only this machine can reach it",
        "`development` makes a secret and a demo account; `production` makes up nothing.",
    ),
    "DATABASE_URL": Setting(
        values.database,
        "`postgresql://user:password@host:5432/database`",
        "a PostgreSQL of its own",
        "A PostgreSQL 18 to use in place of its own.",
    ),
    "DATABASE_URL_DIRECT": Setting(
        values.database,
        "`postgresql://user:password@host:5432/database`",
        "`DATABASE_URL`",
        "The same database past a pooler of transactions, such as PgBouncer, through which no notification comes.",
    ),
    "WORKERS": Setting(
        values.workers,
        f"1 to {WORKERS_MAX}",
        "`1`",
        "Processes that serve. One is right for one club; more let a host use more of its cores. Each opens up to "
        f"{WORKER_CONNECTIONS_MAX} connections to PostgreSQL.",
    ),
    "SECRET_KEY": Setting(
        values.secret,
        f"{SECRET_BYTES_MIN} bytes or more",
        "made once, in the data folder; production must give it",
        "Signs tokens. Make one with `openssl rand -hex 32`.",
    ),
    "SECRET_KEY_PREVIOUS": Setting(
        values.secret,
        f"{SECRET_BYTES_MIN} bytes or more",
        "none",
        "The secret before this one, while tokens of it are about.",
    ),
    "CORS_ORIGINS": Setting(
        values.origins,
        _ORIGINS_TAKES,
        "none",
        "Origins of web apps that may call the API, beside the server's own pages.",
    ),
    "WEBSOCKET_ORIGINS": Setting(
        values.origins, _ORIGINS_TAKES, "none", "Origins that may open live sockets, beside the server's own."
    ),
    "TRUSTED_PROXIES": Setting(
        values.networks,
        "networks, by commas: `172.16.0.0/12, fdaa::/16`",
        "none",
        "Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed. Without it, everybody behind a proxy "
        "shares one budget of requests. On Fly.io: `172.16.0.0/12, fdaa::/16` and the addresses that `fly ips list` "
        "prints, since its proxy writes the app's own address last.",
    ),
    "RATE_FACTOR": Setting(
        values.factor,
        f"0 to {RATE_FACTOR_MAX}",
        "`1`",
        "Multiplies every rate limit of `/api/sync/config`; `0` takes them away. Each worker counts for itself.",
    ),
    "DOCS": Setting(
        values.switch,
        "`on` or `off`",
        "`on`",
        "Whether `/docs` is served. The API is public and its page tells no secret, so it is on in production too.",
    ),
    "METRICS_TOKEN": Setting(
        values.secret,
        f"{SECRET_BYTES_MIN} bytes or more",
        "none: only this machine reads `/metrics`, in development",
        "Whoever sends it as `Authorization: Bearer` reads `/metrics`; to all others there is nothing there.",
    ),
    "METRICS_PORT": Setting(
        values.own_port,
        f"1 to {PORT_MAX}",
        "none",
        "A second port that answers `/metrics`, to anybody who can reach it, and nothing else: for a private network.",
    ),
    "LOG_KEPT_DAYS": Setting(
        values.log_kept_days,
        f"{LOG_KEPT_DAYS_MIN} to {LOG_KEPT_DAYS_MAX}",
        f"`{LOG_KEPT_DAYS}`",
        "Days for which each club's log is kept. A phone that was away longer takes a snapshot; nothing is lost by it.",
    ),
    "ERASURE_LEDGER": Setting(
        values.folder,
        "a file",
        "`erasures.jsonl` in `DATA_DIR`",
        "The list of erasures, without names, by which they are done again after a restore. Where `DATA_DIR` is lost "
        "at each restart, name a file that is kept, and not beside the database.",
    ),
    "OPS_PASSWORD": Setting(
        values.password,
        f"{PASSWORD_LENGTH_MIN} characters or more",
        "none: only this machine sees `/ops`, in development, with the password that the start prints",
        "Opens `/ops`, the operator's page, under any user name. To everybody else there is nothing there.",
    ),
    "ERROR_HOOK": Setting(
        values.hook,
        "`package.module:callable`",
        "none: faults are in the log alone",
        "Called with a report of each fault, on a thread of its own; see [deploy.md](deploy.md#error-tracking).",
    ),
    "DURABILITY": Setting(
        values.durability,
        "`full`",
        "`full`",
        "Whether a 2xx is on the disk. `test` is for tests alone, and loses what was acknowledged.",
    ),
}
"""Every setting, in the order in which a person meets them; `docs/settings.md` is made of it."""
