"""Erasures: an owner makes a player's data disappear for good, and sees what was erased, when and by whom.

The name is typed once more, so that no thumb erases anybody. Every device is woken as after a push. The log is
rewritten behind the erasure: the answer waits for that a little, and tells how far it is.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
import structlog
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from msgspec import Meta, Struct

from api.errors import NOT_NOTED, NotFound, Rejected, Unavailable
from api.identity.access import OWNERS, Caller
from api.requests import SMALL_BYTES_MAX, Text, idempotency_key, json_answer, read_body
from api.resources.desk import TheCaller
from api.resources.schemas import KEY
from api.resources.writing import Writer
from football.collections import CATALOGUE, NAME_LENGTH_MAX
from storage.accounts import Accounts
from storage.engine import Engine
from storage.erasures import Eraser, Erasure
from storage.erasures.eraser import BeforeCommit
from sync.messages import Id
from sync.names import words_of
from sync.records import Key, Record

WHERE: Final = "/api/erasures"
REWRITING_S: Final = 2.0
"""Seconds for which an answer waits until the log is rewritten: some 50,000 rows. A larger one goes on behind it."""

_log: Final = structlog.get_logger("touchline.erasures")


class ErasureRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Who is to be erased."""

    collection: Annotated[Text, Meta(max_length=100, extra_json_schema={"example": "players"})]
    """`players`."""
    record: Id
    confirm: Annotated[Text, Meta(max_length=NAME_LENGTH_MAX, extra_json_schema={"example": "Sam Parker"})]
    """The full name, typed once more; capitals and marks do not matter."""


class EraserName(Struct, frozen=True):
    """Who erased."""

    user_id: str
    display_name: str | None
    """Null where they have deleted their account."""


class ErasureRow(Struct, frozen=True):
    """An erasure. Whom it was about, nobody knows any more."""

    erasure_id: str
    kind: Literal["record", "user", "club"]
    collection: str | None
    at: int
    """Milliseconds since 1970."""
    by: EraserName | None
    """Null where an operator did it."""
    state: Literal["rewriting", "finished"]
    """`rewriting`: gone from all lists and devices, and the log is still being cleaned."""


class ErasuresAnswer(Struct, frozen=True):
    """What a club has erased, the newest first."""

    erasures: list[ErasureRow]


class Erasures:
    """Carries out what the routes below are asked."""

    def __init__(
        self,
        eraser: Eraser,
        engine: Engine,
        writer: Writer,
        accounts: Accounts,
        *,
        before_commit: BeforeCommit | None = None,
    ) -> None:
        """Erase through `eraser`; `before_commit` notes each erasure where it outlives the database."""
        self._eraser = eraser
        self._engine = engine
        self._writer = writer
        self._accounts = accounts
        self._before_commit = before_commit
        self._rewriting: set[asyncio.Task[None]] = set()

    async def erase(self, caller: Caller, asked: ErasureRequest, key: str | None) -> ErasureRow:
        """Erase a record. Raises NotFound; Rejected where it is of no person, or the name is another; Unavailable."""
        target = Key(asked.collection, asked.record)
        check_confirmed(await self._stored(caller, target), asked.confirm)
        erasure_id = self._writer.new_id(caller, f"{WHERE}/{target}", key)
        try:
            done = await self._eraser.erase(
                caller.club_id, target, by=caller.user_id, erasure_id=erasure_id, before_commit=self._note
            )
        except LookupError:
            raise NotFound("There is no such record in this club.") from None
        if done.finished_ms is None:
            await self._rewrite(caller.club_id)
        return await self._told(caller, done.erasure_id)

    async def listed(self, caller: Caller) -> ErasuresAnswer:
        """Return what the club has erased."""
        names = await self._accounts.member_names(caller.club_id)
        found = await self._eraser.list(caller.club_id)
        return ErasuresAnswer([_shown(each, names) for each in reversed(found)])

    async def _stored(self, caller: Caller, key: Key) -> Record | None:
        collection = CATALOGUE.collections.get(key.collection)
        if collection is None or not collection.identifying:
            sentence = "Nothing in this collection identifies a person; delete the record instead."
            raise Rejected(code="not_erasable", sentence=sentence, field="collection")
        found = await self._engine.store.records(caller.club_id, key.collection, {"id": key.record})
        return found[0] if found else None

    async def _told(self, caller: Caller, erasure_id: str) -> ErasureRow:
        names = await self._accounts.member_names(caller.club_id)
        found = await self._eraser.list(caller.club_id)
        return next(_shown(each, names) for each in found if each.erasure_id == erasure_id)

    async def _note(self, erasure: Erasure) -> None:
        """Note an erasure where it outlives the database. Raises Unavailable, and nothing is erased then."""
        if self._before_commit is None:
            return
        try:
            waits = self._before_commit(erasure)
            if waits is not None:
                await waits
        except Exception as error:
            _log.exception("erasure_not_noted", club_id=erasure.club_id, error=type(error).__name__)
            raise Unavailable(NOT_NOTED.format("erased")) from error

    async def _rewrite(self, club_id: str) -> None:
        """Rewrite the log; where that takes long, it goes on after the answer, and after a restart of the server."""
        task = asyncio.create_task(self._go_on(club_id))
        self._rewriting.add(task)
        task.add_done_callback(self._rewriting.discard)
        await asyncio.wait([task], timeout=REWRITING_S)

    async def _go_on(self, club_id: str) -> None:
        try:
            await self._eraser.go_on(club_id)
        except Exception as error:  # noqa: BLE001 - the erasure stands; the next start and the hourly job go on with it
            _log.warning("rewriting_stopped", club_id=club_id, error=type(error).__name__)

    async def close(self) -> None:
        """Stop rewriting: what is left is gone on with at the next start."""
        for task in list(self._rewriting):
            task.cancel()
        await asyncio.gather(*self._rewriting, return_exceptions=True)


