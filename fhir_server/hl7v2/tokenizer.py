"""Messages, segments and fields: everything addressable, nothing interpreted, nothing dropped.

Fields are split when a message is parsed, deeper levels when they are asked for. Source: HL7
v2.8 chapter 2.5, "Message construction rules".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import msgspec

from fhir_server.hl7v2.charset import WrongCharset, decode
from fhir_server.hl7v2.escapes import Separators, unescape
from fhir_server.hl7v2.header import Header, body_start
from fhir_server.hl7v2.places import char_range, in_bytes
from fhir_server.hl7v2.problems import Location, refuse

# HL7 v2.5.1 section 2.5.3.3: two quotes mean "null, delete what you have"; no value in a result.
NULL: Final = '""'
# What a segment without a name is called where it is a place.
NAMELESS: Final = "???"


class Segment(msgspec.Struct, frozen=True, gc=False):
    """One segment: its name in capitals, its place, its fields as they came.

    `fields[n]` is field n of the standard (MSH included). `index` counts all segments of the
    message from 0, `sequence` those of the same name from 1. `span` is its bytes in the raw
    message, the line end excluded. A line that begins with no segment name has the name "".
    """

    name: str
    index: int
    sequence: int
    span: tuple[int, int]
    fields: tuple[str, ...]
    separators: Separators
    codec: str

    def raw(self, number: int) -> str:
        """Return a whole field as it came, "" where it is absent or null."""
        fields = self.fields
        if number >= len(fields):
            return ""
        value = fields[number]
        return "" if value == NULL else value

    def repetitions(self, number: int) -> "tuple[Composite, ...]":
        """Return the repetitions of a field, empty where it is absent or null."""
        return repetitions_of(self.raw(number), self.separators, self.codec)

    def first(self, number: int) -> "Composite":
        """Return the first repetition of a field, an empty one where it is absent or null."""
        return Composite(self._first(number), self.separators, self.codec)

    def text(self, number: int, component: int = 1) -> str:
        """Return a component of the first repetition, unescaped, "" where it is absent."""
        value = self._first(number)
        return Composite(value, self.separators, self.codec).text(component) if value else ""

    def at(
        self,
        number: int | None = None,
        *,
        repetition: int | None = None,
        component: int | None = None,
    ) -> Location:
        """Return the place of this segment, or of a field in it, for an error."""
        return Location(self.name or NAMELESS, self.sequence, number, repetition, component)

    def valued(self) -> list[int]:
        """Return the numbers of the fields that hold anything."""
        return [n for n, value in enumerate(self.fields) if value and n > 0 and value.strip("^~&")]

    def _first(self, number: int) -> str:
        fields = self.fields
        if number >= len(fields):
            return ""
        value = fields[number]
        if not value or value == NULL:
            return ""
        mark = self.separators.repetition
        return value.partition(mark)[0] if mark and mark in value else value


class Composite:
    """One repetition of a field, or one component with its sub-components; immutable."""

    __slots__ = ("_parts", "codec", "raw", "separators")

    def __init__(self, raw: str, separators: Separators, codec: str) -> None:
        self.raw = raw
        self.separators = separators
        self.codec = codec
        self._parts: list[str] | None = None

    def __bool__(self) -> bool:
        return any(part not in ("", NULL) for part in self._components())

    def text(self, component: int = 1) -> str:
        """Return the first sub-component of a component, unescaped and without blanks around it."""
        parts = self._parts or self._components()
        value = parts[component - 1] if component <= len(parts) else ""
        if not value or value == NULL:
            return ""
        mark = self.separators.subcomponent
        if mark and mark in value:
            value = _present(value.partition(mark)[0])
        return unescape(value, self.separators, self.codec).strip()

    def component(self, number: int) -> "Composite":
        """Return a component, an empty one where it is absent or null."""
        return Composite(self._component(number), self.separators, self.codec)

    def subcomponent(self, number: int) -> str:
        """Return a sub-component of a component, unescaped and without blanks around it."""
        if not self.raw:
            return ""
        mark = self.separators.subcomponent
        parts = self.raw.split(mark) if mark else [self.raw]
        value = _present(parts[number - 1]) if number <= len(parts) else ""
        return unescape(value, self.separators, self.codec).strip()

    def promoted(self) -> "Composite":
        """Return it with its sub-components as components: a composite inside a composite."""
        mark = self.separators.subcomponent
        raw = self.raw.replace(mark, self.separators.component) if mark else self.raw
        return Composite(raw, self.separators, self.codec)

    def tail(self, number: int) -> "Composite":
        """Return everything from a component on, separators included."""
        mark = self.separators.component
        raw = mark.join(self._components()[number - 1 :])
        return Composite(raw, self.separators, self.codec)

    def texts(self) -> list[str]:
        """Return every component and sub-component that holds anything, unescaped, in order."""
        mark = self.separators.subcomponent
        parts = [
            part
            for component in self._components()
            for part in (component.split(mark) if mark else [component])
        ]
        found = (unescape(part, self.separators, self.codec).strip() for part in parts)
        return [text for text in found if text and text != NULL]

    def whole(self) -> str:
        """Return all of it as one text, unescaped: for text types, in which `^` is no delimiter."""
        return unescape(self.raw, self.separators, self.codec)

    def _components(self) -> list[str]:
        if self._parts is None:
            mark = self.separators.component
            self._parts = self.raw.split(mark) if mark else [self.raw]
        return self._parts

    def _component(self, number: int) -> str:
        parts = self._components()
        return _present(parts[number - 1]) if number <= len(parts) else ""


def repetitions_of(field: str, separators: Separators, codec: str) -> tuple[Composite, ...]:
    """Return the repetitions of a field that is not null, empty where it is absent."""
    if not field:
        return ()
    mark = separators.repetition
    if not mark or mark not in field:
        return (Composite(field, separators, codec),)
    return tuple(Composite(part, separators, codec) for part in field.split(mark))


def _present(value: str) -> str:
    return "" if value == NULL else value


@dataclass(frozen=True, slots=True)
class Message:
    """A decoded message: the header, every segment in order, MSH first, and its bytes."""

    header: Header
    codec: str
    segments: tuple[Segment, ...]
    raw: bytes = field(repr=False)
    _by_name: dict[str, list[Segment]] = field(repr=False)

    def named(self, name: str) -> list[Segment]:
        """Return the segments of that name in order."""
        return self._by_name.get(name, [])

    def span_of(self, place: Location) -> tuple[int, int] | None:
        """Return the bytes of a place in the raw message, None where the message has no such place.

        A segment, field, repetition, component or sub-component; what is there and empty has a
        span without length. Escapes are as they came: `raw[start:end]` decodes to them.
        """
        name = "" if place.segment == NAMELESS else place.segment
        same = self.named(name)
        if not 0 < place.sequence <= len(same):
            return None
        segment = same[place.sequence - 1]
        start, end = segment.span
        if place.field is None:
            return segment.span
        line = self.raw[start:end]
        text = line.decode(self.codec)
        found = char_range(text, place, segment.separators)
        if found is None:
            return None
        first = start + in_bytes(line, text, found[0], self.codec)
        return first, start + in_bytes(line, text, found[1], self.codec)


def parse(raw: bytes, header: Header, codec: str) -> Message:
    """Return the segments of `raw`, decoded by `codec`.

    Refusal with code 102 naming the segment whose bytes are not of the declared set.
    """
    segments: list[Segment] = []
    by_name: dict[str, list[Segment]] = {}
    separators = header.separators
    mark = separators.field
    for start, end, text in _lines(raw, mark, codec, by_name):
        fields = text.split(mark)
        name = fields[0]
        if not _is_name(name):
            name = name.strip().upper()
            name = name if _is_name(name) else ""
        if name in _HEADERS:
            # Field 1 of a header is the separator itself.
            fields.insert(1, mark)
        same = by_name.get(name)
        if same is None:
            same = by_name[name] = []
        segment = Segment(
            name, len(segments), len(same) + 1, (start, end), tuple(fields), separators, codec
        )
        same.append(segment)
        segments.append(segment)
    return Message(header, codec, tuple(segments), raw, by_name)


_HEADERS: Final = ("MSH", "FHS", "BHS")


def _is_name(text: str) -> bool:
    return (
        len(text) == 3
        and text.isascii()
        and text.isalnum()
        and text.isupper()
        and not text[0].isdecimal()
    )


def _lines(
    raw: bytes, mark: str, codec: str, by_name: dict[str, list[Segment]]
) -> Iterator[tuple[int, int, str]]:
    """Yield first byte, last byte and text of each line that is not empty."""
    if b"\n" not in raw:
        try:
            whole = raw.decode(codec) if not body_start(raw) else None
        except UnicodeDecodeError:
            whole = None  # line by line, so that the segment can be named
        if whole is not None:
            yield from _plain_lines(raw, whole)
            return
    for start, end in _spans(raw, mark):
        yield start, end, _decoded(raw[start:end], codec, by_name)


def _plain_lines(raw: bytes, whole: str) -> Iterator[tuple[int, int, str]]:
    """Yield the lines of a message that only CR divides: no character's bytes hold one."""
    start = 0
    texts = whole.split("\r")
    if not texts[-1].strip("\0 \t"):
        texts.pop()
    if len(whole) == len(raw):
        for text in texts:
            if text:
                yield start, start + len(text), text
            start += len(text) + 1
        return
    # zip: the last line may have been dropped as padding.
    for line, text in zip(raw.split(b"\r"), texts, strict=False):
        if text:
            yield start, start + len(line), text
        start += len(line) + 1


