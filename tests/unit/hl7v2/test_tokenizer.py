"""Messages to segments and fields: every line accounted for, every escape resolved."""

import pytest

from fhir_server.hl7v2.escapes import STANDARD, Separators, escape, unescape
from fhir_server.hl7v2.header import read_header
from fhir_server.hl7v2.problems import Refusal
from fhir_server.hl7v2.tokenizer import parse
from tests.unit.hl7v2.examples import CREATININE, DATA, MSH, OBR, PID, message, tokens

LINES = [MSH, PID, OBR, CREATININE]


def names(raw: bytes) -> list[str]:
    return [segment.name for segment in tokens(raw).segments]


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\r\r", "\n\r"])
def test_every_line_end_that_senders_use_keeps_all_segments(end):
    assert names(end.join(LINES).encode()) == ["MSH", "PID", "OBR", "OBX"]
    assert names((end.join(LINES) + end).encode()) == ["MSH", "PID", "OBR", "OBX"]


def test_a_line_feed_inside_a_text_is_text_not_a_new_segment():
    raw = message(MSH, PID, OBR, "OBX|1|TX|X^Y^L||first line\nsecond line||||||F", CREATININE)
    segments = tokens(raw).segments
    assert [segment.name for segment in segments] == ["MSH", "PID", "OBR", "OBX", "OBX"]
    assert segments[3].raw(5) == "first line\nsecond line"
    assert segments[3].raw(11) == "F"


def test_a_byte_order_mark_and_blank_lines_are_passed_over():
    assert names(b"\xef\xbb\xbf\r\n" + message(*LINES)) == ["MSH", "PID", "OBR", "OBX"]


def test_lower_case_and_local_segments_are_kept():
    assert names(message(MSH, PID, "obr|1", "ZXX|local", "obx|1")) == [
        "MSH",
        "PID",
        "OBR",
        "ZXX",
        "OBX",
    ]


def test_a_line_without_a_segment_name_is_a_segment_without_name():
    segments = tokens(message(MSH, PID, "??|what is this")).segments
    assert segments[2].name == ""
    assert segments[2].fields == ("??", "what is this")


def test_the_span_of_a_segment_is_its_bytes():
    raw = (DATA / "zh_lipids_renal_gb18030.hl7").read_bytes()
    for segment in tokens(raw).segments:
        start, end = segment.span
        assert raw[start:end].decode("gb18030").split("|")[0] == segment.fields[0]
    assert tokens(raw).named("OBX")[3].sequence == 4


def test_fields_of_msh_count_the_separator():
    msh = tokens(message(MSH)).segments[0]
    assert (msh.raw(1), msh.raw(2), msh.raw(3), msh.text(9, 2)) == ("|", "^~\\&", "LIS", "R01")


def test_repetitions_components_and_subcomponents():
    pid = tokens(message(MSH, "PID|1||1^^^A&1.2&ISO^MR~2^^^B^PI")).segments[1]
    first, second = pid.repetitions(3)
    assert first.component(4).subcomponent(2) == "1.2"
    assert first.text(4) == "A"
    assert (second.text(1), second.text(4), second.text(9)) == ("2", "B", "")
    assert pid.first(3).text(5) == "MR"
    assert pid.repetitions(99) == ()


def test_two_quotes_are_no_value():
    pid = tokens(message(MSH, 'PID|1||""|""^""')).segments[1]
    assert pid.raw(3) == ""
    assert pid.text(4) == ""
    assert not pid.first(4)


def test_other_separators_than_the_usual_are_taken_from_msh():
    raw = b"MSH#*~\\&#LIS#H#A#H#20261120103500+0800##ORU*R01#C1#P#2.5.1\rPID#1##12|3*x\r"
    pid = tokens(raw).segments[1]
    assert (pid.text(3), pid.text(3, 2)) == ("12|3", "x")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"mg\S\dL", "mg^dL"),
        (r"a\F\b\R\c\T\d\E\e", "a|b~c&d\\e"),
        (r"first\.br\second\.sp2\third", "first\nsecond\nthird"),
        (r"\H\bold\N\ text", "bold text"),
        (r"\.in+4\indented", "indented"),
        ("\\X41D6\\?", "\\X41D6\\?"),  # not UTF-8: stays as it came
        ("\\XE4BDA0\\", "你"),
        (r"\X4\odd \Zlocal\ \C2842\ 5\10", r"\X4\odd \Zlocal\ \C2842\ 5\10"),
        ("no end\\", "no end\\"),
        (r"\P\truncated", "#truncated"),
    ],
)
def test_escape_sequences(written, read):
    assert unescape(written, STANDARD, "utf-8") == read


def test_hexadecimal_bytes_are_read_in_the_message_s_character_set():
    assert unescape(r"\XD6D0\文", STANDARD, "gb18030") == "中文"


def test_without_an_escape_character_nothing_is_an_escape():
    bare = Separators(escape="")
    assert unescape(r"\F\ ", bare, "utf-8") == r"\F\ "
    assert escape("a|b", bare) == "a|b"


def test_bytes_that_are_not_of_the_declared_set_name_their_segment():
    raw = message(MSH, PID, OBR).replace("张".encode(), b"\xd5\xc5")
    header = read_header(raw)
    with pytest.raises(Refusal) as refused:
        parse(raw, header, "utf-8")
    (problem,) = refused.value.problems
    assert (problem.code, str(problem.location)) == ("102", "PID^1")
    assert refused.value.acknowledgment == "AE"
