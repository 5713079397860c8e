"""Parking: mutations that wait, durably, for the record that contains them or for the rest of their group.

States of an admitted mutation: waiting for `collection/record`, or for `group/<id>` -> applied in the transaction that
brings what it waits for, in (device, n) order; or rejected with its group, or because what it waited for came into
being outside its author's bounds; or, after a day, an orphan that a person is asked about, still waiting. Its stamp was
fixed at first receipt, so waiting never changes what wins.
"""

from collections.abc import Collection, Iterable

from msgspec.structs import replace

from sync.book import Entry, Workspace
from sync.collections import Problem
from sync.conflicts import Kind
from sync.limits import PARKED_PER_DEVICE_MAX
from sync.messages import Group
from sync.ops import Applied, apply_entry
from sync.permits import refusal_now
from sync.quarantine import close_orphan, raise_about, reject, reject_group, reject_parked, side_for
from sync.records import Key, is_present


def missing_parent(workspace: Workspace, entry: Entry, brings: Collection[Key] = ()) -> Key | None:
    """Return what a mutation waits for: its parent, or its own record where it cannot create it; None if nothing.

    `brings` are records that the same group creates.
    """
    mutation, catalogue = entry.mutation, workspace.catalogue
    if mutation.op != "put":
        return None
    for name, collection in catalogue.parents[mutation.collection].items():
        if name in mutation.fields:
            parent = Key(collection, mutation.fields[name])
            if parent not in brings and not is_present(catalogue, workspace.record(parent)):
                return parent
    if can_create(workspace, entry) or entry.key in brings or is_present(catalogue, workspace.record(entry.key)):
        return None
    return entry.key


def can_create(workspace: Workspace, entry: Entry) -> bool:
    """Tell whether a put brings all that its record needs, together with what is already there."""
    required = workspace.catalogue.required[entry.mutation.collection]
    if required <= entry.mutation.fields.keys():
        return True
    record = workspace.record(entry.key)
    return record is not None and required <= {*entry.mutation.fields, *record.fields}


def take(workspace: Workspace, entry: Entry) -> None:
    """Apply a new mutation, or park it until what it waits for is there."""
    group = entry.mutation.group
    if group is not None:
        _join(workspace, entry, group)
    else:
        _take_alone(workspace, entry)


def _take_alone(workspace: Workspace, entry: Entry) -> None:
    missing = missing_parent(workspace, entry)
    if missing is None:
        _apply(workspace, entry)
    else:
        _park(workspace, entry, str(missing))


def wake(workspace: Workspace) -> None:
    """Apply all that waited for a record which this push has brought, until nothing more appears."""
    while workspace.appeared:
        for entry in workspace.waiting_for(str(workspace.appeared.pop(0))):
            if workspace.plan.parked.get(entry.order, entry) is None:
                continue  # applied meanwhile, with its group
            if entry.mutation.group is not None:
                _try_group(workspace, entry.mutation.group)
                continue
            missing = missing_parent(workspace, entry)
            if missing is None:
                _apply_parked(workspace, entry)
            else:
                workspace.plan.parked[entry.order] = replace(entry, waits_for=str(missing))


def raise_orphans(workspace: Workspace, overdue: Iterable[Entry], *, stamp: str) -> None:
    """Ask a person about mutations whose parent does not come."""
    for stored in overdue:
        entry = workspace.plan.parked.get(stored.order, stored)
        if entry is None or entry.is_orphan:
            continue
        workspace.plan.parked[entry.order] = replace(entry, is_orphan=True)
        problem = Problem("orphan", f"It belongs to {entry.waits_for}, which has not come.")
        side = side_for(workspace, entry, problem)
        raise_about(workspace, entry.key, Kind.ORPHAN, f"{entry.device_id}/{entry.mutation.n}", side, stamp=stamp)


def _apply_parked(workspace: Workspace, entry: Entry) -> None:
    refusal = refusal_now(workspace, entry, [entry])
    if refusal is None:
        _apply(workspace, entry)
    else:
        reject_parked(workspace, entry, refusal)


def _apply(workspace: Workspace, entry: Entry) -> Applied:
    applied = apply_entry(workspace, entry)
    workspace.settle(entry, "merged" if applied.is_lost else "applied", conflicts=applied.conflicts)
    if entry.waits_for is not None:
        workspace.unpark(entry)
    if entry.is_orphan:
        close_orphan(workspace, entry)
    return applied


def _park(workspace: Workspace, entry: Entry, waits_for: str) -> bool:
    """Park a new mutation; False where the device has parked as many as it may, and this one is rejected."""
    if workspace.parked_count >= PARKED_PER_DEVICE_MAX:
        problem = Problem("parked_full", f"{PARKED_PER_DEVICE_MAX} mutations of this device wait already.")
        reject(workspace, entry, problem)
        return False
    workspace.park(replace(entry, waits_for=waits_for))
    workspace.settle(entry, "parked")
    return True


def _join(workspace: Workspace, entry: Entry, group: Group) -> None:
    members = workspace.group_parked(group)
    outcomes = workspace.group_outcomes(group)
    counts = {member.mutation.group.count for member in members if member.mutation.group is not None}
    if any(outcome.verdict == "rejected" for outcome in outcomes):
        reject(workspace, entry, Problem("group_rejected", "Another part of its group was rejected."))
    elif any(each.verdict in {"applied", "merged"} and each.n == entry.mutation.n for each in outcomes):
        _take_alone(workspace, entry)  # another clone's copy of a member that was applied with all the others
    elif counts - {group.count} or any(outcome.verdict != "parked" for outcome in outcomes):
        reject(workspace, entry, Problem("group_mismatch", "Its group is complete, or has another count."))
        reject_group(workspace, group)
    elif _park(workspace, entry, f"group/{group.id}"):
        _try_group(workspace, group)
    else:
        reject_group(workspace, group)


def _try_group(workspace: Workspace, group: Group) -> None:
    members = workspace.group_parked(group)
    if len({member.mutation.n for member in members}) < group.count:
        return  # two clones of a device may both send a group: a member that came twice stands for no other
    brings = [member.key for member in members if member.mutation.op == "put" and can_create(workspace, member)]
    for member in members:
        missing = missing_parent(workspace, member, brings)
        if missing is not None:
            workspace.plan.parked[member.order] = replace(member, waits_for=str(missing))
            return
    for member in members:
        refusal = refusal_now(workspace, member, members)
        if refusal is not None:
            reject_parked(workspace, member, refusal)
            reject_group(workspace, group)
            return
    lost: list[tuple[Entry, Applied]] = []
    for member in members:
        applied = _apply(workspace, member)
        if applied.is_lost and applied.conflicts:
            lost.append((member, applied))
    if lost:
        _raise_group(workspace, group, lost)


def _raise_group(workspace: Workspace, group: Group, lost: list[tuple[Entry, Applied]]) -> None:
    """Tell a person that a group was applied of which a part lost."""
    first = lost[0][0]
    for member, applied in lost:
        side = replace(
            side_for(workspace, member), value={"n": member.mutation.n, "conflicts": list(applied.conflicts)}
        )
        conflict = raise_about(workspace, first.key, Kind.GROUP, group.id, side, stamp=member.stamp)
        workspace.settle(member, "merged", conflicts=(*applied.conflicts, conflict.id))
