"""ADT, ORM, OML and OUL messages: the person, the visit, the order, the specimen first."""

import pytest

from fhir_server.store import hl7v2_messages as messages
from fhir_server.store.patient_records import PatientRecords
from tests.unit.hl7v2.examples import (
    LIS,
    MSH,
    OBR,
    PID,
    ack_fields,
    message,
    obx,
    with_field,
)
from tests.unit.hl7v2.test_intake import creatinine, everything

pytestmark = pytest.mark.anyio

PV1 = (
    "PV1|1|I|ICU^301^2^DEMOHOSP||||D100^王^芳|D200^李^强|||||||||D100^王^芳||V0001^^^DEMOHOSP^VN"
    "|||||||||||||||||||||||||20261119080000+0800"
)


def msh(type: str, number: int, sent: str = "20261120103500+0800") -> str:
    return with_field(with_field(with_field(MSH, 9, type), 10, f"T{number}"), 7, sent)


async def send(hospital, *lines: str):
    return await hospital.answer(message(*lines), channel="mllp", peer=LIS)


def details(store, answer) -> dict:
    return store.read_now(lambda c: messages.details(c, answer.message_id))


def accounted(store, answer) -> None:
    account = details(store, answer)["account"]
    listed = [each for each in account["unconverted"] if "fields" not in each]
    assert account["segments"] == account["converted"] + len(listed)


async def test_an_admission_makes_patient_and_visit(store, hospital):
    answer = await send(
        hospital, msh("ADT^A01^ADT_A01", 1), "EVN|A01|20261120103500", PID,
        "PD1||||D100^王^芳", "NK1|1|张^丽|SPO^配偶^HL70063||^PRN^PH^^^010^62000000", PV1,
        "PV2|||I10^高血压^I10", "AL1|1|DA|^青霉素", "ZPV|x",
    )  # fmt: skip
    assert answer.code == "AA"
    (visit,) = everything(store, "Encounter")
    assert (visit["status"], visit["class"]["code"]) == ("in-progress", "IMP")
    assert visit["period"] == {"start": "2026-11-19T08:00:00+08:00"}
    assert visit["identifier"][0]["value"] == "V0001"
    assert [p["type"][0]["coding"][0]["code"] for p in visit["participant"]] == [
        "ATND", "REF", "ADM",
    ]  # fmt: skip
    assert visit["location"][0]["location"]["display"] == "DEMOHOSP ICU 301 2"
    assert visit["reasonCode"][0]["coding"][0]["code"] == "I10"
    (person,) = everything(store, "Patient")
    assert person["generalPractitioner"][0]["display"] == "王芳"
    assert person["contact"][0]["name"]["text"] == "张丽"
    assert person["contact"][0]["telecom"][0]["value"] == "010 62000000"
    listed = [each["segment"] for each in details(store, answer)["account"]["unconverted"]]
    assert listed == ["AL1", "ZPV"]
    accounted(store, answer)


async def test_a_discharge_time_ends_the_visit_and_a_late_admission_does_not_reopen_it(
    store, hospital
):
    ended = with_field(PV1, 45, "20261120090000+0800")
    await send(hospital, msh("ADT^A08", 2, "20261120110000+0800"), PID, ended)
    answer = await send(hospital, msh("ADT^A01", 1, "20261119080500+0800"), PID, PV1)
    (visit,) = everything(store, "Encounter")
    assert visit["status"] == "finished"
    assert f"Encounter/{visit['id']}" in details(store, answer)["superseded"]


async def test_an_update_that_says_nothing_of_the_status_leaves_it(store, hospital):
    await send(hospital, msh("ADT^A04", 1, "20261120080000+0800"), PID, PV1)
    moved = with_field(PV1, 3, "WARD5^501^1")
    await send(hospital, msh("ADT^A08", 2, "20261120090000+0800"), PID, moved)
    (visit,) = everything(store, "Encounter")
    assert visit["status"] == "arrived"
    assert visit["location"][0]["location"]["display"] == "WARD5 501 1"


