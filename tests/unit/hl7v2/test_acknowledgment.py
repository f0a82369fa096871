"""Acknowledgments: whatever came in, the sender can read what became of it."""

from datetime import datetime

import pytest

from fhir_server.hl7v2.acknowledgment import acknowledge, code_of
from fhir_server.hl7v2.header import read_header
from fhir_server.hl7v2.problems import Location, Problem, warning
from tests.unit.hl7v2.examples import MSH, SHANGHAI, ack_fields, message, with_field

AT = datetime(2026, 11, 20, 18, 0, 5, tzinfo=SHANGHAI)
NO_PATIENT = Problem("101", "PID-3 has no identifier", Location("PID", 1, 3))
NO_NUMBER = warning("102", "OBX-5 is no number", Location("OBX", 2, 5))


def ack(header: str | bytes, code="AA", problems=()) -> bytes:
    raw = header if isinstance(header, bytes) else message(header)
    return acknowledge(read_header(raw), code, problems, at=AT, control_id="ack1")


def test_a_processed_message_is_acknowledged_to_its_sender():
    fields = ack_fields(ack(with_field(MSH, 6, "HIS")))
    (msh,) = fields["MSH"]
    assert msh[2:6] == ["ATTENDING", "HIS", "LIS", "DEMOHOSP"]
    assert (msh[6], msh[8], msh[9], msh[10], msh[11]) == (
        "20261120180005+0800",
        "ACK^R01^ACK",
        "ack1",
        "P",
        "2.5.1",
    )
    assert fields["MSA"] == [["MSA", "AA", "C1"]]
    assert "ERR" not in fields


def test_since_2_5_each_error_has_place_code_severity_and_text():
    fields = ack_fields(ack(MSH, "AE", [NO_PATIENT, NO_NUMBER]))
    assert fields["MSA"][0][1:4] == ["AE", "C1", "PID-3 has no identifier"]
    first, second = fields["ERR"]
    assert first[2:5] == ["PID^1^3", "101^Required field missing^HL70357", "E"]
    assert first[8] == "PID-3 has no identifier"
    assert second[2:5] == ["OBX^2^5", "102^Data type error^HL70357", "W"]


@pytest.mark.parametrize("version", ["2.3", "2.3.1", "2.4"])
def test_before_2_5_the_errors_stand_in_err_1(version):
    fields = ack_fields(ack(with_field(MSH, 12, version), "AE", [NO_PATIENT, NO_NUMBER]))
    assert fields["ERR"] == [["ERR", "PID^1^3^101&Required field missing&HL70357"]]
    assert fields["MSH"][0][11] == version


def test_before_2_5_warnings_alone_make_no_err():
    assert "ERR" not in ack_fields(ack(with_field(MSH, 12, "2.4"), "AA", [NO_NUMBER]))


def test_the_sender_s_own_separators_are_used_and_texts_escaped():
    raw = b"MSH#*~\\&#LIS#H#A#H#20261120##ORU*R01#C1#P#2.5.1\r"
    text = Problem("102", "a # and a * in a text", Location("OBX", 1, 5))
    answer = ack(raw, "AE", [text]).decode()
    assert answer.startswith("MSH#*~\\&#A#H#LIS#H#")
    assert "a \\F\\ and a \\S\\ in a text" in answer
    assert "OBX*1*5" in answer


def test_names_come_back_in_the_sender_s_character_set():
    raw = with_field(with_field(MSH, 4, "第一医院"), 18, "GB18030").encode("gb18030")
    answer = ack(raw)
    assert ack_fields(answer, "gb18030")["MSH"][0][5] == "第一医院"
    assert answer.split(b"\r")[0].endswith(b"|GB18030")


def test_names_in_an_unknown_set_come_back_byte_for_byte():
    raw = MSH.encode().replace(b"DEMOHOSP", b"H\xf4\xff", 1)
    assert ack(raw, "AE").split(b"|")[5] == b"H\xf4\xff"


@pytest.mark.parametrize("raw", [b"", b"garbage", b"MSH|broken", b"MSH|^~\\&|", b"\xff\xfe\x00"])
def test_a_broken_header_still_gets_an_answer_that_parses(raw):
    answer = ack(raw, "AR", [Problem("100", "no MSH", Location("MSH"))])
    fields = ack_fields(answer, "latin-1")
    assert code_of(answer) == "AR"
    assert fields["MSA"][0][1] == "AR"
    assert read_header(answer).type == "ACK"
    assert read_header(answer).version == "2.5.1"


def test_a_version_before_2_3_is_answered_in_that_version():
    assert ack_fields(ack(with_field(MSH, 12, "2.1"), "AR"))["MSH"][0][11] == "2.1"


def test_an_answer_without_msa_has_no_code():
    with pytest.raises(ValueError, match="no MSA"):
        code_of(b"MSH|^~\\&|\r")
