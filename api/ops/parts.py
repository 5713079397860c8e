"""What both pages are made of: the frame with its policy, tables that fold on a phone, and words for numbers."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from api.commands.telling import in_words
from api.ops.html import Child, Element, h, page

POLICY: Final = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""Nothing runs here, nothing is sent from here, and nothing but our own style is loaded."""
HEADERS: Final = {"Cache-Control": "no-store", "Content-Security-Policy": POLICY, "X-Frame-Options": "DENY"}
STYLE: Final = "/ops/style.css"
RELOADS_S: Final = 30


def document(title: str, head: Sequence[Child], body: Sequence[Child], *, reloads: bool = False) -> bytes:
    """Return a page: its head on the grass, its sections on paper."""
    return page(
        h(
            "head",
            h("meta", charset="utf-8"),
            h("meta", name="viewport", content="width=device-width, initial-scale=1"),
            h("meta", name="robots", content="noindex, nofollow"),
            h("meta", http_equiv="refresh", content=RELOADS_S) if reloads else None,
            h("title", f"{title} · Touchline"),
            h("link", rel="stylesheet", href=STYLE),
        ),
        h(
            "body",
            h("header", h("div", *head)),
            h("main", *body),
        ),
    )


def reload_links(where: str, *, reloads: bool) -> Element:
    """Return how to look again: by hand, or every half minute for whoever wants that."""
    always = f"{where}?every={RELOADS_S}"
    other = h("a", "stop reloading", href=where) if reloads else h("a", f"every {RELOADS_S} s", href=always)
    return h("p", h("a", "Look again", href=always if reloads else where), " · ", other, class_="reload")


def section(name: str, *children: Child, lead: Child = None) -> Element:
    """Return a section under a heading."""
    return h("section", h("h2", name), None if lead is None else h("p", lead, class_="lead"), *children)


NARROW: Final = 4
"""Columns that a phone has room for."""


def table(heads: Sequence[str], rows: Sequence[Sequence[Child]], *, none: str, marked: Sequence[bool] = ()) -> Element:
    """Return a table whose first column names each row; of a wide one each row becomes a card on a phone.

    Its roles are said, since a browser takes them from a table that is laid out otherwise.
    """
    if not rows:
        return h("p", none, class_="soft")
    return h(
        "table",
        h("thead", h("tr", [h("th", head, scope="col", role="columnheader") for head in heads], role="row")),
        h(
            "tbody",
            [
                h(
                    "tr",
                    h("th", row[0], scope="row", role="rowheader"),
                    [
                        h("td", cell, data_label=head, role="cell")
                        for head, cell in zip(heads[1:], row[1:], strict=True)
                    ],
                    class_="marked" if marked and marked[place] else None,
                    role="row",
                )
                for place, row in enumerate(rows)
            ],
            role="rowgroup",
        ),
        role="table",
        class_="wide" if len(heads) > NARROW else None,
    )


def prose(text: str) -> list[Child]:
    """Return a sentence in which what stands between backticks is code."""
    return [h("code", part) if place % 2 else part for place, part in enumerate(text.split("`"))]


def short(identity: str) -> str:
    """Return enough of an id to tell it from its neighbours."""
    return identity[:8]


def ago(at_ms: int | None, now_ms: int) -> Element | str:
    """Return how long ago something was, with the instant itself for whoever points at it; `never` for None."""
    if at_ms is None:
        return "never"
    at = instant(at_ms)
    seconds = (now_ms - at_ms) / 1_000
    words = "just now" if abs(seconds) < 60 else f"{in_words(seconds)} ago" if seconds > 0 else "in the future"  # noqa: PLR2004 - a minute
    return h("time", words, datetime=at, title=at)


def instant(at_ms: int) -> str:
    """Return an instant as it is written, in UTC."""
    return datetime.fromtimestamp(at_ms / 1_000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def ms_of(at: datetime) -> int:
    """Return an instant in milliseconds since 1970."""
    return round(at.timestamp() * 1_000)


def in_time(seconds: float) -> str:
    """Return a short span as a person reads it."""
    if seconds >= 1:
        return f"{seconds:.1f} s"
    ms = seconds * 1_000
    return f"{ms:.0f} ms" if ms >= 10 else f"{ms:.1f} ms"  # noqa: PLR2004 - below, a digit more


def a_second(rate: float) -> str:
    """Return a rate."""
    return f"{rate:.0f}/s" if rate >= 10 else f"{rate:.1f}/s"  # noqa: PLR2004 - below, a digit more


def counted(number: int, noun: str) -> str:
    """Return a number with what it counts."""
    return f"{many(number)} {noun}{'' if number == 1 else 's'}"


def many(number: int) -> str:
    """Return a number that can be read."""
    return f"{number:,}"
