"""Scorers by link: a volunteer without an account records one match, for a day, by a link or a short code (U27).

The link's id is the author of what they write. It lives until a day after kick-off, two days from now at the most.
"""

from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation
from msgspec import Meta, Struct

from api.edge.addresses import Addresses
from api.errors import Forbidden, InvitationEnded, Rejected, Unavailable
from api.identity.access import DECIDERS, PUBLIC, Caller
from api.identity.links import (
    SCORER,
    code_hashes,
    make_code,
    make_secret,
    read_code,
    read_secret,
    show_code,
    unknown_link,
    write_secret,
)
from api.identity.reception import BODY_BYTES_MAX, Name, Reception, SecretText, Tokens, check_device, ms_of, no_such
from api.requests import NO_STORE, json_answer, read_body
from storage.engine import Engine
from storage.scorers import CodeTaken, ScorerLink, TooManyLinks
from sync.collections import instant_ms
from sync.errors import MalformedRequest
from sync.messages import Id

HOURS_DEFAULT: Final = 24
"""Hours after kick-off, or from now where that is later."""
HOURS_MAX: Final = 48
"""Hours from now: the end of the next day at the most."""
DRAWS_MAX: Final = 5
"""Codes drawn where one is taken: of 10^12, it never is twice."""
LINK: Final = "/score#"
"""The path of the page that reads the secret behind it."""


class ScorerAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """What a scorer's link shall be."""

    hours: Annotated[int, Meta(ge=1, le=HOURS_MAX)] | None = None
    """How long from now it may be used; unless given, until 24 hours after kick-off, or from now where that is
    later, and 48 at the most."""


class ScorerRow(Struct, frozen=True):
    """A scorer's link as the club sees it."""

    scorer_id: str
    """The author of what is written by it."""
    match_id: str
    name: str
    """As the last one said who signed in by it; empty before."""
    devices: int
    """How many are signed in by it."""
    made_by: str
    created_at: int
    """Milliseconds since 1970, as all times here."""
    expires_at: int
    revoked_at: int | None
    is_live: bool


class ScorerMade(Struct, frozen=True):
    """A fresh link: secret and code are told this once."""

    scorer: ScorerRow
    secret: str
    link: str
    """To be put behind the origin of the app. What follows the `#` is sent to no server."""
    code: str
    """To be read out: case and hyphen do not matter, and O, I and L count as 0 and 1."""


class ScorersAnswer(Struct, frozen=True):
    """The links of a match, the newest first."""

    scorers: list[ScorerRow]


