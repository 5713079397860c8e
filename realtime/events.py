"""Server-Sent Events as text (WHATWG HTML, section 9.2): a frame is an event's data, and its cursor the event's id."""

from sync.cursors import Cursor


def event(text: str, cursor: Cursor) -> str:
    """Return a frame as an event; whoever has had it has had all up to `cursor`."""
    return f"id: {cursor}\ndata: {text}\n\n"


def plain_event(text: str) -> str:
    """Return a frame that has no place in what is followed as an event."""
    return f"data: {text}\n\n"
