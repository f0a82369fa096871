"""What a page brings along: `_include` and `_revinclude`.

Sources: http://hl7.org/fhir/R4/search.html#include and, for a reference to a version, #versions:
"the specified version SHOULD be provided". Each resource stands in an answer once, and only what
the client may see.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from sqlalchemy import Connection

from fhir_server.r4.codec import JsonObject, decode
from fhir_server.r4.outcome import FhirError, Issue
from fhir_server.r4.search_parameters import parameters_of
from fhir_server.r4.search_references import Link, links
from fhir_server.store import gathering, resources
from fhir_server.store.access import Access, sees, visible
from fhir_server.store.many import ALL, current_of, referring
from fhir_server.store.resources import Stored

_Key: TypeAlias = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Include:
    """One `_include`, or with `reverse` one `_revinclude`.

    `source` is the type that holds the reference, `parameter` a reference parameter of it, either
    may be ALL; `target` restricts what is referred to. `iterate` applies it to what was brought
    along too.
    """

    source: str
    parameter: str
    target: str | None = None
    iterate: bool = False
    reverse: bool = False


def included(
    connection: Connection,
    matches: Sequence[Stored],
    includes: Sequence[Include],
    access: Access,
    *,
    base_url: str,
    most: int,
) -> tuple[Stored, ...]:
    """Return what `includes` bring along with `matches`, in the order in which it is found.

    FhirError 400 `too-costly` where that is more than `most` resources: a part of them would look
    like all of them.
    """
    if not includes or not matches:
        return ()
    gathering.flush(connection)
    walk = _Walk(connection, access, base_url, most, {_key(stored) for stored in matches})
    fresh, wanted = list(matches), tuple(includes)
    while fresh and wanted:
        fresh = walk.step(fresh, wanted)
        wanted = tuple(include for include in includes if include.iterate)
    return tuple(walk.found)


@dataclass(slots=True)
class _Walk:
    connection: Connection
    access: Access
    base_url: str
    most: int
    seen: set[_Key]
    found: list[Stored] = field(default_factory=list)

    def step(self, fresh: Sequence[Stored], includes: Sequence[Include]) -> list[Stored]:
        """Return what is new by following `includes` once from `fresh`."""
        begun = len(self.found)
        contents = [(stored, decode(stored.body)) for stored in fresh]
        for include in includes:
            if include.reverse:
                self._take(self._referring(fresh, include))
            else:
                self._take(self._referred(contents, include))
        return self.found[begun:]

    def _take(self, candidates: Iterable[Stored]) -> None:
        for stored in candidates:
            key = _key(stored)
            if key not in self.seen:
                self.seen.add(key)
                self.found.append(stored)
        if len(self.found) > self.most:
            text = (
                f"The matches of this page bring along more than {self.most} resources: ask for "
                "fewer matches (_count), for less by _include and _revinclude, or search for them."
            )
            raise FhirError(400, Issue("error", "too-costly", text))

    def _referred(
        self, contents: Iterable[tuple[Stored, JsonObject]], include: Include
    ) -> Iterator[Stored]:
        targets = dict.fromkeys(
            link
            for stored, resource in contents
            if include.source in (ALL, stored.type)
            for name in _parameters(stored.type, include.parameter)
            for link in links(resource, name, base_url=self.base_url)
            if include.target in (None, link.type)
        )
        by_type: dict[str, list[str]] = {}
        for link in targets:
            if link.version is None:
                by_type.setdefault(link.type, []).append(link.id)
            else:
                yield from self._version(link, link.version)
        for type, ids in by_type.items():
            for stored in current_of(self.connection, type, ids):
                if sees(stored.body, self.access):
                    yield stored

    def _version(self, link: Link, version: str) -> Iterator[Stored]:
        if not (version.isdecimal() and version.isascii() and len(version) <= 18):
            return
        try:
            stored = resources.read_version(self.connection, link.type, link.id, int(version))
        except FhirError as error:
            if error.status not in (404, 410):
                raise
            return
        if visible(self.connection, stored, self.access):
            yield stored

    def _referring(self, fresh: Sequence[Stored], include: Include) -> Iterator[Stored]:
        targets: dict[str, list[str]] = {}
        for stored in fresh:
            if include.target in (None, stored.type):
                targets.setdefault(stored.type, []).append(stored.id)
        # Those that are there already come again: they must not use up the limit.
        limit = None if self.access.patients is not None else self.most + len(self.seen) + 1
        for type, ids in targets.items():
            for stored in referring(
                self.connection,
                (include.source, include.parameter),
                (type, ids),
                base_url=self.base_url,
                limit=limit,
            ):
                if sees(stored.body, self.access):
                    yield stored


def _key(stored: Stored) -> _Key:
    return stored.type, stored.id, stored.version


def _parameters(type: str, wanted: str) -> tuple[str, ...]:
    if wanted != ALL:
        return (wanted,)
    declared = parameters_of(type).values()
    return tuple(p.name for p in declared if p.type == "reference" and p.paths)