class ScorerLogin(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody comes with a link's secret, or with its code."""

    device_id: Id
    name: Name
    """As the coach shall see them."""
    secret: SecretText | None = None
    code: Annotated[str, Meta(max_length=40)] | None = None


_asked: Final = msgspec.json.Decoder(ScorerAsked, strict=True).decode
_login: Final = msgspec.json.Decoder(ScorerLogin, strict=True).decode


class ScorerKeeper:
    """Carries out what the routes below are asked."""

    def __init__(self, reception: Reception, engine: Engine) -> None:
        """Work at the reception; matches are read from the engine's store."""
        self._reception = reception
        self._scorers = reception.people.scorers
        self._store = engine.store

    async def make(self, caller: Caller, match_id: str, asked: ScorerAsked) -> ScorerMade:
        """Make a link for a match. Raises NotFound, Forbidden, or Rejected where it has had as many as it may."""
        now = self._reception.now()
        kickoff = await self._kickoff(caller.club_id, match_id)
        new = ScorerLink(
            scorer_id=self._reception.make_id(),
            club_id=caller.club_id,
            match_id=match_id,
            made_by=caller.user_id,
            created_at=now,
            expires_at=end_of_link(now, kickoff, asked.hours),
        )
        secret = make_secret(caller.club_id, self._reception.dice)
        try:
            code = await self._keep(new, secret.hash)
        except TooManyLinks as error:
            sentence = "This match has had as many scorers' links as it may. Use one that lives."
            raise Rejected(code="too_many_links", sentence=sentence) from error
        text = write_secret(SCORER, secret)
        return ScorerMade(_row(new, now), text, LINK + text, show_code(code))

    async def _keep(self, new: ScorerLink, secret_hash: bytes) -> str:
        """Keep a link under a code that no live one has; return the code."""
        for _ in range(DRAWS_MAX):
            code = make_code(self._reception.dice)
            hashed = code_hashes(code, self._reception.ring)[0]
            try:
                if not await self._scorers.make(new, secret_hash=secret_hash, code_hash=hashed):
                    raise Forbidden("Your role has changed. Load the page again.")
            except CodeTaken:
                continue
            return code
        raise Unavailable("No free code was found. Send the same request again.")

    async def _kickoff(self, club_id: str, match_id: str) -> datetime | None:
        """Return when a match begins, None where that is not known. Raises NotFound."""
        found = await self._store.records(club_id, "matches", {"id": match_id})
        if not found or found[0].is_deleted:
            raise no_such("match")
        kept = found[0].fields.get("kickoff_ts")
        if kept is None or not isinstance(kept.value, str):
            return None
        return datetime.fromtimestamp(instant_ms(kept.value) / 1_000, self._reception.now().tzinfo)

    async def all(self, caller: Caller, match_id: str) -> ScorersAnswer:
        """Return the links of a match. Raises NotFound."""
        await self._kickoff(caller.club_id, match_id)
        found = await self._scorers.of_match(caller.club_id, match_id)
        return ScorersAnswer([_row(each, self._reception.now()) for each in found])

    async def revoke(self, caller: Caller, match_id: str, scorer_id: str) -> None:
        """End a link, and with it every device that is signed in by it. Raises NotFound."""
        if not await self._scorers.revoke(caller.club_id, match_id, scorer_id, self._reception.now()):
            raise no_such("scorer's link")

    async def sign_in(self, asked: ScorerLogin, network: str) -> Tokens:
        """Let somebody score. Raises NotFound for what is no link, InvitationEnded, or TooManyRequests."""
        check_device(asked.device_id)
        if (asked.secret is None) == (asked.code is None):
            raise MalformedRequest(path="$.secret", problem="is missing: send the link's secret, or its code, not both")
        link = await (self._by_secret(asked.secret) if asked.secret is not None else self._by_code(asked, network))
        if not link.is_live(self._reception.now()):
            raise InvitationEnded
        return await self._reception.open_by_link(link, asked.device_id, asked.name.strip())

    async def _by_secret(self, text: str) -> ScorerLink:
        secret = read_secret(SCORER, text)
        link = await self._scorers.find_by_secret(secret.hash)
        if link is None or link.club_id != secret.club_id:
            raise unknown_link()
        return link

    async def _by_code(self, asked: ScorerLogin, network: str) -> ScorerLink:
        attempt = await self._reception.slowdown.at_code(network)
        code = read_code(asked.code or "")
        link = None
        if code is not None:
            link = await self._scorers.find_by_code(code_hashes(code, self._reception.ring))
        if link is None:
            raise unknown_link()
        await self._reception.slowdown.forgive(attempt)
        return link


def end_of_link(now: datetime, kickoff: datetime | None, hours: int | None) -> datetime:
    """Return when a link ends: as asked, else a day after kick-off or from now, whichever is later; two at the most."""
    if hours is not None:
        return now + timedelta(hours=hours)
    begins = now if kickoff is None else max(now, kickoff)
    return min(begins + timedelta(hours=HOURS_DEFAULT), now + timedelta(hours=HOURS_MAX))


def _row(each: ScorerLink, now: datetime) -> ScorerRow:
    return ScorerRow(
        scorer_id=each.scorer_id,
        match_id=each.match_id,
        name=each.name,
        devices=each.devices,
        made_by=each.made_by,
        created_at=ms_of(each.created_at),
        expires_at=ms_of(each.expires_at),
        revoked_at=None if each.revoked_at is None else ms_of(each.revoked_at),
        is_live=each.is_live(now),
    )


TheAddresses = NamedDependency[SkipValidation[Addresses]]
TheScorers = NamedDependency[SkipValidation[ScorerKeeper]]
TheCaller = NamedDependency[SkipValidation[Caller]]


@post(
    "/api/matches/{match_id:uuid}/scorers",
    status_code=201,
    opt={**DECIDERS, "body": ScorerAsked, "answer": ScorerMade, "problems": ("not_found", "rejected")},
)
async def make_scorer(
    match_id: FromPath[UUID], request: Request[Any, Any, Any], caller: TheCaller, scorers: TheScorers
) -> Response[bytes]:
    """Make a link and a code by which somebody without an account records this match."""
    asked = await read_body(request, _asked, bytes_max=BODY_BYTES_MAX)
    return json_answer(await scorers.make(caller, str(match_id), asked), status=201)


@get(
    "/api/matches/{match_id:uuid}/scorers",
    opt={**DECIDERS, "answer": ScorersAnswer, "problems": ("not_found",)},
)
async def list_scorers(match_id: FromPath[UUID], caller: TheCaller, scorers: TheScorers) -> Response[bytes]:
    """Return the scorers' links of a match, without their secrets."""
    return json_answer(await scorers.all(caller, str(match_id)))


@delete(
    "/api/matches/{match_id:uuid}/scorers/{scorer_id:uuid}",
    status_code=204,
    opt={**DECIDERS, "problems": ("not_found",)},
)
async def revoke_scorer(
    match_id: FromPath[UUID], scorer_id: FromPath[UUID], caller: TheCaller, scorers: TheScorers
) -> Response[None]:
    """Revoke a scorer's link: whoever is signed in by it is out at their next request; what they wrote stays."""
    await scorers.revoke(caller, str(match_id), str(scorer_id))
    return Response(None, status_code=204, headers=NO_STORE)


@post(
    "/api/auth/scorer",
    status_code=200,
    opt={
        **PUBLIC,
        "body": ScorerLogin,
        "answer": Tokens,
        "problems": ("not_found", "invitation_ended", "too_many_requests"),
    },
)
async def sign_in_to_score(
    request: Request[Any, Any, Any], scorers: TheScorers, addresses: TheAddresses
) -> Response[bytes]:
    """Sign in with a scorer's link or code: tokens for one match, without an account."""
    asked = await read_body(request, _login, bytes_max=BODY_BYTES_MAX)
    return json_answer(await scorers.sign_in(asked, addresses.network_of(request.scope)))


ROUTES: Final = (make_scorer, list_scorers, revoke_scorer, sign_in_to_score)
