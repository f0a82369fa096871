"""What senders do to a message on its way changes nothing that it says, and loses no segment.

Each mutation is one that an interface engine or a laboratory system is known for; messages of real
systems and of the demo hospital are mutated, in every single way and in ways drawn together.
"""

import gzip
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.hl7v2.charset import codec_of
from fhir_server.hl7v2.header import read_header
from fhir_server.hl7v2.mapping.conversion import convert, read
from fhir_server.hl7v2.mapping.structures import STRUCTURES
from fhir_server.hl7v2.problems import Refusal
from fhir_server.hl7v2.tokenizer import Message, parse
from tests.unit.hl7v2.examples import DATA, surroundings

CORPUS = Path(__file__).parents[3] / "shared" / "hl7v2" / "messages.jsonl.gz"
Lines = list[bytes]


@cache
def originals() -> tuple[bytes, ...]:
    """The messages of the demo hospital, and those of real systems where they are at hand."""
    own = [path.read_bytes() for path in sorted(DATA.glob("*.hl7"))]
    real = []
    if CORPUS.exists():
        with gzip.open(CORPUS, "rt", encoding="utf-8") as file:
            real = [json.loads(line)["hl7"].encode() for line in file]
    found = [raw for raw in own + real if read_header(raw).type in STRUCTURES]
    return tuple(dict.fromkeys(found))


def tokenized(raw: bytes) -> Message:
    header = read_header(raw)
    return parse(raw, header, codec_of(header.charset) or "utf-8")


def outcome(raw: bytes) -> tuple[object, int, list[str]]:
    """What a message says, or why it is refused; its segments; the names of those left out.

    Every segment is accounted for, and its bytes are those that its span names.
    """
    try:
        message = tokenized(raw)
        found = read(message, surroundings(raw))
        conversion = convert(found, [f"p{n}" for n, _ in enumerate(found.patients)])
    except Refusal as refusal:
        return [(each.code, str(each.location)) for each in refusal.problems], 0, []
    account = conversion.account
    left_out = [each.segment.name for each in account.unconverted if each.fields is None]
    assert account.segments == account.converted + len(left_out) == len(message.segments)
    for segment in message.segments:
        text = raw[slice(*segment.span)].decode(message.codec)
        assert text.split(message.header.separators.field)[0] == segment.fields[0]
    patients = [draft.resource for draft in found.patients]
    return (
        (patients, {draft.reference: draft.resource for draft in conversion.drafts}),
        account.segments,
        left_out,
    )


@cache
def lines_of(number: int) -> tuple[bytes, ...]:
    raw = originals()[number]
    return tuple(raw[slice(*segment.span)] for segment in tokenized(raw).segments)


@cache
def said(number: int) -> tuple[object, int, list[str]]:
    return outcome(joined(list(lines_of(number))))


def joined(lines: Lines, end: bytes = b"\r") -> bytes:
    return end.join(lines) + end


def name(line: bytes) -> bytes:
    return line[:3].upper()


def lower_case_names(lines: Lines) -> Lines:
    return [line[:3].lower() + line[3:] for line in lines]


def trailing_separators(lines: Lines) -> Lines:
    mark = lines[0][3:4]
    return [line + 3 * mark for line in lines]


def five_separators(lines: Lines) -> Lines:
    """MSH-2 with the truncation character of version 2.7."""
    mark = lines[0][3:4]
    first, end, rest = lines[0][4:].partition(mark)
    return [lines[0][:4] + first + (b"#" if len(first) == 4 else b"") + end + rest, *lines[1:]]


def local_segments(lines: Lines) -> Lines:
    mark = lines[0][3:4]
    local = b"ZLC" + mark + b"1" + mark + b"local"
    return [each for line in lines for each in ([line, local] if name(line) == b"OBX" else [line])]


def specimen_first(lines: Lines) -> Lines:
    """The one SPM of a report, with its notes, stands before the results instead of behind.

    In an order a value behind SPM is one of the specimen, in OUL an SPM begins a group.
    """
    if not read_header(joined(lines)).type.startswith("ORU"):
        return lines
    starts = [n for n, line in enumerate(lines) if name(line) == b"OBR"]
    if not starts:
        return lines
    found = lines[: starts[0]]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        found = found + _with_specimen_first(lines[start:end])
    return found


def _with_specimen_first(order: Lines) -> Lines:
    names = [name(line) for line in order]
    if names.count(b"SPM") != 1 or b"OBX" not in names[: names.index(b"SPM")]:
        return order
    first, at = names.index(b"OBX"), names.index(b"SPM")
    stop = at + 1
    while stop < len(order) and names[stop] == b"NTE":
        stop += 1
    return [*order[:first], *order[at:stop], *order[first:at], *order[stop:]]


INSIDE: dict[str, Callable[[Lines], Lines]] = {
    "lower-case names": lower_case_names,
    "trailing separators": trailing_separators,
    "five separators": five_separators,
    "local segments": local_segments,
    "specimen first": specimen_first,
}
AROUND: dict[str, Callable[[Lines], bytes]] = {
    "CR": joined,
    "CRLF": lambda lines: joined(lines, b"\r\n"),
    "LF": lambda lines: joined(lines, b"\n"),
    "blank lines": lambda lines: joined(lines, b"\r\r"),
    "no last line end": b"\r".join,
    "byte order mark": lambda lines: b"\xef\xbb\xbf" + joined(lines),
    "padding": lambda lines: b"\r\n" + joined(lines) + b"\0\0",
}


def check(number: int, inside: list[str], around: str) -> None:
    lines = list(lines_of(number))
    for each in inside:
        lines = INSIDE[each](lines)
    meaning, segments, left_out = outcome(AROUND[around](lines))
    expected, before, out = said(number)
    assert meaning == expected
    local = len(lines) - len(lines_of(number))
    assert segments == (before + local if before else 0)
    assert sorted(left_out) == sorted([*out, *["ZLC"] * (local if before else 0)])


WAYS = [*(([way], "CR") for way in INSIDE), *(([], way) for way in AROUND if way != "CR")]


@pytest.mark.parametrize(("inside", "around"), WAYS, ids=str)
def test_no_message_says_less_for_what_happened_to_it_on_its_way(inside, around):
    for number, _raw in enumerate(originals()):
        check(number, inside, around)


@given(
    st.integers(min_value=0),
    st.lists(st.sampled_from(list(INSIDE)), unique=True),
    st.sampled_from(list(AROUND)),
)
def test_several_at_once_change_nothing_either(number, inside, around):
    check(number % len(originals()), inside, around)


def test_enough_messages_are_taken_for_this_to_mean_anything():
    taken = [number for number, _ in enumerate(originals()) if said(number)[1]]
    if CORPUS.exists():
        assert len(taken) > 200
    else:
        assert len(taken) == len(originals()) >= 5
    changed = [n for n in taken if specimen_first(list(lines_of(n))) != list(lines_of(n))]
    assert changed or not CORPUS.exists()
