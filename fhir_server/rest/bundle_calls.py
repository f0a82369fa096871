"""An operation (`CodeSystem/$lookup`) as an entry of a batch or transaction.

Source: http://hl7.org/fhir/R4/http.html#trules: an operation may stand where it could be called.
"""

from typing import Any
from urllib.parse import parse_qsl

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import BadRequest
from fhir_server.rest.bundle_operation import Operation, entry_place
from fhir_server.rest.context import Context
from fhir_server.rest.incoming import is_id, stored_type
from fhir_server.rest.operations.call import Call, Level, arguments_of, not_parameters
from fhir_server.rest.operations.call import Operation as Served
from fhir_server.rest.operations.registry import OPERATIONS, operations_at

# How to answer is said for the whole Bundle.
_ANSWER = frozenset(("_format", "_pretty"))


def is_call(url: str) -> bool:
    """Whether the url of an entry names an operation."""
    return url.partition("?")[0].rpartition("/")[2].startswith("$")


def read_call(entry: JsonObject, index: int, url: str, context: Context) -> Operation:
    """Return the call of an entry, its arguments read; BadRequest (400) where it is none."""
    path, _, query = url.partition("?")
    *address, name = path.split("/")
    type, id = _address(address, index)
    served = _served(name.removeprefix("$"), type, id, index)
    pairs = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] not in _ANSWER]
    arguments: tuple[tuple[str, Any], ...] = (*pairs, *_sent(entry, index))
    if served.reading is None:
        raise _refused(f"${served.name} is called by itself, not in a Bundle", index)
    job = served.reading(Call(context.request, type, id, arguments))
    is_head = entry["request"]["method"] == "HEAD"
    return Operation(index, "call", type or "", id, call=job, head=is_head)


def _address(parts: list[str], index: int) -> tuple[str | None, str | None]:
    if len(parts) > 2 or (len(parts) == 2 and not is_id(parts[1])):
        raise _refused(f"{'/'.join(parts)[:100]!r} is no address of an operation", index)
    type = stored_type(parts[0]) if parts else None
    return type, parts[1] if len(parts) == 2 else None


def _served(name: str, type: str | None, id: str | None, index: int) -> Served:
    level: Level = "system" if type is None else "type" if id is None else "instance"
    for operation in operations_at(level, type):
        if operation.name == name:
            return operation
    raise _refused(f"There is no operation ${name[:40]} at this address", index)


def _sent(entry: JsonObject, index: int) -> list[tuple[str, Any]]:
    resource = entry.get("resource")
    if resource is None:
        return []
    if not isinstance(resource, dict) or resource.get("resourceType") != "Parameters":
        raise BadRequest("structure", str(not_parameters()), f"{entry_place(index)}.resource")
    return arguments_of(resource)


def _refused(text: str, index: int) -> BadRequest:
    there = dict.fromkeys(f"${each.name}" for each in OPERATIONS if each.reading is not None)
    where = f"{entry_place(index)}.request.url"
    return BadRequest("not-supported", f"{text}; a Bundle takes {', '.join(there)}.", where)
