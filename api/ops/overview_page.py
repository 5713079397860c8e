"""The operator's first page: is it well, what is to be done now, whose match is saved, and what the machine does."""

from typing import Final

from api import VERSION
from api.commands.telling import in_bytes, in_words
from api.ops.charts import chart, shown
from api.ops.html import Child, Element, h
from api.ops.looking import Looks, Picture
from api.ops.parts import a_second, ago, document, in_time, instant, many, prose, reload_links, section, table
from api.ops.ring import EVERY_S
from api.ops.verdict import by_need, level_of, verdict
from storage.checkups.findings import Finding, Level
from storage.observing import Seen
from storage.overview import ClubState
from storage.vitals import Vitals

WORDS: Final = {Level.OK: "well", Level.WARN: "this week", Level.BAD: "now"}
"""When something wants somebody: said in words, since colours are not for everybody."""


def overview_page(looks: Looks, picture: Picture, *, reloads: bool) -> bytes:
    """Return the page."""
    level, sentence = verdict(picture.findings)
    seen = picture.seen.value
    head = [
        h("p", "Operator", class_="word"),
        h("h1", sentence, data_level=level),
        h("p", _place(looks, picture), class_="place"),
        reload_links("/ops", reloads=reloads),
    ]
    body: list[Child] = [
        None if picture.seen.is_fresh else _stale(picture),
        _to_do(picture.findings),
        _clubs(seen, picture.now_ms),
        _charts(looks),
        _connections(looks),
        _database(seen),
        _jobs(looks, picture),
    ]
    return document("Operator", head, body, reloads=reloads)


def _place(looks: Looks, picture: Picture) -> str:
    workers = looks.settings.workers
    which = f"worker {looks.parts.worker} of {workers}, " if workers > 1 else ""
    up = in_words((picture.now_ms - looks.ring.began_ms) / 1_000)
    return f"Touchline {VERSION}, {which}up for {up}, told at {instant(picture.now_ms)}"


def _stale(picture: Picture) -> Element:
    if picture.seen.value is None:
        return h("p", "The database has not answered since this process began.", class_="stale", role="status")
    told = ["What is told of clubs and of the database was seen ", ago(picture.seen.at_ms, picture.now_ms), "."]
    return h("p", *told, class_="stale", role="status")


def _to_do(findings: list[Finding]) -> Element:
    order = [Level.BAD, Level.WARN]
    wanting = sorted((each for each in findings if each.level in order), key=lambda each: order.index(each.level))
    well = [each for each in findings if each.level is Level.OK]
    listed = h("ul", [_finding(each) for each in wanting], class_="findings")
    return section(
        "What do I do now?",
        listed if wanting else h("p", "Nothing."),
        h(
            "details",
            h("summary", f"{len(well)} looked at and well"),
            h("ul", [h("li", h("b", each.about), f": {each.says}") for each in well], class_="well"),
        ),
    )


def _finding(finding: Finding) -> Element:
    return h(
        "li",
        h("p", h("span", WORDS[finding.level], class_="when"), " ", h("b", finding.about), f": {finding.says}"),
        h("p", prose(finding.do), class_="do") if finding.do else None,
        data_level=finding.level,
    )


def _clubs(seen: Seen | None, now_ms: int) -> Element:
    clubs = [] if seen is None else by_need(seen.clubs, now_ms)
    heads = ("club", "members", "devices", "last push", "questions", "waiting", "quarantine", "log")
    found = table(
        heads,
        [_club(club, now_ms) for club in clubs],
        none="No clubs are known." if seen is None else "There are no clubs yet.",
        marked=[level_of(club, now_ms) is not Level.OK for club in clubs],
    )
    unread = 0 if seen is None else seen.unread
    return section(
        "Is the match saved?",
        found,
        h("p", f"{many(unread)} further clubs were not looked at this time.", class_="soft") if unread else None,
        lead="What is listed here is on the disk. What a phone has not sent yet only the phone knows: its app says how "
        "much waits. A club's page has its phones and its matches.",
    )


