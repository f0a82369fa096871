"""A message's way from its bytes to its outcome: nothing lost, nothing twice, nothing half."""

import asyncio
from datetime import timedelta

import pytest

from fhir_server.hl7v2.intake import Intake
from fhir_server.hl7v2.problems import Refusal
from fhir_server.r4.codec import decode
from fhir_server.store import hl7v2_messages as messages
from fhir_server.store import resources
from fhir_server.store.connections import StoreUnavailable
from fhir_server.store.hl7v2_arrivals import insert_messages
from fhir_server.store.hl7v2_messages import NewMessage
from tests.unit.hl7v2.examples import (
    DATA,
    LIS,
    LOCAL_CODES,
    MSH,
    NOW,
    OBR,
    PID,
    ack_fields,
    count,
    intake,
    message,
    obx,
    with_field,
)
from tests.unit.hl7v2.examples import (
    resources as converted,
)

pytestmark = pytest.mark.anyio


def numbered(number: int, sent: str = "20261120103500+0800") -> str:
    return with_field(with_field(MSH, 10, f"C{number}"), 7, sent)


def released(at: str, status: str = "F") -> str:
    return with_field(with_field(OBR, 22, at), 25, status)


PLAIN = message(MSH, PID, OBR, obx())
OBSERVATION = f"Observation/{converted(PLAIN, 'Observation')[0]['id']}"


async def send(hospital: Intake, *lines: str, raw: bytes | None = None):
    return await hospital.answer(raw or message(*lines), channel="mllp", peer=LIS)


def creatinine(store) -> dict:
    """The one creatinine in the store, whoever its patient is."""
    (found,) = everything(store, "Observation")
    return found


def everything(store, type: str) -> list[dict]:
    sql = (
        "SELECT v.body FROM resource r JOIN resource_version v "
        "ON v.rid = r.rid AND v.version = r.version WHERE r.type = ? AND NOT r.deleted "
        "ORDER BY r.rid"
    )
    rows = store.read_now(lambda c: c.exec_driver_sql(sql, (type,)).fetchall())
    return [decode(body) for (body,) in rows]


async def test_a_message_is_stored_converted_and_acknowledged(store, hospital):
    answer = await send(hospital, raw=PLAIN)
    assert answer.code == "AA"
    known = store.read_now(lambda c: messages.get(c, answer.message_id))
    assert (known.state, known.body, known.acknowledgment) == (
        "processed",
        PLAIN,
        answer.acknowledgment,
    )
    (patient,) = everything(store, "Patient")
    found = creatinine(store)
    assert found["subject"]["reference"] == f"Patient/{patient['id']}"
    assert everything(store, "DiagnosticReport")[0]["result"] == [
        {"reference": f"Observation/{found['id']}"}
    ]


async def test_the_whole_chinese_panel_and_its_correction(store, hospital):
    first = await send(hospital, raw=(DATA / "zh_lipids_renal_gb18030.hl7").read_bytes())
    assert (first.code, len(everything(store, "Observation"))) == ("AA", 7)
    second = await send(hospital, raw=(DATA / "zh_vital_signs_utf8.hl7").read_bytes())
    assert (second.code, len(everything(store, "Observation"))) == ("AA", 12)
    assert len(everything(store, "Patient")) == 1
    hospital._now.now = NOW + timedelta(hours=2)
    third = await send(hospital, raw=(DATA / "zh_creatinine_corrected_gbk.hl7").read_bytes())
    assert third.code == "AA"
    assert len(everything(store, "Observation")) == 12
    (corrected,) = [
        each for each in everything(store, "Observation") if each["status"] == "corrected"
    ]
    assert str(corrected["valueQuantity"]["value"]) == "108"
    assert corrected["meta"]["versionId"] == "2"


async def test_provenance_names_the_sender_and_the_message(store, hospital):
    answer = await send(hospital, raw=PLAIN)
    (found,) = everything(store, "Provenance")
    assert found["entity"][0]["what"]["identifier"]["value"] == answer.message_id
    assert found["agent"][0]["who"]["display"] == "LIS @ DEMOHOSP"
    targets = {each["reference"].partition("/")[0] for each in found["target"]}
    assert targets == {"Patient", "ServiceRequest", "DiagnosticReport", "Observation"}


