"""Clubs and their members: who belongs, in which role, and how somebody leaves.

    may                                        owner   coach            scorer, viewer
    rename the club                            yes
    give another role                          any     scorer, viewer
    remove a member                            any
    leave                                      yes     yes              yes

A club always has an owner: the last one makes another before leaving or stepping down.
"""

from collections.abc import Callable
from typing import Any, Final, Literal
from uuid import UUID, uuid5

import msgspec
from litestar import Request, Response, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation
from msgspec import Struct

from api.errors import Forbidden, LastOwnerStays, NotFound
from api.identity.access import DECIDERS, MEMBERS, OWNERS, Caller
from api.identity.auth import Doorkeeper
from api.identity.reception import BODY_BYTES_MAX, Name, Reception, ms_of, no_such, too_many_clubs
from api.requests import NO_STORE, idempotency_key, json_answer, read_body
from api.resources.schemas import KEY
from storage.invitations import TooManyClubs
from storage.members import ClubRow, LastOwner, Member, NoSuchMember

Role = Literal["owner", "coach", "scorer", "viewer"]
_LESSER: Final = frozenset({"scorer", "viewer"})
"""Roles that a coach may give and take."""


class ClubName(Struct, frozen=True, forbid_unknown_fields=True):
    """What may be chosen of a club."""

    name: Name


class Club(Struct, frozen=True):
    """A club, and the caller's role in it."""

    club_id: str
    name: str
    role: str
    created_at: int
    """Milliseconds since 1970, as all times here."""


class NewMembership(Struct, frozen=True):
    """A club that was just made; `POST /api/auth/switch` gives tokens for it."""

    club_id: str
    name: str
    role: str


class MemberRow(Struct, frozen=True):
    """A member of the club."""

    user_id: str
    display_name: str
    role: str
    joined_at: int


class MembersAnswer(Struct, frozen=True):
    """The club's members, the one who joined first before the others."""

    members: list[MemberRow]


class RoleChange(Struct, frozen=True, forbid_unknown_fields=True):
    """The role that a member shall have."""

    role: Role


_club_name: Final = msgspec.json.Decoder(ClubName, strict=True).decode
_role_change: Final = msgspec.json.Decoder(RoleChange, strict=True).decode


def judge_role(asking: str | None, held: str, given: str, *, is_own: bool) -> None:
    """Return where somebody in one role may change another's. Raises Forbidden."""
    is_coachs = asking == "coach" and {held, given} <= _LESSER
    is_stepping_down = is_own and asking == "coach" and given in _LESSER
    if not (asking == "owner" or is_coachs or is_stepping_down):
        raise Forbidden("A coach makes viewers scorers and back. Ask an owner for other roles.")


def judge_removal(asking: str | None, *, is_own: bool) -> None:
    """Return where somebody may end a membership. Raises Forbidden."""
    if asking != "owner" and not (is_own and asking is not None):
        raise Forbidden("Only an owner removes others; anybody may leave.")


class ClubKeeper:
    """Carries out what the routes below are asked."""

    def __init__(self, reception: Reception, keeper: Doorkeeper) -> None:
        """Work at the reception; `keeper` makes clubs."""
        self._reception = reception
        self._keeper = keeper
        self._members = reception.people.members

    async def make(self, caller: Caller, asked: ClubName, key: str | None) -> NewMembership:
        """Make another club, which the caller owns. Raises Rejected where they are in as many as anybody may be.

        The same Idempotency-Key makes the same club, so a retry makes no second one: nobody could leave it.
        """
        new = self._keeper.new_club(asked.name, key and str(uuid5(UUID(caller.user_id), f"club/{key}")))
        try:
            await self._reception.people.accounts.make_club(new, caller.user_id, self._reception.now())
        except TooManyClubs as error:
            raise too_many_clubs() from error
        return NewMembership(new.club_id, new.name, "owner")

    async def club(self, caller: Caller) -> Club:
        """Return the caller's club."""
        found = await self._members.club(caller.club_id)
        if found is None:
            raise NotFound
        return _club(found, caller)

    async def rename(self, caller: Caller, asked: ClubName) -> Club:
        """Give the club another name."""
        await self._members.rename_club(caller.club_id, asked.name.strip())
        return await self.club(caller)

    async def members(self, caller: Caller) -> MembersAnswer:
        """Return the club's members."""
        return MembersAnswer([_row(each) for each in await self._members.of_club(caller.club_id)])

    async def set_role(self, caller: Caller, user_id: str, asked: RoleChange) -> MembersAnswer:
        """Give a member another role. Raises NotFound, Forbidden or LastOwnerStays."""

        def judge(asking: str | None, held: str) -> None:
            judge_role(asking, held, asked.role, is_own=user_id == caller.user_id)

        await self._change(
            lambda: self._members.set_role(
                caller.club_id, user_id, asked.role, by=caller.user_id, judge=judge, now=self._reception.now()
            )
        )
        return await self.members(caller)

    async def remove(self, caller: Caller, user_id: str) -> None:
        """End a membership: an owner removes somebody, or somebody leaves. Raises as `set_role` does."""

        def judge(asking: str | None, _held: str) -> None:
            judge_removal(asking, is_own=user_id == caller.user_id)

        await self._change(
            lambda: self._members.remove(
                caller.club_id, user_id, by=caller.user_id, judge=judge, now=self._reception.now()
            )
        )

    @staticmethod
    async def _change(change: Callable[[], Any]) -> None:
        try:
            await change()
        except NoSuchMember as error:
            raise no_such("member") from error
        except LastOwner as error:
            raise LastOwnerStays from error


