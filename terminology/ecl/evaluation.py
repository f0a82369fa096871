"""The door of the evaluation: which concepts of a release an expression constraint selects."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Final

from terminology.ecl.attributes import values_of
from terminology.ecl.concept_filters import filtered
from terminology.ecl.concepts import Concepts, Ids
from terminology.ecl.context import Context
from terminology.ecl.description_filters import described
from terminology.ecl.history import with_history
from terminology.ecl.members import members, refsets_with
from terminology.ecl.refinements import refined
from terminology.ecl.sets import common, every, without
from terminology.ecl.syntax import (
    AnyConcept,
    Compound,
    Concept,
    ConceptFilter,
    Constraint,
    Dotted,
    Expression,
    Filtered,
    MemberOf,
    Refined,
    RefsetContainingAny,
    Walk,
    Walked,
    WithHistory,
)


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """The concepts, not to be written to, and which identifiers may not have done what was meant.

    `unknown` are no concepts of the release; `inactive` are, but stand in no hierarchy any more;
    `without_rows` are used as reference set or attribute, and none has such a row.
    """

    ids: Ids
    unknown: tuple[str, ...] = ()
    inactive: tuple[str, ...] = ()
    without_rows: tuple[str, ...] = ()


def evaluate(expression: Expression, concepts: Concepts) -> Result:
    """Return the concepts of a release that an expression selects.

    EclError where the release does not keep what is asked for, or the answer is no set of
    concepts, or looking for it would take too long.
    """
    context = Context(expression, concepts, _evaluated)
    ids = context.evaluated(expression.constraint)
    return Result(ids, tuple(context.unknown), tuple(context.inactive), tuple(context.without_rows))


def _evaluated(context: Context, constraint: Constraint) -> Ids:
    match constraint:
        case AnyConcept() | Concept():
            return _named(context, constraint)
        case Walked():
            return _walked(context, constraint)
        case Compound():
            return _compound(context, constraint)
        case Refined(of=of, refinement=refinement):
            return refined(context, context.evaluated(of), refinement)
        case Dotted():
            return values_of(context, constraint)
        case _:
            return _chosen(context, constraint)


def _named(context: Context, constraint: AnyConcept | Concept) -> Ids:
    if isinstance(constraint, Concept):
        return context.concept(constraint.code)
    return every(context.size)


def _chosen(
    context: Context,
    constraint: MemberOf | RefsetContainingAny | Filtered | WithHistory,
) -> Ids:
    match constraint:
        case MemberOf():
            return members(context, constraint)
        case RefsetContainingAny(of=of):
            return refsets_with(context, context.evaluated(of))
        case Filtered():
            return _filtered(context, constraint)
        case WithHistory():
            return with_history(context, constraint)


def _filtered(context: Context, constraint: Filtered) -> Ids:
    of = context.evaluated(constraint.of)
    for each in constraint.filters:
        if isinstance(each, ConceptFilter):
            of = filtered(context, of, each.tests)
        else:
            of = described(context, of, each.tests)
    return of


def _compound(context: Context, constraint: Compound) -> Ids:
    parts = _parts(context, constraint)
    if constraint.operator == "OR":
        return context.union(parts)
    join = common if constraint.operator == "AND" else without
    return reduce(lambda first, second: join(first, second, context.size), parts)


def _parts(context: Context, constraint: Compound) -> Iterator[Ids]:
    """Yield the parts' sets one by one: a text of many parts must not fill the memory."""
    for part in constraint.parts:
        context.spend(context.size)
        yield context.evaluated(part)


def _walked(context: Context, constraint: Walked) -> Ids:
    of = context.evaluated(constraint.of)
    context.spend(context.size)
    concepts = context.concepts
    match constraint.walk:
        case Walk.TOP:
            return without(of, concepts.descendants(of), context.size)
        case Walk.BOTTOM:
            return without(of, concepts.ancestors(of), context.size)
        case _:
            pass
    step, has_self = _STEPS[constraint.walk]
    if len(of) == context.size:
        # 6.1, "Any": of all concepts, < and <! give the same, and so do > and >!.
        step = _DIRECT.get(step, step)
    found = step(concepts, of)
    return context.union((of, found)) if has_self else found


def _parents(concepts: Concepts, of: Ids) -> Ids:
    return concepts.parents(of)


def _children(concepts: Concepts, of: Ids) -> Ids:
    return concepts.children(of)


def _ancestors(concepts: Concepts, of: Ids) -> Ids:
    return concepts.ancestors(of)


def _descendants(concepts: Concepts, of: Ids) -> Ids:
    return concepts.descendants(of)


_Step = Callable[[Concepts, Ids], Ids]
_STEPS: Final[Mapping[Walk, tuple[_Step, bool]]] = {
    Walk.DESCENDANT_OF: (_descendants, False),
    Walk.DESCENDANT_OR_SELF_OF: (_descendants, True),
    Walk.CHILD_OF: (_children, False),
    Walk.CHILD_OR_SELF_OF: (_children, True),
    Walk.ANCESTOR_OF: (_ancestors, False),
    Walk.ANCESTOR_OR_SELF_OF: (_ancestors, True),
    Walk.PARENT_OF: (_parents, False),
    Walk.PARENT_OR_SELF_OF: (_parents, True),
}
_DIRECT: Final[Mapping[_Step, _Step]] = {_descendants: _children, _ancestors: _parents}
