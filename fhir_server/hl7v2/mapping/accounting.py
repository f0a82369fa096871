"""Segments in = segments converted + segments reported; what nobody reads inside them is named."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from fhir_server.hl7v2.header import Header
from fhir_server.hl7v2.mapping import encounter, notes, observation, order, patient, specimen
from fhir_server.hl7v2.mapping.groups import Unconverted
from fhir_server.hl7v2.mapping.parts import ONE, TEXT, TEXTS, Fields, Parts, parts, unread
from fhir_server.hl7v2.tokenizer import Message, Segment, parse

# What of each converted segment is read; MSH: separators, parties, time, type, ids, charset.
READ: Final[Mapping[str, Fields]] = {
    "MSH": {
        # The acknowledgment gives the parties, the id and the set back as they came.
        **dict.fromkeys((1, 3, 4, 5, 6, 10, 18), TEXT),
        2: TEXTS,
        **dict.fromkeys((7, 11, 12, 15, 16), ONE),
        # MSH-9.3, the structure, follows from type and event.
        9: parts(1, 2, 3),
    },
    # EVN-1 and EVN-2 say again what MSH-9 and MSH-7 say.
    "EVN": {1: ONE, 2: ONE},
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
# What of a field is not read, by segment name, number and value: results repeat word by word.
_Seen: TypeAlias = dict[tuple[str, int, str], list[str]]
READ_SEGMENTS: Final = frozenset(READ)


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
    listed = sorted(left_out, key=lambda each: each.segment.index)
    whole = [each for each in listed if each.fields is None]
    told: dict[int, tuple[int, ...]] = {}
    for each in listed:
        told[each.segment.index] = (*told.get(each.segment.index, ()), *(each.fields or ()))
    missing = {each.segment.index for each in whole}
    deep, seen = _deep(message), _Seen()
    partly = [
        found
        for segment in message.segments
        if segment.index not in missing
        and (found := _partly(segment, told.get(segment.index, ()), deep, seen))
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


def _deep(message: Message) -> tuple[str, ...]:
    """Return those of the separators of repetitions and sub-components that stand behind MSH-2.

    Most messages have none; then a field is read unless it has too many components.
    """
    marks = message.header.separators
    found = (each for each in (marks.repetition, marks.subcomponent) if each)
    return tuple(each for each in found if message.raw.count(each.encode()) > 1)


def _partly(
    segment: Segment, told: tuple[int, ...], deep: tuple[str, ...], seen: _Seen
) -> Unconverted | None:
    """Return what of a converted segment nobody reads, None where all of it is read.

    `told` are fields that are read otherwise, and were not in this message; `deep` as of `_deep`.
    """
    read, marks = READ[segment.name], segment.separators
    mark, is_deep = marks.component, False
    if deep:
        whole = marks.field.join(segment.fields)
        is_deep = any(each in whole for each in deep)
    fields: list[int] = []
    components: list[str] = []
    for number, value in enumerate(segment.fields):
        if not value:
            continue
        known = read.get(number)
        if known is None or number in told:
            if number and value.strip("^~&"):
                fields.append(number)
        elif is_deep or known.checked or (mark in value and not known.spans(value, mark)):
            found = _components(segment, number, known, seen)
            if mark not in value and found == [f"{number}.1"]:
                fields.append(number)
            else:
                components += found
    if not fields and not components:
        return None
    kinds = [kind for kind, each in (("fields", fields), ("components", components)) if each]
    reason = f"{' and '.join(kinds)} that are not read"
    return Unconverted(segment, reason, tuple(fields), tuple(components))


def _components(segment: Segment, number: int, known: Parts, seen: _Seen) -> Sequence[str]:
    if known.choose is not None:
        # What is read may follow from another field.
        return unread(segment, number, known)
    key = (segment.name, number, segment.fields[number])
    found = seen.get(key)
    if found is None:
        found = seen[key] = unread(segment, number, known)
    return found


def _entry(each: Unconverted) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "segment": each.segment.name,
        "index": each.segment.index,
        "bytes": list(each.segment.span),
        "reason": each.reason,
    }
    if each.fields is None:
        return entry
    # `fields` stands also where it is empty: it tells a segment that was converted in part.
    inner = {"components": list(each.components)} if each.components else {}
    return entry | {"fields": list(each.fields)} | inner
