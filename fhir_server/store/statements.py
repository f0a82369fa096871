"""Core statements compiled once for each dialect and run on the driver's own cursor.

Building and compiling a statement costs ten times its execution in SQLite (30 us against 3 us
for an insert), so the hot path compiles once, or once per shape of a search. Statements are
written in what SQLite and PostgreSQL share; where they differ, an element of this module differs.
"""

import contextlib
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from sqlalchemy import ColumnElement, Connection, Insert, Integer, String, Table, insert
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import Executable
from sqlalchemy.sql.elements import ClauseElement

if TYPE_CHECKING:
    import psycopg

SqlValue: TypeAlias = int | float | str | bytes | None

_SQLITE = sqlite.dialect(paramstyle="qmark")


class Cursor(Protocol):
    """What both drivers' cursors give back; `rowcount` is how many rows a change met."""

    @property
    def rowcount(self) -> int:
        """How many rows a change met."""

    def fetchone(self) -> Any:
        """Return the next row, None at the end."""

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""

    def __iter__(self) -> Any: ...


# Where a connection keeps what writes the rows that have gathered on it, if any have.
FLUSH = "attending.flush"
# The tables whose rows gather (`store.gathering`), in the text of a statement.
_GATHERED = re.compile(r"_index\b|\bresource(?:_version)?\b")


class _Compiled:
    __slots__ = ("defaults", "names", "reads_gathered", "sql")

    def __init__(self, statement: ClauseElement, dialect: Dialect, ending: str) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        self.sql = f"{compiled}{ending}"
        self.names: tuple[str, ...] = tuple(compiled.positiontup or ())
        self.defaults: dict[str, Any] = compiled.params
        is_write = self.sql.startswith(("INSERT", "UPDATE", "DELETE"))
        self.reads_gathered = not is_write and _GATHERED.search(self.sql) is not None


class Prepared:
    """A statement that is compiled for a connection's dialect when it is first run there.

    One that reads sees all that was stored before, also rows that only gathered, unless it was
    made with `sees_gathered=False`: then its caller has seen to that.
    `on_conflict` is what stands after ON CONFLICT of an insert, for both dialects.
    """

    __slots__ = ("_ending", "_for_postgresql", "_for_sqlite", "_sees_gathered", "_statement")

    def __init__(
        self, statement: Executable, *, on_conflict: str | None = None, sees_gathered: bool = True
    ) -> None:
        if not isinstance(statement, ClauseElement):
            raise TypeError(f"{statement!r} is no Core statement")
        self._statement: ClauseElement = statement
        self._sees_gathered = sees_gathered
        self._ending = "" if on_conflict is None else f" ON CONFLICT {on_conflict}"
        self._for_sqlite: _Compiled | None = None
        self._for_postgresql: _Compiled | None = None

    def names(self, connection: Connection) -> tuple[str, ...]:
        """Return the names of the parameters in the order in which they are bound."""
        return self._compiled(driver(connection)).names

    def sql(self, connection: Connection) -> str:
        """Return the text that is sent to the driver."""
        return self._compiled(driver(connection)).sql

    def run(self, connection: Connection, *values: SqlValue) -> Cursor:
        """Execute with `values` in the order of `names`."""
        below = driver(connection)
        compiled = self._compiled(below)
        if compiled.reads_gathered and self._sees_gathered:
            _flush(connection)
        return below.execute(compiled.sql, values)

    def run_named(self, connection: Connection, values: Mapping[str, SqlValue]) -> Cursor:
        """Execute with `values` by name; literals of the statement keep their own value."""
        below = driver(connection)
        compiled = self._compiled(below)
        if compiled.reads_gathered and self._sees_gathered:
            _flush(connection)
        bound = {**compiled.defaults, **values}
        return below.execute(compiled.sql, [bound[name] for name in compiled.names])

    def run_many(self, connection: Connection, rows: Iterable[tuple[SqlValue, ...]]) -> Cursor:
        """Execute once per row, values in the order of `names`."""
        below = driver(connection)
        cursor = below.cursor()
        cursor.executemany(self._compiled(below).sql, rows)
        return cursor

    def _compiled(self, below: "Driver") -> _Compiled:
        if isinstance(below, sqlite3.Connection):
            if self._for_sqlite is None:
                self._for_sqlite = _Compiled(self._statement, _SQLITE, self._ending)
            return self._for_sqlite
        if self._for_postgresql is None:
            self._for_postgresql = _Compiled(self._statement, _postgresql(), self._ending)
        return self._for_postgresql


def _flush(connection: Connection) -> None:
    flush = connection.info.get(FLUSH)
    if flush is not None:
        flush(connection)


