"""The golden files: a change of the wire asks for the next protocol number."""

import json

import msgspec
import pytest

from sync import messages, tails
from sync.collections import Value
from sync.limits import PROTOCOL_VERSION, PROTOCOL_VERSION_MIN
from tests.golden.samples import FOLDER, files, protocol_history, schema, text_of, wire_hash, wire_samples

WRITE = "python -m tests.golden --write"


def test_a_change_of_the_wire_asks_for_the_next_protocol_number() -> None:
    """The hash over all schemas and samples is the one that was written down for this protocol."""
    assert protocol_history().get(str(PROTOCOL_VERSION)) == wire_hash(), (
        f"The wire has changed. Raise PROTOCOL_VERSION in sync/limits.py to {PROTOCOL_VERSION + 1}, add its line to "
        f"the history in sync/messages.py, say what older clients get, and run `{WRITE}`. "
        "Before the first release only: write the files anew under the same number."
    )


def test_every_served_protocol_has_its_hash() -> None:
    """The history has no gap."""
    assert [int(number) for number in protocol_history()] == list(range(PROTOCOL_VERSION_MIN, PROTOCOL_VERSION + 1))


@pytest.mark.parametrize("name", files())
def test_a_golden_file_is_what_the_engine_does(name: str) -> None:
    """Samples and vectors, which a client in another language runs too, are up to date."""
    text = (FOLDER / name).read_text()
    assert text == text_of(files()[name]), f"{name} differs: run `{WRITE}` and read the difference"


@pytest.mark.parametrize("name", wire_samples())
def test_a_sample_reads_back(name: str) -> None:
    """Every message of the wire decodes to what was encoded."""
    kind: Value = {**vars(messages), **vars(tails)}.get(name.partition(",")[0])
    if kind is None:
        return
    sample = wire_samples()[name]
    assert json.loads(messages.encode(msgspec.json.decode(json.dumps(sample), type=kind))) == sample


def test_every_message_has_a_sample() -> None:
    """A new message needs one."""
    _, components = schema()
    missing = {name for name in components if not any(each.partition(",")[0] == name for each in wire_samples())}
    assert missing <= {"Run", "Side", "Problem", "Kind", "Status"}, "these are shown within others, or need a sample"
