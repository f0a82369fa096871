"""Reading what an attribute, a field or a description is compared with."""

import re
from collections.abc import Callable, Mapping
from typing import Final, Literal, TypeVar

from terminology.ecl.reading import BLANKS, Reader
from terminology.ecl.syntax import (
    BooleanValue,
    ConceptValue,
    Constraint,
    NumberValue,
    Order,
    SearchTerm,
    TextValue,
    TimeValue,
    Value,
)

T = TypeVar("T")
_Kind = Literal["match", "wild", "exact"]
_EQUALITY: Final = (Order.EQUAL, Order.NOT_EQUAL)
_TIME: Final = re.compile(r"[1-9][0-9]{3}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")
_BOOLEANS: Final[Mapping[str, bool]] = {"true": True, "false": False}
_TEXT: Final = re.compile(
    rf'(?:\({BLANKS})?(?:"|(?:match|wild){BLANKS}:)', re.DOTALL | re.IGNORECASE
)
_ESCAPES: Final[Mapping[_Kind, re.Pattern[str]]] = {
    "match": re.compile(r'(?>[^\\]+|\\["\\])++', re.DOTALL),
    "exact": re.compile(r'(?>[^\\]+|\\["\\])++', re.DOTALL),
    "wild": re.compile(r'(?>[^\\]+|\\["\\*])++', re.DOTALL),
}
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


def is_negated(reader: Reader) -> bool:
    """Read = or !=."""
    return reader.order(*_EQUALITY) is Order.NOT_EQUAL


def attribute_value(reader: Reader, sub: Callable[[Reader], Constraint]) -> Value:
    """Read an attribute's comparison; its texts are compared exactly (6.2, "Concrete Values")."""
    return _value(reader, reader.order(*Order), sub, "exact")


def field_value(reader: Reader, sub: Callable[[Reader], Constraint]) -> Value | TimeValue:
    """Read a field's comparison; its texts are found by their words (6.10)."""
    order = reader.order(*Order)
    if order not in _EQUALITY and reader.sees('"', "("):
        return TimeValue(order, _times(reader, order))
    return _value(reader, order, sub, "match")


def _value(
    reader: Reader, order: Order, sub: Callable[[Reader], Constraint], plain: _Kind
) -> Value:
    if reader.sees("#"):
        return NumberValue(order, reader.number())
    if order not in _EQUALITY:
        reader.refuse(f"{order.value} compares numbers: # and a number is expected behind it")
    negated = order is Order.NOT_EQUAL
    if _TEXT.match(reader.text, reader.at):
        return TextValue(texts(reader, plain), negated)
    if reader.next_word() in _BOOLEANS:
        return BooleanValue(reader.chosen(_BOOLEANS), negated)
    return ConceptValue(sub(reader), negated)


def texts(reader: Reader, plain: _Kind) -> tuple[SearchTerm, ...]:
    """Read a search term or a set of them; `plain` is what one without match: or wild: is."""
    return several(reader, lambda: _text(reader, plain))


def several(reader: Reader, part: Callable[[], T]) -> tuple[T, ...]:
    """Read one, or some in brackets with blanks between them."""
    if reader.take("(") is None:
        return (part(),)
    parts = [part()]
    while reader.take(")") is None:
        if reader.at_end():
            reader.need(")")
        parts.append(part())
    return tuple(parts)


def _text(reader: Reader, plain: _Kind) -> SearchTerm:
    kind: _Kind = plain
    if reader.take_word("wild"):
        kind = "wild"
        reader.need(":")
    elif reader.take_word("match"):
        kind = "match"
        reader.need(":")
    at = reader.at
    text = reader.quoted()
    if not text or (kind == "match" and not text.strip()):
        reader.refuse("a text to search for is not empty", at=at)
    if _ESCAPES[kind].fullmatch(text) is None:
        allowed = r"\" \\ \*" if kind == "wild" else r"\" \\"
        reader.refuse(f"a backslash stands in {allowed} only", at=at)
    return SearchTerm(kind, text if kind == "wild" else _ESCAPED.sub(r"\1", text))


def time_value(reader: Reader) -> TimeValue:
    """Read the comparison of an effective time."""
    order = reader.order(*Order)
    return TimeValue(order, _times(reader, order))


def _times(reader: Reader, order: Order) -> tuple[int, ...]:
    at = reader.at
    times = several(reader, lambda: _time(reader))
    if order not in _EQUALITY and (len(times) > 1 or 0 in times):
        reader.refuse(f"{order.value} compares with one date", at=at)
    return times


def _time(reader: Reader) -> int:
    at = reader.at
    text = reader.quoted()
    if text and _TIME.fullmatch(text) is None:
        reader.refuse('a date as "20210731" is expected here, or "" for none', at=at)
    return int(text or 0)