class NewRows:
    """The insert of many rows of a table, in the order of its columns.

    With `repeats` what is there stays, and of equal rows the first counts.

    PostgreSQL gets them as one array for each column: one message, however many rows there are.
    SQLite gets as many as possible in one statement: for each it holds the interpreter up twice.
    """

    __slots__ = ("_arrays", "_columns", "_ending", "_into")

    def __init__(self, into: Table, *, repeats: bool = False) -> None:
        columns = ", ".join(into.c.keys())
        arrays = ", ".join(f"%s::{_ARRAYS[column.type.python_type]}[]" for column in into.c)
        self._into = f"INSERT INTO {into.name} ({columns}) "
        self._columns = len(into.c)
        self._ending = " ON CONFLICT DO NOTHING" if repeats else ""
        # Names of our own tables only.
        self._arrays = f"{self._into}SELECT * FROM unnest({arrays}){self._ending}"  # noqa: S608

    def run(self, connection: Connection, rows: Sequence[tuple[SqlValue, ...]]) -> None:
        """Insert `rows`, at least one."""
        below = driver(connection)
        if not isinstance(below, sqlite3.Connection):
            below.execute(self._arrays, [list(column) for column in zip(*rows, strict=True)])
            return
        start = 0
        while start < len(rows):
            size = next(size for size in _AT_ONCE if size <= len(rows) - start)
            part = rows[start : start + size]
            below.execute(self._values(size), tuple(chain.from_iterable(part)))
            start += size

    def _values(self, rows: int) -> str:
        one = f"({', '.join('?' * self._columns)})"
        return f"{self._into}VALUES {', '.join([one] * rows)}{self._ending}"


# Few sizes, so that the driver keeps all statements prepared; SQLite takes up to 32,766 values.
_AT_ONCE = (256, 64, 16, 8, 4, 3, 2, 1)
_ARRAYS = {int: "bigint", str: "text", float: "float8", bytes: "bytea"}


@contextlib.contextmanager
def together(connection: Connection) -> Iterator[None]:
    """Send the block's statements, whose results nobody reads, to PostgreSQL without waiting."""
    below = driver(connection)
    if isinstance(below, sqlite3.Connection):
        yield
    else:
        with below.pipeline():
            yield


def adding(into: Table, *columns: str) -> Insert:
    """Return the insert of one row with a value for each of `columns` (all, where none is named).

    Nothing is returned unless `returning` asks for it.
    """
    return insert(into).values(dict.fromkeys(columns or into.c.keys())).inline()


# Any: the drivers declare the types of SQL text and of values differently.
Driver: TypeAlias = Any


def driver(connection: Connection) -> "sqlite3.Connection | psycopg.Connection[Any] | Any":
    """Return the driver's connection below `connection`, inside the same transaction."""
    return connection.connection.driver_connection


def _postgresql() -> Dialect:
    # Imported where it is used: a server on SQLite need not load it.
    from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg  # noqa: PLC0415

    made: Dialect = PGDialect_psycopg(paramstyle="format")  # type: ignore[no-untyped-call]
    return made


class _NotByIndex(ColumnElement[Any]):
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any]) -> None:
        self.column = column
        self.type = column.type


def not_by_index(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return `column` so that SQLite's planner does not use an index for it.

    PostgreSQL has statistics of its own and gets the bare column.
    """
    return _NotByIndex(column)


@compiles(_NotByIndex)
def _bare(element: _NotByIndex, compiler: Any, **more: Any) -> str:
    text: str = compiler.process(element.column, **more)
    return text


@compiles(_NotByIndex, "sqlite")
def _with_plus(element: _NotByIndex, compiler: Any, **more: Any) -> str:
    # https://www.sqlite.org/optoverview.html#disqualifying_where_clause_terms_using_unary_
    return f"+{compiler.process(element.column, **more)}"


class _Position(ColumnElement[int]):
    inherit_cache = True
    type = Integer()

    def __init__(self, text: ColumnElement[str], part: ColumnElement[str]) -> None:
        self.text = text
        self.part = part


def position(text: ColumnElement[str], part: ColumnElement[str]) -> ColumnElement[int]:
    """Return where `part` stands in `text`, counted from 1; 0 where it does not."""
    return _Position(text, part)


@compiles(_Position, "sqlite")
def _instr(element: _Position, compiler: Any, **more: Any) -> str:
    return f"instr({_both(element.text, element.part, compiler, more)})"


@compiles(_Position, "postgresql")
def _strpos(element: _Position, compiler: Any, **more: Any) -> str:
    return f"strpos({_both(element.text, element.part, compiler, more)})"


def _both(
    first: ColumnElement[Any], second: ColumnElement[Any], compiler: Any, more: dict[str, Any]
) -> str:
    return f"{compiler.process(first, **more)}, {compiler.process(second, **more)}"


class _InList(ColumnElement[bool]):
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any], values: ColumnElement[str]) -> None:
        self.column = column
        self.values = values


def in_list(column: ColumnElement[Any], values: ColumnElement[str]) -> ColumnElement[bool]:
    """Return whether `column` (text or integer) is in `values`, a JSON array as one parameter.

    One parameter, so that lists of any length share one statement.
    """
    return _InList(column, values)


@compiles(_InList, "sqlite")
def _json_each(element: _InList, compiler: Any, **more: Any) -> str:
    column = compiler.process(element.column, **more)
    values = compiler.process(element.values, **more)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 (compiled parts)


@compiles(_InList, "postgresql")
def _any_of_array(element: _InList, compiler: Any, **more: Any) -> str:
    column = compiler.process(element.column, **more)
    values = f"jsonb_array_elements_text(CAST({compiler.process(element.values, **more)} AS jsonb))"
    one = "value" if isinstance(element.column.type, String) else "value::bigint"
    # An array from a subquery is computed once, and an index on the column can be used.
    return f"{column} = ANY(ARRAY(SELECT {one} FROM {values}))"  # noqa: S608 (compiled parts)
