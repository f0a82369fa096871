"""A release of SNOMED CT as its constraint language asks for it (`terminology.ecl`)."""

from collections.abc import Collection, Iterable
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from terminology.ecl.concepts import (
    NO_CONCEPT,
    Attributes,
    Booleans,
    Codes,
    Column,
    Designation,
    Ids,
    Mask,
    Numbers,
    RefsetRows,
    Texts,
)
from terminology.releases.form import Text
from terminology.releases.positions import NOBODY, united
from terminology.releases.release import Release
from terminology.releases.words import wanted

_PREFERRED: Final = "900000000000548007"
_ACCEPTABLE: Final = "900000000000549004"
# Up to so many concepts their lists are read from the file; more are walked in memory.
_FEW: Final = 100


class SnomedConcepts:
    """The `terminology.ecl.concepts.Concepts` of a release."""

    def __init__(self, release: Release) -> None:
        self._release = release

    @property
    def size(self) -> int:
        """How many concepts there are, active and inactive."""
        return len(self._release)

    def position(self, code: str) -> int | None:
        """Return a concept's position; None where the release has no such concept."""
        return self._release.position(code)

    def code(self, position: int) -> str:
        """Return a concept's identifier."""
        return self._release.codes((position,))[0]

    def active(self) -> Mask:
        """Return a mark for each concept that is active."""
        return self._active

    @cached_property
    def _active(self) -> Mask:
        marks = np.ones(self.size, dtype=np.bool_)
        marks[self._release.inactive] = False
        return marks

    @property
    def keeps_inactive_designations(self) -> bool:
        """Whether descriptions that are used no more are known: they are not loaded."""
        return False

    def parents(self, of: Ids) -> Ids:
        """Return what stands directly above any of these."""
        if len(of) <= _FEW:
            return self._united("parents", of)
        return self._release.parents_of_all.of(of)

    def children(self, of: Ids) -> Ids:
        """Return what stands directly below any of these."""
        if len(of) <= _FEW:
            return self._united("children", of)
        return self._release.children_of_all.of(of)

    def ancestors(self, of: Ids) -> Ids:
        """Return what stands above any of these; one of these only if it is above another."""
        if len(of) <= _FEW:
            return self._united("ancestors", of)
        return self._release.parents_of_all.reached(of)

    def descendants(self, of: Ids) -> Ids:
        """Return what stands below any of these; one of these only if it is below another."""
        if len(of) <= _FEW:
            return self._united("descendants", of)
        return self._release.children_of_all.reached(of)

    def _united(self, which: str, of: Ids) -> Ids:
        return united([self._release.relatives(which, at) for at in of.tolist()], self.size)

    def defined(self) -> Mask:
        """Return a mark for each concept whose definition status is Defined."""
        marks = np.zeros(self.size, dtype=np.bool_)
        marks[self._release.of_property("sufficientlyDefined", "true")] = True
        return marks

    def modules(self) -> NDArray[np.uint32]:
        """Return each concept's module, by position."""
        found = np.full(self.size, NO_CONCEPT, dtype=np.uint32)
        for code, positions in self._release.values_of("moduleId"):
            module = self._release.position(code)
            if module is not None:
                found[positions] = module
        return found

    def effective_times(self) -> NDArray[np.uint32]:
        """Return each concept's effective time as 20210731, 0 for none."""
        found = np.zeros(self.size, dtype=np.uint32)
        for text, positions in self._release.values_of("effectiveTime"):
            found[positions] = int(text) if text.isdecimal() else 0
        return found

    def attribute_types(self) -> Ids:
        """Return the concepts that are the type of any attribute."""
        return self._release.relation_types

    def attributes(self, type_: int) -> Attributes | None:
        """Return the attributes of one type; None where there are none."""
        relation = self._release.relation(type_)
        if relation is not None:
            return Attributes(relation.sources, relation.groups, Codes(relation.targets))
        measure = self._release.measure(type_)
        if measure is None:
            return None
        return Attributes(measure.sources, measure.groups, _column(measure.amounts))

    def refsets(self) -> Collection[str]:
        """Return the identifiers of the reference sets that have a row."""
        return self._release.codes(self._release.refsets)

    def refset_members(self, code: str) -> Ids:
        """Return the concepts, active or not, that active rows refer to."""
        position = self._release.position(code)
        members = None if position is None else self._release.refset(position)
        return NOBODY if members is None else members

    def refset_rows(self, code: str) -> RefsetRows | None:
        """Return the rows of a historical association; of other reference sets none are kept."""
        position = self._release.position(code)
        rows = None if position is None else self._release.association(position)
        if rows is None:
            return None
        return RefsetRows(
            referenced=rows.sources,
            is_active=rows.active.astype(np.bool_),
            modules=rows.modules,
            effective_times=rows.times,
            fields={"targetComponentId": Codes(rows.targets)},
        )

    def designations(self, of: Ids) -> Iterable[Designation]:
        """Return the active designations of the concepts."""
        for position in of.tolist():
            for text in self._release.body(position).texts:
                yield self._designation(position, text)

    def with_words(self, text: str) -> Ids:
        """Return all concepts with a designation that has the words; others may be among them."""
        return self._release.with_words(wanted(text))

    def _designation(self, position: int, text: Text) -> Designation:
        about = self._release.about
        return Designation(
            concept=position,
            text=text.value,
            # A text that one dialect prefers has the tag of the dialect.
            language=text.language.partition("-")[0],
            type=about.uses[text.use]["code"],
            is_active=True,
            acceptabilities={
                about.dialects[each >> 1]: _PREFERRED if each & 1 else _ACCEPTABLE
                for each in text.dialects
            },
        )


def _column(amounts: tuple[str, ...]) -> Column:
    if all(each.startswith("#") for each in amounts):
        return Numbers(np.array([float(each[1:]) for each in amounts], dtype=np.float64))
    if all(each in ("true", "false") for each in amounts):
        return Booleans(np.array([each == "true" for each in amounts], dtype=np.bool_))
    return Texts(tuple(each.strip('"') for each in amounts))
