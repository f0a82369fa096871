"""Codes of HL7 v2 tables become those of FHIR where the published mapping has one."""

import pytest

from tests.unit.hl7v2.examples import (
    MSH,
    OBR,
    PID,
    demo_patient,
    message,
    obx,
    resources,
    with_field,
)

TABLE = "http://terminology.hl7.org/CodeSystem/v2-0002"
V3 = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus"


def patient(number: int, value: str) -> dict:
    return demo_patient(message(MSH, with_field(PID, number, value), OBR, obx()))


@pytest.mark.parametrize(
    ("sent", "codings", "text"),
    [
        ("M", [(V3, "M", "Married"), (TABLE, "M", None)], None),
        ("m^已婚^HL70002", [(V3, "M", "Married"), (TABLE, "m", "已婚")], "已婚"),
        ("A^Separated", [(V3, "L", "Legally Separated"), (TABLE, "A", "Separated")], "Separated"),
        ("U", [("http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "UNK", "unknown"),
               (TABLE, "U", None)], None),
        # GB/T 2261.2 is the hospital's own code: 20 is no code of table 0002.
        ("20^已婚^GBT22612", [("urn:id:DEMOHOSP:GBT22612", "20", "已婚")], "已婚"),
        ("X", [(TABLE, "X", None)], None),
    ],
)  # fmt: skip
def test_marital_status_is_fhir_s_with_the_code_that_was_sent_behind_it(sent, codings, text):
    found = patient(16, sent)["maritalStatus"]
    assert [(c["system"], c["code"], c.get("display")) for c in found["coding"]] == codings
    assert found.get("text") == text


@pytest.mark.parametrize(
    ("sent", "codes", "text"),
    [
        ("zh", ["zh"], None),
        ("chi^中文^ISO639-2", ["zh"], "中文"),
        ("ZH-cn", ["zh-CN"], None),
        ("en_US^English^BCP47", ["en-US"], "English"),
        ("bo^Tibetan^ISO639", ["bo"], "Tibetan"),
        ("01^普通话^99HIS^zh^Chinese^ISO639", ["zh"], "普通话"),
        # What is no code of ISO 639 is text: R4 permits no other codes there.
        ("01^普通话^99HIS", [], "普通话"),
        ("E", [], "E"),
        ("xx", [], "xx"),
        ("eng^^99OURS", [], "eng"),
    ],
)
def test_a_language_is_a_code_of_bcp_47_or_text(sent, codes, text):
    (found,) = patient(15, sent)["communication"]
    codings = found["language"].get("coding", [])
    assert [(each["system"], each["code"]) for each in codings] == [
        ("urn:ietf:bcp:47", code) for code in codes
    ]
    assert found["language"].get("text") == text


@pytest.mark.parametrize(
    ("sent", "types"),
    [
        ("V7^^^DEMOHOSP^VN", ["VN"]),
        ("V7", ["VN"]),
        ("V7^^^DEMOHOSP^AN", ["VN", "AN"]),
    ],
)
def test_a_visit_number_is_of_type_vn(sent, types):
    pv1 = with_field("PV1|1|I", 19, sent)
    (visit,) = resources(message(MSH, PID, pv1, OBR, obx()), "Encounter")
    (number,) = visit["identifier"]
    assert [each["code"] for each in number["type"]["coding"]] == types


def test_the_numbers_of_a_specimen_are_placer_s_and_filler_s():
    spm = "SPM|1|P1&HIS^F1&LIS||SER"
    (found,) = resources(message(MSH, PID, OBR, obx(), spm), "Specimen")
    assert [
        (each["type"]["coding"][0]["code"], each["system"], each["value"])
        for each in found["identifier"]
    ] == [("PGN", "urn:id:HIS", "P1"), ("FGN", "urn:id:LIS", "F1")]


def test_the_condition_of_a_specimen_is_of_table_0493():
    spm = with_field("SPM|1|P1||SER", 24, "HEM^Hemolyzed~ICT^黄疸^99LIS")
    (found,) = resources(message(MSH, PID, OBR, obx(), spm), "Specimen")
    assert [each["coding"][0]["system"] for each in found["condition"]] == [
        "http://terminology.hl7.org/CodeSystem/v2-0493",
        "urn:id:DEMOHOSP:99LIS",
    ]
