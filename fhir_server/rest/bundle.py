"""POST /fhir: batch and transaction, http://hl7.org/fhir/R4/http.html#transaction."""

import asyncio

from fastapi import APIRouter, Request, Response

from fhir_server.rest.bundle_entries import Operation
from fhir_server.rest.bundle_outcomes import Done, Failed, response_bundle
from fhir_server.rest.bundle_run import BundleRun
from fhir_server.rest.content import answer_type, preferences, read_json_body
from fhir_server.rest.search_terms import Place
from fhir_server.rest.services import FhirServices, base_of, services_of

router = APIRouter()

# Beyond this size, reading and validating would hold up other requests: a thread does it.
_LARGE = 64 * 1024


async def bundle(request: Request) -> Response:
    """Carry out a transaction whole or not at all, a batch entry by entry."""
    services = services_of(request)
    media_type = answer_type(request)
    body = await read_json_body(request, limit=services.limits.body_bytes)
    run = BundleRun(
        services.clock(),
        Place(services.database.zone, base_of(request)),
        services.limits,
        preferences(request),
    )
    if len(body) > _LARGE:
        type, entries = await asyncio.to_thread(run.prepare, body)
    else:
        type, entries = run.prepare(body)
    outcomes = await _carry_out(type, entries, run, services)
    answer = response_bundle(type, outcomes, run.preferences, services)
    return Response(answer, media_type=media_type)


async def _carry_out(
    type: str, entries: tuple[Operation | Failed, ...], run: BundleRun, services: FhirServices
) -> tuple[Done | Failed, ...]:
    operations = [entry for entry in entries if isinstance(entry, Operation)]
    database = services.database
    if type == "transaction":
        return await database.write(lambda c: run.run_transaction(c, operations))
    if any(operation.kind in ("create", "update", "delete") for operation in operations):
        return await database.write(lambda c: run.run_batch(c, entries))
    return await database.read(lambda c: run.run_reads(c, entries))


router.add_route("/fhir", bundle, methods=["POST"])
