"""The opaque text of a `next` link: where the page after this one begins.

It is not signed: it holds no right, only a position, and is checked like any other input.
"""

import base64
import binascii

import msgspec

from fhir_server.r4.outcome import BadRequest
from fhir_server.store.search_query import Cursor, Sort, SortValue

_MOST = 1 << 63


class _Key(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    parameter: str
    descending: bool
    value: int | float | str | None


class _Wire(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    rid: int
    value: int | float | str | None = None
    parameter: str | None = None
    descending: bool = False
    by_end: bool = False
    further: tuple[_Key, ...] = ()


_DECODER = msgspec.json.Decoder(_Wire)


def write_cursor(cursor: Cursor) -> str:
    """Return the text of `cursor`."""
    sort = cursor.sort
    wire = _Wire(cursor.rid, cursor.value)
    if sort is not None:
        further = tuple(
            _Key(key.parameter, key.descending, value)
            for key, value in zip(cursor.then_by, cursor.further, strict=True)
        )
        wire = _Wire(
            cursor.rid, cursor.value, sort.parameter, sort.descending, sort.by_end, further
        )
    return base64.urlsafe_b64encode(msgspec.json.encode(wire)).decode().rstrip("=")


def read_cursor(text: str) -> Cursor:
    """Return the cursor of `text`; BadRequest (400) where this server has not written it."""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        wire = _DECODER.decode(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (UnicodeEncodeError, binascii.Error, msgspec.DecodeError):
        raise _unknown() from None
    if not all(map(_is_position, (wire.rid, wire.value, *(key.value for key in wire.further)))):
        raise _unknown()
    if wire.parameter is None:
        if wire.value is not None or wire.further:
            raise _unknown()
        return Cursor(None, None, wire.rid)
    return Cursor(
        Sort(wire.parameter, wire.descending, wire.by_end),
        wire.value,
        wire.rid,
        tuple(Sort(key.parameter, key.descending) for key in wire.further),
        tuple(key.value for key in wire.further),
    )


def _is_position(value: SortValue) -> bool:
    """Return whether a database can compare `value` with what it holds."""
    if isinstance(value, int):
        return abs(value) < _MOST
    return not (isinstance(value, str) and "\0" in value)


def _unknown() -> BadRequest:
    return BadRequest("value", "_cursor is not from a next link of this server; search again.")