async def test_a_visit_without_number_is_listed_and_results_are_stored(store, hospital):
    answer = await send(hospital, MSH, PID, with_field(PV1, 19, ""), OBR, obx())
    assert answer.code == "AA"
    assert everything(store, "Encounter") == []
    (listed,) = [
        each
        for each in details(store, answer)["account"]["unconverted"]
        if each["segment"] == "PV1"
    ]
    assert "PV1-19" in listed["reason"]
    accounted(store, answer)


async def test_results_refer_to_their_visit(store, hospital):
    await send(hospital, MSH, PID, PV1, OBR, obx())
    (visit,) = everything(store, "Encounter")
    assert visit["status"] == "unknown"
    for type in ("Observation", "DiagnosticReport", "ServiceRequest"):
        (found,) = everything(store, type)
        assert found["encounter"] == {"reference": f"Encounter/{visit['id']}"}


async def test_an_empty_field_leaves_and_a_null_field_ends(store, hospital):
    told = with_field(with_field(PID, 16, "M"), 13, "13800000000")
    await send(hospital, msh("ADT^A04", 1, "20261120080000+0800"), told)
    await send(hospital, msh("ADT^A08", 2, "20261120090000+0800"), with_field(PID, 16, '""'))
    (person,) = everything(store, "Patient")
    assert "maritalStatus" not in person
    assert person["telecom"][0]["value"] == "13800000000"


async def test_death_replaces_the_statement_that_somebody_lives(store, hospital):
    await send(hospital, msh("ADT^A04", 1, "20261120080000+0800"), with_field(PID, 30, "N"))
    died = with_field(with_field(PID, 30, "Y"), 29, "20261120083000+0800")
    await send(hospital, msh("ADT^A08", 2, "20261120090000+0800"), died)
    (person,) = everything(store, "Patient")
    assert person["deceasedDateTime"] == "2026-11-20T08:30:00+08:00"
    assert "deceasedBoolean" not in person


ORC = "ORC|NW|PL7|||||^^^20261120140000+0800^^S||20261120100000+0800|||D100^王^芳"
ORDERED = "OBR|1|PL7||14682-9^Creatinine^LN"


@pytest.mark.parametrize("type", ["ORM^O01", "OML^O21^OML_O21"])
async def test_an_order_is_stored_as_a_request_without_a_report(store, hospital, type):
    answer = await send(
        hospital, msh(type, 1), PID, PV1, ORC, "TQ1|1||||||20261121060000+0800||S", ORDERED,
        "NTE|1||空腹", "DG1|1||E11^2型糖尿病^I10", "SPM|1|S9||BLD^血^HL70487",
    )  # fmt: skip
    assert answer.code == "AA"
    (request,) = everything(store, "ServiceRequest")
    assert (request["status"], request["intent"], request["priority"]) == (
        "active", "order", "stat",
    )  # fmt: skip
    assert request["occurrenceDateTime"] == "2026-11-21T06:00:00+08:00"
    assert request["authoredOn"] == "2026-11-20T10:00:00+08:00"
    assert request["reasonCode"][0]["coding"][0]["code"] == "E11"
    assert request["note"] == [{"text": "空腹"}]
    assert everything(store, "DiagnosticReport") == []
    assert len(everything(store, "Specimen")) == 1
    assert not any(each["code"] == "103" for each in details(store, answer)["warnings"])
    accounted(store, answer)


async def test_a_cancelled_order_is_revoked_whatever_arrives_first(store, hospital):
    cancelled = with_field(with_field(ORC, 1, "CR"), 3, "LAB77")
    await send(hospital, msh("ORM^O01", 2, "20261120120000+0800"), PID, cancelled, ORDERED)
    await send(hospital, msh("ORM^O01", 1, "20261120100000+0800"), PID, ORC, ORDERED)
    (request,) = everything(store, "ServiceRequest")
    assert request["status"] == "revoked"


