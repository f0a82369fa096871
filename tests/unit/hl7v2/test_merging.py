"""ADT^A40 on both databases: one person of two records, nobody's results missed or mixed."""

from collections.abc import AsyncIterator

import pytest

from cds_hooks.ports import StoredPatient
from fhir_server.hl7v2.intake import Intake
from fhir_server.hl7v2.merging import FILED
from fhir_server.store import hl7v2_messages, hl7v2_unmapped, resources
from fhir_server.store.database import Database
from fhir_server.store.patient_records import PatientRecords
from terminology import catalogue
from terminology.measurement import Measurement, measurements
from tests.support.fhir_store import BOTH, fresh_url
from tests.unit.hl7v2.examples import (
    LIS,
    MSH,
    NOW,
    OBR,
    PID,
    SHANGHAI,
    Clock,
    ack_fields,
    converted,
    intake,
    message,
    obx,
    with_field,
)
from tests.unit.hl7v2.two_stores import current, versions

pytestmark = pytest.mark.anyio

CREATININE = "14682-9"
PV1 = "PV1|1|I|ICU^301^2||||D100^王^芳||||||||||||VN1^^^DEMOHOSP^VN"


@pytest.fixture(params=BOTH)
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    with fresh_url(request.param) as url:
        database = Database.open(url, zone=SHANGHAI)
        yield database
        database.close()


@pytest.fixture
def hospital(store: Database) -> Intake:
    return intake(store, Clock())


def person(number: str, **fields: str) -> str:
    segment = with_field(PID, 3, f"{number}^^^DEMOHOSP^MR")
    for name, value in fields.items():
        segment = with_field(segment, int(name[1:]), value)
    return segment


def mrg(number: str) -> str:
    return f"MRG|{number}^^^DEMOHOSP^MR"


class Feed:
    """Sends messages of one minute after the other; each must be accepted or refused as said."""

    def __init__(self, hospital: Intake) -> None:
        self._hospital, self._minute = hospital, 0

    async def __call__(self, type: str, *segments: str, answer: str = "AA", minute: int = 0):
        self._minute += 1
        at = f"2026112010{minute or self._minute:02}00+0800"
        header = with_field(with_field(with_field(MSH, 9, type), 10, f"F{self._minute}"), 7, at)
        lines = [with_field(each, 22, at) if each[:3] == "OBR" else each for each in segments]
        found = await self._hospital.answer(message(header, *lines), channel="mllp", peer=LIS)
        assert found.code == answer, found.acknowledgment
        return found

    async def result(self, number: str, value: str, status: str = "F", **more: str):
        return await self("ORU^R01", person(number), OBR, obx(f5=value, f11=status, **more))

    async def raw(self, header: str, *segments: str):
        found = await self._hospital.answer(message(header, *segments), channel="mllp", peer=LIS)
        assert found.code == "AA", found.acknowledgment

    async def merge(self, into: str, other: str, answer: str = "AA"):
        return await self("ADT^A40", person(into), mrg(other), answer=answer)


@pytest.fixture
def feed(hospital: Intake) -> Feed:
    return Feed(hospital)


def stored(store: Database, type: str) -> list[dict]:
    return store.read_now(lambda c: current(c, type))


def record(store: Database, number: str) -> dict:
    (found,) = [
        each
        for each in stored(store, "Patient")
        if number in {i["value"] for i in each["identifier"]}
    ]
    return found


async def put(store: Database, resource: dict) -> None:
    await store.write(lambda c: resources.put(c, resource, now=NOW))


def records(store: Database) -> PatientRecords:
    return PatientRecords(store, frozenset({CREATININE}))


async def readings(store: Database, patient: str) -> list[tuple[str, object]]:
    """What a model is shown: state and value of each creatinine of a patient."""
    found = await records(store).observations(patient)
    return [
        (e.resource["status"], e.resource.get("valueQuantity", {}).get("value"))
        for e in found.entries
    ]


async def test_results_before_the_merge_are_found_under_the_survivor(store, feed):
    await feed("ORU^R01", person("OLD9"), PV1, OBR, obx())
    await feed.merge("NEW1", "OLD9")
    survivor = f"Patient/{record(store, 'NEW1')['id']}"
    for type in ("Encounter", "ServiceRequest", "Observation", "DiagnosticReport"):
        (found,) = stored(store, type)
        assert found["subject"] == {"reference": survivor}
    (merge,) = [
        each for each in stored(store, "Provenance") if each["activity"]["text"].endswith("A40")
    ]
    targets = {each["reference"].partition("/")[0] for each in merge["target"]}
    assert targets == {"Patient", "Encounter", "ServiceRequest", "Observation", "DiagnosticReport"}


