"""The wire: strict decoding of any bytes, and nothing accepted that cannot be encoded again."""

import json
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.collections import Value
from sync.errors import MalformedRequest
from sync.limits import INTEGER_MAX, MUTATION_BYTES_MAX, NESTING_MAX, PUSH_MUTATIONS_MAX
from sync.messages import Malformed, Mutation, content_of, encode, hash_content, read_mutations, read_push
from tests.builders import MATCH, NOW_MS, A, B, Server, put_match, uid, verdict_of, verdicts

GOOD: dict[str, Value] = {
    "n": 1,
    "collection": "matches",
    "record": MATCH,
    "op": "put",
    "wall": NOW_MS,
    "fields": {"title": "Reds v Blues"},
}


def body_of(*mutations: str, **more: Value) -> bytes:
    """Return a push's body around mutations given as JSON text."""
    envelope = json.dumps({"device_id": A, "sent_at": NOW_MS, **more})
    return f'{envelope[:-1]}, "mutations": [{",".join(mutations)}]}}'.encode("utf-8", "surrogatepass")


def mutation_of(fields: str = '{"title": "t"}', **more: Value) -> str:
    """Return a mutation's JSON text around fields given as such."""
    rest = json.dumps({**{key: value for key, value in GOOD.items() if key != "fields"}, **more})
    return f'{rest[:-1]}, "fields": {fields}}}'


def take(body: bytes) -> dict[int, str] | None:
    """Push a body: the verdicts, or None where it is malformed as a whole; whatever was accepted encodes again."""
    server = Server()
    try:
        push = read_push(body)
        for each in read_mutations(push):
            assert len(hash_content(b"k", content_of(each))) == 16
            assert msgspec.json.decode(encode(each)) is not None
    except MalformedRequest as error:
        refused = error.detail
    else:
        refused = ""
    if refused:
        assert refused.isprintable()
        assert len(refused) < 1_000
        return None
    answer = server.push_bytes(body, author="u")
    for row in server.state.log:
        assert b"\\u0000" not in row.body.replace(b"\\\\u0000", b"")
    for outcome in server.state.outcomes.values():
        assert encode(outcome)
    again = server.push_bytes(body, author="u")
    assert verdicts(again) == verdicts(answer)
    for page in server.snapshot():
        assert encode(page)
    return verdicts(answer)


