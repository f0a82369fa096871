"""`attending terms load PACKAGE...`: terminology of published FHIR packages into the store."""

import asyncio
import hashlib
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import Connection

from fhir_server.commands.progress import steps
from fhir_server.commands.storage import utc_now, writing
from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import FhirError
from fhir_server.rest.incoming import check_resource
from fhir_server.settings import Settings
from fhir_server.store.bulk_writes import put_changed
from fhir_server.store.database import Database
from fhir_server.store.engines import DatabaseRefused
from fhir_server.text_catalogue import say
from terminology.service.packages import TYPES, Package, PackageRefused, stored_name

# So many resources are one write: a server beside this command waits for no more.
_AT_ONCE: Final = 20


def load(settings: Settings, files: Sequence[str]) -> int:
    """Store the CodeSystems, ValueSets and ConceptMaps of packages; 1 where one was refused.

    Each version of one has an id of its own, so that a newer package changes nothing for who names
    the version. Run again, it stores what is not there yet.
    """
    language = settings.language
    refused = 0
    try:
        packages = [Package(Path(name)) for name in files]
        with writing(settings) as database:
            for package in packages:
                counts = asyncio.run(_load(settings, database, package))
                refused += counts["refused"]
                told = {
                    name: counts[name] for name in ("created", "updated", "unchanged", "refused")
                }
                types = ", ".join(f"{each} {counts[each]}" for each in TYPES)
                print(say(language, "terms.loaded", package=package.label, types=types, **told))
    except (PackageRefused, DatabaseRefused, FhirError, OSError) as refusal:
        print(say(language, "terms.load-refused", why=refusal), file=sys.stderr)
        return 1
    return 1 if refused else 0


async def _load(settings: Settings, database: Database, package: Package) -> Counter[str]:
    shown, counts = steps(), Counter[str]()
    waiting: list[JsonObject] = []
    for read, found in package.found():
        if found is not None:
            resource = _checked(found.resource, settings)
            if isinstance(resource, str) or resource is None:
                counts["refused"] += 1
                print(f"{found.name}: {resource or found.fault}", file=sys.stderr)
            else:
                counts[resource["resourceType"]] += 1
                waiting.append(resource)
        if len(waiting) >= _AT_ONCE:
            counts += await _store(database, waiting)
            waiting = []
        shown(read, package.size)
    if waiting:
        counts += await _store(database, waiting)
    shown(package.size, package.size)
    return counts


def _checked(resource: JsonObject | None, settings: Settings) -> JsonObject | str | None:
    """Return the resource under its own id, or why it is not taken; None where there is none."""
    if resource is None:
        return None
    try:
        check_resource(resource, now=utc_now())
    except FhirError as error:
        return "; ".join(
            " ".join((*issue.expression[:1], issue.diagnostics)) for issue in error.issues[:3]
        )
    return {**resource, "id": _id_of(resource)}


def _id_of(resource: JsonObject) -> str:
    text = f"{resource['resourceType']}\n{stored_name(resource)}"
    # RFC 9562, version 8: the same resource has the same id, whatever package it comes with.
    value = int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")
    value = value & ~(0xF << 76) | (0x8 << 76)
    return str(UUID(int=value & ~(0x3 << 62) | (0x2 << 62)))


async def _store(database: Database, resources: Sequence[JsonObject]) -> Counter[str]:
    now: datetime = utc_now()

    def job(connection: Connection) -> Counter[str]:
        return Counter(put_changed(connection, each, now=now) for each in resources)

    return await database.write(job)