async def test_an_identical_resend_gets_the_same_answer_and_no_second_row(store, hospital, clock):
    first = await send(hospital, raw=PLAIN)
    clock.now += timedelta(minutes=3)
    again = await send(hospital, raw=PLAIN)
    assert again.acknowledgment == first.acknowledgment
    assert count(store, "hl7v2_message") == 1
    assert creatinine(store)["meta"]["versionId"] == "1"


async def test_identical_messages_at_the_same_time_are_processed_once(store, hospital):
    answers = await asyncio.gather(*(send(hospital, raw=PLAIN) for _ in range(8)))
    assert len({each.acknowledgment for each in answers}) == 1
    assert count(store, "hl7v2_message") == 1


async def test_another_message_under_a_used_control_id_is_kept_and_refused(store, hospital):
    await send(hospital, raw=PLAIN)
    answer = await send(hospital, MSH, PID, OBR, obx(f5="99"))
    fields = ack_fields(answer.acknowledgment)
    assert (answer.code, fields["ERR"][0][2]) == ("AE", "MSH^1^10")
    assert count(store, "hl7v2_message", state="quarantined") == 1
    assert creatinine(store)["valueQuantity"]["value"] == 88
    again = await send(hospital, MSH, PID, OBR, obx(f5="99"))
    assert again.acknowledgment == answer.acknowledgment


async def test_another_sender_may_use_the_same_control_id(store, hospital):
    await send(hospital, raw=PLAIN)
    assert (await send(hospital, with_field(MSH, 3, "LIS2"), PID, OBR, obx())).code == "AA"


async def test_a_refused_message_is_kept_listed_and_leaves_nothing_behind(store, hospital):
    answer = await send(hospital, MSH, PID, OBR, obx(), obx(f1="2", f3=""))
    assert ack_fields(answer.acknowledgment)["ERR"][0][2] == "OBX^2^3"
    assert count(store, "resource") == 0
    (listed,) = await hospital.listed(messages.UNSUCCESSFUL)
    assert (listed.state, listed.control_id, listed.sender) == ("rejected", "C1", "LIS|DEMOHOSP")
    assert listed.errors[0]["location"] == "OBX^2^3"
    assert "张" not in str(listed)


async def test_the_processing_id_decides_whether_a_test_message_reaches_the_record(store, clock):
    trial = message(with_field(MSH, 11, "T"), PID, OBR, obx())
    assert (await send(intake(store, clock), raw=trial)).code == "AR"
    lenient = intake(store, clock, processing_ids=frozenset("PT"))
    later = message(with_field(numbered(2), 11, "T"), PID, OBR, obx())
    assert (await send(lenient, raw=later)).code == "AA"


async def test_a_wrong_character_set_is_refused_and_the_bytes_are_kept(store, hospital):
    raw = PLAIN.replace("肌酐".encode(), "肌酐".encode("gb18030"))
    answer = await send(hospital, raw=raw)
    assert answer.code == "AE"
    assert ack_fields(answer.acknowledgment)["ERR"][0][3].startswith("102^")
    assert store.read_now(lambda c: messages.get(c, answer.message_id)).body == raw


async def test_the_configured_character_set_reads_messages_without_msh_18(store, clock):
    raw = "\r".join([MSH, PID, OBR, obx()]).encode("gb18030")
    answer = await send(intake(store, clock, default_charset="GB18030"), raw=raw)
    assert answer.code == "AA"
    assert everything(store, "Patient")[0]["name"][0]["family"] == "张"


