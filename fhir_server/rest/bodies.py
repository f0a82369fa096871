"""The bytes of a request's body: bounded as they come in, and as they are inflated.

Source: RFC 9110, section 8.4 (Content-Encoding); http://hl7.org/fhir/R4/http.html#mime-type
("gzip"). A small gzip body can hold gigabytes; the limit is on what it holds.
"""

import asyncio
import zlib
from collections.abc import Mapping
from typing import ClassVar

from fastapi import Request
from starlette.requests import ClientDisconnect

from fhir_server.r4.outcome import BadRequest, FhirError, Issue, PayloadTooLarge
from fhir_server.rest.headers import single_header

# A sender that trickles holds a connection; 5 MB need this long at 700 kbit/s.
SECONDS = 60.0
_GZIP = 16 + zlib.MAX_WBITS  # zlib's sign for a gzip header


class BodyTooSlow(FhirError):
    """408: the body did not come in time; the connection is closed, so that it holds nothing."""

    headers: ClassVar[Mapping[str, str]] = {"Connection": "close"}

    def __init__(self) -> None:
        text = f"The body was not complete after {SECONDS:.0f} seconds; send it again."
        super().__init__(408, Issue("error", "timeout", text))


async def read_body(request: Request, *, limit: int) -> bytes:
    """Return the body, inflated where it is gzip; PayloadTooLarge (413) beyond `limit` bytes.

    415 for another Content-Encoding than gzip and identity, 400 for a broken gzip stream and for
    a connection that ends early, 408 where the body is not there after `SECONDS`.
    """
    encoding = (single_header(request, "content-encoding") or "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip"):
        text = f"Content-Encoding {encoding[:40]!r} is not read here; send gzip or plain."
        raise FhirError(415, Issue("error", "not-supported", text))
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > limit:
        raise PayloadTooLarge(limit)
    try:
        async with asyncio.timeout(SECONDS):
            body = await _received(request, limit)
    except TimeoutError:
        raise BodyTooSlow() from None
    except ClientDisconnect:
        text = "The connection ended before the body did."
        raise BadRequest("structure", text) from None
    return body if encoding == "identity" else inflated(body, limit)


async def _received(request: Request, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise PayloadTooLarge(limit)
        chunks.append(chunk)
    return b"".join(chunks)


def inflated(body: bytes, limit: int) -> bytes:
    """Return what the gzip stream `body` holds, at most `limit` bytes (413); 400 where broken."""
    stream = zlib.decompressobj(_GZIP)
    try:
        found = stream.decompress(body, limit + 1)
    except zlib.error:
        raise _broken() from None
    if len(found) > limit:
        raise PayloadTooLarge(limit)
    if not stream.eof or stream.unused_data:
        raise _broken()
    return found


def _broken() -> BadRequest:
    return BadRequest("structure", "Content-Encoding is gzip, but the body is no gzip stream.")
