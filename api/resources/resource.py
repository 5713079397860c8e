"""Resources: collections as the plain routes serve them, each declared in one row.

The routes are made from the row (`crud.py`), their schemas from the collection (`schemas.py`), their lists from both.
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from api.resources.lists import Filter, Listing
from sync.collections import Collection


class Parent(Struct, frozen=True):
    """What the address of a list names above it: `/api/matches/{match_id}` of a match's events."""

    collection: str
    field: str
    """The field of the listed records that names it."""
    id_name: str
    """The name of its id in the address."""
    path: str


class Resource(Struct, frozen=True):
    """A collection as it is served."""

    collection: Collection
    one: str
    """What one is called, such as `match award`."""
    many: str
    """What the list is called in the answer."""
    path: str
    """Where one of them is, before its id."""
    id_name: str
    writing: Mapping[str, Any]
    """Who may write."""
    reading: Mapping[str, Any]
    parents: tuple[Parent | None, ...] = (None,)
    """Where they are listed and created; None: at `path` itself."""
    filters: tuple[Filter, ...] = ()
    order: tuple[str, ...] = ()

    @property
    def struct_name(self) -> str:
        """Return the name of its schema."""
        return "".join(word.capitalize() for word in self.one.split())

    @property
    def one_path(self) -> str:
        """Return the address of one of them."""
        return f"{self.path}/{{{self.id_name}:uuid}}"

    @property
    def listing(self) -> Listing:
        """Return how they are listed."""
        return Listing(self.collection, self.many, self.filters, self.order)

    def list_path(self, parent: Parent | None) -> str:
        """Return the address of a list of them."""
        return self.path if parent is None else f"{parent.path}/{self.many.replace('_', '-')}"

    def location(self, path_ids: Mapping[str, str], record_id: str) -> str:
        """Return the address of a record; `path_ids` fills what stands above it."""
        above = self.path
        for name, value in path_ids.items():
            above = above.replace(f"{{{name}:uuid}}", value)
        return f"{above}/{record_id}"


MATCH: Final = Parent("matches", "match_id", "match_id", "/api/matches/{match_id:uuid}")
EVENT: Final = Parent("events", "event_id", "event_id", "/api/events/{event_id:uuid}")
TEAM: Final = Parent("teams", "current_team", "team_id", "/api/teams/{team_id:uuid}")
