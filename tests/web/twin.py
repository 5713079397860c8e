"""Twins: the reference device and the client of web/, led through the same story and compared after each step.

A `Twin` is a `Device`, so it may stand in for one wherever tests or the simulation use one. Each of its steps is
carried out here and, over a pipe, by the client; what they return, what they store and what they show must be the same.
"""

import atexit
import itertools
import json
import subprocess
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from sync.collections import Catalogue, Collection, Value, Values
from sync.device import Device, DeviceState, Records
from sync.messages import (
    Choice,
    Group,
    Mutation,
    PullAnswer,
    PullQuery,
    PushAnswer,
    PushRequest,
    SnapshotAnswer,
    encode,
)
from tests.web.node import WEB, node

NO_KEY: Final = -1


class Stepper:
    """The client in a process of its own: one JSON line in, one out."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [node(), str(WEB / "tests" / "stepper.js")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._handles = itertools.count(1)
        self._config = ""
        atexit.register(self._process.kill)

    def new_handle(self) -> int:
        """Return a number for one more device."""
        return next(self._handles)

    def know(self, catalogue: Catalogue) -> None:
        """Tell the client which collections there are."""
        config = {"collections": [_described(each) for each in catalogue.collections.values()]}
        if self._config != (told := json.dumps(config)):
            self._config = told
            self.ask("catalogue", config=config)

    def ask(self, do: str, **given: Any) -> dict[str, Any]:  # noqa: ANN401 - any step's own arguments
        """Let the client carry out one step."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(msgspec.json.encode({"do": do, **given}) + b"\n")
        self._process.stdin.flush()
        told: dict[str, Any] = msgspec.json.decode(self._process.stdout.readline())
        assert "fault" not in told, told["message"]
        return told


_stepper: list[Stepper] = []


def stepper() -> Stepper:
    """Return this test process's own stepper."""
    if not _stepper:
        _stepper.append(Stepper())
    return _stepper[0]


