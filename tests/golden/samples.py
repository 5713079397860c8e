"""What the golden files hold: made here from fixed inputs, compared by `tests/sync/test_golden.py`."""

import hashlib
import json
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Raw

from sync import messages, tails
from sync.collections import Problem, Value
from sync.conflicts import Conflict, Kind, Side, Status, conflict_id, wire_fields
from sync.errors import MalformedRequest
from sync.limits import PROTOCOL_VERSION
from sync.merge import Origin
from sync.messages import (
    Again,
    Group,
    Malformed,
    Mutation,
    PullAnswer,
    PullQuery,
    PushAnswer,
    PushRequest,
    Resolution,
    Run,
    SnapshotAnswer,
    TimestampAnswer,
    Verdict,
    encode,
    read_mutations,
    read_push,
)
from sync.records import ERASER, Change, encode_change
from sync.stamps import (
    TICKS_PER_MS,
    between,
    correction_of,
    effective_clock,
    make_stamp,
    observe_offset,
)
from sync.tails import (
    TailChanges,
    TailEnded,
    TailHeartbeat,
    TailHello,
    TailOpening,
    TailRenewal,
    TailRenewed,
)
from tests.builders import (
    EVENT,
    EVENT_2,
    MATCH,
    NOW_MS,
    PLAYER,
    A,
    B,
    Server,
    delete,
    put,
    put_event,
    put_match,
    resolve,
    restore,
    stamps_of,
    uid,
    verdicts,
)

FOLDER: Final = Path(__file__).parent
CURSOR: Final = "12.0123456789abcdef"
STAMP: Final = make_stamp(NOW_MS * TICKS_PER_MS + 1, A)

MUTATIONS: Final = {
    "put": put_match(1, base=CURSOR, after=STAMP),
    "put in a group": put_event(2, group=Group(uid(90), 2)),
    "delete": delete(3, base=CURSOR),
    "restore": restore(4, base=CURSOR),
    "resolve": resolve(5, "title", "set", "Reds", base=CURSOR, after=STAMP),
    "put after a fork": put_match(6, origins=[(B, 5)]),
}
SIDE: Final = Side("a", A, 1, STAMP, "2026-09-21T14:13:20.000Z", 12, f"user of {A}")
CONFLICT: Final = Conflict(
    id=conflict_id("matches", MATCH, "title"),
    kind=Kind.FIELD,
    collection="matches",
    record=MATCH,
    field="title",
    status=Status.RESOLVED,
    stands=SIDE,
    candidates=(
        msgspec.structs.replace(SIDE, value=None, problem=Problem("null", "This field must have a value.", "title")),
    ),
    choice="keep",
    closed_by=B,
    closed_at="2026-09-21T14:13:21.000Z",
    version=13,
)
CHANGES: Final = {
    "put": Change(12, "matches", MATCH, STAMP, "0123456789abcdef", {"title": "t", "minutes": 50}, more=True),
    "delete": Change(13, "matches", MATCH, STAMP, "1123456789abcdef", deleted=True),
    "restore": Change(14, "matches", MATCH, STAMP, "2123456789abcdef", deleted=False),
    "in a snapshot": Change(14, "matches", MATCH, STAMP, fields={"title": "t"}, deleted=False),
    "erased": Change(
        14,
        "players",
        PLAYER,
        make_stamp(NOW_MS * TICKS_PER_MS + 1, ERASER),
        "2123456789abcdef",
        deleted=True,
        redacted=True,
    ),
    "with a name replaced": Change(15, "events", EVENT, STAMP, "2123456789abcdef", {"note": "… scored"}, redacted=True),
    "conflict": Change(15, "conflicts", CONFLICT.id, STAMP, "3123456789abcdef", wire_fields(CONFLICT)),
}
VERDICTS: Final = {
    "merged": Verdict(3, "merged", STAMP, conflicts=(CONFLICT.id,)),
    "rejected": Verdict(4, "rejected", STAMP, -60_000, (CONFLICT.id,), "unknown_field", "colour", "No such field."),
    "parked": Verdict(5, "parked", STAMP),
}


