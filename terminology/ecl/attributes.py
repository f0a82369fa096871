"""Which attributes of a release have a name and a value that an expression asks for."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from terminology.ecl.concepts import Attributes, Codes, Column, Ids, Mask
from terminology.ecl.context import Context
from terminology.ecl.errors import NOT_SUPPORTED
from terminology.ecl.sets import common, distinct, mask
from terminology.ecl.syntax import AnyConcept, Attribute, ConceptValue, Constraint, Dotted, Value
from terminology.ecl.values import compared, in_set

_Test: TypeAlias = Callable[[Column], Mask | None]


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Attributes of one type, and which of them pass."""

    type: int
    attributes: Attributes
    passed: Mask

    @property
    def sources(self) -> NDArray[np.uint32]:
        """The concept that has each attribute that passes."""
        return self.attributes.sources[self.passed]


def found(context: Context, attribute: Attribute) -> Iterator[Found]:
    """Yield the attributes with the name and the value, type by type.

    Of a reversed one the value is where the attribute starts from. EclError where values of
    another kind are asked for than these attributes have: [0..0] would take all for right.
    """
    test = _test(context, attribute.value)
    has_types = has_kind = False
    for type_, held in _named(context, attribute.name):
        has_types = True
        if attribute.is_reversed:
            passed = test(Codes(held.sources)) if isinstance(held.values, Codes) else None
        else:
            passed = test(held.values)
        if passed is not None:
            has_kind = True
            yield Found(type_, held, passed)
    if has_types and not has_kind:
        context.refuse(attribute.at, "no attribute of this name has values of this kind")


def _test(context: Context, value: Value) -> _Test:
    if not isinstance(value, ConceptValue):
        return lambda column: compared(column, value)
    if isinstance(value.of, AnyConcept):
        # 6.2, "Any Attribute Name and Value": any value at all, a number or a text too.
        return lambda column: np.full(len(column.values), not value.is_negated, dtype=np.bool_)
    of = context.evaluated(value.of)

    def test(column: Column) -> Mask | None:
        if not isinstance(column, Codes):
            return None
        inside = in_set(column.values, of, context.size)
        return ~inside if value.is_negated else inside

    return test


def _named(context: Context, name: Constraint) -> Iterator[tuple[int, Attributes]]:
    """Yield the attributes of each type of a set; types that are named and have none are noted."""
    types = context.concepts.attribute_types()
    if not isinstance(name, AnyConcept):
        types = common(context.evaluated(name), types, context.size)
        context.note_without_rows(name, [context.concepts.code(each) for each in types.tolist()])
    for type_ in types.tolist():
        attributes = context.concepts.attributes(type_)
        if attributes is not None:
            context.spend(len(attributes.sources))
            yield type_, attributes


def every_attribute(context: Context) -> Iterator[tuple[int, Attributes]]:
    """Yield all attributes of the release, type by type."""
    return _named(context, AnyConcept())


def values_of(context: Context, constraint: Dotted) -> Ids:
    """Return the values of the attributes of concepts.

    EclError where one is a number or a text: the answer would be no set of concepts.
    """
    of = context.evaluated(constraint.of)
    for name in constraint.names:
        of = _values(context, of, name, constraint.at)
    return of


def _values(context: Context, of: Ids, name: Constraint, at: int) -> Ids:
    having = mask(of, context.size)
    parts = []
    for type_, held in _named(context, name):
        passed = having[held.sources]
        if isinstance(held.values, Codes):
            parts.append(distinct(held.values.values[passed]))
        elif passed.any():
            context.refuse(
                at,
                f"the values of {context.concepts.code(type_)} are no concepts",
                NOT_SUPPORTED,
            )
    return context.union(parts)
