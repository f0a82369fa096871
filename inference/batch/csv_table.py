"""A CSV file as chunks of columns; every cell stays the text that the file has.

It is UTF-8, else GB18030, as Chinese editions of spreadsheets save it: each is tried strictly on
the whole file, UTF-8 first, for GB18030 reads nearly any bytes.
"""

import codecs
import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, TextIO

from inference.batch.errors import BatchRefused
from inference.batch.plan import Plan
from inference.batch.refusal import Refusal
from inference.batch.scoring import Chunk

ROWS: Final = 16_384
_CHARSETS: Final = {"UTF-8": "utf-8-sig", "GB18030": "gb18030"}
_BYTES: Final = 1 << 20


def charset(path: Path) -> str:
    """Return the character set of a file, `UTF-8` or `GB18030`; BatchRefused of another one."""
    for name, codec in _CHARSETS.items():
        if _is_in(path, codec):
            return name
    raise BatchRefused("charset", file=path)


def _is_in(path: Path, codec: str) -> bool:
    decoder = codecs.getincrementaldecoder(codec)("strict")
    with path.open("rb") as file:
        try:
            while part := file.read(_BYTES):
                decoder.decode(part)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def headers(path: Path) -> tuple[str, ...]:
    """Return the names in the first line."""
    with _opened(path) as file:
        try:
            first = next(csv.reader(file, strict=True), None)
        except csv.Error as fault:
            raise _broken(path, 1, fault) from None
    if not first:
        raise BatchRefused("empty", file=path)
    return tuple(cell.strip() for cell in first)


def chunks(path: Path, plan: Plan, *, tell: Callable[[int], None]) -> Iterator[Chunk]:
    """Yield the rows below the header; `tell` gets how many bytes have been read.

    A line with more or fewer cells than the header is refused: its values may have moved.
    """
    names = headers(path)
    places = {name: names.index(name) for name in plan.headers}
    with _opened(path) as file:
        lines = csv.reader(file, strict=True)
        next(lines)
        row = 0
        while True:
            taken, numbers, refused, row = _some(path, lines, len(names), row)
            if not numbers and not refused:
                return
            columns = {name: [cells[place] for cells in taken] for name, place in places.items()}
            yield Chunk(row, len(numbers), columns, tuple(refused), numbers)
            tell(file.buffer.tell())


def _some(
    path: Path, lines: Any, width: int, row: int
) -> tuple[list[list[str]], list[int], list[Refusal], int]:
    taken: list[list[str]] = []
    numbers: list[int] = []
    refused: list[Refusal] = []
    try:
        for cells in lines:
            if not cells:
                continue  # an empty line is no row
            row += 1
            if len(cells) == width:
                taken.append(cells)
                numbers.append(row)
            else:
                refused.append(Refusal(row, "cells", f"line {lines.line_num}", str(len(cells))))
            if len(taken) + len(refused) >= ROWS:
                break
    except csv.Error as fault:
        raise _broken(path, lines.line_num, fault) from None
    return taken, numbers, refused, row


def _opened(path: Path) -> TextIO:
    return path.open(encoding=_CHARSETS[charset(path)], newline="")


def _broken(path: Path, line: int, fault: csv.Error) -> BatchRefused:
    return BatchRefused("broken-csv", file=path, line=line, why=fault)
