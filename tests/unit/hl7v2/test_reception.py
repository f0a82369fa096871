"""Registered senders: who is refused, and how each one's messages are read in its own way."""

from collections.abc import Mapping

import pytest

from fhir_server.hl7v2.senders import Peer, Sender, Senders, network
from fhir_server.store import hl7v2_messages as messages
from terminology.codings import Coding
from terminology.local_codes import LocalCodes
from tests.unit.hl7v2.examples import (
    LIS,
    LOCAL_CODES,
    MSH,
    OBR,
    PID,
    ack_fields,
    count,
    intake,
    message,
    obx,
    with_field,
)
from tests.unit.hl7v2.test_intake import everything, send

pytestmark = pytest.mark.anyio

PLAIN = message(MSH, PID, OBR, obx())
HOUSE = (network("10.0.0.0/24"),)
STRANGER = Peer("203.0.113.9")


def registered(*senders: Sender) -> Senders:
    by_name: Mapping = {(each.application, each.facility): each for each in senders}
    return Senders(by_name, tuple(each for each in senders if each.stands_in))


def lis(**changed) -> Sender:
    values = {"name": "LIS", "application": "LIS", "facility": "DEMOHOSP", "addresses": HOUSE}
    return Sender(**(values | changed))


def hospital_of(store, clock, *senders: Sender, **more):
    return intake(store, clock, senders=registered(*senders), **more)


async def test_a_registered_sender_is_taken_from_its_address(store, clock):
    assert (await send(hospital_of(store, clock, lis()), raw=PLAIN)).code == "AA"
    assert len(everything(store, "Observation")) == 1


@pytest.mark.parametrize(
    ("raw", "peer"),
    [
        (PLAIN, STRANGER),
        (message(with_field(MSH, 3, "OTHER"), PID, OBR, obx()), LIS),
        (message(with_field(MSH, 4, ""), PID, OBR, obx()), LIS),
        (message(with_field(with_field(MSH, 3, ""), 4, ""), PID, OBR, obx()), LIS),
    ],
)
async def test_anybody_else_is_answered_ar_at_msh_3_and_kept_in_quarantine(store, clock, raw, peer):
    hospital = hospital_of(store, clock, lis())
    answer = await hospital.answer(raw, channel="mllp", peer=peer)
    fields = ack_fields(answer.acknowledgment)
    assert (answer.code, fields["ERR"][0][2]) == ("AR", "MSH^1^3")
    assert fields["ERR"][0][3].startswith("204^")
    assert everything(store, "Observation") == []
    (listed,) = await hospital.listed(("quarantined",))
    assert listed.peer == str(peer)
    assert store.read_now(lambda c: messages.get(c, listed.id)).body == raw
    # Sent again it is the same row, the same answer.
    again = await hospital.answer(raw, channel="mllp", peer=peer)
    assert again.acknowledgment == answer.acknowledgment
    assert count(store, "hl7v2_message") == 1


async def test_a_stranger_cannot_use_up_the_control_ids_of_a_registered_sender(store, clock):
    hospital = hospital_of(store, clock, lis())
    forged = message(MSH, PID, OBR, obx(f5="999"))
    await hospital.answer(forged, channel="mllp", peer=STRANGER)
    await hospital.answer(PLAIN, channel="mllp", peer=STRANGER)
    assert (await send(hospital, raw=PLAIN)).code == "AA"
    (found,) = everything(store, "Observation")
    assert found["valueQuantity"]["value"] == 88
    assert count(store, "hl7v2_message", state="quarantined") == 2


async def test_what_a_stranger_sent_is_processed_once_an_operator_releases_it(store, clock):
    hospital = hospital_of(store, clock, lis())
    answer = await hospital.answer(PLAIN, channel="mllp", peer=STRANGER)
    released = await hospital.process_again(answer.message_id)
    assert released.code == "AA"
    assert len(everything(store, "Observation")) == 1
    # Its sender still gets what it got.
    again = await hospital.answer(PLAIN, channel="mllp", peer=STRANGER)
    assert again.acknowledgment == answer.acknowledgment


async def test_a_certificate_stands_for_a_sender_from_anywhere(store, clock):
    hospital = hospital_of(store, clock, lis(addresses=(), certificates=frozenset({"lis-1"})))
    taken = await hospital.answer(PLAIN, channel="mllp", peer=Peer("203.0.113.9", ("lis-1",)))
    assert taken.code == "AA"
    other = with_field(MSH, 10, "C2")
    refused = await hospital.answer(message(other), channel="mllp", peer=Peer("10.0.0.7"))
    assert refused.code == "AR"


