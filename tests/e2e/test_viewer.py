"""The viewer's page: its modules by node's own test runner, and its law against the server's."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from football.feed import SharedMatch
from football.feed_messages import Message, diff
from tests.football.test_feed_messages import views
from tests.web.node import node

HERE = Path(__file__).parent
NODE_S = 60

Applied = Callable[[SharedMatch, list[Message]], Any]


@pytest.mark.timeout(NODE_S)
def test_the_pages_modules() -> None:
    """U10, U12: what a viewer's screen shows and says, and how its line comes back: node's tests pass."""
    files = [str(each) for each in sorted(HERE.glob("*.test.mjs"))]
    assert len(files) == 2
    done = subprocess.run([node(), "--test", *files], capture_output=True, text=True, timeout=NODE_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def applied() -> Iterator[Applied]:
    """Give what the page makes of messages; one process answers for all examples."""
    command = [node(), str(HERE / "applying.mjs")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        into, out = process.stdin, process.stdout

        def apply(match: SharedMatch, messages: list[Message]) -> Any:  # noqa: ANN401 - JSON
            into.write(msgspec.json.encode({"match": match, "messages": messages}) + b"\n")
            into.flush()
            return msgspec.json.decode(out.readline())

        yield apply
        into.close()


@given(before=views(), after=views())
@settings(max_examples=300, deadline=None)
def test_the_page_applies_messages_as_the_server_does(
    applied: Applied, before: SharedMatch, after: SharedMatch
) -> None:
    """The law of feeds holds for the page too: the messages lead from one view to the other, in JSON."""
    assert applied(before, diff(before, after)) == msgspec.json.decode(msgspec.json.encode(after))
