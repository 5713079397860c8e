"""One's own account: name, password, signed-in devices, and its deletion."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog
from litestar import Request, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation
from msgspec import Struct

from api.errors import NOT_NOTED, NotFound, SoleOwnerStays, Unauthorised, Unavailable, WrongPassword
from api.identity.access import MATCH_READING, MEMBERS, Caller
from api.identity.passwords import check_password
from api.identity.reception import BODY_BYTES_MAX, AnyPassword, Name, Password, Reception, ms_of
from api.requests import NO_STORE, json_answer, read_body
from storage.accounts import Account, Membership
from storage.erasures.ledger_file import LedgerUnusable
from storage.erasures.users import SoleOwner
from storage.sessions import Session

_log: Final = structlog.get_logger("touchline.account")


class Me(Struct, frozen=True):
    """Who is signed in, and their clubs."""

    user_id: str
    email: str | None
    """Null for a scorer by link, who has no account."""
    display_name: str
    club_id: str
    device_id: str
    role: str
    match_id: str | None
    clubs: list[Membership]


class Rename(Struct, frozen=True, forbid_unknown_fields=True):
    """What may be changed of an account."""

    display_name: Name


class PasswordChange(Struct, frozen=True, forbid_unknown_fields=True):
    """The password that holds, and the one that shall."""

    old_password: AnyPassword
    new_password: Password


class Deletion(Struct, frozen=True, forbid_unknown_fields=True):
    """The password, so that a phone left on a table deletes nobody."""

    password: AnyPassword


class SessionRow(Struct, frozen=True):
    """One signed-in device of the caller."""

    session_id: str
    club_id: str
    device_id: str
    created_at: int
    """Milliseconds since 1970, as all times here."""
    used_at: int
    """When its tokens were last renewed: within a quarter of an hour of its last request."""
    expires_at: int
    is_current: bool
    forked_from: str | None
    """The session whose old token it came with: a copied or restored phone, or one that took a new device id."""


class SessionsAnswer(Struct, frozen=True):
    """The caller's signed-in devices, the one used last first."""

    sessions: list[SessionRow]


_rename: Final = msgspec.json.Decoder(Rename, strict=True).decode
_change: Final = msgspec.json.Decoder(PasswordChange, strict=True).decode
_deletion: Final = msgspec.json.Decoder(Deletion, strict=True).decode


class AccountKeeper:
    """Carries out what the routes below are asked."""

    def __init__(self, reception: Reception) -> None:
        """Work at the reception."""
        self._reception = reception
        self._people = reception.people

    async def me(self, caller: Caller) -> Me:
        """Return who is signed in."""
        if caller.match_id is not None:
            return await self._scorer(caller)
        account = await self._find(caller)
        return Me(
            user_id=account.user_id,
            email=account.email,
            display_name=account.display_name,
            club_id=caller.club_id,
            device_id=caller.device_id,
            role=caller.role,
            match_id=None,
            clubs=list(await self._people.accounts.memberships(account.user_id)),
        )

    async def _scorer(self, caller: Caller) -> Me:
        names = await self._people.accounts.member_names(caller.club_id)
        return Me(
            user_id=caller.user_id,
            email=None,
            display_name=names.get(caller.user_id, "Scorer"),
            club_id=caller.club_id,
            device_id=caller.device_id,
            role=caller.role,
            match_id=caller.match_id,
            clubs=[],
        )

    async def rename(self, caller: Caller, asked: Rename) -> Me:
        """Give the caller another name."""
        await self._people.accounts.rename(caller.user_id, asked.display_name.strip())
        return await self.me(caller)

    async def change_password(self, caller: Caller, asked: PasswordChange) -> None:
        """Keep a new password, and end all other sessions. Raises WrongPassword, WeakPassword or TooManyRequests."""
        check_password(asked.new_password)
        account = await self._check(caller, asked.old_password)
        fresh = await self._reception.passwords.hash(asked.new_password)
        now = self._reception.now()
        if not await self._people.accounts.change_password(account, fresh, keeps=caller.session_id, now=now):
            raise WrongPassword

    async def delete(self, caller: Caller, asked: Deletion) -> None:
        """Delete the account. Raises WrongPassword, SoleOwnerStays, TooManyRequests or Unavailable."""
        account = await self._check(caller, asked.password)
        try:
            is_done = await self._people.departures.depart(
                account.user_id, account.password_hash, self._reception.now()
            )
        except SoleOwner as error:
            raise SoleOwnerStays(error.club_ids) from error
        except LedgerUnusable as error:
            _log.exception("departure_not_noted", error=type(error).__name__)
            raise Unavailable(NOT_NOTED.format("deleted")) from error
        if not is_done:
            raise WrongPassword

    async def sessions(self, caller: Caller) -> SessionsAnswer:
        """Return the caller's signed-in devices."""
        found = await self._people.sessions.of_user(caller.user_id, self._reception.now())
        return SessionsAnswer(_rows(found, caller))

    async def end_session(self, caller: Caller, session_id: str) -> None:
        """End one of the caller's sessions. Raises NotFound for anybody else's."""
        if not await self._people.sessions.end_of(caller.user_id, session_id, self._reception.now()):
            raise NotFound("You have no such session.")

    async def _find(self, caller: Caller) -> Account:
        account = await self._people.accounts.find(caller.user_id)
        if account is None:
            raise Unauthorised
        return account

    async def _check(self, caller: Caller, password: str) -> Account:
        """Return the caller's account, if this is their password: guessing is slowed down here as at the door."""
        account = await self._find(caller)
        attempt = await self._reception.slowdown.at_account(caller.user_id, caller.device_id)
        if not await self._reception.passwords.is_right(password, account.password_hash):
            raise WrongPassword
        await self._reception.slowdown.forgive(attempt)
        return account


