"""The quarantine: what cannot be applied as it is stays readable, as a conflict, until a person has seen to it."""

import uuid
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from sync.book import Entry, Outcome, Workspace
from sync.collections import Problem, format_instant
from sync.conflicts import NAMESPACE, Conflict, Kind, Side, Status, closed, conflict_id, opened
from sync.erasure import ERASED
from sync.limits import MUTATION_BYTES_MAX
from sync.messages import Group, Malformed, Mutation, encode
from sync.records import Key
from sync.stamps import device_of, wall_of

UNKNOWN: Final = "unknown"
"""The collection under which a malformed mutation is kept that names none."""


def side_for(workspace: Workspace, entry: Entry, problem: Problem | None = None) -> Side:
    """Return a conflict's side that shows a whole mutation."""
    return _side(workspace, entry.mutation, entry.mutation.n, entry.stamp, problem)


def raise_about(workspace: Workspace, key: Key, kind: Kind, what: str, side: Side, *, stamp: str) -> Conflict:
    """Raise a conflict about a mutation or a group, which no side of a field stands against."""
    field = f"{kind}/{what}"
    was = workspace.conflict(key, conflict_id(*key, field))
    now = opened(was, key=key, field=field, kind=kind, stands=None, loses=side)
    return workspace.save_conflict(now, stamp=stamp)


def reject(workspace: Workspace, entry: Entry, problem: Problem) -> None:
    """Reject an admitted mutation: its verdict says why, and its content is kept."""
    with workspace.redacting(entry.is_cleaned):
        conflict = _keep(workspace, entry.key, entry.mutation, entry.mutation.n, entry.stamp, problem)
    workspace.settle(entry, "rejected", conflicts=(conflict.id,), problem=problem)


def reject_unread(
    workspace: Workspace, mutation: Mutation | Malformed, *, digest: bytes, stamp: tuple[str, int], problem: Problem
) -> None:
    """Reject a mutation that could not be admitted, and what waits of its group."""
    conflict = _keep(workspace, key_of(mutation), mutation, mutation.n, stamp[0], problem)
    _settle_unread(workspace, mutation, digest=digest, stamp=stamp, problem=problem, conflicts=(conflict.id,))


def reject_erased(
    workspace: Workspace, mutation: Mutation | Malformed, *, digest: bytes, stamp: tuple[str, int]
) -> None:
    """Reject a mutation about somebody who was erased, and what waits of its group: nothing of its content is kept."""
    _settle_unread(workspace, mutation, digest=digest, stamp=stamp, problem=ERASED)


def _settle_unread(
    workspace: Workspace,
    mutation: Mutation | Malformed,
    *,
    digest: bytes,
    stamp: tuple[str, int],
    problem: Problem,
    conflicts: tuple[str, ...] = (),
) -> None:
    effective, correction = stamp
    device_id = device_of(effective)
    group = mutation.group
    workspace.plan.outcomes[device_id, mutation.n] = Outcome(
        device_id=device_id,
        n=mutation.n,
        hash=digest,
        verdict="rejected",
        stamp=effective,
        correction=correction,
        conflicts=conflicts,
        problem=problem,
        group=None if group is None else group.id,
    )
    if group is not None:
        reject_group(workspace, group)


def reject_group(workspace: Workspace, group: Group) -> None:
    """Reject what waits of a group, one member of which was rejected."""
    for member in workspace.group_parked(group):
        reject_parked(workspace, member, Problem("group_rejected", "Another part of its group was rejected."))


def reject_parked(workspace: Workspace, entry: Entry, problem: Problem) -> None:
    """Reject a mutation that waited."""
    reject(workspace, entry, problem)
    workspace.unpark(entry)
    if entry.is_orphan:
        close_orphan(workspace, entry)


def close_orphan(workspace: Workspace, entry: Entry) -> None:
    """Close the question about an orphan that waits no more."""
    field = f"{Kind.ORPHAN}/{entry.device_id}/{entry.mutation.n}"
    conflict = workspace.conflict(entry.key, conflict_id(*entry.key, field))
    if conflict is not None and conflict.is_open:
        at = format_instant(entry.received_ms)
        now = closed(conflict, status=Status.SUPERSEDED, device_id=entry.device_id, at=at)
        workspace.save_conflict(now, stamp=entry.stamp)


def key_of(mutation: Mutation | Malformed) -> Key:
    """Return the record that a mutation is about; a malformed one is kept under an id made from its content."""
    if isinstance(mutation, Mutation):
        return Key(mutation.collection, mutation.record)
    return Key(UNKNOWN, str(uuid.uuid5(NAMESPACE, encode(mutation.raw).decode())))


def _keep(
    workspace: Workspace, key: Key, mutation: Mutation | Malformed, n: int, stamp: str, problem: Problem
) -> Conflict:
    side = _side(workspace, mutation, n, stamp, problem)
    return raise_about(workspace, key, Kind.REJECTED, f"{side.device_id}/{n}", side, stamp=stamp)


def _side(workspace: Workspace, mutation: Mutation | Malformed, n: int, stamp: str, problem: Problem | None) -> Side:
    content: Mapping[str, Any] | str | None
    content = msgspec.to_builtins(mutation) if isinstance(mutation, Mutation) else mutation.raw
    encoded = encode(content)
    if len(encoded) > MUTATION_BYTES_MAX:
        content = None  # too large for a change; the device that made it still holds it
    elif b"\\u0000" in encoded:
        content = encoded.decode()  # as text, in which U+0000 stands escaped: PostgreSQL stores it in no other form
    device_id = device_of(stamp)
    return Side(
        value={"mutation": content},
        device_id=device_id,
        n=n,
        stamp=stamp,
        at=format_instant(wall_of(stamp)),
        author=workspace.author_of(device_id),
        problem=problem,
    )
