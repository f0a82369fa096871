"""Refinements: concepts whose attributes are there as often as is asked (ECL 6.2 to 6.5)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import reduce
from operator import and_, or_
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from terminology.ecl.attributes import every_attribute, found
from terminology.ecl.concepts import Attributes, Codes, Ids, Mask
from terminology.ecl.context import Context
from terminology.ecl.errors import NOT_SUPPORTED
from terminology.ecl.sets import distinct, mask
from terminology.ecl.syntax import (
    ONE_OR_MORE,
    Attribute,
    AttributeGroup,
    AttributeSet,
    Cardinality,
    Refinement,
)

N = TypeVar("N", bound=np.generic)
# A group of a concept as one number: the concept's position above, the group's below.
_Groups = NDArray[np.uint64]
_HIGH: Final = np.uint64(32)
_UNGROUPED: Final = np.uint64(1 << 31)
# What it costs to keep one until the others are known, in rows that are looked at.
_HELD: Final = 40
_JOIN: Final[Mapping[str, Callable[[Mask, Mask], Mask]]] = {"AND": and_, "OR": or_}


def refined(context: Context, of: Ids, refinement: Refinement) -> Ids:
    """Return the concepts that satisfy the refinement; active ones only.

    6.9, "Active Filter": as only active relationships are there, only active concepts are matched
    once a refinement is used. Else [0..0] would match every inactive concept.
    """
    passed = _satisfying(context, refinement, of) & context.concepts.active()
    return of[passed[of]]


def _satisfying(context: Context, refinement: Refinement, focus: Ids) -> Mask:
    match refinement:
        case Attribute(is_reversed=True):
            return _as_value(context, refinement)
        case Attribute():
            sources = [each.sources for each in found(context, refinement)]
            return _often(_joined(sources, np.uint32), refinement.cardinality, context.size)
        case AttributeGroup():
            return _with_groups(context, refinement, focus)
        case _:
            parts = (_satisfying(context, part, focus) for part in refinement.parts)
            return reduce(_JOIN[refinement.operator], parts)


def _as_value(context: Context, attribute: Attribute) -> Mask:
    """Return what is the value of the attribute in concepts of a set.

    6.3, "Reverse Cardinalities": counted are the concepts that have it, each once.
    """
    pairs = [
        each.attributes.values.values[each.passed].astype(np.uint64) << _HIGH
        | each.sources.astype(np.uint64)
        for each in found(context, attribute)
        if isinstance(each.attributes.values, Codes)
    ]
    values = distinct(_joined(pairs, np.uint64)) >> _HIGH
    return _often(values, attribute.cardinality, context.size)


def _often(
    owners: NDArray[np.uint32] | NDArray[np.uint64], cardinality: Cardinality, size: int
) -> Mask:
    """Return who of `size` stands among the owners as often as is asked."""
    if cardinality == ONE_OR_MORE:
        marks = np.zeros(size, dtype=np.bool_)
        marks[owners] = True
        return marks
    counts = np.bincount(owners.astype(np.int64), minlength=size)
    enough = counts >= cardinality.least
    return enough if cardinality.most is None else enough & (counts <= cardinality.most)


def _joined(parts: Sequence[NDArray[N]], dtype: type[N]) -> NDArray[N]:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=dtype)


def _with_groups(context: Context, group: AttributeGroup, focus: Ids) -> Mask:
    """Return the concepts with so many groups that satisfy the attribute set within themselves."""
    numbering = _Numbering(mask(focus, context.size))
    attributes = dict.fromkeys(_attributes(group.of))
    held = {each: numbering.groups_with(context, each) for each in attributes}
    if any(each.cardinality.least == 0 for each in attributes):
        # A group without the attribute may satisfy as well: all of them are looked at.
        groups = numbering.all_groups(context)
    else:
        groups = distinct(_joined(list(held.values()), np.uint64))
    context.spend(len(groups))
    passed = _satisfied(group.of, groups, held)
    return _often(groups[passed] >> _HIGH, group.cardinality, context.size)


def _attributes(part: Attribute | AttributeSet) -> Iterator[Attribute]:
    if isinstance(part, Attribute):
        yield part
    else:
        for each in part.parts:
            yield from _attributes(each)


def _satisfied(
    part: Attribute | AttributeSet, groups: _Groups, held: Mapping[Attribute, _Groups]
) -> Mask:
    """Return which of the groups satisfy an attribute set."""
    if isinstance(part, Attribute):
        places = np.searchsorted(groups, held[part])
        return _often(places.astype(np.uint64), part.cardinality, len(groups))
    masks = (_satisfied(each, groups, held) for each in part.parts)
    return reduce(_JOIN[part.operator], masks)


class _Numbering:
    """Numbers for the groups of the concepts in focus.

    An attribute that is in no group is a group of its own (SNOMED CT Editorial Guide,
    "Relationship group": "considered to be in a group on its own"), numbered by its row.
    """

    def __init__(self, focus: Mask) -> None:
        self._focus = focus
        self._firsts: dict[int, int] = {}
        self._rows = 0

    def groups_with(self, context: Context, attribute: Attribute) -> _Groups:
        """Return the group of each attribute that passes; a group as often as it has one."""
        if attribute.is_reversed:
            context.refuse(
                attribute.at,
                "a reversed attribute in a group is not supported: the groups are those of the"
                " other concept",
                NOT_SUPPORTED,
            )
        parts = [
            self._groups(each.type, each.attributes, each.passed)
            for each in found(context, attribute)
        ]
        groups = _joined(parts, np.uint64)
        context.spend(len(groups) * _HELD)
        return groups

    def all_groups(self, context: Context) -> _Groups:
        """Return every group, sorted, each once."""
        parts = [self._groups(type_, held, None) for type_, held in every_attribute(context)]
        return distinct(_joined(parts, np.uint64))

    def _groups(self, type_: int, attributes: Attributes, passed: Mask | None) -> _Groups:
        if type_ not in self._firsts:
            self._firsts[type_] = self._rows
            self._rows += len(attributes.sources)
        in_focus = self._focus[attributes.sources]
        rows = np.flatnonzero(in_focus if passed is None else passed & in_focus)
        groups = attributes.groups[rows].astype(np.uint64)
        alone = _UNGROUPED + (rows + self._firsts[type_]).astype(np.uint64)
        below = np.where(groups == 0, alone, groups)
        return attributes.sources[rows].astype(np.uint64) << _HIGH | below
