"""The configuration: what a client needs to know of a server before it signs in, all of it told by the code.

Protocol versions, every limit, and the collections with their fields: with it a client needs no other source.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from msgspec import Struct

from api.edge.ratelimits import Limiter
from api.edge.rates import describe_edge
from api.identity.access import PUBLIC
from api.identity.demo import DemoAccount, find_demo
from api.requests import (
    json_answer,
)
from api.settings import Settings
from api.sync.conflicts import CONFLICTS_PAGE_MAX
from football.collections import CATALOGUE
from storage.accounts import Accounts
from storage.retention import retention_of
from sync import limits
from sync.collections import CONFLICTS, Collection, Field

TheLimiter = NamedDependency[SkipValidation[Limiter]]
TheSettings = NamedDependency[SkipValidation[Settings]]
TheAccounts = NamedDependency[SkipValidation[Accounts]]


class ConfigAnswer(Struct, frozen=True):
    """What a client needs to know of a server before it signs in."""

    protocol: dict[str, int]
    """The oldest and the newest protocol that is served: `min` and `max`."""
    limits: dict[str, Any]
    """Every limit, by name; `rates` has the budgets of each class of routes."""
    retention: dict[str, Any]
    """How long things are kept, in milliseconds; docs/retention.md says of what and why."""
    collections: list[dict[str, Any]]
    """Each collection with its fields, their types and bounds."""
    conflicts: dict[str, str]
    demo: DemoAccount | None = None
    """An account to look around with, on a developer's own server alone."""


@get("/api/sync/config", opt={**PUBLIC, "answer": ConfigAnswer})
async def config(limiter: TheLimiter, settings: TheSettings, accounts: TheAccounts) -> Response[bytes]:
    """Return the protocol versions, every limit, and the collections with their fields."""
    told = {**describe_limits(), **describe_edge(limiter.factor)}
    demo = await find_demo(accounts, is_production=settings.is_production)
    retention = {"device_keeps_acknowledged_ms": limits.KEPT_MS, **retention_of(settings.log_kept_days)}
    return json_answer(ConfigAnswer(limits=told, retention=retention, demo=demo, **CONFIG))


def describe_limits() -> dict[str, int]:
    """Return every limit of `sync/limits.py`, under its name in lower case, and those of the routes."""
    told = {name.lower(): value for name, value in sorted(vars(limits).items()) if isinstance(value, int)}
    return {**told, "conflicts_page_max": CONFLICTS_PAGE_MAX}


def describe_collection(collection: Collection) -> dict[str, Any]:
    """Return a collection as a client needs to know it."""
    return {
        "name": collection.name,
        "key": collection.key,
        "doc": collection.doc,
        "fields": {name: _describe_field(spec) for name, spec in collection.fields.items()},
        "duplicates": [{"name": rule.name, "by": rule.by} for rule in collection.duplicates],
    }


def _describe_field(spec: Field) -> dict[str, Any]:
    built: dict[str, Any] = msgspec.to_builtins(spec)
    plain = Field(type=spec.type)
    return {name: value for name, value in built.items() if name == "type" or value != getattr(plain, name)}


CONFIG: Final[Mapping[str, Any]] = {
    "protocol": {"min": limits.PROTOCOL_VERSION_MIN, "max": limits.PROTOCOL_VERSION},
    "collections": [describe_collection(each) for each in CATALOGUE.collections.values()],
    "conflicts": {"name": CONFLICTS, "written_by": "the op resolve alone"},
}
"""What `GET /api/sync/config` answers beside the limits: with it a client needs no other source."""


ROUTES: Final = (config,)
