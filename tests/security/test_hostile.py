"""The hostile corpus against every route: no 5xx, nothing accepted that the document does not take, nothing repeated.

Each field of each body, each parameter and each header meets its inputs, made of the OpenAPI document. A plain run
takes one of three, another share at each field, so that every input meets many routes; `LONG=1` takes all.
"""

import json
import os
from collections.abc import Iterator
from itertools import cycle, islice
from typing import Any
from urllib.parse import quote, unquote
from uuid import UUID

import pytest

from football.collections import CATALOGUE
from sync.limits import PUSH_BYTES_MAX
from tests.api.people import START_MS
from tests.security import corpus
from tests.security.bodies import CSV, Path, fitted, laid
from tests.security.conftest import Site
from tests.security.contract import Contract, Operation, Schema
from tests.security.corpus import CANARY, Raw
from tests.security.validity import is_valid
from tests.security.wire import JSON, Answer, Json
from tests.security.world import ABSENT, id_at

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(1_200)]

SHARE = 1 if os.environ.get("LONG") else 3
"""One of so many inputs is sent at each place."""
INPUTS_MIN = 2_000
SERVERS_OWN = (
    "club_id",
    "version",
    "stamps",
    "deleted",
    "created_at",
    "updated_at",
    "author",
    "role",
    "user_id",
    "tag",
    "is_admin",
    "__proto__",
)
"""Members that only the server writes; where a body has one of its own, that is checked as a field."""
SLOW = frozenset({"/api/auth/register", "/api/auth/password", "/api/auth/login", "/api/auth/account"})
"""Where a body that is taken costs a password hash: they meet each body, and few values."""


