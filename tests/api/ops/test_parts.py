"""What the operator's page is made of, without a server: escaping, percentiles, shapes of statements, one verdict."""

import base64
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.ops.charts import chart
from api.ops.door import shown_password
from api.ops.html import h, page
from api.ops.looking import CLUBS_KEPT, Looks
from api.ops.parts import a_second, ago, in_time, prose, table
from api.ops.ring import SAMPLES_MAX, Parts, Sample, quantile
from api.ops.routes import STYLE_FILE
from api.ops.verdict import by_need, level_of, look_at_clubs, verdict
from storage.checkups.erasures import SLOW_MS
from storage.checkups.findings import Level, bad, ok, warn
from storage.overview import ClubState
from storage.vitals import SHAPE_LENGTH_MAX, shape_of

NOW_MS = 1_790_000_000_000
DAY_MS = 24 * 3_600 * 1_000


@given(st.text(), st.text())
def test_text_stays_text(inside: str, value: str) -> None:
    """Whatever a club is called, it neither opens an element nor leaves its attribute."""
    markup = h("p", inside, title=value).markup
    assert markup.count("<") == 2
    assert markup.count('"') == 2
    assert markup.startswith("<p ")


def test_elements_are_spelled_as_browsers_read_them() -> None:
    """A word that Python keeps, a hyphen, what is left out, and elements that hold nothing."""
    assert h("td", 3, None, ["a", h("br")], class_="x", data_label="y", hidden=False, open=True).markup == (
        '<td class="x" data-label="y" open>3a<br></td>'
    )
    assert page(h("head")).startswith(b"<!doctype html>\n<html lang=")
    assert h("p", *prose("Run `a <b>` now.")).markup == "<p>Run <code>a &lt;b&gt;</code> now.</p>"


@pytest.mark.parametrize(
    ("share", "counts", "expected"),
    [
        (0.5, (0, 0, 0), None),
        (0.5, (10, 0, 0), 0.05),
        (0.99, (100, 0, 0), 0.099),
        (0.5, (1, 0, 1), 0.1),
        (0.99, (0, 0, 5), 1.0),
        (0.75, (2, 2, 0), 0.55),
    ],
)
def test_quantiles_are_drawn_within_their_bucket(share: float, counts: tuple[int, ...], expected: float | None) -> None:
    """As Prometheus draws them; what is beyond all bounds counts as the last."""
    found = quantile(share, (0.1, 1.0), counts)
    assert found == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("query", "shape"),
    [
        ("SET LOCAL app.club = '5b9f2c1e-8d4b-4e7f-9a10-2b3c4d5e6f70'", "SET LOCAL app.club = ?"),
        ("SELECT $1, x2 FROM t1 WHERE a=-12.5e3 -- Bob\n AND c = $q$ it's $q$",
         "SELECT $1, x2 FROM t1 WHERE a=? ? AND c = ?"),
        (r"SELECT 'C:\', 'Ann'", "SELECT ?, ?"),
        (r"SELECT E'a\'b', 'it''s' /* Ann */", "SELECT ?, ? ?"),
        ("SELECT 'cut off in the mid", "SELECT ?"),
        (None, ""),
    ],
)  # fmt: skip
def test_a_statement_is_told_by_its_shape(query: str | None, shape: str) -> None:
    """No literal, number or comment of it is left: an id or a name may be one."""
    assert shape_of(query) == shape


@given(st.text(alphabet="ab'$\\-/* 1\n", max_size=60))
def test_a_shape_is_one_short_line(text: str) -> None:
    """Whatever follows, and the text that was quoted first is not in it."""
    shape = shape_of(f"SELECT 'canary9' {text}" * 9)
    assert len(shape) <= SHAPE_LENGTH_MAX
    assert "\n" not in shape
    assert "canary9" not in shape.split("?")[0]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"Basic " + base64.b64encode(b"any:a:word"), b"a:word"),
        (b"basic  " + base64.b64encode("x:é".encode()), "é".encode()),
        (b"Basic " + base64.b64encode(b"nocolon"), None),
        (b"Basic !!!", None),
        (b"Bearer abc", None),
        (b"Basic", None),
        (b"Basic \xff", None),
    ],
)
def test_the_password_is_what_stands_behind_the_first_colon(value: bytes, expected: bytes | None) -> None:
    """And nothing where the header is another, or twice there."""
    assert shown_password([(b"authorization", value)]) == expected
    assert shown_password([(b"authorization", value), (b"authorization", value)]) is None
    assert shown_password([]) is None


