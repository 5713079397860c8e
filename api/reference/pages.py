"""The pages that are made of the code: errors, settings, retention, metrics with alerts, the routes in docs/api.md.

`make docs` writes them, a test compares.

Nothing is written in them by hand: a new error class or setting is on its page as soon as it is in the code.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from api.reference.metric_pages import alerts_page, metrics_page
from api.reference.problems import Kind, kinds
from api.reference.route_table import api_page
from api.settings import PREFIX, SETTINGS
from storage.checkups.database import UPKEEP_WARN_S
from storage.retention import LOG_KEPT_DAYS, RETENTION, retention_of

FOLDER: Final = Path(__file__).resolve().parents[2] / "docs"

_MADE: Final = "<!-- Made by `make docs` from {}. Change it there. -->"

_ERRORS: Final = """# Errors

{made}

An error is an RFC 9457 problem, `application/problem+json`. It has the members `type`, `title`, `status`, `detail`,
`instance` and `code`, and some have more. Programs go by `code`, which never changes; people read `title` and
`detail`, which say what was wrong, where, and what to do. `instance` holds the request's id, as the log has it. A
client that does not know a `code` goes by the status.

**4xx**: nothing of the request was applied. **5xx** or silence: send the same again, a little later each time, with
some randomness. A malformed *mutation* is no error of its push: it is rejected alone (protocol.md, section 6).

| code | status | same again later? | further members |
|---|---|---|---|
{rows}

{sections}
"""

_SETTINGS: Final = """# Settings

{made}

From the environment, read once at the start: `PORT=9000 make serve`. Each may also be given with the prefix
`{prefix}`, where its short name is somebody else's; an unknown name with that prefix is refused, so that a slip is
found. A setting that cannot be used ends the start with a sentence that says why. An empty one counts as not given.

| name | takes | without it | meaning |
|---|---|---|---|
{rows}
"""


_RETENTION: Final = """# What is kept, and for how long

{made}

What a club has recorded (players, matches, events, conflicts, the fact that something was deleted) is the club's: it
stays until somebody deletes or erases it, and never goes by age. Everything else that the server keeps is here.

| what | holds | kept | why | proved by |
|---|---|---|---|---|
{rows}

The server deletes what is past its time once an hour, in one process, a few thousand rows at a time; the first time
some minutes after its start. `touchline compact` does it now, and with `--dry-run` it only counts. `touchline doctor`
warns where it has not succeeded for {warn_days} days. PostgreSQL uses the room again; it gives none back to the disk.

**Backups** hold what was there when they were made. Whatever goes here stays in them until they are deleted.

Clients read these figures in `retention` of `GET /api/sync/config`:

```json
{told}
```
"""


def retention_page() -> str:
    """Return docs/retention.md."""
    rows = [f"| {_words(each.name)} | {each.holds} | {each.kept} | {each.why} | {each.proof} |" for each in RETENTION]
    return _RETENTION.format(
        made=_MADE.format("`storage/retention.py`"),
        rows="\n".join(rows),
        warn_days=int(UPKEEP_WARN_S) // 86_400,
        told=json.dumps(retention_of(LOG_KEPT_DAYS), indent=1),
    )


def _words(name: str) -> str:
    return name.replace("_", " ")


def errors_page() -> str:
    """Return docs/errors.md."""
    found = list(kinds().values())
    return _ERRORS.format(
        made=_MADE.format("`api/errors.py`, `sync/errors.py` and `api/reference/problems.py`"),
        rows="\n".join(_row(kind) for kind in found),
        sections="\n".join(_section(kind) for kind in found).rstrip(),
    )


def _row(kind: Kind) -> str:
    members = ", ".join(f"`{name}`" for name in kind.members)
    return f"| [`{kind.code}`](#{kind.code}) | {kind.status} | {'yes' if kind.is_retried else 'no'} | {members} |"


def _section(kind: Kind) -> str:
    example = json.dumps(kind.example, ensure_ascii=False, indent=1)
    return (
        f"## {kind.code}\n\n**{kind.status}, {kind.title}.** {kind.when}\n\n"
        f"*What a client does:* {kind.does}\n\n```json\n{example}\n```\n"
    )


def settings_page() -> str:
    """Return docs/settings.md."""
    rows = [f"| `{name}` | {each.takes} | {each.otherwise} | {each.meaning} |" for name, each in SETTINGS.items()]
    return _SETTINGS.format(made=_MADE.format("`api/settings.py`"), prefix=PREFIX, rows="\n".join(rows))


PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "api.md": api_page,
    "alerts.yml": alerts_page,
    "errors.md": errors_page,
    "retention.md": retention_page,
    "metrics.md": metrics_page,
    "settings.md": settings_page,
}


def write_pages(folder: Path = FOLDER) -> None:
    """Write each page."""
    for name, make in PAGES.items():
        (folder / name).write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    write_pages()
