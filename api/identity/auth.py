"""Signing up, in and out: each brings an access token for one user, one club and one device, and a refresh token.

A refresh whose reply was lost is simply sent again. Nothing here ever orders a device to forget what it holds: an
expired session means "sign in and send again".
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from msgspec import Meta, Struct

from api.errors import AccessEnded, EmailInUse, Forbidden, Unauthorised, WrongPassword
from api.identity.access import MEMBERS, PUBLIC, Caller, Gate
from api.identity.keys import KeyRing
from api.identity.passwords import LENGTH_MAX, LENGTH_MIN, Passwords
from api.identity.tokens import (
    ACCESS_S,
    REFRESH_DAYS,
    SECRET_BYTES,
    Claims,
    RefreshToken,
    branch_refresh,
    next_refresh,
    read_refresh,
    sign,
)
from api.requests import NO_STORE, Text, json_answer, read_body
from api.resources.writing import is_server_device
from storage.accounts import Account, Accounts, EmailTaken, Membership, Registration, Session
from sync.errors import MalformedRequest
from sync.messages import Id

BODY_BYTES_MAX: Final = 8 * 1024
"""Bytes of any body here: a few short texts."""
HASH_KEY_BYTES: Final = 32

Email = Annotated[str, Meta(pattern=r"^[^\s@\x00]{1,64}@[^\s@\x00]{1,188}$", max_length=254)]
Password = Annotated[Text, Meta(min_length=LENGTH_MIN, max_length=LENGTH_MAX)]
AnyPassword = Annotated[Text, Meta(max_length=LENGTH_MAX)]
PersonName = Annotated[Text, Meta(min_length=1, max_length=100)]


class Register(Struct, frozen=True, forbid_unknown_fields=True):
    """A new person, who becomes the owner of a new club."""

    email: Email
    password: Password
    display_name: PersonName
    club_name: PersonName
    device_id: Id


class Login(Struct, frozen=True, forbid_unknown_fields=True):
    """A person signs in on a device; without `club_id`, to the club they joined first."""

    email: Email
    password: AnyPassword
    device_id: Id
    club_id: Id | None = None


class Refresh(Struct, frozen=True, forbid_unknown_fields=True):
    """Asks for the next tokens; another `device_id` than the session's opens a session for that one."""

    refresh_token: Annotated[str, Meta(max_length=4_000)]
    device_id: Id | None = None


class Tokens(Struct, frozen=True):
    """What a device keeps to be let in."""

    access_token: str
    expires_in: int
    """Seconds the access token is good for."""
    refresh_token: str
    refresh_expires_in: int
    """Seconds the refresh token lives if it is not used; each use begins anew."""
    user_id: str
    club_id: str
    device_id: str
    role: str


class Me(Struct, frozen=True):
    """The person who is signed in, and their clubs."""

    user_id: str
    email: str
    display_name: str
    club_id: str
    device_id: str
    role: str
    clubs: list[Membership]


_register: Final = msgspec.json.Decoder(Register, strict=True).decode
_login: Final = msgspec.json.Decoder(Login, strict=True).decode
_refresh: Final = msgspec.json.Decoder(Refresh, strict=True).decode