async def test_prior_results_in_an_order_are_no_orders(store, hospital):
    answer = await send(
        hospital, msh("OML^O21", 1), PID, ORC, ORDERED, PID, "ORC|RE|OLD1",
        with_field(OBR, 2, "OLD1"), obx(),
    )  # fmt: skip
    assert len(everything(store, "ServiceRequest")) == 1
    assert everything(store, "Observation") == []
    reasons = {each["reason"] for each in details(store, answer)["account"]["unconverted"]}
    assert "a prior result, which its own report brings" in reasons
    accounted(store, answer)


async def test_an_answer_asked_for_with_the_order_supports_it(store, hospital):
    weight = obx(f3="29463-7^Body weight^LN", f5="70", f6="kg", f7="", f8="")
    answer = await send(hospital, msh("ORM^O01", 1), PID, ORC, ORDERED, weight, obx(f14=""))
    (request,) = everything(store, "ServiceRequest")
    (measured,) = everything(store, "Observation")
    assert request["supportingInfo"] == [{"reference": f"Observation/{measured['id']}"}]
    accounted(store, answer)


async def test_a_value_behind_the_specimen_of_an_order_is_of_that_specimen(store, hospital):
    answer = await send(
        hospital, msh("OML^O21^OML_O21", 1), PID, "ORC|NW|YZ1", OBR,
        obx(f3="29463-7^Body weight^LN", f5="78", f6="kg"), "SPM|1|S1||SER",
        obx(f3="VOL^体积^99LIS", f5="5", f6="mL"),
    )  # fmt: skip
    assert answer.code == "AA"
    (specimen,) = everything(store, "Specimen")
    of_specimen = {"reference": f"Specimen/{specimen['id']}"}
    weight, volume = sorted(
        everything(store, "Observation"), key=lambda each: each["valueQuantity"]["unit"]
    )
    assert "specimen" not in weight
    assert volume["specimen"] == of_specimen
    (request,) = everything(store, "ServiceRequest")
    assert request["specimen"] == [of_specimen]
    accounted(store, answer)


async def test_a_specimen_centred_message_files_results_under_their_specimen(store, hospital):
    answer = await send(
        hospital, msh("OUL^R22^OUL_R22", 1), PID,
        "SPM|1|S1||BLD^血^HL70487", OBR, "ORC|RE|YZ1|LAB1", obx(),
        "SPM|2|S2||UR^尿^HL70487", with_field(OBR, 3, "LAB2"), obx(f3="UALB^尿微量白蛋白^99LIS"),
    )  # fmt: skip
    assert answer.code == "AA"
    specimens = {each["id"]: each for each in everything(store, "Specimen")}
    found = {
        each["code"]["coding"][0]["code"]: specimens[
            each["specimen"]["reference"].partition("/")[2]
        ]["type"]["coding"][0]["code"]
        for each in everything(store, "Observation")
    }
    assert found == {"CREA": "BLD", "UALB": "UR"}
    accounted(store, answer)


@pytest.mark.parametrize("type", ["ORU^R30", "ORU^R40"])
async def test_point_of_care_results_are_results(store, hospital, type):
    assert (await send(hospital, msh(type, 1), PID, "ORC|NW", OBR, obx())).code == "AA"
    assert creatinine(store)["status"] == "final"


OLD = "PID|1||OLD9^^^DEMOHOSP^MR||张^伟||19680312|M"
MERGE = (PID, "MRG|OLD9^^^DEMOHOSP^MR||||||张^伟")


def by_number(store, value: str) -> dict:
    (found,) = [p for p in everything(store, "Patient") if p["identifier"][0]["value"] == value]
    return found


