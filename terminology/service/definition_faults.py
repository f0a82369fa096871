"""What a value set's definition leaves out, though its evaluation needs it.

R4 lets an element hold an extension in place of its value (`_value` with a data-absent-reason), so
a ValueSet can be stored whose filter compares with nothing. Whatever such a filter were taken to
mean, it would be a guess.
"""

from collections.abc import Iterator

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import FhirError, Issue

_R4_OR_R5 = ("op", "_op")


def check_definition(resource: JsonObject) -> None:
    """Refuse (422) a definition with a filter, import or listed code that lacks what it is of."""
    compose = resource.get("compose", {})
    issues = [
        issue
        for kind in ("include", "exclude")
        for index, part in enumerate(compose.get(kind, ()))
        for issue in _faults(part, f"ValueSet.compose.{kind}[{index}]")
    ]
    if issues:
        raise FhirError(422, *issues)


def _faults(part: JsonObject, place: str) -> Iterator[Issue]:
    named = part.get("system", "")
    for index, given in enumerate(part.get("filter", ())):
        told = f"property = {given.get('property', '?')}, op = {given.get('op', '?')}"
        lacking = [name for name in ("property", "value") if name not in given]
        if not any(name in given for name in _R4_OR_R5):
            lacking.append("op")
        for name in lacking:
            text = f"The system {named} filter with {told} has no {name}"
            yield _invalid(text, f"{place}.filter[{index}]")
    for index, canonical in enumerate(part.get("valueSet", ())):
        if canonical is None:
            text = "A value set that is imported has no canonical"
            yield _invalid(text, f"{place}.valueSet[{index}]")
    for index, entry in enumerate(part.get("concept", ())):
        if "code" not in entry:
            text = f"A concept that is listed of the system {named} has no code"
            yield _invalid(text, f"{place}.concept[{index}]")


def _invalid(text: str, place: str) -> Issue:
    return Issue("error", "invalid", text, (place,), kind="vs-invalid")
