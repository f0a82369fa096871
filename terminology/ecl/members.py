"""Members of reference sets, and the filters of their rows (ECL 6.1, "Member of"; 6.10)."""

import re
from collections.abc import Callable, Sequence
from functools import reduce
from operator import and_
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from terminology.ecl.concepts import NO_CONCEPT, Codes, Column, Ids, Mask, RefsetRows, Texts
from terminology.ecl.context import Context
from terminology.ecl.errors import NOT_SUPPORTED
from terminology.ecl.sets import NONE, distinct, is_in
from terminology.ecl.syntax import (
    ActiveTest,
    ConceptValue,
    EffectiveTimeTest,
    FieldTest,
    MemberOf,
    MemberTest,
    ModuleTest,
    TimeValue,
    Value,
)
from terminology.ecl.values import at_time, compared, in_set

_Check: TypeAlias = Callable[[RefsetRows], Mask]
_REFERENCED: Final = "referencedComponentId"
_DATE: Final = re.compile("[0-9]{8}")


def members(context: Context, constraint: MemberOf) -> Ids:
    """Return what the rows of reference sets name: the referenced concepts, or another field's.

    EclError where the field is none of theirs or holds no concepts, or where several are wanted.
    """
    name = _field_wanted(context, constraint)
    refsets = context.refsets(constraint.of, context.evaluated(constraint.of))
    if name == _REFERENCED and not constraint.tests:
        return context.union(context.concepts.refset_members(code) for code in refsets)
    _check_fields(context, constraint, name, refsets)
    checks = _checks(context, constraint.tests)
    return context.union(_named(context, constraint, name, code, checks) for code in refsets)


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
        if not any(_column(rows_of(context, code, at), field) for code in refsets):
            context.refuse(at, f"none of the reference sets has a field {field}")


def rows_of(context: Context, code: str, at: int) -> RefsetRows:
    """Return a reference set's rows; EclError where the store keeps the members only."""
    rows = context.concepts.refset_rows(code)
    if rows is None:
        context.refuse(
            at, f"of the reference set {code} only the members are kept here", NOT_SUPPORTED
        )
    return rows


def _column(rows: RefsetRows, name: str) -> Column | None:
    return Codes(rows.referenced) if name == _REFERENCED else rows.fields.get(name)


def _named(
    context: Context, constraint: MemberOf, name: str, code: str, checks: Sequence[_Check]
) -> Ids:
    rows = rows_of(context, code, constraint.at)
    column = _column(rows, name)
    if column is None:
        return NONE
    if not isinstance(column, Codes):
        context.refuse(
            constraint.at, f"the field {name} of {code} holds no concepts", NOT_SUPPORTED
        )
    context.spend(len(rows.referenced) * len(checks))
    passed = reduce(and_, (check(rows) for check in checks))
    return referred(column.values[passed])


def referred(values: NDArray[np.uint32]) -> Ids:
    """Return the concepts of a column as a set."""
    return distinct(values[values != NO_CONCEPT])


def _checks(context: Context, tests: Sequence[MemberTest]) -> list[_Check]:
    """Return what tells which rows pass: by default, of the active ones (6.10, "Active Filter")."""
    if not any(isinstance(test, ActiveTest) for test in tests):
        tests = (*tests, ActiveTest(is_active=True))
    return [_check(context, test) for test in tests]


def _check(context: Context, test: MemberTest) -> _Check:
    match test:
        case ActiveTest(is_active=None):
            return lambda rows: np.ones(len(rows.referenced), dtype=np.bool_)
        case ActiveTest(is_active=is_active):
            return lambda rows: rows.is_active if is_active else ~rows.is_active
        case ModuleTest(of=wanted):
            is_within = _within(context, wanted)
            return lambda rows: is_within(rows.modules)
        case EffectiveTimeTest(of=time):
            return lambda rows: at_time(rows.effective_times, time)
        case FieldTest():
            return _field(context, test)


def _within(context: Context, wanted: ConceptValue) -> Callable[[NDArray[np.uint32]], Mask]:
    of = context.evaluated(wanted.of)

    def is_within(values: NDArray[np.uint32]) -> Mask:
        found = in_set(values, of, context.size)
        return ~found if wanted.is_negated else found

    return is_within


def _field(context: Context, test: FieldTest) -> _Check:
    """Return which rows' field passes; a row without the field does not."""
    compare = _comparison(context, test.value)

    def check(rows: RefsetRows) -> Mask:
        column = _column(rows, test.name)
        if column is None:
            return np.zeros(len(rows.referenced), dtype=np.bool_)
        found = compare(column)
        if found is None:
            kind = type(column).__name__.lower()
            context.refuse(
                test.at, f"the field {test.name} holds {kind}: compare it with such a value"
            )
        return found

    return check


def _comparison(context: Context, value: Value | TimeValue) -> Callable[[Column], Mask | None]:
    match value:
        case ConceptValue():
            is_within = _within(context, value)
            return lambda column: is_within(column.values) if isinstance(column, Codes) else None
        case TimeValue():
            return lambda column: _dates(column, value)
        case _:
            return lambda column: compared(column, value)


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
        position = context.concepts.position(code)
        if position is not None and is_in(of, held, context.size).any():
            found.append(position)
    return np.array(sorted(found), dtype=np.uint32)
