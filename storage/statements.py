"""The statements of the hot path: built once with SQLAlchemy, run by asyncpg as prepared statements.

Each begins its conditions with the club, so that it goes to one shard and to the front of a key. Two are written by
hand because they are clearer so; the reason stands above each.
"""

from collections.abc import Collection as AnyCollection
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    FromClause,
    Table,
    Uuid,
    and_,
    any_,
    bindparam,
    column,
    delete,
    func,
    literal_column,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import asyncpg, insert
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement, ColumnElement

from storage import tables
from sync.ports import CHILDREN_MAX, OVERDUE_MAX

_dialect: Final = asyncpg.dialect()  # type: ignore[no-untyped-call]
KEY: Final = "record_id"
"""The name under which a row carries its record's id, whatever its column is called."""


CLUB: Final = bindparam("club_id", type_=Uuid)


class Statement(NamedTuple):
    """SQL for asyncpg, and the names of its parameters in their order."""

    sql: str
    names: tuple[str, ...]


def prepared(statement: ClauseElement) -> Statement:
    """Return a statement as text with numbered parameters."""
    compiled = statement.compile(dialect=_dialect)
    assert isinstance(compiled, SQLCompiler)
    return Statement(str(compiled), tuple(compiled.positiontup or ()))


def upsert(table: Table, columns: AnyCollection[str], *, touched: dict[str, Any] | None = None) -> Statement:
    """Return an insert of these columns, in their order, that replaces a row with the same key."""
    added = insert(table).values({name: bindparam(name, type_=table.c[name].type) for name in columns})
    keys = [column.name for column in table.primary_key.columns]
    replaced = {name: added.excluded[name] for name in columns if name not in keys}
    return _in_order(added.on_conflict_do_update(index_elements=keys, set_={**replaced, **(touched or {})}), columns)


def upsert_many(table: Table, columns: AnyCollection[str], *, touched: dict[str, Any] | None = None) -> Statement:
    """Return the upsert of many rows of one club at once: the club, then an array for each of the other columns."""
    types = {name: table.c[name].type for name in columns}
    arrays = [bindparam(name, type_=ARRAY(kind)) for name, kind in types.items()]
    saved = func.unnest(*arrays).table_valued(*(column(name, kind) for name, kind in types.items()))
    rows = saved.render_derived(name="saved")
    added = insert(table).from_select(["club_id", *columns], select(CLUB, *(rows.c[name] for name in columns)))
    keys = [each.name for each in table.primary_key.columns]
    replaced = {name: added.excluded[name] for name in columns if name not in keys}
    made = added.on_conflict_do_update(index_elements=keys, set_={**replaced, **(touched or {})})
    return _in_order(made, ("club_id", *columns))


def _in_order(statement: ClauseElement, columns: AnyCollection[str]) -> Statement:
    found = prepared(statement)
    assert found.names == tuple(columns), f"the parameters are {found.names}"
    return found


def of_club(table: Table) -> ColumnElement[bool]:
    """Return the condition that a row is of the club, the first parameter."""
    return table.c.club_id == CLUB


def _any(column: Column[Any], name: str) -> ColumnElement[bool]:
    return column == any_(bindparam(name, type_=ARRAY(column.type)))


def lock_club_sql(club_id: str) -> str:
    """Return what locks the counter row: one push at a time in a club, so that version order is commit order.

    It goes along with what opens the transaction, and is a statement of its own all the same: what comes after it sees
    what was committed while it waited. Raises ValueError for anything but a UUID.
    """
    return f"SELECT FROM touchline.clubs WHERE club_id = '{UUID(club_id)}' FOR NO KEY UPDATE"


HEAD: Final = prepared(select(*tables.clubs.c["version", "tag", "oldest"]).where(of_club(tables.clubs)))
MOVE_CLUB: Final = _in_order(
    update(tables.clubs)
    .where(of_club(tables.clubs))
    .values({name: bindparam(f"new_{name}", type_=tables.clubs.c[name].type) for name in ("version", "tag", "clock")}),
    ("new_version", "new_tag", "new_clock", "club_id"),
)