class Judge:
    """Sends what is hostile, and keeps what should not have come back."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.wrong: list[str] = []
        self.count = 0
        self.heads: tuple[int, ...] = ()
        self.kept = 0

    async def send(
        self, operation: Operation, about: str, *, is_good: bool | None = False, target: str = "", **sent: Json
    ) -> Answer | None:
        """Send a request as the owner. `is_good`: whether a 2xx is right; None where nobody can say."""
        self.count += 1
        token = self.site.red.tokens["share" if operation.path.startswith("/api/shared") else "owner"]
        where = target or operation.at({name: id_at(self.site.red, word) for word, name in operation.places})
        try:
            answer = await self.site.wire.ask(operation.method, where, token=token, **sent)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
            self.wrong.append(f"{operation} {about}: raised {error!r}"[:500])
            return None
        await self._judge(operation, about, answer, is_good=is_good)
        return answer

    async def _judge(self, operation: Operation, about: str, answer: Answer, *, is_good: bool | None) -> None:
        named = f"{operation} {about[:150]}: {answer.status} {answer.body[:300]!r}"
        if answer.status >= 500 or answer.status == 0:
            self.wrong.append(named)
        if answer.status < 300 and is_good is False:
            self.wrong.append(f"taken: {named}")
        if answer.status >= 400 and CANARY.encode() in answer.everything:
            self.wrong.append(f"repeated: {named}")
        if any(b"\n" in value or b"\r" in value for _, value in answer.headers):
            self.wrong.append(f"a line break in a header: {named}")
        if operation.is_read:
            return
        heads = await self.site.behind.heads()
        if answer.status >= 400 and heads != self.heads:
            self.wrong.append(f"changed something: {named}")
        if heads != self.heads or answer.status < 300:
            await self.site.behind.put_back()
            self.heads = await self.site.behind.heads()

    async def begin(self) -> None:
        """Look where the clubs stand."""
        await self.site.behind.put_back()
        self.heads = await self.site.behind.heads()

    def end(self) -> None:
        """Assert that nothing was found."""
        assert self.wrong == [], f"{len(self.wrong)} of {self.count}"


def with_body(site: Site) -> list[Operation]:
    """Return the operations that take JSON."""
    return [each for each in site.contract.operations if each.kind == "application/json"]


def share_of(values: list[Any], turn: Iterator[int]) -> Iterator[Any]:
    """Yield every so many of some values, beginning elsewhere at each call."""
    yield from values[next(turn) :: SHARE]


def turns() -> Iterator[int]:
    """Return where each next share begins."""
    return cycle(range(SHARE))


async def test_what_is_no_json_object_is_refused(site: Site) -> None:
    """Bytes, depths, encodings and content types: 4xx at every route, the database is as it was."""
    judge = Judge(site)
    await judge.begin()
    for operation in with_body(site):
        good = operation.sent(fitted(operation, site.red, "owner"))
        for name, body in corpus.BODIES.items():
            is_good = None if name in {"empty", "blank"} and not operation.is_body_required else False
            await judge.send(operation, name, is_good=is_good, headers=[JSON], body=body)
        for name, (before, behind) in corpus.AROUND.items():
            await judge.send(operation, name, headers=[JSON], body=before + good + behind)
        for kind in corpus.KINDS:
            headers = [] if kind is None else [(b"content-type", kind)]
            await judge.send(operation, f"as {kind!r}", headers=headers, body=good)
        for coding in corpus.ENCODINGS:
            headers = [JSON, (b"content-encoding", coding)]
            await judge.send(operation, f"in {coding!r}", headers=headers, body=corpus.BOMB)
    assert judge.count >= INPUTS_MIN
    judge.end()


async def test_bodies_of_eleven_megabytes(site: Site) -> None:
    """Announced or in chunks: refused before they are read whole, and a depth of two millions costs no stack."""
    judge = Judge(site)
    await judge.begin()
    piece = b" " * 2**20
    for operation in with_body(site):
        announced = [JSON, (b"content-length", str(corpus.MEGABYTES_11).encode())]
        await judge.send(operation, "11 MB announced", headers=announced, body=b"{")
        await judge.send(operation, "11 MB in chunks", headers=[JSON], pieces=[piece] * 11)
        await judge.send(operation, "deep as can be", headers=[JSON], body=b"[" * (PUSH_BYTES_MAX - 1))
    deep = next(each for each in with_body(site) if each.path == "/api/sync/push")
    await judge.send(deep, "nested 2 millions", headers=[JSON], body=b"[" * 2_000_000)
    judge.end()


def places(contract: Contract, schema: Schema, at: Path = ()) -> Iterator[tuple[Path, Schema]]:
    """Yield each field of a body, those of its objects and of the first item of its lists too."""
    found = contract.resolve(schema)
    for name, each in found.get("properties", {}).items():
        inner = contract.resolve(each)
        yield (*at, name), inner
        if len(at) < 3:
            yield from places(contract, inner, (*at, name))
            if "items" in inner:
                yield from places(contract, inner["items"], (*at, name, 0))


def kinds_of(contract: Contract, schema: Schema) -> frozenset[str]:
    """Return the kinds of JSON value that a schema takes."""
    found = contract.resolve(schema)
    kinds = found.get("type", ())
    named = {kinds} if isinstance(kinds, str) else set(kinds)
    for each in (*found.get("anyOf", ()), *found.get("oneOf", ())):
        named |= kinds_of(contract, each)
    return frozenset(named)


async def test_every_field_of_every_body(site: Site) -> None:
    """Numbers, texts and other kinds at each field: taken where the document's bounds take them, else refused."""
    judge = Judge(site)
    await judge.begin()
    turn = turns()
    for operation in with_body(site):
        assert operation.body is not None
        base = fitted(operation, site.red, "owner")
        for path, schema in places(site.contract, operation.body):
            values = list(corpus.values_for(kinds_of(site.contract, schema)))
            chosen = share_of(values, turn)
            for value in islice(chosen, 2) if operation.path in SLOW and SHARE > 1 else chosen:
                body = corpus.spell(laid(base, path, value))
                is_good = None if is_taken(site.contract, operation.body, body) else False
                if operation.path in {"/api/sync/push", "/api/sync/events"} and path[0] in {"mutations", "events"}:
                    is_good = None  # each is answered alone, inside of a 200
                about = f"{path} = {value!r:.60}"
                await judge.send(operation, about, is_good=is_good, headers=[JSON], body=body)
    judge.end()


def is_taken(contract: Contract, schema: Schema, body: bytes) -> bool:
    """Tell whether the document's schema takes a body, whose numbers and texts must be JSON's own."""

    def refuse(_name: str) -> None:
        raise ValueError

    try:
        value = json.loads(body, parse_constant=refuse)
    except ValueError:
        return False
    return is_valid(contract, schema, value)


