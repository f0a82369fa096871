"""What is said against the use of a code system or value set as a whole: its own status."""

from collections.abc import Iterable
from typing import Final

from fhir_server.r4.codec import JsonObject

_STANDARDS_STATUS: Final = (
    "http://hl7.org/fhir/StructureDefinition/structuredefinition-standards-status"
)
_IN_VALUE_SET: Final = "http://hl7.org/fhir/StructureDefinition/valueset-deprecated"
ENDED: Final = frozenset(("deprecated", "withdrawn"))
_PARAMETER: Final = "http://hl7.org/fhir/StructureDefinition/valueset-expansion-parameter"
_SUPPLEMENT: Final = "http://hl7.org/fhir/StructureDefinition/valueset-supplement"


def caution_of(resource: JsonObject) -> str:
    """Return `withdrawn`, `deprecated`, `draft` or `experimental`; "" where nothing is said.

    The last two of a code system only: a hospital's value set may well be its draft.
    """
    status = standards_status(resource.get("extension", ()))
    if status in ENDED:
        return status
    if resource["resourceType"] != "CodeSystem":
        return ""
    if resource.get("status") == "draft":
        return "draft"
    return "experimental" if resource.get("experimental") is True else ""


def is_deprecated_entry(entry: JsonObject) -> bool:
    """Whether a value set marks a code that it lists as one to be used no more."""
    marked = any(
        each.get("url") == _IN_VALUE_SET and str(_value(each)).lower() == "true"
        for each in entry.get("extension", ())
    )
    return marked or standards_status(entry.get("extension", ())) == "deprecated"


def language_of(value_set: JsonObject) -> str:
    """Return the language in which a value set wants to be shown, "" where it says none."""
    own = value_set.get("language", "")
    return str(expansion_parameters(value_set).get("displayLanguage", own))


def expansion_parameters(value_set: JsonObject) -> dict[str, object]:
    """Return the parameters that a value set wants to be expanded with, the first of each name."""
    found: dict[str, object] = {}
    for each in value_set.get("compose", {}).get("extension", ()):
        if each.get("url") == _PARAMETER:
            parts = {part.get("url"): _value(part) for part in each.get("extension", ())}
            found.setdefault(str(parts.get("name")), parts.get("value", ""))
    return found


def supplements_of(value_set: JsonObject) -> tuple[str, ...]:
    """Return the supplements that a value set says it needs."""
    extensions = value_set.get("extension", ())
    return tuple(str(_value(each)) for each in extensions if each.get("url") == _SUPPLEMENT)


def standards_status(extensions: Iterable[JsonObject]) -> str:
    """Return the status that an element has by its extension, "" without."""
    for each in extensions:
        if each.get("url") == _STANDARDS_STATUS:
            return str(_value(each))
    return ""


def _value(extension: JsonObject) -> object:
    return next((value for name, value in extension.items() if name.startswith("value")), "")
