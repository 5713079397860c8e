"""People: all narrow functions on accounts, joined, on one engine and one pool."""

import asyncpg
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.accounts import Accounts
from storage.attempts import Attempts
from storage.departures import Departures
from storage.erasures.ledger_file import LedgerFile
from storage.invitations import Invitations
from storage.members import Members
from storage.scorers import Scorers
from storage.sessions import Sessions
from storage.standing import Standings


class People(Struct, frozen=True):
    """What the server knows of people, and may do about them."""

    accounts: Accounts
    sessions: Sessions
    members: Members
    invitations: Invitations
    scorers: Scorers
    departures: Departures
    attempts: Attempts
    standings: Standings


def open_people(engine: AsyncEngine, pool: "asyncpg.Pool[asyncpg.Record]", ledger: LedgerFile | None = None) -> People:
    """Join them: standings and attempts, which many requests ask for, on the pool, all others on the engine.

    Departures are noted in `ledger`.
    """
    return People(
        accounts=Accounts(engine),
        sessions=Sessions(engine),
        members=Members(engine),
        invitations=Invitations(engine),
        scorers=Scorers(engine),
        departures=Departures(engine, ledger),
        attempts=Attempts(pool),
        standings=Standings(pool),
    )
