"""A library that is asked once for each url, for as long as nothing in it can change."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from fhir_server.r4.codec import JsonObject
from terminology.service.code_system import CodeSystem
from terminology.service.library import Library

T = TypeVar("T")


class Remembered:
    """What another library has answered: thousands of codes of a batch are of few code systems."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._code_systems: dict[str, Sequence[CodeSystem]] = {}
        self._supplements: dict[str, Sequence[JsonObject]] = {}
        self._value_sets: dict[str, Sequence[JsonObject]] = {}
        self._concept_maps: dict[str, Sequence[JsonObject]] = {}

    def code_systems(self, url: str) -> Sequence[CodeSystem]:
        """Return every version of a code system that is held, in any order."""
        return _once(self._code_systems, url, self._library.code_systems)

    def supplements(self, url: str) -> Sequence[JsonObject]:
        """Return every version of a supplement, in any order."""
        return _once(self._supplements, url, self._library.supplements)

    def value_sets(self, url: str) -> Sequence[JsonObject]:
        """Return every version of a ValueSet that is held, in any order."""
        return _once(self._value_sets, url, self._library.value_sets)

    def concept_maps(self, url: str) -> Sequence[JsonObject]:
        """Return every version of a ConceptMap that is held, in any order."""
        return _once(self._concept_maps, url, self._library.concept_maps)


def _once(held: dict[str, T], url: str, ask: Callable[[str], T]) -> T:
    if url not in held:
        held[url] = ask(url)
    return held[url]
