"""Stored messages processed again: nothing changes that need not, nothing newer is overwritten."""

from collections.abc import Iterator

import pytest

from fhir_server.hl7v2.operations import Judge, Operations
from fhir_server.hl7v2.refusals import Refused
from fhir_server.hl7v2.replay import Replay, Tally
from fhir_server.store import hl7v2_log as log
from fhir_server.store import hl7v2_unmapped, resources
from fhir_server.store.database import Database
from fhir_server.store.hl7v2_log import Filter
from terminology.codings import Coding
from terminology.local_codes import LocalCodes
from tests.support.fhir_store import BOTH, fresh_url
from tests.unit.hl7v2.examples import (
    LIS,
    LOCAL_CODES,
    MSH,
    NOW,
    OBR,
    PID,
    SHANGHAI,
    Clock,
    intake,
    message,
    obx,
    stored,
    with_field,
)

pytestmark = pytest.mark.anyio

URIC = obx(f1="2", f3="UA^尿酸^99LIS", f5="420")
LI = Judge("李医生")


@pytest.fixture(params=BOTH)
def database(request) -> Iterator[Database]:
    """A store on each of the two databases."""
    with fresh_url(request.param) as url:
        opened = Database.open(url, zone=SHANGHAI)
        yield opened
        opened.close()


@pytest.fixture
def ward(database, clock):
    """The demo hospital's intake on that store."""
    return intake(database, clock)


def lab(id: str, *segments: str, sent: str = "20261120103500+0800", patient: str = "") -> bytes:
    """A message of the laboratory under a control id of its own."""
    header = with_field(with_field(MSH, 10, id), 7, sent)
    pid = with_field(PID, 3, f"{patient}^^^DEMOHOSP^MR") if patient else PID
    return message(header, pid, OBR, *(segments or (obx(),)))


async def send(ward, raw: bytes) -> str:
    return (await ward.answer(raw, channel="mllp", peer=LIS)).message_id


async def all_again(database, ward) -> Tally:
    return await Replay(database, ward).matching(Filter())


def versions(database) -> int:
    sql = "SELECT count(*) FROM resource_version"
    return int(database.read_now(lambda c: c.exec_driver_sql(sql).scalar_one()))


def observations(database) -> list[dict]:
    sql = "SELECT id FROM resource WHERE type = 'Observation' ORDER BY id"
    found = database.read_now(lambda c: c.exec_driver_sql(sql).all())
    return [stored(database, f"Observation/{id}") for (id,) in found]


async def test_replaying_everything_makes_no_new_version(database, ward):
    await send(ward, lab("A1", obx(f11="P", f5="90")))
    await send(ward, lab("A2", obx(f11="F"), URIC, sent="20261120110000+0800"))
    await send(ward, lab("A3", obx(f11="C", f5="91"), sent="20261120120000+0800"))
    await send(ward, lab("B1", patient="777"))
    await send(ward, lab("X1", obx(f3="")))  # refused: what was observed cannot be told
    before = versions(database)

    tally = await all_again(database, ward)

    assert tally == Tally(total=5, unchanged=4, refused=1)
    assert versions(database) == before
    assert (tally.processed, tally.done) == (4, 5)


async def test_of_two_messages_with_the_same_times_the_later_one_stays(database, ward):
    await send(ward, lab("A1", obx(f5="88")))
    await send(ward, lab("A2", obx(f5="89")))
    before = versions(database)
    tally = await all_again(database, ward)
    (result,) = observations(database)
    assert str(result["valueQuantity"]["value"]) == "89"
    assert (tally.unchanged, versions(database)) == (2, before)


async def test_what_somebody_wrote_over_fhir_since_is_not_overwritten(database, ward):
    await send(ward, lab("A1"))
    (result,) = observations(database)
    noted = {**result, "note": [{"text": "标本溶血"}]}
    await database.write(lambda c: resources.put(c, noted, now=NOW))
    before = versions(database)

    tally = await all_again(database, ward)
    assert (tally.unchanged, versions(database)) == (1, before)
    assert observations(database)[0]["note"] == [{"text": "标本溶血"}]

    await send(ward, lab("A2", obx(f11="C", f5="70"), sent="20261120120000+0800"))
    assert "note" not in observations(database)[0]