class Twin(Device):
    """A reference device whose every step the client repeats."""

    def __init__(self, catalogue: Catalogue, state: DeviceState) -> None:
        self._js = stepper()
        self._js.know(catalogue)
        self._handle = 0
        self._is_nested = False
        """Whether a step is taken within another one, which is the one to repeat."""
        self._pushes: list[PushRequest] = []
        super().__init__(catalogue, state)
        self._handle = self._js.new_handle()
        self._step("open", state=state)

    def __del__(self) -> None:
        if self._handle and self._js._process.poll() is None:
            self._js.ask("close", device=self._handle)

    @property
    def state(self) -> DeviceState:
        """Return what the reference device stores."""
        return self._state

    @state.setter
    def state(self, state: DeviceState) -> None:
        self._state = state
        if self._handle:
            self._step("load", state=state)

    def _step(self, do: str, **given: Any) -> Any:  # noqa: ANN401
        told = self._js.ask(do, device=self._handle, wantsState=True, **given)
        _check_same(_plain(told["state"]), _plain(_decoded(self._state)), f"after {do}")
        return told["result"]

    def _look(self, do: str) -> Any:  # noqa: ANN401
        return self._js.ask(do, device=self._handle)["result"]

    def _key(self, push: PushRequest) -> int:
        return next((key for key, each in enumerate(self._pushes) if each is push), NO_KEY)

    # -- steps -----------------------------------------------------------------------------------------------------

    def put(
        self, collection: str, record: str, fields: Values, *, wall_ms: int, group: Group | None = None
    ) -> Mutation:
        """Write fields of a record."""
        made = super().put(collection, record, fields, wall_ms=wall_ms, group=group)
        return self._made(made)

    def delete(self, collection: str, record: str, *, wall_ms: int, group: Group | None = None) -> Mutation:
        """Delete a record."""
        return self._made(super().delete(collection, record, wall_ms=wall_ms, group=group))

    def restore(self, collection: str, record: str, *, wall_ms: int) -> Mutation:
        """Bring a deleted record back."""
        return self._made(super().restore(collection, record, wall_ms=wall_ms))

    def resolve(self, conflict: Values, choice: Choice, value: Value | UnsetType = UNSET, *, wall_ms: int) -> Mutation:
        """Answer a conflict."""
        return self._made(super().resolve(conflict, choice, value, wall_ms=wall_ms))

    def _made(self, mutation: Mutation) -> Mutation:
        edit = {name: getattr(mutation, name) for name in ("op", "collection", "record", "wall")}
        if mutation.op == "put":
            edit["fields"] = mutation.fields
        if mutation.group is not None:
            edit["group"] = mutation.group
        if mutation.resolve is not None:
            edit["resolve"] = mutation.resolve
        _check_same(self._step("make", edit=edit), _decoded(mutation), "the mutation")
        return mutation

    def begin_sync(self) -> None:
        """Begin a sync."""
        super().begin_sync()
        self._step("beginSync")
        self.shown()
        self.view()
        self.conflicts()

    def next_push(self, *, sent_at: int, **limits: int) -> PushRequest | None:
        """Return the next push."""
        push = super().next_push(sent_at=sent_at, **limits)
        names = {"bytes_max": "bytesMax", "mutations_max": "mutationsMax"}
        given = {names[name]: value for name, value in limits.items()}
        key = len(self._pushes)
        found = self._step("nextPush", key=key, sentAt=sent_at, **given)
        _check_same(found, None if push is None else _decoded(push), "the push")
        if push is not None:
            self._pushes.append(push)
        return push

    def pushed(self, push: PushRequest, answer: PushAnswer) -> None:
        """Take the answer to a push."""
        super().pushed(push, answer)
        self._step("pushed", key=self._key(push), answer=answer)

    def forked(self, push: PushRequest, held: Iterable[int], new_device_id: str) -> None:
        """Take a new identity."""
        held = list(held)
        super().forked(push, held, new_device_id)
        self._step("forked", key=self._key(push), held=held, newId=new_device_id)

    def forget_kept(self, *, now_ms: int) -> None:
        """Forget what was kept long enough."""
        super().forget_kept(now_ms=now_ms)
        self._step("forgetKept", nowMs=now_ms)

    def pull_query(self) -> PullQuery:
        """Return what to pull next."""
        query = super().pull_query()
        _check_same(self._look("pullQuery"), _decoded(query), "the query")
        return query

    @property
    def needs_snapshot(self) -> bool:
        """Tell whether a snapshot must be taken first."""
        needs = super().needs_snapshot
        if self._handle:
            _check_same(self._look("needsSnapshot"), needs, "whether it needs a snapshot")
        return needs

    def pulled(self, query: PullQuery, answer: PullAnswer) -> None:
        """Apply a page of the log."""
        self._is_nested = True
        super().pulled(query, answer)
        self._is_nested = False
        self._step("pulled", query=query, answer=answer)

    def diverged(self, common: str) -> None:
        """Begin again after a divergence."""
        self._is_nested = True
        super().diverged(common)
        self._is_nested = False
        self._step("diverged", common=common)

    def expired(self, *, oldest: int = 0, now_ms: int | None = None) -> None:
        """Begin a snapshot."""
        super().expired(oldest=oldest, now_ms=now_ms)
        if not self._is_nested:
            self._step("expired", told={} if now_ms is None else {"oldest": oldest, "server_time": now_ms})

    def snapshot_taken(self, answers: Iterable[SnapshotAnswer]) -> None:
        """Take all pages of one snapshot."""
        pages = list(answers)
        super().snapshot_taken(pages)
        self._step("snapshotTaken", pages=pages)

    # -- showing ---------------------------------------------------------------------------------------------------

    def shown(self) -> Records:
        """Return all records with the overlay laid over them."""
        found = super().shown()
        _check_same(_held(self._look("shown")), _held(_decoded(found)), "what is shown")
        return found

    def view(self) -> dict[str, dict[str, dict[str, Value]]]:
        """Return what a person sees."""
        found = super().view()
        _check_same(self._look("view"), found, "the view")
        return found

    def conflicts(self) -> list[dict[str, Value]]:
        """Return the open conflicts."""
        found = super().conflicts()
        _check_same(self._look("conflicts"), found, "the conflicts")
        return found


def _described(collection: Collection) -> dict[str, Any]:
    """Return as much of `/api/sync/config` as the client reads."""
    return {"name": collection.name, "fields": msgspec.to_builtins(collection.fields)}


def _check_same(found: Any, expected: Any, where: str) -> None:  # noqa: ANN401
    """Check that two states are the same, and name the first difference."""
    if found == expected:
        return
    if isinstance(found, dict) and isinstance(expected, dict):
        for key in sorted({*found, *expected}):
            _check_same(found.get(key), expected.get(key), f"{where}.{key}")
    if isinstance(found, list) and isinstance(expected, list) and len(found) == len(expected):
        for place, (one, other) in enumerate(zip(found, expected, strict=True)):
            _check_same(one, other, f"{where}[{place}]")
    raise AssertionError(f"{where}: the client has {found}, the reference device {expected}")


def _decoded(message: object) -> Any:  # noqa: ANN401
    return msgspec.json.decode(encode(message))


def _plain(state: dict[str, Any]) -> dict[str, Any]:
    return {**state, "records": _held(state["records"])}


def _held(records: dict[str, Any]) -> dict[str, Any]:
    return {name: found for name, found in records.items() if found}
