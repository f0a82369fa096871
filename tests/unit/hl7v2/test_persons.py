"""What an ADT message says of a person, against what others say: nothing lost without a word."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from fhir_server.hl7v2.problems import Refusal
from fhir_server.store import gathering, resources, same_patient
from tests.support.fhir_store import BOTH, writing
from tests.unit.hl7v2.examples import MSH, NOW, OBR, PID, demo_patient, message, obx, with_field
from tests.unit.hl7v2.two_stores import current, process


@pytest.fixture(params=BOTH)
def connection(request: pytest.FixtureRequest) -> Iterator[Connection]:
    with writing(adapter=request.param) as opened:
        yield opened


def adt(number: int, at: str, *segments: str, type: str = "ADT^A08") -> bytes:
    header = with_field(with_field(with_field(MSH, 9, type), 10, f"A{number}"), 7, at)
    return message(header, *segments)


def pid(**fields: str) -> str:
    segment = PID
    for name, value in fields.items():
        segment = with_field(segment, int(name[1:]), value)
    return segment


# Tests read 20:00 in Shanghai as NOW.
MORNING, NOON, EVENING = "20261120080000+0800", "20261120120000+0800", "20261120200100+0800"


def written_over_fhir(connection: Connection, **more) -> None:
    identifier = [{"system": "urn:id:DEMOHOSP", "value": "000123456"}]
    resource = {"resourceType": "Patient", "id": "emr", "identifier": identifier, **more}
    resources.put(connection, resource, now=NOW)
    gathering.flush(connection)


def the_person(connection: Connection) -> dict:
    (found,) = current(connection, "Patient")
    return found


def test_a_person_with_all_that_adt_says():
    raw = adt(
        1,
        MORNING,
        pid(f15="zh^汉语^ISO639", f16="M", f29="20261119"),
        "PD1|||社区卫生中心^^501^^^DEMOHOSP|D100^王^芳",
        "NK1|1|张^丽|SPO^配偶^HL70063|中山路1号^^石家庄|62000000||EP|20200101|20261231||||||F"
        "|||||||||||||||||||||||||^PRN^CP^^^^13800000000",
        "NK1|2||EMR^雇主^HL70063||||||||||第一工厂^^9",
        "NK1|3||SPO",
    )
    patient = demo_patient(raw)
    assert patient["communication"][0]["language"]["coding"][0]["code"] == "zh"
    assert patient["maritalStatus"]["coding"][0]["code"] == "M"
    assert patient["deceasedDateTime"] == "2026-11-19"
    names = [each["display"] for each in patient["generalPractitioner"]]
    assert names == ["社区卫生中心", "王芳"]
    spouse, employer = patient["contact"]
    assert spouse["name"]["text"] == "张丽"
    assert spouse["period"] == {"start": "2020-01-01", "end": "2026-12-31"}
    assert [each["value"] for each in spouse["telecom"]] == ["62000000", "13800000000"]
    assert spouse["gender"] == "female"
    assert employer["organization"]["display"] == "第一工厂"


@pytest.mark.parametrize(
    ("ending", "element"),
    [
        (pid(f11='""'), "address"),
        (pid(f16='""'), "maritalStatus"),
        (pid(f30='""'), "deceasedBoolean"),
        (pid(f13='""'), "telecom"),
        (pid(f15='""'), "communication"),
    ],
)
def test_a_null_ends_an_element_and_an_older_message_does_not_bring_it_back(
    connection, ending, element
):
    told = pid(f11="^^石家庄", f13="62000000", f15="zh", f16="M", f30="N")
    process(connection, adt(1, MORNING, told), "m1")
    assert element in the_person(connection)
    process(connection, adt(3, EVENING, ending), "m3")
    assert element not in the_person(connection)
    process(connection, adt(2, NOON, told), "m2")
    assert element not in the_person(connection)


@pytest.mark.parametrize(
    ("ending", "element"),
    [(['PD1||||""'], "generalPractitioner"), (['NK1|1|""'], "contact")],
)
def test_nulls_of_other_segments_end_what_they_are_about(connection, ending, element):
    told = [PID, "PD1||||D100^王^芳", "NK1|1|张^丽|SPO"]
    process(connection, adt(1, MORNING, *told), "m1")
    assert element in the_person(connection)
    process(connection, adt(2, NOON, PID, *ending), "m2")
    assert element not in the_person(connection)


def test_a_result_completes_what_it_knows_better_and_leaves_the_rest(connection):
    process(connection, adt(1, MORNING, pid(f11="^^石家庄", f16="M")), "m1")
    process(connection, adt(2, NOON, pid(f5="张^卫"), OBR, obx(), type="ORU^R01"), "m2")
    person = the_person(connection)
    assert person["name"][0]["text"] == "张卫"
    assert person["address"] == [{"city": "石家庄"}]
    assert person["maritalStatus"]["coding"][0]["code"] == "M"


def test_adt_newer_than_a_write_over_fhir_replaces_what_it_states_and_says_so(connection):
    written_over_fhir(
        connection, gender="male", maritalStatus={"text": "丧偶"}, photo=[{"title": "x"}]
    )
    recorded = process(connection, adt(1, EVENING, pid(f16="M")), "m1")
    person = the_person(connection)
    assert person["id"] == "emr"
    assert person["maritalStatus"]["coding"][0]["code"] == "M"
    assert person["photo"] == [{"title": "x"}]
    (warned,) = [each for each in recorded.warnings if "over FHIR" in each.text]
    assert (warned.severity, "maritalStatus" in warned.text) == ("W", True)
    assert "gender" not in warned.text
    before = resources.read_version(connection, "Patient", "emr", 1)
    assert "丧偶".encode() in before.body


def test_adt_older_than_a_write_over_fhir_changes_nothing_and_says_so(connection):
    written_over_fhir(connection, gender="male", maritalStatus={"text": "丧偶"})
    recorded = process(connection, adt(1, MORNING, pid(f16="M")), "m1")
    assert the_person(connection)["meta"]["versionId"] == "1"
    assert recorded.superseded == ("Patient/emr",)
    (warned,) = [each for each in recorded.warnings if "over FHIR" in each.text]
    assert "kept" in warned.text and "maritalStatus" in warned.text


def test_a_result_never_changes_what_was_written_over_fhir(connection):
    written_over_fhir(connection)
    process(connection, adt(1, EVENING, pid(f16="M"), OBR, obx(), type="ORU^R01"), "m1")
    assert the_person(connection)["meta"]["versionId"] == "1"


def test_adt_may_correct_birth_date_and_sex_together_where_the_family_agrees(connection):
    process(connection, adt(1, MORNING, pid(f7="19600101", f8="F")), "m1")
    process(connection, adt(2, NOON, PID), "m2")
    person = the_person(connection)
    assert (person["birthDate"], person["gender"]) == ("1968-03-12", "male")


def test_another_family_with_another_birth_date_and_sex_is_another_person(connection):
    process(connection, adt(1, MORNING, PID), "m1")
    other = pid(f5="李^娜", f7="19900101", f8="F")
    for type in ("ADT^A08", "ORU^R01"):
        with pytest.raises(Refusal) as refused:
            process(connection, adt(2, NOON, other, OBR, obx(), type=type), "m2")
        assert refused.value.problems[0].code == "205"


def test_a_visit_s_end_told_by_mistake_is_taken_back(connection):
    visit = "PV1|1|I|ICU^301^2||||D100^王^芳||||||||||||VN1^^^DEMOHOSP^VN"
    process(connection, adt(1, MORNING, PID, with_field(visit, 45, MORNING)), "m1")
    (found,) = current(connection, "Encounter")
    assert found["status"] == "finished"
    process(connection, adt(2, NOON, PID, with_field(visit, 45, '""')), "m2")
    (found,) = current(connection, "Encounter")
    assert found["status"] == "unknown"
    assert "period" not in found


def gathered(connection: Connection) -> int:
    return gathering.mark(connection).lengths.get("token_index", 0)


def test_whom_the_transaction_has_just_stored_is_found_and_others_go_on_gathering(connection):
    """Messages of one group of writes: the second is of the same person, or of another."""
    process(connection, message(MSH, PID, OBR, obx()), "1")
    before = gathered(connection)
    assert before > 0
    other = with_field(PID, 3, "000999999^^^DEMOHOSP^MR")
    process(connection, message(with_field(MSH, 10, "C2"), other, OBR, obx()), "2")
    assert gathered(connection) > before
    process(connection, message(with_field(MSH, 10, "C3"), PID, OBR, obx(f5="91")), "3")
    assert len(current(connection, "Patient")) == 2


def test_a_link_that_the_transaction_has_just_stored_is_followed(connection):
    written_over_fhir(connection)
    merged = {"type": "replaced-by", "other": {"reference": "Patient/kept"}}
    resources.put(connection, {"resourceType": "Patient", "id": "kept"}, now=NOW)
    old = {"resourceType": "Patient", "id": "old", "active": False, "link": [merged]}
    resources.put(connection, old, now=NOW)
    assert gathered(connection) > 0
    assert same_patient.stands_for_others(connection, "kept")
    assert same_patient.same_person(connection, "old") == ("kept", "old")
    assert not same_patient.stands_for_others(connection, "emr")