@pytest.mark.parametrize("merged_first", [False, True])
async def test_a_merge_links_both_records_and_later_results_go_to_the_survivor(
    store, hospital, merged_first
):
    merge = [msh("ADT^A40^ADT_A39", 9, "20261120120000+0800"), *MERGE]
    if merged_first:
        assert (await send(hospital, *merge)).code == "AA"
    await send(hospital, MSH, OLD, OBR, obx())
    if not merged_first:
        assert (await send(hospital, *merge)).code == "AA"
    survivor, retired = by_number(store, "000123456"), by_number(store, "OLD9")
    assert retired["active"] is False
    assert retired["link"] == [
        {"other": {"reference": f"Patient/{survivor['id']}"}, "type": "replaced-by"}
    ]
    assert survivor["link"] == [
        {"other": {"reference": f"Patient/{retired['id']}"}, "type": "replaces"}
    ]
    records = PatientRecords(store, frozenset({"14682-9"}))
    for number in (survivor["id"], retired["id"]):
        assert len((await records.observations(number)).entries) == 1
        assert (await records.patient(number)).id == survivor["id"]
    late = with_field(OBR, 3, "LAB2")
    await send(hospital, with_field(MSH, 10, "C7"), OLD, late, obx())
    subjects = {each["subject"]["reference"] for each in everything(store, "Observation")}
    assert f"Patient/{survivor['id']}" in subjects


async def test_a_merge_sent_again_changes_nothing(store, hospital):
    await send(hospital, msh("ADT^A40", 9), *MERGE)
    before = {each["id"]: each["meta"]["versionId"] for each in everything(store, "Patient")}
    answer = await send(hospital, msh("ADT^A40", 10), *MERGE)
    assert answer.code == "AA"
    again = {each["id"]: each["meta"]["versionId"] for each in everything(store, "Patient")}
    assert again == before


async def test_a_merge_the_other_way_round_is_refused(store, hospital):
    await send(hospital, msh("ADT^A40", 9), *MERGE)
    back = (OLD, "MRG|000123456^^^DEMOHOSP^MR")
    answer = await send(hospital, msh("ADT^A40", 10), *back)
    assert answer.code == "AE"
    assert ack_fields(answer.acknowledgment)["ERR"][0][2] == "MRG^1^1"


async def test_merges_in_a_chain_lead_to_the_last(store, hospital):
    await send(hospital, msh("ADT^A40", 9), *MERGE)
    newest = "PID|1||NEW1^^^DEMOHOSP^MR||张^伟||19680312|M"
    await send(hospital, msh("ADT^A40", 10), newest, "MRG|000123456^^^DEMOHOSP^MR")
    await send(hospital, MSH, OLD, OBR, obx())
    survivor = by_number(store, "NEW1")
    assert creatinine(store)["subject"] == {"reference": f"Patient/{survivor['id']}"}
    records = PatientRecords(store, frozenset({"14682-9"}))
    assert len((await records.observations(by_number(store, "OLD9")["id"])).entries) == 1


async def test_a_merge_into_two_records_is_refused(store, hospital):
    await send(hospital, msh("ADT^A40", 9), *MERGE)
    other = "PID|1||OTHER^^^DEMOHOSP^MR||李^强||19500101|M"
    answer = await send(hospital, msh("ADT^A40", 10), other, "MRG|OLD9^^^DEMOHOSP^MR")
    assert answer.code == "AE"
    assert len(everything(store, "Patient")) == 2


async def test_another_person_s_results_are_never_read_with_a_merged_record(store, hospital):
    await send(hospital, msh("ADT^A40", 9), *MERGE)
    third = "PID|1||THIRD^^^DEMOHOSP^MR||王^五||19500101|F"
    await send(hospital, MSH, third, OBR, obx())
    records = PatientRecords(store, frozenset({"14682-9"}))
    assert (await records.observations(by_number(store, "OLD9")["id"])).entries == ()


@pytest.mark.parametrize("type", ["ADT^A01", "ADT^A40", "ORM^O01", "OUL^R22"])
async def test_a_message_without_what_it_is_about_is_refused(hospital, type):
    answer = await send(hospital, msh(type, 1), "EVN|A01")
    assert answer.code == "AE"
    assert ack_fields(answer.acknowledgment)["ERR"][0][3].startswith("100^")
