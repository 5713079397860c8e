"""The plain verbs of a record, made from one row for each resource: list, create, read, put, patch, delete, restore.

All resources are alike, so each is declared (`Resource`) and its routes are made from the declaration. What differs,
such as the list of matches with their scores, is a route of its own. docs/api.md tells the rules once for all.
"""

from typing import Any, Final, Literal

from litestar import Request, Response, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import SkipValidation

from api.errors import NotFound, Rejected
from api.identity.access import Caller, provide_caller
from api.requests import any_object, read_body, read_id
from api.resources import schemas
from api.resources.desk import TheCaller, TheDesk
from api.resources.lists import Listing, Query, page_of, parameters, read_query
from api.resources.records import Asked, Shelf, asked_of
from api.resources.resource import Parent, Resource
from api.resources.schemas import IF_MATCH, IF_NONE_MATCH, KEY, ONLY_NEW
from api.resources.views import View, Views, conditional
from sync.errors import MalformedRequest
from sync.limits import INTEGER_MAX, MUTATION_BYTES_MAX
from sync.messages import encode
from sync.records import Key, Record
from sync.selections import Condition, place_of

TheViews = NamedDependency[SkipValidation[Views]]
AnyRequest = Request[Any, Any, Any]

_WRITE_PROBLEMS: Final = ("not_found", "rejected", "exists", "version_mismatch", "too_large", "wrong_content_type")


def routes_of(resource: Resource, *, without: tuple[str, ...] = ()) -> tuple[HTTPRouteHandler, ...]:
    """Return the routes of a resource, without those of the names given."""
    placed = {"list": list_route, "create": create_route}
    plain = {
        "read": read_route,
        "put": put_route,
        "patch": patch_route,
        "delete": delete_route,
        "restore": restore_route,
    }
    return (
        *(
            make(resource, parent)
            for name, make in placed.items()
            if name not in without
            for parent in resource.parents
        ),
        *(make(resource) for name, make in plain.items() if name not in without),
    )


def list_route(resource: Resource, parent: Parent | None) -> HTTPRouteHandler:
    """Return the route that lists records, page by page."""
    listing = resource.listing
    whole = schemas.shown(resource.struct_name, resource.collection)
    answer = schemas.listed(f"{resource.struct_name}List", resource.many, schemas.sparse(whole.schema))

    @get(
        resource.list_path(parent),
        opt={
            **resource.reading,
            "query": parameters(listing),
            "headers": (IF_NONE_MATCH,),
            "answer_schema": answer,
            "problems": ("not_found",),
        },
    )
    async def list_records(request: AnyRequest, caller: TheCaller, desk: TheDesk, views: TheViews) -> Response[bytes]:
        """List them, in pages; `fields` chooses the columns."""
        query = read_query(request, listing)
        fixed: tuple[Condition, ...] = ()
        if parent is not None:
            fixed = (Condition((parent.field,), _id_at(request, parent.id_name)),)

        async def check() -> None:
            if parent is not None:
                await desk.shelf(parent.collection).open_to(caller, _id_at(request, parent.id_name))

        async def make() -> View:
            await check()
            return View(await _plain_page(caller, desk.shelf(resource.collection.name), listing, query, fixed))

        if caller.match_id is not None:
            await check()  # what is kept was made for somebody who may see it: a link opens one match
        return await views.answer(request, caller.club_id, (resource.collection.name, fixed, query), make)

    return list_records


async def _plain_page(
    caller: Caller, shelf: Shelf, listing: Listing, query: Query, fixed: tuple[Condition, ...]
) -> bytes:
    selection = query.selection(listing, *fixed, limit=query.limit + 1, after=query.after)
    records = await shelf.select(caller.club_id, selection)
    rows = [(place_of(listing.collection, listing.order, each), shelf.shown(each)) for each in records[: query.limit]]
    return page_of(listing, query, rows, rows[-1][0] if len(records) > query.limit else None)


