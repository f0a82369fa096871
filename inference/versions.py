"""One resource that a document or a prefetch holds more than once: its newest version counts."""

from collections.abc import Iterable
from datetime import UTC

from fhir_server.r4.dates import instant_range
from fhir_server.r4.outcome import BadRequest
from inference.snapshot import Sourced


def newest_versions(entries: Iterable[tuple[Sourced, str]]) -> tuple[Sourced, ...]:
    """Return each resource once, as `meta.lastUpdated` says; the text of an entry is its place.

    BadRequest where two versions differ and do not say which is newer: an older one may hold what
    was taken back since.
    """
    kept: dict[str, Sourced] = {}
    for entry, where in entries:
        other = kept.get(entry.reference)
        kept[entry.reference] = entry if other is None else _newer(other, entry, where)
    return tuple(kept.values())


def _newer(first: Sourced, second: Sourced, where: str) -> Sourced:
    if first.resource == second.resource:
        return first
    times = [_updated(each) for each in (first, second)]
    if None in times or times[0] == times[1]:
        text = (
            f"{second.reference[-80:]} stands here twice with different content, and "
            "meta.lastUpdated does not say which is newer; send the newest version only."
        )
        raise BadRequest("duplicate", text, where)
    return first if times.index(max(time for time in times if time is not None)) == 0 else second


def _updated(entry: Sourced) -> int | None:
    meta = entry.resource.get("meta")
    text = meta.get("lastUpdated") if isinstance(meta, dict) else None
    if not isinstance(text, str):
        return None
    try:
        return instant_range(text, default_zone=UTC)[0]
    except ValueError:
        return None
