"""POST /fhir: batch and transaction, http://hl7.org/fhir/R4/http.html#transaction."""

from collections.abc import Sequence

from fastapi import APIRouter, Request, Response

from fhir_server.rest.bundle_operation import Operation
from fhir_server.rest.bundle_outcomes import Done, Failed, response_bundle
from fhir_server.rest.bundle_prepare import prepare
from fhir_server.rest.bundle_run import run_batch, run_transaction
from fhir_server.rest.content import answer_type, read_json_body
from fhir_server.rest.context import Context, context_of
from fhir_server.rest.large_bodies import worked_on
from fhir_server.rest.services import services_of
from fhir_server.store.database import Database

router = APIRouter()


async def bundle(request: Request) -> Response:
    """Carry out a transaction whole or not at all, a batch entry by entry."""
    services = services_of(request)
    media_type = answer_type(request)
    body = await read_json_body(request, limit=services.limits.body_bytes)
    context = context_of(request)
    type, entries = await worked_on(len(body), lambda: prepare(body, context))
    outcomes = await _carry_out(type, entries, context, services.database)
    answer = response_bundle(type, outcomes, context.preferences, services)
    return Response(answer, media_type=media_type)


async def _carry_out(
    type: str,
    entries: Sequence[Operation | Failed],
    context: Context,
    database: Database,
) -> tuple[Done | Failed, ...]:
    operations = [entry for entry in entries if isinstance(entry, Operation)]
    if type == "transaction":
        return await database.write(lambda c: run_transaction(c, operations, context))
    if any(operation.kind in ("create", "update", "patch", "delete") for operation in operations):
        return await database.write(lambda c: run_batch(c, entries, context))
    return await database.read(lambda c: run_batch(c, entries, context))


for _path in ("/fhir", "/fhir/"):
    router.add_route(_path, bundle, methods=["POST"])
