"""Migrations only add: a server of the version before goes on serving on the schema of this one."""

import re

import pytest

from storage.migrate import Migration, read_migrations

BREAKS = {
    "takes something away": r"\bDROP\s+(?:TABLE|COLUMN|SCHEMA|TYPE|VIEW|FUNCTION|DEFAULT)\b",
    "renames": r"\bRENAME\b",
    "changes a column's type": r"\bALTER\s+COLUMN\s+\w+\s+(?:SET\s+DATA\s+)?TYPE\b",
    "demands what old servers do not write": r"\bSET\s+NOT\s+NULL\b",
    "adds a column that old servers leave empty": (
        r"\bADD\s+COLUMN\s+(?:IF\s+NOT\s+EXISTS\s+)?\w+\s+"
        r"(?=[^,;]*\bNOT\s+NULL\b)(?![^,;]*\bDEFAULT\b)"
    ),
    "empties a table": r"\bTRUNCATE\b",
    "locks for longer than a statement": r"\bLOCK\s+TABLE\b|\bCONCURRENTLY\b|\b(?:COMMIT|BEGIN\s*;)",
    "waits for longer than a migration may": r"\bSET\s+(?:LOCAL\s+|SESSION\s+)?(?:lock|statement)_timeout\b",
    "takes a right away": r"\bREVOKE\b",
}
"""What stops a server of the version before, by the words of the statement."""

MIGRATIONS = read_migrations()[1:]
"""The first makes everything: nobody served before it."""


def statements(sql: str) -> str:
    """Return a migration without comments and texts: neither does anything."""
    return re.sub(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'", " ", sql, flags=re.DOTALL)


def breaks(sql: str) -> list[str]:
    """Return what a migration does that a server of the version before does not survive."""
    return [what for what, words in BREAKS.items() if re.search(words, statements(sql), re.IGNORECASE)]


@pytest.mark.parametrize("migration", MIGRATIONS, ids=[each.name for each in MIGRATIONS])
def test_a_migration_only_adds(migration: Migration) -> None:
    """First add, then use, and take away in a later release, once no server of before is about: then list it here."""
    assert breaks(migration.sql) == []


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("ALTER TABLE a DROP COLUMN b;", "takes something away"),
        ("drop table a", "takes something away"),
        ("ALTER TABLE a RENAME COLUMN b TO c;", "renames"),
        ("ALTER TABLE a ALTER COLUMN b TYPE bigint;", "changes a column's type"),
        ("ALTER TABLE a ALTER b SET NOT NULL", "demands what old servers do not write"),
        ("ALTER TABLE a ADD COLUMN b text NOT NULL, ADD COLUMN c int NOT NULL DEFAULT 1;",
         "adds a column that old servers leave empty"),
        ("TRUNCATE a;", "empties a table"),
        ("CREATE INDEX CONCURRENTLY x ON a (b)", "locks for longer than a statement"),
        ("SET lock_timeout = 0;", "waits for longer than a migration may"),
        ("REVOKE SELECT ON a FROM b;", "takes a right away"),
    ],
)  # fmt: skip
def test_what_breaks_is_found(sql: str, what: str) -> None:
    """Each kind, in the words in which somebody would write it."""
    assert breaks(f"-- a comment\n{sql}\n") == [what]


@pytest.mark.parametrize(
    "sql",
    [
        "-- DROP TABLE a\nCOMMENT ON TABLE a IS 'RENAME, TRUNCATE';",
        "ALTER TABLE a ALTER COLUMN b DROP NOT NULL, ADD COLUMN c bigint NOT NULL DEFAULT 1, ADD COLUMN d uuid;",
        "CREATE TABLE a (b text NOT NULL); CREATE UNIQUE INDEX c ON a (b); ALTER TABLE a ENABLE ROW LEVEL SECURITY;",
        "DO $$ BEGIN IF true THEN GRANT SELECT ON a TO b; END IF; END $$;",
    ],
)
def test_what_adds_is_left_alone(sql: str) -> None:
    """New tables, columns that may stay empty, indexes, rights."""
    assert breaks(sql) == []
