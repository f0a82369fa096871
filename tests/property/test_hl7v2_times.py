"""Times keep instant, precision and zone, also in the years of a country's summer time."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.hl7v2.mapping.times import moment
from tests.unit.hl7v2.examples import MSH, OBR, PID, demo_patient, message, obx, with_field
from tests.unit.hl7v2.examples import observation as observed

SHANGHAI = ZoneInfo("Asia/Shanghai")
ZONES = ["Asia/Shanghai", "Asia/Hong_Kong", "Asia/Taipei", "Europe/Berlin", "America/New_York"]
# From here on the offsets of these zones are whole minutes.
FIRST = datetime(1948, 1, 1, tzinfo=UTC).replace(tzinfo=None)
LAST = datetime(2037, 12, 31, tzinfo=UTC).replace(tzinfo=None)


@given(st.datetimes(FIRST, LAST), st.sampled_from(ZONES))
def test_a_time_without_offset_is_the_wall_clock_of_the_configured_zone(wall, name):
    zone = ZoneInfo(name)
    wall = wall.replace(microsecond=0)
    found = moment(wall.strftime("%Y%m%d%H%M%S"), zone=zone)
    assert datetime.fromisoformat(found.text) == wall.replace(tzinfo=zone)
    assert found.text[:19] == wall.isoformat()


@given(st.datetimes(FIRST, LAST), st.integers(-12 * 60, 14 * 60), st.sampled_from(ZONES))
def test_an_offset_that_is_written_counts_whatever_the_configured_zone(wall, minutes, name):
    offset = timedelta(minutes=minutes)
    sign, size = ("-", -minutes) if minutes < 0 else ("+", minutes)
    text = f"{wall:%Y%m%d%H%M%S}{sign}{size // 60:02}{size % 60:02}"
    found = moment(text, zone=ZoneInfo(name))
    instant = wall.replace(microsecond=0, tzinfo=UTC) - offset
    assert datetime.fromisoformat(found.text) == instant
    assert found.low == instant


@given(st.datetimes(FIRST, LAST), st.integers(0, 6))
def test_precision_is_neither_lost_nor_made_up(wall, digits):
    text = f"{wall:%Y%m%d%H%M%S}" + (f".{wall:%f}"[: digits + 1] if digits else "")
    written = moment(text, zone=SHANGHAI).text
    fraction = written[19:].partition("+")[0]
    assert fraction == (f".{wall:%f}"[: digits + 1] if digits else "")
    for length, precision in ((8, 10), (6, 7), (4, 4)):
        assert moment(text[:length], zone=SHANGHAI).text == wall.date().isoformat()[:precision]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        # Summer time in China, 1986 to 1991 (from 1987 mid-April to mid-September).
        ("19860503120000", "1986-05-03T12:00:00+08:00"),
        ("19860505120000", "1986-05-05T12:00:00+09:00"),
        ("19880701080000", "1988-07-01T08:00:00+09:00"),
        ("19881001080000", "1988-10-01T08:00:00+08:00"),
        ("19910701080000", "1991-07-01T08:00:00+09:00"),
        ("19920701080000", "1992-07-01T08:00:00+08:00"),
        ("20260701080000", "2026-07-01T08:00:00+08:00"),
        ("19880701", "1988-07-01"),
        ("19880701080000+0800", "1988-07-01T08:00:00+08:00"),
    ],
)
def test_summer_time_in_china_is_known(written, read):
    assert moment(written, zone=SHANGHAI).text == read


@pytest.mark.parametrize("written", ["198807010030", "19880701003000+0900", "19880701"])
def test_no_zone_shifts_the_day_of_a_birth(written):
    unzoned = with_field(MSH, 7, "20261120103500")
    raw = message(unzoned, with_field(PID, 7, written), OBR, obx())
    assert demo_patient(raw)["birthDate"] == "1988-07-01"


def test_the_zone_of_msh_7_is_the_default_of_the_whole_message():
    # HL7 v2.5.1 section 2.15.9.7; it is an offset, which knows no summer.
    eastern = with_field(MSH, 7, "20261120063500-0500")
    assert observed(obx(f14="20260701080000"), msh=eastern)["effectiveDateTime"].endswith("-05:00")
