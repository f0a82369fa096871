"""`attending fhir import FILE...`: NDJSON into the store, beside a running server too."""

import asyncio
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection

from fhir_server.commands.progress import steps
from fhir_server.commands.storage import utc_now, writing
from fhir_server.jobs.files import JobFolder
from fhir_server.jobs.importing import Import, Progress, Refused, SourceChanged
from fhir_server.jobs.ndjson import PartSize
from fhir_server.jobs.requests import ImportRequest, ImportSource, Result, source_of
from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import FhirError
from fhir_server.r4.profiles import Profiles
from fhir_server.rest.incoming import check_resource
from fhir_server.settings import Settings
from fhir_server.store.database import Database
from fhir_server.store.engines import DatabaseRefused
from fhir_server.text_catalogue import say

_REFUSALS = (FhirError, SourceChanged, OSError, DatabaseRefused)


def import_files(settings: Settings, files: Sequence[str]) -> int:
    """Store every valid resource of `files`; 1 where a line was refused, named on standard error.

    Run again, it stores what is not there yet: what has the same content gets no new version.
    """
    language = settings.language
    try:
        sources = tuple(source_of(name, Path(name).resolve()) for name in files)
        with writing(settings) as database, TemporaryDirectory() as folder:
            result, refused = asyncio.run(_import(settings, database, sources, Path(folder)))
    except _REFUSALS as refusal:
        print(say(language, "fhir.import-refused", why=refusal), file=sys.stderr)
        return 1
    counts = {
        name: sum(getattr(count, name) for count in result.counts)
        for name in ("created", "updated", "unchanged")
    }
    print(say(language, "fhir.imported", refused=refused, **counts))
    return 1 if refused else 0


async def _import(
    settings: Settings, database: Database, sources: tuple[ImportSource, ...], folder: Path
) -> tuple[Result, int]:
    profiles = Profiles.load(settings.profiles_dir) if settings.profiles_dir else None
    whole = sum(source.size for source in sources)
    shown = steps()
    refused = 0

    def check(resource: JsonObject) -> None:
        check_resource(resource, now=utc_now(), profiles=profiles)

    def tell(progress: Progress) -> None:
        before = sum(source.size for source in sources[: progress.source])
        shown(before + progress.offset, whole)

    def name(source: ImportSource, line: Refused) -> None:
        nonlocal refused
        refused += 1
        said = "; ".join(
            " ".join((*issue.expression[:1], issue.diagnostics)) for issue in line.issues
        )
        print(f"{source.name}:{line.line}: {said}", file=sys.stderr)

    with ThreadPoolExecutor(1) as threads:
        work = Import(
            database=database,
            request=ImportRequest(url="", sources=sources),
            folder=JobFolder(folder, "import"),
            check=check,
            clock=utc_now,
            keep=_keep_nothing,
            threads=threads,
            size=PartSize(longest=settings.body_limit),
            tell=tell,
            refusals=name,
        )
        result = await work.run(Progress())
    return result, refused


def _keep_nothing(_connection: Connection, _progress: Progress) -> None:
    """A command that was cut off is run again: what it has stored is unchanged then."""
