"""The store as the commands open it: never created by looking into it."""

from collections.abc import Iterator
from contextlib import contextmanager

from fhir_server.settings import Settings
from fhir_server.store.database import Database
from fhir_server.store.engines import database_path
from fhir_server.text_catalogue import say


class StoreAbsent(RuntimeError):
    """There is no database where the settings say; the text names the place."""


@contextmanager
def reading(settings: Settings) -> Iterator[Database]:
    """Open the deployment's database; `StoreAbsent` where there is none."""
    path = database_path(settings.store_url)
    if not path.exists():
        raise StoreAbsent(say(settings.language, "store.absent", path=path))
    database = Database.open(settings.store_url, zone=settings.zone)
    try:
        yield database
    finally:
        database.close()
