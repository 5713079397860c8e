"""The styles of the coach's app: each class has one home, none is unused, and none is meant that is not there."""

from typing import Final

import pytest

from tests.house import styles
from tests.house.rules import ROOT
from tests.house.styles import PAGE, scripts, sheets

COMMON: Final = "app.css"
"""What all screens share; it may be used, but not restyled bare, elsewhere."""
HOOKS: Final = frozenset[str]()
"""Classes that no style knows, each with its reader; none is needed today: tests find elements by role and name."""


@pytest.fixture(scope="module")
def named() -> dict[str, str]:
    """Return the style sheets of the app by their names."""
    return {sheet.name: sheet.read_text() for sheet in sheets()}


def test_selectors_that_begin_with_a_class_stand_in_one_sheet(named: dict[str, str]) -> None:
    """Whoever changes `.list` finds all that is said of lists in one file; no file undoes another's rule."""
    homes = styles.sheets_of(named, as_first=True)
    assert {name: sorted(found) for name, found in homes.items() if len(found) > 1} == {}


def test_a_class_that_is_not_common_is_known_to_one_sheet(named: dict[str, str]) -> None:
    """A name that two areas of the app chose for two things would style both."""
    common = {each for selector in styles.selectors(named[COMMON]) for each in styles.classes_in(selector)}
    found = styles.sheets_of({name: text for name, text in named.items() if name != COMMON}, as_first=False)
    assert {name: sorted(in_) for name, in_ in found.items() if name not in common and len(in_) > 1} == {}


def test_every_class_given_is_styled(named: dict[str, str]) -> None:
    """A class without a style is a slip of the pen, or was forgotten when its style went."""
    styled = styles.sheets_of(named, as_first=False).keys()
    unstyled = {
        script.relative_to(styles.APP).as_posix(): sorted(missing)
        for script in scripts()
        if (missing := styles.given(script.read_text()) - styled - HOOKS)
    }
    assert unstyled == {}


def test_every_class_styled_is_given(named: dict[str, str]) -> None:
    """A style that no module asks for went out of use; one that is put together from parts counts by its parts."""
    known = set(styles.words(PAGE.read_text())).union(*(styles.words(script.read_text()) for script in scripts()))
    kinds = set(styles.words((ROOT / "web" / "football" / "vocabulary.js").read_text()))
    styled = styles.sheets_of(named, as_first=False).keys()
    assert sorted(each for each in styled if each not in known and each.removeprefix("is-") not in kinds) == []


SHEET: Final = """
/* .commented { color: red } */
.list > li, .list a:not(.item, [data-x=".no"]) { margin: .5rem; }
@media (min-width: 20rem) { main > .link { color: red } }
"""

SCRIPT: Final = """
// h("p.commented")
h("button.button.calm", { class: isBad && "bad", type: "submit" }, "a.sentence. ends");
h(`section.part.${part}`, { class: ["one", two(1, "three")].join(" ") }, h("svg.icon"));
"""


def test_a_sheet_is_read_as_a_browser_does() -> None:
    """Comments, numbers, attributes and media queries hold no class; a list in brackets is no list of selectors."""
    assert list(styles.selectors(SHEET)) == [".list > li", '.list a:not(.item, [data-x=".no"])', "main > .link"]
    assert styles.classes_in('.list a:not(.item, [data-x=".no"])') == ["list", "item"]
    assert styles.sheets_of({"a": SHEET}, as_first=True).keys() == {"list", "link"}


def test_classes_are_found_where_elements_are_described() -> None:
    """In the name of an element and in its `class`, whatever the expression; not in comments or sentences."""
    assert styles.given(SCRIPT) == {"button", "calm", "bad", "part", "one", "three", "icon"}
