"""One resource that a document or a prefetch holds more than once: its newest version counts."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC
from typing import Any

from fhir_server.r4.dates import instant_range
from fhir_server.r4.outcome import BadRequest
from inference.snapshot import Sourced


def newest_versions(entries: Iterable[tuple[Sourced, str, str]]) -> tuple[Sourced, ...]:
    """Return each resource once, as `meta.lastUpdated` says; of each its full URL and its place.

    BadRequest where two versions differ and do not say which is newer: an older one may hold what
    was taken back since. An equal id on another server is another resource, cited by its full URL.
    """
    kept: dict[str, Sourced] = {}
    servers: dict[str, str | None] = {}
    for found, full_url, where in entries:
        server = server_of(found.resource, full_url)
        first = servers.setdefault(found.reference, server)
        is_apart = server is not None and first is not None and server != first
        entry = replace(found, reference=full_url) if is_apart else found
        other = kept.get(entry.reference)
        kept[entry.reference] = entry if other is None else _newer(other, entry, where)
    return tuple(kept.values())


def server_of(resource: Mapping[str, Any], full_url: str) -> str | None:
    """Return the server that a full URL is of, None where it is of none."""
    own = f"{resource['resourceType']}/{resource.get('id', '-')}"
    served = full_url.startswith(("http://", "https://")) and full_url.endswith(f"/{own}")
    return full_url.removesuffix(own) if served else None


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
