"""Planning a push: a pure function from what the server holds and what a device sent to what is written and answered.

One push is one transaction, and its plan is made under the lock of the club's counter row, so the versions that it
gives out are the next ones. One bad mutation never blocks its neighbours; a repeat gets the current outcome of the
first; nothing of a refused push is applied.
"""

from collections.abc import Iterable, Sequence

from msgspec import UNSET
from msgspec.structs import replace

from sync.admission import Received, Stamper, admit, base_of, check_history, check_identity, meet_device
from sync.book import Book, Entry, Outcome, Plan, Workspace, runs_of
from sync.collections import Catalogue, Problem
from sync.messages import Again, Malformed, Mutation, PushAnswer, PushRequest, Run, Verdict
from sync.parking import raise_orphans, take, wake
from sync.quarantine import reject_group, reject_unread
from sync.stamps import CLOCK_DIGITS, make_stamp


def plan_push(
    catalogue: Catalogue,
    book: Book,
    push: PushRequest,
    mutations: Sequence[Mutation | Malformed],
    received: Received,
) -> tuple[Plan, PushAnswer]:
    """Return what a push writes and what it is answered.

    Raises NotLoaded where the book lacks something, LogDiverged, DeviceForked or DeviceTaken where the whole push is
    refused. `mutations` are those of the push, read by `read_mutations`.
    """
    workspace = Workspace(catalogue, book, received.seed)
    check_history(workspace, [push.acked], push.past)
    hashes = check_identity(workspace, mutations, received.author)
    new = [mutation for mutation in mutations if mutation.n not in book.outcomes]
    device = meet_device(book, push, received, has_new=bool(new))
    last_n = max([device.last_n, *(mutation.n for mutation in new)])
    workspace.plan.device = replace(device, last_n=last_n)
    stamper = Stamper(workspace, device, received)
    again = {each.n: each for each in push.again}
    for mutation in new:
        _take(workspace, mutation, stamper, again.get(mutation.n), hashes[mutation.n], received)
    wake(workspace)
    raise_orphans(workspace, book.overdue, stamp=make_stamp(workspace.clock, push.device_id))
    _finish(workspace)
    return workspace.plan, _answer(workspace, mutations, push.device_id, stamper.correction, received.now_ms)


def _take(
    workspace: Workspace,
    mutation: Mutation | Malformed,
    stamper: Stamper,
    again: Again | None,
    digest: bytes,
    received: Received,
) -> None:
    stamp = stamper.stamp(mutation, again)
    found: Entry | Problem
    if isinstance(mutation, Malformed):
        found = Problem("malformed", mutation.problem)
    else:
        base = base_of(workspace, mutation, again)
        found = admit(workspace.catalogue, mutation, stamp=stamp, base=base, digest=digest, received=received)
    if isinstance(found, Entry):
        take(workspace, found)
        return
    reject_unread(workspace, mutation, digest=digest, stamp=stamp, problem=found)
    if mutation.group is not None:
        reject_group(workspace, mutation.group)


def _finish(workspace: Workspace) -> None:
    """Mark the end of the transaction, and keep the club's next counter row."""
    changes = workspace.plan.changes
    if changes:
        changes[-1] = replace(changes[-1], more=False)
    workspace.plan.club = replace(workspace.book.club, head=workspace.head, clock=workspace.clock)


def _answer(
    workspace: Workspace,
    mutations: Iterable[Mutation | Malformed],
    device_id: str,
    correction: int,
    now_ms: int,
) -> PushAnswer:
    applied: list[Outcome] = []
    others: list[Verdict] = []
    for mutation in mutations:
        outcome = workspace.plan.outcomes.get((device_id, mutation.n)) or workspace.book.outcomes[mutation.n]
        if outcome.verdict == "applied" and outcome.correction == correction:
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