async def test_a_sender_that_leaves_its_names_empty_is_known_by_its_address(store, clock):
    hospital = hospital_of(store, clock, lis(stands_in=True))
    nameless = message(with_field(with_field(MSH, 3, ""), 4, ""), PID, OBR, obx())
    first = await send(hospital, raw=nameless)
    assert first.code == "AA"
    (provenance,) = everything(store, "Provenance")
    assert provenance["agent"][0]["who"]["display"] == "LIS @ DEMOHOSP"
    # The same key as if it had named itself: another body under its control id is told.
    assert (await send(hospital, MSH, PID, OBR, obx(f5="99"))).code == "AE"
    # After a restart it is read in the same way.
    later = hospital_of(store, clock, lis(stands_in=True))
    assert (await later.process_again(first.message_id)).code == "AA"
    assert everything(store, "Observation")[0]["meta"]["versionId"] == "1"


async def test_the_sender_says_the_character_set_that_its_messages_do_not_name(store, clock):
    hospital = hospital_of(store, clock, lis(charset="GB18030"), default_charset="UTF-8")
    raw = "\r".join([MSH, PID, OBR, obx()]).encode("gb18030")
    assert (await send(hospital, raw=raw)).code == "AA"
    assert everything(store, "Patient")[0]["name"][0]["family"] == "张"


async def test_a_set_that_is_named_wins_over_the_senders_usual_one(store, clock):
    hospital = hospital_of(store, clock, lis(charset="GB18030"))
    raw = message(with_field(MSH, 18, "UNICODE UTF-8"), PID, OBR, obx())
    assert (await send(hospital, raw=raw)).code == "AA"
    assert everything(store, "Patient")[0]["name"][0]["family"] == "张"


async def test_a_sender_known_to_name_the_wrong_set_is_read_in_its_own(store, clock):
    declared = with_field(MSH, 18, "8859/1")
    raw = "\r".join([declared, PID, OBR, obx()]).encode("gb18030")
    assert (await send(hospital_of(store, clock, lis()), raw=raw)).code == "AE"
    hospital = hospital_of(store, clock, lis(charset_always="GB18030"))
    raw = raw.replace(b"|C1|", b"|C2|")
    answer = await send(hospital, raw=raw)
    assert answer.code == "AA"
    assert everything(store, "Patient")[0]["name"][0]["family"] == "张"


async def test_a_sender_has_its_own_time_zone_and_processing_ids(store, clock):
    from zoneinfo import ZoneInfo

    urumqi = lis(zone=ZoneInfo("Asia/Kathmandu"), processing_ids=frozenset("T"))
    hospital = hospital_of(store, clock, urumqi)
    bare = with_field(with_field(MSH, 7, "20261120103500"), 11, "T")
    result = obx(f14="20261120080000")
    assert (await send(hospital, bare, PID, OBR, result)).code == "AA"
    assert everything(store, "Observation")[0]["effectiveDateTime"].endswith("+05:45")
    production = with_field(with_field(bare, 10, "C2"), 11, "P")
    assert (await send(hospital, production, PID, OBR, result)).code == "AR"


async def test_a_sender_has_its_own_local_codes(store, clock):
    theirs = LocalCodes(
        {("urn:id:DEMOHOSP:99LIS", "CREA"): Coding("http://loinc.org", "2160-0", "Creatinine")}
    ).before(LOCAL_CODES)
    hospital = intake(store, clock, senders=registered(lis()), sender_codes={"LIS": theirs})
    two = obx(f1="2", f3="TC^总胆固醇^99LIS")
    assert (await send(hospital, MSH, PID, OBR, obx(), two)).code == "AA"
    codes = {
        coding["code"]
        for each in everything(store, "Observation")
        for coding in each["code"]["coding"]
        if coding["system"] == "http://loinc.org"
    }
    # What the sender's own table does not say, the hospital's does.
    assert codes == {"2160-0", "14647-2"}


async def test_a_sender_is_acknowledged_in_its_own_way(store, clock):
    hospital = hospital_of(store, clock, lis(acknowledge="stored"))
    answer = await send(hospital, MSH, with_field(PID, 3, ""), OBR, obx())
    # Kept, and so acknowledged; what is wrong with its content is listed, not lost.
    assert answer.code == "AA"
    await hospital.drain()
    (listed,) = await hospital.listed(("rejected",))
    assert listed.errors[0]["location"] == "PID^1^3"