def wire_samples() -> dict[str, Value]:
    """Return a sample of every message on the wire, as JSON."""
    raws = [Raw(encode(each)) for each in MUTATIONS.values()]
    rows = [Raw(encode_change(each)) for each in CHANGES.values()]
    found: dict[str, Value] = {
        "PushRequest": PushRequest(A, NOW_MS, raws, CURSOR, ("4.0123456789abcdef",), (Again(1, STAMP, 7, CURSOR),)),
        "PushRequest, the least": PushRequest(A, NOW_MS, []),
        "PushAnswer": PushAnswer(
            (Run(1, 2, (STAMP[:16], STAMP[:16])),), tuple(VERDICTS.values()), 12, CURSOR, NOW_MS, -7_000
        ),
        "PullQuery": PullQuery(CURSOR, CURSOR, ("4.0123456789abcdef",)),
        "PullAnswer": PullAnswer(rows, CURSOR, more=True),
        "SnapshotAnswer": SnapshotAnswer(rows[:1], f"{CURSOR}~matches~{MATCH}", CURSOR),
        "SnapshotAnswer, the last": SnapshotAnswer([], None, CURSOR, {"matches": 1, "conflicts": 0}, CURSOR),
        "TimestampAnswer": TimestampAnswer(CURSOR, NOW_MS, 1),
        "TailOpening": TailOpening("token", CURSOR, CURSOR, ("4.0123456789abcdef",)),
        "TailOpening, the least": TailOpening(),
        "TailRenewal": TailRenewal("token"),
        "TailHello": TailHello(1, CURSOR, NOW_MS, 15, 900),
        "TailChanges": TailChanges(rows[:2], CURSOR, more=False),
        "TailHeartbeat": TailHeartbeat(CURSOR),
        "TailRenewed": TailRenewed(900),
        "TailEnded": TailEnded("log_diverged", 4409, "A sentence.", common="4.0123456789abcdef"),
        "TailEnded, to come again": TailEnded("restarting", 1012, "A sentence.", 1_234),
        "Again": Again(1, STAMP, -7_000, CURSOR),
        "Group": Group(uid(90), 2),
        "Origin": Origin(B, 5),
        "Resolution": Resolution("title", "take", "Reds"),
        "Conflict": CONFLICT,
        **{f"Mutation, {name}": each for name, each in MUTATIONS.items()},
        **{f"Change, {name}": each for name, each in CHANGES.items()},
        **{f"Verdict, {name}": each for name, each in VERDICTS.items()},
    }
    return {name: json.loads(encode(each)) for name, each in found.items()}


def schema() -> Value:
    """Return the JSON schema of all messages."""
    kinds = [
        each
        for each in [*vars(messages).values(), *vars(tails).values()]
        if isinstance(each, type)
        and issubclass(each, msgspec.Struct)
        and each is not Malformed
        and each is not msgspec.Struct
        and not each.__name__.startswith("_")
    ]
    return msgspec.json.schema_components(
        sorted({*kinds, Change, Conflict}, key=lambda kind: kind.__name__), ref_template="{name}"
    )


def wire_hash() -> str:
    """Return the hash over schemas and samples; texts for people are left out."""
    material = json.dumps([_without_docs(schema()), wire_samples()], sort_keys=True)
    return hashlib.blake2b(material.encode(), digest_size=16).hexdigest()


def _without_docs(value: Value) -> Value:
    if isinstance(value, dict):
        return {key: _without_docs(each) for key, each in value.items() if key not in {"description", "title"}}
    if isinstance(value, list):
        return [_without_docs(each) for each in value]
    return value


# -- vectors -----------------------------------------------------------------------------------------------------------


