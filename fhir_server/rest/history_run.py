"""A page of history as a Bundle, put together from the bytes that are stored.

Source: http://hl7.org/fhir/R4/http.html#history, bundle.html#history.
"""

from sqlalchemy import Connection

from fhir_server.r4.codec import JsonObject, encode
from fhir_server.r4.outcome import operation_outcome
from fhir_server.r4.subsets import Subset, subset
from fhir_server.rest.context import Context
from fhir_server.rest.history_request import HistoryRequest, write_cursor
from fhir_server.rest.page_links import encode_links
from fhir_server.store.resources import HistoryPage, Stored
from fhir_server.store.visible_history import visible_history

_STATUS = {"POST": "201 Created", "DELETE": "204 No Content"}


def run_history(connection: Connection, asked: HistoryRequest, context: Context) -> bytes:
    """Return the history Bundle of what the client may see."""
    page = visible_history(
        connection,
        context.access,
        type=asked.type,
        id=asked.id,
        since=asked.since,
        at=asked.at,
        count=asked.count,
        before=asked.before,
    )
    return history_bundle(context.place.base_url, asked, page)


def history_bundle(base_url: str, asked: HistoryRequest, page: HistoryPage) -> bytes:
    """Return the Bundle of one page: links, then each version with its request and response."""
    entries = [_entry(base_url, stored, asked.subset) for stored in page.entries]
    if asked.ignored:
        # bdl-3 and bdl-4: every entry of a history has a request and a response.
        entries.insert(0, _outcome(asked))
    head = b'{"resourceType":"Bundle","type":"history"'
    if page.total is not None:
        head += b',"total":%d' % page.total
    following = None if page.following is None else write_cursor(page.following)
    head += b',"link":' + encode_links(f"{base_url}/{asked.path}", asked.used, following)
    if entries:
        head += b',"entry":[' + b",".join(entries) + b"]"
    return head + b"}"


def _entry(base_url: str, stored: Stored, wanted: Subset | None) -> bytes:
    address = f"{stored.type}/{stored.id}"
    created = stored.method == "POST" or stored.created
    response: JsonObject = {
        "status": _STATUS["POST"] if created else _STATUS.get(stored.method, "200 OK"),
        "etag": f'W/"{stored.version}"',
        "lastModified": stored.last_updated.isoformat(timespec="milliseconds").replace(
            "+00:00", "Z"
        ),
    }
    url = stored.type if stored.method == "POST" else address
    written = encode({"request": {"method": stored.method, "url": url}, "response": response})
    full_url = b'{"fullUrl":"%s/%s",' % (base_url.encode(), address.encode())
    if stored.deleted:
        return full_url + written[1:]
    body = stored.body if wanted is None else subset(stored.body, wanted)
    return full_url + b'"resource":' + body + b"," + written[1:]


def _outcome(asked: HistoryRequest) -> bytes:
    return encode(
        {
            "resource": operation_outcome(asked.ignored),
            "request": {"method": "GET", "url": asked.path},
            "response": {"status": "200 OK"},
        }
    )
