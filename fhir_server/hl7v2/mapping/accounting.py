"""Segments in = segments converted + segments reported; fields that nobody reads are named too."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fhir_server.hl7v2.header import Header
from fhir_server.hl7v2.mapping import encounter, notes, observation, order, patient, specimen
from fhir_server.hl7v2.mapping.groups import Unconverted
from fhir_server.hl7v2.tokenizer import Message, Segment, parse

# What of each converted segment is read; MSH: separators, parties, time, type, ids, charset.
_READ: Final = {
    "MSH": frozenset((1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 15, 16, 18)),
    # EVN-1 and EVN-2 say again what MSH-9 and MSH-7 say.
    "EVN": frozenset((1, 2)),
    "PID": patient.FIELDS,
    "PD1": patient.PD1_FIELDS,
    "NK1": patient.NK1_FIELDS,
    "MRG": patient.MRG_FIELDS,
    "PV1": encounter.PV1_FIELDS,
    "PV2": encounter.PV2_FIELDS,
    "TQ1": order.TQ1_FIELDS,
    "DG1": order.DG1_FIELDS,
    "ORC": order.ORC_FIELDS,
    "OBR": order.OBR_FIELDS,
    "OBX": observation.FIELDS,
    "NTE": notes.FIELDS,
    "SPM": specimen.FIELDS,
}
READ_SEGMENTS: Final = frozenset(_READ)


@dataclass(frozen=True, slots=True)
class Account:
    """Where each segment of a message went; `names` counts all of them by name."""

    segments: int
    converted: int
    unconverted: tuple[Unconverted, ...]
    names: Mapping[str, int]

    def as_json(self) -> dict[str, Any]:
        """Return the form that is stored: places, names and reasons, nothing of the content."""
        return {
            "segments": self.segments,
            "converted": self.converted,
            "names": self.names,
            "unconverted": [_entry(each) for each in self.unconverted],
        }


def account(message: Message, left_out: Iterable[Unconverted]) -> Account:
    """Return the account of a message of which `left_out` was not converted."""
    whole = sorted(left_out, key=lambda each: each.segment.index)
    missing = {each.segment.index for each in whole}
    partly = [
        Unconverted(segment, "fields that are not read", fields)
        for segment in message.segments
        if segment.index not in missing and (fields := _unread(segment))
    ]
    return _account(message.segments, len(missing), (*whole, *partly))


def refused_account(raw: bytes, header: Header) -> Account:
    """Return the account of a message that was refused: every segment is listed, none converted.

    The bytes need not be of the set that they declare: only line ends and names are looked at.
    """
    found = parse(raw, header, "latin-1").segments
    reason = "the message was refused"
    return _account(found, len(found), tuple(Unconverted(each, reason) for each in found))


def _account(
    segments: Sequence[Segment], missing: int, unconverted: tuple[Unconverted, ...]
) -> Account:
    names = dict(Counter(each.name for each in segments))
    return Account(len(segments), len(segments) - missing, unconverted, names)


def _unread(segment: Segment) -> tuple[int, ...]:
    read = _READ[segment.name]
    return tuple(number for number in segment.valued() if number not in read)


def _entry(each: Unconverted) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "segment": each.segment.name,
        "index": each.segment.index,
        "bytes": list(each.segment.span),
        "reason": each.reason,
    }
    return entry if each.fields is None else entry | {"fields": list(each.fields)}
