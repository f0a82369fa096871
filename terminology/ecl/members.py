"""Members of reference sets, the filters of their rows, and history supplements.

ECL 6.1 ("Member of", "Refset Containing"), 6.10 and 6.11.
"""

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from terminology.ecl.concepts import NO_CONCEPT, Codes, Column, Ids, Mask, RefsetRows, Texts
from terminology.ecl.context import Context
from terminology.ecl.errors import NOT_SUPPORTED
from terminology.ecl.identifiers import HISTORICAL_ASSOCIATIONS
from terminology.ecl.sets import NONE, without
from terminology.ecl.syntax import (
    ActiveTest,
    ConceptValue,
    EffectiveTimeTest,
    FieldTest,
    MemberOf,
    MemberTest,
    ModuleTest,
    TimeValue,
    WithHistory,
)
from terminology.ecl.values import at_time, compared, in_set

_REFERENCED: Final = "referencedComponentId"
_TARGET: Final = "targetComponentId"
_DATE: Final = re.compile("[0-9]{8}")


def members(context: Context, constraint: MemberOf) -> Ids:
    """Return what the rows of reference sets name: the referenced concepts, or another field's.

    EclError where the field is none of theirs or holds no concepts, or where several are wanted.
    """
    name = _field_wanted(context, constraint)
    refsets = context.refsets(constraint.of)
    if name == _REFERENCED and not constraint.tests:
        return context.union(context.concepts.refset_members(code) for code in refsets)
    _check_fields(context, constraint, name, refsets)
    return context.union(_named(context, constraint, name, code) for code in refsets)


def _field_wanted(context: Context, constraint: MemberOf) -> str:
    fields = constraint.fields or (_REFERENCED,)
    if len(fields) > 1 or fields == ("*",):
        # 6.1, "Member of": several fields are rows of values, which no further step can use.
        context.refuse(
            constraint.at, "several fields are no set of concepts: name one field", NOT_SUPPORTED
        )
    return fields[0]


def _check_fields(
    context: Context, constraint: MemberOf, name: str, refsets: Sequence[str]
) -> None:
    """6.1, note 1: a field that none of the reference sets has makes the expression erroneous."""
    if not refsets:
        return
    wanted = [(name, constraint.at)]
    wanted += [(test.name, test.at) for test in constraint.tests if isinstance(test, FieldTest)]
    for field, at in wanted:
        if not any(_column(_rows(context, code, at), field) for code in refsets):
            context.refuse(at, f"none of the reference sets has a field {field}")


def _rows(context: Context, code: str, at: int) -> RefsetRows:
    rows = context.concepts.refset_rows(code)
    if rows is None:
        context.refuse(
            at, f"of the reference set {code} only the members are kept here", NOT_SUPPORTED
        )
    return rows


def _column(rows: RefsetRows, name: str) -> Column | None:
    return Codes(rows.referenced) if name == _REFERENCED else rows.fields.get(name)


def _named(context: Context, constraint: MemberOf, name: str, code: str) -> Ids:
    rows = _rows(context, code, constraint.at)
    column = _column(rows, name)
    if column is None:
        return NONE
    if not isinstance(column, Codes):
        context.refuse(
            constraint.at, f"the field {name} of {code} holds no concepts", NOT_SUPPORTED
        )
    passed = _passed(context, rows, constraint.tests)
    return _concepts(column.values[passed])


def _concepts(values: NDArray[np.uint32]) -> Ids:
    return np.unique(values[values != NO_CONCEPT])


def _passed(context: Context, rows: RefsetRows, tests: Sequence[MemberTest]) -> Mask:
    if any(isinstance(test, ActiveTest) for test in tests):
        passed = np.ones(len(rows.referenced), dtype=np.bool_)
    else:
        passed = rows.is_active.copy()
    for test in tests:
        context.spend(len(passed))
        passed &= _test(context, rows, test)
    return passed


def _test(context: Context, rows: RefsetRows, test: MemberTest) -> Mask:
    match test:
        case ActiveTest(is_active=None):
            return np.ones(len(rows.referenced), dtype=np.bool_)
        case ActiveTest(is_active=is_active):
            return rows.is_active if is_active else ~rows.is_active
        case ModuleTest(of=wanted):
            return _in(context, rows.modules, wanted)
        case EffectiveTimeTest(of=time):
            return at_time(rows.effective_times, time)
        case FieldTest():
            return _field(context, rows, test)


def _in(context: Context, values: NDArray[np.uint32], wanted: ConceptValue) -> Mask:
    found = in_set(values, context.evaluated(wanted.of), context.size)
    return ~found if wanted.is_negated else found


def _field(context: Context, rows: RefsetRows, test: FieldTest) -> Mask:
    """Return which rows' field passes; a row without the field does not."""
    column = _column(rows, test.name)
    if column is None:
        return np.zeros(len(rows.referenced), dtype=np.bool_)
    found: Mask | None
    match column, test.value:
        case Codes(), ConceptValue():
            found = _in(context, column.values, test.value)
        case _, ConceptValue():
            found = None
        case _, TimeValue():
            found = _dates(column, test.value)
        case _, _:
            found = compared(column, test.value)
    if found is None:
        kind = type(column).__name__.lower()
        context.refuse(test.at, f"the field {test.name} holds {kind}: compare it with such a value")
    return found


def _dates(column: Column, value: TimeValue) -> Mask | None:
    """Compare a column of dates, which are texts as 20210731; another text is no date."""
    if not isinstance(column, Texts):
        return None
    times = [int(text) if _DATE.fullmatch(text) else 0 for text in column.values]
    return at_time(np.array(times, dtype=np.uint32), value)


def refsets_with(context: Context, of: Ids) -> Ids:
    """Return the reference sets of which one of the concepts is an active member."""
    found = []
    for code in context.concepts.refsets():
        held = context.concepts.refset_members(code)
        context.spend(len(held))
        if np.isin(of, held, assume_unique=True).any():
            found.append(context.concept(code))
    return context.union(found)


def with_history(context: Context, constraint: WithHistory) -> Ids:
    """Return the concepts, and those that an association row points from to one of them.

    6.11, "Template": a row's target is the active concept, what it refers to the one it replaced.
    """
    of = context.evaluated(constraint.of)
    refsets = context.refsets(constraint.refsets)
    _check_associations(context, constraint)
    parts = [of]
    for code in refsets:
        rows = _rows(context, code, constraint.at)
        targets = rows.fields.get(_TARGET)
        if not isinstance(targets, Codes):
            context.refuse(constraint.at, f"the reference set {code} has no {_TARGET}")
        context.spend(len(targets.values))
        passed = rows.is_active & in_set(targets.values, of, context.size)
        parts.append(_concepts(rows.referenced[passed]))
    return context.union(parts)


def _check_associations(context: Context, constraint: WithHistory) -> None:
    """historySubset: only descendants of the historical association reference set."""
    named = context.evaluated(constraint.refsets)
    above = context.concept(HISTORICAL_ASSOCIATIONS)
    others = without(named, context.concepts.descendants(above))
    if len(others):
        code = context.concepts.code(int(others[0]))
        context.refuse(constraint.at, f"{code} is no historical association reference set")
