"""The days that a FHIR dateTime means, and the moment where it tells one."""

import calendar
from datetime import date, datetime, tzinfo
from typing import Any, Final

_YEAR_ONLY: Final = len("2015")
_MONTH_ONLY: Final = len("2015-03")
_DECEMBER: Final = 12


def moment(text: str, *, zone: tzinfo) -> datetime | None:
    """Return a FHIR dateTime of at least a day as an aware time, or None."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=zone)


def days(text: Any, zone: tzinfo) -> tuple[date, date] | None:
    """Return the first and the last day that a FHIR dateTime means; None where it is none."""
    if not isinstance(text, str):
        return None
    try:
        if len(text) == _YEAR_ONLY:
            return date(int(text), 1, 1), date(int(text), _DECEMBER, 31)
        if len(text) == _MONTH_ONLY:
            first = date.fromisoformat(f"{text}-01")
            return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])
    except ValueError:
        return None
    found = moment(text, zone=zone)
    return (found.astimezone(zone).date(),) * 2 if found else None


def whole_years(born: date, day: date) -> int:
    """Return the completed years on a day."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
