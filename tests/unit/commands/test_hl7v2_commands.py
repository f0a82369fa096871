"""`attending hl7v2 ...`: what an operator types and reads."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fhir_server import cli
from fhir_server.store import hl7v2_log as log
from fhir_server.store.database import Database
from fhir_server.store.hl7v2_log import Filter
from tests.unit.hl7v2.examples import MSH, OBR, PID, message, obx, with_field

SENT = (datetime.now(UTC) - timedelta(hours=2)).strftime("%Y%m%d%H%M%S+0000")


@pytest.fixture(autouse=True)
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ATTENDING_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ATTENDING_LANGUAGE", "en")
    return tmp_path


def lab(id: str, *segments: str, patient: str = "") -> bytes:
    header = with_field(with_field(MSH, 10, id), 7, SENT)
    pid = with_field(PID, 3, f"{patient}^^^DEMOHOSP^MR") if patient else PID
    return message(header, pid, OBR, *(segments or (obx(),)))


def batch(*messages: bytes, count: int | None = None) -> bytes:
    number = len(messages) if count is None else count
    return b"BHS|^~\\&|LIS||||||||B7\r" + b"".join(messages) + f"BTS|{number}\r".encode()


def run(*words: object) -> int:
    return cli.main(["hl7v2", *map(str, words)])


def load(folder: Path, content: bytes) -> int:
    path = folder / "file.hl7"
    path.write_bytes(content)
    return run("load", path)


def kept(folder: Path, *states: str) -> list[str]:
    """The control ids of the stored messages, the oldest first."""
    database = Database.open(f"sqlite:///{folder}/data/attending.db")
    try:
        found = database.read_now(
            lambda c: log.page(c, Filter(tuple(states)), before=None, most=1000)
        )
    finally:
        database.close()
    return [message.control_id for _, message in reversed(found)]


def ids(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    capsys.readouterr()
    assert run("failed", *words, "--json") == 0
    return [json.loads(line)["id"] for line in capsys.readouterr().out.splitlines()]


def test_a_batch_file_is_taken_and_told_by_batch(tmp_path, capsys):
    content = b"FHS|^~\\&|LIS\r" + batch(lab("C1"), lab("C2")) + batch(lab("C3")) + b"FTS|2\r"
    assert load(tmp_path, content) == 0
    told = capsys.readouterr()
    assert "batch 1 B7: 2 messages, 2 taken (0 were there), 0 refused" in told.out
    assert "batch 2 B7: 1 messages, 1 taken" in told.out
    assert "100 % 3" in told.err
    assert kept(tmp_path) == ["C1", "C2", "C3"]


def test_a_file_loaded_twice_is_stored_once(tmp_path, capsys):
    content = lab("C1") + lab("C2")
    assert load(tmp_path, content) == 0
    capsys.readouterr()
    assert load(tmp_path, content) == 0
    assert "2 messages, 2 taken (2 were there), 0 refused" in capsys.readouterr().out
    assert kept(tmp_path) == ["C1", "C2"]


def test_a_refused_message_is_named_with_its_place_and_the_others_are_taken(tmp_path, capsys):
    first = lab("C1")
    assert load(tmp_path, first + lab("X1", obx(f3="")) + b"junk\r" + lab("C2")) == 1
    told = capsys.readouterr()
    assert f"message 2 at byte {len(first)}: AE OBX-3 is empty" in told.err
    assert kept(tmp_path, "processed") == ["C1", "C2"]
    assert kept(tmp_path, "rejected") == ["X1"]


def test_a_batch_that_is_not_whole_makes_the_command_fail(tmp_path, capsys):
    assert load(tmp_path, batch(lab("C1"), count=2)) == 1
    assert "BTS-1 says 2, there are 1 messages" in capsys.readouterr().err
    assert load(tmp_path, b"FHS|^~\\&|LIS\r" + batch(lab("C1")) + b"FTS|3\r") == 1
    assert "FTS-1 says 3, there are 1 batches" in capsys.readouterr().err


@pytest.mark.parametrize("declared", ["GB18030", "GBK", "UNICODE UTF-8"])
def test_each_message_of_a_file_has_its_own_character_set(tmp_path, declared):
    codec = {"GB18030": "gb18030", "GBK": "gbk"}.get(declared, "utf-8")
    header = with_field(with_field(with_field(MSH, 10, "C1"), 7, SENT), 18, declared)
    text = message(header, PID, OBR, obx(f3="CREA^肌酐^99LIS")).decode()
    assert load(tmp_path, text.encode(codec) + lab("C2")) == 0
    assert kept(tmp_path, "processed") == ["C1", "C2"]


def test_a_crash_half_way_and_a_second_run_store_everything_once(tmp_path, monkeypatch, capsys):
    from fhir_server.commands import hl7v2_load

    content = b"".join(lab(f"C{n}", patient=str(n)) for n in range(300))
    original = hl7v2_load._Loading._told
    seen = 0

    def dies(self, path, step):
        nonlocal seen
        seen += 1
        if seen == 20:
            raise KeyboardInterrupt
        return original(self, path, step)

    with monkeypatch.context() as patch:
        patch.setattr(hl7v2_load._Loading, "_told", dies)
        with pytest.raises(KeyboardInterrupt):
            load(tmp_path, content)
    assert 0 < len(kept(tmp_path)) <= 300
    assert load(tmp_path, content) == 0
    assert sorted(kept(tmp_path, "processed")) == sorted(f"C{n}" for n in range(300))


def test_a_file_that_is_not_there(tmp_path, capsys):
    assert run("load", tmp_path / "none.hl7") == 1
    assert "none.hl7" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def test_messages_of_a_file_may_come_from_registered_senders_only(tmp_path, monkeypatch, capsys):
    senders = tmp_path / "senders.json"
    entry = {"name": "east", "application": "LIS", "facility": "DEMOHOSP",
             "addresses": ["10.1.0.0/16"], "acknowledge": "stored"}  # fmt: skip
    senders.write_text(json.dumps({"senders": [entry]}))
    monkeypatch.setenv("ATTENDING_HL7V2_SENDERS", str(senders))
    other = lab("C2").replace(b"|LIS|", b"|RIS|")
    assert load(tmp_path, lab("C1") + other) == 1
    assert kept(tmp_path, "processed") == ["C1"]
    assert kept(tmp_path, "quarantined") == ["C2"]

    nameless = lab("C3").replace(b"|LIS|DEMOHOSP|", b"|||", 1)
    (tmp_path / "more.hl7").write_bytes(nameless)
    assert run("load", tmp_path / "more.hl7", "--sender", "west") == 1
    assert "'west'" in capsys.readouterr().err
    assert run("load", tmp_path / "more.hl7", "--sender", "east") == 0
    assert "C3" in kept(tmp_path, "processed")


def test_failed_lists_by_filter_in_words_and_as_json(tmp_path, capsys):
    load(tmp_path, lab("C1") + lab("X1", obx(f3="")) + lab("C1", obx(f5="99")))
    capsys.readouterr()
    assert run("failed") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("received\tid")
    assert [line.split("\t")[3] for line in lines[1:]] == ["C1", "X1"]
    assert "张" not in "".join(lines)
    assert len(ids(capsys, "--state", "rejected")) == 1
    assert len(ids(capsys, "--state", "processed", "--sender", "LIS")) == 1
    assert ids(capsys, "--type", "ADT") == []
    assert ids(capsys, "--since", "2999-01-01") == []
    assert run("failed", "--since", "yesterday") == 1
    assert "--since 'yesterday'" in capsys.readouterr().err


def test_a_sender_cannot_break_a_line_of_the_list(tmp_path, capsys):
    evil = lab("X1", obx(f3="")).replace(b"|LIS|", b"|LIS\x1b[2J\tX|")
    load(tmp_path, evil)
    capsys.readouterr()
    assert run("failed") == 0
    told = capsys.readouterr().out
    assert "\x1b" not in told
    assert len(told.splitlines()[1].split("\t")) == 7


def test_show_tells_where_every_segment_went_and_what_was_made(tmp_path, capsys):
    load(tmp_path, lab("C1", obx(), "ZZZ|1"))
    (id,) = ids(capsys, "--state", "processed")
    assert run("show", id) == 0
    told = capsys.readouterr().out
    assert "ZZZ^1" in told
    assert "not converted\ta local (Z) segment" in told
    assert "Resources that hold what it says: 4" in told
    assert "Observation/" in told
    assert "张^伟" in told
    assert run("show", id, "--json") == 0
    whole = capsys.readouterr().out
    assert "张" not in whole
    assert json.loads(whole)["account"]["converted"] == 4
    assert run("show", "m0") == 1
    assert "There is no message m0" in capsys.readouterr().err


def test_show_names_what_nobody_reads_inside_a_field(tmp_path, capsys):
    load(tmp_path, lab("C1", obx(f3="CREA^Serum & plasma^99LIS", f12="2026", f14=f"{SENT}^S")))
    (id,) = ids(capsys, "--state", "processed")
    assert run("show", id) == 0
    told = capsys.readouterr().out
    assert "fields and components that are not read\t12, 3.2.2, 14.2\n" in told


def test_replaying_everything_says_that_nothing_changed(tmp_path, capsys):
    load(tmp_path, lab("C1") + lab("C2", obx(f5="99")) + lab("X1", obx(f3="")))
    capsys.readouterr()
    assert run("replay", "--all") == 1
    told = capsys.readouterr()
    assert told.out == "2 processed (2 unchanged), 0 new versions, 1 refused, 0 failed\n"
    assert "3/3 100 %" in told.err
    assert run("replay", "--state", "processed") == 0
    (id,) = ids(capsys, "--state", "rejected")
    assert run("replay", id) == 1
    assert f"Message {id}: AE, 0 new versions" in capsys.readouterr().out


@pytest.mark.parametrize("words", [[], ["--all", "--unmapped"], ["m1", "--all"]])
def test_what_is_to_be_replayed_must_be_said(tmp_path, capsys, words):
    load(tmp_path, lab("C1"))
    assert run("replay", *words) == 1
    assert "Say what to replay" in capsys.readouterr().err


def test_quarantine_is_listed_released_and_discarded(tmp_path, capsys):
    load(tmp_path, lab("C1") + lab("C1", obx(f5="98")) + lab("C1", obx(f5="99")))
    second, first = ids(capsys, "--state", "quarantined")
    assert run("quarantine") == run("quarantine", "list") == 0
    assert first in capsys.readouterr().out
    with pytest.raises(SystemExit):
        run("quarantine", "discard", first)
    assert run("quarantine", "discard", first, "--reason", "重复", "--by", "李医生") == 0
    assert run("quarantine", "release", second, "--by", "李医生") == 0
    assert run("quarantine", "release", second) == 1
    capsys.readouterr()
    run("show", first)
    assert "Decision: discard at" in capsys.readouterr().out
    assert len(kept(tmp_path, "processed")) == 2
    assert len(kept(tmp_path, "discarded")) == 1


def test_the_map_to_fill_in_is_taken_and_gives_the_waiting_results_their_code(
    tmp_path, monkeypatch, capsys
):
    load(tmp_path, lab("C1") + lab("C2", obx(f3="UA^尿酸^99LIS"), patient="777"))
    capsys.readouterr()
    assert run("unmapped") == 0
    assert "1\tDEMOHOSP\turn:id:DEMOHOSP:99LIS\tUA\t尿酸" in capsys.readouterr().out
    assert run("unmapped", "--concept-map", "--sender", "DEMOHOSP") == 0
    draft = json.loads(capsys.readouterr().out)

    elements = {each["code"]: each for each in draft["group"][0]["element"]}
    elements["UA"]["target"][0] |= {"code": "14933-6", "display": "Urate"}
    draft["group"][0]["element"] = [elements["UA"]]
    draft["status"] = "active"
    (tmp_path / "codes.json").write_text(json.dumps(draft))
    monkeypatch.setenv("ATTENDING_LOCAL_CODES", str(tmp_path / "codes.json"))

    assert run("replay", "--unmapped") == 0
    told = capsys.readouterr().out
    assert told == "1 processed (0 unchanged), 1 new versions, 0 refused, 0 failed\n"
    assert run("unmapped", "--json") == 0
    (left,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert left["code"] == "CREA"


def test_segments_that_are_not_converted_are_counted(tmp_path, capsys):
    load(tmp_path, lab("C1", obx(), "ZZZ|1") + lab("C2", obx(f5="9"), "ZZZ|1", "ZA1|x"))
    capsys.readouterr()
    assert run("unconverted") == 0
    told = capsys.readouterr().out
    assert "2 messages, 11 segments = 8 converted + 3 reported" in told
    assert "2\tZZZ\tLIS|DEMOHOSP\ta local (Z) segment" in told
    assert run("unconverted", "--json", "--sender", "LIS") == 0
    assert json.loads(capsys.readouterr().out)["reported"] == 3


def test_the_commands_speak_chinese(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ATTENDING_LANGUAGE", "zh-CN")
    load(tmp_path, lab("C1"))
    assert "接收 1 条" in capsys.readouterr().out
    assert run("replay", "--all") == 0
    assert capsys.readouterr().out == "处理 1 条（未变 1 条），新版本 0 个，拒绝 0 条，失败 0 条\n"
    assert run("show", "m0") == 1
    assert capsys.readouterr().err == "没有编号为 m0 的消息\n"
