"""Batches and bare messages out of a stream: nothing merged, nothing lost, however it is cut."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.hl7v2.batch_intake import Batches, Taken
from fhir_server.hl7v2.batches import (
    BatchReader,
    Closed,
    Found,
    Opened,
    Wrong,
    declared,
    header_field,
    is_batch,
)

ONE = b"MSH|^~\\&|LIS|EAST|||20261120||ORU^R01|C1|P|2.5.1\rPID|1||1\rOBX|1|ST|A||x\r"
TWO = ONE.replace(b"C1", b"C2")
BHS = b"BHS|^~\\&|LIS|EAST|HIS|EAST|20261120||||B7\r"
FHS = b"FHS|^~\\&|LIS|EAST\r"


def events(stream: bytes, *, cut: int = 1 << 20, longest: int = 1 << 20) -> list:
    reader = BatchReader(longest=longest)
    found = []
    for start in range(0, len(stream), cut):
        found += reader.feed(stream[start : start + cut])
    return found + reader.finish()


def messages(stream: bytes, **options) -> list[bytes]:
    return [each.content for each in events(stream, **options) if isinstance(each, Found)]


def test_a_file_of_two_batches():
    stream = FHS + BHS + ONE + b"BTS|1\r" + BHS + TWO + b"BTS|1\rFTS|2\r"
    kinds = [type(each).__name__ + getattr(each, "name", "") for each in events(stream)]
    assert kinds == ["OpenedFHS", "OpenedBHS", "Found", "ClosedBTS",
                     "OpenedBHS", "Found", "ClosedBTS", "ClosedFTS"]  # fmt: skip
    assert messages(stream) == [ONE, TWO]


@pytest.mark.parametrize(
    "stream",
    [
        ONE + TWO,
        ONE + b"\r\n\r\n" + TWO + b"\r\r",
        b"\xef\xbb\xbf" + ONE + TWO,
        b"\xef\xbb\xbf" + ONE + b"\xef\xbb\xbf" + TWO,
        b"\x0b" + ONE + b"\x1c\r\x0b" + TWO + b"\x1c\r",
        b"\x0b" + ONE + b"\x1c\x0b" + TWO + b"\x1c",
    ],
    ids=["bare", "blank-lines", "bom", "boms", "frames", "frames-without-cr"],
)
def test_bare_messages_keep_the_bytes_that_mllp_would_carry(stream):
    assert messages(stream) == [ONE, TWO]


def test_a_message_says_where_it_begins():
    found = [each for each in events(BHS + ONE + b"\r" + TWO) if isinstance(each, Found)]
    assert [each.offset for each in found] == [len(BHS), len(BHS) + len(ONE) + 1]


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_other_line_ends_stay_as_they_are(ending):
    one, two = ONE.replace(b"\r", ending), TWO.replace(b"\r", ending)
    assert messages(one + two) == [one, two]


def test_the_last_message_may_lack_its_line_end():
    assert messages(ONE + TWO.rstrip(b"\r")) == [ONE, TWO.rstrip(b"\r")]


@pytest.mark.parametrize("header", [b"msh|^~\\&|LIS", b"MSH|", b"MSH", b" MSH|^~\\&|X", b"MSH#!~"])
def test_whatever_begins_like_a_header_begins_a_message(header):
    """A header that cannot be read is refused for that; its segments are no other patient's."""
    first, second = messages(ONE + header + b"\rPID|1||2\r")
    assert first == ONE
    assert second.endswith(b"PID|1||2\r")


def test_a_word_in_a_text_begins_no_message():
    text = ONE + b"NTE|1||MSH|is a header\rMSHX|no header either\r"
    assert messages(text) == [text]


def test_half_a_message_in_a_frame_is_no_message():
    half = b"\x0b" + ONE[:40]
    found = events(half + b"\x0b" + TWO + b"\x1c\r")
    assert [each.content for each in found if isinstance(each, Found)] == [TWO]
    assert [(each.kind, each.content) for each in found if isinstance(each, Wrong)] == [
        ("half-frame", ONE[:40])
    ]


def test_a_frame_without_end_at_the_end_of_the_file_is_half_a_message():
    found = events(b"\x0b" + ONE + b"\x1c\r\x0b" + TWO[:50])
    assert [type(each) for each in found] == [Found, Wrong]
    assert found[1].kind == "unterminated"