async def test_a_correction_after_the_merge_meets_the_result_under_either_number(store, feed):
    for number in ("OLD9", "NEW1"):
        await feed.result("OLD9", "88")
        await feed.merge("NEW1", "OLD9")
        await feed.result(number, "108", "C")
        assert await readings(store, record(store, "NEW1")["id"]) == [("corrected", 108)]
        assert await readings(store, record(store, "OLD9")["id"]) == [("corrected", 108)]


async def test_a_survivor_written_over_fhir_without_its_link_still_knows_its_results(store, feed):
    await feed.result("OLD9", "88")
    await feed.merge("NEW1", "OLD9")
    survivor = record(store, "NEW1")
    await put(store, {name: value for name, value in survivor.items() if name != "link"})
    await feed.result("NEW1", "108", "C")
    assert await readings(store, survivor["id"]) == [("corrected", 108)]


async def test_a_withdrawal_under_the_new_number_before_the_merge_is_heard_of(store, feed):
    await feed.result("OLD9", "88")
    await feed.result("NEW1", "", "D", f14="")
    survivor = record(store, "NEW1")["id"]
    assert [state for state, _ in await readings(store, survivor)] == ["entered-in-error"]
    await feed.merge("NEW1", "OLD9")
    assert [state for state, _ in await readings(store, survivor)] == ["entered-in-error"]
    (report,) = stored(store, "DiagnosticReport")
    (result,) = stored(store, "Observation")
    assert report["result"] == [{"reference": f"Observation/{result['id']}"}]


async def test_two_results_of_other_days_under_one_order_number_stay_two(store, feed):
    await feed.result("OLD9", "88")
    await feed.result("NEW1", "61", f14="20240301080000+0800")
    await feed.merge("NEW1", "OLD9")
    shown = await readings(store, record(store, "NEW1")["id"])
    assert sorted(value for _, value in shown) == [61, 88]


async def test_an_unknown_record_is_made_as_merged(store, feed):
    await feed.merge("NEW1", "OLD9")
    merged, survivor = record(store, "OLD9"), record(store, "NEW1")
    assert merged["active"] is False
    assert merged["link"] == [
        {"other": {"reference": f"Patient/{survivor['id']}"}, "type": "replaced-by"}
    ]
    await feed.result("OLD9", "88")
    (found,) = stored(store, "Observation")
    assert found["subject"] == {"reference": f"Patient/{survivor['id']}"}


async def test_several_pairs_of_one_message_are_merged_each(store, feed):
    for number in ("A1", "B1"):
        await feed.result(number, "88")
    await feed("ADT^A40", person("A2"), mrg("A1"), person("B2"), mrg("B1"))
    assert len(await readings(store, record(store, "A2")["id"])) == 1
    assert len(await readings(store, record(store, "B2")["id"])) == 1


async def test_a_merge_sent_again_makes_no_version(store, feed, hospital):
    await feed.result("OLD9", "88")
    await feed.merge("NEW1", "OLD9")
    before = store.read_now(versions)
    sql = "UPDATE hl7v2_message SET state = 'received'"
    await store.write(lambda c: c.exec_driver_sql(sql).rowcount)
    assert await hospital.recover() == 2
    assert store.read_now(versions) == before


async def test_chains_lead_to_the_last_record_in_either_order(store, feed):
    await feed.result("OLD9", "88")
    await feed.merge("NEW1", "MID5")
    await feed.merge("MID5", "OLD9")
    survivor = record(store, "NEW1")["id"]
    (found,) = stored(store, "Observation")
    assert found["subject"] == {"reference": f"Patient/{survivor}"}
    link = record(store, "OLD9")["link"]
    assert link == [
        {"other": {"reference": f"Patient/{record(store, 'MID5')['id']}"}, "type": "replaced-by"}
    ]
    for number in ("OLD9", "MID5", "NEW1"):
        assert (await records(store).patient(record(store, number)["id"])).id == survivor
        assert len(await readings(store, record(store, number)["id"])) == 1


async def test_a_circle_is_refused_at_mrg_and_changes_nothing(store, feed):
    await feed.merge("B", "A")
    await feed.merge("C", "B")
    before = store.read_now(versions)
    refused = await feed.merge("A", "C", answer="AE")
    assert ack_fields(refused.acknowledgment)["ERR"][0][2] == "MRG^1^1"
    assert store.read_now(versions) == before


async def test_a_record_merged_into_somebody_else_is_refused(store, feed):
    await feed.merge("B", "A")
    await feed.merge("OTHER", "A", answer="AE")


async def test_a_merge_that_the_links_say_already_changes_nothing(store, feed):
    await feed.merge("B", "A")
    await feed.merge("C", "B")
    before = record(store, "A")
    await feed.merge("C", "A")
    assert record(store, "A")["link"] == before["link"]


