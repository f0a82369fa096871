"""Headers of a request that may stand once, and those that are one list in several lines."""

from starlette.requests import Request

from fhir_server.r4.outcome import BadRequest


def single_header(request: Request, name: str) -> str | None:
    """Return a header, None without it; BadRequest (400) where it comes twice.

    Of two `If-Match` one would be passed over, and it may be the one that forbids the write
    (RFC 9110, 5.3: a sender must not send such a header twice).
    """
    found = request.headers.getlist(name)
    if len(found) > 1:
        raise BadRequest("value", f"The header {name} stands {len(found)} times; send it once.")
    return found[0] if found else None


def listed_header(request: Request, name: str) -> str | None:
    """Return a header that is a list, its lines joined (RFC 9110, 5.3); None without it."""
    found = request.headers.getlist(name)
    return ", ".join(found) if found else None