PUSHING_DEVICES: Final = """
SELECT asked.device_id, device.user_id, device.offsets_ms, device.last_n, device.acked, device.seen_ms,
       (SELECT count(*) FROM touchline.parked
         WHERE parked.club_id = $1 AND parked.device_id = asked.device_id) AS parked,
       EXISTS (SELECT FROM touchline.parked
                WHERE club_id = $1 AND received_ms < $3 AND NOT is_orphan) AS is_overdue,
       EXISTS (SELECT FROM touchline.share_links
                WHERE club_id = $1 AND revoked_at IS NULL
                  AND expires_at > to_timestamp($3::double precision / 1000)) AS is_shared,
       EXISTS (SELECT FROM touchline.conflicts WHERE club_id = $1) AS has_conflicts,
       EXISTS (SELECT FROM touchline.parked WHERE club_id = $1) AS has_parked
  FROM unnest($2::uuid[]) AS asked (device_id)
  LEFT JOIN touchline.devices AS device ON device.club_id = $1 AND device.device_id = asked.device_id
"""
"""One round trip for all that pushes ask of their devices; a row is there even where the device is not.

Whether the club shares a match is asked here too, a little generously: without links, feeds cost a push nothing.
"""

PUSHING: Final = f"""
SELECT club.version, club.tag, club.clock, club.oldest, club.hash_key, pushing.*
  FROM touchline.clubs AS club
  LEFT JOIN ({PUSHING_DEVICES}) AS pushing ON true
 WHERE club.club_id = $1
"""  # noqa: S608 - a statement of ours
"""The counter row, once it is locked, with all that pushes ask of their devices; no row where there is no club."""

OVERDUE: Final = prepared(
    select(tables.parked.c.body)
    .where(
        of_club(tables.parked),
        tables.parked.c.received_ms < bindparam("before_ms", type_=BigInteger),
        ~tables.parked.c.is_orphan,
    )
    .order_by(*tables.parked.c["received_ms", "device_id", "n"])
    .limit(literal_column(str(OVERDUE_MAX)))
)

OUTCOMES: Final = """
SELECT near.*
  FROM unnest($2::uuid[], $3::bigint[], $4::bigint[]) AS run (device, first, last)
 CROSS JOIN LATERAL (
       (SELECT * FROM touchline.outcomes
         WHERE club_id = $1 AND device_id = run.device AND n < run.first ORDER BY n DESC LIMIT 1)
       UNION ALL
       (SELECT * FROM touchline.outcomes
         WHERE club_id = $1 AND device_id = run.device AND n BETWEEN run.first AND run.last)
       UNION ALL
       (SELECT * FROM touchline.outcomes
         WHERE club_id = $1 AND device_id = run.device AND n > run.last ORDER BY n LIMIT 1)) AS near
"""
"""Runs of counters with the nearest outcome on both sides: each side is one step into the key, whatever the history."""

TAGS: Final = prepared(
    select(*tables.log.c["version", "tag"]).where(of_club(tables.log), _any(tables.log.c.version, "versions"))
)
LOG_PAGE: Final = """
SELECT version, tag, body
  FROM (SELECT version, tag, body, sum(length(body)) OVER (ORDER BY version) AS size
          FROM (SELECT version, tag, body FROM touchline.log
                 WHERE club_id = $1 AND version > $2 ORDER BY version LIMIT $3) AS page) AS sized
 WHERE size <= $4 OR size = length(body)
 ORDER BY version
"""
"""A page is cut by bytes in the database, so that what does not fit is not sent; the first row always fits."""

