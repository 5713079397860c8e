"""Latecomers: what is pushed about somebody who was erased, or names them, by authors who may not know of it.

    about the subject, whatever it is      rejected as `erased`; nothing of it is kept but its outcome
    a name of the subject for another      the same, from an author who had not seen the erasure
    text that names the subject            the name is replaced first, from an author who had not seen it

Whoever has seen an erasure and writes the name all the same means somebody else.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from sync.book import Workspace
from sync.checks import Given
from sync.collections import Problem, Values, is_object
from sync.messages import Malformed, Mutation
from sync.records import Key
from sync.subjects import Subject


def meet_erased(workspace: Workspace, given: Given, base: int) -> Given | None:
    """Return a mutation as it may be kept, of an author who had seen the log up to `base`; None where it may not be.

    What it was sent as stays in its hash alone. For a club that has erased somebody.
    """
    assert workspace.erased is not None
    unseen = workspace.erased.unseen(base)
    mutation, checked = given.mutation, given.checked
    if workspace.erased.has_target(mutation) or _claims_name(checked, mutation, unseen):
        return None
    if isinstance(mutation, Malformed):
        mutation = _cleaned_unread(mutation, unseen)
    elif isinstance(checked, Mutation):
        checked = _cleaned(workspace, checked, unseen)
    else:
        mutation = _cleaned(workspace, mutation, unseen)
    if isinstance(checked, Problem):
        checked = _cleaned_problem(checked, unseen)
    is_same = mutation == given.mutation and checked == given.checked
    return given if is_same else replace(given, mutation=mutation, checked=checked)


def _claims_name(checked: Mutation | Problem, mutation: Mutation | Malformed, unseen: Sequence[Subject]) -> bool:
    """Tell whether a mutation gives another record a name of somebody whose erasure its author had not seen."""
    read = checked if isinstance(checked, Mutation) else mutation
    if isinstance(read, Malformed):
        return False
    said = list(read.fields.items())
    if read.resolve is not None:
        said.append((read.resolve.field, read.resolve.value))
    return any(subject.claims_name(read.collection, *each) for subject in unseen for each in said)


def _cleaned(workspace: Workspace, mutation: Mutation, unseen: Sequence[Subject]) -> Mutation:
    for subject in unseen:
        mutation = subject.clean_mutation(mutation, is_near=_is_near(workspace, mutation, subject))
    return mutation


def _cleaned_unread(mutation: Malformed, unseen: Sequence[Subject]) -> Malformed:
    for subject in unseen:
        is_near = is_object(mutation.raw) and _refers(subject, mutation.raw)
        raw = subject.clean_told_mutation(mutation.raw, is_near=is_near)
        mutation = replace(mutation, raw=raw)
    return mutation


def _cleaned_problem(problem: Problem, unseen: Sequence[Subject]) -> Problem:
    for subject in unseen:
        problem = subject.clean_problem(problem, is_near=False) or problem
    return problem


def _is_near(workspace: Workspace, mutation: Mutation, subject: Subject) -> bool:
    """Tell whether a mutation, or the record that it is about, refers to the subject."""
    if not subject.has_single:
        return False
    if subject.refers(mutation.collection, mutation.fields):
        return True
    stored = workspace.record(Key(mutation.collection, mutation.record))
    return stored is not None and subject.refers(mutation.collection, stored.values())


def _refers(subject: Subject, raw: Values) -> bool:
    fields = raw.get("fields")
    return is_object(fields) and subject.refers(str(raw.get("collection")), fields)
