"""What an engine does with an image: starts it, asks for its health, runs commands in it, stops it."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from tests.hosting.image import Image

PAUSE_S: Final = 0.2
"""Between two questions for its health; its end is heard at once."""
COMMAND_S: Final = 120


class Container:
    """One container of an image, that may be started and stopped again."""

    def __init__(self, image: Image, words: Path, settings: Mapping[str, str], **here: str) -> None:
        """Note its settings, whose paths are the image's, those that are of this machine, and a file for its words."""
        self.image = image
        self.env = {**image.env, **{name: image.moved(value) for name, value in settings.items()}, **here}
        self._words = words
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def said(self) -> str:
        """Return what it has said since it was last started."""
        return self._words.read_text(errors="replace")

    def start(self) -> None:
        """Run ENTRYPOINT with CMD, and wait until HEALTHCHECK says that it is well."""
        command = [*self.image.entrypoint, *self.image.command]
        with self._words.open("wb") as words:
            self.process = subprocess.Popen(
                command,
                env=self.env,
                cwd=self.image.place("."),
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # so that `kill` finds what a shell in between left behind
            )
        assert self.image.health is not None
        deadline = time.monotonic() + self.image.health.patience_s
        while (problem := self._problem()) is not None:
            assert time.monotonic() < deadline, f"not well in time: {problem}\n{self.said}"
            with suppress(subprocess.TimeoutExpired):
                raise AssertionError(f"ended with {self.process.wait(PAUSE_S)}: {self.said}")

    def _problem(self) -> str | None:
        """Return what the health check complains of, None where all is well."""
        assert self.image.health is not None
        try:
            done = self.run("/bin/sh", "-c", self.image.health.command, timeout_s=self.image.health.timeout_s)
        except subprocess.TimeoutExpired:
            return "no answer"
        return None if done.returncode == 0 else done.stderr

    def run(self, *words: str, timeout_s: float = COMMAND_S) -> subprocess.CompletedProcess[str]:
        """Run a command in it as `docker exec` does: with its settings, as whoever begins in it."""
        return subprocess.run(
            words,
            env=self.env,
            cwd=self.image.place("."),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_s,
        )

    def stop(self, patience_s: float) -> int:
        """Send STOPSIGNAL, and return the exit status. Raises TimeoutExpired where an engine would kill it."""
        assert self.process is not None
        self.process.send_signal(self.image.stop_signal)
        return self.process.wait(patience_s)

    def kill(self) -> None:
        """End what is left of it."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(COMMAND_S)
