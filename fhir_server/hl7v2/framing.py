"""MLLP frames out of a byte stream, without I/O: no two messages are ever merged.

Source: HL7 v2 Transport Specification MLLP, Release 1: <SB> message <EB><CR> with SB = 0x0B,
EB = 0x1C, CR = 0x0D. None of the character sets of HL7 table 0211 that are accepted here uses
these bytes inside a character, so framing works on bytes whatever the set.
"""

from dataclasses import dataclass
from typing import TypeAlias

from fhir_server.hl7v2.problems import FaultKind

START: int = 0x0B
END: int = 0x1C
_START = bytes((START,))
_END = bytes((END,))
_BLOCK_END = _END + b"\r"
# Between frames these mean nothing: the CR of the end block, and padding that senders add.
_PADDING = b"\r\n \t\x00"
# Bytes outside every frame are kept for the record up to this many at a time; all are counted.
_STRAY_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Frame:
    """The bytes of one message, without start and end block."""

    content: bytes


@dataclass(frozen=True, slots=True)
class Fault:
    """Bytes that are no frame.

    half-frame: a new start block came before the end block; the bytes of the first are here.
    too-long: the frame passed the cap; its leading bytes are here, the rest is not buffered.
    unterminated: the stream ended, or the deadline passed, inside a frame.
    stray-bytes: bytes outside every frame (the first 4096 of a run).
    """

    kind: FaultKind
    content: bytes


Event: TypeAlias = Frame | Fault


class FrameDecoder:
    """Turns chunks of a stream into events; the same stream gives the same events however cut.

    A frame ends at its end block: a CR that is missing behind it cannot merge it with the next.
    `skipped` counts all bytes outside frames, padding aside.
    """

    def __init__(self, *, max_frame: int) -> None:
        if max_frame < 1:
            raise ValueError("max_frame is a number of bytes, at least 1")
        self._max = max_frame
        self._buffer = bytearray()
        self._stray = bytearray()
        self._inside = False
        self._dropping = False
        self.skipped = 0

    @property
    def in_frame(self) -> bool:
        """True between a start block and its end block: the time in which a deadline runs."""
        return self._inside

    def feed(self, chunk: bytes) -> list[Event]:
        """Take the next bytes of the stream and return what they complete, in order."""
        if self._is_one_frame(chunk):
            return [Frame(chunk[1 : chunk.find(_END)])]
        events: list[Event] = []
        position = 0
        while position < len(chunk):
            if self._inside:
                position = self._take_inside(chunk, position, events)
            else:
                position = self._take_outside(chunk, position, events)
        return events

    def finish(self) -> list[Event]:
        """Return what an end of the stream, or a passed deadline, leaves unfinished."""
        events: list[Event] = []
        self._report_stray(events)
        if self._inside and not self._dropping:
            events.append(Fault("unterminated", bytes(self._buffer)))
        self._leave()
        return events

    def _is_one_frame(self, chunk: bytes) -> bool:
        """Whether these bytes are what senders send as a rule: one frame, and all of it.

        Taken apart byte by byte they would be the same one event.
        """
        return (
            not self._inside
            and not self._stray
            and chunk.startswith(_START)
            and chunk.endswith(_BLOCK_END)
            and len(chunk) - 3 <= self._max
            and chunk.find(_END) == len(chunk) - 2
            and chunk.rfind(_START) == 0
        )

    def _take_outside(self, chunk: bytes, position: int, events: list[Event]) -> int:
        start = chunk.find(_START, position)
        end = len(chunk) if start < 0 else start
        self._add_stray(chunk[position:end])
        if start < 0:
            return end
        self._report_stray(events)
        self._inside = True
        return start + 1

    def _take_inside(self, chunk: bytes, position: int, events: list[Event]) -> int:
        end = _first(chunk.find(_END, position), chunk.find(_START, position), len(chunk))
        self._append(chunk, position, end, events)
        if end == len(chunk):
            return end
        if chunk[end] == END:
            if not self._dropping:
                events.append(Frame(bytes(self._buffer)))
            self._leave()
        else:
            # A start block inside a frame: the sender began anew. The half is kept apart, the
            # new frame stands for itself (merging them would file results under a wrong patient).
            if not self._dropping:
                events.append(Fault("half-frame", bytes(self._buffer)))
            self._leave()
            self._inside = True
        return end + 1

    def _append(self, chunk: bytes, position: int, end: int, events: list[Event]) -> None:
        if self._dropping:
            return
        room = self._max - len(self._buffer)
        self._buffer += chunk[position : min(end, position + room)]
        if end - position > room:
            events.append(Fault("too-long", bytes(self._buffer)))
            self._buffer.clear()
            self._dropping = True

    def _leave(self) -> None:
        self._buffer.clear()
        self._inside = False
        self._dropping = False

    def _add_stray(self, stray: bytes) -> None:
        if not self._stray:
            stray = stray.lstrip(_PADDING)
        self.skipped += len(stray)
        self._stray += stray[: _STRAY_KEPT - len(self._stray)]

    def _report_stray(self, events: list[Event]) -> None:
        if self._stray:
            events.append(Fault("stray-bytes", bytes(self._stray)))
            self._stray.clear()


def _first(*positions: int) -> int:
    return min(position for position in positions if position >= 0)
