"""The opaque text of a `next` link: where the page after this one begins.

It is not signed: it holds no right, only a position, and is checked like any other input.
"""

import base64
import binascii

import msgspec

from fhir_server.r4.outcome import BadRequest
from fhir_server.store.search_query import Cursor, Sort

_MOST = 1 << 63


class _Wire(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    rid: int
    value: int | None = None
    parameter: str | None = None
    descending: bool = False
    by_end: bool = False


_DECODER = msgspec.json.Decoder(_Wire)


def write_cursor(cursor: Cursor) -> str:
    """Return the text of `cursor`."""
    sort = cursor.sort
    wire = _Wire(cursor.rid, cursor.value)
    if sort is not None:
        wire = _Wire(cursor.rid, cursor.value, sort.parameter, sort.descending, sort.by_end)
    return base64.urlsafe_b64encode(msgspec.json.encode(wire)).decode().rstrip("=")


def read_cursor(text: str) -> Cursor:
    """Return the cursor of `text`; BadRequest (400) where this server has not written it."""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        wire = _DECODER.decode(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (UnicodeEncodeError, binascii.Error, msgspec.DecodeError):
        raise _unknown() from None
    if max(abs(wire.rid), abs(wire.value or 0)) >= _MOST:
        raise _unknown()
    if wire.parameter is None:
        return Cursor(None, None, wire.rid)
    return Cursor(Sort(wire.parameter, wire.descending, wire.by_end), wire.value, wire.rid)


def _unknown() -> BadRequest:
    return BadRequest("value", "_cursor is not from a next link of this server; search again.")
