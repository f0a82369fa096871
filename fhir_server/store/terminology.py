"""Terminology that is stored, in resources and in releases, as the service asks for it."""

from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import Connection, bindparam, select

from fhir_server.r4.codec import JsonObject, decode
from fhir_server.store import interning
from fhir_server.store.engines import RELEASES
from fhir_server.store.search_served import searchable, uses_of
from fhir_server.store.statements import Prepared, SqlValue
from fhir_server.store.tables import key_text, table
from terminology.releases.implicit import implicit_value_sets
from terminology.releases.shelf import Shelf
from terminology.service.code_system import CodeSystem, ListedCodeSystem
from terminology.service.library import precedence

_RESOURCE, _VERSION, _URI = (table(name) for name in ("resource", "resource_version", "uri_index"))
_BY_URL = Prepared(
    select(_VERSION.c.body)
    .join(_RESOURCE, _RESOURCE.c.rid == _VERSION.c.rid)
    .join(_URI, _URI.c.rid == _RESOURCE.c.rid)
    .where(_VERSION.c.version == _RESOURCE.c.version, _RESOURCE.c.deleted == 0)
    .where(_URI.c.param == bindparam("of_param"), _URI.c.uri == bindparam("of_uri"))
    .order_by(_RESOURCE.c.rid.desc())
)

_URLS = Prepared(
    select(_URI.c.uri).where(_URI.c.param == bindparam("of_param")).distinct().order_by(_URI.c.uri)
)


class StoredTerminology:
    """The `terminology.service.library.Library` of one snapshot of the store."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._releases: Shelf | None = connection.info.get(RELEASES)

    def code_systems(self, url: str) -> Sequence[CodeSystem]:
        """Return every version that is here: the releases, then those that are resources."""
        found = [_code_system(body) for body in self._bodies("CodeSystem", url)]
        stored = [each for each in found if each.content != "supplement"]
        return [*(self._releases.of(url) if self._releases else ()), *stored]

    def all_code_systems(self) -> dict[str, list[CodeSystem]]:
        """Return every code system that is here by url, the version that is meant first."""
        (use,) = uses_of(searchable("CodeSystem")["url"])
        param = interning.parameter_ids(self._connection, "CodeSystem")[use.name]
        rows = _URLS.run_named(self._connection, {"of_param": param}).fetchall()
        # A very long url stands in the index by its digest: nobody can ask for it by that.
        urls = {url for (url,) in rows}.union(self._releases.everything() if self._releases else ())
        held = {url: list(self.code_systems(url)) for url in sorted(urls)}
        for versions in held.values():
            versions.sort(key=precedence, reverse=True)
        return {url: versions for url, versions in held.items() if versions}

    def supplements(self, url: str) -> Sequence[JsonObject]:
        """Return the stored supplements with this url."""
        found = (decode(body) for body in self._bodies("CodeSystem", url))
        return [each for each in found if each.get("content") == "supplement"]

    def value_sets(self, url: str) -> Sequence[JsonObject]:
        """Return every version of a value set that is stored, or implied by a code system."""
        stored = [decode(body) for body in self._bodies("ValueSet", url)]
        if stored or self._releases is None:
            return stored
        return implicit_value_sets(url, self._releases)

    def concept_maps(self, url: str) -> Sequence[JsonObject]:
        """Return every version of a concept map that is stored, the newest resource first."""
        return [decode(body) for body in self._bodies("ConceptMap", url)]

    def maps_of(self, system: str, *, as_target: bool) -> Sequence[JsonObject]:
        """Return the concept maps from a code system, or to it."""
        name = "target-system" if as_target else "source-system"
        return [decode(body) for body in self._bodies("ConceptMap", system, name)]

    def _bodies(self, type: str, url: str, parameter: str = "url") -> list[bytes]:
        # `CodeSystem.url` has the rows of `system`, which says the same.
        (use,) = uses_of(searchable(type)[parameter])
        param = interning.parameter_ids(self._connection, type)[use.name]
        values: dict[str, SqlValue] = {"of_param": param, "of_uri": key_text(url)}
        return [body for (body,) in _BY_URL.run_named(self._connection, values).fetchall()]


def code_system_of(body: bytes) -> CodeSystem:
    """Return the code system of a stored CodeSystem resource."""
    return _code_system(body)


# A code system is asked again and again; read anew, one of ten thousand codes takes 0.1 s. Its
# content names the version, so what was kept is never out of date.
@lru_cache(maxsize=32)
def _code_system(body: bytes) -> CodeSystem:
    return ListedCodeSystem(decode(body))
