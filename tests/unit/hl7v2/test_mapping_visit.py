"""What PV1 and PV2 say of a visit, as the published mapping has it."""

import pytest

from tests.unit.hl7v2.examples import MSH, OBR, PID, converted, message, obx, resources, with_field

HL7 = "http://hl7.org/fhir/StructureDefinition/"
TABLE = "http://terminology.hl7.org/CodeSystem/v2-"


def lines(kind: str = "I", pv2: dict[int, str] | None = None, **fields: str) -> bytes:
    pv1 = with_field(f"PV1|1|{kind}", 19, "V7^^^DEMOHOSP^VN")
    for name, value in fields.items():
        pv1 = with_field(pv1, int(name[1:]), value)
    second = "PV2|"
    for number, value in (pv2 or {}).items():
        second = with_field(second, number, value)
    return message(MSH, PID, pv1, *([second] if pv2 else []), OBR, obx())


def visit(kind: str = "I", pv2: dict[int, str] | None = None, **fields: str) -> dict:
    raw = lines(kind, pv2, **fields)
    assert converted(raw).account.unconverted == ()
    (found,) = resources(raw, "Encounter")
    return found


def codes(concept: dict) -> list[tuple[str, str]]:
    return [(each["system"], each["code"]) for each in concept["coding"]]


def test_a_hospitalization_says_where_from_how_and_what_is_arranged():
    found = visit(
        f5="PRE7^^^DEMOHOSP", f13="R", f14="7^急诊", f15="A2~B6", f16="VIP", f36="01",
        f37="疗养院&City nursing home", f38="DM^糖尿病饮食^99HIS",
    )["hospitalization"]  # fmt: skip
    assert found["preAdmissionIdentifier"] == {"system": "urn:id:DEMOHOSP", "value": "PRE7"}
    assert codes(found["reAdmission"]) == [(f"{TABLE}0092", "R")]
    assert codes(found["admitSource"]) == [(f"{TABLE}0023", "7")]
    wheelchair = "http://terminology.hl7.org/CodeSystem/encounter-special-arrangements"
    assert [codes(each) for each in found["specialArrangement"]] == [
        [(wheelchair, "wheel"), (f"{TABLE}0009", "A2")],
        [(f"{TABLE}0009", "B6")],
    ]
    assert [codes(each) for each in found["specialCourtesy"]] == [[(f"{TABLE}0099", "VIP")]]
    assert codes(found["dischargeDisposition"]) == [(f"{TABLE}0112", "01")]
    assert found["destination"] == {"type": "Location", "display": "City nursing home"}
    assert [each["text"] for each in found["dietPreference"]] == ["糖尿病饮食"]


@pytest.mark.parametrize(("kind", "assigned"), [("I", "active"), ("P", "planned")])
def test_the_places_of_a_visit_with_their_state(kind, assigned):
    found = visit(kind, {1: "W9"}, f3="W3^301^1", f6="W2", f11="手术室", f42="ICU")["location"]
    assert [(each["location"]["display"], each["status"]) for each in found] == [
        ("W3 301 1", assigned),
        ("W2", "completed"),
        ("手术室", "active"),
        ("ICU", "reserved"),
        ("W9", "planned"),
    ]
    temporary = {
        "url": f"{HL7}subject-locationClassification",
        "valueCodeableConcept": {"text": "temporary"},
    }
    assert [each.get("extension") for each in found] == [None, None, [temporary], None, None]


def test_other_numbers_of_the_visit_stand_behind_its_own():
    found = visit(f50="E9^^^EHR^VN~77")["identifier"]
    assert [(each["system"], each["value"]) for each in found] == [
        ("urn:id:DEMOHOSP", "V7"),
        ("urn:id:EHR", "E9"),
        ("urn:id:DEMOHOSP", "77"),
    ]


def test_who_takes_part_is_said_with_the_part():
    found = visit(pv2={13: "3^周^强"}, f7="1^王^芳", f52="2^李^娜")["participant"]
    assert [
        (each["type"][0]["coding"][0]["code"], each["individual"]["display"]) for each in found
    ] == [("ATND", "王芳"), ("PART", "李娜"), ("REF", "周强")]


def test_priority_length_and_mode_of_arrival():
    found = visit(pv2={11: "3", 25: "2", 38: "A^Ambulance"})
    assert found["length"] == {
        "value": 3,
        "unit": "days",
        "system": "http://unitsofmeasure.org",
        "code": "d",
    }
    v3 = "http://terminology.hl7.org/CodeSystem/v3-ActPriority"
    assert codes(found["priority"]) == [(v3, "UR"), (f"{TABLE}0217", "2")]
    arrival = {"system": f"{TABLE}0430", "code": "A", "display": "Ambulance"}
    assert found["extension"] == [{"url": f"{HL7}encounter-modeOfArrival", "valueCoding": arrival}]


def test_when_a_visit_is_to_begin_and_to_end_are_the_elements_of_r5():
    found = visit(pv2={8: "20261121", 9: "202611250800"})["extension"]
    assert [(each["url"].rpartition(".")[2], each["valueDateTime"]) for each in found] == [
        ("plannedStartDate", "2026-11-21"),
        ("plannedEndDate", "2026-11-25T08:00:00+08:00"),
    ]


@pytest.mark.parametrize("sent", ["0", "-1", "three"])
def test_a_length_that_is_none_is_a_warning(sent):
    raw = lines(pv2={11: sent})
    assert "length" not in resources(raw, "Encounter")[0]
    assert [str(each.location) for each in converted(raw).remarks] == ["PV2^1^11"]
