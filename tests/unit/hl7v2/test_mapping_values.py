"""OBX-5 of every type of table 0125: a value, a document, or the text as it came; never nothing."""

import base64
import hashlib

import pytest

from fhir_server.store import hl7v2_messages as messages
from tests.unit.hl7v2.examples import (
    LIS,
    MSH,
    OBR,
    PID,
    converted,
    message,
    observation,
    obx,
    resources,
    with_field,
)
from tests.unit.hl7v2.test_intake import everything

PDF = b"%PDF-1.4 \xe8\xa1\x80\xe8\x84\x82 report"
PACKED = base64.b64encode(PDF).decode()


@pytest.mark.parametrize(
    ("kind", "sent", "unit", "element", "value"),
    [
        ("NR", "3^5", "mmol/L", "valueRange", {"low": 3, "high": 5}),
        (
            "DR", "20261101^20261103", "", "valuePeriod",
            {"start": "2026-11-01", "end": "2026-11-03"},
        ),
        ("SI", "7", "", "valueInteger", 7),
        ("CQ", "5^mL", "", "valueQuantity", {"value": 5, "unit": "mL"}),
        ("ID", "Y", "", "valueCodeableConcept", {"code": "Y"}),
        ("CF", "A^甲^99LIS", "", "valueCodeableConcept", {"code": "A"}),
        ("XPN", "张^伟", "", "valueString", "张 伟"),
        ("CX", "77^^^HOSP&1.2&ISO^MR", "", "valueString", "77 HOSP 1.2 ISO MR"),
        ("QQ", "what^ever", "", "valueString", "what ever"),
        ("MA", "1^2~3^4", "", "component", ["1 2", "3 4"]),
    ],
)  # fmt: skip
def test_a_value_of_each_type(kind, sent, unit, element, value):
    found = observation(obx(f2=kind, f5=sent, f6=unit, f7="", f8=""))[element]
    if element == "component":
        assert [each["valueString"] for each in found] == value
    elif element == "valueRange":
        assert {end: found[end]["value"] for end in ("low", "high")} == value
    elif element == "valueCodeableConcept":
        assert found["coding"][0]["code"] == value["code"]
    elif element == "valueQuantity":
        assert {name: found[name] for name in value} == value
    else:
        assert found == value


def test_an_array_of_numbers_is_one_value_per_number_in_order():
    found = observation(obx(f2="NA", f5="1.5^2.50^3", f6="mV", f7="", f8=""))
    assert [str(each["valueQuantity"]["value"]) for each in found["component"]] == [
        "1.5", "2.50", "3",
    ]  # fmt: skip
    assert {each["valueQuantity"]["unit"] for each in found["component"]} == {"mV"}


@pytest.mark.parametrize(
    ("kind", "sent"), [("NA", "1^x"), ("NR", "a^b"), ("SI", "-1"), ("DR", "x")]
)
def test_what_is_no_value_of_its_type_stays_text_with_a_warning(kind, sent):
    line = obx(f2=kind, f5=sent, f6="", f7="", f8="")
    assert "valueString" in observation(line)
    remarks = converted(message(MSH, PID, OBR, line)).remarks
    assert [(each.code, str(each.location)) for each in remarks] == [("102", "OBX^1^5")]


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("Base64", PACKED),
        ("Base64", PACKED[:8] + "\\.br\\" + PACKED[8:]),
        ("Base64", PACKED[:8] + "\\X0D0A\\" + PACKED[8:]),
        ("Hex", PDF.hex()),
    ],
)
def test_an_enclosed_pdf_becomes_a_document_and_the_result_is_derived_from_it(encoding, data):
    line = obx(f2="ED", f5=f"LIS^application^PDF^{encoding}^{data}", f6="", f7="", f8="")
    raw = message(MSH, PID, OBR, line)
    (document,) = resources(raw, "DocumentReference")
    attachment = document["content"][0]["attachment"]
    assert attachment["contentType"] == "application/pdf"
    assert base64.b64decode(attachment["data"]) == PDF
    assert attachment["size"] == len(PDF)
    assert base64.b64decode(attachment["hash"]) == hashlib.sha1(PDF).digest()
    assert (document["status"], document["docStatus"]) == ("current", "final")
    (result,) = resources(raw, "Observation")
    assert result["derivedFrom"] == [{"reference": f"DocumentReference/{document['id']}"}]
    related = [
        {"reference": f"{type}/{resources(raw, type)[0]['id']}"}
        for type in ("ServiceRequest", "DiagnosticReport")
    ]
    assert document["context"]["related"] == related
    assert document["date"] == result["issued"]


