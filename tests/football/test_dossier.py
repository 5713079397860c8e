"""A dossier holds its subject and nobody else: ids, names in any spelling, and what a name is a part of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from football.dossier import OTHER, Screen, forms_of, lines_of, rough_likes

ME, OTHER_ID, TWIN, STRANGER = (f"{digit * 8}-0000-4000-8000-000000000000" for digit in "1234")
SCREEN = Screen(
    ME,
    {"Mira Berg", "Mira Berg Åsén"},
    {ME: "Mira Berg Åsén", OTHER_ID: "Anna-Lena O'Neil", TWIN: "Mira Berg", STRANGER: None},
)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Anna-Lena O'Neil was ill", f"{OTHER} was ill"),
        ("ANNA LENA  O NEIL, twice: anna-lena o'neil", f"{OTHER}, twice: {OTHER}"),
        ("\uff21nna-\uff2cena O'Neil in wide letters", f"{OTHER} in wide letters"),
        ("Anna-Lena O'Neils shoes", "Anna-Lena O'Neils shoes"),
        ("Mira Berg Åsén and Mira Berg", "Mira Berg Åsén and Mira Berg"),
        (f"duplicate/{OTHER_ID}", f"duplicate/{OTHER}"),
        (f"see {ME}", f"see {ME}"),
        ("", ""),
    ],
)
def test_others_are_hidden_in_texts(text: str, cleaned: str) -> None:
    """By whole words, whatever the case, the marks between and the forms of letters; the subject's name stays."""
    assert SCREEN.clean(text) == cleaned


def test_others_are_hidden_wherever_they_stand() -> None:
    """In lists and mappings; and in a field that names a player anybody who is not the subject is."""
    row = {"player_id": STRANGER, "sides": [{"value": OTHER_ID}, {"player_id": ME}], "n": 3, "on": True, "x": None}
    assert SCREEN.clean(row) == {
        "player_id": OTHER,
        "sides": [{"value": OTHER}, {"player_id": ME}],
        "n": 3,
        "on": True,
        "x": None,
    }
    assert SCREEN.clean("99999999-0000-4000-8000-000000000000", "player_id") == OTHER


def test_what_is_about_the_subject() -> None:
    """By id, and by a full name anywhere inside; a single word of it is no name."""
    assert SCREEN.is_about({"player_id": ME})
    assert SCREEN.is_about([{"notes": "well done, mira BERG!"}])
    assert not SCREEN.is_about({"notes": "Mira was late; so was Mirabelle Berg", "player_id": OTHER_ID, "n": 1})
    assert not Screen(ME, {"Mira"}, {}).is_about("Mira")


@given(st.text(max_size=60))
def test_a_text_without_names_stays_as_it_was(text: str) -> None:
    """Nothing is normalised, cut or added where there is nothing to hide."""
    hidden = forms_of("Anna-Lena O'Neil")
    words = forms_of(text)
    if not any(words[at : at + len(hidden)] == hidden for at in range(len(words))):
        assert SCREEN.clean(text) == text


def lower(text: str) -> str:
    """Return a text in lower case as a database does that knows of ASCII alone."""
    return "".join(each.lower() if each.isascii() else each for each in text)


NAMES = st.lists(st.text("abcÅéß'-1", min_size=1, max_size=6), min_size=2, max_size=3).map(" ".join)


@given(NAMES, st.sampled_from(["{}", "so {} it was", "\n{}\t", "({}),"]))
def test_whatever_names_somebody_is_found_roughly_first(name: str, around: str) -> None:
    """PostgreSQL's first look finds each text in which the second, exact one does."""
    likes = [each.strip("%") for each in rough_likes([name])]
    text = around.format(name.upper())
    if Screen(ME, {name}, {}).is_about(text):
        assert any(each in text or each in lower(text) for each in likes)


def test_a_row_is_one_line_for_each_value() -> None:
    """With its path; what is null is left out."""
    row = {"collection": "events", "record": ME, "at": None, "fields": {"x": 1, "notes": None}, "sides": [{"on": True}]}
    assert list(lines_of("records", row)) == [
        ("records", "events", ME, None, None, "fields.x", 1),
        ("records", "events", ME, None, None, "sides.0.on", "true"),
    ]
