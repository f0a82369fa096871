"""Race as the Patient's US Core extension states it; it is never inferred."""

from collections.abc import Iterator
from typing import Any, Final

from inference.features.feature import Absent, Feature
from inference.reasons import Reason
from inference.snapshot import PatientSnapshot

_US_CORE: Final = "http://hl7.org/fhir/us/core/StructureDefinition"
RACE_EXTENSION: Final = f"{_US_CORE}/us-core-race"
ETHNICITY_EXTENSION: Final = f"{_US_CORE}/us-core-ethnicity"
_CDC_RACE: Final = "urn:oid:2.16.840.1.113883.6.238"
_WHITE: Final = "2106-3"
_BLACK: Final = "2054-5"
_HISPANIC: Final = "2135-2"


def black(snapshot: PatientSnapshot) -> Feature | Absent:
    """Return 1 for Black and 0 for White, the two races that equations were published for.

    Another race is 0 with a caution: ACC/AHA 2013 (class IIb) name the equation of non-Hispanic
    White people there. For Hispanic people AHA/ACC 2018 (table on race and ethnicity) name that of
    the stated race, and a caution says so. Race that is not stated, or several, is absent.
    """
    races = set(_categories(snapshot, RACE_EXTENSION))
    if len(races) != 1:
        return Absent("black", Reason("race-several" if races else "race-not-stated"))
    race = races.pop()
    cautions = []
    if race not in (_WHITE, _BLACK):
        cautions.append(Reason("race-not-published"))
    if _HISPANIC in _categories(snapshot, ETHNICITY_EXTENSION):
        cautions.append(Reason("hispanic-not-published"))
    source = (snapshot.patient.reference,)
    value = float(race == _BLACK)
    return Feature("black", value, "1", race, source, cautions=tuple(cautions))


def _categories(snapshot: PatientSnapshot, url: str) -> Iterator[str]:
    """Yield the OMB categories that a US Core extension states; "unknown" is of another system."""
    for extension in snapshot.patient.resource.get("extension", ()):
        if extension.get("url") == url:
            yield from _coded(extension)


def _coded(extension: dict[str, Any]) -> Iterator[str]:
    for part in extension.get("extension", ()):
        coding = part.get("valueCoding", {})
        if part.get("url") == "ombCategory" and coding.get("system") == _CDC_RACE:
            yield str(coding.get("code"))