def test_a_text_document_keeps_what_its_sender_forgot_to_escape():
    line = obx(f2="ED", f5="LIS^TEXT^PLAIN^A^10^9/L & more", f6="", f7="", f8="")
    (document,) = resources(message(MSH, PID, OBR, line), "DocumentReference")
    attachment = document["content"][0]["attachment"]
    assert attachment["contentType"] == "text/plain; charset=utf-8"
    assert base64.b64decode(attachment["data"]) == b"10^9/L & more"


def test_of_two_documents_the_one_that_cannot_be_read_does_not_take_the_other_with_it():
    good, bad = f"^application^PDF^Base64^{PACKED}", "^application^PDF^Base64^%"
    line = obx(f2="ED", f5=f"{good}~{bad}", f6="", f7="", f8="")
    raw = message(MSH, PID, OBR, line)
    assert len(resources(raw, "DocumentReference")) == 1
    assert [str(each.location) for each in converted(raw).remarks] == ["OBX^1^5^2^5"]


# Table 0125 (v2.8.2), and the types of earlier versions that OBX-2 may name: a value, and whether
# it is warned about because FHIR has no such value.
TABLE_0125 = {
    "AD": ("人民路1号^^上海", True),
    "CE": ("A^甲^99LIS", False),
    "CF": ("A^甲^99LIS", False),
    "CK": ("12^3^M10", True),
    "CN": ("7^李^检验", True),
    "CNE": ("A^甲^99LIS", False),
    "CP": ("100&CNY^UP", True),
    "CQ": ("5^mL", False),
    "CWE": ("A^甲^99LIS", False),
    "CX": ("77^^^HOSP^MR", True),
    "DR": ("20261101^20261103", False),
    "DT": ("20261101", False),
    "DTM": ("20261101081500", False),
    "ED": (f"^application^PDF^Base64^{PACKED}", False),
    "EI": ("9^LIS", True),
    "FT": (r"a\.br\b", False),
    "ID": ("Y", False),
    "IS": ("Y", False),
    "MA": ("1^2~3^4", True),
    "MO": ("100^CNY", True),
    "NA": ("1^2^3", False),
    "NM": ("88", False),
    "NR": ("3^5", False),
    "PN": ("张^伟", True),
    "PPN": ("7^李", True),
    "RP": ("https://pacs.hospital.example/1^PACS^image^JPEG", False),
    "SI": ("7", False),
    "SN": (">^90", False),
    "ST": ("阴性", False),
    "TM": ("0815", False),
    "TN": ("(021)5555", True),
    "TS": ("20261101081500", False),
    "TX": ("阴性", False),
    "VR": ("1^9", True),
    "XAD": ("人民路1号^^上海", True),
    "XCN": ("7^李^检验", True),
    "XON": ("检验科^L", True),
    "XPN": ("张^伟", True),
    "XTN": ("^PRN^PH^^86^21^5555", True),
}


@pytest.mark.parametrize(("kind", "value"), TABLE_0125.items(), ids=str)
def test_every_type_of_table_0125_is_a_value_or_a_text_with_a_warning(kind, value):
    sent, is_warned = value
    raw = message(MSH, PID, OBR, obx(f2=kind.lower(), f5=sent, f6="", f7="", f8=""))
    (result,) = resources(raw, "Observation")
    held = any(name.startswith("value") for name in result) or "component" in result
    assert held or "derivedFrom" in result
    assert bool(converted(raw).remarks) is is_warned
    assert converted(raw).account.converted == 4


@pytest.mark.parametrize("kind", ["NM", "CWE", "ED", "XPN", "QQ", ""])
def test_a_result_without_a_value_is_still_a_result(kind):
    found = observation(obx(f2=kind, f5="", f6="", f7="", f8=""))
    assert (found["status"], found["code"]["text"]) == ("final", "肌酐")
    assert not any(name.startswith("value") for name in found)


def test_a_withdrawn_document_is_withdrawn():
    line = obx(f2="ED", f5=f"^application^PDF^Base64^{PACKED}", f11="D")
    (document,) = resources(message(MSH, PID, OBR, line), "DocumentReference")
    assert document["status"] == "entered-in-error"


@pytest.mark.parametrize(
    "sent", ["^application^PDF^Base64^%%%", "^application^PDF^Base64^", "^application^PDF^Zip^AA=="]
)
def test_a_broken_document_leaves_a_result_that_says_so(sent):
    line = obx(f2="ED", f5=sent, f6="", f7="", f8="")
    conversion = converted(message(MSH, PID, OBR, line))
    assert [(each.code, str(each.location)) for each in conversion.remarks] == [
        ("102", "OBX^1^5^1^5")
    ]
    (result,) = resources(message(MSH, PID, OBR, line), "Observation")
    assert result["dataAbsentReason"]["coding"][0]["code"] == "error"
    assert "cannot be read" in result["dataAbsentReason"]["text"]
    assert (result["status"], result["code"]["coding"][0]["code"]) == ("final", "CREA")
    assert resources(message(MSH, PID, OBR, line), "DocumentReference") == []