async def test_no_member_is_the_servers_own(site: Site) -> None:
    """Mass assignment: the server's own columns, unknown names and `__proto__` are refused in each body, by name."""
    judge = Judge(site)
    await judge.begin()
    for operation in with_body(site):
        assert operation.body is not None
        base = fitted(operation, site.red, "owner")
        known = site.contract.resolve(operation.body).get("properties", {})
        for name in SERVERS_OWN:
            if name not in known:
                answer = await judge.send(
                    operation, f"with {name}", headers=[JSON], body=corpus.spell({**base, name: "owner"})
                )
                if answer is not None and answer.status not in {400, 422}:
                    judge.wrong.append(f"{operation} with {name}: {answer.status}, not 400 or 422")
    judge.end()


async def test_a_member_twice_is_not_two(site: Site) -> None:
    """Duplicate keys: refused, or read as one of the two; never anything else."""
    judge = Judge(site)
    await judge.begin()
    for operation in with_body(site):
        base = operation.sent(fitted(operation, site.red, "owner"))
        twice = b"{" + base.strip()[1:-1] + (b"," if len(base) > 2 else b"") + base.strip()[1:-1] + b"}"
        await judge.send(operation, "each member twice", is_good=None, headers=[JSON], body=twice)
    judge.end()


async def test_every_parameter_of_every_query(site: Site) -> None:
    """Unknown ones by name, known ones by their bounds; twice is once too often; 400 digits are no cursor."""
    judge = Judge(site)
    await judge.begin()
    turn = turns()
    for operation in site.contract.operations:
        if not operation.path.startswith("/api"):
            continue
        where = operation.at({name: id_at(site.red, word) for word, name in operation.places})
        body = fitted(operation, site.red, "owner")
        sent: dict[str, Any] = {} if body is None else {"body": operation.sent(body), "headers": [kind_of(operation)]}
        strange = [f"unknown={CANARY}", "=", "&", "%00=1", "a" * 9_000, "&".join(f"a{n}=1" for n in range(60)), "%ff=1"]
        for query in strange:
            is_good = None if query in {"=", "&"} else False
            await judge.send(operation, f"?{query[:40]}", is_good=is_good, target=f"{where}?{query}", **sent)
        for name, schema in operation.query.items():
            await judge.send(operation, f"?{name} twice", target=f"{where}?{name}=1&{name}=1", **sent)
            for value in share_of(list(corpus.QUERIES), turn):
                is_good = None if may_be(site.contract, schema, value) else False
                await judge.send(
                    operation, f"?{name}={value[:40]}", is_good=is_good, target=f"{where}?{name}={value}", **sent
                )
    judge.end()


def kind_of(operation: Operation) -> tuple[bytes, bytes]:
    """Return the header with the content type of an operation's body."""
    return (b"content-type", CSV.encode()) if operation.kind == CSV else JSON


def may_be(contract: Contract, schema: Schema, text: str) -> bool:
    """Tell whether a parameter's schema takes a text, read as any kind that it names."""
    if "%" in text or "&" in text:
        return text in {"", "%20"} or "string" in kinds_of(contract, schema)
    readings: list[Any] = [text]
    if text.isascii() and text.isdecimal():
        readings.append(int(text))
    if text in {"true", "false"}:
        readings.append(text == "true")
    return any(is_valid(contract, schema, each) for each in readings)


async def test_every_parameter_of_every_address(site: Site) -> None:
    """What is no id is no address of anything: 400 or 404, whatever its slashes, dots and bytes."""
    judge = Judge(site)
    await judge.begin()
    for operation in site.contract.operations:
        own = {name: id_at(site.red, word) for word, name in operation.places}
        body = fitted(operation, site.red, "owner")
        sent: dict[str, Any] = {} if body is None else {"body": operation.sent(body), "headers": [kind_of(operation)]}
        for name in own:
            for value in corpus.PATHS:
                raw = quote(value, safe="%{}'.-") if not value.isascii() else value
                answer = await judge.send(
                    operation, f"{name} = {value[:40]}", is_good=None, target=operation.at({**own, name: raw}), **sent
                )
                if answer is not None and answer.status < 400 and not is_canonical(value):
                    judge.wrong.append(f"{operation} {name} = {value[:40]}: {answer.status}")
    judge.end()


def is_canonical(value: str) -> bool:
    """Tell whether a text is the one spelling of a number or an id; the case of an id's letters is free."""
    for read in (int, UUID):
        try:
            found = str(read(unquote(value)))
        except ValueError:
            continue
        return found == unquote(value).lower()
    return False


