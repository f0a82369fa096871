"""The entries of a batch or transaction, read into operations.

Source: http://hl7.org/fhir/R4/http.html#transaction. What an entry asks for beyond this is
refused with its expression; nothing of it is passed over.
"""

from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qsl

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import BadRequest, FhirError
from fhir_server.rest.content import version_tag
from fhir_server.rest.errors import within
from fhir_server.rest.incoming import check_type, is_id, stored_type
from fhir_server.rest.read import version_number
from fhir_server.rest.update import check_id

Kind = Literal["create", "update", "delete", "read", "vread", "search"]

_REFUSED_CONDITIONS = ("ifNoneExist", "ifNoneMatch", "ifModifiedSince")


@dataclass(frozen=True, slots=True)
class Operation:
    """One entry's interaction.

    `id` is the target's (None for create and search); `pairs` the parameters of a search.
    `full_url` is the identity under which other entries refer to the resource.
    """

    index: int
    kind: Kind
    type: str
    id: str | None = None
    version: int | None = None
    pairs: tuple[tuple[str, str], ...] = ()
    resource: JsonObject | None = None
    full_url: str | None = None

    @property
    def place(self) -> str:
        """The expression of the entry."""
        return entry_place(self.index)


def entry_place(index: int) -> str:
    """Return the expression of one entry."""
    return f"Bundle.entry[{index}]"


def read_entry(entry: JsonObject, index: int, *, base_url: str) -> Operation:
    """Return the operation of an entry; FhirError with the entry's expression where it is none."""
    place = entry_place(index)
    request = entry.get("request")
    if not isinstance(request, dict):
        raise BadRequest("required", "An entry needs a request with method and url.", place)
    for name in _REFUSED_CONDITIONS:
        if name in request:
            raise BadRequest(
                "not-supported",
                f"{name} is not supported; send the entry without it.",
                f"{place}.request.{name}",
            )
    method = str(request.get("method"))
    reader = _READERS.get(method)
    if reader is None:
        raise BadRequest(
            "not-supported",
            f"Method {method[:20]!r} is not supported in a Bundle; {', '.join(_READERS)} are.",
            f"{place}.request.method",
        )
    url = str(request.get("url", "")).removeprefix(f"{base_url}/").removeprefix("/")
    try:
        return reader(entry, index, url)
    except FhirError as error:
        raise within(error, place) from error


def _read_create(entry: JsonObject, index: int, url: str) -> Operation:
    type = _type(url, index)
    _refuse_if_match(entry, index)
    return Operation(
        index, "create", type, resource=_resource(entry, index, type), full_url=_full_url(entry)
    )


def _read_update(entry: JsonObject, index: int, url: str) -> Operation:
    type, id = _type_and_id(url, index)
    resource = _resource(entry, index, type)
    check_id(resource, type, id)
    return Operation(
        index, "update", type, id, _if_match(entry, index), (), resource, _full_url(entry)
    )


def _read_delete(entry: JsonObject, index: int, url: str) -> Operation:
    type, id = _type_and_id(url, index)
    _refuse_resource(entry, index)
    return Operation(index, "delete", type, id, _if_match(entry, index))


def _read_get(entry: JsonObject, index: int, url: str) -> Operation:
    _refuse_resource(entry, index)
    _refuse_if_match(entry, index)
    path, _, query = url.partition("?")
    parts = path.split("/")
    if len(parts) == 1:
        pairs = tuple(parse_qsl(query, keep_blank_values=True))
        return Operation(index, "search", _type(path, index), pairs=pairs)
    if query:
        raise _bad_url(url, index)
    if len(parts) == 4 and parts[2] == "_history":
        type, id = _type_and_id("/".join(parts[:2]), index)
        return Operation(index, "vread", type, id, version_number(parts[3]))
    type, id = _type_and_id(path, index)
    return Operation(index, "read", type, id)


_READERS = {
    "POST": _read_create,
    "PUT": _read_update,
    "DELETE": _read_delete,
    "GET": _read_get,
}


def _type(url: str, index: int) -> str:
    if "/" in url or "?" in url or not url:
        raise _bad_url(url, index)
    return stored_type(url)


def _type_and_id(url: str, index: int) -> tuple[str, str]:
    type, _, id = url.partition("/")
    if not type or not is_id(id):
        raise _bad_url(url, index)
    return stored_type(type), id


def _bad_url(url: str, index: int) -> BadRequest:
    where = f"{entry_place(index)}.request.url"
    if "?" in url:
        text = f"{url[:100]!r}: conditional interactions are not supported."
        return BadRequest("not-supported", text, where)
    return BadRequest("value", f"{url[:100]!r} is no address that this method takes.", where)


def _resource(entry: JsonObject, index: int, type: str) -> JsonObject:
    resource = entry.get("resource")
    if not isinstance(resource, dict):
        where = f"{entry_place(index)}.resource"
        raise BadRequest("required", "This method needs a resource in its entry.", where)
    check_type(resource, type)
    return resource


def _refuse_resource(entry: JsonObject, index: int) -> None:
    if "resource" in entry:
        where = f"{entry_place(index)}.resource"
        raise BadRequest("invalid", "This method takes no resource; leave it out.", where)


def _if_match(entry: JsonObject, index: int) -> int | None:
    tag: Any = entry["request"].get("ifMatch")
    if tag is None:
        return None
    return version_tag(str(tag), "ifMatch", f"{entry_place(index)}.request.ifMatch")


def _refuse_if_match(entry: JsonObject, index: int) -> None:
    if "ifMatch" in entry["request"]:
        where = f"{entry_place(index)}.request.ifMatch"
        raise BadRequest("not-supported", "ifMatch goes with PUT and DELETE only.", where)


def _full_url(entry: JsonObject) -> str | None:
    full_url = entry.get("fullUrl")
    return full_url if isinstance(full_url, str) else None
