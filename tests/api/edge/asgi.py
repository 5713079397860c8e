"""The smallest exchange of ASGI: an application that sends what a test lists, and what leaves the wrapper around it."""

from collections.abc import Callable, Mapping
from typing import Any

Message = dict[str, Any]


async def exchange(wrap: Callable[[Any], Any], scope: Message, *messages: Message) -> list[Message]:
    """Return what leaves a wrapped application that sends these messages."""
    sent: list[Message] = []

    async def app(_scope: object, _receive: object, send: Callable[[Message], Any]) -> None:
        for message in messages:
            await send(message)

    async def send(message: Message) -> None:
        sent.append(message)

    await wrap(app)(scope, None, send)
    return sent


def start(status: int = 200, **headers: str) -> Message:
    """Return the head of an answer; a header's dashes are spelled as underscores."""
    return start_with(status, {name.replace("_", "-"): value for name, value in headers.items()})


def start_with(status: int, headers: Mapping[str, str]) -> Message:
    """Return the head of an answer."""
    named = [(name.encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http.response.start", "status": status, "headers": named}


def piece(body: bytes, *, more: bool = False) -> Message:
    """Return a piece of an answer's body."""
    return {"type": "http.response.body", "body": body, "more_body": more}


def request(method: str = "GET", **headers: str) -> Message:
    """Return the scope of a request."""
    named = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return {"type": "http", "method": method, "path": "/", "headers": named, "client": ("203.0.113.9", 1)}


def headers_of(message: Message) -> dict[str, str]:
    """Return the headers of an answer."""
    return {name.decode(): value.decode() for name, value in message["headers"]}
