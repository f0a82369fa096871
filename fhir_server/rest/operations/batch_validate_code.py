"""$batch-validate-code of CodeSystem and ValueSet: many codes in one request.

Source: https://build.fhir.org/ig/HL7/fhir-tx-ecosystem-ig. R4 has no such operation; its own way,
a Bundle of type batch, says everything that the codes share with each of them.
"""

from collections.abc import Callable
from typing import Any, Final

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import BadRequest, FhirError, operation_outcome
from fhir_server.rest.errors import issue_within
from fhir_server.rest.operations.call import Call, Operation, Reading, arguments_of
from fhir_server.rest.operations.reading import reading_operation
from fhir_server.rest.operations.session import Session
from fhir_server.rest.operations.validate_code import (
    CODE_SYSTEM_PARAMETERS,
    VALUE_SET_PARAMETERS,
    in_code_system,
    in_value_set,
)

_PART: Final = "validation"
# What each part says for itself; said for all of them it would make one answer of many.
_OWN: Final = frozenset(("code", "coding", "codeableConcept", "display"))


def _batch(reading: Reading, parameters: tuple[str, ...]) -> Reading:
    """Return the operation that asks `reading` for each part of the request."""
    shared = tuple(name for name in parameters if name not in _OWN)

    def answer(call: Call) -> Callable[[Session], JsonObject]:
        call.check_known(_PART, *shared)
        common = tuple(each for each in call.arguments if each[0] != _PART)
        parts = [value for name, value in call.arguments if name == _PART]
        if not parts:
            raise BadRequest("required", f"The operation needs {_PART}, once for each code.")

        def read(session: Session) -> JsonObject:
            found = []
            for index, part in enumerate(parts):
                try:
                    own = Call(call.request, call.type, call.id, _arguments(part, common))
                    resource = reading(own)(session)
                except FhirError as error:
                    resource = _failed(error, index)
                found.append({"name": _PART, "resource": resource})
            return {"resourceType": "Parameters", "parameter": found}

        return read

    return answer


def _arguments(part: Any, common: tuple[tuple[str, Any], ...]) -> tuple[tuple[str, Any], ...]:
    """Return the arguments of a part; what it says itself goes before what is said for all."""
    if not isinstance(part, dict):
        raise BadRequest("structure", f"{_PART} is a Parameters resource.")
    given = part
    if "part" in part and "resourceType" not in part:
        given = {"parameter": part["part"]}
    elif part.get("resourceType") != "Parameters":
        raise BadRequest("structure", f"{_PART} is a Parameters resource.")
    own = arguments_of(given)
    said = {name for name, _value in own}
    return (*(each for each in common if each[0] not in said), *own)


def _failed(error: FhirError, index: int) -> JsonObject:
    place = f"Parameters.parameter[{index}]"
    return operation_outcome(issue_within(each, place) for each in error.issues)


def _operation(type: str, reading: Reading, parameters: tuple[str, ...]) -> Operation:
    return reading_operation(
        type,
        "batch-validate-code",
        _batch(reading, parameters),
        levels=("type",),
        documentation=f"{_PART}: for each code a Parameters as of $validate-code; what stands "
        "beside them goes for all. An OperationOutcome for a part that cannot be read.",
    )


OPERATIONS = (
    _operation("CodeSystem", in_code_system, CODE_SYSTEM_PARAMETERS),
    _operation("ValueSet", in_value_set, VALUE_SET_PARAMETERS),
)