async def test_a_correction_replaces_the_result_and_keeps_the_others_in_the_report(store, hospital):
    await send(hospital, numbered(1), PID, OBR, obx(), obx(f1="2", f3="TC^总胆固醇^99LIS"))
    await send(
        hospital,
        numbered(2, "20261120140000+0800"),
        PID,
        released("20261120133000", "C"),
        obx(f5="108", f11="C"),
    )
    first, second = everything(store, "Observation")
    assert (first["status"], first["valueQuantity"]["value"]) == ("corrected", 108)
    assert second["status"] == "final"
    (report,) = everything(store, "DiagnosticReport")
    assert report["status"] == "corrected"
    assert len(report["result"]) == 2


EARLY = (numbered(1), PID, released("20261120100000", "P"), obx(f5="80", f11="P"))
FINAL = (numbered(2, "20261120110000+0800"), PID, released("20261120103000"), obx())
FIXED = (
    numbered(3, "20261120140000+0800"),
    PID,
    released("20261120133000", "C"),
    obx(f5="108", f11="C"),
)
GONE = (
    numbered(4, "20261120150000+0800"),
    PID,
    released("20261120143000", "C"),
    obx(f5="108", f11="W"),
)


@pytest.mark.parametrize(
    ("order", "status", "value"),
    [
        ((EARLY, FINAL), "final", 88),
        ((FINAL, EARLY), "final", 88),
        ((FINAL, FIXED), "corrected", 108),
        ((FIXED, FINAL), "corrected", 108),
        ((FIXED, EARLY, FINAL), "corrected", 108),
        ((FINAL, GONE), "entered-in-error", 108),
        ((GONE, FINAL, FIXED, EARLY), "entered-in-error", 108),
    ],
)
async def test_messages_in_any_order_end_in_the_same_state(store, hospital, order, status, value):
    answers = [await send(hospital, *lines) for lines in order]
    assert {each.code for each in answers} == {"AA"}
    found = creatinine(store)
    assert (found["status"], found["valueQuantity"]["value"]) == (status, value)


async def test_a_late_arrival_is_listed_as_superseded(store, hospital):
    await send(hospital, *FIXED)
    answer = await send(hospital, *FINAL)
    details = store.read_now(lambda c: messages.details(c, answer.message_id))
    kinds = {each.partition("/")[0] for each in details["superseded"]}
    assert "Observation" in kinds
    assert creatinine(store)["meta"]["versionId"] == "1"


async def test_a_late_preliminary_result_never_replaces_a_final_one_whatever_its_times(
    store, hospital
):
    await send(hospital, *FINAL)
    late = (
        numbered(9, "20261120180000+0800"),
        PID,
        released("20261120170000", "P"),
        obx(f5="80", f11="P"),
    )
    await send(hospital, *late)
    assert creatinine(store)["status"] == "final"


async def test_the_same_content_again_makes_no_new_version(store, hospital):
    await send(hospital, *FINAL)
    versions = count(store, "resource_version")
    repeated = (numbered(7, "20261120113000+0800"), *FINAL[1:])
    assert (await send(hospital, *repeated)).code == "AA"
    # The message's own Provenance is new, nothing else.
    assert count(store, "resource_version") == versions + 1


@pytest.mark.parametrize("early_first", [True, False])
async def test_a_bare_change_to_final_keeps_the_value(store, hospital, early_first):
    finalised = (numbered(5, "20261120120000+0800"), PID, released("20261120110000"),
                 obx(f5="", f11="U"))  # fmt: skip
    order = (EARLY, finalised) if early_first else (finalised, EARLY)
    for lines in order:
        assert (await send(hospital, *lines)).code == "AA"
    found = creatinine(store)
    assert (found["status"], found["valueQuantity"]["value"]) == ("final", 80)


async def test_a_bare_change_to_final_does_not_revive_a_withdrawn_result(store, hospital):
    await send(hospital, *GONE)
    revived = (numbered(5, "20261120160000+0800"), PID, released("20261120153000"),
               obx(f5="", f11="U"))  # fmt: skip
    await send(hospital, *revived)
    assert creatinine(store)["status"] == "entered-in-error"