async def test_every_header(site: Site) -> None:
    """Conditions, keys, ranges and tokens of any bytes: never 5xx, and never repeated."""
    judge = Judge(site)
    await judge.begin()
    turn = turns()
    for operation in site.contract.operations:
        if not operation.path.startswith("/api"):
            continue
        body = fitted(operation, site.red, "owner")
        content = None if body is None else operation.sent(body)
        headers = [] if body is None else [kind_of(operation)]
        for header in islice(share_of(list(corpus.HEADERS), turn), 0, None, 1 if SHARE == 1 else 4):
            await judge.send(operation, f"{header[0]!r}", is_good=None, headers=[*headers, header], body=content)
    judge.end()


async def test_a_push_cut_at_every_byte(site: Site) -> None:
    """Nothing of it is applied, wherever it is cut: the body ends early, or the connection does."""
    judge = Judge(site)
    await judge.begin()
    operation = next(each for each in with_body(site) if each.path == "/api/sync/push")
    whole = operation.sent(fitted(operation, site.red, "owner"))
    for n in range(len(whole)):
        await judge.send(operation, f"cut at {n}", headers=[JSON], body=whole[:n])
    judge.end()
    answer = await judge.send(operation, "whole", is_good=True, headers=[JSON], body=whole)
    assert answer is not None
    assert answer.status == 200


async def test_a_million_mutations(site: Site) -> None:
    """Refused by its size; as many as fit that size, by their number."""
    judge = Judge(site)
    await judge.begin()
    operation = next(each for each in with_body(site) if each.path == "/api/sync/push")
    head = b'{"device_id":"%s","sent_at":1,"mutations":[' % site.red.said["owner"]["device_id"].encode()
    for number in (1_000_000, (PUSH_BYTES_MAX - 200) // 3):
        await judge.send(operation, f"{number}", headers=[JSON], body=head + b",".join([b"{}"] * number) + b"]}")
    judge.end()


async def test_a_counter_with_other_content_is_a_fork(site: Site) -> None:
    """The same (device, n) with other content: 409, and what was held stays."""
    judge = Judge(site)
    await judge.begin()
    operation = next(each for each in with_body(site) if each.path == "/api/sync/push")
    device = site.red.said["owner"]["device_id"]
    fields = {"name": "Other"}
    mutation = {"n": 1, "wall": START_MS, "collection": "teams", "record": ABSENT, "op": "put", "fields": fields}
    body = {"device_id": device, "sent_at": START_MS, "mutations": [mutation]}
    answer = await judge.send(operation, "n = 1 again", headers=[JSON], body=corpus.spell(body))
    judge.end()
    assert answer is not None
    assert answer.code == "device_forked"


@pytest.mark.parametrize("wall", [-(2**53) + 1, 0, 253_402_300_799_999, 2**53 - 1])
async def test_a_wall_of_any_year(site: Site, wall: int) -> None:
    """Stamps of 1970 and of the year 9999 are taken, and lifted or lowered to the server's clock."""
    judge = Judge(site)
    await judge.begin()
    operation = next(each for each in with_body(site) if each.path == "/api/sync/push")
    body = fitted(operation, site.red, "owner")
    body["mutations"][0]["wall"] = wall
    answer = await judge.send(operation, f"wall {wall}", is_good=True, headers=[JSON], body=corpus.spell(body))
    judge.end()
    assert answer is not None
    assert answer.status == 200


async def test_hostile_fields_of_mutations(site: Site) -> None:
    """Each field of each collection meets its inputs in a push: each has a verdict, and none is a 5xx."""
    judge = Judge(site)
    await judge.begin()
    operation = next(each for each in with_body(site) if each.path == "/api/sync/push")
    turn = turns()
    n = 5_000
    for name, collection in CATALOGUE.collections.items():
        for field in collection.fields:
            values = [*share_of([*corpus.NUMBERS, *corpus.TEXTS, *corpus.OTHERS], turn)]
            alone: list[dict[str, Any]] = []
            together: list[dict[str, Any]] = []
            for value in values:
                n += 1
                put = {"collection": name, "record": site.red.ids[name], "op": "put", "fields": {field: value}}
                kind = alone if isinstance(value, Raw) else together
                kind.append({"n": n, "wall": START_MS, **put})
            for mutations in [*([each] for each in alone), together]:
                envelope = {"device_id": site.red.said["owner"]["device_id"], "sent_at": START_MS}
                body = {**envelope, "mutations": mutations}
                about = f"{name}.{field}"
                await judge.send(operation, about, is_good=None, headers=[JSON], body=corpus.spell(body))
    judge.end()