def decode_vectors() -> list[dict[str, Value]]:
    """Return bodies of pushes with what reading them gives: the path of the error, or each mutation's fate."""
    good = json.loads(encode(MUTATIONS["put"]))
    envelope = {"device_id": A, "sent_at": NOW_MS, "mutations": [good]}
    bodies: dict[str, Value] = {
        "a good push": envelope,
        "an empty push": {**envelope, "mutations": []},
        "no device": {key: each for key, each in envelope.items() if key != "device_id"},
        "a device that is no UUID": {**envelope, "device_id": "phone"},
        "a fraction of a millisecond": {**envelope, "sent_at": 1.5},
        "an unknown part": {**envelope, "colour": "red"},
        "a cursor without a tag": {**envelope, "acked": "12"},
        "one n twice": {**envelope, "mutations": [good, good]},
        "a mutation without n": {**envelope, "mutations": [{}]},
        "n = 0": {**envelope, "mutations": [{**good, "n": 0}]},
        "n of 2^53": {**envelope, "mutations": [{**good, "n": 2**53}]},
        "an unknown op": {**envelope, "mutations": [{**good, "op": "upsert"}]},
        "an upper-case record": {**envelope, "mutations": [{**good, "record": A.upper()}]},
        "an unknown part of a mutation": {**envelope, "mutations": [{**good, "version": 7}]},
        "a group of none": {**envelope, "mutations": [{**good, "group": {"id": uid(90), "count": 0}}]},
        "a group in another mutation's way": {**envelope, "mutations": [{**good, "wall": "now"}, {**good, "n": 2}]},
    }
    texts = {name: json.dumps(each) for name, each in bodies.items()}
    texts |= {
        "no JSON": "<html>",
        "trailing data": texts["an empty push"] + "x",
        "a lone surrogate": texts["a good push"].replace("Reds", "\\ud800"),
        "not a number": texts["a good push"].replace(str(NOW_MS), "NaN"),
        "too great a number": texts["a good push"].replace(str(NOW_MS), "1e400"),
    }
    return [{"name": name, "body": body, **_read(body)} for name, body in texts.items()]


def _read(body: str) -> dict[str, Value]:
    try:
        read = read_mutations(read_push(body.encode()))
    except MalformedRequest as error:
        return {"malformed": error.values["path"]}
    return {"read": {str(each.n): "malformed" if isinstance(each, Malformed) else "good" for each in read}}


def stamp_vectors() -> dict[str, Value]:
    """Return inputs of the stamp rules with their results; clocks are 16 hexadecimal digits."""
    now, hour = NOW_MS, 3_600_000

    def digits(clock: int | None) -> str | None:
        return None if clock is None else f"{clock:016x}"

    clocks = [
        (now, 0, 0, now, 0),
        (now - hour, 0, 0, now, 0),
        (now + hour, 0, 0, now, 0),
        (now + hour, -hour, 0, now, 0),
        (-1, 0, 0, now, 0),
        (2**53 - 1, 2**53 - 1, 0, now, 0),
        (now, 0, now * TICKS_PER_MS, now, 0),
        (now - hour, 0, now * TICKS_PER_MS, now, 0),
        (now - hour, 0, 2**64 - 1, now, 0),
        (now - hour, 0, 2**64 - 1, now, (now + hour) * TICKS_PER_MS),
        (now, 0, (now - hour) * TICKS_PER_MS, now, 0),
    ]
    places = [(100, None, None), (100, 100, None), (100, 150, None), (100, None, 50), (100, 99, 100), (100, 100, 100)]
    windows = [[], [4_999], [5_000], [-5_000], [9_000, 8_000, 30_000], [9_000, 69_000], [9_000, 69_001], [7_000] * 9]
    return {
        "effective_clock": [
            {
                "wall_ms": wall_ms,
                "correction_ms": correction_ms,
                "after": digits(after),
                "now_ms": now_ms,
                "issued": digits(issued),
                "clock": digits(
                    effective_clock(
                        wall_ms=wall_ms, correction_ms=correction_ms, after=after, now_ms=now_ms, issued=issued
                    )
                ),
            }
            for wall_ms, correction_ms, after, now_ms, issued in clocks
        ],
        "between": [
            {
                "clock": digits(clock),
                "earlier": digits(earlier),
                "later": digits(later),
                "placed": digits(between(clock, earlier=earlier, later=later)),
            }
            for clock, earlier, later in places
        ],
        "correction": [{"offsets": offsets, "correction": correction_of(_window(offsets))} for offsets in windows],
        "stamp": {"clock": digits(1), "device_id": A, "stamp": make_stamp(1, A)},
    }


def _window(offsets: list[int]) -> tuple[int, ...]:
    window: tuple[int, ...] = ()
    for offset in offsets:
        window = observe_offset(window, offset)
    return window


