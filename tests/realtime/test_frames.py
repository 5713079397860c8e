"""Ready frames: what another's implementation reads from them is what was framed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Frame
from websockets.protocol import State
from websockets.uri import parse_uri

from realtime.frames import ready


def read(frames: bytes) -> list[str]:
    """Return the messages that the `websockets` library reads."""
    client = ClientProtocol(parse_uri("ws://localhost/"), state=State.OPEN, max_size=None)
    client.receive_data(frames)
    found: list[str] = []
    for event in client.events_received():
        assert isinstance(event, Frame)
        assert event.fin
        found.append(bytes(event.data).decode())
    return found


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 200_000])
def test_every_length_is_framed(size: int) -> None:
    """At each border of RFC 6455's three forms of a length."""
    assert read(ready("x" * size)) == ["x" * size]


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=300), max_size=5))
def test_messages_read_back(texts: list[str]) -> None:
    """Several messages are several frames, in order."""
    assert read(ready(tuple(texts))) == texts
