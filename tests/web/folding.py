"""Asks the client's folds: one node process answers what football's modules in JavaScript make of a match."""

import json
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import msgspec

from api.sync.config import CONFIG
from football.clock import PeriodKey
from football.facts import View
from tests.web.node import WEB, node

Call = tuple[Any, ...]
"""Module, function, arguments: see web/tests/folding.js."""

SCRIPT: Final = WEB / "tests" / "folding.js"


class Folds:
    """The folds in JavaScript."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        """Speak to a process that runs web/tests/folding.js."""
        self._process = process

    def ask(self, view: View, match_id: str | None, calls: Sequence[Call]) -> dict[str, Any]:
        """Return `answers` to the calls, `facts` as gathered alone and `all` as gathered with those of all matches."""
        return self._told({"view": view, "match": match_id, "calls": calls})

    def do(self, view: View, deleted: View, match_id: str, deed: Call) -> dict[str, Any]:
        """Return `after`, what the client shows once it has carried out a deed, or `problem`; `groups` tells counts."""
        return self._told({"view": view, "deleted": deleted, "config": CONFIG, "match": match_id, "deed": deed})

    def _told(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        # In ASCII: node takes U+2028 for the end of a line.
        self._process.stdin.write(json.dumps(msgspec.to_builtins(question)).encode() + b"\n")
        self._process.stdin.flush()
        told: dict[str, Any] = msgspec.json.decode(self._process.stdout.readline())
        assert "fault" not in told, told["fault"]
        return told

    def agree(self, view: View, match_id: str, expected: Iterable[tuple[Call, object]]) -> None:
        """Check that each call answers what Python does, in JSON; null and absent are the same to both."""
        asked = list(expected)
        found = self.ask(view, match_id, [call for call, _ in asked])["answers"]
        for (call, mine), theirs in zip(asked, found, strict=True):
            assert whole(theirs) == plain(mine), call


@contextmanager
def folding() -> Iterator[Folds]:
    """Run the folds in a process."""
    with subprocess.Popen([node(), str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield Folds(process)
        assert process.stdin is not None
        process.stdin.close()


def key_told(key: PeriodKey) -> dict[str, Any]:
    """Return a period's key as the client has it."""
    return {"rank": key.rank, "type": key.type, "number": key.number}


def plain(answer: object) -> Any:  # noqa: ANN401 - JSON
    """Return an answer of Python's as JSON, sets sorted, without what is null."""
    return whole(msgspec.json.decode(msgspec.json.encode(answer, order="deterministic")))


def whole(told: Any) -> Any:  # noqa: ANN401 - JSON
    """Return JSON without members that are null."""
    if isinstance(told, dict):
        return {name: whole(value) for name, value in told.items() if value is not None}
    return [whole(each) for each in told] if isinstance(told, list) else told
