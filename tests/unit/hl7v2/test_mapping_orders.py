"""Orders, reports, specimens, identities, and the account of every segment."""

import re
from pathlib import Path

import pytest

from fhir_server.hl7v2.mapping.tables import OBSERVATION_STATUS, REFUSED_REPORT, REPORT_STATUS
from fhir_server.hl7v2.problems import Refusal
from tests.unit.hl7v2.examples import (
    DATA,
    MSH,
    OBR,
    PID,
    converted,
    message,
    obx,
    resources,
    with_field,
)

ORC = "ORC|RE|YZ1|LAB1||CM||||20261120073000|||2001^王^主任"


def one(type: str, *lines: str) -> dict:
    (found,) = resources(message(MSH, PID, *lines), type)
    return found


def ids(*lines: str, type: str = "Observation", msh: str = MSH) -> list[str]:
    return [each["id"] for each in resources(message(msh, PID, *lines), type)]


# Published decision per code of table 0123: docs/reference/hl7v2-mapping.md.
DECISIONS = {
    "A": "partial", "C": "corrected", "F": "final", "I": "registered", "M": "preliminary",
    "N": "registered", "O": "registered", "P": "preliminary", "R": "partial",
    "S": "registered", "X": "cancelled",
}  # fmt: skip


@pytest.mark.parametrize(("code", "status"), DECISIONS.items())
def test_every_report_status_has_its_decision(code, status):
    assert one("DiagnosticReport", with_field(OBR, 25, code), obx())["status"] == status


def test_the_decisions_are_all_of_table_0123():
    assert REPORT_STATUS.keys() | REFUSED_REPORT == DECISIONS.keys() | {"Y", "Z"}


@pytest.mark.parametrize("code", ["Y", "Z"])
def test_a_report_on_nobody_is_refused(code):
    with pytest.raises(Refusal) as refused:
        converted(message(MSH, PID, with_field(OBR, 25, code), obx()))
    assert str(refused.value.problems[0].location) == "OBR^1^25"


@pytest.mark.parametrize("code", ["", "unknown"])
def test_a_report_status_that_says_nothing_is_unknown_with_a_warning(code):
    conversion = converted(message(MSH, PID, with_field(OBR, 25, code), obx()))
    assert conversion.drafts[-1].resource["status"] == "unknown"
    assert [str(each.location) for each in conversion.remarks] == ["OBR^1^25"]


def test_a_report_holds_its_results_its_order_and_its_specimen():
    spm = "SPM|1|P7^F7||SER^Serum^HL70487|||||||||||||20261120080000|20261120083000"
    lines = [ORC, OBR, obx(), obx(f1="2", f3="TC^总胆固醇^99LIS", f6="mmol/L", f5="5.80"), spm]
    report = one("DiagnosticReport", *lines)
    (request,) = ids(*lines, type="ServiceRequest")
    (specimen,) = ids(*lines, type="Specimen")
    assert report["basedOn"] == [{"reference": f"ServiceRequest/{request}"}]
    assert report["specimen"] == [{"reference": f"Specimen/{specimen}"}]
    assert report["result"] == [{"reference": f"Observation/{id}"} for id in ids(*lines)]
    assert report["issued"] == "2026-11-20T10:30:00+08:00"
    observations = resources(message(MSH, PID, *lines), "Observation")
    assert {each["specimen"]["reference"] for each in observations} == {f"Specimen/{specimen}"}


def test_an_order_names_its_numbers_its_requester_and_its_state():
    request = one("ServiceRequest", ORC, OBR, obx())
    assert [(each["system"], each["value"]) for each in request["identifier"]] == [
        ("urn:id:DEMOHOSP:PLAC", "YZ1"),
        ("urn:id:DEMOHOSP:FILL", "LAB1"),
    ]
    assert request["requester"]["display"] == "王主任"
    assert (request["status"], request["intent"]) == ("completed", "order")


@pytest.mark.parametrize(
    ("orc", "report", "status"),
    [
        ("ORC|RE|||", "F", "completed"),
        ("ORC|RE|||", "P", "active"),
        ("ORC|RE||||CA", "F", "revoked"),
        ("ORC|OC", "F", "revoked"),
        ("ORC|NW", "F", "active"),
        ("ORC|RE", "X", "revoked"),
        ("ORC|RE", "?", "unknown"),
    ],
)
def test_the_state_of_an_order_is_orc_5_then_orc_1_then_the_report(orc, report, status):
    assert one("ServiceRequest", orc, with_field(OBR, 25, report), obx())["status"] == status


def test_notes_of_an_order_stand_with_it():
    assert one("ServiceRequest", OBR, "NTE|1||空腹采血", obx())["note"] == [{"text": "空腹采血"}]


def test_an_older_message_s_obr_15_is_the_specimen():
    found = one("Specimen", with_field(OBR, 15, "UR&随机尿&HL70070"), obx())
    assert found["type"]["coding"][0]["display"] == "随机尿"
    assert found["collection"]["collectedDateTime"] == "2026-11-20T08:00:00+08:00"


def test_a_result_behind_a_specimen_belongs_to_that_specimen():
    lines = [OBR, "SPM|1|^S1||SER", obx(), "SPM|2|^S2||UR", obx(f1="2", f3="U^尿^99LIS")]
    first, second = resources(message(MSH, PID, *lines), "Observation")
    serum, urine = ids(*lines, type="Specimen")
    assert first["specimen"]["reference"] == f"Specimen/{serum}"
    assert second["specimen"]["reference"] == f"Specimen/{urine}"


