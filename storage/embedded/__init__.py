"""The embedded PostgreSQL: a real server in a data folder of its own, for a club without a database.

Reading order: server (start and stop), folder (what is on the disk), conf, bundle (binaries and user),
leftovers (after a kill), children (processes).
"""

from storage.embedded.bundle import EmbeddedPostgresError
from storage.embedded.conf import APP_ROLE, DATABASE, OWNER_ROLE, Durability, database_script
from storage.embedded.folder import DataFolderBusy, default_data_dir
from storage.embedded.server import EmbeddedPostgres

__all__ = [
    "APP_ROLE",
    "DATABASE",
    "OWNER_ROLE",
    "DataFolderBusy",
    "Durability",
    "EmbeddedPostgres",
    "EmbeddedPostgresError",
    "database_script",
    "default_data_dir",
]
