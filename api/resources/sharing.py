"""Sharing a match: links that a coach makes, shows, changes and revokes; and what a viewer reads by one.

A viewer's secret opens one match and nothing else. A link that never was, has expired, was revoked, or whose match is
gone, is answered alike. What a link asks for beyond what the club's rules and the age group allow is no error: the
answer says what it `asked` and what it `shows`.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID, uuid5

import msgspec
from litestar import Request, Response, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from api.errors import Exists, LinkEnded, NotFound, Rejected
from api.identity.access import DECIDERS, OWNERS, PUBLIC, Caller
from api.requests import JSON, NO_STORE, SMALL_BYTES_MAX, idempotency_key, json_answer, read_body
from api.resources.schemas import IF_NONE_MATCH, KEY
from api.resources.share_secrets import SECRET_BYTES, ShareSecret, make_secret, read_header
from api.resources.views import is_known
from football.feed import SharedMatch
from football.policy import LINK_MS_MAX, ClubRules, Options, usual_expiry_ms
from storage.accounts import Accounts
from storage.sharing import LINKS_MAX, Link, Opened, Shared, Sharing, TooManyLinks
from sync.collections import format_instant

HOUR_MS: Final = 3_600_000
SERVER_TIME: Final = "X-Server-Time"
VIEWER_HEADERS: Final = {**NO_STORE, "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}

Moment = Annotated[datetime, Meta(tz=True)]
Hours = Annotated[int, Meta(ge=1, le=LINK_MS_MAX // HOUR_MS)]


class ShareOptions(Struct, frozen=True):
    """What a view of a match shows, beside teams, kick-off, status, clock and timeline."""

    score: bool
    shirt_numbers: bool
    venue: bool


class ShareRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A link to make. It ends at `expires_at` or after `hours`; with neither 24 hours after the match."""

    score: bool = True
    shirt_numbers: bool = False
    venue: bool = False
    expires_at: Moment | None = None
    hours: Hours | None = None


class ShareEdit(Struct, frozen=True, forbid_unknown_fields=True):
    """What to change of a link; the rest stays."""

    score: bool | UnsetType = UNSET
    shirt_numbers: bool | UnsetType = UNSET
    venue: bool | UnsetType = UNSET
    expires_at: Moment | None = None
    hours: Hours | None = None


class LinkMaker(Struct, frozen=True):
    """Who made a link."""

    user_id: str
    display_name: str | None


class ShareLink(Struct, frozen=True):
    """A link, without its secret."""

    link_id: str
    match_id: str
    status: Literal["live", "expired", "revoked"]
    asked: ShareOptions
    shows: ShareOptions
    """What it shows now, after the age group and the club's rules."""
    venue_from: str | None
    """From when on a venue is shown that is held back now."""
    created_by: LinkMaker
    created_at: str
    expires_at: str
    revoked_at: str | None
    last_used_on: str | None
    """The day of its last use."""


class NewShareLink(Struct, frozen=True):
    """A link that was just made: the one answer that has its secret."""

    secret: str
    url: str
    """Where a viewer opens it; what stands behind the # is sent to nobody by a browser."""
    link: ShareLink


class ShareLinks(Struct, frozen=True):
    """The links of a match, the oldest first."""

    links: list[ShareLink]


class ShareRules(Struct, frozen=True, forbid_unknown_fields=True):
    """What the owner turns on for links to matches of U7 to U11, and of teams whose age group nobody set."""

    young_scores: bool
    young_shirt_numbers: bool


class SharedAnswer(Struct, frozen=True):
    """A match as its viewers see it."""

    cursor: str
    """Where its feed goes on from."""
    feed: str
    """The feed's name in addresses, which opens it until the link ends: `/api/shared/feeds/{feed}`."""
    match: SharedMatch


