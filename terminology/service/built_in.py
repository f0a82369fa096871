"""What this server knows without loading: R4's own terminology, and what ships with it.

Shipped are LOINC's codes of the lab catalogue, DICOM's codes and context groups, UCUM by its
grammar, and the maps of imaging.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.own_terminology import every_code_system, own_terminology
from terminology import dicom, imaging_maps, shipped_codes
from terminology.codings import UCUM
from terminology.service import context_groups, units
from terminology.service.code_system import CodeSystem, ListedCodeSystem
from terminology.service.library import WITH_CODES, Library
from terminology.service.value_set import TakesLonger


class WithBuiltIn:
    """A library with what is built in of what is not stored, in whatever version.

    Versions do not say which is newer: those of R4's package (`2018-08-12`, `2.9`) are older than
    HL7's later ones (`4.0.0`, `2.0.0`). What somebody has loaded is what is meant; that a code
    system was loaded without its codes takes nothing from what is known of it.
    `is_quick`: TakesLonger where a library would have to be read that takes most of a second.
    """

    def __init__(self, stored: Library, *, is_quick: bool = False) -> None:
        self._stored = stored
        self._is_quick = is_quick

    def code_systems(self, url: str) -> Sequence[CodeSystem]:
        """Return every version that is stored, the built-in one where none has codes."""
        stored = self._stored.code_systems(url)
        if any(each.content in WITH_CODES for each in stored):
            return stored
        if shipped_codes.is_of_dicom(url):
            self._check_patience()
        own = _code_system(url)
        if own is None or (stored and own.content not in WITH_CODES):
            return stored
        return [own]

    def supplements(self, url: str) -> Sequence[JsonObject]:
        """Return every version of a supplement that is stored: none is built in."""
        return self._stored.supplements(url)

    def value_sets(self, url: str) -> Sequence[JsonObject]:
        """Return every version of a ValueSet that is stored, else the built-in one."""
        stored = self._stored.value_sets(url)
        if stored:
            return stored
        if dicom.group_number(url) is not None:
            self._check_patience()
        own = (
            own_terminology("ValueSet", url)
            or context_groups.value_set(url)
            or units.implicit_value_set(url)
        )
        return [] if own is None else [own]

    def concept_maps(self, url: str) -> Sequence[JsonObject]:
        """Return every version of a ConceptMap that is stored, else the shipped one."""
        stored = self._stored.concept_maps(url)
        own = None if stored else imaging_maps.concept_map(url)
        return stored if own is None else [own]

    def _check_patience(self) -> None:
        if self._is_quick and not dicom.is_read():
            raise TakesLonger


def own_heads() -> Iterator[CodeSystem]:
    """Yield the built-in code systems without their concepts, in no order."""
    yield units.UNITS
    # R4's own are 10 MB with their concepts, so that each is let go before the next is read.
    for resource in chain(shipped_codes.heads(), imaging_maps.heads(), every_code_system()):
        yield ListedCodeSystem(
            {name: value for name, value in resource.items() if name != "concept"}
        )


@lru_cache(maxsize=32)
def _code_system(url: str) -> CodeSystem | None:
    if url == UCUM:
        return units.UNITS
    resource = (
        own_terminology("CodeSystem", url)
        or shipped_codes.fragment(url)
        or imaging_maps.code_system(url)
    )
    return None if resource is None else ListedCodeSystem(resource)
