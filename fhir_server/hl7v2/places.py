"""Where a field, repetition, component or sub-component stands in its segment: pure arithmetic.

No escape sequence holds a delimiter (HL7 v2.8 section 2.7), so that places are found in the text
as it came.
"""

import codecs
from typing import Final, TypeAlias

from fhir_server.hl7v2.escapes import Separators
from fhir_server.hl7v2.problems import Location

Range: TypeAlias = tuple[int, int]
_HEADERS: Final = ("MSH", "FHS", "BHS")


def char_range(text: str, place: Location, separators: Separators) -> Range | None:
    """Return the characters of `place` in the text of its segment, None where it is not there.

    Field 1 of a header is the separator itself, field 2 the others: neither is divided further.
    """
    number = place.field
    if number is None:
        return 0, len(text)
    inner = _inner(place, separators)
    if place.segment in _HEADERS:
        if number in (1, 2) and any(each > 1 for _mark, each in inner):
            return None
        if number == 1:
            begin = text.find(separators.field)
            return begin, begin + 1
        inner = [] if number == 2 else inner
        number -= 1
    found: Range | None = (0, len(text))
    for mark, each in [(separators.field, number + 1), *inner]:
        if found is None:
            return None
        found = _part(text, found, mark, each)
    return found


def in_bytes(line: bytes, text: str, characters: int, codec: str) -> int:
    """Return how many bytes of `line`, which decodes to `text`, are its first `characters`."""
    if len(line) == len(text):
        return characters
    head = text[:characters]
    length = len(head.encode(codec))
    try:
        if line[:length].decode(codec) == head:
            return length
    except UnicodeDecodeError:
        pass  # the set writes a character in two ways: count as it was written
    decoder, seen = codecs.getincrementaldecoder(codec)(), 0
    for offset in range(len(line)):
        if seen == characters:
            return offset
        seen += len(decoder.decode(line[offset : offset + 1]))
    return len(line)


def _inner(place: Location, separators: Separators) -> list[tuple[str, int]]:
    """Return the levels below the field: a level that is not named is its first."""
    levels = [
        (separators.repetition, place.repetition),
        (separators.component, place.component),
        (separators.subcomponent, place.subcomponent),
    ]
    while levels and levels[-1][1] is None:
        levels.pop()
    return [(mark, 1 if each is None else each) for mark, each in levels]


def _part(text: str, within: Range, mark: str, number: int) -> Range | None:
    begin, end = within
    if not mark:
        return within if number == 1 else None
    for _ in range(number - 1):
        found = text.find(mark, begin, end)
        if found < 0:
            return None
        begin = found + 1
    found = text.find(mark, begin, end)
    return begin, end if found < 0 else found
