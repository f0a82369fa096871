"""`attending storage reindex`: what the indexes lost is found again, batch by batch."""

import pytest
from sqlalchemy import Connection

from fhir_server.commands import progress, storage
from fhir_server.settings import Settings
from fhir_server.store import reindex, resources
from fhir_server.store.database import Database
from fhir_server.store.statements import driver
from tests.support.fhir_store import NOW, hba1c, patient


def count(connection: Connection) -> list[int]:
    run = driver(connection).execute
    tables = ("token_index", "string_index", "date_index", "reference_index")
    return [run(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]


async def test_lost_rows_come_back_and_no_others(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reindex, "_BATCH", 2)
    monkeypatch.setattr(progress, "_BAR", 4)
    settings = Settings(database_url=url, language="en", timezone="UTC")
    database = Database.open(url, zone=settings.zone)

    def job(connection: Connection) -> None:
        for number in range(4):
            resources.put(connection, hba1c(f"o{number}"), now=NOW)
        resources.put(connection, patient("p1"), now=NOW)
        resources.delete(connection, "Observation", "o3", now=NOW)

    await database.write(job)
    whole = database.read_now(count)
    await database.write(lambda c: driver(c).execute("DELETE FROM token_index"))
    assert database.read_now(count) != whole
    assert storage.reindex(settings) == 0
    assert database.read_now(count) == whole
    database.close()
    said = capsys.readouterr()
    assert "Indexed 4 resources anew" in said.out
    assert "[####] 4/4 100 %" in said.err


def test_an_absent_database_is_not_created(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path}/none.db", language="en")
    assert storage.reindex(settings) == 1
    assert "no database" in capsys.readouterr().err
    assert not (tmp_path / "none.db").exists()
