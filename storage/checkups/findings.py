"""What a checkup says: one finding for each thing looked at, with what to do where it is not well."""

import enum
from collections.abc import Iterable

from msgspec import Struct


class Level(enum.StrEnum):
    """How well something is."""

    OK = "ok"
    WARN = "warn"
    """It works, and somebody should see to it."""
    BAD = "bad"
    """It does not work, or what was promised is in danger."""


class Finding(Struct, frozen=True):
    """What was found of one thing."""

    about: str
    level: Level
    says: str
    do: str = ""
    """What to do; empty where all is well."""


def ok(about: str, says: str) -> Finding:
    """Return that something is well."""
    return Finding(about, Level.OK, says)


def warn(about: str, says: str, do: str) -> Finding:
    """Return that somebody should see to something."""
    return Finding(about, Level.WARN, says, do)


def bad(about: str, says: str, do: str) -> Finding:
    """Return that something is not as it must be."""
    return Finding(about, Level.BAD, says, do)


def worst(findings: Iterable[Finding]) -> Level:
    """Return the worst level among findings."""
    levels = {finding.level for finding in findings}
    return next((level for level in (Level.BAD, Level.WARN) if level in levels), Level.OK)