def test_one_sentence_for_all_findings() -> None:
    """Well, this week, now; in words that count."""
    well, later, urgent = ok("a", "x"), warn("b", "x", "y"), bad("c", "x", "y")
    assert verdict([well]) == (Level.OK, "All is well.")
    assert verdict([well, later]) == (Level.WARN, "It works. One thing to see to this week.")
    assert verdict([later, later]) == (Level.WARN, "It works. 2 things to see to this week.")
    assert verdict([urgent]) == (Level.BAD, "One thing to see to now.")
    assert verdict([later, urgent, urgent]) == (Level.BAD, "2 things to see to now, and one thing to see to this week.")


def club(name: str, **changes: int | None) -> ClubState:
    """Return a club that is well but for some numbers."""
    told: dict[str, int | None] = {
        "members": 3, "devices": 2, "version": 10, "last_push_ms": NOW_MS, "open_conflicts": 0, "quarantined": 0,
        "parked": 0, "parked_ms": None, "erasures": 0, "erasing_ms": None,
    }  # fmt: skip
    return ClubState(club_id=name, name=name, **{**told, **changes})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_clubs_that_need_a_look_come_first() -> None:
    """Quarantine, what waits long, many questions; the others by their latest push, never last."""
    clubs = [
        club("quiet", last_push_ms=None),
        club("fresh"),
        club("older", last_push_ms=NOW_MS - DAY_MS),
        club("waits", parked=1, parked_ms=NOW_MS - 2 * DAY_MS),
        club("waits a little", parked=1, parked_ms=NOW_MS - 1_000),
        club("asked", open_conflicts=50),
        club("held", quarantined=1),
    ]
    erasing = club("erases long", erasures=1, erasing_ms=NOW_MS - 2 * SLOW_MS)
    assert level_of(erasing, NOW_MS) is Level.WARN
    assert level_of(club("erases", erasures=1, erasing_ms=NOW_MS - 60_000), NOW_MS) is Level.OK
    assert by_need([*clubs, erasing], NOW_MS)[0] is erasing
    assert [each.about for each in look_at_clubs([erasing], NOW_MS) if each.do] == ["erasures of erases long"]
    order = ["held", "waits", "asked", "waits a little", "fresh", "older", "quiet"]
    assert [each.name for each in by_need(clubs, NOW_MS)] == order
    wanting = {each.name for each in clubs if level_of(each, NOW_MS) is Level.WARN}
    assert wanting == {"held", "waits", "asked"}
    found = [*look_at_clubs(clubs, NOW_MS)]
    assert {each.about for each in found if each.level is Level.WARN} == {f"questions of {name}" for name in wanting}
    assert all(each.do for each in found if each.level is Level.WARN)


async def test_clubs_that_are_asked_for_are_not_kept_for_ever() -> None:
    """Whoever tries ids fills no memory, and a club is asked for again once it was forgotten."""
    asked: list[str] = []

    class Nobody:
        async def look_at_club(self, club_id: str) -> None:
            asked.append(club_id)

    unused: Any = None
    observer: Any = Nobody()
    looks = Looks(unused, observer, Parts(unused, unused, unused, unused, unused, 0, lambda: NOW_MS), unused)
    for place in (*range(CLUBS_KEPT + 5), CLUBS_KEPT + 4, 0):
        assert (await looks.club(str(place))).value is None
    assert len(looks._clubs) == CLUBS_KEPT
    assert asked == [*map(str, range(CLUBS_KEPT + 5)), "0"]


def sample(place: int, value: float | None) -> Sample:
    """Return a sample in which one value is told."""
    return Sample(place, 1.0, 0, value, value, 0.0, 0, 0.0, None, 0)


