"""Which acknowledgments go back, when, and that a repeated message gets the same bytes."""

import asyncio
from datetime import timedelta

import pytest

from fhir_server.hl7v2.header import read_header
from fhir_server.hl7v2.modes import ORIGINAL, is_wanted, mode_of
from fhir_server.store import hl7v2_messages as messages
from fhir_server.store.connections import StoreUnavailable
from fhir_server.store.database import Database
from tests.support.fhir_store import BOTH, fresh_url
from tests.unit.hl7v2.examples import (
    LIS,
    LOCAL_CODES,
    MSH,
    OBR,
    PID,
    SHANGHAI,
    Clock,
    ack_fields,
    intake,
    message,
    obx,
    with_field,
)

pytestmark = pytest.mark.anyio

BAD_CONTENT = with_field(PID, 3, "")
BAD_TYPE = "MDM^T02^MDM_T02"


def asking(accept: str, application: str, *, kind: str = "", pid: str = PID) -> bytes:
    msh = with_field(with_field(MSH, 15, accept), 16, application)
    return message(with_field(msh, 9, kind) if kind else msh, pid, OBR, obx())


async def acknowledgments(hospital, raw: bytes) -> tuple[bytes | None, bytes | None]:
    """What a sender gets over MLLP: at once, and later."""
    receipt = await hospital.take(raw, channel="mllp", peer=LIS)
    later = await receipt.application()
    return (
        None if receipt.first is None else receipt.first.acknowledgment,
        None if later is None else later.acknowledgment,
    )


async def sent(hospital, raw: bytes) -> list[bytes]:
    """All that a sender gets, in its order."""
    return [each for each in await acknowledgments(hospital, raw) if each is not None]


def codes(acknowledgments: tuple[bytes | None, bytes | None]) -> tuple[str | None, str | None]:
    first, later = (
        None if each is None else ack_fields(each)["MSA"][0][1] for each in acknowledgments
    )
    return first, later


@pytest.fixture(params=BOTH)
def place(request):
    with fresh_url(request.param) as url:
        yield url


@pytest.fixture
def opened(place):
    database = Database.open(place, zone=SHANGHAI)
    yield database
    database.close()


@pytest.mark.parametrize(
    ("accept", "application", "expected"),
    [
        ("AL", "AL", ("CA", "AA")),
        ("AL", "NE", ("CA", None)),
        ("NE", "AL", (None, "AA")),
        ("NE", "NE", (None, None)),
        ("ER", "ER", (None, None)),
        ("SU", "SU", ("CA", "AA")),
        # In enhanced mode a field that is empty asks for nothing (v2.5.1, 2.9.3).
        ("AL", "", ("CA", None)),
        ("", "AL", (None, "AA")),
        ("al", "al", ("CA", "AA")),
        ("", "", (None, "AA")),
        ('""', '""', (None, "AA")),
    ],
)
async def test_a_good_message_is_answered_as_it_asks(hospital, accept, application, expected):
    assert codes(await acknowledgments(hospital, asking(accept, application))) == expected


@pytest.mark.parametrize(
    ("accept", "application", "expected"),
    [
        ("AL", "AL", ("CA", "AE")),
        ("AL", "SU", ("CA", None)),
        ("AL", "ER", ("CA", "AE")),
        ("NE", "ER", (None, "AE")),
        ("", "", (None, "AE")),
    ],
)
async def test_of_a_message_with_a_wrong_content(hospital, accept, application, expected):
    raw = asking(accept, application, pid=BAD_CONTENT)
    assert codes(await acknowledgments(hospital, raw)) == expected


@pytest.mark.parametrize(
    ("accept", "application", "expected"),
    [
        ("AL", "AL", ("CR", None)),
        ("ER", "AL", ("CR", None)),
        ("SU", "AL", (None, None)),
        ("NE", "AL", (None, None)),
        ("", "", (None, "AR")),
    ],
)
async def test_of_a_message_that_is_not_for_this_server(hospital, accept, application, expected):
    raw = asking(accept, application, kind=BAD_TYPE)
    assert codes(await acknowledgments(hospital, raw)) == expected


async def test_the_two_acknowledgments_of_enhanced_mode_stand_for_themselves(hospital):
    first, later = (
        ack_fields(each) for each in await acknowledgments(hospital, asking("AL", "AL"))
    )
    assert first["MSH"][0][9] != later["MSH"][0][9]
    assert first["MSA"][0][2] == later["MSA"][0][2] == "C1"
    for each in (first, later):
        assert len(each["MSH"][0][9]) <= 20
        # Nothing is to be sent back to an acknowledgment.
        assert each["MSH"][0][14:16] == ["NE", "NE"]


async def test_another_body_under_a_used_control_id_in_enhanced_mode(hospital):
    await acknowledgments(hospital, asking("AL", "AL"))
    other = asking("AL", "AL").replace(b"|88|", b"|99|")
    answers = await acknowledgments(hospital, other)
    assert codes(answers) == ("CE", None)
    assert ack_fields(answers[0])["ERR"][0][2] == "MSH^1^10"
    assert await acknowledgments(hospital, other) == answers


@pytest.mark.parametrize(
    "raw", [asking("", ""), asking("AL", "AL"), asking("NE", "ER", pid=BAD_CONTENT)]
)
@pytest.mark.parametrize("acknowledge", ["processed", "stored"])
async def test_a_repeated_message_gets_the_same_bytes_also_after_a_restart(place, raw, acknowledge):
    clock = Clock()
    database = Database.open(place, zone=SHANGHAI)
    hospital = intake(database, clock, acknowledge=acknowledge)
    # While the first is still being processed too.
    first, *others = await asyncio.gather(*(sent(hospital, raw) for _ in range(4)))
    assert others == [first] * 3
    await hospital.drain()
    clock.now += timedelta(hours=1)
    assert await sent(hospital, raw) == first
    database.close()

    database = Database.open(place, zone=SHANGHAI)
    clock.now += timedelta(days=1)
    later = intake(database, clock, acknowledge=acknowledge)
    assert await later.recover() == 0
    assert await sent(later, raw) == first
    assert len(await later.listed(messages.STATES)) == 1
    database.close()


