"""Batches of messages, or bare messages one after another, out of a stream of bytes; without I/O.

Source: HL7 v2.5.1 section 2.10.3 (FHS, BHS, BTS, FTS). A message begins at a line that begins with
MSH and ends at the next header, trailer or frame end, so that nothing of one is ever part of
another. Works on bytes: none of the character sets that are read has a line end, VT or FS inside
a character. Frames of MLLP around the messages, as dumps have them, are taken too.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from fhir_server.hl7v2.problems import FaultKind

HeaderName: TypeAlias = Literal["FHS", "BHS"]
TrailerName: TypeAlias = Literal["BTS", "FTS"]

_END: Final = re.compile(rb"[\r\n\x0b\x1c]")
_VT: Final = 0x0B
_FS: Final = 0x1C
# A name that is followed by a separator or by nothing; a lower-case one is meant all the same.
# A byte order mark stands in front where files were put one behind the other.
_NAME: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?[ \t]*(MSH|FHS|BHS|BTS|FTS)(?=[!-/:-@\[-`{-~]|\s*\Z)", re.IGNORECASE
)
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_BLANK: Final = b" \t\0"
# Bytes outside every message are kept for the record up to this many at a time.
_STRAY_KEPT: Final = 4096
_LONGEST_HEADER: Final = 8192


@dataclass(frozen=True, slots=True)
class Opened:
    """A file or a batch begins; `line` is its header segment."""

    name: HeaderName
    line: bytes


@dataclass(frozen=True, slots=True)
class Closed:
    """A batch or a file ends; `line` is its trailer segment."""

    name: TrailerName
    line: bytes


@dataclass(frozen=True, slots=True)
class Found:
    """The bytes of one message and where they begin."""

    content: bytes
    offset: int


@dataclass(frozen=True, slots=True)
class Wrong:
    """Bytes that are no message: see `framing.Fault`; of one too long only the beginning."""

    kind: FaultKind
    content: bytes
    offset: int


Event: TypeAlias = Opened | Closed | Found | Wrong


class BatchReader:
    """Turns chunks of a stream into events; the same stream gives the same events however cut.

    `longest` is the size in bytes beyond which a message is not taken; nothing larger is kept.
    """

    def __init__(self, *, longest: int) -> None:
        self._longest = longest
        self._line = bytearray()
        self._line_is_cut = False
        self._message = bytearray()
        self._state: Literal["outside", "message", "dropping"] = "outside"
        self._framed = False
        self._stray = bytearray()
        self._stray_at = 0
        self._begins_at = 0
        self._at = 0

    def feed(self, chunk: bytes) -> list[Event]:
        """Take the next bytes of the stream and return what they complete, in order."""
        events: list[Event] = []
        start = 0
        for found in _END.finditer(chunk):
            self._add(chunk[start : found.start()], events)
            self._end_line(chunk[found.start()], events)
            start = found.end()
        self._add(chunk[start:], events)
        return events

    def finish(self) -> list[Event]:
        """Return what the end of the stream completes."""
        events: list[Event] = []
        if self._line:
            self._end_line(None, events)
        if self._state == "message" and self._framed:
            events.append(Wrong("unterminated", bytes(self._message), self._begins_at))
            self._state = "outside"
        self._leave(events)
        self._report_stray(events)
        return events

    def _add(self, part: bytes, events: list[Event]) -> None:
        """Take a part of a line; of one that is longer than any message only the beginning."""
        room = self._longest + _LONGEST_HEADER - len(self._line)
        self._line += part[:room]
        if len(part) > room:
            self._line_is_cut = True
            self._at += len(part) - room

    def _end_line(self, mark: int | None, events: list[Event]) -> None:
        line = bytes(self._line)
        begins_at = self._at
        self._at += len(self._line) + (mark is not None)
        self._line.clear()
        name = _NAME.match(line[:_LONGEST_HEADER])
        if line.startswith(_BYTE_ORDER_MARK) and name is not None:
            line = line[3:]
            begins_at += 3
        if name is None:
            self._go_on(line, begins_at, events)
        else:
            self._begin(name[1].upper().decode(), line, begins_at, events)
        self._line_is_cut = False
        self._mark(mark, events)

    def _begin(self, name: str, line: bytes, begins_at: int, events: list[Event]) -> None:
        framed = self._framed and self._state == "outside"
        self._leave(events)
        self._report_stray(events)
        if name == "MSH":
            self._state, self._framed = "message", framed
            self._begins_at = begins_at
            self._append(line, events)
        elif name in ("FHS", "BHS"):
            events.append(Opened("FHS" if name == "FHS" else "BHS", line[:_LONGEST_HEADER]))
        else:
            events.append(Closed("BTS" if name == "BTS" else "FTS", line[:_LONGEST_HEADER]))

    def _go_on(self, line: bytes, begins_at: int, events: list[Event]) -> None:
        if self._state == "message":
            self._append(line, events)
        elif self._state == "outside" and line.strip(_BLANK):
            if not self._stray:
                self._stray_at = begins_at
            self._stray += (line + b"\r")[: _STRAY_KEPT - len(self._stray)]

    def _append(self, line: bytes, events: list[Event]) -> None:
        self._message += line
        if len(self._message) > self._longest or self._line_is_cut:
            kept = bytes(self._message[: self._longest])
            events.append(Wrong("too-long", kept, self._begins_at))
            self._message.clear()
            self._state = "dropping"

    def _mark(self, mark: int | None, events: list[Event]) -> None:
        if mark == _VT:
            if self._state == "message" and self._framed:
                # The sender began anew inside a frame: half a message, kept apart.
                events.append(Wrong("half-frame", bytes(self._message), self._begins_at))
                self._message.clear()
                self._state = "outside"
            self._leave(events)
            self._framed = True
        elif mark == _FS:
            self._leave(events)
        elif mark is not None and self._state == "message":
            self._message.append(mark)

    def _leave(self, events: list[Event]) -> None:
        if self._state == "message":
            events.append(Found(_trimmed(bytes(self._message)), self._begins_at))
        self._message.clear()
        self._state = "outside"
        self._framed = False

    def _report_stray(self, events: list[Event]) -> None:
        if self._stray:
            events.append(Wrong("stray-bytes", bytes(self._stray), self._stray_at))
            self._stray.clear()


def _trimmed(message: bytes) -> bytes:
    """Return a message without the blank lines behind it: the bytes that MLLP would carry."""
    content = message.rstrip(b"\r\n")
    ending = message[len(content) :]
    return content + (ending[:2] if ending[:2] == b"\r\n" else ending[:1])


def header_field(line: bytes, number: int) -> bytes:
    """Return a field of FHS or BHS by its number in the standard, as it came, b"" if absent."""
    mark = _separator(line)
    fields = line.strip(_BLANK).split(mark) if mark else []
    return fields[number - 1] if 1 < number <= len(fields) else mark if number == 1 else b""


def declared(line: bytes) -> int | None:
    """Return how many messages (BTS-1) or batches (FTS-1) a trailer says there were, if it does."""
    mark = _separator(line)
    fields = line.strip(_BLANK).split(mark) if mark else []
    text = fields[1].strip() if len(fields) > 1 else b""
    return int(text) if text.isdigit() and len(text) < 10 else None


def is_batch(content: bytes) -> bool:
    """Whether bytes begin as a file or a batch does, and not as a message."""
    name = _NAME.match(content.removeprefix(_BYTE_ORDER_MARK).lstrip(b"\r\n\x0b \t\0")[:8])
    return name is not None and name[1].upper() in (b"FHS", b"BHS")


def _separator(line: bytes) -> bytes:
    return line.strip(_BLANK)[3:4]
