"""Single records over HTTP: read one, put the differences, delete; each write is a mutation (`writing.py`).

A record that was deleted, or that lacks what it must have, is answered like one that never was. `ETag` is the
record's version. With `If-Match` the author counts as having seen the log up to that version, and no further. What a
deleted record contains is hidden with it, and a scorer by link sees what their match contains (docs/api.md).
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, Final

from litestar import Request, Response
from msgspec import Struct

from api.errors import Exists, NotFound, Rejected, VersionMismatch
from api.identity.access import Caller, check_within
from api.requests import idempotency_key, if_match, json_answer
from api.resources.writing import Intent, Writer, Written, check_verdict, key_device
from storage.engine import Engine
from sync.collections import Problem, Value, parse_fields, with_defaults
from sync.cursors import Cursor
from sync.errors import MalformedRequest
from sync.messages import Op
from sync.ports import Seen
from sync.records import Key, Record, is_complete
from sync.selections import Selection

CREATED: Final = 201
ACCEPTED: Final = 202

MATCHES: Final = "matches"


class Asked(Struct, frozen=True):
    """What a request says beside its body."""

    key: str | None = None
    """Its Idempotency-Key."""
    version: int | None = None
    """The version in its If-Match."""
    is_new: bool = False
    """Whether it said `If-None-Match: *`: only where there is no such record."""


def asked_of(request: Request[Any, Any, Any]) -> Asked:
    """Return what the headers of a write say. Raises MalformedRequest."""
    only_new = request.headers.get("if-none-match")
    if only_new is not None and only_new.strip() != "*":
        raise MalformedRequest(path="If-None-Match", problem="of a write takes `*`: create, and change nothing")
    return Asked(idempotency_key(request), if_match(request), only_new is not None)


class Shelf:
    """The records of one collection, as a caller may read and write them."""

    def __init__(self, engine: Engine, writer: Writer, collection: str) -> None:
        """Serve a collection of the engine's catalogue."""
        self.engine = engine
        self._writer = writer
        self.collection = engine.catalogue.collections[collection]

    async def stored(self, club_id: str, record_id: str) -> Record | None:
        """Return a record as the store has it, deleted or not."""
        found = await self.engine.store.records(club_id, self.collection.name, {"id": record_id})
        return found[0] if found else None

    async def present(self, club_id: str, record_id: str) -> Record:
        """Return a record that is there. Raises NotFound."""
        return self._shown_or_raise(await self.stored(club_id, record_id))

    def _shown_or_raise(self, record: Record | None) -> Record:
        if record is None or not self.is_shown(record):
            raise NotFound("There is no such record in this club.")
        return record

    def _key(self, record_id: str) -> Key:
        return Key(self.collection.name, record_id)

    async def open_to(self, caller: Caller, record_id: str) -> Record:
        """Return a record that is there, with all that contains it, for this caller. Raises NotFound."""
        return await self.opened(caller, await self.stored(caller.club_id, record_id))

    async def opened(self, caller: Caller, record: Record | None) -> Record:
        """Return a record as the store has it, if it is there for this caller. Raises NotFound."""
        found = self._shown_or_raise(record)
        await self._check_open(caller, found)
        return found

    async def seen(self, caller: Caller, record_id: str, *others: Key) -> Seen:
        """Return the head, and after it a record and others: whoever writes from here has seen at least so much."""
        return await self.engine.store.seen(caller.club_id, [self._key(record_id), *others])

    async def select(self, club_id: str, selection: Selection) -> Sequence[Record]:
        """Return the records that a selection chooses, in its order."""
        return await self.engine.store.select(club_id, self.collection.name, selection)

    def new_id(self, caller: Caller, asked: Asked, *, where: str) -> str:
        """Return an id for a record whose client made none; `where` is the address that creates it."""
        return self._writer.new_id(caller, where, asked.key)

    def is_shown(self, record: Record) -> bool:
        """Tell whether a record is there for readers."""
        return not record.is_deleted and is_complete(self.engine.catalogue, record)

    def shown(self, record: Record) -> dict[str, Any]:
        """Return a record as readers get it: every declared field, its id and its version."""
        values = with_defaults(self.collection, record.values())
        return {"id": record.key.record, "version": record.version, **values}

    async def create(
        self, caller: Caller, record_id: str, given: Mapping[str, Any], asked: Asked, *, seen: Seen | None = None
    ) -> Response[bytes]:
        """Create a record. One that is there with the same values is answered as it is. Raises Exists, Rejected.

        `seen`: it was looked up already, with what contains it.
        """
        fields = self._parsed(given)
        missing = sorted(self.collection.required - fields.keys())
        if missing:
            raise Rejected(code="required", sentence="A new record must have this field.", field=missing[0])
        if seen is None:
            await self._check_placed(caller, fields)
        base, was = await self._seen(caller, record_id, seen)
        if was is not None:
            current = self.shown(was) if self.is_shown(was) and await self._is_open(caller, was) else None
            intent = Intent(self.collection.name, record_id, "put", fields)
            if current is not None and (not _differences(current, fields) or _is_retry(caller, was, intent, asked)):
                return self.answer(was)
            raise Exists(
                "This id is taken by a record that differs or was deleted. Take a fresh one, or edit or restore it.",
                {"current": current},
            )
        return await self._write(caller, record_id, "put", fields, base=base, was=was, asked=asked, status=CREATED)

    async def put(self, caller: Caller, record_id: str, given: Mapping[str, Any], asked: Asked) -> Response[bytes]:
        """Write what differs from the stored record; with `is_new` create it.

        Raises NotFound, VersionMismatch, Exists, Rejected.
        """
        fields = self._parsed(given)
        base, was = await self._seen(caller, record_id)
        is_there = was is not None and self.is_shown(was)
        if asked.is_new and not is_there:
            return await self.create(caller, record_id, given, asked)
        if was is None or not is_there:
            raise NotFound("There is no such record in this club.")
        await self._check_open(caller, was)
        if asked.is_new and not _is_retry(caller, was, Intent(self.collection.name, record_id, "put"), asked):
            raise VersionMismatch(self.shown(was))
        base = await self._matched(caller, was, asked, base)
        differing = {} if asked.is_new else _differences(self.shown(was), fields)
        if not differing:
            return self.answer(was)
        await self._check_placed(caller, differing)
        return await self._write(caller, record_id, "put", differing, base=base, was=was, asked=asked)

    async def delete(self, caller: Caller, record_id: str, asked: Asked) -> Response[None]:
        """Delete a record; one that is deleted already stays so. Raises NotFound, VersionMismatch."""
        base, was = await self._seen(caller, record_id)
        if was is None:
            raise NotFound("There is no such record in this club.")
        if caller.match_id is not None:
            await self._check_open(caller, was)
        if not was.is_deleted:
            base = await self._matched(caller, was, asked, base)
            await self._push(caller, Intent(self.collection.name, record_id, "delete"), base=base, was=was, asked=asked)
        return Response(None, status_code=204, headers={"Cache-Control": "no-store"})

    async def restore(self, caller: Caller, record_id: str, asked: Asked) -> Response[bytes]:
        """Undo a delete; a record that is there is answered as it is. Raises NotFound."""
        base, was = await self._seen(caller, record_id)
        if was is None or not is_complete(self.engine.catalogue, was):
            raise NotFound("There is no such record in this club, deleted or not.")
        await self._check_open(caller, was)
        if not was.is_deleted:
            return self.answer(was)
        return await self._write(caller, record_id, "restore", {}, base=base, was=was, asked=asked)

    def answer(self, record: Record, *, written: Written | None = None, status: int = 200) -> Response[bytes]:
        """Return a record with its ETag; what became of the write goes with it where it was not simply applied."""
        body = self.shown(record)
        verdict = written.verdicts[0] if written is not None and written.verdicts else None
        if verdict is not None and verdict.verdict != "applied":
            body["verdict"], body["conflicts"] = verdict.verdict, verdict.conflicts
        return json_answer(body, status=status, headers={"ETag": f'"{record.version}"'})

    async def _check_open(self, caller: Caller, record: Record) -> None:
        """Return where all that contains a record is there, and the caller may see the match. Raises NotFound."""
        containers = [each async for each in self._containers(caller.club_id, record)]
        matches = (each.key.record for each in (record, *containers) if each.key.collection == MATCHES)
        check_within(caller, next(matches, None))

    async def _is_open(self, caller: Caller, record: Record) -> bool:
        """Tell whether a record may be shown to the caller: of what a link is not for, its id being taken is told."""
        try:
            await self._check_open(caller, record)
        except NotFound:
            return caller.match_id is None
        return True

    async def _containers(self, club_id: str, record: Record) -> AsyncGenerator[Record]:
        """Yield what contains a record, the nearest first. Raises NotFound where one of them is not there."""
        for name, collection in self.engine.catalogue.parents[record.key.collection].items():
            write = record.fields.get(name)
            if write is None:
                raise NotFound("There is no such record in this club.")
            container = await Shelf(self.engine, self._writer, collection).present(club_id, write.value)
            yield container
            async for each in self._containers(club_id, container):
                yield each

    async def _check_placed(self, caller: Caller, fields: Mapping[str, Value]) -> None:
        """Return where the containers that these fields name are there for the caller. Raises Rejected."""
        for name, collection in self.collection.parents.items():
            if name in fields:
                try:
                    await Shelf(self.engine, self._writer, collection).open_to(caller, fields[name])
                except NotFound:
                    sentence = "There is no such record in this club; it must be there before what it contains."
                    raise Rejected(code="unknown_parent", sentence=sentence, field=name) from None

    async def _write(
        self,
        caller: Caller,
        record_id: str,
        op: Op,
        fields: Mapping[str, Value],
        *,
        base: str,
        was: Record | None,
        asked: Asked,
        status: int = 200,
    ) -> Response[bytes]:
        intent = Intent(self.collection.name, record_id, op, fields)
        written = await self._push(caller, intent, base=base, was=was, asked=asked)
        record = written.records.get(self._key(record_id)) or await self.stored(caller.club_id, record_id)
        if record is None or not self.is_shown(record):
            return json_answer({"id": record_id, "verdict": _word(written)}, status=ACCEPTED)
        return self.answer(record, written=written, status=status)

    async def _push(self, caller: Caller, intent: Intent, *, base: str, was: Record | None, asked: Asked) -> Written:
        written = await self._writer.write(caller, [intent], base=base, over=was, key=_scoped(asked.key, intent))
        for verdict in written.verdicts:
            check_verdict(verdict)
        return written

    async def _seen(self, caller: Caller, record_id: str, seen: Seen | None = None) -> tuple[str, Record | None]:
        """Return the cursor of the head, and the record."""
        seen = seen or await self.seen(caller, record_id)
        return str(seen.head.cursor), seen.records.get(self._key(record_id))

    async def _matched(self, caller: Caller, was: Record, asked: Asked, head: str) -> str:
        """Return the base of a write: the version of If-Match, or without it the head."""
        if asked.version is None:
            return head
        if asked.version != was.version:
            raise VersionMismatch(self.shown(was))
        tags = await self.engine.store.tags(caller.club_id, {was.version})
        return str(Cursor(was.version, tags[was.version])) if was.version in tags else head

    def _parsed(self, given: Mapping[str, Any]) -> dict[str, Value]:
        fields = parse_fields(self.collection, given) if given else {}
        if isinstance(fields, Problem):
            raise Rejected(code=fields.code, sentence=fields.sentence, field=fields.field)
        return fields


def _differences(shown: Mapping[str, Any], fields: Mapping[str, Value]) -> dict[str, Value]:
    """Return the fields whose value is not the one that readers see."""
    return {name: value for name, value in fields.items() if shown[name] != value}


def _is_retry(caller: Caller, was: Record, intent: Intent, asked: Asked) -> bool:
    """Tell whether the same key has created this record, which somebody has edited since."""
    key = _scoped(asked.key, intent)
    return key is not None and key_device(caller.device_id, key) in {write.device_id for write in was.fields.values()}


def _scoped(key: str | None, intent: Intent) -> str | None:
    """Return the key within what it was sent to, so that one key sent to two records makes two writes."""
    return None if key is None else f"{intent.op}/{intent.collection}/{intent.record}/{key}"


def _word(written: Written) -> str:
    return written.verdicts[0].verdict if written.verdicts else "applied"
