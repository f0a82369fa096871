"""A GET as an entry of a batch or transaction, and the addresses of entries."""

from urllib.parse import parse_qsl

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import BadRequest
from fhir_server.rest.bundle_calls import is_call, read_call
from fhir_server.rest.bundle_operation import Kind, Operation, entry_place
from fhir_server.rest.compartment_answer import EVERY_TYPE
from fhir_server.rest.conditions import parse_read_conditions
from fhir_server.rest.context import Context
from fhir_server.rest.incoming import is_id, stored_type
from fhir_server.rest.read import version_number

CONDITIONS = ("ifMatch", "ifNoneMatch", "ifModifiedSince", "ifNoneExist")


def read_get(entry: JsonObject, index: int, url: str, context: Context) -> Operation:
    """Return what a GET or HEAD asks for; BadRequest (400) for an address that there is not."""
    refuse_resource(entry, index)
    request = entry["request"]
    if is_call(url):
        _refuse_conditions(request, index)
        return read_call(entry, index, url, context)
    is_head = request["method"] == "HEAD"
    path, _, query = url.partition("?")
    parts = path.split("/")
    if parts[-1] == "_history" and len(parts) <= 3:
        _refuse_conditions(request, index)
        type, id = _history_of(parts[:-1], index)
        pairs = tuple(parse_qsl(query, keep_blank_values=True))
        return Operation(index, "history", type, id, pairs=pairs, head=is_head)
    if len(parts) == 3 and parts[0] == "Patient" and is_id(parts[1]):
        _refuse_conditions(request, index)
        within = parts[2] if parts[2] == EVERY_TYPE else type_of(parts[2], index)
        pairs = tuple(parse_qsl(query, keep_blank_values=True))
        return Operation(index, "compartment", within, parts[1], pairs=pairs, head=is_head)
    if len(parts) == 1:
        _refuse_conditions(request, index)
        pairs = tuple(parse_qsl(query, keep_blank_values=True))
        return Operation(index, "search", type_of(path, index), pairs=pairs, head=is_head)
    if query:
        raise _bad_url(url, index)
    is_version = len(parts) == 4 and parts[2] == "_history"
    type, id = type_and_id("/".join(parts[:2]) if is_version else path, index)
    conditions = parse_read_conditions(
        request.get("ifNoneMatch"),
        request.get("ifModifiedSince"),
        names=("ifNoneMatch", "ifModifiedSince"),
        place=f"{entry_place(index)}.request",
    )
    kind: Kind = "vread" if is_version else "read"
    version = version_number(parts[3]) if is_version else None
    return Operation(index, kind, type, id, version=version, conditions=conditions, head=is_head)


def _refuse_conditions(request: JsonObject, index: int) -> None:
    """Refuse (400) conditions on a search or a history: they are about one version."""
    for name in CONDITIONS:
        if name in request:
            where = f"{entry_place(index)}.request.{name}"
            text = f"{name} goes with the read of one resource only."
            raise BadRequest("not-supported", text, where)


def _history_of(parts: list[str], index: int) -> tuple[str, str | None]:
    if len(parts) == 2:
        return type_and_id("/".join(parts), index)
    return ("", None) if not parts else (type_of(parts[0], index), None)


def type_of(url: str, index: int) -> str:
    """Return the type that an address names alone; BadRequest (400) or 404 otherwise."""
    if "/" in url or "?" in url or not url:
        raise _bad_url(url, index)
    return stored_type(url)


def type_and_id(url: str, index: int) -> tuple[str, str]:
    """Return type and id of the address of one resource; BadRequest (400) or 404 otherwise."""
    type, _, id = url.partition("/")
    if not type or not is_id(id):
        raise _bad_url(url, index)
    return stored_type(type), id


def refuse_resource(entry: JsonObject, index: int) -> None:
    """Refuse (400) a resource beside a method that takes none."""
    if "resource" in entry:
        where = f"{entry_place(index)}.resource"
        raise BadRequest("invalid", "This method takes no resource; leave it out.", where)


def _bad_url(url: str, index: int) -> BadRequest:
    where = f"{entry_place(index)}.request.url"
    return BadRequest("value", f"{url[:100]!r} is no address that this method takes.", where)
