"""A request for history as it comes in: `_since`, `_at`, `_count` and where the page begins."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from fhir_server.r4.dates import instant_range
from fhir_server.r4.outcome import BadRequest, Issue
from fhir_server.r4.subsets import Subset
from fhir_server.rest.context import Context
from fhir_server.rest.page_links import CURSOR
from fhir_server.rest.subset_request import PARAMETERS, read_subset
from fhir_server.store.resources import HistoryCursor

# They say how to write the answer, which is decided elsewhere.
_FORM = ("_format", "_pretty")
_WIRE = msgspec.json.Decoder(tuple[int, int, int])
_MOST = 1 << 63


@dataclass(frozen=True, slots=True)
class HistoryRequest:
    """Whose versions (`type`, `id` None: of all), from when, how many, how much of each.

    `used` is what the answer says that it was asked, `ignored` what a lenient client is told.
    """

    type: str | None
    id: str | None
    since: int | None
    at: tuple[int, int] | None
    count: int
    before: HistoryCursor | None
    subset: Subset | None
    used: tuple[tuple[str, str], ...]
    ignored: tuple[Issue, ...]

    @property
    def path(self) -> str:
        """The address below the FHIR base."""
        return "/".join(part for part in (self.type, self.id, "_history") if part is not None)


def read_history(
    type: str | None,
    id: str | None,
    pairs: Sequence[tuple[str, str]],
    context: Context,
    *,
    lenient: bool,
) -> HistoryRequest:
    """Return the request; BadRequest (400) naming a parameter that is not understood."""
    found: dict[str, Any] = {}
    used: list[tuple[str, str]] = []
    ignored: list[Issue] = []
    for name, value in pairs:
        reader = _READERS.get(name)
        if reader is None and name not in (*_FORM, *PARAMETERS):
            _refuse_unknown(name, ignored, lenient=lenient)
            continue
        if name in found:
            raise BadRequest("value", f"{name} stands twice; send it once.")
        found[name] = value if reader is None else reader(name, value, context)
        used.append((name, str(found[name]) if name == "_count" else value))
    return HistoryRequest(
        type,
        id,
        since=found.get("_since"),
        at=found.get("_at"),
        count=found.get("_count", context.limits.page_default),
        before=found.get(CURSOR),
        subset=read_subset(type, pairs),
        used=tuple(used),
        ignored=tuple(ignored),
    )


def write_cursor(cursor: HistoryCursor) -> str:
    """Return the opaque text of a place in a history; it holds no right, only a position."""
    wire = msgspec.json.encode((cursor.last_updated, cursor.rid, cursor.version))
    return base64.urlsafe_b64encode(wire).decode().rstrip("=")


def _refuse_unknown(name: str, ignored: list[Issue], *, lenient: bool) -> None:
    text = f"{name[:100]!r} is no parameter of a history; supported: {', '.join(_READERS)}."
    if not lenient:
        raise BadRequest("not-supported", text)
    ignored.append(Issue("warning", "not-supported", f"Left out: {text}"))


def _cursor(_name: str, value: str, _context: Context) -> HistoryCursor:
    try:
        padded = value.encode("ascii") + b"=" * (-len(value) % 4)
        numbers = _WIRE.decode(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (UnicodeEncodeError, binascii.Error, msgspec.DecodeError):
        numbers = (_MOST, 0, 0)
    if max(abs(number) for number in numbers) >= _MOST:
        text = "_cursor is not from a next link of this server; ask for the history again."
        raise BadRequest("value", text)
    return HistoryCursor(*numbers)


def _since(name: str, value: str, context: Context) -> int:
    return _at(name, value, context)[0]


def _at(name: str, value: str, context: Context) -> tuple[int, int]:
    try:
        # "+" in a query reads as a space where the client did not write %2B.
        return instant_range(value.replace(" ", "+"), default_zone=context.place.zone)
    except ValueError as error:
        raise BadRequest("value", f"{name}={value[:60]}: {error}.") from None


def _count(name: str, value: str, context: Context) -> int:
    if not (value.isascii() and value.isdecimal() and len(value) <= 9 and int(value)):
        raise BadRequest("value", f"{name}={value[:40]}: write a number from 1.")
    return min(int(value), context.limits.page_most)


_READERS: dict[str, Callable[[str, str, Context], Any]] = {
    "_since": _since,
    "_at": _at,
    "_count": _count,
    CURSOR: _cursor,
}
