"""What the terminology operations of one request share: one snapshot, each thing read once."""

from collections.abc import Callable, Hashable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from fhir_server.r4.codec import JsonObject
from fhir_server.rest.incoming import check_resource
from fhir_server.store.terminology import StoredTerminology
from terminology import imaging_maps
from terminology.service.built_in import WithBuiltIn
from terminology.service.library import Library
from terminology.service.membership import Membership
from terminology.service.remembered import Remembered
from terminology.service.sent_along import WithSent
from terminology.service.value_set import Composition
from terminology.service.versions import Versions


class Session:
    """One snapshot of the store and what has been read and evaluated of it.

    Resources of the request are told apart by identity: what thousands of parts of a batch share
    is one object. They are kept here, so that no other one takes the place of one that is gone.
    `patience`: TakesLonger where more codes would have to be looked at one by one, or a large
    library be read.
    """

    def __init__(self, connection: Connection, *, patience: int | None = None) -> None:
        self.connection = connection
        self.patience = patience
        self.stored = StoredTerminology(connection)
        self._checked: dict[int, JsonObject] = {}
        self._libraries: dict[tuple[int, ...], Library] = {}
        self._memberships: dict[Hashable, Membership] = {}

    def library(self, sent: Sequence[JsonObject] = ()) -> Library:
        """Return what is held here, with the resources of the request before it."""
        key = tuple(map(id, sent))
        if key not in self._libraries:
            own = WithBuiltIn(self.stored, is_quick=self.patience is not None)
            self._libraries[key] = Remembered(WithSent(own, sent))
        return self._libraries[key]

    def maps_of(self, system: str, *, as_target: bool) -> list[JsonObject]:
        """Return the concept maps from a code system, or to it: those stored, and those shipped."""
        shipped = imaging_maps.maps_of(system, as_target=as_target)
        return [
            *self.stored.maps_of(system, as_target=as_target),
            *(each for each in shipped if not self.stored.concept_maps(each["url"])),
        ]

    def check(self, resource: JsonObject, *, now: datetime) -> None:
        """Refuse (422) a resource of the request that could not be stored; looks at each once."""
        if id(resource) not in self._checked:
            check_resource(resource, now=now)
            self._checked[id(resource)] = resource

    def composition(
        self, library: Library, versions: Versions, supplements: tuple[str, ...]
    ) -> Composition:
        """Return the evaluation of a value set in which codes are looked for."""
        return Composition(library, versions, supplements, is_strict=False, patience=self.patience)

    def membership(self, key: Hashable, evaluate: Callable[[], Membership]) -> Membership:
        """Return the codes of a value set; `key` says which, in which versions, with what."""
        if key not in self._memberships:
            self._memberships[key] = evaluate()
        return self._memberships[key]