class Doorkeeper:
    """Carries out what the routes below are asked."""

    def __init__(
        self,
        accounts: Accounts,
        passwords: Passwords,
        ring: KeyRing,
        gate: Gate,
        *,
        clock: Callable[[], int],
        dice: Callable[[int], bytes],
        make_id: Callable[[], str],
    ) -> None:
        """Keep people in `accounts`; the clock gives milliseconds since 1970."""
        self._accounts = accounts
        self._passwords = passwords
        self._ring = ring
        self._gate = gate
        self._clock = clock
        self._dice = dice
        self._make_id = make_id

    async def register(self, asked: Register) -> Tokens:
        """Make a person and a club, and sign in. Raises EmailInUse."""
        _check_device(asked.device_id)
        user_id, club_id = await self.create_club(asked)
        return await self._open(user_id, club_id, asked.device_id, "owner")

    async def create_club(self, asked: Register) -> tuple[str, str]:
        """Make a person and a club; return the ids of both. Raises EmailInUse."""
        new = Registration(
            user_id=self._make_id(),
            email=asked.email,
            display_name=asked.display_name.strip() or asked.email,
            password_hash=await self._passwords.hash(asked.password),
            club_id=self._make_id(),
            club_name=asked.club_name.strip(),
            hash_key=self._dice(HASH_KEY_BYTES),
        )
        try:
            await self._accounts.register(new)
        except EmailTaken as error:
            raise EmailInUse from error
        return new.user_id, new.club_id

    async def sign_in(self, asked: Login) -> Tokens:
        """Check the password and open a session. Raises WrongPassword, or Forbidden for another's club."""
        _check_device(asked.device_id)
        account = await self._accounts.find_by_email(asked.email)
        kept = None if account is None else account.password_hash
        if not await self._passwords.is_right(asked.password, kept) or account is None:
            raise WrongPassword
        await self._rehash(account, asked.password)
        clubs = await self._accounts.memberships(account.user_id)
        chosen = next((each for each in clubs if asked.club_id in {None, each.club_id}), None)
        if chosen is None:
            raise Forbidden("You are not a member of this club. Sign in without `club_id`, or ask its owner.")
        return await self._open(account.user_id, chosen.club_id, asked.device_id, chosen.role)

    async def refresh(self, asked: Refresh) -> Tokens:
        """Give the next tokens; the token shown stays good until its successor is used."""
        shown = read_refresh(asked.refresh_token)
        session = await self._accounts.find_session(shown.session_id)
        if session is None or not self._stands(session, shown):
            raise Unauthorised
        clubs = await self._accounts.memberships(session.user_id)
        role = next((each.role for each in clubs if each.club_id == session.club_id), None)
        if role is None:
            raise AccessEnded
        if asked.device_id not in {None, session.device_id}:
            _check_device(asked.device_id or "")
            token = branch_refresh(shown, asked.device_id or "", self._ring)
            return await self._open(session.user_id, session.club_id, asked.device_id or "", role, token)
        fresh = next_refresh(shown, self._ring)
        until = self._until()
        if not await self._accounts.rotate(session.session_id, shown=shown.hash, fresh=fresh.hash, until=until):
            raise Unauthorised
        return self._tokens(session.user_id, session.club_id, session.device_id, role, fresh)

    async def sign_out(self, caller: Caller) -> None:
        """End the caller's session."""
        await self._accounts.end_session(caller.session_id)
        self._gate.forget(caller.session_id)

    async def me(self, caller: Caller) -> Me:
        """Return who is signed in."""
        account = await self._accounts.find(caller.user_id)
        if account is None:
            raise Unauthorised
        return Me(
            user_id=account.user_id,
            email=account.email,
            display_name=account.display_name,
            club_id=caller.club_id,
            device_id=caller.device_id,
            role=caller.role,
            clubs=list(await self._accounts.memberships(account.user_id)),
        )

    async def _rehash(self, account: Account, password: str) -> None:
        if self._passwords.is_dated(account.password_hash):
            await self._accounts.keep_password(account.user_id, await self._passwords.hash(password))

    def _stands(self, session: Session, shown: RefreshToken) -> bool:
        is_alive = not session.is_ended and session.expires_at > self._now()
        return is_alive and shown.hash in {session.refresh_hash, session.previous_hash}

    async def _open(
        self, user_id: str, club_id: str, device_id: str, role: str, token: RefreshToken | None = None
    ) -> Tokens:
        token = token or RefreshToken(self._make_id(), self._dice(SECRET_BYTES))
        session = Session(
            session_id=token.session_id,
            user_id=user_id,
            club_id=club_id,
            device_id=device_id,
            refresh_hash=token.hash,
            expires_at=self._until(),
        )
        await self._accounts.open_session(session)
        return self._tokens(user_id, club_id, device_id, role, token)

    def _tokens(self, user_id: str, club_id: str, device_id: str, role: str, token: RefreshToken) -> Tokens:
        now_s = self._clock() // 1_000
        claims = Claims(
            sub=user_id,
            club=club_id,
            device=device_id,
            sid=token.session_id,
            role=role,
            exp=now_s + ACCESS_S,
            iat=now_s,
        )
        return Tokens(
            access_token=sign(claims, self._ring),
            expires_in=ACCESS_S,
            refresh_token=str(token),
            refresh_expires_in=REFRESH_DAYS * 24 * 3_600,
            user_id=user_id,
            club_id=club_id,
            device_id=device_id,
            role=role,
        )

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock() / 1_000, UTC)

    def _until(self) -> datetime:
        return self._now() + timedelta(days=REFRESH_DAYS)


def _check_device(device_id: str) -> None:
    if is_server_device(device_id):
        raise MalformedRequest(path="$.device_id", problem="is of the kind that the server makes; take a random UUID")


Keeper = NamedDependency[SkipValidation[Doorkeeper]]
TheCaller = NamedDependency[SkipValidation[Caller]]


@post(
    "/api/auth/register",
    status_code=201,
    opt={**PUBLIC, "body": Register, "answer": Tokens, "problems": ("email_taken",)},
)
async def register(request: Request[Any, Any, Any], keeper: Keeper) -> Response[bytes]:
    """Sign up: a new person and a new club."""
    asked = await read_body(request, _register, bytes_max=BODY_BYTES_MAX)
    return json_answer(await keeper.register(asked), status=201)


@post(
    "/api/auth/login", status_code=200, opt={**PUBLIC, "body": Login, "answer": Tokens, "problems": ("wrong_password",)}
)
async def login(request: Request[Any, Any, Any], keeper: Keeper) -> Response[bytes]:
    """Sign in on one device."""
    return json_answer(await keeper.sign_in(await read_body(request, _login, bytes_max=BODY_BYTES_MAX)))


@post("/api/auth/refresh", status_code=200, opt={**PUBLIC, "body": Refresh, "answer": Tokens})
async def refresh(request: Request[Any, Any, Any], keeper: Keeper) -> Response[bytes]:
    """Get the next tokens; after a lost reply, send the same request again."""
    return json_answer(await keeper.refresh(await read_body(request, _refresh, bytes_max=BODY_BYTES_MAX)))


@post("/api/auth/logout", status_code=204, opt={**MEMBERS})
async def logout(caller: TheCaller, keeper: Keeper) -> Response[None]:
    """End this device's session."""
    await keeper.sign_out(caller)
    return Response(None, status_code=204, headers=NO_STORE)


@get("/api/auth/me", opt={**MEMBERS, "answer": Me})
async def me(caller: TheCaller, keeper: Keeper) -> Response[bytes]:
    """Return who is signed in, and their clubs."""
    return json_answer(await keeper.me(caller))
