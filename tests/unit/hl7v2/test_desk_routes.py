"""The operator's side of the intake over HTTP."""

import asyncio

import pytest

from tests.support.hl7v2_desk import client
from tests.unit.hl7v2.examples import (
    LIS,
    LOCAL_CODES,
    MSH,
    OBR,
    PID,
    ack_fields,
    intake,
    message,
    obx,
    stored,
    with_field,
)

pytestmark = pytest.mark.anyio

ER7 = {"Content-Type": "application/hl7-v2"}
ZH = {"Accept-Language": "zh-CN"}


def lab(id: str, *segments: str, **fields: str) -> bytes:
    header = with_field(MSH, 10, id)
    for name, value in fields.items():
        header = with_field(header, int(name[1:]), value)
    return message(header, PID, OBR, *(segments or (obx(),)))


def batch(
    *messages: bytes, count: int | None = None, header: str = "BHS|^~\\&|LIS|EAST|HIS|WEST"
) -> bytes:
    trailer = f"BTS|{len(messages) if count is None else count}\r"
    return header.encode() + b"|20261120||||B7\r" + b"".join(messages) + trailer.encode()


async def send(hospital, raw: bytes) -> str:
    return (await hospital.answer(raw, channel="mllp", peer=LIS)).message_id


async def finished(http, run: dict) -> dict:
    while run["state"] == "running":
        await asyncio.sleep(0.01)
        run = (await http.get(f"/hl7v2/replays/{run['id']}")).json()
    return run


async def test_pages_of_the_list_follow_each_other(hospital, store):
    for number in range(5):
        await send(hospital, lab(f"C{number}"))
    async with client(hospital, store) as http:
        found, address = [], "/hl7v2/messages?state=all&count=2"
        while address:
            page = (await http.get(address)).json()
            found += [each["controlId"] for each in page["messages"]]
            address = page.get("next")
    assert found == ["C4", "C3", "C2", "C1", "C0"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("state=processed", ["C3", "C1"]),
        ("state=rejected&state=quarantined", ["C2"]),
        ("state=all&sender=LIS", ["C3", "C2", "C1"]),
        ("state=all&sender=RIS", []),
        ("state=all&type=ORU", ["C3", "C2", "C1"]),
        ("state=all&control-id=C3", ["C3"]),
        ("state=all&since=2026-11-20T12:00:00Z", ["C3", "C2", "C1"]),
        ("state=all&since=2026-11-20T20:00:01%2B08:00", []),
        ("state=all&until=2026-11-20", []),
    ],
)
async def test_the_list_is_filtered(hospital, store, query, expected):
    await send(hospital, lab("C1"))
    await send(hospital, lab("C2", obx(f3="")))
    await send(hospital, lab("C3", obx(f5="99")))
    async with client(hospital, store) as http:
        found = (await http.get(f"/hl7v2/messages?{query}")).json()["messages"]
    assert [each["controlId"] for each in found] == expected


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("stat=failed", "'stat'"),
        ("state=lost", "'lost'"),
        ("since=yesterday", "since 'yesterday'"),
        ("count=0", "count"),
        ("before=-1", "before"),
        ("count=²", "count"),
    ],
)
async def test_what_cannot_be_read_is_named_in_the_language_asked_for(
    hospital, store, query, named
):
    async with client(hospital, store) as http:
        english = await http.get(f"/hl7v2/messages?{query}")
        chinese = await http.get(f"/hl7v2/messages?{query}", headers=ZH)
    assert english.status_code == chinese.status_code == 400
    assert named in english.json()["issue"][0]["diagnostics"]
    told = chinese.json()["issue"][0]["diagnostics"]
    assert any("\u4e00" <= c <= "\u9fff" for c in told)