async def test_two_people_are_not_made_one(store, feed):
    await feed("ADT^A08", person("OLD9", f5="王^芳", f7="19550101", f8="F"))
    await feed("ADT^A08", person("NEW1"))
    refused = await feed.merge("NEW1", "OLD9", answer="AE")
    assert ack_fields(refused.acknowledgment)["ERR"][0][3].startswith("205^")
    assert "link" not in record(store, "OLD9")


async def test_a_third_person_s_results_stay_that_person_s(store, feed):
    await feed.result("OLD9", "88")
    await feed("ORU^R01", person("THIRD", f5="李^娜"), with_field(OBR, 3, "LAB3"), obx(f5="400"))
    await feed.merge("NEW1", "OLD9")
    assert await readings(store, record(store, "NEW1")["id"]) == [("final", 88)]
    assert await readings(store, record(store, "THIRD")["id"]) == [("final", 400)]


async def test_what_was_written_over_fhir_stays_and_is_read_with_the_survivor_s(store, feed):
    await feed.result("OLD9", "88")
    old = record(store, "OLD9")["id"]
    condition = {
        "resourceType": "Condition",
        "id": "c1",
        "subject": {"reference": f"Patient/{old}"},
        "code": {"text": "高血压"},
    }
    await put(store, condition)
    answer = await feed.merge("NEW1", "OLD9")
    assert "1 resources that no message wrote" in answer.acknowledgment.decode()
    (kept,) = stored(store, "Condition")
    assert kept["subject"] == {"reference": f"Patient/{old}"}
    read = await records(store).conditions(record(store, "NEW1")["id"])
    assert [each.resource["id"] for each in read.entries] == ["c1"]


async def test_a_patient_written_over_fhir_is_linked_and_stays_that_writer_s(store, feed):
    identifier = [{"system": "urn:id:DEMOHOSP", "value": "OLD9"}]
    await put(
        store,
        {"resourceType": "Patient", "id": "emr", "identifier": identifier, "gender": "male"},
    )
    await feed.merge("NEW1", "OLD9")
    await feed.result("OLD9", "88")
    merged = record(store, "OLD9")
    assert (merged["id"], merged["active"], merged["gender"]) == ("emr", False, "male")
    assert "name" not in merged
    assert store.read_now(lambda c: hl7v2_messages.origin(c, "Patient", "emr")) is None


async def test_an_update_under_the_old_number_stays_with_the_merged_record(store, feed):
    await feed.merge("NEW1", "OLD9")
    answer = await feed("ADT^A08", person("OLD9", f11="^^保定"))
    assert "address" not in record(store, "NEW1")
    assert record(store, "OLD9")["address"] == [{"city": "保定"}]
    assert "stays with the merged record" in answer.acknowledgment.decode()


async def test_one_record_with_both_numbers_needs_no_merge(store, feed):
    await feed("ADT^A08", with_field(PID, 3, "OLD9^^^DEMOHOSP^MR~NEW1^^^DEMOHOSP^PI"))
    answer = await feed.merge("NEW1", "OLD9")
    assert "nothing to merge" in answer.acknowledgment.decode()
    assert "link" not in record(store, "NEW1")


async def test_a_survivor_that_lists_both_numbers_is_the_survivor(store, feed):
    await feed.result("OLD9", "88")
    await feed.result("NEW1", "61")
    both = with_field(PID, 3, "NEW1^^^DEMOHOSP^MR~OLD9^^^DEMOHOSP^MR")
    await feed("ADT^A40", both, mrg("OLD9"))
    assert record(store, "OLD9")["active"] is False


async def test_a_number_that_was_given_to_another_record_over_fhir_makes_a_new_person(store, feed):
    await feed.result("N1", "88")
    first = record(store, "N1")
    await put(store, {**first, "identifier": [{"system": "urn:id:DEMOHOSP", "value": "M7"}]})
    await feed("ORU^R01", person("N1"), with_field(OBR, 3, "LAB2"), obx(f5="400"))
    assert await readings(store, first["id"]) == [("final", 88)]
    assert record(store, "N1")["id"] != first["id"]


async def test_identifiers_of_a_merged_record_find_the_survivor_once(store, feed):
    await feed.merge("NEW1", "OLD9")
    numbers = [("urn:id:DEMOHOSP", "OLD9"), ("urn:id:DEMOHOSP", "NEW1")]
    found = await records(store).patients_identified(numbers)
    assert [each.id for each in found] == [record(store, "NEW1")["id"]]
    assert isinstance(found[0], StoredPatient)


def test_the_types_that_are_filed_anew_are_all_that_messages_make():
    spm = "SPM|1|S1||SER"
    pdf = obx(f2="ED", f5="^application^pdf^Base64^JVBERi0xLjQK", f3="RPT^报告^99LIS")
    drafts = converted(message(MSH, PID, PV1, OBR, obx(), pdf, spm)).drafts
    assert {each.resource["resourceType"] for each in drafts} == {*FILED}


