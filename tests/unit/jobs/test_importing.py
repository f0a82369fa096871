"""An import that was cut off between its file of refusals and its commit."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fhir_server.jobs.files import JobFolder
from fhir_server.jobs.importing import Import, Progress
from fhir_server.jobs.ndjson import PartSize
from fhir_server.jobs.requests import ImportRequest, source_of
from fhir_server.r4.codec import decode
from fhir_server.r4.outcome import BadRequest
from fhir_server.store.database import Database
from tests.support.bulk import ndjson
from tests.support.fhir_store import BASE, NOW, fresh_url, hba1c

pytestmark = pytest.mark.anyio


def check(resource) -> None:
    if resource["status"] == "nonsense":
        raise BadRequest("value", "no such status")


async def test_refusals_that_were_written_and_not_committed_do_not_stay(
    tmp_path: Path,
) -> None:
    lines = [hba1c(f"o{number}") | {"status": "nonsense"} for number in range(3)]
    path = tmp_path / "lab.ndjson"
    path.write_bytes(ndjson(*lines))
    kept: list[Progress] = []

    def keep(_connection, progress: Progress) -> None:
        if len(kept) == 1:
            raise ConnectionError("cut off before the second commit")
        kept.append(progress)

    with fresh_url("sqlite") as url, ThreadPoolExecutor(1) as threads:
        database = Database.open(url)
        try:
            work = Import(
                database=database,
                request=ImportRequest(url=f"{BASE}/$import", sources=(source_of("lab", path),)),
                folder=JobFolder(tmp_path, "job"),
                check=check,
                clock=lambda: NOW,
                keep=keep,
                threads=threads,
                size=PartSize(lines=2),
            )
            with pytest.raises(ConnectionError):
                await work.run(Progress())
            work.keep = lambda _connection, _progress: None
            # The server was started with other profiles, and line 3 is valid by now.
            work.check = lambda _resource: None
            result = await work.run(kept[0])
        finally:
            await asyncio.to_thread(database.close)
    [file] = result.files
    refused = (tmp_path / "job" / file.name).read_bytes().splitlines()
    said = [decode(line)["issue"][0]["diagnostics"] for line in refused]
    assert [text.partition(":")[0] for text in said] == [f"lab, line {n}" for n in (1, 2)]
    assert file.count == 2
