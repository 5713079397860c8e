"""What the demo tells of its viewer, and how it proves the screen: it must equal the feed's view and the log's fold."""

import time
from typing import Any, Final

import httpx
import msgspec
from msgspec import Struct
from msgspec.structs import replace

from api.demo.telling import Teller
from api.demo.viewer import Viewer
from football.facts import View
from football.feed import SharedMatch, of_view, project
from football.policy import ClubRules, Options

SHOWN: Final = Options(score=True, shirt_numbers=True, venue=False)
"""What the coach's link asks to show."""


class SharedView(Struct, frozen=True):
    """What the plain route of a share link answers."""

    cursor: str
    match: SharedMatch


def read_view(client: httpx.Client, secret: str) -> SharedView:
    """Read the view of a share link, as a page does that is opened just now."""
    answer = client.get("/api/shared/match", headers={"authorization": f"Bearer {secret}"})
    answer.raise_for_status()
    return msgspec.json.decode(answer.content, type=SharedView)


def tell_screen(client: httpx.Client, viewer: Viewer, teller: Teller) -> None:
    """Tell what the screen shows, once it has come up to the feed."""
    if not viewer.comes_up_to(read_view(client, viewer.secret).cursor) or viewer.screen.match is None:
        teller.say(f"The viewer's screen does not come up to the feed. {viewer.failure or ''}")
        return
    screen, match = viewer.screen, viewer.screen.match
    score = "hidden" if match.score is None else f"{match.score.home}-{match.score.away}"
    begun = f"{screen.snapshots} snapshot{'s' if screen.snapshots != 1 else ''}"
    teller.say(
        f"The viewer sees {score} and {len(match.timeline)} events: {begun} and {screen.messages} messages so far, "
        f"through a line that was cut {viewer.cuts} times."
    )


def prove_screen(client: httpx.Client, viewer: Viewer, view: View, match_id: str) -> list[tuple[str, bool]]:
    """Compare the screen with the feed's view, and with the fold of a club's log as a device holds it."""
    feed = read_view(client, viewer.secret)
    is_there = viewer.comes_up_to(feed.cursor)
    viewer.end()
    screen = viewer.screen
    fold = project(of_view(view, match_id), SHOWN, ClubRules(), int(time.time() * 1_000), lambda record_id: record_id)
    score = None if screen.match is None else screen.match.score
    told = "nothing" if score is None else f"{score.home}-{score.away}"
    return [
        ("the viewer's screen and the feed", is_there and screen.match == feed.match),
        ("the viewer's timeline and the log's", screen.match is not None and _bare(screen.match) == _bare(fold)),
        (f"the viewer's score, {told}, and the real one", told == "2-2"),
        (f"each message followed the one before, through {viewer.cuts} cuts", viewer.cuts > 0 and not screen.misses),
    ]


def _bare(match: SharedMatch) -> dict[str, Any]:
    """Return a view without the ids that its feed made up, and so without the order that they make."""
    events = [msgspec.to_builtins(replace(each, event_id="")) for each in match.timeline]
    return {**msgspec.to_builtins(match), "timeline": sorted(events, key=msgspec.json.encode)}