async def usable(store: Database, patient: str) -> list[object]:
    """The values that a model computes with."""
    found = await records(store).observations(patient)
    read = [
        measurements(each.resource, catalogue=catalogue.load(), zone=SHANGHAI)
        for each in found.entries
    ]
    return [each.value for one in read for each in one if isinstance(each, Measurement)]


async def test_a_merge_by_registration_leaves_codes_waiting_for_the_laboratory(store, feed):
    unknown = "HOMA^胰岛素抵抗^99LIS"
    await feed.result("OLD9", "88", f3=unknown)
    before = await store.read(hl7v2_unmapped.codes)
    registration = with_field(with_field(MSH, 9, "ADT^A40"), 4, "REGISTRATION")
    await feed.raw(registration, person("NEW1"), mrg("OLD9"))
    after = await store.read(hl7v2_unmapped.codes)
    assert [(each.sender, each.code, each.results) for each in after] == [
        (each.sender, each.code, each.results) for each in before
    ]


async def test_what_a_client_changed_in_a_result_survives_merge_and_replay(store, feed, hospital):
    await feed.result("OLD9", "88")
    (result,) = stored(store, "Observation")
    await put(store, {**result, "note": [{"text": "溶血"}]})
    await feed.merge("NEW1", "OLD9")
    sql = "UPDATE hl7v2_message SET state = 'received'"
    await store.write(lambda c: c.exec_driver_sql(sql).rowcount)
    await hospital.recover()
    (kept,) = stored(store, "Observation")
    assert kept["note"] == [{"text": "溶血"}]
    assert kept["subject"] == {"reference": f"Patient/{record(store, 'NEW1')['id']}"}


async def test_a_result_made_final_before_the_merge_stays_with_the_survivor(store, feed, hospital):
    await feed.result("OLD9", "88", "P")
    await feed.result("OLD9", "", "U")
    await feed.merge("NEW1", "OLD9")
    sql = "UPDATE hl7v2_message SET state = 'received'"
    await store.write(lambda c: c.exec_driver_sql(sql).rowcount)
    await hospital.recover()
    (found,) = stored(store, "Observation")
    assert found["subject"] == {"reference": f"Patient/{record(store, 'NEW1')['id']}"}
    assert (found["status"], found["valueQuantity"]["value"]) == ("final", 88)


WITHDRAWN = {
    "final, then withdrawn": ["F", "D"],
    "corrected, then withdrawn": ["F", "C", "W"],
    "final, then cancelled": ["F", "X"],
    "withdrawn, then called final without its value": ["P", "D", "U"],
    "preliminary only, then withdrawn": ["P", "D"],
}


@pytest.mark.parametrize("life", WITHDRAWN.values(), ids=WITHDRAWN)
@pytest.mark.parametrize("backwards", [False, True], ids=["in order", "backwards"])
@pytest.mark.parametrize("merged", [None, 0, 1], ids=["one number", "merge first", "merge between"])
async def test_a_withdrawn_result_never_reaches_a_model(store, feed, life, backwards, merged):
    steps = list(enumerate(life, start=10))
    for place, (minute, status) in enumerate(reversed(steps) if backwards else steps):
        if place == merged:
            await feed.merge("NEW1", "OLD9")
        # The first statement came under the old number.
        number = "OLD9" if minute == 10 and merged is not None else "NEW1"
        value = "" if status in "DWXU" else "88"
        await feed("ORU^R01", person(number), OBR, obx(f5=value, f11=status), minute=minute)
    assert await readings(store, record(store, "NEW1")["id"])
    assert await usable(store, record(store, "NEW1")["id"]) == []


async def test_what_stands_reaches_a_model_from_both_records(store, feed):
    await feed.result("OLD9", "88")
    await feed.merge("NEW1", "OLD9")
    assert await usable(store, record(store, "NEW1")["id"]) == [88]


async def test_of_two_corrections_of_one_second_the_later_arrival_counts_also_again(
    store, feed, hospital
):
    for value in ("101", "102", "103"):
        await feed("ORU^R01", person("NEW1"), OBR, obx(f5=value, f11="C"), minute=30)
    survivor = record(store, "NEW1")["id"]
    assert await readings(store, survivor) == [("corrected", 103)]
    before = store.read_now(versions)
    sql = "UPDATE hl7v2_message SET state = 'received'"
    await store.write(lambda c: c.exec_driver_sql(sql).rowcount)
    assert await hospital.recover() == 3
    assert await readings(store, survivor) == [("corrected", 103)]
    assert store.read_now(versions) == before
