"""A page of matches as a Bundle, put together from the bytes that are stored."""

from collections.abc import Sequence

from fhir_server.r4.codec import encode
from fhir_server.r4.outcome import operation_outcome
from fhir_server.r4.subsets import Subset, subset
from fhir_server.rest.cursors import write_cursor
from fhir_server.rest.page_links import encode_links
from fhir_server.rest.search_request import SearchRequest
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
    head += b',"link":' + encode_links(f"{base_url}/{path}", request.used, following)
    if entries:  # an empty array is no FHIR JSON
        head += b',"entry":[' + b",".join(entries) + b"]"
    return head + b"}"


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
