"""A page of matches as a Bundle, put together from the bytes that are stored."""

from collections.abc import Sequence
from urllib.parse import quote, urlencode

from fhir_server.r4.codec import encode
from fhir_server.r4.outcome import operation_outcome
from fhir_server.r4.subsets import Subset, subset
from fhir_server.rest.cursors import write_cursor
from fhir_server.rest.search_request import CURSOR, SearchRequest
from fhir_server.store.resources import Stored
from fhir_server.store.search_query import SearchPage


def search_bundle(
    base_url: str,
    path: str,
    request: SearchRequest,
    page: SearchPage,
    brought: Sequence[Stored] = (),
    following: str | None = None,
) -> bytes:
    """Return the searchset Bundle: links as used, entries with fullUrl, left-out names first.

    `path` is where the search was sent, below the base; `brought` is what the matches bring along;
    `following` is the cursor of the next page where it is not that of `page`.
    `_elements` names elements of the matches, a summary is of everything.
    """
    if following is None and page.next is not None:
        following = write_cursor(page.next)
    of_brought = None if request.subset and request.subset.elements else request.subset
    entries = [entry(base_url, stored, b"match", request.subset) for stored in page.matches]
    entries += (entry(base_url, stored, b"include", of_brought) for stored in brought)
    if request.ignored:
        outcome = operation_outcome(request.ignored)
        entries.insert(0, encode({"resource": outcome, "search": {"mode": "outcome"}}))
    head = b'{"resourceType":"Bundle","type":"searchset"'
    if page.total is not None:
        head += b',"total":%d' % page.total
    head += b',"link":' + encode_links(base_url, path, request, following)
    if entries:  # an empty array is no FHIR JSON
        head += b',"entry":[' + b",".join(entries) + b"]"
    return head + b"}"


def encode_links(base_url: str, path: str, request: SearchRequest, following: str | None) -> bytes:
    """Return the JSON of Bundle.link: what was used, and the page at the cursor `following`."""
    links = [{"relation": "self", "url": _url(base_url, path, request.used)}]
    if following is not None:
        used = [pair for pair in request.used if pair[0] != CURSOR]
        used.append((CURSOR, following))
        links.append({"relation": "next", "url": _url(base_url, path, used)})
    return b"[" + b",".join(encode(link) for link in links) + b"]"


def _url(
    base_url: str, type: str, used: tuple[tuple[str, str], ...] | list[tuple[str, str]]
) -> str:
    query = urlencode(used, quote_via=quote, safe=":/|,")
    return f"{base_url}/{type}?{query}" if query else f"{base_url}/{type}"


def entry(base_url: str, stored: Stored, mode: bytes, wanted: Subset | None = None) -> bytes:
    """Return the entry of one resource, whole or what is `wanted` of it."""
    body = stored.body if wanted is None else subset(stored.body, wanted)
    # Type and id are of letters, digits, '-' and '.': nothing to escape.
    return b'{"fullUrl":"%s/%s/%s","resource":%s,"search":{"mode":"%s"}}' % (
        base_url.encode(),
        stored.type.encode(),
        stored.id.encode(),
        body,
        mode,
    )