async def test_one_message_tells_where_each_segment_went(hospital, store):
    raw = lab("C1", obx(f16="7^李^娜^^^^主任"), "ZZZ|1|张三")
    id = await send(hospital, raw)
    async with client(hospital, store) as http:
        answer = await http.get(f"/hl7v2/messages/{id}")
        bytes_ = await http.get(f"/hl7v2/messages/{id}/raw")
        findings = await http.get(f"/hl7v2/messages/{id}/diagnosis")
    found = answer.json()
    assert (found["state"], found["acknowledgment"], found["bytes"]) == (
        "processed",
        "AA",
        len(raw),
    )
    assert "张" not in answer.text
    account = found["account"]
    assert account["segments"] == account["converted"] + 1 == len(account["each"]) == 5
    (zzz,) = (each for each in account["each"] if not each["converted"])
    assert (zzz["segment"], zzz["reason"]) == ("ZZZ^1", "a local (Z) segment")
    start, end = zzz["bytes"]
    assert raw[start:end].decode() == "ZZZ|1|张三"
    (result,) = (each for each in account["each"] if each["segment"] == "OBX^1")
    assert result["components"] == ["16.7"]
    assert "主任" not in answer.text
    made = {each["reference"].partition("/")[0] for each in found["resources"]}
    assert made == {"Patient", "ServiceRequest", "Observation", "DiagnosticReport"}
    assert bytes_.content == raw
    assert bytes_.headers["cache-control"] == answer.headers["cache-control"] == "no-store"
    assert isinstance(findings.json()["findings"], list)


@pytest.mark.parametrize(
    ("declared", "codec", "kind"),
    [
        ("GB18030", "gb18030", "application/hl7-v2; charset=gb18030"),
        ("UNICODE UTF-8", "utf-8", "application/hl7-v2; charset=utf-8"),
        ("", "utf-8", "application/hl7-v2; charset=utf-8"),
        ("KLINGON", "utf-8", "application/hl7-v2"),
    ],
)
async def test_raw_bytes_come_with_their_character_set(hospital, store, declared, codec, kind):
    raw = lab("C1", f18=declared).decode().encode(codec)
    id = await send(hospital, raw)
    async with client(hospital, store) as http:
        answer = await http.get(f"/hl7v2/messages/{id}/raw")
    assert (answer.content, answer.headers["content-type"]) == (raw, kind)


@pytest.mark.parametrize("way", ["", "/raw", "/diagnosis"])
async def test_a_message_that_there_is_not(hospital, store, way):
    async with client(hospital, store) as http:
        answer = await http.get(f"/hl7v2/messages/m0{way}")
    assert answer.status_code == 404
    assert answer.json()["issue"][0]["diagnostics"] == "There is no message m0"


async def test_quarantine_is_decided_by_somebody_with_a_name(hospital, store):
    await send(hospital, lab("C1"))
    id = await send(hospital, lab("C1", obx(f5="99")))
    at = f"/hl7v2/messages/{id}"
    async with client(hospital, store) as http:
        nobody = await http.post(f"{at}/release")
        slip = await http.post(f"{at}/release", json={"by": "Li", "why": "x"})
        no_reason = await http.post(f"{at}/discard", json={"by": "Li"})
        discarded = await http.post(f"{at}/discard", json={"by": "Li", "reason": "test"})
        replayed = await http.post(f"{at}/replay")
        released = await http.post(f"{at}/release", json={"by": "Wang"})
        twice = await http.post(f"{at}/release", json={"by": "Wang"})
        long = await http.post(f"{at}/discard", json={"by": "Li", "reason": "x" * 501})
        shown = await http.get(at)
    assert [each.status_code for each in (nobody, slip, no_reason, long)] == [400] * 4
    assert discarded.json()["state"] == "discarded"
    assert (replayed.status_code, twice.status_code) == (409, 409)
    assert (released.json()["state"], released.json()["newVersions"] > 0) == ("processed", True)
    assert [each["by"] for each in shown.json()["decisions"]] == ["Li", "Wang"]


async def test_one_message_is_processed_again(hospital, store):
    id = await send(hospital, lab("C1"))
    async with client(hospital, store) as http:
        answer = await http.post(f"/hl7v2/messages/{id}/replay")
    assert answer.status_code == 200
    found = answer.json()
    assert (found["state"], found["acknowledgment"], found["newVersions"]) == ("processed", "AA", 0)


