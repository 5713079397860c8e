"""Signing up, in and out: each brings an access token for one user, one club and one device, and a refresh token.

A refresh whose reply was lost is simply sent again. Nothing here ever orders a device to forget what it holds: an
expired session means "sign in and send again".
"""

from typing import Any, Final

import msgspec
from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from msgspec import Struct

from api.edge.addresses import Addresses
from api.errors import AccessEnded, EmailInUse, Forbidden, InvitationEnded, WrongPassword
from api.identity.access import MATCH_READING, MEMBERS, PUBLIC, Caller
from api.identity.links import INVITATION, read_secret, unknown_link
from api.identity.passwords import check_password
from api.identity.reception import (
    BODY_BYTES_MAX,
    AnyPassword,
    Email,
    Name,
    Password,
    Reception,
    SecretText,
    Tokens,
    check_device,
    ms_of,
    too_many_clubs,
)
from api.requests import NO_STORE, json_answer, read_body
from storage.accounts import Account, EmailTaken, NewClub, Registration
from storage.invitations import InvitationOver, InvitationUnknown, TooManyClubs
from sync.errors import MalformedRequest
from sync.messages import Id

HASH_KEY_BYTES: Final = 32


class Register(Struct, frozen=True, forbid_unknown_fields=True):
    """A new person: the owner of a new club, or somebody who joins one by an invitation."""

    email: Email
    password: Password
    display_name: Name
    device_id: Id
    club_name: Name | None = None
    """Of the new club; needed where there is no invitation."""
    invitation: SecretText | None = None
    """The part of an invitation's link after the `#`."""


class Login(Struct, frozen=True, forbid_unknown_fields=True):
    """A person signs in on a device; without `club_id` and `invitation`, to the club they joined first."""

    email: Email
    password: AnyPassword
    device_id: Id
    club_id: Id | None = None
    invitation: SecretText | None = None
    """Joins the invitation's club, and signs in to that."""
    club_name: Name | None = None
    """For somebody who is in no club any more: makes one, and signs in to that."""


class Refresh(Struct, frozen=True, forbid_unknown_fields=True):
    """Asks for the next tokens; another `device_id` than the session's opens a session for that one."""

    refresh_token: SecretText
    device_id: Id | None = None


class Switch(Struct, frozen=True, forbid_unknown_fields=True):
    """Asks for tokens for another of one's clubs."""

    club_id: Id
    device_id: Id