CONFLICTS_ABOUT: Final = prepared(
    select(tables.conflicts.c.body).where(
        of_club(tables.conflicts),
        _any(tables.conflicts.c.record, "records") | _any(tables.conflicts.c.other, "records"),
    )
)
WAITING: Final = prepared(
    select(*tables.parked.c["waits_for", "body"]).where(of_club(tables.parked), _any(tables.parked.c.waits_for, "what"))
)
GROUP_PARKED: Final = prepared(
    select(*tables.parked.c["group_id", "body"]).where(of_club(tables.parked), _any(tables.parked.c.group_id, "groups"))
)
GROUP_OUTCOMES: Final = prepared(
    select(tables.outcomes).where(of_club(tables.outcomes), _any(tables.outcomes.c.group_id, "groups"))
)
ONE_PARKED: Final = prepared(
    select(tables.parked.c.body).where(
        of_club(tables.parked),
        tables.parked.c.device_id == bindparam("device_id", type_=Uuid),
        tables.parked.c.n == bindparam("n", type_=BigInteger),
    )
)
AUTHORS: Final = prepared(
    select(*tables.devices.c["device_id", "user_id"]).where(
        of_club(tables.devices), _any(tables.devices.c.device_id, "devices")
    )
)
DEVICES: Final = """
SELECT device_id, user_id, offsets_ms, last_n, acked, seen_ms,
       (SELECT count(*) FROM touchline.parked
         WHERE parked.club_id = device.club_id AND parked.device_id = device.device_id) AS parked
  FROM touchline.devices AS device
 WHERE club_id = $1
 ORDER BY seen_ms DESC, device_id
"""

OUTCOME_COLUMNS: Final = tuple(column.name for column in tables.outcomes.columns)
CONFLICT_COLUMNS: Final = tuple(column.name for column in tables.conflicts.columns)
PARKED_COLUMNS: Final = tuple(column.name for column in tables.parked.columns)
DEVICE_COLUMNS: Final = tuple(column.name for column in tables.devices.columns)

ADD_LOG: Final = """
INSERT INTO touchline.log (club_id, version, tag, body, checksum)
SELECT $1::uuid, added.* FROM unnest($2::bigint[], $3::text[], $4::bytea[], $5::bigint[]) AS added
"""
"""All rows in one statement: a third less work for the database than one statement for each."""
SAVE_PLAIN_OUTCOMES: Final = """
INSERT INTO touchline.outcomes (club_id, device_id, n, hash, verdict, clock, correction, group_id)
SELECT $1::uuid, saved.*
  FROM unnest($2::uuid[], $3::bigint[], $4::bytea[], $5::text[], $6::bigint[], $7::bigint[], $8::uuid[]) AS saved
    ON CONFLICT (club_id, device_id, n) DO UPDATE
   SET hash = excluded.hash, verdict = excluded.verdict, clock = excluded.clock, correction = excluded.correction,
       group_id = excluded.group_id, conflicts = NULL, problem = NULL
"""
"""Those without conflicts and problem, which are nearly all, in one statement."""

SAVE_OUTCOME: Final = upsert(tables.outcomes, OUTCOME_COLUMNS)
SAVE_CONFLICT: Final = upsert(tables.conflicts, CONFLICT_COLUMNS)
SAVE_PARKED: Final = upsert(tables.parked, PARKED_COLUMNS)
SAVE_DEVICE: Final = upsert(tables.devices, DEVICE_COLUMNS)
DROP_PARKED: Final = prepared(
    delete(tables.parked).where(
        of_club(tables.parked),
        tables.parked.c.device_id == bindparam("device_id", type_=Uuid),
        tables.parked.c.n == bindparam("n", type_=BigInteger),
    )
)
ADD_CLUB: Final = prepared(
    insert(tables.clubs)
    .values(club_id=CLUB, hash_key=bindparam("hash_key", type_=tables.clubs.c.hash_key.type))
    .on_conflict_do_nothing(index_elements=["club_id"])
)


CONFLICT_COUNT: Final = prepared(select(func.count()).select_from(tables.conflicts).where(of_club(tables.conflicts)))


def conflict_page(*, is_open: bool) -> Statement:
    """Return the query for conflicts in the order of their ids, after one: club, after, limit."""
    chosen = select(tables.conflicts.c.body).where(
        of_club(tables.conflicts), tables.conflicts.c.id > bindparam("after", type_=Uuid)
    )
    if is_open:
        chosen = chosen.where(tables.conflicts.c.status == literal_column("'open'"))
    return prepared(chosen.order_by(tables.conflicts.c.id).limit(bindparam("limit", type_=BigInteger)))


