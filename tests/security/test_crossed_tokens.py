"""Each kind of secret in each wrong place: it opens nothing there, over HTTP and on the sockets."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from api.app import Services
from api.settings import Settings
from tests.api.live.nodes import listening
from tests.api.people import some_id
from tests.security.conftest import Site
from tests.security.world import Club

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(120)]

KINDS = (
    "access",
    "link_access",
    "refresh_token",
    "invitation_secret",
    "scorer_secret",
    "scorer_code",
    "share_secret",
    "feed",
    "session_id",
)

Place = Callable[[str], tuple[str, str, dict[str, str], Any]]


def _shown(method: str, path: str) -> Place:
    return lambda text: (method, path, {"authorization": f"Bearer {text}"}, None)


def _said(path: str, member: str, **more: str) -> Place:
    return lambda text: ("POST", path, {}, {"device_id": some_id(), member: text, **more})


PLACES: dict[str, tuple[str, Place]] = {
    "a member's route": ("access", _shown("GET", "/api/club/members")),
    "a route of a match": ("access", _shown("GET", "/api/positions")),
    "a push": ("access", _shown("POST", "/api/sync/push")),
    "a share link's route": ("share_secret", _shown("GET", "/api/shared/match")),
    "a feed's address": ("feed", lambda text: ("GET", f"/api/shared/feeds/{text}", {}, None)),
    "refresh": ("refresh_token", lambda text: ("POST", "/api/auth/refresh", {}, {"refresh_token": text})),
    "a scorer's secret": ("scorer_secret", _said("/api/auth/scorer", "secret", name="Sam")),
    "a scorer's code": ("scorer_code", _said("/api/auth/scorer", "code", name="Sam")),
    "an invitation": (
        "invitation_secret",
        _said("/api/auth/register", "invitation", email="x@y.example", password="a good enough one", display_name="X"),
    ),
}
"""Where a secret is taken, with the kind that is right there."""
ALSO = {("a route of a match", "link_access"), ("a push", "link_access")}
"""What is right there besides."""


def secrets_of(club: Club) -> dict[str, str]:
    """Return one secret of each kind."""
    return {
        **club.secrets,
        "access": club.said["scorer"]["access_token"],
        "link_access": club.said["link_here"]["access_token"],
        "session_id": club.ids["sessions"],
    }


def spellings(text: str) -> Iterator[str]:
    """Yield a secret, and what is nearly it: cut, longer, of another case, with a prefix of another kind."""
    yield text
    bare = text.partition("_")[2] or text
    for prefix in ("tlr_", "tli_", "tlm_", "tls_"):
        if prefix + bare != text:
            yield prefix + bare


async def test_each_kind_in_each_wrong_place(site: Site) -> None:
    """4xx for all, whatever prefix it is given; and the right one is taken, so that the places are real."""
    wrong: list[str] = []
    count = 0
    found = secrets_of(site.red)
    assert set(KINDS) == set(found)
    for name, (right, place) in PLACES.items():
        for kind, secret in found.items():
            for text in spellings(secret):
                is_right = (kind == right or (name, kind) in ALSO) and text == secret
                method, path, headers, body = place(text)
                sent = [(key.encode(), value.encode()) for key, value in headers.items()]
                if body is not None:
                    sent.append((b"content-type", b"application/json"))
                content = None if body is None else json.dumps(body).encode()
                answer = await site.wire.ask(method, path, headers=sent, body=content)
                count += 1
                is_taken = answer.status < 300 or (name == "a push" and answer.status == 415)
                if is_right != is_taken or answer.status >= 500:
                    wrong.append(f"{kind} as {text[:4]}... at {name}: {answer.status} {answer.code}")
                if text.encode() in answer.body and answer.status >= 400:
                    wrong.append(f"{kind} at {name}: is repeated")
                await site.behind.put_back()
    assert wrong == []
    assert count >= 300


SOCKETS = {
    "/ws/sync": {"access"},
    "/ws/shared/match": {"share_secret"},
    "/ws/match/{match}/share": {"share_secret"},
}
"""Each socket, and the kinds that open it."""


async def test_each_kind_on_each_socket(site: Site, settings: Settings, services: Services) -> None:
    """A socket opened with another kind of secret is closed with 44xx before it says anything of a club."""
    wrong: list[str] = []
    async with listening(settings, services) as node:
        for path, right in SOCKETS.items():
            for kind, secret in secrets_of(site.red).items():
                where = path.format(match=site.red.ids["matches"])
                async with node.dial(where) as socket:
                    await socket.send(json.dumps({"token": secret}))
                    try:
                        first = json.loads(await socket.recv())
                    except ConnectionClosed:
                        first = {"type": "closed", "code": socket.close_code}
                is_open = first["type"] not in {"closed", "ended"}
                if is_open != (kind in right):
                    wrong.append(f"{kind} at {path}: {first}")
    assert wrong == []