def test_a_correction_meets_the_result_that_it_corrects():
    first = ids(OBR, obx())
    corrected = ids(
        with_field(OBR, 22, "20261120120000"),
        obx(f5="108", f11="C"),
        msh=with_field(with_field(MSH, 10, "C2"), 7, "20261120130000+0800"),
    )
    assert first == corrected


def test_what_differs_in_identity_is_another_result():
    same = ids(OBR, obx())
    others = [
        ids(with_field(OBR, 3, "LAB2"), obx()),
        ids(with_field(OBR, 4, "SH^生化^99LIS"), obx()),
        ids(OBR, obx(f3="CREA2^肌酐^99LIS")),
        ids(OBR, obx(f4="2")),
        ids(OBR, obx(), msh=with_field(MSH, 4, "OTHERHOSP")),
    ]
    assert all(other != same for other in others)


def test_repeated_codes_in_one_order_do_not_overwrite_each_other():
    found = ids(OBR, obx(), obx(f1="2", f5="90"))
    assert len(set(found)) == 2
    assert found[0] == ids(OBR, obx())[0]


def test_the_placer_s_number_stands_in_for_the_filler_s():
    assert ids(with_field(OBR, 3, ""), obx()) != ids(OBR, obx())
    assert ids(with_field(OBR, 3, ""), obx()) == ids(with_field(OBR, 3, ""), obx(f5="90"))


def test_without_any_order_number_the_time_tells_orders_apart_with_a_warning():
    bare = with_field(with_field(OBR, 2, ""), 3, "")
    later = with_field(bare, 7, "20261120090000+0800")
    assert ids(bare, obx()) == ids(bare, obx(f5="90"))
    assert ids(bare, obx()) != ids(later, obx())
    remarks = converted(message(MSH, PID, bare, obx())).remarks
    assert [str(each.location) for each in remarks] == ["OBR^1^3"]


def test_results_directly_behind_the_patient_are_taken():
    (found,) = resources(message(MSH, PID, obx()), "Observation")
    assert found["valueQuantity"]["value"] == 88
    assert "basedOn" not in found


def test_two_patients_in_one_message_keep_their_own_results():
    second = with_field(PID, 3, "7^^^DEMOHOSP^MR")
    raw = message(MSH, PID, OBR, obx(), second, OBR, obx(f5="90"))
    found = resources(raw, "Observation")
    assert [(each["subject"]["reference"], each["valueQuantity"]["value"]) for each in found] == [
        ("Patient/patient-1", 88),
        ("Patient/patient-2", 90),
    ]
    assert found[0]["id"] != found[1]["id"]


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        ([OBR, obx()], "PID^1"),
        ([PID], "OBR^1"),
        ([], "PID^1"),
        (["SPM|1", PID], "OBR^1"),
    ],
)
def test_without_patient_or_result_the_message_is_refused(lines, place):
    with pytest.raises(Refusal) as refused:
        converted(message(MSH, *lines))
    assert str(refused.value.problems[0].location) == place
    assert refused.value.acknowledgment == "AE"


def test_every_segment_is_converted_or_listed():
    account = converted((DATA / "en_odd_segments.hl7").read_bytes()).account.as_json()
    listed = [each for each in account["unconverted"] if "fields" not in each]
    assert [each["segment"] for each in listed] == ["ZPI", "ZOB"]
    assert account["segments"] == account["converted"] + len(listed)


def test_fields_that_nobody_reads_are_listed():
    account = converted(message(MSH, with_field(PID, 10, "2106-3"), OBR, obx())).account.as_json()
    assert account["unconverted"] == [
        {
            "segment": "PID",
            "index": 1,
            "bytes": account["unconverted"][0]["bytes"],
            "reason": "fields that are not read",
            "fields": [10],
        }
    ]


def test_an_orc_without_obr_and_a_note_on_nothing_are_listed():
    account = converted(message(MSH, PID, "NTE|1||x", OBR, obx(), "ORC|RE|9")).account.as_json()
    assert [each["segment"] for each in account["unconverted"]] == ["NTE", "ORC"]


def test_the_same_segments_in_lower_case_and_with_local_ones_between_give_the_same_resources():
    plain = converted(message(MSH, PID, OBR, obx(), "NTE|1||x")).drafts
    mixed = converted(
        message(
            MSH, "ZP1|x", PID, "ZP2", "obr" + OBR[3:], "ZOB|1", "obx" + obx()[3:], "ZN", "nte|1||x"
        )
    ).drafts
    assert [each.resource for each in plain] == [each.resource for each in mixed]


def test_the_published_decisions_are_those_of_the_code():
    document = Path(__file__).parents[3] / "docs" / "reference" / "hl7v2-mapping.md"
    text = document.read_text("utf-8")
    rows = re.findall(r"^\| ([A-Z](?:, [A-Z])*)\b[^|]* \| ([a-z-]+)", text, re.M)
    published = [(code, status) for codes, status in rows for code in codes.split(", ")]
    results = [(code, each.status) for code, each in OBSERVATION_STATUS.items()]
    reports = [*REPORT_STATUS.items(), *((code, "refused") for code in REFUSED_REPORT)]
    assert sorted(published) == sorted(results + reports)
