"""One entry of a batch or transaction, as it is read."""

from collections.abc import Callable
from typing import Literal

import msgspec

from fhir_server.r4.codec import JsonObject
from fhir_server.rest.conditions import ReadConditions
from fhir_server.rest.matching import Criteria
from fhir_server.rest.operations.session import Session
from fhir_server.rest.writes import Guard

Kind = Literal[
    "create", "update", "patch", "delete",
    "read", "vread", "history", "search", "compartment", "call",
]  # fmt: skip


class Operation(msgspec.Struct, frozen=True):
    """One entry's interaction.

    `type` is "" for the history of all, and EVERY_TYPE ("*") where a search in the compartment of
    the Patient `id` is of every type.
    `id` is the target's, assigned for a create, None for a search and where only `criteria` say
    which resource is meant; then `alias` stands for it until that is known. `pairs` are the
    parameters of a search. `full_url` is the identity under which other entries refer to the
    resource. `pending` are its conditional references, each by the provisional `Type/id` that
    stands for it. `call` is what an operation of FHIR (`$lookup`) does.
    """

    index: int
    kind: Kind
    type: str
    id: str | None = None
    alias: str | None = None
    version: int | None = None
    pairs: tuple[tuple[str, str], ...] = ()
    resource: JsonObject | None = None
    patch: JsonObject | None = None
    full_url: str | None = None
    criteria: Criteria | None = None
    guard: Guard = msgspec.field(default_factory=Guard)
    conditions: ReadConditions = msgspec.field(default_factory=ReadConditions)
    head: bool = False
    pending: tuple[tuple[str, Criteria], ...] = ()
    call: Callable[[Session], JsonObject] | None = None

    @property
    def known_as(self) -> str | None:
        """The id by which other entries refer to the resource while the Bundle is worked on."""
        return self.id or self.alias

    @property
    def place(self) -> str:
        """The expression of the entry."""
        return entry_place(self.index)


def entry_place(index: int) -> str:
    """Return the expression of one entry."""
    return f"Bundle.entry[{index}]"