@pytest.mark.parametrize("count", [0, 1, 7, SAMPLES_MAX])
def test_a_chart_is_drawn_of_any_number_of_samples(count: int) -> None:
    """Nothing, a lone value, gaps, an hour: within its box, and said in words too."""
    samples = [sample(place, None if place % 5 == 3 else place / 100) for place in range(count)]
    markup = chart("Answers", samples, lambda each: each.median_s, say=in_time).markup
    assert '<svg viewBox="0 0 300 64"' in markup
    assert "<title>Answers: " in markup
    for x, y in re.findall(r"[ML](-?[0-9.]+) (-?[0-9.]+)", markup):
        assert -6 <= float(x) <= 300
        assert 0 <= float(y) <= 64
    assert ("none yet" in markup) == (count == 0)


def test_words_for_numbers() -> None:
    """Times, rates, and how long ago."""
    assert [in_time(each) for each in (0, 0.0042, 0.042, 1.26)] == ["0.0 ms", "4.2 ms", "42 ms", "1.3 s"]
    assert [a_second(each) for each in (0, 9.96, 12.3)] == ["0.0/s", "10.0/s", "12/s"]
    assert ago(None, NOW_MS) == "never"
    words = [h("p", ago(NOW_MS - ms, NOW_MS)).markup for ms in (0, 59_999, 60_000, 3 * DAY_MS, -DAY_MS)]
    assert [re.sub("<.*?>", "", each) for each in words] == [
        "just now", "just now", "1 minute ago", "3 days ago", "in the future",
    ]  # fmt: skip
    assert 'datetime="2026-09-21 14:13:20Z"' in words[0]


def test_tables_keep_their_roles_and_say_when_they_are_empty() -> None:
    """A wide one is laid out otherwise on a phone, where browsers would forget that it is a table."""
    assert table(("a", "b"), [], none="Nothing.").markup == '<p class="soft">Nothing.</p>'
    wide = table(("a", "b", "c", "d", "e"), [["1", "2", "3", "4", "5"]], none="", marked=[True]).markup
    assert 'class="wide"' in wide
    assert 'class="marked"' in wide
    assert wide.count('role="cell"') == 4
    assert 'data-label="e"' in wide
    assert 'class="wide"' not in table(("a", "b"), [["1", "2"]], none="").markup


def _luminance(colour: str) -> float:
    full = "".join(digit * 2 for digit in colour[1:]) if len(colour) == 4 else colour[1:]
    parts = [int(full[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_words_stand_out_in_light_and_dark() -> None:
    """WCAG AA: 4.5 to 1 for every pair of words and ground, and 3 to 1 for the lines of charts."""
    light, dark = re.findall(r":root \{(.*?)\}", STYLE_FILE.read_text(encoding="utf-8"), re.DOTALL)[:2]
    day = dict(re.findall(r"--([\w-]+): (#\w+);", light))
    night = {**day, **dict(re.findall(r"--([\w-]+): (#\w+);", dark))}
    words = [("ink", "paper"), ("ink", "sheet"), ("soft", "paper"), ("soft", "sheet"), ("act", "paper"),
             ("warn-ink", "warn"), ("bad-ink", "bad"), ("chalk", "grass-2"), ("chalk-soft", "grass-2")]  # fmt: skip
    pairs = [(*pair, 4.5) for pair in words] + [(line, "sheet", 3.0) for line in ("line", "line-2")]
    for theme in (day, night):
        for word, ground, least in pairs:
            high, low = sorted((_luminance(theme[word]), _luminance(theme[ground])), reverse=True)
            assert (high + 0.05) / (low + 0.05) >= least, (word, ground)


def test_every_class_of_the_pages_is_styled_and_no_other() -> None:
    """A class without a style is a slip of the pen, a style without a class went out of use."""
    given_classes = {
        word
        for path in STYLE_FILE.parent.glob("*.py")
        for found in re.findall(r'class_=f?"([^"]+)"|else "(line line-1)"', path.read_text(encoding="utf-8"))
        for word in re.sub(r"\{place\}", "0 line-1", " ".join(found)).split()
    }
    given_classes |= {"marked", "wide"}
    styled = set(re.findall(r"\.([a-z][\w-]*)(?=[^{}]*\{)", STYLE_FILE.read_text(encoding="utf-8")))
    assert given_classes == styled
