"""MSH read from bytes, before anything about the message is known; it never raises.

The header says how the rest is to be read (separators, character set) and whom to answer, so it
must be readable in a message that is broken everywhere else.
"""

import re
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

from fhir_server.hl7v2.charset import codec_of
from fhir_server.hl7v2.escapes import STANDARD, Separators, escape, unescape
from fhir_server.hl7v2.problems import Location, Problem

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_PADDING: Final = b"\r\n \t\x00\x0b"
_LINE_END: Final = re.compile(rb"[\r\n]")
# Longer than any real header: bytes without a line end are not all taken for one.
_LONGEST: Final = 8192
# A header that is taken apart, and what MSH-7 and MSH-10 may hold there beside letters and digits.
_SHORT: Final = 512
PLAIN: Final = b"+-._:/"
# In these sets the byte of a delimiter may be the second byte of an ideograph.
_AMBIGUOUS: Final = ("gb18030", "big5")


@dataclass(frozen=True)
class Header:
    """The fields of MSH by number (`fields[9]` is MSH-9), escaped as they came.

    `problem` says why the message cannot be read; `fields` then holds what there is. `charset`
    is the first repetition of MSH-18, "" where none is declared; `codec` the Python codec of the
    header's own text ("latin-1", which keeps every byte, where no set is known).
    """

    fields: tuple[str, ...]
    separators: Separators
    charset: str
    codec: str
    problem: Problem | None = None

    def field(self, number: int) -> str:
        """Return a field's first repetition as it came, "" where it is absent."""
        if number >= len(self.fields):
            return ""
        value, mark = self.fields[number], self.separators.repetition
        if mark and mark in value and number != 2:
            value = value.partition(mark)[0]
        return value.strip()

    def component(self, number: int, component: int = 1) -> str:
        """Return a component of a field's first repetition, unescaped."""
        text = self.field(number)
        marks = self.separators
        if marks.component in text:
            parts = text.split(marks.component)
            text = parts[component - 1] if component <= len(parts) else ""
        elif component > 1:
            return ""
        if marks.escape and marks.escape in text:
            text = unescape(text, marks, self.codec)
        return text.strip()

    def sent_by(self, application: str, facility: str) -> "Header":
        """Return the header with MSH-3 and MSH-4 filled in, for a sender that leaves them empty."""
        fields = list(self.fields) + [""] * (5 - len(self.fields))
        fields[3], fields[4] = (escape(name, self.separators) for name in (application, facility))
        return replace(self, fields=tuple(fields))

    def at(self, time: str, control_id: str) -> "Header":
        """Return the header with another MSH-7 and MSH-10; it has these fields."""
        fields = list(self.fields)
        fields[7], fields[10] = time, control_id
        return Header(tuple(fields), self.separators, self.charset, self.codec, self.problem)

    @cached_property
    def control_id(self) -> str:
        """MSH-10."""
        return self.component(10)

    @cached_property
    def version(self) -> str:
        """MSH-12.1."""
        return self.component(12)

    @cached_property
    def type(self) -> str:
        """MSH-9.1^MSH-9.2, such as `ORU^R01`."""
        return f"{self.component(9)}^{self.component(9, 2)}".rstrip("^")


def body_start(raw: bytes) -> int:
    """Return where the first segment begins, behind a byte order mark and padding."""
    start = len(_BYTE_ORDER_MARK) if raw.startswith(_BYTE_ORDER_MARK) else 0
    return len(raw) - len(raw[start:].lstrip(_PADDING))


class Apart(NamedTuple):
    """MSH in bytes without time and control id, and those two."""

    rest: tuple[bytes, ...]
    time: bytes
    control_id: bytes


