"""docs/reliability.md speaks of tests that exist."""

import re

from tests.house.rules import ROOT

PAGE = ROOT / "docs" / "reliability.md"


def test_every_test_that_is_named_exists() -> None:
    """A control whose test was renamed or removed is a control without a test."""
    text = PAGE.read_text(encoding="utf-8")
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = set(re.findall(r"`(test_\w+)`", text))
    assert len(named) >= 20
    assert {each for each in named if f"def {each}(" not in tests} == set()
    files = set(re.findall(r"`(tests/[\w/]+\.py)`", text))
    assert {each for each in files if not (ROOT / each).is_file()} == set()