VALUES = {
    "2^53-1": "9007199254740991",
    "2^53": "9007199254740992",
    "2^53+1": "9007199254740993",
    "-2^53": "-9007199254740992",
    "2^63": "9223372036854775808",
    "2^64": "18446744073709551616",
    "-2^63-1": "-9223372036854775809",
    "400 digits": "1" * 400,
    "5,000 digits": "1" * 5_000,
    "1e400": "1e400",
    "-1e400": "-1e400",
    "1e-400": "1e-400",
    "NaN": "NaN",
    "Infinity": "Infinity",
    "-0": "-0",
    "-0.0": "-0.0",
    "01": "01",
    "+1": "+1",
    ".5": ".5",
    "hex": "0x10",
    "escaped NUL": '"a\\u0000b"',
    "raw NUL": '"a\x00b"',
    "raw line feed": '"a\nb"',
    "escaped line feed": '"a\\r\\nb"',
    "ANSI": '"\\u001b[31m"',
    "a quote": '"\'; DROP TABLE matches; --"',
    "high surrogate": '"\\ud800"',
    "low surrogate": '"\\udc00"',
    "surrogates reversed": '"\\udc00\\ud800"',
    "surrogate and more": '"\\ud800 and more text after it"',
    "surrogate pair": '"\\ud83d\\ude00"',
    "bad escape": '"\\x41"',
    "array": "[]",
    "object": "{}",
    "nothing": "",
    "true": "true",
    "null": "null",
    "long text": '"' + "x" * 20_000 + '"',
    "deep array": "[" * 5_000 + "]" * 5_000,
    "deeper array": "[" * 200_000 + "]" * 200_000,
    "deep object": '{"a":' * 5_000 + "1" + "}" * 5_000,
    "unclosed": "[" * 200_000,
    "wide array": "[" + ",".join(["1"] * 200_000) + "]",
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
def test_a_hostile_value_of_a_field(value: str) -> None:
    """In each field of each type: malformed, rejected or harmless, and never anything else."""
    for collection, name in (
        ("matches", "title"),
        ("matches", "minutes"),
        ("matches", "started_at"),
        ("players", "weight"),
        ("players", "is_captain"),
        ("players", "born"),
        ("events", "match_id"),
        ("matches", "unknown"),
    ):
        take(body_of(mutation_of(f'{{"{name}": {value}}}', collection=collection)))


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
@pytest.mark.parametrize(
    "name", ["wall", "record", "collection", "op", "after", "base", "group", "resolve", "origins", "x"]
)
def test_a_hostile_part_of_a_mutation(name: str, value: str) -> None:
    """A part of another type or size is malformed or rejects this mutation alone."""
    good = {**GOOD, "n": 2}
    text = json.dumps({key: each for key, each in GOOD.items() if key != name})
    found = take(body_of(f'{text[:-1]}, "{name}": {value}}}', json.dumps(good)))
    if name == "wall" and value in {"-0", VALUES["2^53-1"]}:
        assert found == {1: "applied", 2: "applied"}
    elif found is not None and value != "null" and (name, value) != ("origins", "[]"):
        assert found == {1: "rejected", 2: "applied"}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
@pytest.mark.parametrize("name", ["n", "device_id", "sent_at", "mutations", "acked", "past", "again", "protocol", "x"])
def test_a_hostile_part_of_the_envelope(name: str, value: str) -> None:
    """A push whose envelope is wrong, or a mutation whose n cannot be read, is malformed as a whole."""
    if name == "n":
        text = json.dumps({key: each for key, each in GOOD.items() if key != "n"})
        assert take(body_of(f'{text[:-1]}, "n": {value}}}')) is None or value == VALUES["2^53-1"]
        return
    envelope = json.dumps(
        {k: v for k, v in {"device_id": A, "sent_at": NOW_MS, "mutations": [GOOD]}.items() if k != name}
    )
    take(f'{envelope[:-1]}, "{name}": {value}}}'.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"null",
        b"[]",
        b"1",
        b'"push"',
        b"\xff",
        b"\xfe\xff\x00{",
        b"\xef\xbb\xbf" + body_of(mutation_of()),
        body_of(mutation_of()) + b"x",
        body_of(mutation_of()) + body_of(mutation_of()),
        body_of(mutation_of()).decode().encode("utf-16"),
        b"device_id=1&sent_at=2",
        b"<html>Welcome to the hotel</html>",
        b"[" * 200_000,
        b'{"mutations":' * 5_000,
        b'{"a":' * 200_000,
    ],
    ids=range(17),
)
def test_a_body_that_is_no_push(body: bytes) -> None:
    """Other JSON, other encodings, trailing data, a byte order mark, a form, a captive portal: malformed."""
    assert take(body) is None


@pytest.mark.parametrize("bad", [b"\xff", b"\xed\xa0\x80", b"\xc0\xaf", b"\x80", b"\xf4\x90\x80\x80"], ids=repr)
def test_bytes_that_are_not_utf_8(bad: bytes) -> None:
    """In a value, a key, an id or the envelope."""
    for place in ('{"title": "@"}', '{"@": 1}', '{"title": {"@": "@"}}'):
        assert take(body_of(mutation_of(place)).replace(b"@", bad)) is None
    assert take(body_of(mutation_of(record="@")).replace(b"@", bad)) is None
    assert take(body_of(mutation_of(), device_id="@").replace(b"@", bad)) is None


def test_a_push_cut_at_any_byte_is_malformed() -> None:
    """No prefix of a push is a push."""
    body = encode({"device_id": A, "sent_at": 1, "mutations": [GOOD]})
    assert read_push(body).device_id == A
    for end in range(len(body)):
        with pytest.raises(MalformedRequest):
            read_push(body[:end])


@given(st.binary(max_size=200) | st.text().map(str.encode))
def test_any_bytes_at_all(body: bytes) -> None:
    """Whatever arrives is a push or a malformed request."""
    assert take(body) is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=12,
    ),
    st.sampled_from([*GOOD, "after", "base", "group", "resolve", "origins", "zz"]),
)
def test_any_json_in_any_place(value: Value, name: str) -> None:
    """Fuzz each part of a mutation with JSON: malformed as a whole, or a verdict."""
    text = json.dumps({**GOOD, name: value})
    take(body_of(text))


