"""The page of the codes is the table of the code."""

from pathlib import Path

from realtime.closing import CLOSINGS

PAGE = Path(__file__).parents[2] / "docs" / "live.md"


def test_the_page_lists_every_code() -> None:
    """`docs/live.md` has each row of the table, in its order and words, and no other."""
    text = PAGE.read_text(encoding="utf-8")
    listed = text.partition("<!-- closings -->\n")[2].partition("<!-- /closings -->")[0]
    assert listed == "".join(f"| {row.code} | `{name}` | {row.detail} |\n" for name, row in CLOSINGS.items())
