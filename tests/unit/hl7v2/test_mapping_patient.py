"""PID to Patient: who the results belong to."""

import pytest

from fhir_server.hl7v2.mapping.conversion import read
from fhir_server.hl7v2.problems import Refusal
from tests.unit.hl7v2.examples import (
    DATA,
    MSH,
    OBR,
    PID,
    demo_patient,
    message,
    surroundings,
    tokens,
    with_field,
)

HL7 = "http://hl7.org/fhir/StructureDefinition/"


def pid(**fields: str) -> dict:
    segment = PID
    for name, value in fields.items():
        segment = with_field(segment, int(name[1:]), value)
    return demo_patient(message(MSH, segment, OBR))


def test_zhang_wei_of_the_gb18030_message():
    patient = demo_patient((DATA / "zh_lipids_renal_gb18030.hl7").read_bytes())
    assert [(each["system"], each["value"]) for each in patient["identifier"]] == [
        ("urn:id:DEMOHOSP", "000123456"),
        ("urn:oid:2.16.156.999999.1", "P0098765"),
    ]
    assert patient["name"] == [{"use": "official", "text": "张伟", "family": "张", "given": ["伟"]}]
    assert (patient["gender"], patient["birthDate"]) == ("male", "1968-03-12")
    assert patient["address"][0]["city"] == "石家庄"
    assert patient["telecom"][1] == {
        "extension": [{"url": f"{HL7}contactpoint-local", "valueString": "13800000000"}],
        "system": "phone",
        "value": "13800000000",
        "use": "mobile",
    }


def test_mary_demo_of_the_english_message():
    patient = demo_patient((DATA / "en_lipids_renal_utf8.hl7").read_bytes())
    assert patient["name"][0]["text"] == "Mary A Demo"
    (phone,) = patient["telecom"]
    assert (phone["system"], phone["value"], phone["use"]) == ("phone", "+1 617 5550100", "home")
    assert patient["address"][0]["line"] == ["1 Main Street", "Apt 2"]


@pytest.mark.parametrize(
    ("written", "system"),
    [
        ("7^^^HOSP^MR", "urn:id:HOSP"),
        ("7^^^HOSP&2.16.840.1.113883.19.5&ISO^MR", "urn:oid:2.16.840.1.113883.19.5"),
        ("7^^^&0C6E9D1A-4C57-4D5B-9C6F-111122223333&UUID", None),
        ("7^^^HOSP&no-oid&ISO^MR", "urn:id:HOSP"),
        ("7^^^&https://hosp.example/mrn&URI^MR", "https://hosp.example/mrn"),
        ("7^^^第一 医院^MR", "urn:id:%E7%AC%AC%E4%B8%80%20%E5%8C%BB%E9%99%A2"),
        ("7", "urn:id:DEMOHOSP"),
    ],
)
def test_the_assigner_gives_the_system_of_an_identifier(written, system):
    expected = system or "urn:uuid:0c6e9d1a-4c57-4d5b-9c6f-111122223333"
    assert pid(f3=written)["identifier"][0]["system"] == expected


def test_the_check_digit_of_a_number_stands_beside_it():
    (found,) = pid(f3="1234567^4^M11^DEMOHOSP^MR")["identifier"]
    assert found["value"] == "1234567"
    assert found["extension"] == [{"url": f"{HL7}identifier-checkDigit", "valueString": "4"}]


def test_the_settings_map_names_an_assigner_s_uri():
    systems = {"DEMOHOSP": "https://hosp.example/mrn"}
    patient = demo_patient(message(MSH, PID, OBR), identifier_systems=systems)
    assert patient["identifier"][0]["system"] == "https://hosp.example/mrn"


def test_numbers_of_accounts_and_visits_name_no_person():
    raw = message(MSH, with_field(PID, 3, "V1^^^H^VN~A1^^^H^AN~7^^^H^MR"), OBR)
    draft = read(tokens(raw), surroundings(raw)).patients[0]
    assert draft.identifiers == (("urn:id:H", "7"),)
    assert len(draft.resource["identifier"]) == 3


@pytest.mark.parametrize("written", ["", '""', "^^^HOSP^MR", "V1^^^H^VN"])
def test_without_an_identifier_of_a_person_the_message_is_refused(written):
    raw = message(MSH, with_field(PID, 3, written), OBR)
    with pytest.raises(Refusal) as refused:
        read(tokens(raw), surroundings(raw))
    (problem,) = refused.value.problems
    assert (problem.code, str(problem.location)) == ("101", "PID^1^3")


def test_an_old_pid_2_counts_only_with_its_assigner():
    assert len(pid(f2="OLD7^^^ELSEWHERE")["identifier"]) == 2
    assert len(pid(f2="OLD7")["identifier"]) == 1


@pytest.mark.parametrize(
    ("written", "gender"),
    [("F", "female"), ("m", "male"), ("O", "other"), ("A", "other"), ("U", "unknown")],
)
def test_sex_is_table_0001(written, gender):
    assert pid(f8=written)["gender"] == gender


@pytest.mark.parametrize("written", ["", "X", "男"])
def test_a_sex_outside_the_table_is_not_guessed(written):
    assert "gender" not in pid(f8=written)


@pytest.mark.parametrize(
    ("written", "born"),
    [
        ("19680312", "1968-03-12"),
        ("196803", "1968-03"),
        ("1968", "1968"),
        ("19680312235900-0500", "1968-03-12"),  # a calendar day: no zone moves it
        ("19681340", None),
        ("00000000", None),
        ("20990101", None),
        ("", None),
    ],
)
def test_birth_dates_keep_their_precision_and_are_never_guessed(written, born):
    assert pid(f7=written).get("birthDate") == born


def test_death_and_multiple_birth():
    assert pid(f29="20260101")["deceasedDateTime"] == "2026-01-01"
    assert pid(f30="Y")["deceasedBoolean"] is True
    assert pid(f25="2")["multipleBirthInteger"] == 2
    assert pid(f24="N")["multipleBirthBoolean"] is False


def test_one_id_for_one_identifier_whoever_sends():
    one = message(MSH, PID, OBR)
    other = message(with_field(MSH, 3, "OTHERLIS"), with_field(PID, 5, "张^三"), OBR)
    ids = [read(tokens(raw), surroundings(raw)).patients[0].new_id for raw in (one, other)]
    assert ids[0] == ids[1]


@pytest.mark.parametrize(
    ("sent", "district"),
    [("长安区", "长安区"), ("130102&长安区&GB2260", "长安区"), ("&长安区", "长安区")],
)
def test_a_county_is_named_also_where_it_is_coded(sent, district):
    """XAD.9 is a CWE since v2.8: its code is no name for a person to read."""
    resident = with_field(PID, 11, f"中山东路1号^^石家庄^河北省^050000^CN^H^^{sent}")
    patient = demo_patient(message(MSH, resident, OBR))
    assert patient["address"][0]["district"] == district
