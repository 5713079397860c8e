"""Passwords: any text, in one spelling, never cut; common ones are refused."""

import unicodedata

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.errors import WeakPassword
from api.identity import passwords
from api.identity.demo import DEMO_PASSWORD
from api.identity.passwords import COMMON, LENGTH_MAX, LENGTH_MIN, check_password
from tests.api.people import PASSWORD, asked_to_register, code_of, some_id

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=8, max_size=64)


@pytest.mark.parametrize(
    "common",
    ["12345678", "password1", "Password123", "QWERTYUIOP", "football1", "Liverpool1", "aaaaaaaaaa", "  letmein1 "],
)
def test_common_passwords_are_refused(common: str) -> None:
    """However they are cased, and with blanks around them."""
    with pytest.raises(WeakPassword):
        check_password(common)


def test_the_list_of_common_passwords() -> None:
    """It has thousands, each of which could be chosen, in the form in which they are compared."""
    assert len(COMMON) > 3_000
    assert all(len(each) >= LENGTH_MIN and each == each.strip().lower() for each in COMMON)
    check_password(PASSWORD)
    check_password(DEMO_PASSWORD)


@given(TEXTS)
@settings(max_examples=30)
def test_any_text_is_a_password_in_any_spelling(text: str) -> None:
    """A password is known again however the keyboard composes its accents, and not when one character differs."""
    composed, taken_apart = unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)
    kept = passwords._hasher.hash(passwords.spelled(text))
    assert passwords._verify(kept, passwords.spelled(composed))
    assert passwords._verify(kept, passwords.spelled(taken_apart))
    assert not passwords._verify(kept, passwords.spelled(composed + "x"))


@pytest.mark.parametrize("length", [LENGTH_MIN - 1, LENGTH_MIN, LENGTH_MAX, LENGTH_MAX + 1])
async def test_lengths(client: httpx.AsyncClient, length: int) -> None:
    """8 to 256 characters, of which the last counts as much as the first."""
    password = ("ab cdé😀 " * 40)[: length - 1] + "z"
    answer = await client.post("/api/auth/register", json={**asked_to_register("a@b.example"), "password": password})
    if not LENGTH_MIN <= length <= LENGTH_MAX:
        assert code_of(answer) == (400, "malformed")
        return
    assert answer.status_code == 201
    asked = {"email": "a@b.example", "device_id": some_id()}
    wrong = await client.post("/api/auth/login", json={**asked, "password": password[:-1]})
    right = await client.post("/api/auth/login", json={**asked, "password": password})
    assert (wrong.status_code, right.status_code) == (401, 200)


async def test_a_weak_password_registers_nobody(client: httpx.AsyncClient) -> None:
    """It is refused with what to do, and the address stays free."""
    asked = asked_to_register("a@b.example")
    assert code_of(await client.post("/api/auth/register", json={**asked, "password": "Password1"})) == (
        422,
        "weak_password",
    )
    short = "e\u0301" * 5
    assert code_of(await client.post("/api/auth/register", json={**asked, "password": short})) == (422, "weak_password")
    assert (await client.post("/api/auth/register", json=asked)).status_code == 201
