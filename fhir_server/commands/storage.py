"""The store as the commands open it: never created by looking into it."""

from collections.abc import Iterator
from contextlib import contextmanager

from fhir_server.settings import Settings
from fhir_server.store.database import Database
from fhir_server.store.engines import parse_url
from fhir_server.store.opening import holds_store
from fhir_server.text_catalogue import say


class StoreAbsent(RuntimeError):
    """There is no database where the settings say; the text names the place."""


@contextmanager
def reading(settings: Settings) -> Iterator[Database]:
    """Open the deployment's database; `StoreAbsent` where there is none."""
    url = parse_url(settings.store_url)
    if not holds_store(url, zone=settings.zone):
        place = url.render_as_string(hide_password=True)
        raise StoreAbsent(say(settings.language, "store.absent", path=place))
    database = Database.open(settings.store_url, zone=settings.zone)
    try:
        yield database
    finally:
        database.close()
