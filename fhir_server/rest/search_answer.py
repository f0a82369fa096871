"""A search that has been read, carried out: its page, what that brings along, the Bundle."""

from sqlalchemy import Connection

from fhir_server.rest.search_bundle import search_bundle
from fhir_server.rest.search_request import SearchRequest
from fhir_server.rest.services import FhirLimits
from fhir_server.store.access import Access, search_visible
from fhir_server.store.search_includes import included


def answer_search(
    connection: Connection,
    type: str,
    asked: SearchRequest,
    access: Access,
    *,
    base_url: str,
    limits: FhirLimits,
    path: str | None = None,
) -> bytes:
    """Return the searchset Bundle of `asked` on `type`, of what the client may see.

    `path` is the address below the base where the search was sent, if it is not the type's own.
    """
    page = search_visible(connection, type, asked.query, access)
    brought = included(
        connection,
        page.matches,
        asked.includes,
        access,
        base_url=base_url,
        most=limits.included_most,
    )
    return search_bundle(base_url, path or type, asked, page, brought)
