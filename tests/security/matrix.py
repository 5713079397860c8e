"""The access matrix: every operation, everybody who may knock, and every place where an id may stand."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from msgspec import Struct

from tests.security.bodies import CSV, NAMED, Path, fitted, id_fields, is_id, laid
from tests.security.conftest import Site
from tests.security.contract import Operation
from tests.security.policy import Rule, rule_of
from tests.security.wire import JSON, Answer, Json
from tests.security.world import ABSENT, LINKS, NUMBERS, REMOVED, STRANGERS, Club, as_json, id_at

ASKING = ("owner", "coach", "scorer", "viewer", "link_here")
"""Who tries another club's ids."""


POSITIONS = frozenset({"after"})
"""Parameters that name a place in a list and no record: what comes after it depends on it, whoever's it is."""
CAPABILITIES = frozenset({"feeds"})
"""Words behind which a secret stands: whoever has it was given it, in whichever club."""


class Cell(Struct, frozen=True):
    """One request."""

    operation: Operation
    who: str
    target: str
    body: bytes | None = None
    headers: tuple[tuple[bytes, bytes], ...] = ()
    about: str = ""

    def __str__(self) -> str:
        """Return how a failure names it."""
        return f"{self.who}: {self.operation} {self.about}".strip()


class Asker:
    """Asks as somebody of a club, and looks for what is the other club's in every byte of the answers."""

    def __init__(self, site: Site, club: Club, other: Club) -> None:
        self.site = site
        self.club = club
        self.other = other
        self.leaks: list[str] = []
        self.count = 0

    async def ask(self, cell: Cell) -> Answer:
        """Send a cell's request."""
        self.count += 1
        token = self.club.tokens[cell.who]
        answer = await self.site.wire.ask(
            cell.operation.method, cell.target, token=token, headers=cell.headers, body=cell.body
        )
        sent = b" ".join([cell.target.encode(), cell.body or b""])
        told = [each for each in self.other.canaries if each in answer.everything and each not in sent]
        if told:
            self.leaks.append(f"{cell} told {told}")
        return answer


def cell_of(operation: Operation, club: Club, who: str, **changes: Json) -> Cell:
    """Return the request that somebody of a club would make, with the club's ids everywhere."""
    values = {name: id_at(club, word) for word, name in operation.places}
    body = fitted(operation, club, who)
    return _cell(operation, who, values, body, **changes)


def _cell(
    operation: Operation, who: str, values: dict[str, str], body: Json, *, query: str = "", about: str = ""
) -> Cell:
    content = None if body is None else body.encode() if isinstance(body, str) else as_json(body)
    kind = {None: (), CSV: ((b"content-type", CSV.encode()),)}.get(operation.kind, (JSON,))
    return Cell(operation, who, operation.at(values) + query, content, kind, about)


class Pair(Struct, frozen=True):
    """The same request twice: with an id of the other club, and with one that nobody has."""

    foreign: Cell
    absent: Cell


def pairs(site: Site, club: Club, other: Club, who: str) -> Iterator[Pair]:
    """Yield a pair for each place where an id may stand: in the address, the query and the body."""
    for operation in site.contract.operations:
        own = {name: id_at(club, word) for word, name in operation.places}
        body = fitted(operation, club, who)
        theirs = {name: id_at(other, word) for word, name in operation.places if word not in {*NUMBERS, *CAPABILITIES}}
        nobodys = dict.fromkeys(theirs, ABSENT)
        sets = [{name} for name in theirs] + ([set(theirs)] if len(theirs) > 1 else [])
        for names in sets:
            about = f"with {', '.join(sorted(names))}"
            foreign = {**own, **{name: theirs[name] for name in names}}
            absent = {**own, **{name: nobodys[name] for name in names}}
            yield Pair(
                _cell(operation, who, foreign, body, about=about), _cell(operation, who, absent, body, about=about)
            )
            if operation.method == "PUT":
                new = ((b"if-none-match", b"*"),)
                yield Pair(
                    *(_with(_cell(operation, who, ids, body, about=f"{about}, new"), new) for ids in (foreign, absent))
                )
        for name, schema in operation.query.items():
            if name not in POSITIONS and is_id(site.contract, schema):
                kinds = [other.ids.get(f"{name}s", other.ids["matches"]), ABSENT]
                yield Pair(
                    *(_cell(operation, who, own, body, query=f"?{name}={each}", about=f"?{name}") for each in kinds)
                )
        if operation.body is not None and operation.kind != CSV:
            for path in id_fields(site.contract, operation.body):
                yield Pair(
                    *(
                        _cell(operation, who, own, laid(body, path, each), about=f"body {path}")
                        for each in (_id_for(other, path), ABSENT)
                    )
                )


def _with(cell: Cell, headers: tuple[tuple[bytes, bytes], ...]) -> Cell:
    return Cell(cell.operation, cell.who, cell.target, cell.body, (*cell.headers, *headers), cell.about)


def _id_for(club: Club, path: Path) -> str:
    name = next(str(part) for part in reversed(path) if isinstance(part, str))
    special = {"device_id": club.said["owner"]["device_id"], "club_id": club.club_id, "id": club.ids["matches"]}
    return special.get(name) or club.ids[NAMED.get(name, "matches")]


_CHANGING = (
    (rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", b"<id>"),
    (rb"x-request-id: \S+", b""),
    (rb"urn:touchline:request:\w+|[0-9a-f]{16}", b"<random>"),
    (rb"tl._[\w-]+|eyJ[\w.-]+|[0-9A-Z]{4}-[0-9A-Z]{4}\b", b"<secret>"),
    (rb'etag: \S+|"feed":"[^"]*"', b""),
)
"""What differs between two answers to the same request."""


def plain(answer: Answer) -> tuple[int, bytes, bytes]:
    """Return an answer without ids and their order, and without what is drawn anew for each."""
    head = b"\n".join(name + b": " + value for name, value in answer.headers)
    body = answer.body
    for pattern, instead in _CHANGING:
        head, body = re.sub(pattern, instead, head), re.sub(pattern, instead, body)
    with suppress(ValueError):
        body = repr(_sorted(json.loads(body))).encode()
    return answer.status, head, body


def _sorted(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return {name: _sorted(each) for name, each in value.items()}
    return sorted(map(_sorted, value), key=repr) if isinstance(value, list) else value


class Expected(Struct, frozen=True):
    """What a cell may be answered."""

    denied: tuple[int, str] | None = None
    """Status and code; None: it is let in."""


def expected(operation: Operation, who: str) -> Expected:
    """Return what the policy says of somebody with the ids of their own club."""
    rule = rule_of(operation.method, operation.path)
    assert rule is not None, f"policy.py has no row for {operation}"
    if rule.roles is None:
        return Expected()
    if who in STRANGERS:
        return Expected((401, "unauthorised"))
    if who == REMOVED:
        return Expected((403, "access_ended"))
    if operation.path == "/api/auth/sessions/{session_id}" and who != "owner" and who not in LINKS:
        return Expected((404, "not_found"))  # the session in the world is the owner's
    if who in LINKS:
        return Expected(_denied_to_link(operation, rule, who))
    return Expected(None if who in rule.roles else (403, "forbidden"))


def _denied_to_link(operation: Operation, rule: Rule, who: str) -> tuple[int, str] | None:
    if not rule.has_link:
        return 403, "forbidden"
    return (404, "not_found") if who == "link_elsewhere" and operation.places else None
