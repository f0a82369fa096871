"""Rows of delimited files by the names of their columns: order and further columns do not matter.

Sources: RFC 4180; a quoted field may go on over several lines.
"""

import csv
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from terminology.loaders.report import Report
from terminology.loaders.sources import Source, SourceRefused

# A field with more lines than this is one whose quote was never closed.
_MOST_LINES: Final = 500


class File(msgspec.Struct, frozen=True):
    """A file of a source."""

    source: Source
    name: str

    @property
    def short(self) -> str:
        """Its name without the folders."""
        return self.name.rpartition("/")[2]


class Row(msgspec.Struct, frozen=True):
    """A row; `line` is where it begins, `text` how it stands there."""

    file: str
    line: int
    text: str
    columns: Mapping[str, int]
    values: Sequence[str]

    def __getitem__(self, column: str) -> str:
        """Return the value of a column without blanks around it, "" where there is no column."""
        at = self.columns.get(column)
        return "" if at is None else self.values[at].strip()


def files(sources: Sequence[Source], pattern: str) -> list[File]:
    """Return the files whose names, without folders and whatever their case, match a pattern."""
    wanted = re.compile(pattern, re.IGNORECASE)
    return [
        found
        for source in sources
        for found in (File(source, name) for name in source.names())
        if wanted.fullmatch(found.short)
    ]


def file_named(sources: Sequence[Source], name: str) -> File | None:
    """Return the file of a name, None without; SourceRefused where several have it."""
    found = files(sources, re.escape(name))
    if len(found) > 1:
        places = ", ".join(each.name for each in found)
        raise SourceRefused(f"There are several files {name} ({places}). Give one release.")
    return found[0] if found else None


def rows(
    file: File,
    needed: Iterable[str],
    report: Report,
    *,
    named: Callable[[str], str] = str,
    delimiter: str = ",",
    encoding: str = "utf-8",
) -> Iterator[Row]:
    """Yield the rows of a file; what has not its columns is refused.

    `named` gives a column its name by what stands in the first line. SourceRefused where a needed
    column is missing or stands twice.
    """
    lines = _Lines(file.source.lines(file.name, encoding))
    header = _fields(next(lines, (1, ""))[1], delimiter) or []
    names = [named(each.strip()) for each in header]
    for column in needed:
        if names.count(column) != 1:
            what = "stands twice" if column in names else "is missing"
            text = f"{file.short}: the column {column} {what}; its first line is {header}."
            raise SourceRefused(text[:1000])
    columns = {name: at for at, name in enumerate(names) if name}
    for number, text in lines:
        if not text.strip():
            continue
        whole, fields = _record(text, lines, len(names), delimiter)
        if fields is None:
            report.refuse(file.short, number, _fault(text, delimiter, len(names)), text)
        else:
            yield Row(file.short, number, whole, columns, fields)


class _Lines:
    """Numbered lines; those that were read ahead can be put back."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = enumerate(lines, 1)
        self._back: deque[tuple[int, str]] = deque()

    def __iter__(self) -> "Iterator[tuple[int, str]]":
        return self

    def __next__(self) -> tuple[int, str]:
        return self._back.popleft() if self._back else next(self._lines)

    def put_back(self, lines: Sequence[tuple[int, str]]) -> None:
        """Let these be read again."""
        self._back.extendleft(reversed(lines))


def _record(
    first: str, lines: _Lines, width: int, delimiter: str
) -> tuple[str, Sequence[str] | None]:
    """Return the record that begins with a line, and its fields; None where they do not fit.

    After a quote that is never closed only its own line is lost: the next begins a record.
    """
    fields = _fields(first, delimiter)
    if fields is not None or not first.count('"') % 2:
        return first, fields if fields is not None and len(fields) == width else None
    text, ahead = first, list[tuple[int, str]]()
    for following in lines:
        ahead.append(following)
        text = f"{text}\n{following[1]}"
        if following[1].count('"') % 2:
            fields = _fields(text, delimiter)
            if fields is not None:
                break
        if len(ahead) == _MOST_LINES:
            break
    if fields is not None and len(fields) == width:
        return text, fields
    lines.put_back(ahead)
    return first, None


def _fields(text: str, delimiter: str) -> Sequence[str] | None:
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None


def _fault(text: str, delimiter: str, width: int) -> str:
    fields = _fields(text, delimiter)
    if fields is None:
        return "a quote is not closed, or closed too early"
    return f"{len(fields)} columns instead of {width}"