async def test_a_result_deleted_over_fhir_does_not_come_back(database, ward):
    await send(ward, lab("A1"))
    (result,) = observations(database)
    await database.write(lambda c: resources.delete(c, "Observation", result["id"], now=NOW))
    before = versions(database)
    await all_again(database, ward)
    assert versions(database) == before


async def test_a_message_that_would_be_refused_today_stays_what_it_is(database, clock):
    id = await send(intake(database, clock), lab("A1"))
    stricter = intake(database, clock, processing_ids=frozenset("T"))
    tally = await all_again(database, stricter)
    assert tally == Tally(total=1, refused=1)
    message_ = database.read_now(lambda c: log.logged(c, id))
    assert (message_.listed.state, message_.account["converted"]) == ("processed", 4)


async def test_a_filter_limits_what_is_processed_again(database, ward):
    await send(ward, lab("A1"))
    await send(ward, lab("X1", obx(f3="")))
    only = await Replay(database, ward).matching(Filter(("rejected",)))
    assert only == Tally(total=1, refused=1)
    nobody = await Replay(database, ward).matching(Filter(sender="RIS"))
    assert nobody == Tally(total=0)


@pytest.mark.parametrize("state", ["quarantined", "discarded", "received"])
async def test_what_a_person_has_to_judge_is_no_part_of_any_replay(database, ward, state):
    await send(ward, lab("A1"))
    other = await send(ward, lab("A1", obx(f5="99"), patient="777"))
    if state != "quarantined":
        await database.write(lambda c: log.decide(c, other, state, {"action": "test"}))
    with pytest.raises(Refused, match=f"state {state}"):
        await Replay(database, ward).matching(Filter(("processed", state)))
    await all_again(database, ward)
    assert len(observations(database)) == 1


async def test_codes_that_a_table_maps_by_now_reach_the_results_that_waited(database, clock):
    waiting = intake(database, clock)  # maps CREA, not UA
    await send(waiting, lab("A1", obx(), URIC))
    await send(waiting, lab("A2", URIC, patient="777"))
    await send(waiting, lab("A3", obx(f3="XX^未知^99LIS"), patient="888"))
    found = database.read_now(hl7v2_unmapped.codes)
    assert [(each.code, each.results) for each in found] == [("UA", 2), ("XX", 1)]
    before = versions(database)

    table = LocalCodes({("urn:id:DEMOHOSP:99LIS", "UA"): Coding("http://loinc.org", "14933-6")})
    mapped = intake(database, clock, codes=table.before(LOCAL_CODES))
    tally = await Replay(database, mapped).newly_mapped((table,))

    assert (tally.changed, tally.versions, tally.total) == (2, 2, 2)
    assert versions(database) == before + 2
    coded = [o for o in observations(database) if _loinc(o) == "14933-6"]
    assert len(coded) == 2
    left = database.read_now(hl7v2_unmapped.codes)
    assert [(each.code, each.results) for each in left] == [("XX", 1)]
    again = await Replay(database, mapped).newly_mapped((table,))
    assert again == Tally(total=0)


async def test_a_bare_change_of_status_takes_the_mapping_too(database, clock):
    waiting = intake(database, clock)
    await send(waiting, lab("A1", obx(f3="UA^尿酸^99LIS")))
    finalised = obx(f3="UA^尿酸^99LIS", f5="", f11="U")
    await send(waiting, lab("A2", finalised, sent="20261120120000+0800"))
    table = LocalCodes({("urn:id:DEMOHOSP:99LIS", "UA"): Coding("http://loinc.org", "14933-6")})
    mapped = intake(database, clock, codes=table)
    await Replay(database, mapped).newly_mapped((table,))
    (result,) = observations(database)
    assert (_loinc(result), str(result["valueQuantity"]["value"])) == ("14933-6", "88")


