"""A database's whole schema as text, so that two can be compared: `schema.sql` and the sum of all migrations.

A text of pg_dump shows what comparisons of tables miss: checks, predicates of indexes, policies, grants.
"""

import asyncio
from pathlib import Path

from storage.address import address_for_program

DUMP_S = 30.0
# pg_dump writes a random key into them, against scripts hidden in a dump.
_RANDOM = ("\\restrict ", "\\unrestrict ")


async def schema_dump(
    pg_dump: Path,
    dsn: str,
    *,
    without_tables: tuple[str, ...] = (),
    without_schema: str | None = None,
    schemas: tuple[str, ...] = (),
    has_owners: bool = True,
) -> str:
    """Answer what `pg_dump --schema-only` says of the database at `dsn`, without comments and blank lines.

    `without_tables` names tables to leave out, such as the ledger of migrations, and `without_schema` a schema;
    `schemas`, where given, are all that is looked at; with `has_owners` it tells whose each thing is. Columns stay in
    the order of their table. Raises `RuntimeError` with pg_dump's words when it fails.
    """
    options = [f"--exclude-table={name}" for name in without_tables]
    options += [f"--schema={name}" for name in schemas]
    if without_schema is not None:
        options.append(f"--exclude-schema={without_schema}")
    options += [] if has_owners else ["--no-owner"]
    return await dump(pg_dump, dsn, "--schema-only", *options)


async def dump(pg_dump: Path, dsn: str, *options: str) -> str:
    """Answer what pg_dump says of the database at `dsn`, its rows included, without comments and blank lines."""
    bare, environment = address_for_program(dsn)
    process = await asyncio.create_subprocess_exec(
        pg_dump,
        *options,
        bare,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        text, said = await asyncio.wait_for(process.communicate(), DUMP_S)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise RuntimeError(f"pg_dump could not read the database: {said.decode(errors='replace').strip()}")
    lines = text.decode().splitlines()
    return "\n".join(line for line in lines if line and not line.startswith(("--", *_RANDOM))) + "\n"