def create_route(resource: Resource, parent: Parent | None) -> HTTPRouteHandler:
    """Return the route that creates a record."""
    body = schemas.created(f"New{resource.struct_name}", resource.collection, None if parent is None else parent.field)

    @post(
        resource.list_path(parent),
        status_code=201,
        opt={
            **resource.writing,
            "headers": (KEY,),
            "body_schema": body,
            "answer_schema": schemas.shown(resource.struct_name, resource.collection),
            "problems": _WRITE_PROBLEMS,
        },
    )
    async def create_record(request: AnyRequest, desk: TheDesk) -> Response[bytes]:
        """Create a record under the id that its client made; without one the server makes it, and answers it."""
        caller = provide_caller(request.scope)
        given = await read_fields(request)
        asked = asked_of(request)
        shelf = desk.shelf(resource.collection.name)
        record_id = given.pop("id", None) or shelf.new_id(caller, asked, where=request.scope["path"])
        seen = None
        if parent is not None:
            above = Key(parent.collection, _id_at(request, parent.id_name))
            seen = await shelf.seen(caller, record_id, above)
            await desk.shelf(parent.collection).opened(caller, seen.records.get(above))
            place_under(given, parent.field, above.record)
        answer = await shelf.create(caller, record_id, given, asked, seen=seen)
        answer.headers["Location"] = resource.location(_path_ids(request), record_id)
        return answer

    return create_record


def read_route(resource: Resource) -> HTTPRouteHandler:
    """Return the route that reads one record."""

    @get(
        resource.one_path,
        opt={
            **resource.reading,
            "headers": (IF_NONE_MATCH,),
            "answer_schema": schemas.shown(resource.struct_name, resource.collection),
            "problems": ("not_found",),
        },
    )
    async def read_record(request: AnyRequest, caller: TheCaller, desk: TheDesk) -> Response[bytes]:
        """Return it whole; its ETag is its version."""
        shelf = desk.shelf(resource.collection.name)
        record = await shelf.open_to(caller, _own_id(request, resource))
        _check_above(request, resource, record)
        return conditional(request, encode(shelf.shown(record)), f'"{record.version}"')

    return read_record


def put_route(resource: Resource) -> HTTPRouteHandler:
    """Return the route that puts a record."""

    @put(resource.one_path, **_edit_options(resource, "put"))
    async def put_record(request: AnyRequest, desk: TheDesk) -> Response[bytes]:
        """Write the fields that differ; those left out stay as they are. With `If-None-Match: *` create it."""
        return await _edit(request, desk.shelf(resource.collection.name), resource)

    return put_record


def patch_route(resource: Resource) -> HTTPRouteHandler:
    """Return the route that edits some fields of a record."""

    @patch(resource.one_path, **_edit_options(resource, "patch"))
    async def patch_record(request: AnyRequest, desk: TheDesk) -> Response[bytes]:
        """Write the fields given; null clears one."""
        return await _edit(request, desk.shelf(resource.collection.name), resource)

    return patch_record


def _edit_options(resource: Resource, verb: Literal["put", "patch"]) -> dict[str, Any]:
    headers = (KEY, IF_MATCH, ONLY_NEW) if verb == "put" else (KEY, IF_MATCH)
    return {
        "opt": {
            **resource.writing,
            "headers": headers,
            "body_schema": schemas.edited(f"{resource.struct_name}Edit", resource.collection),
            "answer_schema": schemas.shown(resource.struct_name, resource.collection),
            "problems": _WRITE_PROBLEMS
            if verb == "put"
            else tuple(each for each in _WRITE_PROBLEMS if each != "exists"),
        },
    }


async def _edit(request: AnyRequest, shelf: Shelf, resource: Resource) -> Response[bytes]:
    caller = provide_caller(request.scope)
    given = await read_fields(request)
    record_id = _own_id(request, resource)
    if given.pop("id", record_id) != record_id:
        raise MalformedRequest(path="$.id", problem="is another record's than the address")
    asked = asked_of(request)
    if asked.is_new and request.method == "PATCH":
        raise MalformedRequest(path="If-None-Match", problem="is for PUT; PATCH edits what is there")
    _place_all(request, resource, given, is_new=asked.is_new)
    await _check_stored(request, shelf, caller, resource, record_id)
    return await shelf.put(caller, record_id, given, asked)