def test_a_pointer_becomes_a_document_with_an_address_and_the_text_stays():
    address = "https://pacs.hospital.example/wado?study=1.2.3"
    line = obx(f2="RP", f5=f"{address}^PACS^image^JPEG", f6="", f7="", f8="")
    (document,) = resources(message(MSH, PID, OBR, line), "DocumentReference")
    assert document["content"][0]["attachment"]["url"] == address
    assert address in resources(message(MSH, PID, OBR, line), "Observation")[0]["valueString"]


def test_a_pointer_without_an_address_is_text_with_a_warning():
    line = obx(f2="RP", f5="film 12 in room 3", f6="", f7="", f8="")
    assert observation(line)["valueString"] == "film 12 in room 3"
    remarks = converted(message(MSH, PID, OBR, line)).remarks
    assert [str(each.location) for each in remarks] == ["OBX^1^5"]


def test_a_dotted_sub_id_is_derived_from_the_result_that_it_is_a_part_of():
    isolate = obx(f2="CWE", f3="600-7^Bacteria^LN", f4="1", f5="112283007^E. coli^SCT", f6="")
    ampicillin = obx(f2="ST", f3="18864-9^Ampicillin^LN", f4="1.1", f5=">=32", f6="")
    other = obx(f2="ST", f3="18864-9^Ampicillin^LN", f4="2.1", f5="<=2", f6="")
    first, second, third = resources(
        message(MSH, PID, OBR, isolate, ampicillin, other), "Observation"
    )
    assert second["derivedFrom"] == [{"reference": f"Observation/{first['id']}"}]
    assert "derivedFrom" not in third


def test_a_sub_id_that_only_begins_with_a_dot_is_a_part_of_nothing():
    first, second = resources(
        message(MSH, PID, OBR, obx(f4=""), obx(f4=".1", f3="TC^总胆固醇^99LIS")), "Observation"
    )
    assert "derivedFrom" not in first
    assert "derivedFrom" not in second


def sub_id(sent: str) -> dict[str, object]:
    (extension,) = observation(obx(f4=sent))["extension"]
    return {
        part["url"]: next(value for name, value in part.items() if name.startswith("value"))
        for part in extension["extension"]
    }


@pytest.mark.parametrize("sent", ["1", "1.2", "1.2.3", "A", "a.1", "1a", "甲", "01"])
def test_a_sub_id_is_kept_as_it_was_sent(sent):
    assert sub_id(sent) == {"original-sub-identifier": sent}


def test_a_grouped_sub_id_is_kept_in_its_parts():
    # HL7 v2.8.2, type OG: original sub-id, group, sequence, identifier.
    assert sub_id("1^2^3^left") == {
        "original-sub-identifier": "1", "group": 2, "sequence": 3, "identifier": "left",
    }  # fmt: skip
    assert sub_id("1^x^3") == {"original-sub-identifier": "1^x^3"}


def test_results_that_share_a_code_are_kept_apart_by_their_sub_ids():
    lines = [obx(f4=each, f5=str(n)) for n, each in enumerate(("1", "1.1", "A", "a", "1^1"))]
    found = resources(message(MSH, PID, OBR, *lines), "Observation")
    assert len({each["id"] for each in found}) == 5
    again = resources(message(MSH, PID, OBR, *reversed(lines)), "Observation")
    assert {(e["id"], str(e["valueQuantity"]["value"])) for e in again} == {
        (e["id"], str(e["valueQuantity"]["value"])) for e in found
    }


def test_systolic_and_diastolic_under_one_sub_id_stay_results_of_their_own():
    pressure = [
        obx(f3="8480-6^Systolic^LN", f4="1", f5="146", f6="mm[Hg]", f7=""),
        obx(f3="8462-4^Diastolic^LN", f4="1", f5="92", f6="mm[Hg]", f7=""),
    ]
    found = resources(message(MSH, PID, OBR, *pressure), "Observation")
    assert [str(each["valueQuantity"]["value"]) for each in found] == ["146", "92"]
    assert all("derivedFrom" not in each and "component" not in each for each in found)


PARENT = with_field(with_field(OBR, 2, "YZ1"), 3, "LAB1")


def child(parent_result: str, parent_order: str) -> str:
    own = with_field(with_field(with_field(OBR, 2, "YZ2"), 3, "LAB2"), 4, "SUSC^药敏^99LIS")
    return with_field(with_field(own, 26, parent_result), 29, parent_order)


