"""The reception: what all keepers of this package work with, and the tokens that they hand out.

A session is opened by what lets somebody in: a password, another session of theirs, or a scorer's link.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from msgspec import Meta, Struct

from api.errors import AccessEnded, InvitationEnded, NotFound, Rejected, Unauthorised, WrongPassword
from api.identity.access import Caller
from api.identity.keys import KeyRing
from api.identity.passwords import LENGTH_MAX, LENGTH_MIN, Passwords
from api.identity.slowdown import SlowDown
from api.identity.tokens import (
    ACCESS_S,
    DAY_S,
    REFRESH_DAYS,
    Claims,
    RefreshToken,
    branch_of,
    fork_of,
    is_made_here,
    make_refresh,
    read_refresh,
    sign,
)
from api.requests import Text
from api.resources.writing import is_server_device
from storage.accounts import Account
from storage.people import People
from storage.scorers import ScorerLink
from storage.sessions import Session
from sync.errors import MalformedRequest

BODY_BYTES_MAX: Final = 8 * 1024
"""Bytes of any body here: a few short texts."""
FORKS_MAX: Final = 8
"""Clones of one refresh token that are each given a session of their own."""

Email = Annotated[str, Meta(pattern=r"^[^\s@\x00]{1,64}@[^\s@\x00]{1,188}$", max_length=254)]
Password = Annotated[Text, Meta(min_length=LENGTH_MIN, max_length=LENGTH_MAX)]
AnyPassword = Annotated[Text, Meta(max_length=LENGTH_MAX)]
Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^\s*[^\s\x00][^\x00]*$")]
SecretText = Annotated[str, Meta(max_length=4_000)]


class Tokens(Struct, frozen=True):
    """What a device keeps to be let in."""

    access_token: str
    expires_in: int
    """Seconds the access token is good for."""
    refresh_token: str
    refresh_expires_in: int
    """Seconds the refresh token lives if it is not used; each use begins anew."""
    user_id: str
    """The author of what is written: the user, or the scorer's link."""
    club_id: str
    device_id: str
    role: str
    scope: str
    """`club` for a member; `match` for a scorer by link."""
    match_id: str | None
    """The one match that a scorer's link is for."""


class Holder(Struct, frozen=True):
    """Who gets tokens, for which club, on which device."""

    club_id: str
    device_id: str
    role: str
    user_id: str | None = None
    scorer_id: str | None = None
    match_id: str | None = None
    until: datetime | None = None
    """When a link ends; None where a session lives as long as it is used."""


