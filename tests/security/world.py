"""Two clubs that hold everything a club can hold, every text of it marked; and everybody who may knock at their doors.

The records are made of the catalogue: a collection or a field that is added is filled and marked without an edit here.
"""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from msgspec import Struct

from football.collections import CATALOGUE
from football.ids import pause_id, period_id
from sync.collections import Collection, Field, Type
from tests.api.people import PASSWORD, START_MS
from tests.security.wire import Answer, Json, Wire

MARKS = ("zqred", "zqblue")
"""What is in every text of the first and of the second club. Short: a position has ten characters."""

INSTANTS = {"ended_at": "2026-09-20T10:40:00.000Z", "started_at": "2026-09-20T10:00:00.000Z"}
KICK_OFF = "2026-09-20T10:00:00.000Z"
LEFT_OUT = frozenset({"called_off", "finished_at", "do_not_share"})
"""What would end the match, or take a player out of what is shared."""

MEMBERS = ("owner", "coach", "scorer", "viewer")
STRANGERS = (
    "nobody",
    "garbage",
    "signed_out",
    "share_secret",
    "refresh_token",
    "invitation_secret",
    "scorer_secret",
    "scorer_code",
    "session_id",
)
"""Who shows nothing, or something that is no access token: 401 everywhere."""
LINKS = ("link_here", "link_elsewhere")
REMOVED = "removed"
WHO = (*MEMBERS, *STRANGERS, *LINKS, REMOVED)


class Club(Struct):
    """One club."""

    mark: str
    wire: Wire
    club_id: str = ""
    ids: dict[str, str] = {}
    """What there is -> its id: each collection's name, `match_elsewhere`, `users`, `sessions` and so on."""
    tokens: dict[str, str | None] = {}
    """Who -> what they show as a bearer token."""
    said: dict[str, dict[str, Any]] = {}
    """Who -> the answer that signed them in."""
    secrets: dict[str, str] = {}
    """Each secret that opens something, by its kind."""

    async def ask(self, who: str, method: str, path: str, value: object = None) -> Answer:
        """Ask as somebody."""
        token = self.tokens[who]
        if value is None:
            return await self.wire.ask(method, path, token=token)
        return await self.wire.json(method, path, value, token=token)

    async def get_on(self, who: str, method: str, path: str, value: object = None) -> Json:
        """Ask for what must go well, and return the answer."""
        answer = await self.ask(who, method, path, value)
        assert answer.status < 300, (who, method, path, answer)
        return answer.json() if answer.body else None

    @property
    def canaries(self) -> tuple[bytes, ...]:
        """Return what no other club may ever be told."""
        return tuple(each.encode() for each in (self.mark, self.club_id, *self.ids.values(), *self.secrets.values()))


async def found_club(wire: Wire, mark: str) -> Club:
    """Found a club with everything in it."""
    club = Club(mark=mark, wire=wire)
    club.tokens.update({"nobody": None, "garbage": "not.a.token"})
    sign_up = {**_credentials(club, "owner"), "display_name": f"{mark} owner", "club_name": f"{mark} club"}
    _keep(club, "owner", await wire.json("POST", "/api/auth/register", sign_up))
    club.club_id = club.said["owner"]["club_id"]
    for who in ("coach", "scorer", "viewer", REMOVED):
        await _join(club, who, "viewer" if who == REMOVED else who)
    await _fill(club)
    await _hand_out(club)
    club.ids["members"] = club.said["viewer"]["user_id"]
    await _say_good_bye(club)
    return club


def _credentials(club: Club, who: str) -> dict[str, str]:
    return {"email": f"{who}.{club.mark}@club.example", "password": PASSWORD, "device_id": str(uuid4())}


def _keep(club: Club, who: str, answer: Answer) -> None:
    assert answer.status in {200, 201}, answer
    club.said[who] = answer.json()
    club.tokens[who] = club.said[who]["access_token"]


async def _join(club: Club, who: str, role: str) -> None:
    made = await club.get_on("owner", "POST", "/api/club/invitations", {"role": role})
    invited = {**_credentials(club, who), "display_name": f"{club.mark} {who}", "invitation": made["secret"]}
    _keep(club, who, await club.wire.json("POST", "/api/auth/register", invited))


async def _fill(club: Club) -> None:
    """Push a record of each collection with all its fields, a second match, and a conflict."""
    for name in CATALOGUE.collections:
        club.ids[name] = str(uuid4())
    club.ids["match_elsewhere"] = str(uuid4())
    club.ids["match_periods"] = period_id(club.ids["matches"], "regular", 1)
    club.ids["match_pauses"] = pause_id(club.ids["match_periods"], 1)
    puts = [(name, club.ids[name], _fields(club, each)) for name, each in CATALOGUE.collections.items()]
    puts.append(("matches", club.ids["match_elsewhere"], {"kickoff_ts": KICK_OFF, "venue": f"{club.mark} away"}))
    await push(club, "owner", *puts)
    await push(club, "coach", ("teams", club.ids["teams"], {"name": f"{club.mark} other name"}))
    conflicts = (await club.get_on("owner", "GET", "/api/sync/conflicts"))["conflicts"]
    club.ids["conflicts"] = conflicts[0]["id"]