class RecordStatements:
    """The statements of one collection's table."""

    def __init__(self, table: Table, key: str, fields: AnyCollection[str]) -> None:
        """Build those that every push uses."""
        self.table = table
        self.key = table.c[key]
        self.chosen = select(
            self.key.label(KEY), *(table.c[name] for name in (*fields, "version", "stamps", "deleted"))
        )
        self.by_id = prepared(self.chosen.where(of_club(table), _any(self.key, "ids")))
        self.first_page = prepared(self._page(self.chosen.where(of_club(table))))
        after = self.key > bindparam("after", type_=Uuid)
        self.next_page = prepared(self._page(self.chosen.where(of_club(table), after)))
        self.count = prepared(select(func.count()).select_from(table).where(of_club(table)))
        self.save = upsert_many(
            table, (key, *fields, "version", "stamps", "deleted"), touched={"updated_at": func.now()}
        )

    def where(self, names: AnyCollection[str], nulls: AnyCollection[str] = ()) -> Statement:
        """Return the query for records whose columns have given values, or are null, in the order of their ids."""
        equal = [self._column(name) == bindparam(name, type_=self._column(name).type) for name in names]
        null = [self._column(name).is_(None) for name in nulls]
        return prepared(self.chosen.where(of_club(self.table), *equal, *null).order_by(self.key))

    def among(self, name: str) -> Statement:
        """Return the query for records whose column, `id` or a field, has one of many ids: club, ids."""
        return prepared(self.chosen.where(of_club(self.table), _any(self._column(name), "ids")).order_by(self.key))

    def alike(self, by: AnyCollection[str]) -> Statement:
        """Return the query for the records that share any of many tuples of values: one array for each column.

        One statement however many are asked: a plan made while the table was empty reads it once, not once for each.
        """
        arrays = [bindparam(name, type_=ARRAY(self.table.c[name].type)) for name in by]
        columns = [column(name, self.table.c[name].type) for name in by]
        asked = func.unnest(*arrays).table_valued(*columns).render_derived(name="asked")
        same = and_(*(self.table.c[name] == asked.c[name] for name in by))
        return prepared(self.chosen.join(asked, same).where(of_club(self.table)).order_by(self.key))

    def children(self, field: str) -> Statement:
        """Return the query for records that name a parent and were written after a version: club, parent, version.

        The newest first, and bounded: all of a match's, unless somebody makes it a match of thousands.
        """
        parent = self.table.c[field] == bindparam("parent", type_=Uuid)
        newer = self.table.c.version > bindparam("after", type_=BigInteger)
        return prepared(
            self.chosen.where(of_club(self.table), parent, newer)
            .order_by(self.table.c.version.desc())
            .limit(literal_column(str(CHILDREN_MAX)))
        )

    def _column(self, name: str) -> Column[Any]:
        return self.key if name == "id" else self.table.c[name]

    def _page(self, chosen: Any) -> Any:  # noqa: ANN401 - a select with one more clause
        return chosen.order_by(self.key).limit(bindparam("limit", type_=BigInteger))


def head_with(sought: AnyCollection[RecordStatements]) -> Statement:
    """Return the query for a club's head and a record of each collection: club, `id_0`, `id_1` ...

    One row. The columns of the records begin with `of_0_`, `of_1_` ..., and are null where there is none.
    """
    joined: FromClause = tables.clubs
    chosen: list[ColumnElement[Any]] = [*tables.clubs.c["version", "tag", "oldest"]]
    for n, each in enumerate(sought):
        one = each.chosen.where(of_club(each.table), each.key == bindparam(f"id_{n}", type_=Uuid)).subquery(f"of_{n}")
        joined = joined.outerjoin(one, true())
        chosen += [found.label(f"of_{n}_{found.name}") for found in one.c]
    return prepared(select(*chosen).select_from(joined).where(of_club(tables.clubs)))
