"""The query parameters of lists of HL7v2 messages: filters, size and place of a page."""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Final
from urllib.parse import urlencode

from fastapi import Request

from fhir_server.hl7v2.refusals import Refused
from fhir_server.store.hl7v2_log import Filter
from fhir_server.store.hl7v2_messages import STATES, UNSUCCESSFUL, State
from fhir_server.store.resources import microseconds

MOST: Final = 500
_PAGE: Final = 100
_NAMES: Final = frozenset(
    ("state", "sender", "type", "control-id", "since", "until", "count", "before")
)
# `failed` has always listed what was rejected too; `all` is every state.
_GROUPS: Final[dict[str, tuple[State, ...]]] = {"failed": UNSUCCESSFUL, "all": STATES}


def filter_of(request: Request, zone: tzinfo) -> Filter:
    """Return the filter of a list; Refused (400) names the parameter that cannot be read."""
    query = request.query_params
    for name in query:
        if name not in _NAMES:
            raise Refused(
                400, "not-supported", "hl7v2.parameter", name=name[:40],
                names=", ".join(sorted(_NAMES)),
            )  # fmt: skip
    return Filter(
        states=states_of(query.getlist("state") or ["failed"]),
        sender=query.get("sender", ""),
        type=query.get("type", ""),
        control_id=query.get("control-id", ""),
        since=instant("since", query.get("since", ""), zone),
        until=instant("until", query.get("until", ""), zone),
    )


def states_of(names: Iterable[str], *, alone: bool = False) -> tuple[State, ...]:
    """Return the states of a filter; `alone`: a name is one state, `failed` included."""
    found: list[State] = []
    for name in names:
        group = () if alone else _GROUPS.get(name, ())
        single = tuple(state for state in STATES if state == name)
        if not group and not single:
            states = ", ".join((*STATES, "all"))
            raise Refused(400, "value", "hl7v2.state-refused", state=name[:40], states=states)
        found += group or single
    return tuple(dict.fromkeys(found))


def instant(name: str, text: str, zone: tzinfo) -> int | None:
    """Return a date or an instant as microseconds since the epoch; without offset it is local."""
    if not text:
        return None
    try:
        # "+" of an offset that was not escaped has come as a blank.
        at = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        return microseconds(at if at.tzinfo is not None else at.replace(tzinfo=zone))
    except (ValueError, OverflowError):
        raise Refused(400, "value", "hl7v2.since-refused", name=name, since=text[:40]) from None


def page_of(request: Request) -> tuple[int | None, int]:
    """Return the number before which a page begins, None for the newest, and its size."""
    before = _number(request, "before", 1 << 62)
    return before, min(_number(request, "count", MOST) or _PAGE, MOST)


def next_link(request: Request, before: int) -> str:
    """Return the address of the page that follows, below the server's own."""
    kept = [(n, v) for n, v in request.query_params.multi_items() if n != "before"]
    return f"{request.url.path}?{urlencode([*kept, ('before', str(before))])}"


def _number(request: Request, name: str, most: int) -> int | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal()) or len(text) > 19 or not 1 <= int(text) <= most:
        raise Refused(400, "value", "hl7v2.number-refused", name=name, value=text[:40], most=most)
    return int(text)
