"""FHIR dates as ranges of time: a value of lower precision is the whole span it names.

R4 search.html#date: `2013-01-14` is every instant of that day, and comparisons are comparisons
of ranges. Ranges here are half open, `[low, high)`, in microseconds since 1970-01-01T00:00:00Z.
"""

import re
from calendar import isleap, monthrange
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache

_DAY = 86_400_000_000
_MINUTE = 60_000_000
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the origin of naive local arithmetic below
_EPOCH_DAY = _EPOCH.toordinal()
_LAST_DAY = date.max.toordinal()
_MICROSECOND = timedelta(microseconds=1)

# The bounds of an open Period and of every FHIR date: years 0001 to 9999 in any zone.
EARLIEST = -62_135_596_800_000_000 - _DAY
LATEST = 253_402_300_800_000_000 + _DAY

_FORM = re.compile(
    r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2})"
    r"(?:T(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})"
    r"(?::(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]+))?)?"
    r"(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})?)?)?)?"
)
_HOW = "write YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss[.fff] with Z or +hh:mm"


# One panel's results have one time, which is read when they are checked and when they are indexed.
@lru_cache(maxsize=1024)
def instant_range(text: str, *, default_zone: tzinfo) -> tuple[int, int]:
    """Return `[low, high)` in microseconds since the epoch (UTC) of a date, dateTime or instant.

    Precision is the text's: year, month, day, minute (search values only), second or fraction
    of a second (below a microsecond: that microsecond). `default_zone` places text without an
    offset. Second 60 is the leap second that R4 allows, counted into the next minute.
    ValueError, saying how to mend it, for anything else, `24:00` and 30 February included.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:40]!r} is no FHIR date; {_HOW}")
    second, fraction = match["second"], match["fraction"]
    if match["hour"] is None:
        return _calendar_range(match, default_zone)
    low = _minute(match, default_zone)
    if second is None:
        return low, low + _MINUTE
    if second > "60":
        raise ValueError(f"{text[:40]!r} has no second {second}; seconds are 00 to 59")
    low += int(second) * 1_000_000
    if fraction is None:
        return low, low + 1_000_000
    start, end = _fraction(fraction)
    return low + start, low + end


def _fraction(digits: str) -> tuple[int, int]:
    digits = digits[:6]
    step: int = 10 ** (6 - len(digits))
    return int(digits) * step, (int(digits) + 1) * step


def _calendar_range(match: re.Match[str], zone: tzinfo) -> tuple[int, int]:
    year, month, day = match["year"], match["month"], match["day"]
    first = _date(match[0], int(year), int(month or 1), int(day or 1))
    if day is not None:
        after = first.toordinal() + 1
    elif month is not None:
        after = first.toordinal() + monthrange(first.year, first.month)[1]
    else:
        after = first.toordinal() + 365 + isleap(first.year)
    return _midnight(first.toordinal(), zone), _midnight(after, zone)


def _midnight(ordinal: int, zone: tzinfo) -> int:
    """Return the instant at which the day begins in `zone`; the day after 9999-12-31 included."""
    inside = datetime.combine(date.fromordinal(min(ordinal, _LAST_DAY)), datetime.min.time())
    start = _instant(inside, zone)
    return start if ordinal <= _LAST_DAY else start + _DAY


def _instant(local: datetime, zone: tzinfo) -> int:
    offset = local.replace(tzinfo=zone).utcoffset()
    if offset is None:
        raise ValueError(f"time zone {zone!r} has no offset at {local.isoformat()}")
    return (local - _EPOCH - offset) // _MICROSECOND


def _date(text: str, year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is no day of the calendar") from None


def _minute(match: re.Match[str], default_zone: tzinfo) -> int:
    """Return the instant at which the minute begins that `match` names."""
    text, hour, minute, zone = match[0], match["hour"], match["minute"], match["zone"]
    on = _date(text, int(match["year"]), int(match["month"]), int(match["day"]))
    if hour > "23" or minute > "59":
        # R4 datatypes.html#dateTime: "24:00" SHALL NOT be used.
        raise ValueError(f"{text[:40]!r} has no time {hour}:{minute}; times are 00:00 to 23:59")
    if zone is None:
        local = datetime(on.year, on.month, on.day, int(hour), int(minute))  # noqa: DTZ001 - zone next
        return _instant(local, default_zone)
    of_day = int(hour) * 60 + int(minute) - _offset(text, zone)
    return (on.toordinal() - _EPOCH_DAY) * _DAY + of_day * _MINUTE


def _offset(text: str, offset: str) -> int:
    """Return the minutes east of UTC; R4's regex allows up to 14:00."""
    if offset == "Z":
        return 0
    hours, minutes = int(offset[1:3]), int(offset[4:6])
    if minutes > 59 or hours * 60 + minutes > 14 * 60:
        raise ValueError(f"{text[:40]!r} has offset {offset}; offsets end at 14:00")
    return (hours * 60 + minutes) * (-1 if offset[0] == "-" else 1)