async def test_a_reused_order_number_never_touches_another_patient_s_result(store, hospital):
    await send(hospital, raw=PLAIN)
    other = with_field(with_field(PID, 3, "777^^^DEMOHOSP^MR"), 5, "李^娜")
    await send(hospital, numbered(2), other, OBR, obx(f5="55"))
    first, second = everything(store, "Observation")
    assert first["valueQuantity"]["value"] == 88
    assert first["subject"] != second["subject"]


async def put(store, resource: dict) -> None:
    await store.write(lambda c: resources.put(c, resource, now=NOW))


def emr_patient(id: str, *values: str, **more) -> dict:
    identifiers = [{"system": "urn:id:DEMOHOSP", "value": value} for value in values]
    return {"resourceType": "Patient", "id": id, "identifier": identifiers, **more}


async def test_the_emr_s_patient_is_found_by_identifier_and_left_as_it_is(store, hospital):
    await put(store, emr_patient("emr-1", "000123456", birthDate="1968-03-12"))
    await send(hospital, raw=PLAIN)
    assert creatinine(store)["subject"]["reference"] == "Patient/emr-1"
    (patient,) = everything(store, "Patient")
    assert patient["meta"]["versionId"] == "1"


async def test_an_identifier_is_compared_exactly(store, hospital):
    await put(store, emr_patient("emr-1", "a7"))
    await send(hospital, MSH, with_field(PID, 3, "A7^^^DEMOHOSP^MR"), OBR, obx())
    assert creatinine(store)["subject"]["reference"] != "Patient/emr-1"


async def test_identifiers_of_two_patients_are_refused(store, hospital):
    await put(store, emr_patient("emr-1", "000123456"))
    await put(store, emr_patient("emr-2", "999"))
    both = with_field(PID, 3, "000123456^^^DEMOHOSP^MR~999^^^DEMOHOSP^PI")
    answer = await send(hospital, MSH, both, OBR, obx())
    assert ack_fields(answer.acknowledgment)["ERR"][0][2:4] == [
        "PID^1^3",
        "205^Duplicate key identifier^HL70357",
    ]
    assert everything(store, "Observation") == []


async def test_results_of_a_merged_patient_go_to_the_survivor(store, hospital):
    link = [{"type": "replaced-by", "other": {"reference": "Patient/emr-2"}}]
    await put(store, emr_patient("emr-2", "999"))
    await put(store, emr_patient("emr-1", "000123456", active=False, link=link))
    await send(hospital, raw=PLAIN)
    assert creatinine(store)["subject"]["reference"] == "Patient/emr-2"


async def test_another_birth_date_is_warned_of_and_another_person_refused(store, hospital):
    await put(store, emr_patient("emr-1", "000123456", birthDate="1968-03-13", gender="male"))
    answer = await send(hospital, raw=PLAIN)
    assert answer.code == "AA"
    assert ack_fields(answer.acknowledgment)["ERR"][0][2] == "PID^1^7"
    await put(store, emr_patient("emr-1", "000123456", birthDate="1990-01-01", gender="female"))
    answer = await send(hospital, numbered(2), PID, OBR, obx())
    assert (answer.code, ack_fields(answer.acknowledgment)["ERR"][0][3][:3]) == ("AE", "205")


async def test_a_patient_made_by_messages_is_completed_by_later_ones(store, hospital):
    bare = with_field(with_field(PID, 7, ""), 8, "")
    await send(hospital, numbered(1), bare, OBR, obx())
    await send(hospital, numbered(2, "20261120120000+0800"), PID, OBR, obx())
    (patient,) = everything(store, "Patient")
    assert (patient["birthDate"], patient["gender"]) == ("1968-03-12", "male")
    # A late older message adds nothing that contradicts the newer one.
    await send(
        hospital, numbered(3, "20261120090000+0800"), with_field(PID, 5, "旧^名"), OBR, obx()
    )
    assert everything(store, "Patient")[0]["name"][0]["family"] == "张"


async def test_a_result_deleted_over_fhir_comes_back_only_with_newer_content(store, hospital):
    await send(hospital, *FINAL)
    reference = creatinine(store)["id"]
    await store.write(lambda c: resources.delete(c, "Observation", reference, now=NOW))
    await send(hospital, numbered(7, "20261120090000+0800"), *EARLY[1:])
    assert everything(store, "Observation") == []
    await send(hospital, *FIXED)
    assert creatinine(store)["status"] == "corrected"


