"""A date's span holds every instant that it names, and a finer date lies within a coarser one."""

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.r4.dates import EARLIEST, LATEST, instant_range

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_zones = st.sampled_from([UTC, ZoneInfo("Asia/Shanghai"), ZoneInfo("America/Sao_Paulo")])
_moments = st.datetimes(datetime(1000, 1, 2), datetime(9998, 12, 30))  # noqa: DTZ001 - local
_offsets = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


@given(_moments, _offsets, st.integers(1, 6))
def test_a_written_instant_is_inside_its_span(
    moment: datetime, offset: tzinfo, digits: int
) -> None:
    aware = moment.replace(tzinfo=offset)
    whole = aware.isoformat(timespec="microseconds")
    text = whole[: 20 + digits] + whole[26:]
    low, high = instant_range(text, default_zone=UTC)
    assert low <= _micros(aware) < high
    assert high - low == 10 ** (6 - digits)


@given(_moments, _zones)
def test_coarser_dates_hold_finer_ones(moment: datetime, zone: tzinfo) -> None:
    text = moment.isoformat(timespec="seconds")
    spans = [instant_range(text[:end], default_zone=zone) for end in (4, 7, 10, 16, 19)]
    for (low, high), (inner_low, inner_high) in pairwise(spans):
        assert EARLIEST < low <= inner_low < inner_high <= high < LATEST


@given(st.dates(max_value=datetime(9998, 1, 1).date()), _zones)  # noqa: DTZ001 - a calendar day
def test_days_follow_each_other_without_gap(day: object, zone: tzinfo) -> None:
    tomorrow = day + timedelta(days=1)  # type: ignore[operator]
    assert (
        instant_range(str(day), default_zone=zone)[1]
        == instant_range(str(tomorrow), default_zone=zone)[0]
    )


@given(st.text("0123456789-T:.Z+", max_size=30))
def test_any_text_is_a_span_or_a_value_error(text: str) -> None:
    try:
        low, high = instant_range(text, default_zone=UTC)
    except ValueError as error:
        assert str(error)
    else:
        assert EARLIEST <= low < high <= LATEST


def test_a_zone_that_knows_no_offset_is_refused() -> None:
    class Nowhere(tzinfo):
        def utcoffset(self, _moment: datetime | None) -> None:
            return None

        dst = tzname = utcoffset

    with pytest.raises(ValueError, match="no offset"):
        instant_range("2026", default_zone=Nowhere())
