"""The address of a database: one form for every driver, and nothing secret in a sentence about it."""

from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from storage.embedded.conf import (
    APP_ROLE,
    LOCK_TIMEOUT_MS,
    STATEMENT_TIMEOUT_MS,
    TRANSACTION_TIMEOUT_MS,
)

SCHEMES: Final = frozenset({"postgres", "postgresql", "postgresql+asyncpg", "postgres+asyncpg"})


class AddressError(ValueError):
    """The text is no address of a PostgreSQL database; the sentence holds no part of it that may be secret."""


def normalise(url: str) -> str:
    """Return the address as asyncpg reads it. Raises AddressError for what is no PostgreSQL address."""
    try:
        parts = urlsplit(url.strip())
        scheme, database, port = parts.scheme.lower(), parts.path.lstrip("/"), parts.port
    except ValueError:
        raise AddressError("it is not a URL") from None
    if scheme not in SCHEMES:
        raise AddressError("it does not begin with postgresql://")
    if port == 0 or not (parts.hostname or dict(parse_qsl(parts.query)).get("host")):
        raise AddressError("it names no host")
    if not database:
        raise AddressError("it names no database")
    return parts._replace(scheme="postgresql").geturl()


def describe(dsn: str) -> str:
    """Return what a sentence may say of an address: the database, host and port, never a name or a password."""
    parts = urlsplit(dsn)
    query = dict(parse_qsl(parts.query))
    host = parts.hostname or query.get("host", "?")
    port = parts.port or query.get("port", "5432")
    return f"{parts.path.lstrip('/')} at {host}:{port}"


def as_application(dsn: str) -> str:
    """Return the address under which every session takes the application's role, with that role's time limits.

    The limits are given by name because they are set when a role signs in, not when it is taken.
    """
    limits = {
        "role": APP_ROLE,
        "lock_timeout": str(LOCK_TIMEOUT_MS),
        "statement_timeout": str(STATEMENT_TIMEOUT_MS),
        "idle_in_transaction_session_timeout": str(TRANSACTION_TIMEOUT_MS),
        "transaction_timeout": str(TRANSACTION_TIMEOUT_MS),
    }
    parts = urlsplit(dsn)
    query = [(name, value) for name, value in parse_qsl(parts.query) if name not in limits]
    return parts._replace(query=urlencode([*query, *limits.items()], quote_via=quote)).geturl()


def without_password(dsn: str) -> tuple[str, str | None]:
    """Return an address without its password, and the password."""
    parts = urlsplit(dsn)
    query = parse_qsl(parts.query)
    password = dict(query).get("password")
    if parts.password is not None:
        password = unquote(parts.password)
    user, at, place = parts.netloc.rpartition("@")
    netloc = f"{user.partition(':')[0]}{at}{place}"
    kept = urlencode([each for each in query if each[0] != "password"], safe="/", quote_via=quote)
    return parts._replace(netloc=netloc, query=kept).geturl(), password


def address_for_program(dsn: str) -> tuple[str, dict[str, str]]:
    """Return the address to name in a program's arguments, which all may read, and its environment with the password.

    Nothing of this process's own environment, which holds secrets, is handed on.
    """
    bare, password = without_password(dsn)
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
    return bare, environment if password is None else {**environment, "PGPASSWORD": password}
