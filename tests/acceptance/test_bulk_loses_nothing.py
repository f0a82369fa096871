"""A copy kept by `_since` equals the original, whatever is written while the exports are made."""

import asyncio
import random
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fhir_server.jobs.export import Export
from fhir_server.jobs.files import JobFolder
from fhir_server.jobs.requests import ExportRequest
from fhir_server.r4.codec import decode
from fhir_server.store import horizon, resources
from fhir_server.store.database import Database
from fhir_server.store.resources import microseconds
from fhir_server.store.statements import driver
from tests.support.fhir_store import BASE, BOTH, fresh_url, patient

pytestmark = pytest.mark.anyio

EXPORTS = 12


class Copy:
    """What a client holds that asks for the changes again and again."""

    def __init__(self) -> None:
        self.versions: dict[str, str] = {}
        self.told: list[tuple[str, str]] = []

    def take(self, folder: Path) -> None:
        for path in folder.iterdir():
            for line in path.read_bytes().splitlines():
                resource = decode(line)
                if resource["resourceType"] == "Bundle":
                    url = resource["entry"][0]["request"]["url"]
                    self.versions.pop(url.rpartition("/")[2], None)
                else:
                    id, version = resource["id"], resource["meta"]["versionId"]
                    self.versions[id] = version
                    self.told.append((id, version))


@pytest.mark.parametrize("adapter", BOTH)
async def test_a_copy_kept_by_since_equals_the_original(adapter: str, tmp_path: Path) -> None:
    with fresh_url(adapter) as url:
        database, other = Database.open(url), Database.open(url)
        copy, since = Copy(), None
        try:
            enough = asyncio.Event()
            writing = [
                asyncio.create_task(write(store, random.Random(seed), enough))
                for seed, store in enumerate((database, database, other, other))
            ]
            for number in range(EXPORTS):
                await asyncio.sleep(0.03)
                since = await export(database, tmp_path / f"e{number}", since)
                copy.take(tmp_path / f"e{number}")
            # Not cancelled: a write whose caller has gone stands all the same, perhaps later than
            # the last export.
            enough.set()
            await asyncio.gather(*writing)
            await export(database, tmp_path / "last", since)
            copy.take(tmp_path / "last")
            rows = database.read_now(
                lambda c: driver(c).execute("SELECT id, version FROM resource WHERE deleted = 0")
                .fetchall()
            )  # fmt: skip
        finally:
            database.close()
            other.close()
    assert len(copy.told) > EXPORTS
    assert copy.versions == {id: str(version) for id, version in rows}
    assert len(copy.told) == len(set(copy.told))


async def write(database: Database, chance: random.Random, enough: asyncio.Event) -> None:
    """Write and delete, each time some while after the clock was read, as a request does."""
    while not enough.is_set():
        now, id = datetime.now(UTC), f"p{chance.randrange(40)}"
        await asyncio.sleep(chance.random() * 0.05)
        if chance.random() < 0.2:
            await database.write(lambda c, id=id, now=now: delete(c, id, now))
        else:
            await database.write(lambda c, id=id, now=now: resources.put(c, patient(id), now=now))


def delete(connection, id: str, now: datetime) -> None:
    from fhir_server.r4.outcome import NotFound

    try:
        resources.delete(connection, "Patient", id, now=now)
    except NotFound:
        return


async def export(database: Database, folder: Path, since: int | None) -> int:
    at = await database.write(lambda c: horizon.advance(c, microseconds(datetime.now(UTC))))
    work = Export(
        database=database,
        request=ExportRequest(url="", base_url=BASE, level="system", since=since),
        horizon=at,
        folder=JobFolder(folder.parent, folder.name),
        progress=lambda _done, _total: None,
        stop=threading.Event(),
    )
    await asyncio.to_thread(work.run)
    return at