async def test_a_replay_of_all_tells_how_far_it_is(hospital, store):
    for number in range(4):
        await send(hospital, lab(f"C{number}"))
    await send(hospital, lab("X1", obx(f3="")))
    async with client(hospital, store) as http:
        begun = await http.post("/hl7v2/messages/replay", json={"all": True})
        assert begun.status_code == 202
        assert begun.headers["location"] == f"/hl7v2/replays/{begun.json()['id']}"
        run = await finished(http, begun.json())
        unknown = await http.get("/hl7v2/replays/r0")
        stopped = await http.delete(f"/hl7v2/replays/{run['id']}")
    assert (run["state"], run["asked"]) == ("done", {"all": True})
    assert (run["total"], run["done"], run["processed"], run["unchanged"]) == (5, 5, 4, 4)
    assert (run["newVersions"], run["refused"], run["failed"]) == (0, 1, 0)
    assert unknown.status_code == 404
    assert stopped.json()["state"] == "done"


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"{", b'{"all": true, "unmapped": true}', b'{"state": ["lost"]}',
     b'{"state": ["quarantined"]}', b'{"since": "x"}', b'{"al": true}',
     b'{"unmapped": true, "sender": "LIS"}'],
)  # fmt: skip
async def test_a_replay_of_nothing_in_particular_is_refused(hospital, store, body):
    async with client(hospital, store) as http:
        answer = await http.post("/hl7v2/messages/replay", content=body)
    assert answer.status_code == 400


async def test_one_replay_at_a_time_and_it_can_be_stopped(hospital, store, monkeypatch):
    await send(hospital, lab("C1"))
    gate = asyncio.Event()
    begin = hospital.begin_again

    async def held(id: str):
        await gate.wait()
        return await begin(id)

    monkeypatch.setattr(hospital, "begin_again", held)
    async with client(hospital, store) as http:
        first = (await http.post("/hl7v2/messages/replay", json={"all": True})).json()
        second = await http.post("/hl7v2/messages/replay", json={"all": True})
        stopped = await http.delete(f"/hl7v2/replays/{first['id']}")
        gate.set()
        third = await http.post("/hl7v2/messages/replay", json={"state": ["processed"]})
        end = await finished(http, third.json())
    assert second.status_code == 409
    assert first["id"] in second.json()["issue"][0]["diagnostics"]
    assert stopped.json()["state"] == "stopped"
    assert (end["state"], end["processed"]) == ("done", 1)


async def test_codes_without_mapping_are_listed_and_given_as_a_map_to_fill_in(hospital, store):
    await send(hospital, lab("C1", obx(), obx(f1="2", f3="UA^尿酸^99LIS")))
    async with client(hospital, store) as http:
        listed = (await http.get("/hl7v2/unmapped")).json()["codes"]
        nobody = (await http.get("/hl7v2/unmapped?sender=WEST")).json()["codes"]
        draft = (await http.get("/hl7v2/unmapped?_format=ConceptMap")).json()
    (code,) = listed
    assert (code["code"], code["display"], code["results"]) == ("UA", "尿酸", 1)
    assert nobody == []
    assert draft["status"] == "draft"
    (group,) = draft["group"]
    assert (group["source"], group["target"]) == ("urn:id:DEMOHOSP:99LIS", "http://loinc.org")
    assert [element["code"] for element in group["element"]] == ["UA"]


async def test_counts_add_up(hospital, store):
    await send(hospital, lab("C1", obx(), "ZZZ|1", "PV2|1"))
    await send(hospital, lab("X1", obx(f3="")))
    async with client(hospital, store) as http:
        found = (await http.get("/hl7v2/counts")).json()
    by_state = {each["state"]: each["count"] for each in found["messages"]}
    assert by_state == {"processed": 1, "rejected": 1}
    segments = found["segments"]
    assert segments["segments"] == segments["converted"] + segments["reported"] == 10
    assert segments["whole"] is True
    local = {
        "segment": "ZZZ",
        "sender": "LIS|DEMOHOSP",
        "reason": "a local (Z) segment",
        "count": 1,
    }
    assert local in segments["unconverted"]
    assert found["waiting"] == {"messages": 0, "oldest": None}


