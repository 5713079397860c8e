"""Each house rule finds what it is for, leaves its neighbours alone, and holds over the whole tree."""

from pathlib import Path

import pytest

from tests.house import rules
from tests.house.rules import ROOT, RULES, Rule


# Put together from parts, so that the rules do not find their own samples.
def _spell(*parts: str) -> str:
    return "".join(parts)


MACHINE = _spell("/", "root/touchline/x.py")
HOME = _spell("/", "home/ada/x.py")
REGISTRY = _spell("files.pythonhosted", ".org")
MISSING = _spell("docs/nowhere", ".md")

CODE = Path("sync/merge.py")
TEST = Path("tests/sync/test_merge.py")
SCRIPT = Path("web/app/parts/shirt.js")

OFFENCES: list[tuple[Rule, Path, str]] = [
    (rules.names_a_machine_path, CODE, f"open('{MACHINE}')"),
    (rules.names_a_machine_path, CODE, f"# see {HOME}"),
    (rules.names_a_registry, Path("README.md"), f"get it from https://{REGISTRY}/simple"),
    (rules.points_at_a_missing_page, CODE, f'"""See {MISSING}."""'),
    (rules.awaits_in_a_pure_floor, CODE, "async def merge(): ..."),
    (rules.awaits_in_a_pure_floor, Path("football/feed.py"), "async def f():\n    await g()"),
    (rules.switches_a_test_off, TEST, "@pytest.mark.skip\ndef test_merge(): ..."),
    (rules.switches_a_test_off, TEST, "@pytest.mark.skipif(True, reason='')\ndef test_merge(): ..."),
    (rules.switches_a_test_off, TEST, "yaml = pytest.importorskip('yaml')"),
    (rules.waits_by_the_clock, TEST, "time.sleep(0.1)"),
    (rules.waits_by_the_clock, TEST, "async def f():\n    await asyncio.sleep(delay)"),
    (rules.makes_markup_of_text, SCRIPT, "place.innerHTML = name;"),
    (rules.makes_markup_of_text, SCRIPT, 'h("img", { src: team.logo_url })'),
    (rules.makes_markup_of_text, SCRIPT, "location = `javascript:${act}`;"),
]

FINE: list[tuple[Rule, Path, str]] = [
    (rules.names_a_machine_path, CODE, "GET /api/sync/pull and /health/ready; a folder docs/root/x; /tmp/x"),
    (rules.names_a_registry, Path("README.md"), "the wheel comes from PyPI"),
    (rules.points_at_a_missing_page, CODE, "see pyproject.toml; *.md; <page>.md"),
    (rules.awaits_in_a_pure_floor, Path("sync/ports.py"), "async def read(): ..."),
    (rules.awaits_in_a_pure_floor, Path("storage/log.py"), "async def read(): ..."),
    (rules.switches_a_test_off, TEST, "cursor.skip(3)"),
    (rules.switches_a_test_off, CODE, "pytest.mark.skip"),
    (rules.waits_by_the_clock, TEST, "async def f():\n    await asyncio.sleep(0)"),
    (rules.waits_by_the_clock, Path("realtime/tail.py"), "async def f():\n    await asyncio.sleep(1)"),
    (rules.makes_markup_of_text, SCRIPT, 'h("p.wrong", null, name), h("image-of", null); place.textContent = name;'),
    (rules.makes_markup_of_text, Path("web/tests/world.js"), "page.innerHTML"),
]


@pytest.mark.parametrize(("rule", "path", "text"), OFFENCES)
def test_a_rule_finds_what_it_is_for(rule: Rule, path: Path, text: str) -> None:
    """An offence is told with its line and what to do instead."""
    assert [offence for offence in rule(path, text) if offence.startswith("line ")]


@pytest.mark.parametrize(("rule", "path", "text"), FINE)
def test_a_rule_leaves_its_neighbours_alone(rule: Rule, path: Path, text: str) -> None:
    """What only looks like an offence passes."""
    assert list(rule(path, text)) == []


def test_every_rule_is_shown_to_find_something() -> None:
    """A rule without a sample that it finds might find nothing at all."""
    assert {rule for rule, _, _ in OFFENCES} == set(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_the_tree_keeps_the_rule(rule: Rule) -> None:
    """No file of the checkout offends."""
    offences = [
        f"{path}: {offence}"
        for path in rules.files()
        for offence in rule(path, (ROOT / path).read_text(encoding="utf-8"))
    ]
    assert offences == []
