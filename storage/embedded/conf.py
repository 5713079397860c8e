"""The configuration the embedded PostgreSQL is started with, as text.

Written anew at each start and kept outside the database's own folder, so that a restored or hand-edited
database folder cannot loosen it. PostgreSQL's log never holds a row: rows carry children's names.
"""

import enum
from pathlib import Path

OWNER_ROLE = "touchline_owner"
APP_ROLE = "touchline_app"
DATABASE = "touchline"
PORT = 5432  # names the socket's file; nothing listens on TCP
_MAP = "touchline"

# A waiter gives up first, then its statement, and only then does the server end the whole session: so that
# the caller nearly always gets an error it can retry on the same connection.
LOCK_TIMEOUT_MS = 3_000
STATEMENT_TIMEOUT_MS = 4_000
TRANSACTION_TIMEOUT_MS = 5_000


class Durability(enum.Enum):
    """What an acknowledged commit survives."""

    FULL = "full"
    """A crash of the process, of the system, and a power cut."""
    TEST = "test"
    """A crash of the process only. Tests alone may ask for it."""


_COMMON = {
    "listen_addresses": "''",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "shared_buffers": "'128MB'",
    "max_wal_size": "'512MB'",
    "password_encryption": "'scram-sha-256'",
    # Errors reach the server that asked, which reports their code. Here they would leave names on the disk:
    # their texts quote values, and their details whole rows.
    "log_min_messages": "log",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_line_prefix": "'%m [%p] %u '",
}

_BY_DURABILITY = {
    Durability.FULL: {
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        # A plan made while a table was empty takes any index, and is kept until the table is analysed: do it soon.
        "autovacuum_naptime": "5s",
    },
    Durability.TEST: {
        "fsync": "off",
        "full_page_writes": "off",
        "synchronous_commit": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "autovacuum": "off",
        "max_wal_size": "'128MB'",
    },
}


CONNECTIONS_MIN = {Durability.FULL: 60, Durability.TEST: 200}
"""Connections that PostgreSQL takes, where nobody needs more."""


def server_conf(
    *, socket_dir: Path, hba_file: Path, ident_file: Path, durability: Durability, connections: int = 0
) -> str:
    """Answer the text of postgresql.conf, for at least so many connections."""
    settings = {
        "unix_socket_directories": _quoted(socket_dir),
        "hba_file": _quoted(hba_file),
        "ident_file": _quoted(ident_file),
        **_COMMON,
        **_BY_DURABILITY[durability],
        "max_connections": str(max(connections, CONNECTIONS_MIN[durability])),
    }
    head = f"# Written by Touchline at each start; edits are lost. Durability: {durability.value}.\n"
    return head + "".join(f"{name} = {value}\n" for name, value in settings.items())


def hba_conf() -> str:
    """Answer pg_hba.conf: the kernel says who calls, so there is no password to leak."""
    return f"local all {OWNER_ROLE},{APP_ROLE} peer map={_MAP}\n"


def ident_conf(system_user: str) -> str:
    """Answer pg_ident.conf: one user of the operating system may take both roles."""
    name = system_user.replace('"', '""')
    return "".join(f'{_MAP} "{name}" {role}\n' for role in (OWNER_ROLE, APP_ROLE))


def role_script() -> str:
    """Answer the SQL that limits both roles; may be run again at each start.

    The application's role owns nothing and is bound by row-level security; what it may read and write is
    granted by the migrations. Migrations set their own lock timeout, so the owner has none.
    """
    return f"""
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{APP_ROLE}') THEN CREATE ROLE {APP_ROLE}; END IF;
END $$;
ALTER ROLE {APP_ROLE} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION;
ALTER ROLE {APP_ROLE} SET lock_timeout = {LOCK_TIMEOUT_MS};
ALTER ROLE {APP_ROLE} SET statement_timeout = {STATEMENT_TIMEOUT_MS};
ALTER ROLE {APP_ROLE} SET idle_in_transaction_session_timeout = {TRANSACTION_TIMEOUT_MS};
ALTER ROLE {APP_ROLE} SET transaction_timeout = {TRANSACTION_TIMEOUT_MS};
"""


def database_script(database: str = DATABASE) -> str:
    """Answer the SQL that shuts a database to every role but the owner's and the application's."""
    return f"""
REVOKE ALL ON DATABASE "{database}" FROM PUBLIC;
GRANT CONNECT ON DATABASE "{database}" TO {APP_ROLE};
"""


def _quoted(path: Path) -> str:
    """Quote a path for postgresql.conf: a quote doubled, a backslash too."""
    return "'" + str(path).replace("\\", "\\\\").replace("'", "''") + "'"
