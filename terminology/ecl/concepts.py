"""What the evaluation of ECL asks of a release of SNOMED CT; a store of releases satisfies it.

A release has `size` concepts, each with a position from 0 to size - 1. A set of concepts is an
array of their positions, sorted, each once. What is inactive in the release is left out wherever
it is not said otherwise (ECL, "Syntax Specification": evaluated against active components). Arrays
are read and never written to: they may be the store's own.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Ids: TypeAlias = NDArray[np.uint32]
Mask: TypeAlias = NDArray[np.bool_]

# Stands in a column for what is no concept of the release, or is not said.
NO_CONCEPT: Final = 0xFFFFFFFF


@dataclass(frozen=True, slots=True, eq=False)
class Codes:
    """A column of concepts: positions, NO_CONCEPT for what is none."""

    values: NDArray[np.uint32]


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """A column of integers or decimals."""

    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """A column of texts, dates among them (20210731)."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Booleans:
    """A column of booleans."""

    values: Mask


Column: TypeAlias = Codes | Numbers | Texts | Booleans


@dataclass(frozen=True, slots=True, eq=False)
class Attributes:
    """The active inferred relationships of one type, each once, as columns.

    The order is any, and the same whenever it is asked for. `groups` are the relationship groups,
    0 for ungrouped; is-a relationships are no attributes. The values are Codes, or of concrete
    values Numbers, Texts or Booleans.
    """

    sources: NDArray[np.uint32]
    groups: NDArray[np.uint32]
    values: Column


@dataclass(frozen=True, slots=True, eq=False)
class RefsetRows:
    """The rows of one reference set, active and inactive, as columns.

    `effective_times` are numbers 20210731, 0 where none is assigned. `fields` are the further
    ones by their name in ECL (Appendix E, "Reference Set Fields": targetComponentId, mapTarget).
    """

    referenced: NDArray[np.uint32]
    is_active: Mask
    modules: NDArray[np.uint32]
    effective_times: NDArray[np.uint32]
    fields: Mapping[str, Column]


@dataclass(frozen=True, slots=True)
class Designation:
    """One description or text definition of a concept, active or not.

    `type` is the identifier of its type (900000000000013009 for synonym), `acceptabilities` are
    by the identifier of the language reference set. None of the last three means that the store
    does not keep it; an effective time of 0 that none is assigned.
    """

    concept: int
    text: str
    language: str
    type: str
    is_active: bool
    acceptabilities: Mapping[str, str]
    id: str | None = None
    module: str | None = None
    effective_time: int | None = None


class Concepts(Protocol):
    """One release."""

    @property
    def size(self) -> int:
        """How many concepts there are, active and inactive."""

    def position(self, code: str) -> int | None:
        """Return a concept's position; None where the release has no such concept."""

    def code(self, position: int) -> str:
        """Return a concept's identifier."""

    def active(self) -> Mask:
        """Return a mark for each concept that is active."""

    def parents(self, of: Ids) -> Ids:
        """Return what stands directly above any of these."""

    def children(self, of: Ids) -> Ids:
        """Return what stands directly below any of these."""

    def ancestors(self, of: Ids) -> Ids:
        """Return what stands above any of these; one of these only if it is above another."""

    def descendants(self, of: Ids) -> Ids:
        """Return what stands below any of these; one of these only if it is below another."""

    def defined(self) -> Mask:
        """Return a mark for each concept, active or not, whose definition status is Defined."""

    def modules(self) -> NDArray[np.uint32] | None:
        """Return each concept's module, by position; None where the store keeps none."""

    def effective_times(self) -> NDArray[np.uint32] | None:
        """Return each concept's effective time as 20210731, 0 for none; None where not kept."""

    def attribute_types(self) -> Ids:
        """Return the concepts that are the type of any attribute."""

    def attributes(self, type_: int) -> Attributes | None:
        """Return the attributes of one type; None where there are none."""

    def refsets(self) -> Collection[str]:
        """Return the identifiers of the reference sets that have a row."""

    def refset_members(self, code: str) -> Ids:
        """Return the concepts, active or not, that active rows refer to."""

    def refset_rows(self, code: str) -> RefsetRows | None:
        """Return a reference set's rows; None where the store keeps its members only."""

    @property
    def keeps_inactive_designations(self) -> bool:
        """Whether `designations` returns inactive ones; where not, who asks for them is refused."""

    def designations(self, of: Ids) -> Iterable[Designation]:
        """Return all designations of the concepts, in any order."""

    def with_words(self, text: str) -> Ids:
        """Return all concepts with an active designation in which each word of `text` begins a
        word, whatever its case and accents; every ideograph begins one. Others may be among them.
        """
