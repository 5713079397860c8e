"""The pages that are made of the code say what the code says now."""

from pathlib import Path

import pytest

from api.errors import STATUS
from api.reference.pages import FOLDER, PAGES, write_pages
from api.reference.problems import BY_CODE, BY_STATUS, classes, kinds
from api.settings import NAMES, SETTINGS, Settings


@pytest.mark.parametrize("name", list(PAGES))
def test_a_page_is_not_out_of_date(name: str) -> None:
    """The file in docs/ is what `make docs` would write."""
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name](), "run `make docs`"


def test_writing_them(tmp_path: Path) -> None:
    """Each page is written, whole."""
    write_pages(tmp_path)
    assert {each.name for each in tmp_path.iterdir()} == set(PAGES)


def test_every_code_is_explained() -> None:
    """Each has a class, a sentence on when it comes, and what a client does, by its code or its status."""
    assert set(classes()) == set(STATUS)
    for code, kind in kinds().items():
        assert kind.when.endswith("."), code
        assert kind.does.endswith("."), code
        assert kind.example["code"] == code
        assert kind.title
    assert set(BY_CODE) <= set(STATUS)
    assert set(STATUS.values()) <= set(BY_STATUS)


def test_retries() -> None:
    """What may succeed when it is sent again is a token's, a budget's or the server's affair, never a mistake's."""
    assert {code for code, kind in kinds().items() if kind.is_retried} >= {
        "unauthorised",
        "too_many_requests",
        "unavailable",
    }
    assert not kinds()["malformed"].is_retried
    assert not kinds()["wrong_password"].is_retried


def test_every_setting_is_explained() -> None:
    """The struct, the names that are read, and the page are one list."""
    assert set(SETTINGS) == NAMES == {name.upper() for name in Settings.__struct_fields__}
    assert all(each.takes and each.otherwise and each.meaning.endswith(".") for each in SETTINGS.values())
