"""The kick-off of an $export: of the system, of all patients, of a Group's members.

Source: http://hl7.org/fhir/uv/bulkdata/export.html#bulk-data-kick-off-request.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

from fastapi import Response

from fhir_server.jobs.requests import ExportLevel, ExportRequest
from fhir_server.r4.dates import instant_range
from fhir_server.r4.outcome import BadRequest
from fhir_server.r4.references import parse_reference
from fhir_server.r4.resource_types import STORED_TYPES
from fhir_server.rest.bulk_jobs import accepted, check_asynchronous, kick_off_url, runner_of
from fhir_server.rest.content import answer_type, preferences
from fhir_server.rest.errors import MethodNotAllowed
from fhir_server.rest.operations.call import Call, Operation
from fhir_server.rest.read import read_current
from fhir_server.rest.services import access_to, base_of, client_of, services_of
from fhir_server.store.compartment_walk import has_compartment

_FORMATS = ("application/fhir+ndjson", "application/ndjson", "ndjson")
_LEVELS: dict[str | None, ExportLevel] = {None: "system", "Patient": "patient", "Group": "group"}
_NOT_BUILT = {
    "_typeFilter": "search within an export",
    "_elements": "a choice of elements",
    "_until": "an end of the time that is asked for",
    "includeAssociatedData": "associated data",
    "organizeOutputBy": "output by patient",
    "allowPartialManifests": "manifests before the end",
}


@dataclass(slots=True)
class _Reading:
    """What has been read of a kick-off; `remarks` are what handling=lenient has left out."""

    level: ExportLevel
    lenient: bool
    is_post: bool
    base_url: str
    types: list[str] = field(default_factory=list)
    since: int | None = None
    patients: list[str] | None = None
    remarks: list[str] = field(default_factory=list)

    def leave_out(self, code: str, text: str) -> None:
        """Refuse (400) what is not served, or, where the client is lenient, say that it is not."""
        if not self.lenient:
            raise BadRequest(code, text)
        self.remarks.append(f"Left out: {text}")


async def answer(call: Call) -> Response:
    """Begin an export and answer 202 with the address of its status."""
    request = call.request
    if request.method == "HEAD":  # it would begin an export that nobody hears of
        raise MethodNotAllowed("HEAD", ("GET", "POST"))
    answer_type(request)
    check_asynchronous(request)
    services, runner = services_of(request), runner_of(request)
    access = access_to(request)
    reading = _Reading(
        level=_LEVELS[call.type],
        lenient=preferences(request).lenient,
        is_post=request.method == "POST",
        base_url=base_of(request),
    )
    for name, value in call.arguments:
        _read(reading, name, value)
    if reading.types == [] and any(name == "_type" for name, _value in call.arguments):
        # An empty list would be every type.
        raise BadRequest("not-supported", "_type names nothing that this export could hold.")
    if call.id is not None:  # 404 now rather than a job that fails
        group = call.id
        await services.database.look_up(lambda c: read_current(c, "Group", group, access))
    wanted = ExportRequest(
        url=kick_off_url(request),
        base_url=reading.base_url,
        level=reading.level,
        group=call.id,
        types=tuple(dict.fromkeys(reading.types)),
        since=reading.since,
        patients=None if reading.patients is None else tuple(reading.patients),
        access=None if access.patients is None else tuple(sorted(access.patients)),
        remarks=tuple(reading.remarks),
        needs_token=client_of(request) is not None,
    )
    return accepted(request, await runner.submit(wanted, owner=client_of(request) or ""))


def _read(reading: _Reading, name: str, value: Any) -> None:
    known = _PARAMETERS.get(name)
    if known is not None:
        known(reading, value)
        return
    if name in _NOT_BUILT:
        text = f"{name} ({_NOT_BUILT[name]}) is not supported; send the request without it."
        reading.leave_out("not-supported", text)
        return
    text = f"{name[:60]!r} is no parameter of $export: {', '.join(_PARAMETERS)}."
    reading.leave_out("not-supported", text)


def _format(_reading: _Reading, value: Any) -> None:
    # "+" in a query reads as a space where the client did not write %2B.
    if not isinstance(value, str) or value.replace(" ", "+") not in _FORMATS:
        text = f"_outputFormat={str(value)[:60]}: an export is {_FORMATS[0]}."
        raise BadRequest("not-supported", text)


def _since(reading: _Reading, value: Any) -> None:
    if reading.since is not None:
        raise BadRequest("value", "_since stands twice; send it once.")
    text = str(value).replace(" ", "+")
    try:
        if "T" not in text or not (text.endswith("Z") or text[-6:-5] in ("+", "-")):
            raise ValueError("an instant has a time and an offset, as in 2026-05-11T08:00:00Z")
        reading.since = instant_range(text, default_zone=UTC)[0]
    except ValueError as error:
        raise BadRequest("value", f"_since={text[:60]}: {error}.") from None


def _type(reading: _Reading, value: Any) -> None:
    if not isinstance(value, str):
        raise BadRequest("value", "_type takes names of resource types.")
    for name in filter(None, (part.strip() for part in value.split(","))):
        if name not in STORED_TYPES:
            reading.leave_out("not-supported", f"_type={name[:64]!r} is no resource type of R4.")
        elif reading.level != "system" and not has_compartment(name):
            text = f"_type={name}: no {name} is in the Patient compartment; export the system."
            reading.leave_out("not-supported", text)
        else:
            reading.types.append(name)


def _patient(reading: _Reading, value: Any) -> None:
    if not reading.is_post:
        raise BadRequest("not-supported", "patient is sent by POST, as a Reference in Parameters.")
    if reading.level == "system":
        text = "patient goes with Patient/$export and Group/[id]/$export."
        raise BadRequest("not-supported", text)
    given = value.get("reference") if isinstance(value, dict) else None
    try:
        found = parse_reference(str(given))
    except ValueError:
        found = None
    if found is None or found.type != "Patient" or found.base not in (None, reading.base_url):
        raise BadRequest("value", f"patient={str(given)[:100]!r}: write Patient/id.")
    reading.patients = [*(reading.patients or []), str(found.id)]


_PARAMETERS: dict[str, Callable[[_Reading, Any], None]] = {
    "_outputFormat": _format,
    "_since": _since,
    "_type": _type,
    "patient": _patient,
}

_BASE = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/"
_TEXT = (
    "Asynchronous (Prefer: respond-async); parameters _outputFormat, _since, _type and, by POST, "
    "patient. What is not supported is a 400, or with handling=lenient a warning in the output."
)

OPERATIONS = (
    Operation("export", f"{_BASE}export", ("system",), answer, documentation=_TEXT),
    Operation(
        "export", f"{_BASE}patient-export", ("type",), answer, ("Patient",), documentation=_TEXT
    ),
    Operation(
        "export", f"{_BASE}group-export", ("instance",), answer, ("Group",), documentation=_TEXT
    ),
)
