"""Advice on a valid resource: what of it no model will be able to use, and why."""

from collections.abc import Callable
from datetime import tzinfo

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import Issue
from terminology.catalogue import Catalogue
from terminology.measurement import Unusable, measurements

_ISSUE_CODES = {
    "withdrawn": "informational",
    "no-conversion": "not-supported",
    "unknown-unit": "code-invalid",
    "missing-unit": "required",
    "no-effective-time": "required",
}


def advise_on(*, catalogue: Catalogue, zone: tzinfo) -> Callable[[JsonObject], tuple[Issue, ...]]:
    """Return a function that gives a warning for each value that models must not use."""

    def advise(resource: JsonObject) -> tuple[Issue, ...]:
        if resource.get("resourceType") != "Observation":
            return ()
        found = measurements(resource, catalogue=catalogue, zone=zone)
        return tuple(_issue(item) for item in found if isinstance(item, Unusable))

    return advise


def _issue(item: Unusable) -> Issue:
    code = _ISSUE_CODES.get(item.reason_code, "value")
    text = f"No model will use this value: {item.text}"
    return Issue("warning", code, text, ("Observation.value",))
