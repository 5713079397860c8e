"""Records, the writes they are made of, and the changes that the log holds.

Each field of a record is a register: the value that stands, with the stamp, version and counter of the write that
brought it. `deleted` is such a register too, so a delete and an edit never overwrite one another.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple
from uuid import UUID, uuid5

import msgspec
from msgspec import UNSET, Struct, UnsetType

from sync.collections import Catalogue, Collection, DuplicateRule, Value
from sync.stamps import device_of, rank

ERASER: Final = str(uuid5(UUID("5a0f8f0e-2f0b-5f5e-9a7c-0d6a4f1e7c11"), "eraser"))
"""The device that erasures write as (see `sync/erasure.py`); nobody pushes under this id."""


class Key(NamedTuple):
    """Names a record within a club."""

    collection: str
    record: str

    def __str__(self) -> str:
        """Return `collection/record`, as parked mutations name what they wait for."""
        return f"{self.collection}/{self.record}"


class Write(Struct, frozen=True, gc=False):
    """The write that stands in one field."""

    value: Value
    stamp: str
    version: int
    """The log's version in which it was written: what a later author's `base` is compared with."""
    n: int
    """The counter of the mutation that wrote it, on the device that the stamp names."""
    also: tuple[tuple[str, int], ...] = ()
    """Other (device, n) that wrote the same value: they count as having seen it."""

    @property
    def device_id(self) -> str:
        """Return the device that wrote."""
        return device_of(self.stamp)

    @property
    def rank(self) -> tuple[str, int]:
        """Return what decides between two writes."""
        return rank(self.stamp, self.n)


class Record(Struct, frozen=True, gc=False):
    """A record as the server holds it; one that lacks required fields is held, and shown to nobody."""

    key: Key
    fields: Mapping[str, Write]
    deleted: Write | None = None
    """The standing write of a delete (True) or a restore (False); None where there was neither."""
    version: int = 0

    @property
    def is_deleted(self) -> bool:
        """Tell whether a delete stands."""
        return self.deleted is not None and bool(self.deleted.value)

    def values(self) -> dict[str, Value]:
        """Return the values that stand, of the fields that somebody has written."""
        return {name: write.value for name, write in self.fields.items()}


def is_complete(catalogue: Catalogue, record: Record) -> bool:
    """Tell whether all required fields have been written: whether the record has been created."""
    return catalogue.required[record.key.collection] <= record.fields.keys()


def is_present(catalogue: Catalogue, record: Record | None) -> bool:
    """Tell whether a record can contain others: it was created, or it is a tombstone."""
    return record is not None and (record.is_deleted or is_complete(catalogue, record))


def looked_at(collection: Collection, rule: DuplicateRule, record: Record) -> dict[str, Value]:
    """Return the values that a duplicate rule reads of a record; a field that nobody wrote counts as its default."""
    declared, written = collection.fields, record.fields
    return {name: written[name].value if name in written else declared[name].default for name in rule.looks_at}


class Change(Struct, frozen=True, omit_defaults=True, gc=False):
    """One row of the log, as it is stored and sent: the fields that this version laid down.

    A snapshot sends whole records in the same form, each with the version and tag of its latest change.
    """

    version: int
    collection: str
    record: str
    stamp: str
    """The stamp of the write; in a snapshot the greatest of the record."""
    tag: str = ""
    """Absent in a snapshot, whose rows are no places in the log."""
    fields: Mapping[str, Value] = {}
    deleted: bool | UnsetType = UNSET
    """Present where a delete (true) or a restore (false) was laid down."""
    more: bool = False
    """Whether the transaction goes on: a client shows and stores nothing before its end."""
    redacted: bool = False
    """Forget what you hold of this record from before: `fields` are all that is left of it, `deleted` as given."""

    @property
    def key(self) -> Key:
        """Return the record that changed."""
        return Key(self.collection, self.record)


encode_change = msgspec.json.Encoder(order="deterministic").encode
"""Encode a change once; the bytes are stored in the log, and pulls and tails send them as they are."""


def snapshot_row(record: Record) -> Change:
    """Return the row that a snapshot sends for a record: all that was written, and its latest version."""
    writes = [*record.fields.values(), *([] if record.deleted is None else [record.deleted])]
    return Change(
        version=record.version,
        collection=record.key.collection,
        record=record.key.record,
        stamp=max((write.stamp for write in writes), default=""),
        fields=record.values(),
        deleted=UNSET if record.deleted is None else bool(record.deleted.value),
        redacted=any(_is_of_erasure(write) for write in writes),
    )


def _is_of_erasure(write: Write) -> bool:
    """Tell whether a write is the eraser's, or went over one that was."""
    return write.device_id == ERASER or any(device_id == ERASER for device_id, _ in write.also)
