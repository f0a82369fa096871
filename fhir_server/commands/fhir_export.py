"""`attending fhir export FOLDER`: the store as NDJSON, beside a running server too."""

import asyncio
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from fhir_server.commands.progress import steps
from fhir_server.commands.storage import StoreAbsent, reading
from fhir_server.jobs.export import Export
from fhir_server.jobs.files import JobFolder
from fhir_server.jobs.requests import ExportRequest, Result
from fhir_server.r4.dates import instant_range
from fhir_server.r4.outcome import FhirError
from fhir_server.r4.resource_types import STORED_TYPES
from fhir_server.settings import Settings
from fhir_server.store import horizon
from fhir_server.store.database import Database
from fhir_server.store.engines import DatabaseRefused
from fhir_server.store.resources import instant_text, microseconds, moment
from fhir_server.text_catalogue import say

_REFUSALS = (FhirError, OSError, DatabaseRefused, StoreAbsent)


def export_folder(settings: Settings, folder: str, types: Sequence[str], since: str | None) -> int:
    """Write the resources into a new folder, a file for each type; 2 for wrong words."""
    language, path = settings.language, Path(folder)
    for type in types:
        if type not in STORED_TYPES:
            print(say(language, "fhir.type-refused", type=type), file=sys.stderr)
            return 2
    try:
        start = None if since is None else instant_range(since, default_zone=settings.zone)[0]
    except ValueError:
        print(say(language, "fhir.since-refused", since=since), file=sys.stderr)
        return 2
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        # What lies there is not ours to remove.
        print(say(language, "fhir.folder-not-empty", folder=folder), file=sys.stderr)
        return 1
    try:
        with reading(settings) as database:
            at, result = _export(settings, database, path, tuple(types), start)
    except _REFUSALS as refusal:
        print(say(language, "fhir.export-refused", why=refusal), file=sys.stderr)
        return 1
    live = [file for file in result.files if file.role == "output"]
    count, kinds = sum(file.count for file in live), len({file.type for file in live})
    print(
        say(
            language,
            "fhir.exported",
            count=count,
            types=kinds,
            folder=folder,
            instant=instant_text(moment(at)),
        )
    )
    return 0


def _export(
    settings: Settings,
    database: Database,
    path: Path,
    types: tuple[str, ...],
    since: int | None,
) -> tuple[int, Result]:
    at = asyncio.run(database.write(lambda c: horizon.advance(c, microseconds(datetime.now(UTC)))))
    work = Export(
        database=database,
        request=ExportRequest(
            url="",
            base_url=f"{settings.public_url}/fhir",
            level="system",
            types=types,
            since=since,
        ),
        horizon=at,
        folder=JobFolder(path.parent, path.name),
        progress=steps(),
        stop=threading.Event(),
    )
    return at, work.run()
