"""The files that a volunteer hosts with: the Dockerfile, what reaches its builder, Fly.io's and compose's."""

import re
import tomllib
from typing import Any, Final

import yaml  # type: ignore[import-untyped]

from tests.house.rules import ROOT

DOCKERFILE: Final = (ROOT / "Dockerfile").read_text(encoding="utf-8")
IGNORED: Final = (ROOT / ".dockerignore").read_text(encoding="utf-8")
FLY: Final[dict[str, Any]] = tomllib.loads((ROOT / "fly.toml").read_text(encoding="utf-8"))
COMPOSE: Final[dict[str, Any]] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SECRET: Final = "s" * 64


def filled(value: str) -> str:
    """Return a value of compose with its variables given, or as they are otherwise."""
    value = re.sub(r"\$\{SECRET_KEY:\?[^}]*\}", SECRET, value)
    return re.sub(r"\$\{\w+:(-|\?)([^}]*)\}", lambda found: found[2] if found[1] == "-" else "given", value)


COMPOSE_ENV: Final[dict[str, str]] = {
    name: filled(value) for name, value in COMPOSE["services"]["touchline"]["environment"].items()
}
