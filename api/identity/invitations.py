"""Invitations: a link by which people join the club, for some days and a number of uses.

Owners invite into any role; coaches invite scorers and viewers. The secret is told once, to whoever makes the link.
"""

from datetime import timedelta
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation
from msgspec import Meta, Struct

from api.errors import Forbidden, Rejected
from api.identity.access import DECIDERS, Caller
from api.identity.links import INVITATION, make_secret, write_secret
from api.identity.reception import BODY_BYTES_MAX, Reception, ms_of, no_such
from api.requests import NO_STORE, json_answer, read_body
from storage.invitations import Invitation, TooManyInvitations

DAYS_DEFAULT: Final = 7
DAYS_MAX: Final = 30
USES_MAX: Final = 50
LINK: Final = "/join#"
"""The path of the page that reads the secret behind it."""

Role = Literal["owner", "coach", "scorer", "viewer"]
MAY_INVITE: Final = {
    "owner": frozenset({"owner", "coach", "scorer", "viewer"}),
    "coach": frozenset({"scorer", "viewer"}),
}
"""Role -> the roles into which it invites."""


class InvitationAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """What an invitation shall be."""

    role: Role
    days: Annotated[int, Meta(ge=1, le=DAYS_MAX)] = DAYS_DEFAULT
    """How long it may be used."""
    uses: Annotated[int, Meta(ge=1, le=USES_MAX)] = 1
    """How many people may join by it."""


class InvitationRow(Struct, frozen=True):
    """An invitation as the club sees it."""

    invitation_id: str
    role: str
    uses: int
    used: int
    made_by: str
    created_at: int
    """Milliseconds since 1970, as all times here."""
    expires_at: int
    revoked_at: int | None
    is_live: bool
    """Whether somebody may still join by it."""


class InvitationMade(Struct, frozen=True):
    """A fresh invitation: the secret is told this once."""

    invitation: InvitationRow
    secret: str
    link: str
    """To be put behind the origin of the app. What follows the `#` is sent to no server."""


class InvitationsAnswer(Struct, frozen=True):
    """The club's invitations, the newest first."""

    invitations: list[InvitationRow]


_asked: Final = msgspec.json.Decoder(InvitationAsked, strict=True).decode


class Inviter:
    """Carries out what the routes below are asked."""

    def __init__(self, reception: Reception) -> None:
        """Work at the reception."""
        self._reception = reception
        self._invitations = reception.people.invitations

    async def make(self, caller: Caller, asked: InvitationAsked) -> InvitationMade:
        """Make an invitation. Raises Forbidden, or Rejected where the club has as many as it may."""
        if asked.role not in MAY_INVITE[caller.role]:
            raise Forbidden("Coaches invite scorers and viewers. Ask an owner to invite coaches and owners.")
        now = self._reception.now()
        secret = make_secret(caller.club_id, self._reception.dice)
        new = Invitation(
            invitation_id=self._reception.make_id(),
            club_id=caller.club_id,
            role=asked.role,
            uses=asked.uses,
            used=0,
            made_by=caller.user_id,
            created_at=now,
            expires_at=now + timedelta(days=asked.days),
        )
        try:
            is_made = await self._invitations.make(new, secret.hash, as_role=caller.role)
        except TooManyInvitations as error:
            sentence = "The club has as many invitations as it may. They are dropped 30 days after they expire."
            raise Rejected(code="too_many_invitations", sentence=sentence) from error
        if not is_made:
            raise Forbidden("Your role has changed. Load the page again.")
        text = write_secret(INVITATION, secret)
        return InvitationMade(self._row(new), text, LINK + text)

    async def all(self, caller: Caller) -> InvitationsAnswer:
        """Return the club's invitations."""
        return InvitationsAnswer([self._row(each) for each in await self._invitations.of_club(caller.club_id)])

    async def revoke(self, caller: Caller, invitation_id: str) -> None:
        """End an invitation; who joined by it stays. Raises NotFound."""
        if not await self._invitations.revoke(caller.club_id, invitation_id, self._reception.now()):
            raise no_such("invitation")

    def _row(self, each: Invitation) -> InvitationRow:
        return InvitationRow(
            invitation_id=each.invitation_id,
            role=each.role,
            uses=each.uses,
            used=each.used,
            made_by=each.made_by,
            created_at=ms_of(each.created_at),
            expires_at=ms_of(each.expires_at),
            revoked_at=None if each.revoked_at is None else ms_of(each.revoked_at),
            is_live=each.is_live(self._reception.now()),
        )


TheInviter = NamedDependency[SkipValidation[Inviter]]
TheCaller = NamedDependency[SkipValidation[Caller]]


@post(
    "/api/club/invitations",
    status_code=201,
    opt={**DECIDERS, "body": InvitationAsked, "answer": InvitationMade, "problems": ("rejected",)},
)
async def make_invitation(request: Request[Any, Any, Any], caller: TheCaller, inviter: TheInviter) -> Response[bytes]:
    """Invite people into a role; keep the link, it is told this once."""
    asked = await read_body(request, _asked, bytes_max=BODY_BYTES_MAX)
    return json_answer(await inviter.make(caller, asked), status=201)


@get("/api/club/invitations", opt={**DECIDERS, "answer": InvitationsAnswer})
async def list_invitations(caller: TheCaller, inviter: TheInviter) -> Response[bytes]:
    """Return the club's invitations, without their secrets."""
    return json_answer(await inviter.all(caller))


@delete("/api/club/invitations/{invitation_id:uuid}", status_code=204, opt={**DECIDERS, "problems": ("not_found",)})
async def revoke_invitation(invitation_id: FromPath[UUID], caller: TheCaller, inviter: TheInviter) -> Response[None]:
    """Revoke an invitation; who joined by it stays."""
    await inviter.revoke(caller, str(invitation_id))
    return Response(None, status_code=204, headers=NO_STORE)


ROUTES: Final = (make_invitation, list_invitations, revoke_invitation)
