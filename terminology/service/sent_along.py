"""Resources that a request brings: they go before what is stored, for this request only."""

from collections.abc import Sequence

from fhir_server.r4.codec import JsonObject
from terminology.service.code_system import CodeSystem, ListedCodeSystem
from terminology.service.library import Library


class WithSent:
    """A library with the resources of a request before those of another library."""

    def __init__(self, stored: Library, sent: Sequence[JsonObject]) -> None:
        self._stored = stored
        self._sent = sent

    def code_systems(self, url: str) -> Sequence[CodeSystem]:
        """Return every version that is sent or held."""
        sent = [each for each in self._named("CodeSystem", url) if not _supplements(each)]
        return [*map(ListedCodeSystem, sent), *self._stored.code_systems(url)]

    def supplements(self, url: str) -> Sequence[JsonObject]:
        """Return every version of a supplement that is sent or held."""
        sent = [each for each in self._named("CodeSystem", url) if _supplements(each)]
        return [*sent, *self._stored.supplements(url)]

    def value_sets(self, url: str) -> Sequence[JsonObject]:
        """Return every version of a ValueSet that is sent or held."""
        return [*self._named("ValueSet", url), *self._stored.value_sets(url)]

    def concept_maps(self, url: str) -> Sequence[JsonObject]:
        """Return every version of a ConceptMap that is sent or held."""
        return [*self._named("ConceptMap", url), *self._stored.concept_maps(url)]

    def _named(self, type: str, url: str) -> list[JsonObject]:
        wanted = (type, url)
        return [each for each in self._sent if (each["resourceType"], each.get("url")) == wanted]


def _supplements(code_system: JsonObject) -> bool:
    return code_system.get("content") == "supplement"