def apart(raw: bytes) -> Apart | None:
    """Return the parts of a header that is ASCII, short and plain in MSH-7 and MSH-10, else None.

    Two such headers with equal `rest` are equal in all but these two fields, if no separator of
    theirs is one of `PLAIN`.
    """
    end = raw.find(b"\r", 0, _SHORT)
    if end < 0 or not raw.startswith(b"MSH"):
        return None
    line = raw[:end]
    parts = line.split(line[3:4], 10) if line.isascii() and end > 3 else []
    if len(parts) < 11 or b"\n" in line:
        return None
    time, control_id = parts[6], parts[9]
    if not (time and control_id and (time + control_id).translate(None, PLAIN).isalnum()):
        return None
    parts[6] = parts[9] = b""
    return Apart(tuple(parts), time, control_id)


def read_header(raw: bytes, *, default_charset: str = "", charset_always: str = "") -> Header:
    """Return the header of a message; `default_charset` (table 0211) where MSH-18 is empty.

    `charset_always` is the set of a sender that declares another one than it writes in.
    """
    start = body_start(raw)
    line = _LINE_END.split(raw[start : start + _LONGEST], maxsplit=1)[0]
    if line[:3].upper() != b"MSH":
        return _broken("the message does not begin with MSH", Location("MSH"))
    if not _is_separator(line[3:4]):
        return _broken(
            "MSH-1 is no field separator: a printing character that is no letter or digit",
            Location("MSH", 1, 1),
        )
    known = codec_of(charset_always) or _codec_of_header(line) or codec_of(default_charset)
    codec = known or "utf-8"
    try:
        text = line.decode(codec)
    except UnicodeDecodeError:
        codec = "latin-1"
        text = line.decode(codec)
    header = _header(text, codec)
    return replace(header, charset=charset_always) if charset_always else header


def _header(text: str, codec: str) -> Header:
    mark = text[3]
    fields = ("MSH", mark, *text[4:].split(mark))
    separators = _separators(mark, fields[2])
    if separators is None:
        problem = Problem(
            "102",
            "MSH-2 does not name the component, repetition, escape and sub-component separators",
            Location("MSH", 1, 2),
        )
        return Header(fields, Separators(field=mark), "", codec, problem)
    charset = fields[18] if len(fields) > 18 else ""
    if separators.repetition:
        charset = charset.partition(separators.repetition)[0]
    return Header(fields, separators, charset.strip(), codec)


def _broken(text: str, location: Location) -> Header:
    # MSH itself is missing or unreadable: table 0357 has no closer code than a sequence error.
    return Header(("MSH",), STANDARD, "", "latin-1", Problem("100", text, location))


def _is_separator(mark: bytes) -> bool:
    return len(mark) == 1 and mark.isascii() and not mark.isalnum() and mark > b" "


@lru_cache(256)
def _separators(mark: str, characters: str) -> Separators | None:
    """Return the separators; HL7 v2.5.1 section 2.5.4: some of MSH-2 may be absent."""
    if not 1 <= len(characters) <= 5 or len({mark, *characters}) != len(characters) + 1:
        return None
    if not all(_is_separator(each.encode()) for each in characters):
        return None
    marks = list(characters) + [""] * (5 - len(characters))
    return Separators(mark, marks[0], marks[1], marks[2], marks[3], marks[4])


def _codec_of_header(line: bytes) -> str | None:
    """Return the declared codec, read so that it agrees with itself; None where none is known.

    Split on bytes, an ideograph that holds the separator's byte would shift MSH-18. Such a
    header is read in each set in which that can happen; the reading is right whose MSH-18 names
    the set it was read in.
    """
    declared = codec_of(_declared(line.decode("latin-1")))
    if declared is not None or line.isascii():
        return declared
    for codec in _AMBIGUOUS:
        named = codec_of(_declared(line.decode(codec, errors="replace")))
        if named is not None and (named == codec or (codec == "gb18030" and named == "gbk")):
            return named
    return None


def _declared(text: str) -> str:
    fields = text.split(text[3])
    if len(fields) < 18:
        return ""
    repetition = fields[1][1:2]
    return fields[17].partition(repetition)[0] if repetition else fields[17]