def delete_route(resource: Resource) -> HTTPRouteHandler:
    """Return the route that deletes a record."""

    @delete(
        resource.one_path,
        status_code=204,
        opt={**resource.writing, "headers": (KEY, IF_MATCH), "problems": ("not_found", "version_mismatch")},
    )
    async def delete_record(request: AnyRequest, desk: TheDesk) -> Response[None]:
        """Delete it; it stays deleted, whatever old copy arrives later, until somebody restores it."""
        caller = provide_caller(request.scope)
        shelf, record_id = desk.shelf(resource.collection.name), _own_id(request, resource)
        await _check_stored(request, shelf, caller, resource, record_id)
        return await shelf.delete(caller, record_id, asked_of(request))

    return delete_record


def restore_route(resource: Resource) -> HTTPRouteHandler:
    """Return the route that undoes a delete."""

    @post(
        f"{resource.one_path}/restore",
        status_code=200,
        opt={
            **resource.writing,
            "headers": (KEY,),
            "answer_schema": schemas.shown(resource.struct_name, resource.collection),
            "problems": ("not_found",),
        },
    )
    async def restore_record(request: AnyRequest, desk: TheDesk) -> Response[bytes]:
        """Undo its delete: nothing else does. One that is not deleted is answered as it is."""
        caller = provide_caller(request.scope)
        shelf, record_id = desk.shelf(resource.collection.name), _own_id(request, resource)
        await _check_stored(request, shelf, caller, resource, record_id)
        return await shelf.restore(caller, record_id, Asked(asked_of(request).key))

    return restore_record


async def read_fields(request: AnyRequest) -> dict[str, Any]:
    """Read a record's body: its fields, `id` in canonical form; the version it was read with is left out."""
    given = await read_body(request, any_object.decode, bytes_max=MUTATION_BYTES_MAX)
    version = given.pop("version", 0)
    if type(version) is not int or not 0 <= version <= INTEGER_MAX:
        raise MalformedRequest(path="$.version", problem="is not a version; leave it out, or send it as it was read")
    if "id" in given:
        if not isinstance(given["id"], str):
            raise MalformedRequest(path="$.id", problem="is not a UUID")
        given["id"] = read_id(given["id"], where="$.id")
    return given


def place_under(given: dict[str, Any], field: str, parent_id: str) -> None:
    """Write the id that the address names into a body. Raises Rejected where the body names another."""
    found = given.setdefault(field, parent_id)
    if not isinstance(found, str) or found.lower() != parent_id:
        raise Rejected(code="wrong_value", sentence="The body names another record than the address.", field=field)


def _place_all(request: AnyRequest, resource: Resource, given: dict[str, Any], *, is_new: bool) -> None:
    """Hold a body to what its own address names above it."""
    for parent in _above(resource):
        if is_new or parent.field in given:
            place_under(given, parent.field, _id_at(request, parent.id_name))


def _above(resource: Resource) -> list[Parent]:
    """Return the parents that the address of one record names: `/api/events/{event_id}/participants/...`."""
    return [each for each in resource.parents if each is not None and f"{{{each.id_name}:" in resource.path]


def _check_above(request: AnyRequest, resource: Resource, record: Record) -> None:
    """Return where a record is of what its address names above it. Raises NotFound."""
    for parent in _above(resource):
        write = record.fields.get(parent.field)
        if write is None or write.value != _id_at(request, parent.id_name):
            raise NotFound("There is no such record in this club.")


async def _check_stored(request: AnyRequest, shelf: Shelf, caller: Caller, resource: Resource, record_id: str) -> None:
    """Return unless the store has the record under another parent than its address names. Raises NotFound."""
    if _above(resource):
        record = await shelf.stored(caller.club_id, record_id)
        if record is not None:
            _check_above(request, resource, record)


def _own_id(request: AnyRequest, resource: Resource) -> str:
    return _id_at(request, resource.id_name)


def _id_at(request: AnyRequest, name: str) -> str:
    return str(request.path_params[name])


def _path_ids(request: AnyRequest) -> dict[str, str]:
    return {name: str(value) for name, value in request.path_params.items()}
