"""NDJSON read in parts: a part has a bounded number of lines and of bytes, whatever is in the file.

Source: http://hl7.org/fhir/R4/nd-json.html.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_SKIP = 1 << 20


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is not blank; `body` None where it is longer than a line may be."""

    number: int
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file to go on: the byte, and how many lines stand before it."""

    offset: int = 0
    lines: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """Some lines, and where the next part begins; `at_end` where there is none."""

    lines: tuple[Line, ...]
    following: Place
    at_end: bool


@dataclass(frozen=True, slots=True)
class PartSize:
    """How much one part holds; `longest` bytes of one line."""

    lines: int = 64
    bytes: int = 512 * 1024
    longest: int = 5 * 1024 * 1024


def read_part(path: Path, place: Place, size: PartSize) -> Part:
    """Return the lines of `path` from `place`; the last line may lack its line break."""
    found: list[Line] = []
    taken, number = 0, place.lines
    with path.open("rb") as file:
        file.seek(place.offset)
        while len(found) < size.lines and taken < size.bytes:
            start = file.tell()
            body = file.readline(size.longest + 2)
            if not body:
                break
            number += 1
            whole = body.rstrip(b"\r\n")
            if len(whole) > size.longest:
                if not body.endswith(b"\n"):
                    _skip_line(file)
                found.append(Line(number, None))
            elif whole.strip():
                found.append(Line(number, whole))
            taken += file.tell() - start
        offset = file.tell()
        at_end = offset >= os.fstat(file.fileno()).st_size
    return Part(tuple(found), Place(offset, number), at_end)


def _skip_line(file: BinaryIO) -> None:
    while (rest := file.readline(_SKIP)) and not rest.endswith(b"\n"):
        pass