def _rows(found: Sequence[Session], caller: Caller) -> list[SessionRow]:
    return [
        SessionRow(
            session_id=each.session_id,
            club_id=each.club_id,
            device_id=each.device_id,
            created_at=ms_of(each.created_at),
            used_at=ms_of(each.used_at),
            expires_at=ms_of(each.expires_at),
            is_current=each.session_id == caller.session_id,
            forked_from=each.forked_from,
        )
        for each in found
        if each.created_at is not None and each.used_at is not None
    ]


TheAccount = NamedDependency[SkipValidation[AccountKeeper]]
TheCaller = NamedDependency[SkipValidation[Caller]]


@get("/api/auth/me", opt={**MATCH_READING, "answer": Me, "problems": ("access_ended",)})
async def me(caller: TheCaller, own: TheAccount) -> Response[bytes]:
    """Return who is signed in, and their clubs."""
    return json_answer(await own.me(caller))


@patch("/api/auth/me", opt={**MEMBERS, "body": Rename, "answer": Me, "problems": ("access_ended",)})
async def rename(request: Request[Any, Any, Any], caller: TheCaller, own: TheAccount) -> Response[bytes]:
    """Change one's name."""
    return json_answer(await own.rename(caller, await read_body(request, _rename, bytes_max=BODY_BYTES_MAX)))


@post(
    "/api/auth/password",
    status_code=204,
    opt={
        **MEMBERS,
        "body": PasswordChange,
        "problems": ("access_ended", "wrong_password", "weak_password", "too_many_requests"),
    },
)
async def change_password(request: Request[Any, Any, Any], caller: TheCaller, own: TheAccount) -> Response[None]:
    """Change one's password; every other device is signed out."""
    await own.change_password(caller, await read_body(request, _change, bytes_max=BODY_BYTES_MAX))
    return Response(None, status_code=204, headers=NO_STORE)


@delete(
    "/api/auth/account",
    status_code=204,
    opt={
        **MEMBERS,
        "body": Deletion,
        "problems": ("access_ended", "wrong_password", "sole_owner", "too_many_requests"),
    },
)
async def delete_account(request: Request[Any, Any, Any], caller: TheCaller, own: TheAccount) -> Response[None]:
    """Delete one's account, and each club that nobody else is in; name and address are wiped."""
    await own.delete(caller, await read_body(request, _deletion, bytes_max=BODY_BYTES_MAX))
    return Response(None, status_code=204, headers=NO_STORE)


@get("/api/auth/sessions", opt={**MEMBERS, "limit": "reads", "answer": SessionsAnswer, "problems": ("access_ended",)})
async def list_sessions(caller: TheCaller, own: TheAccount) -> Response[bytes]:
    """Return one's signed-in devices, in all clubs."""
    return json_answer(await own.sessions(caller))


@delete(
    "/api/auth/sessions/{session_id:uuid}",
    status_code=204,
    opt={**MEMBERS, "limit": "sessions", "problems": ("access_ended", "not_found")},
)
async def end_session(session_id: FromPath[UUID], caller: TheCaller, own: TheAccount) -> Response[None]:
    """Sign a device out: one that was lost (what it still holds may be pushed after signing in again)."""
    await own.end_session(caller, str(session_id))
    return Response(None, status_code=204, headers=NO_STORE)


ROUTES: Final = (me, rename, change_password, delete_account, list_sessions, end_session)