async def test_release_processes_a_message_a_person_has_judged(database, ward):
    await send(ward, lab("A1"))
    other = await send(ward, lab("A1", obx(f5="99")))
    desk = Operations(database, ward, Clock())
    with pytest.raises(Refused, match="release"):
        await desk.replay(other)

    answer = await desk.release(other, LI, "LIS 重启后重复编号")

    assert (answer.code, answer.versions > 0) == ("AA", True)
    message_ = await desk.logged(other)
    assert message_.listed.state == "processed"
    (decision,) = message_.decisions
    assert decision == {
        "action": "release",
        "at": "2026-11-20T12:00:00.000Z",
        "by": "李医生",
        "reason": "LIS 重启后重复编号",
    }
    # Its sender was told AE and is told so again.
    again = await ward.answer(lab("A1", obx(f5="99")), channel="mllp", peer=LIS)
    assert (again.code, again.message_id) == ("AE", other)
    with pytest.raises(Refused, match="not in quarantine"):
        await desk.release(other, LI)


async def test_a_discarded_message_is_kept_and_not_processed(database, ward):
    await send(ward, lab("A1"))
    other = await send(ward, lab("A1", obx(f5="99")))
    desk = Operations(database, ward, Clock())
    with pytest.raises(Refused, match="reason"):
        await desk.discard(other, LI, " ")
    await desk.discard(other, LI, "测试消息")
    message_ = await desk.logged(other)
    assert (message_.listed.state, message_.body) == ("discarded", lab("A1", obx(f5="99")))
    before = versions(database)
    assert (await all_again(database, ward)).total == 1
    assert versions(database) == before
    with pytest.raises(Refused, match="discarded"):
        await desk.replay(other)
    await desk.release(other, LI, "还是需要")
    assert [each["action"] for each in (await desk.logged(other)).decisions] == [
        "discard",
        "release",
    ]


async def test_half_a_message_cannot_be_released(database, ward):
    """Its last value may be cut in the middle: 12 of 120."""
    await ward.fault("half-frame", lab("A1")[:-40], channel="mllp", peer=LIS)
    desk = Operations(database, ward, Clock())
    ((_, kept),) = database.read_now(
        lambda c: log.page(c, Filter(("quarantined",)), before=None, most=5)
    )
    with pytest.raises(Refused, match="no whole message"):
        await desk.release(kept.id, LI)
    await desk.discard(kept.id, LI, "发送方已重发")
    assert observations(database) == []


async def test_a_release_that_a_stop_cut_off_is_taken_up_at_the_next_start(
    database, clock, monkeypatch
):
    ward = intake(database, clock)
    await send(ward, lab("A1"))
    other = await send(ward, lab("A1", obx(f5="99"), patient="777"))

    async def stopped(_id: str) -> None:
        raise RuntimeError("the process ends here")

    monkeypatch.setattr(ward, "process_again", stopped)
    with pytest.raises(RuntimeError):
        await Operations(database, ward, clock).release(other, LI)
    await intake(database, clock).recover()
    assert len(observations(database)) == 2
    assert database.read_now(lambda c: log.logged(c, other)).listed.state == "processed"


async def test_a_message_that_is_being_processed_is_left_alone_unless_it_is_stuck(database, clock):
    ward = intake(database, clock)
    id = await send(ward, lab("A1"))
    await database.write(lambda c: log.decide(c, id, "received", {"action": "test"}))
    desk = Operations(database, ward, clock)
    with pytest.raises(Refused, match="being processed"):
        await desk.replay(id)
    later = Operations(database, ward, Clock(NOW.replace(hour=13)))
    assert (await later.replay(id)).code == "AA"


async def test_what_there_is_not_is_refused_in_words(database, ward):
    desk = Operations(database, ward, Clock())
    for work in (desk.replay("m0"), desk.release("m0", LI), desk.discard("m0", LI, "x")):
        with pytest.raises(Refused) as refused:
            await work
        assert refused.value.status == 404
        assert refused.value.said("zh-CN") == "没有编号为 m0 的消息"


def _loinc(observation: dict) -> str | None:
    for coding in observation["code"]["coding"]:
        if coding["system"] == "http://loinc.org":
            return coding["code"]
    return None