class Reception:
    """Everything that the keepers share, with the clock and the dice handed in."""

    def __init__(
        self,
        people: People,
        ring: KeyRing,
        slowdown: SlowDown,
        *,
        clock: Callable[[], int],
        dice: Callable[[int], bytes],
        make_id: Callable[[], str],
    ) -> None:
        """Keep people in `people`; the clock gives milliseconds since 1970."""
        self.people = people
        self.passwords = Passwords()
        self.ring = ring
        self.slowdown = slowdown
        self.clock = clock
        self.dice = dice
        self.make_id = make_id

    def now(self) -> datetime:
        """Return the time."""
        return datetime.fromtimestamp(self.clock() / 1_000, UTC)

    async def open_by_password(self, account: Account, club_id: str, role: str, device_id: str) -> Tokens:
        """Sign somebody in whose password was right. Raises WrongPassword where it was changed since."""
        holder = Holder(club_id, device_id, role, user_id=account.user_id)
        token = self._first(self.make_id())
        session = self._session(holder, token)
        if not await self.people.sessions.open_by_password(session, account.password_hash, self.now()):
            raise WrongPassword
        return self._tokens(holder, token)

    async def open_beside(self, caller: Caller, club_id: str, role: str, device_id: str) -> Tokens:
        """Sign somebody in who is signed in, to another club or on another device."""
        holder = Holder(club_id, device_id, role, user_id=caller.user_id)
        token = self._first(self.make_id())
        await self.people.sessions.open_beside(self._session(holder, token), caller.session_id, self.now())
        return self._tokens(holder, token)

    async def open_by_link(self, link: ScorerLink, device_id: str, name: str) -> Tokens:
        """Let somebody score by link. Raises InvitationEnded where it was revoked since."""
        holder = Holder(
            link.club_id,
            device_id,
            "scorer",
            scorer_id=link.scorer_id,
            match_id=link.match_id,
            until=link.expires_at,
        )
        token = self._first(self.make_id())
        if not await self.people.sessions.open_by_link(self._session(holder, token), name, self.now()):
            raise InvitationEnded
        return self._tokens(holder, token)

    async def refresh(self, text: str, device_id: str | None) -> Tokens:
        """Give the next tokens for a refresh token. Raises Unauthorised, or AccessEnded with the time.

        A retry brings the same ones again; an older token is a clone's, which gets a session of its own.
        """
        shown = read_refresh(text)
        session = await self.people.sessions.find(shown.session_id)
        standing = await self.people.standings.of(shown.session_id)
        if session is None or standing is None or not self._stands(session, shown):
            raise Unauthorised
        if standing.has_stopped(self.clock()):
            raise AccessEnded(standing.stops_ms)
        until = None if standing.stops_ms is None else datetime.fromtimestamp(standing.stops_ms / 1_000, UTC)
        holder = Holder(
            session.club_id,
            device_id or session.device_id,
            standing.role,
            user_id=session.user_id,
            scorer_id=session.scorer_id,
            match_id=standing.match_id,
            until=until,
        )
        return self._tokens(holder, await self._follow(session, shown, holder))

    async def _follow(self, session: Session, shown: RefreshToken, holder: Holder) -> RefreshToken:
        """Return the token after the one shown, in its session or, for a clone, in a branch of that.

        Where each branch is, follows from the token: a retry finds the branch that was opened for it.
        """
        place, generation, hashed = session.session_id, shown.generation, shown.hash
        if holder.device_id != session.device_id:
            place, generation = branch_of(place, holder.device_id), 0
        for _ in range(FORKS_MAX):
            fresh = make_refresh(place, generation + 1, self.ring, now_s=self._now_s())
            if place != session.session_id:
                opened = self._session(holder, fresh, forked_from=session.session_id)
                await self.people.sessions.open_beside(opened, session.session_id, self.now())
            if await self.people.sessions.rotate(
                place,
                generation=generation,
                shown=hashed,
                fresh=fresh.hash,
                until=self._until(holder),
                now=self.now(),
            ):
                return fresh
            found = await self.people.sessions.find(place)
            if found is None or found.is_ended:
                break
            place, generation = fork_of(place, generation), 0
        raise Unauthorised

    def _stands(self, session: Session, shown: RefreshToken) -> bool:
        """Tell whether a token is this session's, and neither is over; an old token is as old as its own day."""
        is_newest = shown.generation >= session.generation - 1
        is_young = (shown.day + 1 + REFRESH_DAYS) * DAY_S > self._now_s()
        is_alive = not session.is_ended and session.expires_at > self.now() and (is_newest or is_young)
        is_kept = shown.hash in {session.refresh_hash, session.previous_hash}
        return is_alive and (is_kept or is_made_here(shown, self.ring))

    def _first(self, session_id: str) -> RefreshToken:
        return make_refresh(session_id, 1, self.ring, now_s=self._now_s())

    def _session(self, holder: Holder, token: RefreshToken, *, forked_from: str | None = None) -> Session:
        return Session(
            session_id=token.session_id,
            club_id=holder.club_id,
            device_id=holder.device_id,
            refresh_hash=token.hash,
            expires_at=self._until(holder),
            user_id=holder.user_id,
            scorer_id=holder.scorer_id,
            forked_from=forked_from,
        )

    def _tokens(self, holder: Holder, token: RefreshToken) -> Tokens:
        author = holder.user_id or holder.scorer_id
        assert author is not None, "somebody holds a session"
        now_s = self._now_s()
        claims = Claims(
            sub=author,
            club=holder.club_id,
            device=holder.device_id,
            sid=token.session_id,
            role=holder.role,
            exp=now_s + ACCESS_S,
            iat=now_s,
            scope="club" if holder.match_id is None else "match",
            match=holder.match_id,
        )
        return Tokens(
            access_token=sign(claims, self.ring),
            expires_in=ACCESS_S,
            refresh_token=str(token),
            refresh_expires_in=int((self._until(holder) - self.now()).total_seconds()),
            user_id=author,
            club_id=holder.club_id,
            device_id=holder.device_id,
            role=holder.role,
            scope=claims.scope,
            match_id=holder.match_id,
        )

    def _until(self, holder: Holder) -> datetime:
        until = self.now() + timedelta(days=REFRESH_DAYS)
        return until if holder.until is None else min(until, holder.until)

    def _now_s(self) -> int:
        return self.clock() // 1_000


def check_device(device_id: str) -> None:
    """Return for a device id that a client may have. Raises MalformedRequest."""
    if is_server_device(device_id):
        raise MalformedRequest(path="$.device_id", problem="is of the kind that the server makes; take a random UUID")


def ms_of(moment: datetime) -> int:
    """Return a moment as the wire tells it: milliseconds since 1970."""
    return round(moment.timestamp() * 1_000)


def no_such(what: str) -> NotFound:
    """Return the answer for what is not there, or is another club's."""
    return NotFound(f"There is no such {what} in this club.")


def too_many_clubs() -> Rejected:
    """Return the answer to somebody who belongs to as many clubs as anybody may."""
    return Rejected(code="too_many_clubs", sentence="You belong to as many clubs as anybody may. Leave one first.")
