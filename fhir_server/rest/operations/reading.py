"""Terminology operations: they read, and so are carried out alone or as entries of a batch."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from fastapi import Response

from fhir_server.r4.codec import encode
from fhir_server.rest.content import answer_type
from fhir_server.rest.operations.call import Call, Level, Operation, Reading
from fhir_server.rest.operations.session import Session
from fhir_server.rest.services import services_of
from terminology.service.value_set import TakesLonger

# So many codes are looked at in a few milliseconds, for which others may wait.
_PATIENCE: Final = 1000


def reading_operation(
    type: str,
    name: str,
    reading: Reading,
    *,
    documentation: str,
    levels: tuple[Level, ...] = ("type", "instance"),
    is_short: bool = False,
    definition: str = "",
) -> Operation:
    """Return the operation that answers what `reading` finds; one that `is_short` at once."""
    return Operation(
        name=name,
        definition=definition or f"http://hl7.org/fhir/OperationDefinition/{type}-{name}",
        levels=levels,
        answer=_answering(reading, is_short=is_short),
        types=(type,),
        documentation=documentation,
        reading=reading,
    )


def _answering(reading: Reading, *, is_short: bool) -> Callable[[Call], Awaitable[Response]]:
    async def answer(call: Call) -> Response:
        media_type = answer_type(call.request)
        database = services_of(call.request).database
        job = reading(call)
        found: bytes | None = None
        if is_short:
            with suppress(TakesLonger):
                found = await database.read_soon(
                    lambda c: encode(job(Session(c, patience=_PATIENCE)))
                )
        if found is None:
            found = await database.read(lambda c: encode(job(Session(c))))
        return Response(found, media_type=media_type)

    return answer
