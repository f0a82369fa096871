"""Which rows of a column hold a value that passes a test."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from terminology.ecl.concepts import Booleans, Column, Ids, Mask, Numbers, Texts
from terminology.ecl.sets import mask
from terminology.ecl.syntax import BooleanValue, NumberValue, Order, TextValue, TimeValue
from terminology.ecl.term_matching import finder

_ORDERS: Final[Mapping[Order, np.ufunc]] = {
    Order.EQUAL: np.equal,
    Order.NOT_EQUAL: np.not_equal,
    Order.LESS: np.less,
    Order.AT_MOST: np.less_equal,
    Order.GREATER: np.greater,
    Order.AT_LEAST: np.greater_equal,
}


def in_set(values: NDArray[np.uint32], of: Ids, size: int) -> Mask:
    """Return which positions are in a set; NO_CONCEPT is in none."""
    if len(of) == 1:
        return np.asarray(values == of[0])
    marks = mask(of, size + 1)
    return np.asarray(marks[np.minimum(values, size)])


def compared(column: Column, value: NumberValue | TextValue | BooleanValue) -> Mask | None:
    """Return which values pass a test; None where they are of another kind than it is."""
    match column, value:
        case Numbers(), NumberValue():
            return np.asarray(_ORDERS[value.order](column.values, value.number), dtype=np.bool_)
        case Booleans(), BooleanValue():
            return np.equal(column.values, value.is_true is not value.is_negated)
        case Texts(), TextValue():
            finds = finder(value.terms)
            found = np.fromiter(map(finds, column.values), np.bool_, len(column.values))
            return ~found if value.is_negated else found
        case _:
            return None


def at_time(times: NDArray[np.uint32], value: TimeValue) -> Mask:
    """Return which times pass a test; 0 is a time that is not assigned.

    It is neither before nor after any (6.9, "Effective Time Filter").
    """
    if value.order in (Order.EQUAL, Order.NOT_EQUAL):
        found = np.isin(times, np.array(value.times, dtype=np.uint32))
        return ~found if value.order is Order.NOT_EQUAL else found
    passed = np.asarray(_ORDERS[value.order](times, value.times[0]), dtype=np.bool_)
    return np.asarray(passed & (times != 0))


def is_at_time(time: int, value: TimeValue) -> bool:
    """Whether one time passes a test."""
    return bool(at_time(np.array([time], dtype=np.uint32), value)[0])
