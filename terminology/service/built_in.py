"""R4's own code systems and value sets beside those that are stored: known without being loaded."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.own_terminology import every_code_system, own_terminology
from terminology.service.code_system import CodeSystem, ListedCodeSystem
from terminology.service.library import Library


class WithBuiltIn:
    """A library with what R4 published of what is not stored, in whatever version.

    Versions do not say which is newer: those of R4's package (`2018-08-12`, `2.9`) are older than
    HL7's later ones (`4.0.0`, `2.0.0`). What somebody has loaded is what is meant.
    """

    def __init__(self, stored: Library) -> None:
        self._stored = stored

    def code_systems(self, url: str) -> Sequence[CodeSystem]:
        """Return every version that is stored, R4's where there is none."""
        stored = self._stored.code_systems(url)
        own = None if stored else _code_system(url)
        return stored if own is None else [own]

    def supplements(self, url: str) -> Sequence[JsonObject]:
        """Return every version of a supplement that is stored: R4 has none."""
        return self._stored.supplements(url)

    def value_sets(self, url: str) -> Sequence[JsonObject]:
        """Return every version of a ValueSet that is stored, R4's where there is none."""
        stored = self._stored.value_sets(url)
        own = None if stored else own_terminology("ValueSet", url)
        return stored if own is None else [own]

    def concept_maps(self, url: str) -> Sequence[JsonObject]:
        """Return every version of a ConceptMap that is stored: R4's own map no patient's codes."""
        return self._stored.concept_maps(url)


def own_heads() -> Iterator[CodeSystem]:
    """Yield R4's code systems without their concepts, in no order."""
    for resource in every_code_system():
        yield ListedCodeSystem(
            {name: value for name, value in resource.items() if name != "concept"}
        )


@lru_cache(maxsize=32)
def _code_system(url: str) -> CodeSystem | None:
    resource = own_terminology("CodeSystem", url)
    return None if resource is None else ListedCodeSystem(resource)