def test_bytes_between_messages_are_reported():
    found = events(b"exported by LIS\r" + BHS + ONE + b"BTS|1\rbye\r" + TWO)
    wrong = [(each.kind, each.content, each.offset) for each in found if isinstance(each, Wrong)]
    after = 16 + len(BHS) + len(ONE) + 6
    assert wrong == [
        ("stray-bytes", b"exported by LIS\r", 0),
        ("stray-bytes", b"bye\r", after),
    ]


def test_a_message_past_the_limit_is_left_out_and_the_next_is_taken():
    long = ONE + b"OBX|2|TX|B||" + b"x" * 500 + b"\r" + b"OBX|3|TX|B||y\r"
    found = events(long + TWO, longest=200)
    assert [each.kind for each in found if isinstance(each, Wrong)] == ["too-long"]
    assert [each.content for each in found if isinstance(each, Found)] == [TWO]


def test_a_file_without_any_line_end_takes_no_more_memory_than_a_message():
    reader = BatchReader(longest=1000)
    for _ in range(2000):
        assert not reader.feed(b"x" * 1000)
    assert len(reader._line) < 20_000
    (wrong,) = reader.finish()
    assert (wrong.kind, len(wrong.content)) == ("stray-bytes", 4096)


HEADER = re.compile(rb"(\xef\xbb\xbf)?MSH([!-/:-@\[-`{-~]|$)")
GB18030 = "MSH|^~\\&|LIS|东院|||20261120||ORU^R01|C9|P|2.5.1||||||GB18030\rPID|1||9||張\r"
PIECES = [FHS, BHS, ONE, TWO, GB18030.encode("gb18030"), b"BTS|2\r", b"FTS|1\n", b"\x0b", b"\x1c",
          b"\r\n", b"junk|x\r", b"MSH", b"OBX|9|ST|A||\xa4|\r", b"\xef\xbb\xbf"]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=12), st.integers(1, 40))
def test_the_same_stream_gives_the_same_events_however_it_is_cut(pieces, cut):
    stream = b"".join(pieces)
    assert events(stream, cut=cut) == events(stream)


@given(st.lists(st.sampled_from(PIECES), max_size=12))
def test_no_message_holds_two_headers_and_no_segment_is_lost(pieces):
    stream = b"".join(pieces)
    found = events(stream)
    held = b"".join(each.content for each in found if isinstance(each, (Found, Wrong)))
    for each in found:
        if isinstance(each, Found):
            lines = each.content.replace(b"\n", b"\r").split(b"\r")
            assert sum(bool(HEADER.match(line)) for line in lines) == 1
    assert held.count(b"PID|") == stream.count(b"PID|")
    assert held.count(b"OBX|") == stream.count(b"OBX|")


def test_what_a_trailer_declares():
    assert declared(b"BTS|12|all") == 12
    assert declared(b"BTS") is None
    assert declared(b"BTS|many") is None
    assert declared(b"BTS#3") == 3


def test_fields_of_a_batch_header_are_counted_as_the_standard_does():
    assert header_field(BHS.rstrip(), 1) == b"|"
    assert header_field(BHS.rstrip(), 2) == b"^~\\&"
    assert header_field(BHS.rstrip(), 3) == b"LIS"
    assert header_field(BHS.rstrip(), 11) == b"B7"
    assert header_field(BHS.rstrip(), 12) == b""


@pytest.mark.parametrize(
    ("body", "expected"),
    [(BHS + ONE, True), (FHS, True), (b"\r\n" + BHS, True), (b"bhs|^~\\&", True),
     (ONE, False), (b"BHSX|", False), (b"", False)],
)  # fmt: skip
def test_a_batch_is_told_by_its_header(body, expected):
    assert is_batch(body) is expected


def counted(stream: bytes) -> Batches:
    batches = Batches()
    for number, event in enumerate(events(stream), start=1):
        batches.add(event if isinstance(event, (Opened, Closed)) else Taken(number, event, None))
    return batches


@pytest.mark.parametrize(
    ("stream", "whole"),
    [
        (BHS + ONE + TWO + b"BTS|2\r", True),
        (BHS + ONE + TWO + b"BTS\r", True),
        (BHS + ONE + b"BTS|2\r", False),
        (BHS + ONE + TWO, False),
        (ONE + TWO, True),
        (ONE + b"BTS|2\r", False),
        (FHS + BHS + ONE + b"BTS|1\rFTS|1\r", True),
        (FHS + BHS + ONE + b"BTS|1\rFTS|2\r", False),
        (FHS + BHS + ONE + b"BTS|1\r", False),
        (BHS + ONE + BHS + TWO + b"BTS|1\r", False),
    ],
)
def test_a_batch_is_whole_where_all_that_was_announced_came(stream, whole):
    assert counted(stream).is_whole is whole
