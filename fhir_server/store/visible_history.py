"""History as far as a client may see it."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from fhir_server.store.access import Access, check_known, is_known, sees
from fhir_server.store.resources import HistoryCursor, HistoryPage, Stored, history

# A restricted client's page looks at so many versions; then it ends, with a link to the next.
_LOOKED_AT = 5_000
_STEP = 500


def visible_history(connection: Connection, access: Access, **asked: Any) -> HistoryPage:
    """Return a page of `resources.history` without the versions that the client may not see.

    A restricted client gets no `total`, and a page may hold less than `count` though more follow.
    """
    if access.patients is None:
        return history(connection, **asked)
    if asked.get("id") is not None:
        check_known(connection, asked["type"], asked["id"], access)
    count, before = asked["count"], asked.get("before")
    judge = _Judge(connection, access)
    seen: list[tuple[Stored, HistoryCursor]] = []
    for _ in range(_LOOKED_AT // _STEP):
        page = history(connection, **{**asked, "count": _STEP, "before": before})
        pairs = zip(page.entries, page.places, strict=True)
        seen += (pair for pair in pairs if judge.sees(pair[0]))
        before = page.following
        if len(seen) > count or before is None:
            break
    following = seen[count - 1][1] if len(seen) > count else before
    entries, places = zip(*seen[:count], strict=True) if seen else ((), ())
    return HistoryPage(entries, None, following, places)


@dataclass(slots=True)
class _Judge:
    """What may be seen, each resource's newest content read once."""

    connection: Connection
    access: Access
    known: dict[tuple[str, str], bool] = field(default_factory=dict)

    def sees(self, stored: Stored) -> bool:
        """Return whether one version may be seen."""
        if not (stored.deleted or sees(stored.body, self.access)):
            return False
        key = (stored.type, stored.id)
        if key not in self.known:
            self.known[key] = is_known(self.connection, *key, self.access)
        return self.known[key]