async def test_acknowledged_when_kept_is_processed_afterwards(opened, clock):
    hospital = intake(opened, clock, acknowledge="stored")
    first, later = await acknowledgments(hospital, asking("", ""))
    assert codes((first, later)) == ("AA", None)
    await hospital.drain()
    (listed,) = await hospital.listed(messages.STATES)
    assert listed.state == "processed"


async def test_acknowledged_when_kept_and_wrong_is_listed_and_stays_acknowledged(opened, clock):
    hospital = intake(opened, clock, acknowledge="stored")
    raw = asking("", "", pid=BAD_CONTENT)
    first = await acknowledgments(hospital, raw)
    await hospital.drain()
    (listed,) = await hospital.listed(messages.UNSUCCESSFUL)
    assert (listed.state, listed.errors[0]["location"]) == ("rejected", "PID^1^3")
    assert await acknowledgments(hospital, raw) == first


async def test_a_header_that_is_not_for_this_server_is_refused_at_once_under_either_policy(
    opened, clock
):
    hospital = intake(opened, clock, acknowledge="stored")
    answers = await acknowledgments(hospital, asking("", "", kind=BAD_TYPE))
    assert "AR" in codes(answers)


class Codes:
    """Local codes with a fault of ours, which is mended later."""

    broken = True

    def translate(self, system, code):
        if self.broken:
            raise RuntimeError("a fault")
        return LOCAL_CODES.translate(system, code)


@pytest.mark.parametrize("raw", [asking("", ""), asking("AL", "NE")])
async def test_a_failure_behind_an_acknowledgment_is_listed_and_tried_again_on_repetition(
    opened, clock, raw
):
    faulty = Codes()
    hospital = intake(opened, clock, codes=faulty, acknowledge="stored")
    first = await acknowledgments(hospital, raw)
    assert codes(first)[0] in ("AA", "CA")
    await hospital.drain()
    (listed,) = await hospital.listed(("failed",))
    faulty.broken = False
    assert await acknowledgments(hospital, raw) == first
    await hospital.drain()
    assert [each.id for each in await hospital.listed(("processed",))] == [listed.id]


class AwayStore:
    """A store whose results of processing cannot be written for a while."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.is_away = False
        self.refusals = 0

    def __getattr__(self, name):
        return getattr(self._database, name)

    async def write(self, job):
        if self.is_away and "Worker" in job.__qualname__:
            self.refusals += 1
            raise StoreUnavailable("disk full")
        return await self._database.write(job)


async def until(condition) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 (what is waited for has no event)
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("raw", "acknowledge"), [(asking("", ""), "stored"), (asking("AL", "AL"), "processed")]
)
async def test_what_is_acknowledged_waits_for_a_store_that_is_away(opened, clock, raw, acknowledge):
    away = AwayStore(opened)
    away.is_away = True
    hospital = intake(away, clock, acknowledge=acknowledge)
    receipt = await hospital.take(raw, channel="mllp", peer=LIS)
    assert receipt.first.code in ("AA", "CA")
    await until(lambda: away.refusals >= 2)
    assert hospital.waiting == 1
    away.is_away = False
    await until(lambda: not hospital.waiting)
    later = await receipt.application()
    assert later is None or later.code == "AA"
    assert len(await hospital.listed(("processed",))) == 1


async def test_what_is_not_acknowledged_is_told_at_once_that_the_store_is_away(opened, clock):
    away = AwayStore(opened)
    away.is_away = True
    hospital = intake(away, clock)
    first, later = await acknowledgments(hospital, asking("", ""))
    assert codes((first, later)) == (None, "AR")
    assert ack_fields(later)["ERR"][0][3].startswith("207^")
    away.is_away = False
    assert codes(await acknowledgments(hospital, asking("", ""))) == (None, "AA")


async def test_over_http_the_one_answer_is_the_applications_or_that_it_is_kept(hospital):
    async def answer(raw: bytes) -> str:
        return (await hospital.answer(raw, channel="http", peer=LIS)).code

    assert await answer(asking("AL", "AL")) == "AA"
    assert await answer(asking("NE", "NE").replace(b"|C1|", b"|C2|")) == "CA"
    assert await answer(asking("AL", "SU", pid=BAD_CONTENT).replace(b"|C1|", b"|C3|")) == "CA"
    assert await answer(asking("AL", "AL", kind=BAD_TYPE).replace(b"|C1|", b"|C4|")) == "CR"


async def test_a_frame_too_long_in_enhanced_mode(hospital):
    start = asking("AL", "AL")[:300]
    answer = await hospital.fault("too-long", start, channel="mllp", peer=LIS)
    assert ack_fields(answer)["MSA"][0][1] == "CE"
    silent = await hospital.fault("too-long", asking("NE", "AL")[:300], channel="mllp", peer=LIS)
    assert silent is None


def test_a_condition_that_is_none_is_original_mode():
    assert mode_of(read_header(asking("XX", "AL"))) == ORIGINAL


@pytest.mark.parametrize("code", ["AA", "AE", "AR", "CA", "CE", "CR"])
def test_conditions_of_table_0155(code):
    good = code in ("AA", "CA")
    assert is_wanted("AL", code)
    assert not is_wanted("NE", code)
    assert is_wanted("SU", code) == good
    assert is_wanted("ER", code) != good
