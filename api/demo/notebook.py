"""What a coach's phone wrote for the demo club, and the picture that it shows."""

from football.facts import MatchFacts, gather
from football.presses import Edge
from football.recording import Fact, Group, recorded_id
from sync.collections import Problem, Value


class Notebook:
    """Facts in the order of writing."""

    def __init__(self, seed: str) -> None:
        """Begin with an empty one; all ids follow from the seed."""
        self._seed = seed
        self.facts: list[Fact] = []
        self._view: dict[str, dict[str, dict[str, Value]]] = {}

    def id(self, *words: str | int) -> str:
        """Return the id of a thing, the same each time."""
        return recorded_id(self._seed, *words)

    def write(
        self, collection: str, record: str, fields: dict[str, Value], wall_ms: int, group: Group | None = None
    ) -> None:
        """Write some fields of a record."""
        self.facts.append(Fact(collection, record, fields, wall_ms, group))
        self._view.setdefault(collection, {}).setdefault(record, {}).update(fields)

    def press(self, edge: Edge | Problem, wall_ms: int) -> None:
        """Write what a button writes."""
        assert isinstance(edge, Edge), edge
        self.write(edge.collection, edge.record, edge.written, wall_ms)

    def match(self, match_id: str) -> MatchFacts:
        """Return a match as it stands."""
        return gather(self._view, match_id)
