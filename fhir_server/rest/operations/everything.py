"""Patient/[id]/$everything: http://hl7.org/fhir/R4/patient-operation-everything.html."""

from dataclasses import dataclass

from fastapi import Response
from sqlalchemy import Connection

from fhir_server.r4.dates import EARLIEST, LATEST, instant_range
from fhir_server.r4.outcome import BadRequest
from fhir_server.rest.content import answer_type
from fhir_server.rest.context import Context, context_of
from fhir_server.rest.incoming import stored_type
from fhir_server.rest.operations.call import Call, Operation
from fhir_server.rest.page_links import CURSOR, encode_links
from fhir_server.rest.read import read_current
from fhir_server.rest.search_bundle import entry
from fhir_server.rest.services import services_of
from fhir_server.store.everything import Everything, record_page, supporting
from fhir_server.store.resources import Stored, microseconds

_PARAMETERS = ("start", "end", "_since", "_type", "_count", CURSOR)


@dataclass(frozen=True, slots=True)
class _Asked:
    """`after` is the row that the page begins after, None for the first; `used` for the links."""

    what: Everything
    count: int
    after: int | None
    used: tuple[tuple[str, str], ...]


async def everything(call: Call) -> Response:
    """Return a patient's record by pages: the Patient, its compartment, what these refer to."""
    call.check_known(*_PARAMETERS)
    media_type = answer_type(call.request)
    context = context_of(call.request)
    asked = _read(call, context)
    database = services_of(call.request).database
    body = await database.read(lambda c: _bundle(c, asked, context))
    return Response(body, media_type=media_type)


def _read(call: Call, context: Context) -> _Asked:
    if call.id is None:
        raise BadRequest("required", "$everything is called on a Patient: Patient/id/$everything.")
    ranges = {name: _range(call, name, context) for name in ("start", "end", "_since")}
    types = frozenset(stored_type(name) for name in call.texts("_type"))
    period = None
    if ranges["start"] or ranges["end"]:
        low = ranges["start"][0] if ranges["start"] else EARLIEST
        period = low, ranges["end"][1] if ranges["end"] else LATEST
    since = ranges["_since"][0] if ranges["_since"] else None
    count = min(call.number("_count") or context.limits.page_most, context.limits.page_most)
    used = [(name, str(value)) for name, value in call.arguments]
    what = Everything(call.id, types or None, since, period)
    return _Asked(what, count, _cursor(call), tuple(used))


def _cursor(call: Call) -> int | None:
    text = call.text(CURSOR)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise BadRequest("value", "_cursor is not from a next link of this operation.")
    return int(text)


def _range(call: Call, name: str, context: Context) -> tuple[int, int] | None:
    text = call.text(name)
    if text is None:
        return None
    try:
        return instant_range(text.replace(" ", "+"), default_zone=context.place.zone)
    except ValueError as error:
        raise BadRequest("value", f"{name}={text[:60]}: {error}.") from None


def _bundle(connection: Connection, asked: _Asked, context: Context) -> bytes:
    base_url, access, what = context.place.base_url, context.access, asked.what
    patient = read_current(connection, "Patient", what.patient, access)
    first = (patient,) if asked.after is None and _is_wanted(patient, what) else ()
    page = record_page(
        connection,
        what,
        access,
        base_url=base_url,
        after=asked.after or 0,
        count=asked.count - len(first),
    )
    held = (*first, *page.entries)
    more = supporting(
        connection,
        what,
        held,
        access,
        base_url=base_url,
        most=context.limits.included_most,
    )
    entries = [entry(base_url, stored, b"match") for stored in held]
    entries += (entry(base_url, stored, b"include") for stored in more)
    following = None if page.following is None else str(page.following)
    links = encode_links(f"{base_url}/Patient/{what.patient}/$everything", asked.used, following)
    head = b'{"resourceType":"Bundle","type":"searchset","link":' + links
    return head + (b',"entry":[' + b",".join(entries) + b"]}" if entries else b"}")


def _is_wanted(patient: Stored, what: Everything) -> bool:
    if what.types is not None and "Patient" not in what.types:
        return False
    return what.since is None or microseconds(patient.last_updated) >= what.since


OPERATION = Operation(
    name="everything",
    definition="http://hl7.org/fhir/OperationDefinition/Patient-everything",
    levels=("instance",),
    answer=everything,
    types=("Patient",),
    documentation="Parameters start, end, _since, _type and _count; by pages, with next links.",
)
