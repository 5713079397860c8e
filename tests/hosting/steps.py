"""The commands of RUN: pip and Python for real, what would make users on this machine checked and stood in for."""

import argparse
import os
import re
from collections.abc import Callable
from itertools import groupby
from typing import Final, NoReturn

from tests.hosting.dockerfile import NotUnderstoodError
from tests.hosting.image import Image

_STEERING: Final = {"PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PIP_REQUIRE_VIRTUALENV", "PIP_PYTHON"}
"""What would lead pip elsewhere than into the image."""
_INDEX: Final = re.compile(r"PIP_\w+|HOME|XDG_\w+|SSL_CERT_\w+|REQUESTS_CA_BUNDLE|(?i:(?:https?|no|all)_proxy)")
"""Settings by which this machine's pip finds its index, as a builder's does. Which index, hashes make all the same."""


class _Words(argparse.ArgumentParser):
    """Reads the words of one command; an unknown one is not understood."""

    def error(self, message: str) -> NoReturn:
        raise NotUnderstoodError(f"{self.prog}: {message}")


def run(image: Image, words: list[str]) -> None:
    """Run the commands of one RUN, which `&&` joins."""
    for is_joint, each in groupby(words, key=lambda word: word == "&&"):
        if not is_joint:
            program, *arguments = each
            if program not in _PROGRAMS:
                raise NotUnderstoodError(f"RUN {program}")
            _PROGRAMS[program](image, arguments)


def by_number(image: Image, script: str) -> str:
    """Return a script that names whoever stands in for the image's user, by number: the name is unknown here."""
    name, user = image.account, image.user
    script = script.replace(f"{name}:{name}", f"{user.uid}:{user.gid}")
    return script.replace(f"--reuid={name}", f"--reuid={user.uid}").replace(f"--regid={name}", f"--regid={user.gid}")


def _useradd(image: Image, words: list[str]) -> None:
    takes = _Words(prog="useradd", add_help=False)
    takes.add_argument("--system", action="store_true", required=True)
    takes.add_argument("--create-home", action="store_true", required=True)
    takes.add_argument("--uid", type=int)
    takes.add_argument("name")
    image.account = str(takes.parse_args(words).name)
    home = image.place(f"/home/{image.account}")
    home.mkdir(parents=True, mode=0o700)
    image.own(home)


def _install(image: Image, words: list[str]) -> None:
    takes = _Words(prog="install", add_help=False)
    takes.add_argument("-d", action="store_true", required=True)
    takes.add_argument("-o", choices=[image.account], required=True)
    takes.add_argument("-g", choices=[image.account], required=True)
    takes.add_argument("-m", required=True)
    takes.add_argument("folder")
    given = takes.parse_args(words)
    folder = image.place(given.folder)
    folder.mkdir(parents=True)
    folder.chmod(int(given.m, 8))
    image.own(folder)


def _pip(image: Image, words: list[str]) -> None:
    takes = _Words(prog="pip", add_help=False)
    takes.add_argument("verb", choices=["install"])
    takes.add_argument("--no-cache-dir", action="store_true")  # keeps a layer small, and the index busy
    takes.add_argument("--require-hashes", action="store_true", required=True)
    takes.add_argument("--only-binary", choices=[":all:"], required=True)
    takes.add_argument("-r", required=True)
    takes.parse_args(words)
    index = {name: value for name, value in os.environ.items() if _INDEX.fullmatch(name) and name not in _STEERING}
    image.run("pip", *(word for word in words if word != "--no-cache-dir"), more=index)


def _python(image: Image, words: list[str]) -> None:
    takes = _Words(prog="python", add_help=False)
    takes.add_argument("-m", choices=["compileall"], required=True)
    takes.add_argument("-q", action="store_true")
    takes.add_argument("folders", nargs="+")
    takes.parse_args(words)
    image.run("python", *words)


_PROGRAMS: Final[dict[str, Callable[[Image, list[str]], None]]] = {
    "useradd": _useradd,
    "install": _install,
    "pip": _pip,
    "python": _python,
}