class Join(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who is signed in joins another club."""

    invitation: SecretText
    device_id: Id


_register: Final = msgspec.json.Decoder(Register, strict=True).decode
_login: Final = msgspec.json.Decoder(Login, strict=True).decode
_refresh: Final = msgspec.json.Decoder(Refresh, strict=True).decode
_switch: Final = msgspec.json.Decoder(Switch, strict=True).decode
_join: Final = msgspec.json.Decoder(Join, strict=True).decode


class Doorkeeper:
    """Carries out what the routes below are asked."""

    def __init__(self, reception: Reception) -> None:
        """Work at the reception."""
        self._reception = reception
        self._people = reception.people

    async def register(self, asked: Register, network: str) -> Tokens:
        """Make a person, and sign in. Raises EmailInUse, WeakPassword, or what is wrong with the invitation."""
        check_device(asked.device_id)
        check_password(asked.password)
        attempt = await self._reception.slowdown.at_registering(network)
        account, club_id, role = await self.create_account(asked)
        await self._reception.slowdown.forgive(attempt)
        return await self._reception.open_by_password(account, club_id, role, asked.device_id)

    async def create_account(self, asked: Register) -> tuple[Account, str, str]:
        """Make a person with a club or a membership; return them, the club's id and their role."""
        new = Registration(
            user_id=self._reception.make_id(),
            email=asked.email,
            display_name=asked.display_name.strip(),
            password_hash=await self._reception.passwords.hash(asked.password),
            joins=self._first_club(asked),
        )
        try:
            club_id, role = await self._people.accounts.register(new, self._reception.now())
        except EmailTaken as error:
            raise EmailInUse from error
        except InvitationUnknown as error:
            raise unknown_link() from error
        except InvitationOver as error:
            raise InvitationEnded from error
        return Account(new.user_id, new.email, new.display_name, new.password_hash), club_id, role

    def _first_club(self, asked: Register) -> Any:  # noqa: ANN401 - a NewClub or a Secret
        if (asked.club_name is None) == (asked.invitation is None):
            problem = "is missing: send a name for a new club, or an invitation to one, and not both"
            raise MalformedRequest(path="$.club_name", problem=problem)
        if asked.invitation is not None:
            return read_secret(INVITATION, asked.invitation)
        return self.new_club(asked.club_name or "")

    def new_club(self, name: str, club_id: str | None = None) -> NewClub:
        """Return a club that is not made yet, under a fresh id unless one is given."""
        return NewClub(club_id or self._reception.make_id(), name.strip(), self._reception.dice(HASH_KEY_BYTES))

    async def sign_in(self, asked: Login, network: str) -> Tokens:
        """Check the password and open a session.

        Raises WrongPassword, TooManyRequests, AccessEnded, Forbidden, or what is wrong with the invitation.
        """
        check_device(asked.device_id)
        account = await self._people.accounts.find_by_email(asked.email, asked.device_id)
        is_known = account is not None and account.knows_device
        known = (account.user_id, asked.device_id) if account is not None and is_known else None
        attempt = await self._reception.slowdown.at_login(asked.email, known, network)
        kept = None if account is None else account.password_hash
        if not await self._reception.passwords.is_right(asked.password, kept) or account is None:
            raise WrongPassword
        await self._reception.slowdown.forgive(attempt)
        club_id, role = await self._choose(account, asked)
        tokens = await self._reception.open_by_password(account, club_id, role, asked.device_id)
        await self._rehash(account, asked.password)
        return tokens

    async def _choose(self, account: Account, asked: Login) -> tuple[str, str]:
        """Return the club to sign in to, and the role there."""
        if asked.invitation is not None:
            return await self.accept(asked.invitation, account.user_id)
        clubs = await self._people.accounts.memberships(account.user_id)
        chosen = next((each for each in clubs if asked.club_id in {None, each.club_id}), None)
        if chosen is not None:
            return chosen.club_id, chosen.role
        if asked.club_id is not None:
            raise await self._no_member(account.user_id, asked.club_id)
        if asked.club_name is None:
            raise Forbidden("You are in no club. Sign in with an `invitation`, or with a `club_name` to make a club.")
        new = self.new_club(asked.club_name)
        await self._people.accounts.make_club(new, account.user_id, self._reception.now())
        return new.club_id, "owner"

    async def _no_member(self, user_id: str, club_id: str) -> AccessEnded | Forbidden:
        """Return why somebody is not let in to a club: whoever was in it is told to forget it."""
        ended = await self._people.accounts.removed_at(user_id, club_id)
        if ended is not None:
            return AccessEnded(ms_of(ended))
        return Forbidden("You are not a member of this club. Sign in without `club_id`, or ask its owner.")

    async def accept(self, invitation: str, user_id: str) -> tuple[str, str]:
        """Let a user join by an invitation; return the club and their role.

        Raises NotFound, InvitationEnded, or Rejected where they are in as many clubs as anybody may be.
        """
        secret = read_secret(INVITATION, invitation)
        try:
            return secret.club_id, await self._people.invitations.accept(secret, user_id, self._reception.now())
        except InvitationUnknown as error:
            raise unknown_link() from error
        except InvitationOver as error:
            raise InvitationEnded from error
        except TooManyClubs as error:
            raise too_many_clubs() from error

    async def refresh(self, asked: Refresh) -> Tokens:
        """Give the next tokens."""
        check_device(asked.device_id or _ANY)
        return await self._reception.refresh(asked.refresh_token, asked.device_id)

    async def switch(self, caller: Caller, asked: Switch) -> Tokens:
        """Sign in to another of the caller's clubs. Raises AccessEnded, or Forbidden for another's club."""
        check_device(asked.device_id)
        clubs = await self._people.accounts.memberships(caller.user_id)
        role = next((each.role for each in clubs if each.club_id == asked.club_id), None)
        if role is None:
            raise await self._no_member(caller.user_id, asked.club_id)
        return await self._reception.open_beside(caller, asked.club_id, role, asked.device_id)

    async def join(self, caller: Caller, asked: Join) -> Tokens:
        """Join another club, and sign in to it."""
        check_device(asked.device_id)
        club_id, role = await self.accept(asked.invitation, caller.user_id)
        return await self._reception.open_beside(caller, club_id, role, asked.device_id)

    async def sign_out(self, caller: Caller) -> None:
        """End the caller's session."""
        await self._people.sessions.end(caller.session_id, self._reception.now())

    async def _rehash(self, account: Account, password: str) -> None:
        if self._reception.passwords.is_dated(account.password_hash):
            await self._people.accounts.keep_password(account, await self._reception.passwords.hash(password))


_ANY: Final = "00000000-0000-4000-8000-000000000000"
"""A device id that any client might have."""

TheAddresses = NamedDependency[SkipValidation[Addresses]]
Keeper = NamedDependency[SkipValidation[Doorkeeper]]
TheCaller = NamedDependency[SkipValidation[Caller]]


@post(
    "/api/auth/register",
    status_code=201,
    opt={
        **PUBLIC,
        "body": Register,
        "answer": Tokens,
        "problems": ("email_taken", "weak_password", "not_found", "invitation_ended", "too_many_requests"),
    },
)
async def register(request: Request[Any, Any, Any], keeper: Keeper, addresses: TheAddresses) -> Response[bytes]:
    """Sign up: a new person, with a new club or an invitation to one."""
    asked = await read_body(request, _register, bytes_max=BODY_BYTES_MAX)
    return json_answer(await keeper.register(asked, addresses.network_of(request.scope)), status=201)


@post(
    "/api/auth/login",
    status_code=200,
    opt={
        **PUBLIC,
        "body": Login,
        "answer": Tokens,
        "problems": (
            "wrong_password",
            "forbidden",
            "access_ended",
            "not_found",
            "invitation_ended",
            "rejected",
            "too_many_requests",
        ),
    },
)
async def login(request: Request[Any, Any, Any], keeper: Keeper, addresses: TheAddresses) -> Response[bytes]:
    """Sign in on one device."""
    asked = await read_body(request, _login, bytes_max=BODY_BYTES_MAX)
    return json_answer(await keeper.sign_in(asked, addresses.network_of(request.scope)))


@post(
    "/api/auth/refresh",
    status_code=200,
    opt={**PUBLIC, "body": Refresh, "answer": Tokens, "problems": ("unauthorised", "access_ended")},
)
async def refresh(request: Request[Any, Any, Any], keeper: Keeper) -> Response[bytes]:
    """Get the next tokens; after a lost reply, send the same request again."""
    return json_answer(await keeper.refresh(await read_body(request, _refresh, bytes_max=BODY_BYTES_MAX)))


@post("/api/auth/logout", status_code=204, opt={**MATCH_READING, "problems": ("access_ended",)})
async def logout(caller: TheCaller, keeper: Keeper) -> Response[None]:
    """End this device's session."""
    await keeper.sign_out(caller)
    return Response(None, status_code=204, headers=NO_STORE)


@post(
    "/api/auth/switch",
    status_code=200,
    opt={**MEMBERS, "limit": "sessions", "body": Switch, "answer": Tokens, "problems": ("access_ended",)},
)
async def switch(request: Request[Any, Any, Any], caller: TheCaller, keeper: Keeper) -> Response[bytes]:
    """Sign in to another of one's clubs; the session of this one goes on."""
    asked = await read_body(request, _switch, bytes_max=BODY_BYTES_MAX)
    return json_answer(await keeper.switch(caller, asked))


@post(
    "/api/auth/join",
    status_code=200,
    opt={
        **MEMBERS,
        "body": Join,
        "answer": Tokens,
        "problems": ("access_ended", "not_found", "invitation_ended", "rejected"),
    },
)
async def join(request: Request[Any, Any, Any], caller: TheCaller, keeper: Keeper) -> Response[bytes]:
    """Join another club by an invitation, and sign in to it; the session of this one goes on."""
    return json_answer(await keeper.join(caller, await read_body(request, _join, bytes_max=BODY_BYTES_MAX)))


ROUTES: Final = (register, login, refresh, logout, switch, join)