class Sharer:
    """Carries out what the routes below are asked."""

    def __init__(
        self, sharing: Sharing, accounts: Accounts, *, clock: Callable[[], int], dice: Callable[[int], bytes]
    ) -> None:
        """Keep links in `sharing`; `clock` gives milliseconds since 1970, `dice` that many random bytes."""
        self.sharing = sharing
        self.now_ms = clock
        self._accounts = accounts
        self._dice = dice
        self._latest_ms = 0

    async def make(self, caller: Caller, match_id: str, asked: ShareRequest, key: str | None) -> NewShareLink:
        """Make a link. The same Idempotency-Key makes the same link anew, with another secret, until it is used."""
        shared = await self._shared(caller, match_id)
        now_ms = self.now_ms()
        drawn = self._dice(SECRET_BYTES)
        link = Link(
            link_id=str(uuid5(UUID(match_id), f"{caller.device_id}/{key}" if key else drawn.hex())),
            match_id=match_id,
            options=Options(asked.score, asked.shirt_numbers, asked.venue),
            created_by=caller.user_id,
            created_ms=now_ms,
            expires_ms=_end_ms(asked.expires_at, asked.hours, now_ms) or usual_expiry_ms(shared.what.facts, now_ms),
        )
        secret, kept = make_secret(caller.club_id, drawn)
        try:
            if not await self.sharing.create(caller.club_id, link, kept.hash):
                raise Exists("This Idempotency-Key made a link that is in use, or was revoked. Take a fresh key.")
        except TooManyLinks:
            sentence = f"This match has {LINKS_MAX} live links. Revoke one that nobody needs."
            raise Rejected(code="too_many_links", sentence=sentence) from None
        names = await self._accounts.member_names(caller.club_id)
        return NewShareLink(secret, f"/m/#{secret}", _shown(link, shared, names, now_ms))

    async def listed(self, caller: Caller, match_id: str) -> ShareLinks:
        """Return the links of a match."""
        shared, now_ms = await self._shared(caller, match_id), self.now_ms()
        names = await self._accounts.member_names(caller.club_id)
        links = await self.sharing.links(caller.club_id, match_id, now_ms)
        return ShareLinks([_shown(link, shared, names, now_ms) for link in links])

    async def edit(self, caller: Caller, match_id: str, link_id: str, asked: ShareEdit) -> ShareLink:
        """Change a live link. Raises NotFound; LinkEnded, since nothing brings a link back."""
        shared, now_ms = await self._shared(caller, match_id), self.now_ms()
        link = await self._link(caller, match_id, link_id, now_ms)
        if not link.is_live(now_ms):
            raise LinkEnded
        given = {name: value for name in ShareOptions.__struct_fields__ if (value := getattr(asked, name)) is not UNSET}
        expires_ms = _end_ms(asked.expires_at, asked.hours, now_ms) or link.expires_ms
        link = replace(link, options=replace(link.options, **given), expires_ms=expires_ms)
        await self.sharing.change(caller.club_id, link, now_ms)
        return _shown(link, shared, await self._accounts.member_names(caller.club_id), now_ms)

    async def revoke(self, caller: Caller, match_id: str, link_id: str | None = None) -> None:
        """End a link, or all of a match, whether or not the match is still there. Raises NotFound for no such link."""
        now_ms = self.now_ms()
        if link_id is not None:
            await self._link(caller, match_id, link_id, now_ms)
        await self.sharing.revoke(caller.club_id, match_id, now_ms, link_id)

    async def open(self, headers: Iterable[tuple[bytes, bytes]]) -> Opened:
        """Return what a viewer's secret opens. Raises LinkEnded for whatever opens nothing."""
        return await self.open_by(read_header(headers))

    async def open_by(self, secret: ShareSecret | None) -> Opened:
        """Return what a secret opens, or the name of a feed. Raises LinkEnded for whatever opens nothing."""
        opened = None if secret is None else await self.sharing.open(secret.club_id, secret.hash, self._viewed_ms())
        if opened is None:
            raise LinkEnded
        return opened

    async def link_by(self, secret: ShareSecret | None) -> Link:
        """Return the link of a secret, or of a feed's name. Raises LinkEnded for whatever opens nothing."""
        link = None if secret is None else await self.sharing.link(secret.club_id, secret.hash, self._viewed_ms())
        if link is None:
            raise LinkEnded
        return link

    def _viewed_ms(self) -> int:
        """Return the latest time that was ever read: a clock that steps back revives no link."""
        self._latest_ms = max(self._latest_ms, self.now_ms())
        return self._latest_ms

    async def _shared(self, caller: Caller, match_id: str) -> Shared:
        shared = await self.sharing.look(caller.club_id, match_id)
        if shared is None:
            raise NotFound("There is no such match in this club.")
        return shared

    async def _link(self, caller: Caller, match_id: str, link_id: str, now_ms: int) -> Link:
        links = await self.sharing.links(caller.club_id, match_id, now_ms)
        found = next((link for link in links if link.link_id == link_id), None)
        if found is None:
            raise NotFound("There is no such link to this match.")
        return found


