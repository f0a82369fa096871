"""From a search value to the row of its index table, in the order of the table's columns."""

from collections.abc import Callable, Mapping

import msgspec
from sqlalchemy import Connection

from fhir_server.r4.search_values import (
    CompositeValue,
    DateValue,
    IndexValue,
    NumberValue,
    QuantityValue,
    ReferenceValue,
    SimpleValue,
    StringValue,
    TokenValue,
    UriValue,
    fold_code,
)
from fhir_server.store import interning
from fhir_server.store.canonical import canonical_range
from fhir_server.store.statements import SqlValue
from fhir_server.store.tables import LONGEST_KEY, NO_SYSTEM, key_text

Row = tuple[SqlValue, ...]


class Place(msgspec.Struct, frozen=True):
    """Where a value goes: its parameter, its resource, and its number among the resource's.

    `systems` are the numbers of token systems that the connection knows.
    """

    connection: Connection
    param: int
    rid: int
    number: int
    systems: Mapping[str, int]

    def system(self, uri: str | None) -> int:
        """Return the number of a token system; those that `systems` has are had fastest."""
        if uri is None:
            return NO_SYSTEM
        known = self.systems.get(uri)
        return interning.system_id(self.connection, uri) if known is None else known


def row_of(value: IndexValue, place: Place) -> tuple[str, Row]:
    """Return the index table of `value` and its row; each value gives exactly one."""
    name, row = _ROWS[type(value)]
    return name, row(value, place)


def _token(value: TokenValue, place: Place) -> Row:
    system = place.system(value.system)
    return place.param, key_text(fold_code(value.code)), system, place.rid


def _string(value: StringValue, place: Place) -> Row:
    text = value.normalised
    return place.param, text[:LONGEST_KEY], place.rid, place.number, text[LONGEST_KEY:]


def _date(value: DateValue, place: Place) -> Row:
    return place.param, value.low, place.rid, value.high


def _reference(value: ReferenceValue, place: Place) -> Row:
    return place.param, _target(value), value.type or "", place.rid


def _number(value: NumberValue, place: Place) -> Row:
    return place.param, value.low, value.high, place.rid


def _quantity(value: QuantityValue, place: Place) -> Row:
    canonical = canonical_range(value.system, value.code, value.low, value.high)
    code, low, high = canonical or ("", 0.0, 0.0)
    return (
        place.param,
        code,
        low,
        place.rid,
        place.number,
        high,
        value.low,
        value.high,
        place.system(value.system),
        key_text(value.code or ""),
        key_text(value.unit or ""),
    )


def _uri(value: UriValue, place: Place) -> Row:
    return place.param, key_text(value.uri), place.rid


def _composite(value: CompositeValue, place: Place) -> Row:
    parts = [_part(part, place) for part in value.parts]
    first, second, third = (*parts, *(_NO_PART,) * (3 - len(parts)))
    return (
        place.param,
        first.text,
        second.text,
        second.low,
        place.rid,
        place.number,
        first.system,
        first.low,
        first.high,
        second.system,
        second.high,
        third.text,
        third.system,
        third.low,
        third.high,
    )


class _Part(msgspec.Struct, frozen=True):
    text: str = ""
    system: int = 0
    low: float = 0.0
    high: float = 0.0


_NO_PART = _Part()


def _part(value: SimpleValue, place: Place) -> _Part:
    match value:
        case TokenValue():
            system = place.system(value.system)
            return _Part(key_text(fold_code(value.code)), system)
        case ReferenceValue():
            return _Part(_target(value), place.system(value.type))
        case QuantityValue():
            return _quantity_part(value, place.system(value.system))
        case StringValue():
            return _Part(value.normalised[:LONGEST_KEY])
        case UriValue():
            return _Part(key_text(value.uri))
    return _Part(low=float(value.low), high=float(value.high))


def _quantity_part(value: QuantityValue, system: int) -> _Part:
    canonical = canonical_range(value.system, value.code, value.low, value.high)
    if canonical is not None:
        return _Part(canonical[0], system, canonical[1], canonical[2])
    return _Part(key_text(value.code or value.unit or ""), system, value.low, value.high)


def _target(value: ReferenceValue) -> str:
    target = value.url if value.id is None else value.id
    return key_text(target or "")


_ROWS: dict[type, tuple[str, Callable[..., Row]]] = {
    TokenValue: ("token_index", _token),
    StringValue: ("string_index", _string),
    DateValue: ("date_index", _date),
    ReferenceValue: ("reference_index", _reference),
    NumberValue: ("number_index", _number),
    QuantityValue: ("quantity_index", _quantity),
    UriValue: ("uri_index", _uri),
    CompositeValue: ("composite_index", _composite),
}
