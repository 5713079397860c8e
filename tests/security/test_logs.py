"""What a real server writes while people use it and err: no password, token, secret, name or address is in it."""

import json
import shutil
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest

from api.observe import Line
from tests.api.people import START_MS, put, some_id
from tests.api.test_serve import Server
from tests.pg import open_folder

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(120)]

PASSWORD = "zqpass a long enough word"
NAME = "Zqchild Zqsurname"
BREAKS = 'zqbreak\r\n{"event":"forged"}\x1b[31m'

HOSTILE = ("zqbell\x07", "zqescape\x1b]0;zqtitle\x1b\\", "zqtab\tzq", "zq%0d%0aforged", '","event":"forged","zq":"')
"""What a terminal or a reader of lines could take for more than text, as far as a header may carry it."""


@pytest.fixture
def server() -> Iterator[Server]:
    """Give a server process of its own."""
    folder = open_folder()
    started = Server(folder / "data", RATE_FACTOR="100")
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.process.kill()
            started.process.communicate(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


def scenario(client: httpx.Client) -> list[str]:
    """Sign up, invite, push, share, score, err, and sign out; return all secrets that were shown on the way."""
    email = "zqaddress@club.example"
    asked = {"email": email, "password": PASSWORD, "display_name": NAME, "club_name": BREAKS, "device_id": some_id()}
    signed = client.post("/api/auth/register", json={**asked, "club_name": "zqclub"}).json()
    client.post("/api/auth/register", json=asked)
    client.post("/api/auth/login", json={"email": email, "password": PASSWORD + "x", "device_id": some_id()})
    client.headers["authorization"] = f"Bearer {signed['access_token']}"
    match, player = some_id(), some_id()
    made = [
        put("players", player, full_name=NAME, notes=BREAKS),
        put("matches", match, kickoff_ts="2026-09-20T10:00:00Z"),
    ]
    mutations = [{"n": n, "wall": START_MS, **each} for n, each in enumerate(made, 1)]
    body = {"device_id": signed["device_id"], "sent_at": START_MS, "mutations": mutations}
    assert client.post("/api/sync/push", json=body).status_code == 200
    invitation = client.post("/api/club/invitations", json={"role": "coach"}).json()["secret"]
    shared = client.post(f"/api/matches/{match}/share", json={}).json()["secret"]
    scorer = client.post(f"/api/matches/{match}/scorers", json={}).json()
    client.get("/api/shared/match", headers={"authorization": f"Bearer {shared}"})
    for where in ("secret", "code"):
        client.post("/api/auth/scorer", json={"device_id": some_id(), "name": NAME, where: scorer[where]})
    client.post("/api/auth/refresh", json={"refresh_token": signed["refresh_token"]})
    for path in (f"/api/teams/{NAME}", f"/api/matches?token={shared}", "/zqpath%0d%0aforged", f"/{invitation}"):
        client.get(path)
    hostile = [{"n": n, "wall": START_MS, **put("players", player, notes=each)} for n, each in enumerate(HOSTILE, 10)]
    hostile.append({"n": 99, "wall": START_MS, "op": BREAKS, "collection": BREAKS})
    client.post("/api/sync/push", json={**body, "mutations": hostile})
    for each in HOSTILE:
        client.get("/api/club", headers={"user-agent": f"Mozilla/5.0 {each}", "x-request-id": each, "host": "zqhost"})
        client.get("/api/matches", params={each: each})
        client.get(f"/m?s={quote(each)}")
        client.get("/ws/sync", params={"token": shared}, headers={"upgrade": "websocket", "connection": "upgrade"})
    client.post("/api/sync/push", content=b"{" + NAME.encode(), headers={"content-type": "application/json"})
    client.put(f"/api/players/{player}", json={"full_name": BREAKS, "zqunknown": PASSWORD})
    client.get("/api/club", headers={"user-agent": "zqagent\x1b[31m", "referer": f"http://x/#{shared}"})
    client.post("/api/auth/password", json={"old_password": PASSWORD, "new_password": "zqpass another good one"})
    client.post("/api/auth/logout")
    return [
        invitation,
        shared,
        scorer["secret"],
        scorer["code"],
        scorer["code"].replace("-", ""),
        signed["access_token"],
        signed["access_token"].rpartition(".")[2],
        signed["refresh_token"],
        email,
    ]


def test_the_log_of_a_whole_scenario(server: Server) -> None:
    """Every line is one JSON object of known members; no canary is in it, and no line is forged by what was sent."""
    address = server.await_address()
    with httpx.Client(base_url=address, timeout=20) as client:
        secrets = scenario(client)
    status, words = server.end()
    assert status == 0
    for secret in (*secrets, PASSWORD, NAME, "zq", "Zq", "forged", "\x1b", "\r"):
        assert secret not in words, secret
    lines = [json.loads(line) for line in words.splitlines()]
    assert len(lines) >= 20
    told = {name for line in lines if line["event"] == "request" for name in line}
    assert told <= set(Line.__struct_fields__)
    assert {line.get("agent") for line in lines if line["event"] == "request"} <= {"mobile", "desktop", "other", None}
    assert {line["mutations"] for line in lines if "mutations" in line} == {2, len(HOSTILE) + 1}
