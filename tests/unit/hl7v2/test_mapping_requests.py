"""What ORC, OBR and SPM say beside code, number and state, as the published mapping has it."""

import pytest

from tests.unit.hl7v2.examples import MSH, OBR, PID, converted, message, obx, resources, with_field

HL7 = "http://hl7.org/fhir/StructureDefinition/"
ORC = "ORC|RE|YZ1|LAB1"


def changed(segment: str, fields: dict[int, str]) -> str:
    for number, value in fields.items():
        segment = with_field(segment, number, value)
    return segment


def request(orc: dict[int, str] | None = None, obr: dict[int, str] | None = None) -> dict:
    raw = message(MSH, PID, changed(ORC, orc or {}), changed(OBR, obr or {}), obx())
    (found,) = resources(raw, "ServiceRequest")
    return found


def unread(orc: dict[int, str], obr: dict[int, str] | None = None) -> list[tuple[str, object]]:
    raw = message(MSH, PID, changed(ORC, orc), changed(OBR, obr or {}), obx())
    return [(each.segment.name, each.fields) for each in converted(raw).account.unconverted]


def specimen(fields: dict[int, str]) -> dict:
    spm = changed("SPM|1|P1^F1||SER", fields)
    (found,) = resources(message(MSH, PID, OBR, obx(), spm), "Specimen")
    return found


def test_what_placer_and_filler_say_beside_the_service_is_its_detail():
    found = request(obr={46: "FAST^空腹^99HIS", 47: "SAT^周六班^99LIS~II^复查^99LIS"})
    assert [each["text"] for each in found["orderDetail"]] == ["空腹", "周六班", "复查"]


@pytest.mark.parametrize(
    ("orc", "obr", "values"),
    [
        ({33: "A7^^^HIS^PLAC"}, {}, ["A7"]),
        ({33: "A7^^^HIS"}, {53: "B7^^^HIS~B8^^^HIS"}, ["B7", "B8"]),
        ({}, {53: "B7"}, ["B7"]),
    ],
)
def test_other_numbers_of_the_placer(orc, obr, values):
    found = request(orc, obr)["identifier"][2:]
    assert [each["value"] for each in found] == values
    assert {each["type"]["coding"][0]["code"] for each in found} == {"PLAC"}


def test_the_filler_s_number_of_the_group():
    *_, found = request({38: "G9^LIS"})["identifier"]
    assert found["type"]["coding"][0]["code"] == "FGN"
    assert (found["system"], found["value"]) == ("urn:id:LIS", "G9")


def test_a_facility_is_the_requester_where_no_person_is_named():
    found = request({21: "社区卫生服务中心^^7"})["requester"]
    assert (found["type"], found["display"]) == ("Organization", "社区卫生服务中心")
    assert request({12: "1^李^娜", 21: "社区卫生服务中心"})["requester"]["display"] == "李娜"
    assert unread({21: "社区卫生服务中心"}) == []
    assert unread({12: "1^李^娜", 21: "社区卫生服务中心"}) == [("ORC", (21,))]


def test_why_an_order_is_in_its_state_where_the_control_code_says_the_state():
    sent = {1: "CA", 16: "DUP^重复申请^99HIS"}
    (found,) = request(sent)["extension"]
    assert found["url"] == f"{HL7}request-statusReason"
    assert found["valueCodeableConcept"]["text"] == "重复申请"
    assert "extension" not in request(sent | {5: "CM"})
    raw = message(MSH, PID, changed(ORC, sent | {5: "CM"}), OBR, obx())
    (of_report,) = resources(raw, "DiagnosticReport")[0]["extension"]
    assert of_report["url"] == f"{HL7}event-statusReason"
    assert converted(raw).account.unconverted == ()
    alone = raw.replace(b"ORU^R01^ORU_R01", b"OML^O21^OML_O21")
    assert (16,) in [each.fields for each in converted(alone).account.unconverted]


@pytest.mark.parametrize(
    ("orc", "obr", "occurrence", "priority"),
    [
        ({7: "1^^^20261121^20261122^S"}, {}, ("2026-11-21", "2026-11-22"), "stat"),
        ({}, {27: "1^^^20261121^^A"}, ("2026-11-21", None), "asap"),
        ({7: "^^^20261121"}, {27: "^^^20261130^^S"}, ("2026-11-21", None), None),
        ({}, {6: "20261123", 27: "^^^soon^^A"}, ("2026-11-23", None), "asap"),
    ],
)
def test_an_older_message_says_when_and_how_urgent_in_tq(orc, obr, occurrence, priority):
    found = request(orc, obr)
    start, end = occurrence
    if end is None:
        assert found["occurrenceDateTime"] == start
    else:
        assert found["occurrencePeriod"] == {"start": start, "end": end}
    assert found.get("priority") == priority


def test_a_tq_that_is_no_time_or_stands_behind_another_is_listed():
    raw = message(MSH, PID, ORC, with_field(OBR, 27, "1^^^soon^^A"), obx())
    (found,) = converted(raw).account.unconverted
    assert found.components == ("27.1", "27.4")
    assert unread({7: "^^^20261121"}, {27: "^^^20261130^^S"}) == [("OBR", (27,))]


def test_who_worked_on_a_report_is_said_with_the_part():
    obr = changed(OBR, {34: "7&李&娜~8&王&芳", 35: "9&周&强"})
    (found,) = resources(message(MSH, PID, obr, obx()), "DiagnosticReport")
    assert [
        (each["extension"][0]["valueCodeableConcept"]["coding"][0]["code"], each["display"])
        for each in found["performer"]
    ] == [("SPRF", "李娜"), ("SPRF", "王芳"), ("TRANS", "周强")]


def test_a_specimen_says_of_what_it_was_taken():
    found = specimen({3: "P0&HIS^F0&LIS~P9&HIS"})["parent"]
    assert found == [
        {
            "type": "Specimen",
            "identifier": {
                "type": {
                    "coding": [
                        {
                            "system": "http://terminology.hl7.org/CodeSystem/v2-0203",
                            "code": kind,
                        }
                    ]
                },
                "system": system,
                "value": value,
            },
        }
        for kind, system, value in (("FGN", "urn:id:LIS", "F0"), ("PGN", "urn:id:HIS", "P9"))
    ]


def test_the_placer_s_number_of_a_parent_is_listed_beside_the_filler_s():
    spm = changed("SPM|1|P1^F1||SER", {3: "P0^F0"})
    (found,) = converted(message(MSH, PID, OBR, obx(), spm)).account.unconverted
    assert (found.fields, found.components) == ((), ("3.1",))


def test_container_and_additive():
    (found,) = specimen({6: "EDTK^EDTA 钾^HL70371", 27: "TUBE^紫头管^99LIS"})["container"]
    assert found["type"]["text"] == "紫头管"
    additive = found["additiveCodeableConcept"]["coding"][0]
    assert additive["system"] == "http://terminology.hl7.org/CodeSystem/v2-0371"
    assert additive["code"] == "EDTK"


def test_other_numbers_of_a_specimen_and_that_of_its_shipment():
    found = specimen({31: "X1^^^LIS~X2^^^BIOBANK", 32: "SF100^SF"})["identifier"]
    assert [each["value"] for each in found] == ["P1", "F1", "X1", "X2", "SF100"]
    assert found[-1]["type"]["coding"][0]["code"] == "SHIP"