def _club(found: ClubRow, caller: Caller) -> Club:
    return Club(found.club_id, found.name, caller.role, ms_of(found.created_at))


def _row(member: Member) -> MemberRow:
    return MemberRow(member.user_id, member.display_name, member.role, ms_of(member.joined_at))


TheClubs = NamedDependency[SkipValidation[ClubKeeper]]
TheCaller = NamedDependency[SkipValidation[Caller]]


@post(
    "/api/clubs",
    status_code=201,
    opt={**MEMBERS, "headers": (KEY,), "body": ClubName, "answer": NewMembership, "problems": ("rejected",)},
)
async def make_club(request: Request[Any, Any, Any], caller: TheCaller, clubs: TheClubs) -> Response[bytes]:
    """Make another club; who makes it owns it."""
    asked = await read_body(request, _club_name, bytes_max=BODY_BYTES_MAX)
    return json_answer(await clubs.make(caller, asked, idempotency_key(request)), status=201)


@get("/api/club", opt={**MEMBERS, "answer": Club})
async def read_club(caller: TheCaller, clubs: TheClubs) -> Response[bytes]:
    """Return the club that the token is for."""
    return json_answer(await clubs.club(caller))


@patch("/api/club", opt={**OWNERS, "body": ClubName, "answer": Club})
async def rename_club(request: Request[Any, Any, Any], caller: TheCaller, clubs: TheClubs) -> Response[bytes]:
    """Rename the club."""
    asked = await read_body(request, _club_name, bytes_max=BODY_BYTES_MAX)
    return json_answer(await clubs.rename(caller, asked))


@get("/api/club/members", opt={**MEMBERS, "answer": MembersAnswer})
async def list_members(caller: TheCaller, clubs: TheClubs) -> Response[bytes]:
    """Return the club's members."""
    return json_answer(await clubs.members(caller))


@put(
    "/api/club/members/{user_id:uuid}",
    opt={**DECIDERS, "body": RoleChange, "answer": MembersAnswer, "problems": ("not_found", "last_owner")},
)
async def set_role(
    user_id: FromPath[UUID], request: Request[Any, Any, Any], caller: TheCaller, clubs: TheClubs
) -> Response[bytes]:
    """Give a member another role; invitations and scorers' links that they had made end."""
    asked = await read_body(request, _role_change, bytes_max=BODY_BYTES_MAX)
    return json_answer(await clubs.set_role(caller, str(user_id), asked))


@delete("/api/club/members/{user_id:uuid}", status_code=204, opt={**MEMBERS, "problems": ("not_found", "last_owner")})
async def remove_member(user_id: FromPath[UUID], caller: TheCaller, clubs: TheClubs) -> Response[None]:
    """Remove a member, or leave; every phone of theirs is told to forget the club at its next request."""
    await clubs.remove(caller, str(user_id))
    return Response(None, status_code=204, headers=NO_STORE)


ROUTES: Final = (make_club, read_club, rename_club, list_members, set_role, remove_member)
