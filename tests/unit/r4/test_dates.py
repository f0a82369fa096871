"""A FHIR date is the span of time that it names."""

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest

from fhir_server.r4.dates import EARLIEST, LATEST, instant_range

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")


def _micros(iso: str) -> int:
    return (datetime.fromisoformat(iso) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(
        microseconds=1
    )


@pytest.mark.parametrize(
    ("text", "zone", "low", "high"),
    [
        ("2026", UTC, "2026-01-01T00:00Z", "2027-01-01T00:00Z"),
        ("2026-03", UTC, "2026-03-01T00:00Z", "2026-04-01T00:00Z"),
        ("2024-02", UTC, "2024-02-01T00:00Z", "2024-03-01T00:00Z"),
        ("2026-12", SHANGHAI, "2026-12-01T00:00+08:00", "2027-01-01T00:00+08:00"),
        ("2026-03-01", SHANGHAI, "2026-03-01T00:00+08:00", "2026-03-02T00:00+08:00"),
        # the day on which clocks go forward has 23 hours
        ("2026-03-08", NEW_YORK, "2026-03-08T00:00-05:00", "2026-03-09T00:00-04:00"),
        ("2026-03-01T08:15", SHANGHAI, "2026-03-01T08:15+08:00", "2026-03-01T08:16+08:00"),
        ("2026-03-01T08:15Z", SHANGHAI, "2026-03-01T08:15Z", "2026-03-01T08:16Z"),
        ("2026-03-01T08:15:30+08:00", UTC, "2026-03-01T00:15:30Z", "2026-03-01T00:15:31Z"),
        ("2026-03-01T08:15:30-03:30", UTC, "2026-03-01T11:45:30Z", "2026-03-01T11:45:31Z"),
        ("2026-03-01T08:15:30.5Z", UTC, "2026-03-01T08:15:30.5Z", "2026-03-01T08:15:30.6Z"),
        ("2026-03-01T08:15:30.250Z", UTC, "2026-03-01T08:15:30.250Z", "2026-03-01T08:15:30.251Z"),
        ("2026-03-01T08:15:30.1234569Z", UTC, "2026-03-01T08:15:30.123456Z",
         "2026-03-01T08:15:30.123457Z"),
        ("2026-03-01T08:15:59.9Z", UTC, "2026-03-01T08:15:59.9Z", "2026-03-01T08:16:00Z"),
        ("2016-12-31T23:59:60Z", UTC, "2017-01-01T00:00:00Z", "2017-01-01T00:00:01Z"),
        ("2026-01-01T00:00:00+14:00", UTC, "2025-12-31T10:00:00Z", "2025-12-31T10:00:01Z"),
        ("1900-02-28", UTC, "1900-02-28T00:00Z", "1900-03-01T00:00Z"),
    ],
)  # fmt: skip
def test_range(text: str, zone: tzinfo, low: str, high: str) -> None:
    assert instant_range(text, default_zone=zone) == (_micros(low), _micros(high))


@pytest.mark.parametrize("text", ["9999", "9999-12", "9999-12-31"])
def test_the_last_day_ends(text: str) -> None:
    low, high = instant_range(text, default_zone=UTC)
    assert low < high < LATEST
    assert high == 253_402_300_800_000_000


def test_the_first_year_begins() -> None:
    low, _ = instant_range("0001", default_zone=SHANGHAI)
    assert low > EARLIEST


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no FHIR date"),
        ("20260301", "no FHIR date"),
        ("2026-3-1", "no FHIR date"),
        ("26-03-01", "no FHIR date"),
        ("2026-03-01T", "no FHIR date"),
        ("2026-03-01T08", "no FHIR date"),
        ("2026-03-01 08:15:30", "no FHIR date"),
        ("2026-03-01T08:15:30+0800", "no FHIR date"),
        ("2026-03-01T08:15:30.Z", "no FHIR date"),
        ("2026-03-01\n", "no FHIR date"),
        ("２０２６", "no FHIR date"),
        ("2026-02-30", "calendar"),
        ("1900-02-29", "calendar"),
        ("2026-13", "calendar"),
        ("2026-00-01", "calendar"),
        ("0000", "calendar"),
        ("2026-03-01T24:00:00Z", "24:00"),
        ("2026-03-01T08:60:00Z", "08:60"),
        ("2026-03-01T08:15:61Z", "second 61"),
        ("2026-03-01T08:15:30+14:01", "14:00"),
        ("2026-03-01T08:15:30+08:60", "08:60"),
    ],
)
def test_what_is_no_date(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        instant_range(text, default_zone=UTC)
