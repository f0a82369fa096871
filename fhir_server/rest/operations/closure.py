"""$closure: a client's table of which of its concepts are kinds of which, kept up to date.

Source: http://hl7.org/fhir/R4/conceptmap-operation-closure.html.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from fastapi import Response
from sqlalchemy import Connection

from fhir_server.r4.codec import encode
from fhir_server.r4.outcome import BadRequest, FhirError, Issue
from fhir_server.rest.content import answer_type
from fhir_server.rest.operations.call import Call, Level, Operation
from fhir_server.rest.operations.session import Session
from fhir_server.rest.services import services_of
from fhir_server.store import closures
from terminology.service.closure import Placed, Step, closure_map, concepts_of, grown

_PARAMETERS: Final = ("name", "concept", "version")
_LONGEST_NAME: Final = 200
# How often a step is made anew because another request came between.
_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class _Answer:
    """The version of a table, and the steps of which to tell."""

    version: int
    steps: tuple[Step, ...] = ()


async def answer(call: Call) -> Response:
    """Begin a table, add concepts to it, or tell again what came after a version."""
    call.check_known(*_PARAMETERS)
    media_type = answer_type(call.request)
    name, version = _name(call), _version(call)
    concepts = [_placed(value) for key, value in call.arguments if key == "concept"]
    services = services_of(call.request)
    if version is not None and concepts:
        text = "concept adds to the table, version asks what it has gained: send one of them."
        raise BadRequest("value", text, "Parameters.parameter")
    if version is not None:
        told = await services.database.read(_since(name, version))
    elif concepts:
        told = await _added(call, name, concepts)
    else:
        told = _Answer(await services.database.write(lambda c: closures.begin(c, name)))
    found = closure_map(name, told.version, told.steps, now=services.clock())
    return Response(encode(found), media_type=media_type)


async def _added(call: Call, name: str, concepts: list[Placed]) -> _Answer:
    """Return what a table has gained: made beside the writer, which others wait for."""
    database = services_of(call.request).database

    def made(connection: Connection) -> tuple[int, Step]:
        steps = _steps(connection, name)
        held = concepts_of(tuple(steps.values()))
        return max(steps), grown(Session(connection).library(), held, concepts)

    for _ in range(_TRIES):
        version, step = await database.read(made)
        if not step.concepts:
            return _Answer(version)
        if await database.write(_growing(name, version, step)):
            return _Answer(version + 1, (step,))
    text = f"Others add to the closure table {name!r} at the same time; send it again."
    raise FhirError(409, Issue("error", "conflict", text))


def _growing(name: str, version: int, step: Step) -> Callable[[Connection], bool]:
    return lambda connection: closures.grow(connection, name, version, step)


def _since(name: str, version: int) -> Callable[[Connection], _Answer]:
    def read(connection: Connection) -> _Answer:
        steps = _steps(connection, name)
        if not min(steps) <= version <= max(steps):
            text = (
                f"The closure table {name!r} has the versions {min(steps)} to {max(steps)}, not "
                f"{version}: initialise it again (send the name alone) and add the concepts."
            )
            raise FhirError(422, Issue("error", "value", text))
        return _Answer(max(steps), tuple(step for at, step in steps.items() if at > version))

    return read


def _steps(connection: Connection, name: str) -> dict[int, Step]:
    steps = closures.steps_of(connection, name)
    if not steps:
        text = f"There is no closure table {name!r}: initialise it (send the name alone)."
        raise FhirError(404, Issue("error", "not-found", text))
    return dict(steps)


def _name(call: Call) -> str:
    name = call.text("name")
    if not name:
        raise BadRequest("required", "A closure table has a name: send name.")
    if len(name) > _LONGEST_NAME:
        raise BadRequest(
            "too-long", f"A closure table's name has at most {_LONGEST_NAME} characters."
        )
    return name


def _version(call: Call) -> int | None:
    text = call.text("version")
    if text is None:
        return None
    if not (text.isdecimal() and text.isascii() and len(text) < 10):
        raise BadRequest("value", f"version={text[:40]}: write the version of an answer.")
    return int(text)


def _placed(coding: Any) -> Placed:
    given = coding if isinstance(coding, dict) else {}
    system, code, version = (given.get(name) for name in ("system", "code", "version"))
    if not isinstance(system, str) or not isinstance(code, str):
        raise BadRequest("value", "concept takes a Coding with a system and a code.")
    return Placed(system, version if isinstance(version, str) else "", code)


def _operation(levels: tuple[Level, ...], types: tuple[str, ...] | None) -> Operation:
    return Operation(
        name="closure",
        definition="http://hl7.org/fhir/OperationDefinition/ConceptMap-closure",
        levels=levels,
        answer=answer,
        types=types,
        affects_state=True,
        documentation="name alone begins a table, or begins it anew; with concept it grows, with "
        "version it is told what came after.",
    )


# R4 has it at the system; it is of ConceptMap, where clients look for it, too.
OPERATIONS = (_operation(("system",), None), _operation(("type",), ("ConceptMap",)))
