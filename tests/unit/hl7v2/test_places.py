"""Every place of a message has its bytes: what stands there is what the reader reads."""

import pytest

from fhir_server.hl7v2.header import read_header
from fhir_server.hl7v2.places import in_bytes
from fhir_server.hl7v2.problems import Location
from fhir_server.hl7v2.tokenizer import Message, parse
from tests.unit.hl7v2.examples import DATA, MSH, OBR, message, obx, tokens, with_field

PID = "PID|1||1^^^A&1.2&ISO^MR~2^^^乙&3.4&ISO^PI||张^伟"


def bytes_at(found: Message, place: Location) -> bytes | None:
    span = found.span_of(place)
    return None if span is None else found.raw[slice(*span)]


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (Location("PID"), PID),
        (Location("PID", 1, 3), "1^^^A&1.2&ISO^MR~2^^^乙&3.4&ISO^PI"),
        (Location("PID", 1, 3, 2), "2^^^乙&3.4&ISO^PI"),
        (Location("PID", 1, 3, 2, 4), "乙&3.4&ISO"),
        (Location("PID", 1, 3, 2, 4, 1), "乙"),
        (Location("PID", 1, 3, 2, 4, 2), "3.4"),
        (Location("PID", 1, 3, component=4), "A&1.2&ISO"),
        (Location("PID", 1, 3, subcomponent=1), "1"),
        (Location("PID", 1, 5, 1, 2), "伟"),
        (Location("PID", 1, 2), ""),
        (Location("OBX", 2, 5), r"高\S\低"),
        (Location("OBX", 2, 6), "μmol/L"),
        (Location("MSH", 1, 1), "|"),
        (Location("MSH", 1, 2), "^~\\&"),
        (Location("MSH", 1, 9, 1, 2), "R01"),
        (Location("MSH", 1, 10), "C1"),
    ],
)
@pytest.mark.parametrize(("charset", "codec"), [("UNICODE UTF-8", "utf-8"), ("GB18030", "gb18030")])
def test_the_bytes_of_a_place_are_what_stands_there(place, text, charset, codec):
    lines = [with_field(MSH, 18, charset), PID, OBR, obx(), obx(f5=r"高\S\低", f6="μmol/L")]
    found = tokens(("\r".join(lines) + "\r").encode(codec))
    stands = bytes_at(found, place)
    assert stands == (lines[0] if place == Location("MSH") else text).encode(codec)


@pytest.mark.parametrize(
    "place",
    [
        Location("OBX"),
        Location("PID", 2),
        Location("PID", 0),
        Location("PID", 1, 40),
        Location("PID", 1, 3, 3),
        Location("PID", 1, 3, 1, 9),
        Location("PID", 1, 3, 1, 4, 4),
        Location("MSH", 1, 2, 2),
        Location("MSH", 1, 1, 1, 2),
    ],
)
def test_a_place_that_is_not_there_has_no_bytes(place):
    assert tokens(message(MSH, PID)).span_of(place) is None


def test_a_line_without_a_name_has_a_place_too():
    found = tokens(message(MSH, PID, "??|这 是"))
    assert bytes_at(found, Location("???", 1, 1)) == "这 是".encode()
    assert str(found.segments[2].at(1)) == "???^1^1"


def test_a_place_of_a_sub_component_is_written_as_erl_writes_it():
    assert str(Location("PID", 1, 3, 2, 4, 1)) == "PID^1^3^2^4^1"
    assert str(Location("PID", 1, 3, subcomponent=2)) == "PID^1^3^1^1^2"


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b"\r\n"])
@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_line_ends_and_what_stands_before_the_message_shift_no_place(start, end):
    raw = start + end.join([MSH, PID, OBR]).encode()
    assert bytes_at(tokens(raw), Location("PID", 1, 5)) == "张^伟".encode()


def test_every_field_of_a_gb18030_message_is_at_its_bytes():
    raw = (DATA / "zh_lipids_renal_gb18030.hl7").read_bytes()
    found = tokens(raw)
    for segment in found.segments:
        for number, value in enumerate(segment.fields[1:], start=1):
            stands = bytes_at(found, segment.at(number))
            assert stands is not None
            assert stands.decode("gb18030") == value


def test_characters_that_a_set_writes_in_two_ways_are_counted_as_they_were_written():
    # Big5 has 兀 at A461 and again at C94A, which would be written back as A461; and 嗀 twice.
    line = b"\xc9\x4a|\xdd\xfc|x"
    text = line.decode("big5")
    assert [in_bytes(line, text, n, "big5") for n in range(len(text) + 1)] == [0, 2, 3, 5, 6, 7]


def test_characters_of_one_two_and_four_bytes_are_counted_in_bytes():
    line = "𠮷野|吉".encode("gb18030")
    text = line.decode("gb18030")
    assert [in_bytes(line, text, n, "gb18030") for n in range(len(text) + 1)] == [0, 4, 6, 7, 9]


def test_parsing_a_message_whose_set_has_one_byte_per_character():
    raw = message(with_field(MSH, 18, "8859/1")).replace(b"DEMOHOSP", b"H\xd4PITAL")
    found = parse(raw, read_header(raw), "iso8859-1")
    assert bytes_at(found, Location("MSH", 1, 4)) == b"H\xd4PITAL"