async def test_a_message_left_received_by_a_crash_is_processed_at_the_next_start(store, hospital):
    row = NewMessage(
        id="left", received=resources.microseconds(NOW), channel="mllp", peer="p",
        sender="LIS|DEMOHOSP", control_id="C1", type="ORU^R01", sha256="x", key="k",
        body=PLAIN,
    )  # fmt: skip
    await store.write(lambda c: insert_messages(c, [(row, None)]))
    assert await hospital.recover() == 1
    assert store.read_now(lambda c: messages.get(c, "left")).state == "processed"
    assert creatinine(store)["status"] == "final"
    assert await hospital.recover() == 0


class BrokenCodes:
    """A translator with a fault of ours."""

    broken = True

    def translate(self, system, code):
        if self.broken:
            raise RuntimeError("secret 张伟")
        return LOCAL_CODES.translate(system, code)


async def test_a_fault_of_ours_keeps_the_message_answers_ar_and_is_tried_again(store, clock):
    codes = BrokenCodes()
    broken = intake(store, clock, codes=codes)
    answer = await send(broken, raw=PLAIN)
    assert (answer.code, answer.may_be_repeated) == ("AR", True)
    (listed,) = await broken.listed(("failed",))
    assert listed.errors[0]["code"] == "207"
    assert "张" not in str(listed.errors)
    assert count(store, "resource") == 0
    codes.broken = False
    assert (await send(broken, raw=PLAIN)).code == "AA"
    assert count(store, "hl7v2_message") == 1


class FullStore:
    """A store that cannot take anything."""

    is_quiet = True

    async def write(self, job):
        raise StoreUnavailable("disk full")

    def submit(self, job, settled, *, alone=None):
        settled(None, StoreUnavailable("disk full"))


async def test_what_cannot_be_stored_is_never_acknowledged(clock):
    full = intake(FullStore(), clock)
    answer = await send(full, raw=PLAIN)
    assert (answer.code, answer.may_be_repeated) == ("AR", True)
    assert await full.fault("too-long", PLAIN, channel="mllp", peer=LIS) is not None


class WatchedCodes:
    """A translator that tells when a conversion has begun."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    def translate(self, system, code):
        self.asked.set()
        return ()


async def test_the_sender_hangs_up_and_the_message_is_processed_all_the_same(store, clock):
    codes = WatchedCodes()
    watched = intake(store, clock, codes=codes)
    waiting = asyncio.create_task(send(watched, raw=PLAIN))
    await codes.asked.wait()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await watched.drain()
    assert creatinine(store)["status"] == "final"


async def test_each_answer_is_counted(store, clock):
    seen = []
    counting = intake(store, clock, options={"on_answer": lambda answer: seen.append(answer.code)})
    await send(counting, raw=PLAIN)
    await send(counting, raw=b"HELLO")
    assert seen == ["AA", "AR"]


async def test_half_a_frame_is_kept_without_an_answer_and_is_no_duplicate(store, hospital):
    half = PLAIN[:120]
    assert await hospital.fault("half-frame", half, channel="mllp", peer=LIS) is None
    assert (await send(hospital, raw=PLAIN)).code == "AA"
    assert count(store, "hl7v2_message", state="quarantined") == 1
    assert await hospital.fault("half-frame", half, channel="mllp", peer=LIS) is None
    assert count(store, "hl7v2_message", state="quarantined") == 1


async def test_a_frame_that_is_too_long_is_answered_ar_with_its_control_id(store, hospital):
    answer = await hospital.fault("too-long", PLAIN[:200], channel="mllp", peer=LIS)
    fields = ack_fields(answer)
    assert fields["MSA"][0][1:3] == ["AR", "C1"]
    assert fields["ERR"][0][3].startswith("104^")


def test_a_refusal_needs_a_reason():
    with pytest.raises(ValueError, match="at least one"):
        Refusal()
