"""Reads a Dockerfile: just the words that ours uses. Any other is refused, so that nothing of it goes unchecked."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

FLAGS: Final = {
    "FROM": set[str](),
    "ENV": set[str](),
    "WORKDIR": set[str](),
    "RUN": set[str](),
    "COPY": {"chmod"},
    "VOLUME": set[str](),
    "EXPOSE": set[str](),
    "STOPSIGNAL": set[str](),
    "HEALTHCHECK": {"interval", "timeout", "start-period", "retries"},
    "ENTRYPOINT": set[str](),
    "CMD": set[str](),
}
"""Each instruction that is understood, with its flags."""
_HEREDOC: Final = re.compile(r"<<'(\w+)' (\S+)")


class NotUnderstoodError(Exception):
    """The Dockerfile says what is not done again here: teach this folder to, or say it otherwise."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction."""

    word: str
    flags: dict[str, str]
    rest: str
    """What stands after the flags, on one line."""
    text: str | None = None
    """The text of a file that stands in the Dockerfile itself."""

    @property
    def words(self) -> list[str]:
        """Return the rest in words. Raises NotUnderstoodError where a variable would have to be filled in."""
        if "$" in self.rest:
            raise NotUnderstoodError(f"{self.word} with a variable: {self.rest}")
        return shlex.split(self.rest)

    @property
    def array(self) -> list[str]:
        """Return the rest as a JSON list of words: a program that no shell stands before, and that gets signals."""
        if not self.rest.startswith("["):
            raise NotUnderstoodError(f"{self.word} through a shell, which keeps signals to itself: {self.rest}")
        return [str(word) for word in json.loads(self.rest)]


def read_dockerfile(text: str) -> list[Instruction]:
    """Return the instructions of a Dockerfile. Raises NotUnderstoodError."""
    lines = iter(text.splitlines())
    return [_instruction(line, lines) for line in lines if line.strip() and not line.startswith("#")]


def _instruction(line: str, lines: Iterator[str]) -> Instruction:
    while line.endswith("\\"):
        line = line[:-1] + next(lines).strip()
    word, _, rest = line.partition(" ")
    if word not in FLAGS:
        raise NotUnderstoodError(f"the instruction {word!r}")
    flags: dict[str, str] = {}
    while (rest := rest.strip()).startswith("--"):
        flag, _, rest = rest.partition(" ")
        name, _, value = flag[2:].partition("=")
        if name not in FLAGS[word]:
            raise NotUnderstoodError(f"{word} with {flag}")
        flags[name] = value
    if word != "COPY" or "<<" not in rest:
        return Instruction(word, flags, rest)
    found = _HEREDOC.fullmatch(rest)
    if found is None:
        raise NotUnderstoodError(f"a text whose variables are filled in, or that has company: {rest}")
    end, target = found.groups()
    return Instruction(word, flags, target, "".join(f"{each}\n" for each in iter(lines.__next__, end)))


def seconds(duration: str) -> int:
    """Return a duration such as `15s`."""
    if not re.fullmatch(r"\d+s", duration):
        raise NotUnderstoodError(f"the duration {duration!r}")
    return int(duration[:-1])