async def push(club: Club, who: str, *puts: tuple[str, str, Mapping[str, Any]]) -> None:
    """Push puts that nobody refuses."""
    mutations = [
        {"n": n, "wall": START_MS, "collection": name, "record": record, "op": "put", "fields": fields}
        for n, (name, record, fields) in enumerate(puts, 1)
    ]
    body = {"device_id": club.said[who]["device_id"], "sent_at": START_MS, "mutations": mutations}
    answer = await club.get_on(who, "POST", "/api/sync/push", body)
    assert all(each["verdict"] == "merged" for each in answer["others"]), answer["others"]


def _fields(club: Club, collection: Collection) -> dict[str, Any]:
    found = {name: _value(club, name, spec) for name, spec in collection.fields.items() if name not in LEFT_OUT}
    if collection.name == "match_pauses":
        found |= {"started_at": "2026-09-20T10:10:00.000Z", "ended_at": "2026-09-20T10:12:00.000Z"}
    return found


def _value(club: Club, name: str, spec: Field) -> Any:  # noqa: ANN401, PLR0911 - one return for each type
    if spec.reference is not None:
        return club.ids[spec.reference.collection]
    if spec.choices:
        return spec.default or spec.choices[0]
    match spec.type:
        case Type.TEXT if spec.pattern is None:
            return f"{club.mark} {name}"[: spec.length_max]
        case Type.TEXT:
            return "#aabbcc" if spec.length_max == len("#aabbcc") else f"https://{club.mark}.example/"
        case Type.INTEGER | Type.NUMBER:
            return max(1, int(spec.minimum or 0))
        case Type.BOOLEAN:
            return bool(spec.default)
        case Type.INSTANT:
            return INSTANTS.get(name, KICK_OFF)
        case Type.DATE:
            return "2015-05-05"
        case _:
            return str(uuid4())


async def _hand_out(club: Club) -> None:
    """Make every kind of link, and sign in by those that somebody signs in by."""
    invitation = await club.get_on("owner", "POST", "/api/club/invitations", {"role": "owner"})
    listed = await club.get_on("owner", "GET", "/api/club/invitations")
    club.ids["invitations"] = next(each["invitation_id"] for each in listed["invitations"] if each["role"] == "owner")
    shared = await club.get_on("owner", "POST", f"/api/matches/{club.ids['matches']}/share", {"venue": True})
    club.ids["share"] = shared["link"]["link_id"] if "link" in shared and isinstance(shared["link"], dict) else ""
    for who, match in (("link_here", "matches"), ("link_elsewhere", "match_elsewhere")):
        made = await club.get_on("owner", "POST", f"/api/matches/{club.ids[match]}/scorers", {})
        asked = {"device_id": str(uuid4()), "name": f"{club.mark} {who}", "secret": made["secret"]}
        _keep(club, who, await club.wire.json("POST", "/api/auth/scorer", asked))
        club.ids.setdefault("scorers", made["scorer"]["scorer_id"])
        if who == "link_here":
            club.secrets |= {"scorer_secret": made["secret"], "scorer_code": made["code"]}
    club.secrets |= {
        "share_secret": shared["secret"],
        "invitation_secret": invitation["secret"],
        "refresh_token": club.said["owner"]["refresh_token"],
    }
    club.tokens.update(club.secrets)
    club.tokens |= {"share": shared["secret"]}
    opened = await club.get_on("share", "GET", "/api/shared/match")
    club.secrets["feed"] = club.ids["feeds"] = opened["feed"]


async def _say_good_bye(club: Club) -> None:
    """Sign a device out, keep another for later, and remove a member."""
    for who in ("signed_out", "elsewhere"):
        asked = {**_credentials(club, "owner"), "device_id": str(uuid4())}
        _keep(club, who, await club.wire.json("POST", "/api/auth/login", asked))
    assert (await club.ask("signed_out", "POST", "/api/auth/logout")).status == 204
    sessions = (await club.get_on("owner", "GET", "/api/auth/sessions"))["sessions"]
    club.ids["sessions"] = next(each["session_id"] for each in sessions if not each.get("is_current", False))
    club.tokens["session_id"] = club.ids["sessions"]
    user_id = club.said[REMOVED]["user_id"]
    assert (await club.ask("owner", "DELETE", f"/api/club/members/{user_id}")).status == 204


WORDS = {
    "notes": "match_notes",
    "match-awards": "match_awards",
    "participants": "event_participants",
    "stats": "players",
}
"""Words of addresses that are not the names of what they are about."""
NUMBERS = frozenset({"periods", "pauses"})
"""Words behind which a count stands and no id."""
ABSENT = str(UUID(int=0xABCD << 100 | 0x4000_8000_0000_0000_0000))
"""An id that nobody has."""


def id_at(club: Club, word: str) -> str:
    """Return what stands behind a word in an address."""
    if word in NUMBERS:
        return "1"
    found = club.ids.get(WORDS.get(word, word))
    assert found is not None, f"say in world.py what the club has at `{word}`"
    return found


def as_json(value: object) -> bytes:
    """Return a value as a client sends it."""
    return json.dumps(value).encode()
