"""The reader of the Dockerfile refuses what it does not know, and .dockerignore is read as an engine reads it."""

from pathlib import Path, PurePosixPath

import pytest

from tests.hosting import steps
from tests.hosting.account import stand_in
from tests.hosting.context import Context
from tests.hosting.dockerfile import NotUnderstoodError, read_dockerfile, seconds
from tests.hosting.image import Image
from tests.house.rules import ROOT

IGNORED = (ROOT / ".dockerignore").read_text(encoding="utf-8")


def test_an_instruction_with_all_that_it_may_have() -> None:
    """Comments fall away; lines go on; flags, words and the text of a file are told apart."""
    health, copy = read_dockerfile(
        "# a word\n\nHEALTHCHECK --interval=15s CMD \\\n    ask\nCOPY --chmod=0755 <<'E' /x\na\n\nE\n"
    )
    assert (health.word, health.flags, health.rest) == ("HEALTHCHECK", {"interval": "15s"}, "CMD ask")
    assert (copy.flags, copy.words, copy.text) == ({"chmod": "0755"}, ["/x"], "a\n\n")
    assert seconds(health.flags["interval"]) == 15


@pytest.mark.parametrize(
    "line",
    [
        "USER touchline",
        "ADD a b",
        "RUN --mount=type=cache x",
        "COPY --from=build a b",
        "COPY <<E /x",
        "COPY a <<'E' /x",
    ],
)
def test_what_it_does_not_know_is_refused(line: str) -> None:
    """An instruction, a flag or a text that nobody does again here."""
    with pytest.raises(NotUnderstoodError):
        read_dockerfile(f"{line}\nE\n")


def test_a_variable_and_a_shell_are_refused() -> None:
    """Nobody fills a variable in here, and a program behind a shell would never hear that it is to stop."""
    copy, command = read_dockerfile("COPY $A b\nCMD python -m api.cli serve\n")
    with pytest.raises(NotUnderstoodError):
        copy.words  # noqa: B018 - asking is enough
    with pytest.raises(NotUnderstoodError):
        command.array  # noqa: B018 - as above


@pytest.mark.parametrize(
    "words",
    [
        "apt-get update",
        "useradd --system x",
        "useradd --system --create-home --shell sh x",
        "pip install -r x",
        "python -c x",
    ],
)
def test_a_step_that_it_does_not_know_is_refused(tmp_path: Path, words: str) -> None:
    """A program, or a flag of one; and pip without hashes."""
    with pytest.raises(NotUnderstoodError):
        steps.run(Image(tmp_path, stand_in()), words.split())


def test_a_path_that_is_nowhere_is_refused(tmp_path: Path) -> None:
    """Paths of the image are moved by prefix, addresses are left alone, and others do not slip through."""
    image = Image(tmp_path, stand_in())
    moved = image.moved("#!/bin/sh\nA=/data/x B=http://h/data C=10.0.0.0/8 /app")
    assert moved == f"#!/bin/sh\nA={tmp_path}/data/x B=http://h/data C=10.0.0.0/8 {tmp_path}/app"
    with pytest.raises(NotUnderstoodError):
        image.moved("cat /etc/passwd")


@pytest.mark.parametrize(
    ("name", "passes"),
    [
        ("api/cli.py", True),
        ("api/ops/style.css", True),
        ("api/ops/__pycache__/parts.pyc", False),
        ("requirements/runtime.txt", True),
        ("requirements/dev.txt", False),
        ("web/sync/client.js", True),
        ("web/tests/line.test.js", False),
        (".env", False),
        (".touchline/secret.key", False),
    ],
)
def test_what_passes_dockerignore(name: str, passes: bool) -> None:
    """The last pattern that fits a file or a folder above it decides; no secret and no cache goes to a builder."""
    assert Context(ROOT, IGNORED).has(PurePosixPath(name)) is passes


def test_a_source_that_is_held_back_is_missing() -> None:
    """As for an engine, a file that .dockerignore holds back is not there."""
    with pytest.raises(FileNotFoundError):
        list(Context(ROOT, IGNORED).files("Makefile"))
    with pytest.raises(NotUnderstoodError):
        Context(ROOT, "[ab]*")
