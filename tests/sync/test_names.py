"""Names are found whatever their case, width and punctuation, and everything else is left as it was."""

import unicodedata

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.names import INSTEAD, Names, name_of, words_of

KEY = b"k" * 32


def looking_for(*names: str) -> Names:
    """Return what looks for some names."""
    return Names(KEY, [found for each in names if (found := name_of(KEY, each)) is not None])


@pytest.mark.parametrize(
    ("name", "text", "cleaned"),
    [
        ("Ada Lovelace", "ADA lovelace's goal", "…'s goal"),
        ("Ada Lovelace", "by Ada-Lovelace.", "by …."),
        ("Ada Lovelace", "by Ada,\n  Lovelace", "by …"),
        ("Ada Lovelace", "\uff21\uff44\uff41 \uff2c\uff4f\uff56\uff45\uff4c\uff41\uff43\uff45", "…"),
        ("Ada Lovelace", "A\u00adda Love\u200dlace", "…"),
        ("Ada Lovelace", "https://x.example/ada_lovelace.png", "https://x.example/….png"),
        ("Ada Lovelace", "Adah Lovelace, Ada Lovelaces, Lovelace Ada", "Adah Lovelace, Ada Lovelaces, Lovelace Ada"),
        ("Ada Lovelace", "Ada Ada Lovelace Lovelace", "Ada … Lovelace"),
        ("Jose\u0301 Mu\u0308ller", "JOS\u00c9 M\u00dcLLER", "…"),
        ("Jos\u00e9 M\u00fcller", "jose\u0301 mu\u0308ller!", "…!"),
        ("Anna Stra\u00dfe", "ANNA STRASSE", "…"),
        ("O\u2019Brien", "o'brien", "…"),
        ("\u5c71\u7530\u592a\u90ce", "\u5c71\u7530\u592a\u90ce\u304c\u30b4\u30fc\u30eb", "…\u304c\u30b4\u30fc\u30eb"),
        ("\uae40\ucca0\uc218", "\uae40\ucca0\uc218\uac00", "…\uac00"),
        ("Ada", "Ada and Adam", "… and Adam"),
    ],
)
def test_a_name_is_found(name: str, text: str, cleaned: str) -> None:
    """At the edges of words, after NFKC and case folding, whatever stands between the words."""
    assert looking_for(name).without(text) == cleaned


def test_the_longest_name_goes_first() -> None:
    """A name that is a part of another leaves no rest behind."""
    assert looking_for("Ada Lovelace", "Ada Lovelace King").without("Ada Lovelace King scored") == "… scored"


def test_a_name_without_words_is_none() -> None:
    """What has no letter and no digit is looked for nowhere."""
    assert name_of(KEY, " \u26bd !") is None
    assert not looking_for("\u26bd")


def test_what_is_kept_tells_no_name() -> None:
    """A name is kept as the number of its words and a hash that is nothing without the key."""
    kept = name_of(KEY, "Ada Lovelace")
    assert kept is not None
    assert kept.startswith("2.")
    assert kept != name_of(b"x" * 32, "Ada Lovelace")


def test_json_is_looked_through_at_every_depth() -> None:
    """Texts and keys in arrays and objects; numbers and the rest stay."""
    value = {"a": [1, True, None, {"Ada Lovelace": ["x", "ada lovelace"]}]}
    assert looking_for("Ada Lovelace").without_any(value) == {"a": [1, True, None, {INSTEAD: ["x", INSTEAD]}]}


def test_json_that_is_kept_as_text_is_looked_through_too() -> None:
    """The quarantine keeps some as text, in which letters stand escaped."""
    text = msgspec.json.encode({"notes": "by\nJos\u00e9 M\u00fcller\x00"}).decode()
    escaped = text.replace("\u00e9", "\\u00e9").replace("\u00fc", "\\u00fc")
    for each in (text, escaped):
        cleaned = looking_for("Jos\u00e9 M\u00fcller").without(each)
        assert "ller" not in cleaned
        assert msgspec.json.decode(cleaned)["notes"].startswith("by")


WORDS = st.text(st.characters(categories=["Lu", "Ll", "Lo", "Nd"]), min_size=1, max_size=6)
NAMES = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)
BETWEEN = st.sampled_from([" ", "-", ", ", "\n", "\u3000", "_", " \u2014 "])


@given(st.lists(NAMES, min_size=1, max_size=3), st.lists(st.one_of(NAMES, st.text(max_size=10)), max_size=6), BETWEEN)
def test_replacing_twice_changes_nothing_more(names: list[str], parts: list[str], between: str) -> None:
    """Rewriting is idempotent: a run that was cut may look at any row again."""
    looking = looking_for(*names)
    once = looking.without(between.join([*parts, *names]))
    assert looking.without(once) == once


@given(st.text(max_size=60), NAMES)
def test_other_text_is_left_alone(text: str, name: str) -> None:
    """A text without the name's words is the same text, to the last character."""
    forms = {word.form for word in words_of(text)}
    if not forms >= {word.form for word in words_of(name)} and not ('"' in text and "\\" in text):
        assert looking_for(name).without(text) == text


@given(NAMES, st.sampled_from([str.upper, str.lower, str.title, lambda t: unicodedata.normalize("NFD", t)]), BETWEEN)
def test_no_spelling_hides_a_name(name: str, spell: "type[str]", between: str) -> None:
    """Neither case nor an encoding of accents nor what stands between its words."""
    if len(words_of(name)) != len(name.split()):
        return  # a letter that is a word of its own
    spelt = between.join(spell(name).split())
    if [word.form for word in words_of(spelt)] == [word.form for word in words_of(name)]:
        assert looking_for(name).without(f"by {spelt}!").count(INSTEAD) >= 1
    else:
        assert spell(name).casefold() != name.casefold() or spelt != name
