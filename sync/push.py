"""Planning a push: a pure function from what the server holds and what a device sent to what is written and answered.

One push is one transaction, and its plan is made under the lock of the club's counter row, so the versions that it
gives out are the next ones. One bad mutation never blocks its neighbours; a repeat gets the current outcome of the
first; nothing of a refused push is applied.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import UNSET
from msgspec.structs import replace

from sync.admission import Received, Stamper, base_of, check_history, check_identity, meet_device
from sync.book import Book, Entry, Outcome, Plan, Workspace, runs_of
from sync.checks import Given, corrected
from sync.collections import Catalogue, Problem
from sync.erasure import CLEANED
from sync.latecomers import meet_erased
from sync.messages import Again, Mutation, PushAnswer, PushRequest, Run, Verdict
from sync.parking import raise_orphans, take, wake
from sync.permits import EVERYTHING, Bounds, Permit
from sync.quarantine import reject, reject_erased, reject_group, reject_unread
from sync.stamps import CLOCK_DIGITS, make_stamp


def plan_push(
    catalogue: Catalogue,
    book: Book,
    plan: Plan,
    push: PushRequest,
    given: Sequence[Given],
    received: Received,
    permit: Permit = EVERYTHING,
) -> PushAnswer:
    """Add to a plan what a push writes, and return what it is answered.

    The plan may hold pushes of other devices, planned before in the same transaction: their writes are seen. Raises
    LogDiverged, DeviceForked or DeviceTaken where the whole push is refused, the plan untouched; NotLoaded where the
    book lacks something, and then the whole plan is begun again. `given` are the push's mutations, as `examine`
    returns them; what their author may not write goes to the quarantine. After the end of access what was made later
    is not taken at all, and the answer leaves it out.
    """
    workspace = Workspace(catalogue, book, plan, device_id=push.device_id, seed=received.seed)
    check_history(workspace, [push.acked], push.past)
    hashes = check_identity(workspace, given, received.author)
    new = [each for each in given if each.n not in workspace.held]
    device = meet_device(workspace.device, push, received, has_new=bool(new))
    stamper = Stamper(workspace, device, received)
    bounds = Bounds(permit, workspace, given)
    if permit.ended_ms is not None:
        new = [
            each for each in new if bounds.is_kept(each.mutation, correction=stamper.correction, now_ms=received.now_ms)
        ]
    last_n = max([device.last_n, *(each.n for each in new)])
    plan.devices[device.device_id] = replace(device, last_n=last_n)
    again = {each.n: each for each in push.again}
    cleaned = {each.n for each in given if each.n in workspace.held and _named_somebody(workspace, each, again)}
    for each in new:
        _take(workspace, each, stamper, again.get(each.n), hashes[each.n], received, bounds)
    wake(workspace)
    raise_orphans(workspace, book.overdue, stamp=make_stamp(workspace.clock, push.device_id))
    _finish(workspace)
    return _answer(workspace, given, stamper.correction, received.now_ms, cleaned)


def _named_somebody(workspace: Workspace, given: Given, again: Mapping[int, Again]) -> bool:
    """Tell whether a repeat named somebody who was erased since: its author may have missed the change that told so."""
    if workspace.erased is None:
        return False
    return meet_erased(workspace, given, _seen_by(workspace, given, again.get(given.n))) is not given


def _seen_by(workspace: Workspace, given: Given, again: Again | None) -> int:
    """Return the version up to which an author had seen the log; of what could not be read, nothing is known."""
    return base_of(workspace, given.mutation, again) if isinstance(given.mutation, Mutation) else 0


def _take(
    workspace: Workspace,
    given: Given,
    stamper: Stamper,
    again: Again | None,
    digest: bytes,
    received: Received,
    bounds: Bounds,
) -> None:
    effective, correction = stamp = stamper.stamp(given.mutation, again)
    base = _seen_by(workspace, given, again)
    is_cleaned = False
    if workspace.erased is not None:
        found = meet_erased(workspace, given, base)
        if found is None:
            reject_erased(workspace, given.mutation, digest=digest, stamp=stamp)
            return
        is_cleaned = found is not given
        given = found
    checked = given.checked
    if isinstance(checked, Problem):
        with workspace.redacting(is_cleaned):
            reject_unread(workspace, given.mutation, digest=digest, stamp=stamp, problem=checked)
        return
    entry = Entry(
        device_id=workspace.device_id,
        author=received.author,
        mutation=corrected(workspace.catalogue, checked, correction),
        hash=digest,
        stamp=effective,
        correction=correction,
        base=base,
        received_ms=received.now_ms,
        within=bounds.within,
        is_cleaned=is_cleaned,
    )
    refusal = bounds.refusal(checked)
    if refusal is None:
        take(workspace, entry)
        return
    reject(workspace, entry, refusal)
    if checked.group is not None:
        reject_group(workspace, checked.group)


def _finish(workspace: Workspace) -> None:
    """Mark where a reader may stop, so that the push is seen whole, and keep the club's next counter row."""
    changes = workspace.plan.changes
    if len(changes) > workspace.begins_at:
        changes[-1] = replace(changes[-1], more=False)
    workspace.plan.club = replace(workspace.book.club, head=workspace.head, clock=workspace.clock)


def _answer(
    workspace: Workspace,
    given: Iterable[Given],
    correction: int,
    now_ms: int,
    cleaned: Collection[int],
) -> PushAnswer:
    applied: list[Outcome] = []
    others: list[Verdict] = []
    for each in given:
        outcome = workspace.plan.outcomes.get((workspace.device_id, each.n)) or workspace.held.get(each.n)
        if outcome is None:
            continue  # made after its author's access had ended
        if each.n in cleaned and outcome.problem is None:
            outcome = replace(outcome, problem=CLEANED)
        if outcome.verdict == "applied" and outcome.problem is None and outcome.correction == correction:
            applied.append(outcome)
        else:
            others.append(_verdict(outcome, correction))
    return PushAnswer(
        applied=tuple(_runs(applied)),
        others=tuple(others),
        version=workspace.head.version,
        timestamp=str(workspace.head),
        server_time=now_ms,
        correction=correction,
    )


def _verdict(outcome: Outcome, correction: int) -> Verdict:
    problem = outcome.problem
    return Verdict(
        n=outcome.n,
        verdict=outcome.verdict,
        stamp=outcome.stamp,
        correction=UNSET if outcome.correction == correction else outcome.correction,
        conflicts=outcome.conflicts,
        code=None if problem is None else problem.code,
        field=None if problem is None else problem.field,
        sentence=None if problem is None else problem.sentence,
    )


def _runs(outcomes: Sequence[Outcome]) -> Iterable[Run]:
    """Join neighbours to runs: most pushes are answered by a single one."""
    clocks = {outcome.n: outcome.stamp[:CLOCK_DIGITS] for outcome in outcomes}
    return (Run(first, last, tuple(clocks[n] for n in range(first, last + 1))) for first, last in runs_of(clocks))