def _end_ms(expires_at: datetime | None, hours: int | None, now_ms: int) -> int | None:
    """Return the end that somebody asked for; None where they did not. Raises Rejected."""
    if expires_at is not None and hours is not None:
        raise Rejected(code="wrong_value", sentence="Send `expires_at` or `hours`, not both.", field="hours")
    if expires_at is None:
        return None if hours is None else now_ms + hours * HOUR_MS
    ends_ms = int(expires_at.timestamp() * 1_000)
    if not now_ms < ends_ms <= now_ms + LINK_MS_MAX:
        sentence = "A link ends in the future, and within 30 days."
        raise Rejected(code="wrong_value", sentence=sentence, field="expires_at")
    return ends_ms


def _shown(link: Link, shared: Shared, names: Mapping[str, str], now_ms: int) -> ShareLink:
    """Return a link as coaches see it."""
    permitted, asked = shared.permitted(link.options), link.options
    shows_venue = permitted.shows_venue(now_ms, has_begun=bool(shared.what.facts.periods))
    waits = permitted.venue and not shows_venue and permitted.venue_from_ms is not None
    state: Literal["live", "expired", "revoked"] = "live" if link.is_live(now_ms) else "expired"
    return ShareLink(
        link_id=link.link_id,
        match_id=link.match_id,
        status=state if link.revoked_ms is None else "revoked",
        asked=ShareOptions(asked.score, asked.shirt_numbers, asked.venue),
        shows=ShareOptions(permitted.score, permitted.shirt_numbers, shows_venue),
        venue_from=_instant(permitted.venue_from_ms if waits else None),
        created_by=LinkMaker(link.created_by, names.get(link.created_by)),
        created_at=format_instant(link.created_ms),
        expires_at=format_instant(link.expires_ms),
        revoked_at=_instant(link.revoked_ms),
        last_used_on=None if link.last_used_on is None else link.last_used_on.isoformat(),
    )


def _instant(ms: int | None) -> str | None:
    return None if ms is None else format_instant(ms)


TheCaller = NamedDependency[SkipValidation[Caller]]
TheSharer = NamedDependency[SkipValidation[Sharer]]
AnyRequest = Request[Any, Any, Any]

_request: Final = msgspec.json.Decoder(ShareRequest, strict=True).decode
_edit: Final = msgspec.json.Decoder(ShareEdit, strict=True).decode
_rules: Final = msgspec.json.Decoder(ShareRules, strict=True).decode


@post(
    "/api/matches/{match_id:uuid}/share",
    status_code=201,
    opt={
        **DECIDERS,
        "headers": (KEY,),
        "body": ShareRequest,
        "answer": NewShareLink,
        "problems": ("not_found", "rejected", "exists"),
    },
)
async def make_link(
    match_id: FromPath[UUID], request: AnyRequest, caller: TheCaller, sharer: TheSharer
) -> Response[bytes]:
    """Make a link by which anybody who has it may watch this match. Its secret is in this answer and in no other."""
    asked = await read_body(request, _request, bytes_max=SMALL_BYTES_MAX)
    return json_answer(await sharer.make(caller, str(match_id), asked, idempotency_key(request)), status=201)


@get("/api/matches/{match_id:uuid}/share", opt={**DECIDERS, "answer": ShareLinks, "problems": ("not_found",)})
async def list_links(match_id: FromPath[UUID], caller: TheCaller, sharer: TheSharer) -> Response[bytes]:
    """Return the links of a match: what each shows, until when, and who made it. Those that ended stay for 90 days."""
    return json_answer(await sharer.listed(caller, str(match_id)))


