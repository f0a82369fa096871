"""The store as the commands open it, never created by looking into it; `attending storage`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import URL

from fhir_server.commands.progress import show
from fhir_server.rest.subscription_writes import watch
from fhir_server.settings import Settings
from fhir_server.store.database import Database
from fhir_server.store.engines import DatabaseRefused, parse_url
from fhir_server.store.opening import holds_store, index_anew
from fhir_server.text_catalogue import say


class StoreAbsent(RuntimeError):
    """There is no database where the settings say; the text names the place."""


@contextmanager
def reading(settings: Settings) -> Iterator[Database]:
    """Open the deployment's database; `StoreAbsent` where there is none."""
    existing(settings)
    database = Database.open(settings.store_url, zone=settings.zone)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def writing(settings: Settings) -> Iterator[Database]:
    """Open the deployment's database to write, created where absent.

    A server beside this command, or the next that starts, sends what Subscriptions ask for.
    """
    database = Database.open(settings.store_url, zone=settings.zone)
    try:
        watch(database, f"{settings.public_url}/fhir", utc_now)
        yield database
    finally:
        database.close()


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def reindex(settings: Settings) -> int:
    """Index every resource anew, with a bar on standard error; 1 where there is no database."""
    try:
        url = existing(settings)
        count = index_anew(url, zone=settings.zone, progress=show)
    except (StoreAbsent, DatabaseRefused) as refused:
        print(refused, file=sys.stderr)
        return 1
    print(say(settings.language, "storage.reindexed", count=count))
    return 0


def existing(settings: Settings) -> URL:
    """Return the URL of the deployment's database; `StoreAbsent` where there is none."""
    url = parse_url(settings.store_url)
    if not holds_store(url, zone=settings.zone):
        place = url.database if url.host is None else url.render_as_string(hide_password=True)
        raise StoreAbsent(say(settings.language, "store.absent", path=place))
    return url
