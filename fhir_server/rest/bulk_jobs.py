"""The status, the files and the end of a bulk job, and what its kick-offs have in common.

Source: http://hl7.org/fhir/uv/bulkdata/export.html#bulk-data-status-request and what follows.
"""

import zlib
from collections.abc import Iterator
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from fhir_server.jobs import requests
from fhir_server.jobs.requests import OutputFile, Result
from fhir_server.jobs.runner import JobRunner
from fhir_server.r4.outcome import BadRequest, FhirError, Issue
from fhir_server.rest import addresses
from fhir_server.rest.answer_form import accepts_gzip
from fhir_server.rest.content import preferences
from fhir_server.rest.errors import outcome_response
from fhir_server.rest.services import base_of, client_of, services_of
from fhir_server.store.jobs import Job
from fhir_server.store.resources import instant_text, moment

NDJSON = "application/fhir+ndjson"
_CHUNK = 1 << 18
# zlib's sign for a gzip header; level 1 keeps up with the network.
_GZIP = 16 + zlib.MAX_WBITS
_LEVEL = 1

router = APIRouter()
addresses.register()


def runner_of(request: Request) -> JobRunner:
    """Return what works on bulk jobs; 501 where this server has none."""
    runner = services_of(request).jobs
    if runner is None:
        raise FhirError(501, Issue("error", "not-supported", "This server runs no bulk jobs."))
    return runner


def check_asynchronous(request: Request) -> None:
    """Refuse (400) a kick-off that does not say that it takes an answer later."""
    if not preferences(request).asynchronous:
        text = "A bulk job is answered later: send the header Prefer: respond-async."
        raise BadRequest("not-supported", text)


def kick_off_url(request: Request) -> str:
    """Return the URL of the request as the client knows it."""
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{base_of(request)}{request.url.path.removeprefix('/fhir')}{query}"


def accepted(request: Request, job: Job) -> Response:
    """Answer 202 with the address of the job's status."""
    where = _address(request, job)
    text = f"The job is taken; its status is at {where}."
    headers = {"Content-Location": where}
    return outcome_response(202, Issue("information", "informational", text), headers=headers)


async def status(request: Request) -> Response:
    """Answer 202 with the progress, 200 with the manifest, or 500 with why the job failed."""
    runner = runner_of(request)
    job = await _found(request, runner)
    if job.state == "failed":
        text = f"The job failed: {job.error}"
        return outcome_response(500, Issue("error", "exception", text), headers=_expires(job))
    if job.state == "complete":
        body = msgspec.json.encode(_manifest(request, job))
        return Response(body, media_type="application/json", headers=_expires(job))
    # Young jobs are mostly small ones.
    young = (services_of(request).clock() - moment(job.created)).total_seconds() < 10
    headers = {"X-Progress": runner.said(job)[:100], "Retry-After": "1" if young else "10"}
    return Response(status_code=202, headers=headers)


async def cancel(request: Request) -> Response:
    """Cancel a job or drop a finished one, and answer 202; its files are gone."""
    runner = runner_of(request)
    await runner.cancel(await _found(request, runner))
    return Response(status_code=202)


async def download(request: Request) -> Response:
    """Return one file of a finished job, line by line a resource."""
    runner = runner_of(request)
    job = await _found(request, runner)
    if not runner.is_here(job):
        # Servers may share a database; their files they do not share.
        text = "The files of this job lie with the server that worked on it; ask there."
        raise FhirError(404, Issue("error", "not-found", text))
    path = None
    if job.state == "complete":
        path = runner.folder(job.id).whole(request.path_params["name"])
    if path is None:
        raise FhirError(404, Issue("error", "not-found", "This job has no such file."))
    headers = {"Vary": "Accept-Encoding", "Cache-Control": "no-store", **_expires(job)}
    if accepts_gzip(request.scope["headers"]):
        headers["Content-Encoding"] = "gzip"
        return StreamingResponse(_compressed(path), media_type=NDJSON, headers=headers)
    headers["Content-Length"] = str(path.stat().st_size)
    return StreamingResponse(_read(path), media_type=NDJSON, headers=headers)


async def _found(request: Request, runner: JobRunner) -> Job:
    """Return the job of the address; 404 for one that is not this client's to see."""
    job = await runner.find(request.path_params["id"])
    if job is None or not _is_open(request, job):
        text = "There is no such job: it was deleted, it has expired, or it never was."
        raise FhirError(404, Issue("error", "not-found", text))
    return job


def _is_open(request: Request, job: Job) -> bool:
    """Whether the client may see a job: its own, and made with no wider access than it has now."""
    if job.owner != (client_of(request) or ""):
        return False
    may_see = services_of(request).access_of(request).patients
    if may_see is None:
        return True
    if job.kind == "import":
        return False
    made_with = requests.EXPORT_REQUEST.decode(job.request).access
    return made_with is not None and may_see.issuperset(made_with)


def _manifest(request: Request, job: Job) -> dict[str, Any]:
    result = requests.RESULT.decode(job.result)
    asked: requests.ExportRequest | requests.ImportRequest
    if job.kind == "export":
        asked = requests.EXPORT_REQUEST.decode(job.request)
    else:
        asked = requests.IMPORT_REQUEST.decode(job.request)
    manifest = {
        "transactionTime": instant_text(moment(job.horizon or 0)),
        "request": asked.url,
        "requiresAccessToken": asked.needs_token,
    }
    at = _address(request, job)
    if job.kind == "import":
        output: list[dict[str, Any]] = [
            {
                "type": count.type,
                "inputUrl": count.source,
                "count": count.created + count.updated + count.unchanged,
                "created": count.created,
                "updated": count.updated,
                "unchanged": count.unchanged,
            }
            for count in result.counts
        ]
        return {**manifest, "output": output, "error": _listed(result, "error", at)}
    return {
        **manifest,
        **{role: _listed(result, role, at) for role in ("output", "deleted", "error")},
    }


def _listed(result: Result, role: str, at: str) -> list[dict[str, Any]]:
    return [_entry(file, at) for file in result.files if file.role == role]


def _entry(file: OutputFile, at: str) -> dict[str, Any]:
    source = {} if file.source is None else {"inputUrl": file.source}
    return {"type": file.type, "url": f"{at}/{file.name}", "count": file.count, **source}


def _address(request: Request, job: Job) -> str:
    return f"{base_of(request)}/_jobs/{job.id}"


def _expires(job: Job) -> dict[str, str]:
    if job.expires is None:
        return {}
    return {"Expires": format_datetime(moment(job.expires), usegmt=True)}


def _read(path: Path) -> Iterator[bytes]:
    # Read in the framework's threads: neither a slow disk nor a large file holds the event loop.
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _compressed(path: Path) -> Iterator[bytes]:
    stream = zlib.compressobj(_LEVEL, wbits=_GZIP)
    for chunk in _read(path):
        packed = stream.compress(chunk)
        if packed:
            yield packed
    yield stream.flush()


router.add_route("/fhir/_jobs/{id:id}", status, methods=["GET"])
router.add_route("/fhir/_jobs/{id:id}", cancel, methods=["DELETE"])
router.add_route("/fhir/_jobs/{id:id}/{name}", download, methods=["GET"])
