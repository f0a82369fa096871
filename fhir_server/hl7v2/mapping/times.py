"""HL7 v2 dates and times to FHIR: precision kept, and never without an offset.

Source: HL7 v2.8 section 2A.3.22 (DTM), 2A.3.21 (DT), 2A.3.75 (TM); FHIR R4 datatypes.html.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final

_DTM: Final = re.compile(
    r"(?P<year>[0-9]{4})(?:(?P<month>[0-9]{2})(?:(?P<day>[0-9]{2})(?:(?P<hour>[0-9]{2})(?:(?P<minute>[0-9]{2})"
    r"(?:(?P<second>[0-9]{2})(?P<fraction>\.[0-9]{1,6})?)?)?)?)?)?(?P<zone>[+-][0-9]{4})?"
)
_TM: Final = re.compile(r"([0-9]{2})([0-9]{2})(?:([0-9]{2})(\.[0-9]{1,6})?)?")
_WIDEST: Final = timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as FHIR writes it, and the first instant that it names.

    `text` is a date or dateTime. `is_instant` says that it may stand where FHIR asks for an
    instant: time of day and offset are there.
    """

    text: str
    low: datetime
    is_instant: bool


@lru_cache(maxsize=4096)
def moment(text: str, *, zone: tzinfo) -> Moment:
    """Return the time that a DTM, TS or DT names; `zone` where it names none.

    Where FHIR cannot write the precision (an hour, an hour and minute) the missing digits are
    zeros, as R4 allows for seconds. ValueError where it is no time, 24:00 and day 31 of June
    included.
    """
    found = _DTM.fullmatch(text)
    if found is None:
        raise ValueError("not YYYY[MM[DD[HH[MM[SS[.S+]]]]]][+/-ZZZZ]")
    low = datetime(
        int(found["year"]),
        int(found["month"] or 1),
        int(found["day"] or 1),
        int(found["hour"] or 0),
        int(found["minute"] or 0),
        int(found["second"] or 0),
        _microseconds(found["fraction"]),
        tzinfo=_offset(found["zone"]) or zone,
    )
    east = low.utcoffset()
    if east is None or east.seconds % 60:
        raise ValueError("the zone has no offset in whole minutes at that time")
    if found["hour"] is None:
        parts = (found["year"], found["month"], found["day"])
        return Moment("-".join(part for part in parts if part), low, False)
    written = low.isoformat(timespec="seconds")
    if found["fraction"]:
        written = written[:19] + found["fraction"] + written[19:]
    return Moment(written, low, True)


def is_time(text: str) -> bool:
    """Whether a text is a DTM, TS or DT."""
    try:
        moment(text, zone=UTC)
    except ValueError:
        return False
    return True


def has_zone(text: str) -> tzinfo | None:
    """Return the offset that a DTM names, None where it names none or is no DTM."""
    found = _DTM.fullmatch(text)
    try:
        return _offset(found["zone"]) if found is not None else None
    except ValueError:
        return None


def time_of_day(text: str) -> str:
    """Return a TM as FHIR's time; seconds that are not sent are zeros.

    ValueError where it is no time of at least hour and minute, or names an offset, which
    FHIR's time cannot hold.
    """
    found = _TM.fullmatch(text)
    if found is None:
        raise ValueError("not HHMM[SS[.S+]]")
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError("no time of day")
    return f"{hour:02}:{minute:02}:{second:02}{found[4] or ''}"


def utc(moment: datetime) -> datetime:
    """Return the same instant in UTC."""
    return moment.astimezone(UTC)


def _microseconds(fraction: str | None) -> int:
    return int(fraction[1:].ljust(6, "0")) if fraction else 0


def _offset(text: str | None) -> tzinfo | None:
    if text is None:
        return None
    if int(text[3:]) > 59:
        raise ValueError("an offset has at most 59 minutes")
    size = timedelta(hours=int(text[1:3]), minutes=int(text[3:]))
    if size > _WIDEST:
        raise ValueError("offsets end at 14:00")
    return timezone(-size if text[0] == "-" else size)
