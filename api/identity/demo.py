"""The demo account: what a developer's own server makes by itself, and tells of, so that somebody can look around."""

from typing import Final

from msgspec import Struct

from storage.accounts import Accounts

DEMO_EMAIL: Final = "coach@touchline.example"
DEMO_PASSWORD: Final = "touchline"  # noqa: S105 - made in development alone, printed and told
DEMO_CLUB: Final = "Touchline United"


class DemoAccount(Struct, frozen=True):
    """What signs in to the demo club."""

    email: str
    password: str


async def find_demo(accounts: Accounts, *, is_production: bool) -> DemoAccount | None:
    """Return the demo account where this server has one; in production there is none, whoever took that address."""
    if is_production or await accounts.find_by_email(DEMO_EMAIL) is None:
        return None
    return DemoAccount(DEMO_EMAIL, DEMO_PASSWORD)
