"""`attending fhir import` and `export`: what goes out of one store comes into another."""

import asyncio
from pathlib import Path

import pytest

from fhir_server import cli
from fhir_server.r4.codec import decode
from tests.support.bulk import names, ndjson
from tests.support.fhir_store import hba1c, patient
from tests.support.subscriptions import Receiver, ward


@pytest.fixture(autouse=True)
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTENDING_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ATTENDING_LANGUAGE", "en")


def read(folder: Path) -> list[dict]:
    return [
        decode(line)
        for path in sorted(folder.glob("*.ndjson"))
        for line in path.read_bytes().splitlines()
    ]


def test_there_and_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "ward.ndjson"
    source.write_bytes(ndjson(patient("p1"), hba1c("o1"), hba1c("o2")))
    assert cli.main(["fhir", "import", str(source)]) == 0
    told = capsys.readouterr()
    assert told.out == "3 created, 0 updated, 0 unchanged, 0 refused\n"
    assert "100 %" in told.err

    assert cli.main(["fhir", "export", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "Exported 3 resources of 2 types" in said
    files = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert files == ["Observation.1.ndjson", "Patient.1.ndjson"]
    assert names(read(tmp_path / "out")) == ["Observation/o1", "Observation/o2", "Patient/p1"]

    since = said.strip().rpartition(" ")[2]
    source.write_bytes(ndjson(patient("p1"), hba1c("o1", status="amended")))
    assert cli.main(["fhir", "import", str(source)]) == 0
    assert capsys.readouterr().out == "0 created, 1 updated, 1 unchanged, 0 refused\n"
    assert cli.main(["fhir", "export", str(tmp_path / "new"), "--since", since]) == 0
    assert names(read(tmp_path / "new")) == ["Observation/o1"]
    only = ["fhir", "export", str(tmp_path / "p"), "--type", "Patient"]
    assert cli.main(only) == 0
    assert names(read(tmp_path / "p")) == ["Patient/p1"]


def test_what_is_imported_is_told_to_whom_a_subscription_says_so(tmp_path: Path) -> None:
    """The server beside the command, or the next that starts, sends it."""
    (tmp_path / "data").mkdir()
    url = f"sqlite:///{tmp_path / 'data' / 'attending.db'}"
    receiver = Receiver()

    async def subscribed() -> None:
        async with ward(url, receiver=receiver) as opened:
            await opened.subscribe()

    async def settled() -> None:
        async with ward(url, receiver=receiver) as opened:
            await opened.courier.settle()

    asyncio.run(subscribed())
    source = tmp_path / "ward.ndjson"
    source.write_bytes(ndjson(patient("p1"), hba1c("o1"), hba1c("o2")))
    assert cli.main(["fhir", "import", str(source)]) == 0
    asyncio.run(settled())
    assert receiver.numbers == [1, 2]


def test_a_refused_line_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "ward.ndjson"
    source.write_bytes(ndjson(patient("p1"), hba1c("o1", status="nonsense")) + b"{")
    assert cli.main(["fhir", "import", str(source)]) == 1
    told = capsys.readouterr()
    assert told.out == "1 created, 0 updated, 0 unchanged, 2 refused\n"
    assert f"{source}:2: Observation.status " in told.err
    assert f"{source}:3: Malformed JSON" in told.err


def test_wrong_words_change_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["fhir", "export", str(tmp_path / "out"), "--type", "Patients"]) == 2
    assert cli.main(["fhir", "export", str(tmp_path / "out"), "--since", "yesterday"]) == 2
    assert cli.main(["fhir", "export", str(tmp_path / "out")]) == 1  # there is no database
    assert cli.main(["fhir", "import", str(tmp_path / "absent.ndjson")]) == 1
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine.txt").write_text("keep")
    assert cli.main(["fhir", "export", str(full)]) == 1
    assert (full / "mine.txt").read_text() == "keep"
    assert "is not empty" in capsys.readouterr().err
