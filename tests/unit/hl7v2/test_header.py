"""MSH from bytes: character sets, separators, and what makes a header unfit."""

import pytest

from fhir_server.hl7v2 import admission
from fhir_server.hl7v2.header import read_header
from fhir_server.hl7v2.problems import Refusal
from tests.unit.hl7v2.examples import DATA, MSH, OBR, PID, message, tokens, with_field

ALL = frozenset("P")


def refused(raw: bytes) -> tuple[str, str, str]:
    with pytest.raises(Refusal) as caught:
        admission.admit(read_header(raw), processing_ids=ALL)
    (problem,) = caught.value.problems
    return caught.value.acknowledgment, problem.code, str(problem.location)


def test_a_whole_header_is_admitted():
    admission.admit(read_header(message(MSH)), processing_ids=ALL)


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (2, "broken", ("AR", "102", "MSH^1^2")),
        (2, "^~^&", ("AR", "102", "MSH^1^2")),
        (9, "MDM^T02^MDM_T02", ("AR", "200", "MSH^1^9^1^1")),
        (9, "", ("AR", "200", "MSH^1^9^1^1")),
        (9, "ORU^W01", ("AR", "201", "MSH^1^9^1^2")),
        (10, "", ("AR", "101", "MSH^1^10")),
        (11, "T", ("AR", "202", "MSH^1^11")),
        (11, "", ("AR", "202", "MSH^1^11")),
        (12, "2.2", ("AR", "203", "MSH^1^12")),
        (7, "", ("AR", "101", "MSH^1^7")),
    ],
)
def test_a_header_that_does_not_fit_is_refused_at_its_place(field, value, expected):
    assert refused(message(with_field(MSH, field, value))) == expected


def test_a_sender_without_any_name_is_refused():
    nameless = with_field(with_field(MSH, 3, ""), 4, "")
    assert refused(message(nameless)) == ("AR", "101", "MSH^1^4")
    admission.admit(read_header(message(with_field(MSH, 4, ""))), processing_ids=ALL)


@pytest.mark.parametrize("raw", [b"", b"HELLO", b"PID|1", b"MSH", b"MSHx", b"\x00\x01"])
def test_what_does_not_begin_with_a_header_is_refused_without_raising(raw):
    acknowledgment, _, place = refused(raw)
    assert acknowledgment == "AR"
    assert place.startswith("MSH")


@pytest.mark.parametrize(
    "version", ["2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.7.1", "2.8", "2.8.2"]
)
def test_versions_2_3_to_2_8_are_admitted(version):
    admission.admit(read_header(message(with_field(MSH, 12, version))), processing_ids=ALL)


def test_five_encoding_characters_are_read():
    header = read_header(message(with_field(MSH, 2, "^~\\&#")))
    assert header.separators.truncation == "#"


@pytest.mark.parametrize(
    ("declared", "codec"),
    [
        ("ASCII", "ascii"),
        ("UNICODE UTF-8", "utf-8"),
        ("UTF-8", "utf-8"),
        ("8859/1", "iso8859-1"),
        ("GB18030", "gb18030"),
        ("GB 18030-2000", "gb18030"),
        ("GBK", "gbk"),
        ("BIG-5", "big5"),
        ("UNICODE UTF-8~GB18030", "utf-8"),
        ("", "utf-8"),
    ],
)
def test_the_character_set_is_that_of_msh_18(declared, codec):
    raw = message(with_field(MSH, 18, declared))
    assert admission.codec(read_header(raw), raw, default_charset="") == codec


def test_without_msh_18_the_configured_set_is_used():
    raw = "\r".join([MSH, PID]).encode("gb18030")
    header = read_header(raw, default_charset="GB18030")
    assert admission.codec(header, raw, default_charset="GB18030") == "gb18030"


@pytest.mark.parametrize("declared", ["UNICODE UTF-16", "JIS X 0201", "KLINGON"])
def test_a_set_that_is_not_read_is_refused_as_content(declared):
    raw = message(with_field(MSH, 18, declared))
    with pytest.raises(Refusal) as caught:
        admission.codec(read_header(raw), raw, default_charset="")
    assert caught.value.acknowledgment == "AE"
    assert str(caught.value.problems[0].location) == "MSH^1^18"


@pytest.mark.parametrize(
    ("declared", "written"),
    [("GB18030", "utf-8"), ("BIG-5", "utf-8"), ("8859/1", "utf-8")],
)
def test_utf_8_declared_as_another_set_is_found_out(declared, written):
    raw = "\r".join([with_field(MSH, 18, declared), PID, OBR]).encode(written)
    raw += "NTE|1||血脂四项检查结果".encode(written)
    with pytest.raises(Refusal) as caught:
        admission.codec(read_header(raw), raw, default_charset="")
    assert caught.value.problems[0].code == "102"


def test_genuine_gb18030_is_not_taken_for_utf_8():
    raw = (DATA / "zh_lipids_renal_gb18030.hl7").read_bytes()
    assert tokens(raw).named("PID")[0].text(5, 2) == "伟"


def test_an_ideograph_that_holds_a_delimiter_byte_shifts_no_field():
    # U+4E28 in GBK is A8 7C: its second byte is `|`. 聙 is C2 7E: `~` (GBK 8002...).
    colliding = [chr(c) for c in range(0x4E00, 0x9FA6) if set(chr(c).encode("gbk")) & set(b"|^~\\")]
    assert len(colliding) > 400
    facility = "".join(colliding[:3]) + "医院"
    header = with_field(with_field(MSH, 4, facility), 18, "GB18030")
    name = "".join(colliding[10:20])
    raw = "\r".join([header, f"PID|1||1^^^H^MR||{name}^{name}"]).encode("gb18030")
    found = tokens(raw)
    assert found.header.component(4) == facility
    assert found.segments[1].text(5) == name
    assert found.segments[1].text(5, 2) == name
