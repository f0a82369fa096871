"""One search over several types: type after type, each in the order of its own search."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from fhir_server.store.access import Access, search_visible
from fhir_server.store.resources import Stored
from fhir_server.store.search_query import Cursor, SearchQuery


@dataclass(frozen=True, slots=True)
class SeveralCursor:
    """Where the next page begins: at `type`, after what `cursor` names (None: at its first)."""

    type: str
    cursor: Cursor | None


@dataclass(frozen=True, slots=True)
class SeveralPage:
    """The matches of one page; `total` where it was asked for; `next` where more follow."""

    matches: tuple[Stored, ...]
    total: int | None
    next: SeveralCursor | None


def search_several(
    connection: Connection,
    queries: Sequence[tuple[str, SearchQuery]],
    access: Access,
    *,
    cursor: SeveralCursor | None,
) -> SeveralPage:
    """Return a page of all that the queries match, in their order; all ask for the same count.

    A cursor of a type that is not among the queries begins at the first that follows it by name:
    the queries stand in the order of names.
    """
    if not queries:
        return SeveralPage((), 0, None)
    asked = queries[0][1]
    total = _total(connection, queries, access) if asked.total else None
    matches: list[Stored] = []
    for type, query in queries:
        if asked.count == 0 or (cursor is not None and type < cursor.type):
            continue
        begin = cursor.cursor if cursor is not None and type == cursor.type else None
        wanted = asked.count - len(matches)
        page = search_visible(
            connection,
            type,
            # Where the page is full already, one match decides whether another page follows.
            replace(query, count=max(wanted, 1), total=False, cursor=begin),
            access,
        )
        if wanted == 0 and page.matches:
            return SeveralPage(tuple(matches), total, SeveralCursor(type, begin))
        matches += page.matches[:wanted]
        if page.next is not None:
            return SeveralPage(tuple(matches), total, SeveralCursor(type, page.next))
    return SeveralPage(tuple(matches), total, None)


def _total(
    connection: Connection, queries: Sequence[tuple[str, SearchQuery]], access: Access
) -> int:
    counted = (
        search_visible(connection, type, replace(query, count=0, total=True, cursor=None), access)
        for type, query in queries
    )
    return sum(page.total or 0 for page in counted)
