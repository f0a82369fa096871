"""Every other address and method below /fhir: refused with an OperationOutcome, never bare."""

from fastapi import Request, Response

from fhir_server.r4.outcome import FhirError, Issue
from fhir_server.r4.resource_types import STORED_TYPES
from fhir_server.rest.errors import MethodNotAllowed
from fhir_server.rest.incoming import is_id, stored_type
from fhir_server.rest.route_tree import PREFIX

_READ = ("GET", "HEAD")


async def unserved(request: Request) -> Response:
    """Refuse: 404 for an unknown type or address, 405 for a method that it does not take."""
    path = request.scope["path"].removeprefix(PREFIX).strip("/")
    allowed = _allowed(path)
    if request.method in allowed or not allowed:
        text = f"There is no address {request.url.path[:200]!r}; see GET /fhir/metadata."
        raise FhirError(404, Issue("error", "not-supported", text))
    raise MethodNotAllowed(request.method, allowed)


def _allowed(path: str) -> tuple[str, ...]:
    """Return the methods that the address takes; none where nothing is served there."""
    if path in _FIXED:
        return _FIXED[path]
    type, *below = path.split("/")
    stored_type(type)
    if not below:
        return (*_READ, "POST", "PUT", "PATCH", "DELETE")
    if below[0] in _NAMED:
        return _NAMED[below[0]] if len(below) == 1 else ()
    if not is_id(below[0]):
        return ()
    if len(below) == 1:
        return (*_READ, "PUT", "PATCH", "DELETE")
    return _below_a_resource(type, below[1:])


def _below_a_resource(type: str, below: list[str]) -> tuple[str, ...]:
    """Return what a history and an address in a compartment (`Patient/1/Observation`) take."""
    if below[0] == "_history":
        return _READ if len(below) <= 2 else ()
    if type != "Patient" or below[0] not in (*STORED_TYPES, "*"):
        return ()
    if len(below) == 1:
        return _READ
    return ("POST",) if below[1:] == ["_search"] else ()


_NAMED = {"_search": ("POST",), "_history": _READ}
_FIXED: dict[str, tuple[str, ...]] = {"": ("POST",), "metadata": _READ, "_history": _READ}
