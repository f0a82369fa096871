"""Which modifiers a search parameter takes: http://hl7.org/fhir/R4/search.html#modifiers."""

from collections.abc import Mapping

from fhir_server.r4.outcome import BadRequest
from fhir_server.r4.resource_types import RESOURCE_TYPES
from fhir_server.r4.search_parameters import SearchParameter
from fhir_server.store.search_bodies import LABELLED
from fhir_server.store.search_served import BY_COLUMN

# `[type]` of a reference is a type of resource, beside these.
_BY_TYPE: Mapping[str, tuple[str, ...]] = {
    "token": ("missing", "not", "text", "in", "not-in", "above", "below", "of-type"),
    "string": ("missing", "exact", "contains"),
    "date": ("missing",),
    "number": ("missing",),
    "quantity": ("missing",),
    "uri": ("missing", "above", "below"),
    "reference": ("missing", "identifier", "text"),
    # "missing: For all parameters (except combination)".
    "composite": (),
}


def modifiers_of(parameter: SearchParameter) -> tuple[str, ...]:
    """Return the modifiers that a parameter takes, a reference's resource types left out."""
    if parameter.name in BY_COLUMN:
        return ("missing", "not") if parameter.type == "token" else ("missing",)
    found = _BY_TYPE[parameter.type]
    if parameter.paths:
        types = {path.type for path in parameter.paths}
        if not types & LABELLED:
            found = tuple(name for name in found if name != "text")
        if "Identifier" not in types:
            found = tuple(name for name in found if name != "of-type")
        if parameter.type == "reference" and "Reference" not in types:
            found = tuple(name for name in found if name != "identifier")
    return found


def check_modifier(parameter: SearchParameter, modifier: str) -> None:
    """Refuse (400) a modifier that the parameter does not take."""
    if not modifier or modifier in modifiers_of(parameter):
        return
    if parameter.type != "reference" or modifier not in RESOURCE_TYPES:
        raise unknown_modifier(parameter, modifier)


def unknown_modifier(parameter: SearchParameter, modifier: str) -> BadRequest:
    """Return the refusal of a modifier.

    R4 search.html#modifiers: a server SHALL reject a search with a modifier that it does not
    support, whatever the client's handling preference.
    """
    taken = [f":{name}" for name in modifiers_of(parameter)]
    if parameter.type == "reference":
        taken.append("a resource type, as in subject:Patient")
    return BadRequest(
        "not-supported",
        f"{parameter.name}:{modifier}: modifier {modifier[:40]!r} is not supported on "
        f"{parameter.name} ({parameter.type}); supported: {', '.join(taken) or 'none'}.",
    )