@given(st.binary(min_size=1, max_size=3), st.data())
def test_any_bytes_overwritten(noise: bytes, data: st.DataObject) -> None:
    """Flip some bytes of a good push anywhere."""
    body = encode({"device_id": A, "sent_at": 1, "mutations": [GOOD], "past": ["3.0123456789abcdef"]})
    place = data.draw(st.integers(0, len(body) - len(noise)))
    try:
        take(body[:place] + noise + body[place + len(noise) :])
    except Exception as error:
        if type(error).__name__ != "LogDiverged":
            raise


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("record", MATCH + "\n"),
        ("record", A.upper()),
        ("record", f"{{{MATCH}}}"),
        ("collection", "matches\n"),
        ("collection", "Matches"),
        ("base", "1.0123456789abcdef\n"),
        ("after", "0" * 48 + "\n"),
        ("after", "0" * 47),
        ("group", {"id": MATCH, "count": 0}),
        ("group", {"id": MATCH, "count": 51}),
        ("group", {"id": MATCH + "\n", "count": 2}),
        ("origins", [{"device_id": A, "n": 1}] * 9),
        ("origins", [{"device_id": "x", "n": 1}]),
        ("op", "PUT"),
        ("wall", 1.5),
        ("wall", "1"),
        ("wall", True),
        ("stamp", "0" * 48),
        ("version", 7),
        ("club_id", MATCH),
    ],
    ids=range(20),
)
def test_one_malformed_mutation_is_rejected_alone(part: str, value: Value) -> None:
    """Its neighbour lands; the sentence names the place."""
    server = Server()
    answer = server.push(A, {**GOOD, part: value}, put_match(2))
    assert verdicts(answer) == {1: "rejected", 2: "applied"}
    verdict = verdict_of(answer, 1)
    assert verdict.code == "malformed"
    assert verdict.sentence is not None
    assert verdict.sentence.startswith("$.mutations[0]")
    assert server.values("matches", MATCH) == {"title": "Reds v Blues"}


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"device_id": "x"}, "$.device_id"),
        ({"device_id": A + "\n"}, "$.device_id"),
        ({"sent_at": "1"}, "$.sent_at"),
        ({"sent_at": INTEGER_MAX + 1}, "$.sent_at"),
        ({"acked": "7"}, "$.acked"),
        ({"past": ["0.0000000000000000"] * 33}, "$.past"),
        ({"past": [7]}, "$.past[0]"),
        ({"again": [{"n": 0}]}, "$.again[0].n"),
        ({"again": [{"n": 1, "zz": 1}]}, "$.again[0]"),
        ({"mutations": {}}, "$.mutations"),
        ({"mutations": [GOOD] * (PUSH_MUTATIONS_MAX + 1)}, "$.mutations"),
        ({"mutations": [GOOD, GOOD]}, "$.mutations"),
        ({"mutations": [{**GOOD, "n": 1.0}]}, "$.mutations[0].n"),
        ({"mutations": [{**GOOD, "n": True}]}, "$.mutations[0].n"),
        ({"mutations": [GOOD, 7]}, "$.mutations[1].n"),
        ({"mutations": [GOOD, [1]]}, "$.mutations[1].n"),
        ({"zz": 1}, "$"),
    ],
    ids=range(17),
)
def test_a_malformed_envelope_names_its_path(more: dict[str, Value], path: str) -> None:
    """A developer finds the place."""
    body = encode({"device_id": A, "sent_at": 1, "mutations": [GOOD], **more})
    with pytest.raises(MalformedRequest) as found:
        read_mutations(read_push(body))
    assert found.value.values == {"path": path}
    assert re.match(rf"{re.escape(path)} ", found.value.detail)


def test_a_body_of_another_type_is_named_as_a_whole() -> None:
    """The path of the whole is `$`."""
    with pytest.raises(MalformedRequest, match=r"^\$ is wrong: Expected `object`, got `array`[.]$"):
        read_push(b"[]")


def test_of_duplicate_keys_the_last_counts_everywhere() -> None:
    """In hash and merge alike, so that no two readers disagree."""
    text = json.dumps(GOOD)
    push = read_push(body_of(f'{text[:-1]}, "wall": 7, "fields": {{"title": "x", "title": "y"}}}}'))
    (mutation,) = read_mutations(push)
    assert isinstance(mutation, Mutation)
    assert (mutation.wall, mutation.fields) == (7, {"title": "y"})


