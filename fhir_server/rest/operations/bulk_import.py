"""The kick-off of an $import of NDJSON: of files in the import folder, or of the body itself.

This server fetches from no address that a client names (docs/adr/0013). The form of the request
is that of the SMART bulk import proposal as HAPI and others take it: Parameters with inputFormat,
inputSource and input (type, url).
"""

import asyncio
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from fastapi import Request, Response

from fhir_server.jobs.files import close_synced, open_private
from fhir_server.jobs.requests import ImportRequest, ImportSource, source_of
from fhir_server.jobs.runner import JobRunner
from fhir_server.r4.outcome import BadRequest, FhirError, Issue, PayloadTooLarge
from fhir_server.r4.resource_types import STORED_TYPES
from fhir_server.rest.bulk_jobs import NDJSON, accepted, check_asynchronous, kick_off_url, runner_of
from fhir_server.rest.content import answer_type
from fhir_server.rest.operations.call import Call, Operation, read_arguments
from fhir_server.rest.services import client_of, services_of

_FORMATS = (NDJSON, "application/ndjson", "application/x-ndjson")
_POSTED = "input.ndjson"
_GZIP = 16 + zlib.MAX_WBITS
_PIECE = 1 << 20
_MOST_SOURCES = 1000


async def answer(call: Call) -> Response:
    """Begin an import and answer 202 with the address of its status."""
    request = call.request
    answer_type(request)
    check_asynchronous(request)
    runner = runner_of(request)
    if services_of(request).access_of(request).patients is not None:
        text = "An import writes any patient's record; this client may see some patients only."
        raise FhirError(403, Issue("error", "forbidden", text))
    header = request.headers.get("content-type", "")
    if header.partition(";")[0].strip().lower() in _FORMATS:
        return await _posted(request, runner)
    wanted = _read(request, runner, await read_arguments(request, takes_resource=False))
    return accepted(request, await runner.submit(wanted, owner=client_of(request) or ""))


def _read(
    request: Request, runner: JobRunner, arguments: tuple[tuple[str, Any], ...]
) -> ImportRequest:
    sources: list[ImportSource] = []
    input_source: str | None = None
    for name, value in arguments:
        match name:
            case "inputFormat":
                if value not in _FORMATS:
                    raise BadRequest("not-supported", f"inputFormat: an import is {NDJSON}.")
            case "inputSource":
                input_source = str(value)
            case "input":
                sources.append(_input(runner, value, len(sources)))
            case _:
                text = f"{name[:60]!r} is no parameter of $import: inputFormat, inputSource, input."
                raise BadRequest("not-supported", text)
    if not sources:
        raise BadRequest("required", "An import needs at least one input with its url.")
    if len(sources) > _MOST_SOURCES:
        raise BadRequest("too-costly", f"An import takes up to {_MOST_SOURCES} inputs; split it.")
    return ImportRequest(
        url=kick_off_url(request),
        sources=tuple(sources),
        input_source=input_source,
        needs_token=client_of(request) is not None,
    )


def _input(runner: JobRunner, value: Any, index: int) -> ImportSource:
    place = f"Parameters.parameter[input {index}]"
    parts: dict[str, Any] = {}
    for part in value.get("part", ()) if isinstance(value, dict) else ():
        name = part.get("name")
        values = [part[key] for key in part if key.startswith("value")]
        if name not in ("type", "url") or len(values) != 1 or not isinstance(values[0], str):
            text = "An input has the parts url and, where all lines are of one type, type."
            raise BadRequest("not-supported", text, place)
        parts[name] = values[0]
    if "url" not in parts:
        raise BadRequest("required", "An input needs its url: a file of the import folder.", place)
    type = parts.get("type")
    if type is not None and type not in STORED_TYPES:
        raise BadRequest("value", f"{type[:64]!r} is no resource type of R4.", place)
    return _file(runner.policy.import_folder, parts["url"], type, place)


def _file(folder: Path | None, url: str, type: str | None, place: str) -> ImportSource:
    """Return a file of the import folder; 400 for whatever is outside of it or not there."""
    if folder is None:
        text = f"No import folder is set (ATTENDING_IMPORT_DIR); post the lines as {NDJSON}."
        raise BadRequest("not-supported", text, place)
    split = urlsplit(url)
    if split.scheme or split.netloc or split.query or split.fragment:
        text = (
            f"{url[:200]!r}: this server fetches from no address. Put the file into the import "
            f"folder and name it, or post the lines as {NDJSON}."
        )
        raise BadRequest("not-supported", text, place)
    root = folder.resolve()
    path = (root / unquote(split.path)).resolve()
    if not path.is_relative_to(root) or not path.is_file():
        raise BadRequest("not-found", f"{url[:200]!r} is no file of the import folder.", place)
    return source_of(url, path, type)


async def _posted(request: Request, runner: JobRunner) -> Response:
    """Keep the body in the job's own folder, then import it from there."""
    if request.query_params:
        name = next(iter(request.query_params))
        raise BadRequest("not-supported", f"{name[:60]!r} is no parameter of a posted import.")
    id = runner.new_id()
    folder = runner.folder(id)
    await asyncio.to_thread(folder.make)
    path = folder.path / _POSTED
    try:
        await _keep(request, path, runner.policy.import_limit)
        wanted = ImportRequest(
            url=kick_off_url(request),
            sources=(source_of("", path),),
            needs_token=client_of(request) is not None,
        )
        job = await runner.submit(wanted, owner=client_of(request) or "", id=id)
    except BaseException:
        await asyncio.to_thread(folder.remove)
        raise
    return accepted(request, job)


async def _keep(request: Request, path: Path, limit: int) -> None:
    """Write the body, inflated where it is gzip, to `path`; 413 beyond `limit` bytes."""
    file = await asyncio.to_thread(open_private, path)
    size = 0
    try:
        async for piece in _inflated(request):
            size += len(piece)
            if size > limit:
                raise PayloadTooLarge(limit)
            await asyncio.to_thread(file.write, piece)
    except BaseException:
        file.close()
        raise
    await asyncio.to_thread(close_synced, file)
    if not size:
        raise BadRequest("structure", "The body is empty; send a resource on each line.")


async def _inflated(request: Request) -> AsyncIterator[bytes]:
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding == "identity":
        async for piece in request.stream():
            if piece:
                yield piece
        return
    if encoding not in ("gzip", "x-gzip"):
        text = f"Content-Encoding {encoding[:40]!r} is not read here; send gzip or plain."
        raise FhirError(415, Issue("error", "not-supported", text))
    stream = zlib.decompressobj(_GZIP)
    try:
        async for piece in request.stream():
            left, is_more = piece, bool(piece)
            while left or is_more:
                # In bounded pieces: a small gzip body can hold gigabytes.
                found = await asyncio.to_thread(stream.decompress, left, _PIECE)
                left, is_more = stream.unconsumed_tail, len(found) == _PIECE
                if found:
                    yield found
    except zlib.error:
        raise BadRequest("structure", "The body is no gzip stream.") from None
    if not stream.eof or stream.unused_data:
        raise BadRequest("structure", "The body is not one whole gzip stream.")


OPERATION = Operation(
    name="import",
    definition="https://attending.org/fhir/OperationDefinition/import",
    levels=("system",),
    answer=answer,
    affects_state=True,
    reads_body=True,
    documentation="Asynchronous (Prefer: respond-async); Parameters that name files of the import "
    "folder, or the NDJSON itself as body.",
)