def _spans(raw: bytes, mark: str) -> Iterator[tuple[int, int]]:
    start = body_start(raw)
    for found in _line_end(mark).finditer(raw, start):
        if found.start() > start:
            yield start, found.start()
        start = found.end()
    if raw[start:].strip(b"\0 \t"):
        yield start, len(raw)


@lru_cache(maxsize=16)
def _line_end(mark: str) -> re.Pattern[bytes]:
    """CR ends a segment, and CRLF; LF does where a segment, or nothing, stands behind it.

    Any other LF is a line break inside a text, which a sender forgot to escape.
    """
    separator = re.escape(mark).encode()
    return re.compile(
        rb"\r\n?|\n(?=[A-Za-z][A-Za-z0-9]{2}(?:" + separator + rb"|[\r\n]|\Z))|\n(?=[\r\n]|\Z)"
    )


def _decoded(line: bytes, codec: str, by_name: dict[str, list[Segment]]) -> str:
    try:
        return decode(line, codec)
    except WrongCharset as error:
        name = line[:3].decode("ascii", errors="replace").upper()
        sequence = len(by_name.get(name, ())) + 1
        raise refuse(
            "102",
            f"byte {error.offset + 1} of the segment is not {codec}: {error}; MSH-18 must name "
            "the character set in which the message is written",
            Location(name, sequence),
        ) from None