def check_confirmed(record: Record | None, confirm: str) -> None:
    """Return where the name is the record's. Raises Rejected for another; a record without a name has none to type."""
    if record is None:
        return
    identifying = CATALOGUE.collections[record.key.collection].identifying
    names = [record.fields[name].value for name in sorted(identifying) if name in record.fields]
    if any(forms_of(str(name)) != forms_of(confirm) for name in names):
        raise Rejected(code="not_confirmed", sentence="This is not the name of who is to be erased.", field="confirm")


def forms_of(text: str) -> list[str]:
    """Return the words of a name as they are compared."""
    return [word.form for word in words_of(text)]


def _shown(erasure: Erasure, names: Mapping[str, str]) -> ErasureRow:
    return ErasureRow(
        erasure_id=erasure.erasure_id,
        kind=erasure.kind,
        collection=erasure.collection,
        at=erasure.at_ms,
        by=None if erasure.by is None else EraserName(erasure.by, names.get(erasure.by)),
        state="rewriting" if erasure.finished_ms is None else "finished",
    )


TheErasures = NamedDependency[SkipValidation[Erasures]]

_request: Final[Callable[[bytes], ErasureRequest]] = msgspec.json.Decoder(ErasureRequest, strict=True).decode


@post(
    WHERE,
    status_code=201,
    opt={
        **OWNERS,
        "headers": (KEY,),
        "body": ErasureRequest,
        "answer": ErasureRow,
        "problems": ("not_found", "rejected"),
    },
)
async def erase_record(request: Request[Any, Any, Any], caller: TheCaller, erasures: TheErasures) -> Response[bytes]:
    """Erase a player for good: name, birthday, notes, from everywhere, and from every device at its next sync.

    What they did stays without a name: the score, the minutes. It cannot be undone. Erasing again answers the same.
    """
    asked = await read_body(request, _request, bytes_max=SMALL_BYTES_MAX)
    return json_answer(await erasures.erase(caller, asked, idempotency_key(request)), status=201)


@get(WHERE, opt={**OWNERS, "answer": ErasuresAnswer})
async def list_erasures(caller: TheCaller, erasures: TheErasures) -> Response[bytes]:
    """Return what the club has erased: when, by whom, and whether it is finished; never whom."""
    return json_answer(await erasures.listed(caller))


ROUTES: Final = (erase_record, list_erasures)
