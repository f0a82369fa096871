"""`$name` on the system, a type or a resource: http://hl7.org/fhir/R4/operations.html."""

from typing import Any

from fastapi import APIRouter, Request, Response

from fhir_server.r4.outcome import FhirError, Issue
from fhir_server.rest import addresses
from fhir_server.rest.errors import MethodNotAllowed
from fhir_server.rest.incoming import stored_type
from fhir_server.rest.operations.call import Call, Level, Operation, read_arguments
from fhir_server.rest.operations.registry import operations_at

router = APIRouter()
addresses.register()


async def operate(request: Request) -> Response:
    """Carry out an operation; 404 with the known ones where there is none of that name."""
    type = request.path_params.get("type")
    id: str | None = request.path_params.get("id")
    if type is not None:
        stored_type(type)
    operation = _operation(request, type, id)
    allowed = ("POST",) if operation.affects_state else ("GET", "HEAD", "POST")
    if request.method not in allowed:
        raise MethodNotAllowed(request.method, allowed)
    arguments: tuple[tuple[str, Any], ...] = ()
    if not operation.reads_body:
        arguments = await read_arguments(request, takes_resource=operation.name == "validate")
    return await operation.answer(Call(request, type, id, arguments))


def _operation(request: Request, type: str | None, id: str | None) -> Operation:
    level: Level = "system" if type is None else "type" if id is None else "instance"
    known = operations_at(level, type)
    name = request.path_params["operation"]
    for operation in known:
        if operation.name == name:
            return operation
    there = ", ".join(f"${operation.name}" for operation in known) or "none"
    text = f"There is no operation ${name[:40]} at this address; there is: {there}."
    raise FhirError(404, Issue("error", "not-supported", text))


for _path in (
    "/fhir/{operation:operation}",
    "/fhir/{type}/{operation:operation}",
    "/fhir/{type}/{id}/{operation:operation}",
):
    router.add_route(_path, operate, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
