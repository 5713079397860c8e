"""Does the instructions of a Dockerfile again, below a folder that stands in for the image's root."""

import os
import re
import shutil
import signal
from pathlib import Path

from storage.embedded.bundle import RunUser
from tests.hosting import steps
from tests.hosting.account import lend_python
from tests.hosting.context import Context
from tests.hosting.dockerfile import Instruction, NotUnderstoodError, seconds
from tests.hosting.image import Health, Image


def build(instructions: list[Instruction], context: Context, root: Path, user: RunUser) -> Image:
    """Do each instruction in its turn. Raises NotUnderstoodError, or AssertionError with what a step said."""
    image = Image(root, user)
    before = os.umask(0o022)
    try:
        for each in instructions:
            _do(image, each, context)
    finally:
        os.umask(before)
    return image


def _do(image: Image, each: Instruction, context: Context) -> None:
    match each.word:
        case "FROM":
            _begin(image, each.rest)
        case "ENV":
            image.env |= {name: image.moved(value) for name, _, value in (word.partition("=") for word in each.words)}
        case "WORKDIR":
            [image.folder] = each.words
            image.place(".").mkdir(parents=True, exist_ok=True)
        case "RUN":
            steps.run(image, each.words)
        case "COPY":
            _copy(image, each, context)
        case "VOLUME":
            image.volumes += [image.place(path) for path in each.words]
        case "STOPSIGNAL":
            image.stop_signal = signal.Signals[each.rest]
        case "HEALTHCHECK":
            kind, _, command = each.rest.partition(" ")
            assert kind == "CMD"
            given = {name: seconds(value) for name, value in each.flags.items() if name != "retries"}
            patience_s = given["start-period"] + int(each.flags["retries"]) * given["interval"]
            image.health = Health(command.strip(), given["timeout"], patience_s)
        case "ENTRYPOINT":
            image.entrypoint = each.array
        case "CMD":
            image.command = each.array
        case _:
            assert each.word == "EXPOSE"  # a note for people; tests/house/test_hosting.py compares the ports


def _begin(image: Image, base: str) -> None:
    """Stand in for the base image: a fresh Python at /usr/local, and this machine's programs behind it."""
    if not re.fullmatch(r"python:3\.\d+-slim", base):
        raise NotUnderstoodError(f"the base image {base}")
    local = image.root / "usr/local"
    program, image.env = lend_python(image.root / "base", image.user)
    image.env["PATH"] = f"{local / 'bin'}:/usr/sbin:/usr/bin:/sbin:/bin"
    image.run(str(program), "-m", "venv", str(local))


def _copy(image: Image, each: Instruction, context: Context) -> None:
    *sources, target = each.words
    to = image.place(target)
    if each.text is not None:
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_text(image.moved(steps.by_number(image, each.text)), encoding="utf-8")
        to.chmod(int(each.flags["chmod"], 8))
        return
    if each.flags or (len(sources) > 1 and not target.endswith("/")):
        raise NotUnderstoodError(f"COPY {each.rest}")
    for source in sources:
        is_file = (context.root / source).is_file()
        for name in context.files(source):
            file = to if is_file else to / name.relative_to(source)
            if is_file and target.endswith("/"):
                file = to / name.name
            file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(context.root / name, file)