def _club(club: ClubState, now_ms: int) -> list[Child]:
    return [
        h("a", club.name or club.club_id, href=f"/ops/clubs/{club.club_id}"),
        many(club.members),
        many(club.devices),
        ago(club.last_push_ms, now_ms),
        many(club.open_conflicts),
        many(club.parked),
        many(club.quarantined),
        many(club.version),
    ]


def _charts(looks: Looks) -> Element:
    samples = [*looks.ring.samples]
    span = in_words(shown(samples) * EVERY_S)
    return section(
        "How fast?",
        h(
            "div",
            chart("Requests", samples, lambda each: each.requests_s, say=a_second),
            chart(
                "Answers, half and 99 of 100 within",
                samples,
                lambda each: each.median_s,
                lambda each: each.slowest_s,
                say=in_time,
            ),
            chart("Pushes", samples, lambda each: each.pushes_s, say=a_second),
            chart("Commits", samples, lambda each: each.commits_s, say=a_second),
            chart("To all readers, 99 of 100 within", samples, lambda each: each.lag_s, say=in_time),
            chart("Sockets", samples, lambda each: float(each.sockets), say=lambda number: f"{number:.0f}"),
            class_="charts",
        ),
        lead=f"The last {span} of this process, by samples of {EVERY_S:.0f} s. A restart begins it anew.",
    )


def _connections(looks: Looks) -> Element:
    live = looks.parts.live.statistics().sockets
    kinds = {"club logs": "club", "matches, with names": "match", "matches, shared": "share"}
    rows: list[list[Child]] = [[name, many(live.by_kind.get(kind, 0))] for name, kind in kinds.items()]
    rows.append(["not signed in yet", many(live.unknown)])
    rows.append(["bytes that wait", in_bytes(live.queued_bytes)])
    pools: list[list[Child]] = [
        [name, many(pool.get_size() - pool.get_idle_size()), many(pool.get_idle_size()), many(pool.get_max_size())]
        for name, pool in looks.parts.pools.by_name.items()
    ]
    return section(
        "Who is connected?",
        h(
            "div",
            h("div", h("h3", "Live readers"), table(("what they read", "open"), rows, none="")),
            h(
                "div",
                h("h3", "Connections to the database"),
                table(("pool", "in use", "idle", "at the most"), pools, none=""),
            ),
            class_="pair",
        ),
        lead="Of this process.",
    )


def _database(seen: Seen | None) -> Element:
    if seen is None:
        return section("The database", h("p", "Not known.", class_="soft"))
    vitals = seen.vitals
    statements: list[list[Child]] = [
        [h("code", each.shape), in_time(each.ms / 1_000), many(each.calls)] for each in vitals.statements
    ]
    tables: list[list[Child]] = [
        [each.name, in_bytes(each.bytes), many(each.rows), many(each.dead)] for each in vitals.tables
    ]
    heading = "Statements that took most" if vitals.source == "statements" else "Statements that run now"
    return section(
        "The database",
        h("h3", heading),
        table(("statement, without its values", "takes", "calls"), statements, none="None runs longer than this look."),
        h("h3", "The largest tables"),
        table(("table", "size", "rows", "dead rows"), tables, none="There are none."),
        lead=_sizes(vitals),
    )


def _sizes(vitals: Vitals) -> str:
    return (
        f"{in_bytes(vitals.bytes)}, {vitals.connections} of {vitals.connections_max} connections. {vitals.waiting} "
        f"wait for a lock. The oldest open transaction is {in_time(vitals.transaction_s)} old."
    )


def _jobs(looks: Looks, picture: Picture) -> Element:
    seen = picture.seen.value
    done = looks.parts.upkeep.statistics()
    erasures = None if seen is None else sum(club.erasures for club in seen.clubs)
    rows: list[list[Child]] = [
        ["upkeep last succeeded", "not known" if seen is None else ago(seen.upkeep_ms, picture.now_ms)],
        ["runs of this process, failed ones", f"{many(done.done)}, {many(done.failed)}"],
        ["erasures that are not finished", "not known" if erasures is None else many(erasures)],
    ]
    return section(
        "What runs by itself",
        table(("what", "how it is"), rows, none=""),
        lead="Upkeep, each hour, compacts old logs and takes away what is past its time. Backups are told of above.",
    )
