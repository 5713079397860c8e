"""Small charts, drawn on the server as SVG: one line each, from nought to the most that there was."""

from collections.abc import Callable, Sequence
from typing import Final

from api.ops.html import Element, h
from api.ops.ring import SAMPLES_MAX, Sample

WIDTH: Final = 300
HEIGHT: Final = 64
PAD: Final = 2
"""So that a line at the edge is drawn whole."""

SHOWN_MIN: Final = 60
"""Samples that a chart has room for at the least: ten minutes."""

Value = Callable[[Sample], float | None]


def shown(samples: Sequence[Sample]) -> int:
    """Return how many samples a chart of these has room for."""
    return min(max(len(samples), SHOWN_MIN), SAMPLES_MAX)


def chart(name: str, samples: Sequence[Sample], *lines: Value, say: Callable[[float], str]) -> Element:
    """Return a chart of at most an hour with what it shows last in words; each line is what `lines` reads of a sample.

    The first line is drawn strongest. A line has gaps where there is no value.
    """
    series = [[line(sample) for sample in samples] for line in lines]
    values = [value for each in series for value in each if value is not None]
    most = max(values, default=0.0)
    now = [next((value for value in reversed(each) if value is not None), None) for each in series]
    words = " and ".join("none yet" if value is None else say(value) for value in now)
    drawn = [
        h("path", d=_path(each, most, shown(samples)), class_=f"line line-{place}", fill="none")
        for place, each in enumerate(series)
    ]
    return h(
        "figure",
        h("figcaption", h("span", name), " ", h("b", words)),
        h(
            "svg",
            h("title", f"{name}: {words}; at the most {say(most)}"),
            h("path", d=f"M0 {HEIGHT - 1}H{WIDTH}", class_="ground", fill="none"),
            drawn,
            viewBox=f"0 0 {WIDTH} {HEIGHT}",
            preserveAspectRatio="none",
            role="img",
        ),
        h("p", f"at the most {say(most)}", class_="soft") if values else h("p", "nothing yet", class_="soft"),
        class_="chart",
    )


def _path(values: Sequence[float | None], most: float, room: int) -> str:
    """Return the line of some values: the newest at the right edge; a lone one is a short stroke."""
    step = WIDTH / (room - 1)
    began = room - len(values)
    parts: list[str] = []
    is_drawing = False
    for place, value in enumerate(values):
        if value is None:
            is_drawing = False
            continue
        x = (began + place) * step
        y = HEIGHT - PAD - (value / most if most else 0.0) * (HEIGHT - 2 * PAD)
        parts.append(f"L{x:.1f} {y:.1f}" if is_drawing else f"M{x - step:.1f} {y:.1f}H{x:.1f}")
        is_drawing = True
    return "".join(parts)
