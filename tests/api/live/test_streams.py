"""`GET /api/sync/tail`: the club's log as an event stream, for networks that break sockets."""

from tests.api.edge.test_answers import is_guarded
from tests.api.identity.crowd import score_by
from tests.api.live.nodes import Following, Node
from tests.api.people import Clock, Person, sign_in
from tests.waiting import until

PATH = "/api/sync/tail"


def follow(node: Node, person: Person, query: str = "", last: str | None = None) -> Following:
    """Follow the club's log as a person."""
    headers = {"authorization": f"Bearer {person.tokens['access_token']}"}
    return node.follow(PATH + query, headers if last is None else {**headers, "last-event-id": last})


async def test_a_stream_tells_what_the_socket_tells(node: Node, coach: Person) -> None:
    """U9: the same frames, each under the cursor it leads to; `Last-Event-ID` and `since` go on from one."""
    await coach.make_match()
    async with follow(node, coach) as (answer, events), node.tail(coach) as tailing:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        assert is_guarded(answer)
        await until(lambda: len(events) == 2)
        await tailing.reached(1)
        await coach.make_match()
        await tailing.reached(2)
        await until(lambda: len(events) == 3)
        assert [message for _, message in events] == tailing.frames
        assert [identity for identity, _ in events] == [None, *(each["timestamp"] for each in tailing.frames[1:])]
        first = str(events[1][0])
    for query, last in ((f"?since={first}", None), ("", first), ("?since=0.0000000000000000", first)):
        async with follow(node, coach, query, last) as (_, again):
            await until(lambda: len(again) == 2)
            assert [each["version"] for each in again[1][1]["changes"]] == [2]
    await until(lambda: node.services.live.sockets.statistics().open == 0)


async def test_a_stream_ends_with_its_session_and_its_token(node: Node, coach: Person, clock: Clock) -> None:
    """U26: signing out and a token that runs out end it with the code that the socket would have."""
    helper = await sign_in(coach.client, "coach@club.example")
    async with follow(node, helper) as (_, left), follow(node, coach) as (_, stays):
        await until(lambda: left and stays)
        assert (await helper.ask("POST", "/api/auth/logout")).status_code == 204
        await until(lambda: left[-1][1]["type"] == "ended")
        assert left[-1][1]["code"] == "unauthorised"
        clock.turn(s=901)
        await until(lambda: stays[-1][1]["type"] == "ended")
        assert stays[-1][1]["code"] == "unauthorised"


async def test_a_cursor_of_another_log_ends_a_stream(node: Node, coach: Person) -> None:
    """It is told in the stream's one event, and the pull after it says what to do."""
    await coach.make_match()
    async with follow(node, coach, "?since=1.0123456789abcdef") as (_, events):
        await until(lambda: events)
        assert (events[0][1]["type"], events[0][1]["code"]) == ("ended", "log_diverged")


async def test_a_stream_is_for_members(node: Node, coach: Person) -> None:
    """Nobody, and who scores one match by a link, are refused; an odd cursor is a 400."""
    made = await coach.ask("POST", f"/api/matches/{await coach.make_match()}/scorers", json={})
    async with node.client() as client:
        scorer = (await score_by(client, secret=made.json()["secret"])).json()["access_token"]
        assert (await client.get(PATH)).status_code == 401
        assert (await client.get(PATH, headers={"authorization": f"Bearer {scorer}"})).status_code == 403
    assert (await coach.ask("GET", f"{PATH}?since=x")).status_code == 400