def test_a_child_order_refers_to_its_parent_in_the_message():
    culture = obx(f2="CWE", f3="600-7^Bacteria^LN", f4="1", f5="112283007^E. coli^SCT", f6="")
    drug = obx(f2="ST", f3="18864-9^Ampicillin^LN", f5="R", f6="")
    lines = (PARENT, culture, child("600-7&Bacteria&LN^1^E. coli", "YZ1^LAB1"), drug)
    raw = message(MSH, PID, *lines)
    parent, below = resources(raw, "ServiceRequest")
    assert below["basedOn"] == [{"reference": f"ServiceRequest/{parent['id']}"}]
    isolate, susceptibility = resources(raw, "Observation")
    assert susceptibility["derivedFrom"] == [{"reference": f"Observation/{isolate['id']}"}]


def test_a_parent_in_another_message_is_named_by_its_number():
    raw = message(MSH, PID, child("600-7&Bacteria&LN^1^E. coli", "YZ1&HIS^LAB1&LIS"), obx())
    (request,) = resources(raw, "ServiceRequest")
    assert request["basedOn"][0]["identifier"] == {"system": "urn:id:LIS", "value": "LAB1"}
    (result,) = resources(raw, "Observation")
    assert result["derivedFrom"] == [{"type": "Observation", "display": "600-7 Bacteria 1 E. coli"}]


def test_a_parent_is_never_another_patient_s_order():
    other = "PID|2||999^^^DEMOHOSP^MR||李^四"
    raw = message(MSH, PID, PARENT, obx(), other, child("CREA&肌酐&99LIS^", "YZ1^LAB1"), obx())
    theirs = [
        each for each in resources(raw, "ServiceRequest")
        if each["subject"] == {"reference": "Patient/patient-2"}
    ]  # fmt: skip
    assert theirs[0]["basedOn"][0]["identifier"]["value"] == "LAB1"
    assert "reference" not in resources(raw, "Observation")[1]["derivedFrom"][0]


def test_a_placer_s_number_is_not_taken_for_a_filler_s():
    # The laboratory's number of the first order is the ward's number of another one.
    first = with_field(with_field(OBR, 2, "W1"), 3, "7")
    raw = message(MSH, PID, first, obx(), child("", "7^"), obx(f3="TC^总胆固醇^99LIS"))
    below = resources(raw, "ServiceRequest")[1]
    assert below["basedOn"][0]["identifier"] == {"system": "urn:id:DEMOHOSP:PLAC", "value": "7"}


@pytest.mark.anyio
@pytest.mark.parametrize("charset", ["UNICODE UTF-8", "GB18030"])
async def test_provenance_gives_the_bytes_of_the_segment_that_a_result_is_made_of(
    store, hospital, charset
):
    codec = "gb18030" if charset == "GB18030" else "utf-8"
    lines = (
        with_field(MSH, 18, charset),
        PID,
        OBR,
        obx(),
        "NTE|1||复查",
        obx(f3="TC^总胆固醇^99LIS"),
    )
    raw = ("\r".join(lines) + "\r").encode(codec)
    answer = await hospital.answer(raw, channel="mllp", peer=LIS)
    (provenance,) = everything(store, "Provenance")
    kept = store.read_now(lambda c: messages.get(c, answer.message_id)).body
    found = {}
    for target in provenance["target"]:
        for extension in target["extension"]:
            name, _, span = extension["valueString"].partition(";")
            start, end = (int(each) for each in span.split("-"))
            found.setdefault(target["reference"].partition("/")[0], []).append(
                (name, kept[start:end].decode(codec))
            )
    assert found["Patient"] == [("PID^1", PID)]
    assert found["Observation"] == [
        ("OBX^1", obx()), ("NTE^1", "NTE|1||复查"), ("OBX^2", lines[-1]),
    ]  # fmt: skip
    assert found["DiagnosticReport"] == [("OBR^1", OBR)]


@pytest.mark.anyio
async def test_a_message_processed_again_after_a_correction_changes_nothing(store, hospital):
    first = await hospital.answer(message(MSH, PID, OBR, obx()), channel="mllp", peer=LIS)
    later = with_field(with_field(MSH, 10, "C2"), 7, "20261120113500+0800")
    fixed = with_field(with_field(OBR, 22, "20261120113000+0800"), 25, "C")
    raw = message(later, PID, fixed, obx(f5="90", f11="C"))
    second = await hospital.answer(raw, channel="mllp", peer=LIS)
    versions = "SELECT count(*) FROM resource_version"
    before = store.read_now(lambda c: c.exec_driver_sql(versions).scalar_one())
    for answer in (first, second, first):
        assert (await hospital.process_again(answer.message_id)).code == "AA"
    assert store.read_now(lambda c: c.exec_driver_sql(versions).scalar_one()) == before