async def test_a_batch_is_answered_by_a_batch(hospital):
    body = batch(lab("C1"), lab("C2", obx(f5="99")))
    async with client(hospital) as http:
        answer = await http.post("/hl7v2", content=body, headers=ER7)
        again = await http.post("/hl7v2", content=body, headers=ER7)
    found = ack_fields(answer.content)
    assert answer.status_code == again.status_code == 200
    (bhs,) = found["BHS"]
    assert bhs[2:6] == ["HIS", "WEST", "LIS", "EAST"]
    assert bhs[11] == "B7"
    assert [msa[1:3] for msa in found["MSA"]] == [["AA", "C1"], ["AA", "C2"]]
    assert found["BTS"] == [["BTS", "2"]]
    assert [line for line in again.content.split(b"\r") if line.startswith(b"MSA")] == [
        line for line in answer.content.split(b"\r") if line.startswith(b"MSA")
    ]


async def test_a_refused_message_of_a_batch_holds_up_no_other(hospital, store):
    body = batch(lab("C1"), lab("C2", obx(f3="")), b"junk\r", lab("C3"), count=4)
    async with client(hospital, store) as http:
        answer = await http.post("/hl7v2", content=body, headers=ER7)
        kept = (await http.get("/hl7v2/messages?state=quarantined")).json()["messages"]
    found = ack_fields(answer.content)
    assert answer.status_code == 422
    # The junk is not part of the refused message: it is kept apart.
    assert [msa[1] for msa in found["MSA"]] == ["AA", "AE", "AA"]
    assert found["BTS"][0][1:] == ["3", "BTS-1 says 4: 3 messages came"]
    assert kept == []


async def test_messages_of_a_batch_are_taken_in_their_order(hospital, store):
    """Of many results of one time, that come within a millisecond, the last stays."""
    body = batch(*(lab(f"C{n}", obx(f5=str(n))) for n in range(1, 40)))
    async with client(hospital, store) as http:
        answer = await http.post("/hl7v2", content=body, headers=ER7)
    assert answer.status_code == 200
    assert [msa[2] for msa in ack_fields(answer.content)["MSA"]] == [f"C{n}" for n in range(1, 40)]
    sql = "SELECT id FROM resource WHERE type = 'Observation'"
    (id,) = store.read_now(lambda c: c.exec_driver_sql(sql).scalars().all())
    assert str(stored(store, f"Observation/{id}")["valueQuantity"]["value"]) == "39"


async def test_a_batch_that_is_cut_off_says_so(hospital):
    whole = b"FHS|^~\\&|LIS|EAST\r" + batch(lab("C1"))
    async with client(hospital) as http:
        no_fts = await http.post("/hl7v2", content=whole, headers=ER7)
        no_bts = await http.post("/hl7v2", content=batch(lab("C2"))[:-7], headers=ER7)
        empty = await http.post("/hl7v2", content=batch(), headers=ER7)
    assert (no_fts.status_code, no_bts.status_code, empty.status_code) == (422, 422, 422)
    assert "no FTS came" in ack_fields(no_fts.content)["FTS"][0][2]
    assert "no BTS came" in ack_fields(no_bts.content)["BTS"][0][2]
    assert ack_fields(no_bts.content)["MSA"][0][1] == "AA"


async def test_each_message_of_a_batch_has_its_own_character_set(hospital, store):
    one = lab("C1", f18="GB18030").decode().encode("gb18030")
    body = batch(one, lab("C2", obx(f5="99"), f18="UNICODE UTF-8"))
    async with client(hospital, store) as http:
        answer = await http.post("/hl7v2", content=body, headers=ER7)
        names = await http.get("/hl7v2/messages?state=processed")
    assert answer.status_code == 200
    assert len(names.json()["messages"]) == 2


async def test_half_a_message_has_its_account_too(hospital, store):
    await hospital.fault("half-frame", lab("C1")[:-60], channel="mllp", peer=LIS)
    async with client(hospital, store) as http:
        (kept,) = (await http.get("/hl7v2/messages")).json()["messages"]
        whole = (await http.get(f"/hl7v2/messages/{kept['id']}")).json()
    account = whole["account"]
    assert (account["segments"], account["converted"]) == (4, 0)
    assert {each["reason"] for each in account["each"]} == {"the message was refused"}


async def test_the_table_of_the_sender_counts_for_its_codes(store, clock):
    hospital = intake(store, clock, codes=LOCAL_CODES)
    await send(hospital, lab("C1"))
    async with client(hospital, store) as http:
        assert (await http.get("/hl7v2/unmapped")).json() == {"codes": []}