def merge_vectors() -> list[dict[str, Value]]:
    """Return pushes in order with the verdicts, stamps, values and open conflicts that they end in.

    Each push is received at `NOW_MS` with `sent_at` the same; the base `head` stands for the timestamp of the push
    before it.
    """
    old, new = NOW_MS - 2_000, NOW_MS - 1_000
    base = put_match(1, wall=NOW_MS - 9_000)

    def title(n: int, value: str, wall: int, **more: Value) -> Mutation:
        return put(n, "matches", MATCH, {"title": value}, wall=wall, **more)

    stories: dict[str, list[tuple[str, list[Mutation]]]] = {
        "the greater stamp stands, the unseen loser is asked about": [
            (A, [base]),
            (A, [title(2, "a", old)]),
            (B, [title(1, "b", new)]),
        ],
        "an older edit that arrives later loses": [(A, [base]), (A, [title(2, "a", new)]), (B, [title(1, "b", old)])],
        "the value that stands never conflicts": [(A, [base]), (A, [title(2, "a", old)]), (B, [title(1, "a", new)])],
        "different fields": [(A, [base]), (B, [put(1, "matches", MATCH, {"venue": "Park"}, wall=old)])],
        "a put on a deleted record": [(A, [base, delete(2, wall=old)]), (B, [title(1, "b", new)])],
        "a delete of an unknown record": [(A, [delete(1)]), (B, [title(1, "b", new)])],
        "a child waits for its parent": [(B, [put_event(1, wall=old)]), (A, [base])],
        "a silent field": [
            (A, [base, put(2, "matches", MATCH, {"mood": 1}, wall=new)]),
            (B, [put(1, "matches", MATCH, {"mood": 2}, wall=old)]),
        ],
        "two goals that look alike": [
            (A, [base, put_event(2, EVENT, kind="goal", fields={"minute": 7}, wall=old)]),
            (B, [put_event(1, EVENT_2, kind="goal", fields={"minute": 8}, wall=new)]),
        ],
        "one rejected member rejects its group": [
            (A, [base]),
            (A, [title(2, "a", old, group=Group(uid(90), 2)), put(3, "players", PLAYER, {}, group=Group(uid(90), 2))]),
        ],
        "an answer": [
            (A, [base]),
            (A, [title(2, "a", old)]),
            (B, [title(1, "b", new)]),
            (A, [msgspec.structs.replace(resolve(3, "title", "take", "a", wall=NOW_MS), base="head")]),
        ],
    }
    return [{"name": name, **_tell(pushes)} for name, pushes in stories.items()]


def _tell(pushes: list[tuple[str, list[Mutation]]]) -> dict[str, Value]:
    server = Server()
    told: list[dict[str, Value]] = []
    for device_id, mutations in pushes:
        sent = [msgspec.structs.replace(each, base=server.head) if each.base == "head" else each for each in mutations]
        answer = server.push(device_id, *sent)
        told.append(
            {
                "device_id": device_id,
                "mutations": json.loads(encode(mutations)),
                "verdicts": {str(n): word for n, word in sorted(verdicts(answer).items())},
                "stamps": {str(n): stamp for n, stamp in sorted(stamps_of(answer, device_id).items())},
            }
        )
    return {
        "pushes": told,
        "records": {
            str(key): {"fields": record.values(), "deleted": record.is_deleted}
            for key, record in sorted(server.state.records.items())
        },
        "open": sorted(
            [
                each.kind,
                each.collection,
                each.record,
                each.field,
                [json.loads(encode(s.value)) for s in each.candidates],
            ]
            for each in server.open_conflicts()
        ),
    }


def files() -> dict[str, Value]:
    """Return the content of each golden file by its name; `protocol.json` is kept apart, for it has a history."""
    return {
        "wire.json": wire_samples(),
        "decode.json": decode_vectors(),
        "stamps.json": stamp_vectors(),
        "merge.json": merge_vectors(),
    }


def text_of(content: Value) -> str:
    """Return a golden file's text."""
    return json.dumps(content, indent=2, ensure_ascii=True) + "\n"


def protocol_history() -> dict[str, str]:
    """Return the hash of the wire for each protocol number that was ever written down."""
    path = FOLDER / "protocol.json"
    found: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    return found


def write() -> None:
    """Write all golden files; the hash only under the protocol number that the source names."""
    for name, content in files().items():
        (FOLDER / name).write_text(text_of(content))
    (FOLDER / "protocol.json").write_text(text_of({**protocol_history(), str(PROTOCOL_VERSION): wire_hash()}))