@patch(
    "/api/matches/{match_id:uuid}/share/{link_id:uuid}",
    opt={
        **DECIDERS,
        "body": ShareEdit,
        "answer": ShareLink,
        "problems": ("not_found", "link_ended", "rejected"),
    },
)
async def edit_link(
    match_id: FromPath[UUID], link_id: FromPath[UUID], request: AnyRequest, caller: TheCaller, sharer: TheSharer
) -> Response[bytes]:
    """Change what a live link shows, or when it ends. Its viewers get a fresh view."""
    asked = await read_body(request, _edit, bytes_max=SMALL_BYTES_MAX)
    return json_answer(await sharer.edit(caller, str(match_id), str(link_id), asked))


@delete("/api/matches/{match_id:uuid}/share", status_code=204, opt={**DECIDERS})
async def revoke_links(match_id: FromPath[UUID], caller: TheCaller, sharer: TheSharer) -> Response[None]:
    """Revoke all links of a match, now."""
    await sharer.revoke(caller, str(match_id))
    return Response(None, status_code=204, headers=NO_STORE)


@delete(
    "/api/matches/{match_id:uuid}/share/{link_id:uuid}",
    status_code=204,
    opt={**DECIDERS, "problems": ("not_found",)},
)
async def revoke_link(
    match_id: FromPath[UUID], link_id: FromPath[UUID], caller: TheCaller, sharer: TheSharer
) -> Response[None]:
    """Revoke a link, now; once more changes nothing."""
    await sharer.revoke(caller, str(match_id), str(link_id))
    return Response(None, status_code=204, headers=NO_STORE)


@get("/api/sharing/rules", opt={**DECIDERS, "answer": ShareRules})
async def read_rules(caller: TheCaller, sharer: TheSharer) -> Response[bytes]:
    """Return what the club has turned on for links to its youngest teams' matches."""
    rules = await sharer.sharing.rules(caller.club_id)
    return json_answer(ShareRules(rules.young_scores, rules.young_shirt_numbers))


@put("/api/sharing/rules", opt={**OWNERS, "body": ShareRules, "answer": ShareRules})
async def put_rules(request: AnyRequest, caller: TheCaller, sharer: TheSharer) -> Response[bytes]:
    """Turn on or off what links to matches of U7 to U11 may show; the FA lets clubs collect and not publish results."""
    asked = await read_body(request, _rules, bytes_max=SMALL_BYTES_MAX)
    rules = ClubRules(asked.young_scores, asked.young_shirt_numbers)
    await sharer.sharing.set_rules(caller.club_id, rules, caller.user_id, sharer.now_ms())
    return json_answer(asked)


@get(
    "/api/shared/match",
    opt={
        **PUBLIC,
        "limit": "shared",
        "headers": (IF_NONE_MATCH,),
        "answer": SharedAnswer,
        "problems": ("link_ended",),
    },
)
async def read_shared(request: AnyRequest, sharer: TheSharer) -> Response[bytes]:
    """Return the match of a share link, whose secret is sent as `Authorization: Bearer tls_...`, never in the address.

    A running clock shows `now - zero_at`, where now is the server's: `X-Server-Time`. Ask again with `If-None-Match`.
    """
    secret = read_header(request.scope["headers"])
    opened = await sharer.open_by(secret)
    assert secret is not None, "nothing opens nothing"
    cursor = str(opened.feed.cursor)
    headers = {**VIEWER_HEADERS, "ETag": f'"{cursor}"', SERVER_TIME: str(sharer.now_ms())}
    if is_known(request.headers.get("if-none-match", ""), headers["ETag"]):
        return Response(b"", status_code=304, headers=headers)
    body = b'{"cursor":"%s","feed":"%s","match":%s}' % (cursor.encode(), secret.feed.encode(), opened.feed.snapshot)
    return Response(body, media_type=JSON, headers=headers)


ROUTES: Final = (
    make_link,
    list_links,
    edit_link,
    revoke_links,
    revoke_link,
    read_rules,
    put_rules,
    read_shared,
)
