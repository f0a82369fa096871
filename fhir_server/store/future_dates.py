"""An Observation cannot have been made tomorrow: a business rule for every way in."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.dates import instant_range
from fhir_server.r4.outcome import Issue

# Clocks of analysers and of this server differ; more than this is no drift but a wrong date.
_DRIFT = timedelta(minutes=5)
# A date without a time is over nowhere before it has begun in the zone that is furthest ahead.
_FIRST_ZONE = timezone(timedelta(hours=14))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def future_dates(resource: JsonObject, *, now: datetime) -> tuple[Issue, ...]:
    """Return an issue `business-rule` for each date of a valid Observation that is yet to come.

    Looked at are `effective[x]` (a Period by its start) and `issued`; other types have none.
    """
    if resource["resourceType"] != "Observation":
        return ()
    latest = (now + _DRIFT - _EPOCH) // _MICROSECOND
    return tuple(
        Issue(
            "error",
            "business-rule",
            f"{text} lies in the future; a result has the time at which it was obtained.",
            (f"Observation.{path}",),
        )
        for path, text in _dates(resource)
        if instant_range(text, default_zone=_FIRST_ZONE)[0] > latest
    )


def _dates(observation: JsonObject) -> Iterator[tuple[str, str]]:
    for name in ("effectiveDateTime", "effectiveInstant", "issued"):
        if isinstance(observation.get(name), str):
            yield name, observation[name]
    yield from _start("effectivePeriod", observation.get("effectivePeriod"))
    timing = observation.get("effectiveTiming", {})
    for place, event in enumerate(timing.get("event", ())):
        if isinstance(event, str):
            yield f"effectiveTiming.event[{place}]", event
    bounds = timing.get("repeat", {}).get("boundsPeriod")
    yield from _start("effectiveTiming.repeat.boundsPeriod", bounds)


def _start(path: str, period: Any) -> Iterator[tuple[str, str]]:
    if isinstance(period, dict) and isinstance(period.get("start"), str):
        yield f"{path}.start", period["start"]