def test_mutations_are_read_in_the_order_of_n() -> None:
    """However a client wrote them down."""
    push = read_push(body_of(*(json.dumps({**GOOD, "n": n}) for n in (3, 1, 2))))
    assert [each.n for each in read_mutations(push)] == [1, 2, 3]


def test_the_hash_is_of_the_content_and_keyed() -> None:
    """Other spacing or key order is the same content; another value, n or key is not."""
    (one,) = read_mutations(read_push(body_of(json.dumps(GOOD))))
    (same,) = read_mutations(read_push(body_of(json.dumps(dict(reversed(GOOD.items())), indent=3))))
    (other,) = read_mutations(read_push(body_of(json.dumps({**GOOD, "wall": 7}))))
    assert hash_content(b"k", content_of(one)) == hash_content(b"k", content_of(same))
    assert hash_content(b"k", content_of(one)) != hash_content(b"k", content_of(other))
    assert hash_content(b"k", content_of(one)) != hash_content(b"j", content_of(one))


def test_malformed_ones_have_a_hash_of_their_content() -> None:
    """So a clone's other malformed mutation is a fork too."""
    first, second = read_mutations(
        read_push(body_of(json.dumps({**GOOD, "op": "x"}), json.dumps({**GOOD, "n": 2, "op": "x"})))
    )
    assert isinstance(first, Malformed)
    assert hash_content(b"k", content_of(first)) != hash_content(b"k", content_of(second))


@pytest.mark.parametrize("depth", [NESTING_MAX, 100, 500, 700])
def test_what_is_nested_deeply_is_rejected_alone(depth: int) -> None:
    """Far below the depth that no decoder reads, its content is kept as text and the neighbour lands."""
    value = "[" * depth + "]" * depth
    for text in (mutation_of(f'{{"title": {value}}}'), mutation_of(zz=1).replace(": 1,", f": {value},", 1)):
        found = take(body_of(text.replace('"n": ' + value, '"n": 1'), json.dumps({**GOOD, "n": 2})))
        assert found in ({1: "rejected", 2: "applied"}, None)


def test_brackets_in_a_text_are_no_nesting() -> None:
    """A coach may draw."""
    assert take(body_of(mutation_of(json.dumps({"title": "[{" * 40 + '"\\'})))) == {1: "applied"}


def test_a_mutation_too_large_is_rejected_alone() -> None:
    """Past 14 KiB; the conflict stays small enough to be pulled."""
    server = Server()
    big = {**GOOD, "collection": "events", "fields": {"note": "x" * MUTATION_BYTES_MAX}}
    answer = server.push(A, big, put_match(2))
    assert verdict_of(answer, 1).code == "too_large"
    assert verdicts(answer)[2] == "applied"
    assert all(len(row.body) < 2_000 for row in server.state.log)


def test_a_hostile_name_is_not_echoed_at_length() -> None:
    """A field name of a megabyte, with control characters, makes a short printable sentence."""
    server = Server()
    name = "\x1b\x00\r\n" + "y" * 100_000
    answer = server.push(A, {**GOOD, name: 1}, {**GOOD, "n": 2, "fields": {name: 1}})
    for n in (1, 2):
        verdict = verdict_of(answer, n)
        assert verdict.sentence is not None
        assert len(verdict.sentence) < 400
        assert verdict.sentence.isprintable()
    assert all(len(row.body) < 3_000 for row in server.state.log)


def test_a_quarantined_nul_is_kept_as_text() -> None:
    """PostgreSQL stores U+0000 in no text and no jsonb: the conflict holds the mutation's JSON, escaped."""
    server = Server()
    server.push(A, {**GOOD, "fields": {"a\x00": "b\x00"}}, {**GOOD, "n": 2, "op": "x\x00"})
    for n, collection in ((1, "matches"), (2, "unknown")):
        (conflict,) = (each for each in server.open_conflicts() if each.field == f"rejected/{A}/{n}")
        kept = conflict.candidates[0].value["mutation"]
        assert conflict.collection == collection
        assert "\x00" not in kept
        assert "\x00" in json.dumps(json.loads(kept)).encode().decode("unicode_escape")


def test_ids_of_others_are_only_ids() -> None:
    """A record id that another device made is no secret and no key: the put merges like any other."""
    server = Server()
    server.push(A, put_match(1))
    assert verdicts(server.push(B, put_match(1, uid(9)))) == {1: "applied"}
