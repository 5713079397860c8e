"""Elements of a page made on the server: whatever is no element is text, and is escaped."""

import html
from collections.abc import Sequence
from typing import Final, TypeAlias

VOID: Final = frozenset({"meta", "link", "br"})


class Element:
    """Markup that is whole."""

    __slots__ = ("markup",)

    def __init__(self, markup: str) -> None:
        """Take markup that only `h` has made."""
        self.markup = markup


Child: TypeAlias = "Element | str | int | Sequence[Child] | None"


def h(name: str, /, *children: Child, **attributes: str | int | bool | None) -> Element:
    """Return an element. `class_` is its class, `_` stands for a hyphen; None and False leave an attribute out."""
    told = "".join(
        f" {key.strip('_').replace('_', '-')}" + ("" if value is True else f'="{html.escape(str(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in VOID:
        return Element(f"<{name}{told}>")
    return Element(f"<{name}{told}>{_inside(children)}</{name}>")


def page(*children: Child) -> bytes:
    """Return a whole document in English, as it is sent."""
    return f'<!doctype html>\n<html lang="en">{_inside(children)}</html>\n'.encode()


def _inside(children: Sequence[Child]) -> str:
    found: list[str] = []
    for child in children:
        if isinstance(child, Element):
            found.append(child.markup)
        elif isinstance(child, str | int):
            found.append(html.escape(str(child)))
        elif child is not None:
            found.append(_inside(child))
    return "".join(found)
