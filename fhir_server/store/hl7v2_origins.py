"""The origins of what one message writes: read in one statement, and written in one.

A panel of twenty results has some twenty-five drafts; a look-up and a write for each of them take
longer than storing the results, because each statement hands the interpreter's lock over.
"""

from collections.abc import Iterable
from functools import lru_cache
from operator import attrgetter
from typing import Final

from sqlalchemy import Connection, text

from fhir_server.store import gathering
from fhir_server.store.hl7v2_messages import Origin, drop_origin
from fhir_server.store.statements import Prepared, SqlValue

Key = tuple[str, str]

_FIELDS: Final = tuple(Origin.__struct_fields__)
_VALUES: Final = attrgetter(*_FIELDS)
# SQLite takes 32,766 values in a statement; a message with more is read and written in parts.
_MOST: Final = 500


class Origins:
    """The origins of resources within one transaction; `write` stores what was `set`.

    Unless it `gathers`, `set` stores at once.
    """

    def __init__(self, connection: Connection, *, gathers: bool = True) -> None:
        self._connection = connection
        self._gathers = gathers
        self._known: dict[Key, Origin | None] = {}
        self._absent: set[Key] = set()
        self._new: dict[Key, Origin] = {}

    def expect(self, keys: Iterable[Key]) -> None:
        """Read, in one go, all that is known of resources by type and id."""
        asked = [each for each in dict.fromkeys(keys) if each not in self._known]
        for start in range(0, len(asked), _MOST):
            self._read(asked[start : start + _MOST])

    def get(self, type: str, id: str) -> Origin | None:
        """Return which message wrote a resource, None where none did."""
        key = (type, id)
        if key in self._new:
            return self._new[key]
        if key not in self._known:
            self._read([key])
        return self._known[key]

    def is_absent(self, type: str, id: str) -> bool:
        """Whether it was seen that no such resource was ever stored, nor has been since."""
        return (type, id) in self._absent

    def set(self, type: str, id: str, value: Origin) -> None:
        """Say which message wrote a resource, which is stored now."""
        key = (type, id)
        self._new[key] = value
        self._absent.discard(key)
        if not self._gathers:
            self.write()

    def drop(self, type: str, id: str) -> None:
        """Forget that a message wrote a resource: another one holds what it said."""
        key = (type, id)
        self._new.pop(key, None)
        self._known[key] = None
        drop_origin(self._connection, type, id)

    def write(self) -> None:
        """Store the origins that were set."""
        new = list(self._new.items())
        for start in range(0, len(new), _MOST):
            part = new[start : start + _MOST]
            values = [value for key, origin in part for value in (*key, *_values(origin))]
            _adding(len(part)).run(self._connection, *values)
        self._known.update(self._new)
        self._new.clear()

    def _read(self, keys: list[Key]) -> None:
        for type, id in keys:
            # A resource that this transaction stored may only have gathered.
            gathering.settle(self._connection, type, id)
        wanted = [value for key in keys for value in key]
        for row in _reading(len(keys)).run(self._connection, *wanted).fetchall():
            type, id, is_there, message, *values = row
            key = (type, id)
            self._known[key] = None if message is None else _origin(values)
            if not is_there:
                self._absent.add(key)


def _values(origin: Origin) -> tuple[SqlValue, ...]:
    first, *others = _VALUES(origin)
    return (int(first), *others)


def _origin(values: list[SqlValue]) -> Origin:
    first, *others = values
    return Origin(bool(first), *others)  # type: ignore[arg-type]


# The statements of messages of one size are made once; sizes are few in practice.
@lru_cache(128)
def _reading(number: int) -> Prepared:
    keys = ", ".join(f"(CAST(:t{n} AS TEXT), CAST(:i{n} AS TEXT))" for n in range(number))
    found = ", ".join(f"o.{name}" for name in _FIELDS)
    return Prepared(
        text(
            f"WITH asked (type, id) AS (VALUES {keys}) "  # noqa: S608 (names of columns)
            f"SELECT k.type, k.id, r.rid IS NOT NULL, o.message, {found} FROM asked k "
            "LEFT JOIN resource r ON r.type = k.type AND r.id = k.id "
            "LEFT JOIN hl7v2_origin o ON o.type = k.type AND o.id = k.id"
        ),
        sees_gathered=False,
    )


@lru_cache(128)
def _adding(number: int) -> Prepared:
    columns = ("type", "id", *_FIELDS)
    rows = ", ".join(
        "(" + ", ".join(f":c{n}_{name}" for name in columns) + ")" for n in range(number)
    )
    changed = ", ".join(f"{name} = excluded.{name}" for name in _FIELDS)
    return Prepared(
        text(
            f"INSERT INTO hl7v2_origin ({', '.join(columns)}) VALUES {rows} "  # noqa: S608 (as above)
            f"ON CONFLICT (type, id) DO UPDATE SET {changed}"
        )
    )
