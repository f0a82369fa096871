"""Whatever bytes a frame holds, they are kept as they came and answered; nothing ever raises."""

import asyncio
import re
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir_server.hl7v2.acknowledgment import code_of
from fhir_server.store import hl7v2_messages as messages
from fhir_server.store.database import Database
from tests.support.fhir_store import BOTH, fresh_url
from tests.support.mllp import result
from tests.unit.hl7v2.examples import LIS, SHANGHAI, Clock, intake

WHOLE = result("C1", results=2)
# Bytes that mean something in a message, or nothing to a database.
MARKS = st.sampled_from(
    [b"|", b"^", b"~", b"\\", b"&", b"\r", b"\n", b"\x00", b"\xff", b'""', b"\x1a"]
)


@st.composite
def torn(draw: st.DrawFn) -> bytes:
    """A message in which some pieces are replaced, doubled, removed or followed by others."""
    raw = WHOLE.replace(b"|C1|", b"|C%d|" % draw(st.integers(0, 10**9)))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(raw)))
        end = draw(st.integers(start, min(len(raw), start + 40)))
        piece = draw(st.one_of(MARKS, st.binary(max_size=6), st.just(raw[start:end] * 2)))
        raw = raw[:start] + piece + raw[end:]
    return raw


@pytest.fixture(scope="module", params=BOTH)
def store(request):
    with fresh_url(request.param) as url:
        database = Database.open(url, zone=SHANGHAI)
        yield database
        database.close()


_NUMBERS = count()


@settings(
    max_examples=120,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(raw=st.one_of(torn(), torn(), st.binary(max_size=60)), kept=st.booleans())
def test_any_bytes_are_kept_and_answered(store, raw, kept):
    async def send() -> None:
        hospital = intake(store, Clock(), acknowledge="stored" if kept else "processed")
        receipt = await hospital.take(raw, channel="mllp", peer=LIS)
        later = await receipt.application()
        await hospital.drain()
        for answer in (receipt.first, later):
            if answer is not None:
                assert code_of(answer.acknowledgment) == answer.code
                # It can be parsed: an MSH, an MSA, and nothing that would end a frame.
                assert re.match(rb"MSH.", answer.acknowledgment)
                assert not {0x0B, 0x1C} & set(answer.acknowledgment) - set(raw)
        answer = receipt.first or later
        if answer is None:  # it asked for none
            return
        known = store.read_now(lambda c: messages.get(c, answer.message_id))
        assert known.body == raw
        assert known.state in ("processed", "rejected", "failed", "quarantined")
        details = store.read_now(lambda c: messages.details(c, answer.message_id))
        # A message that fails by our fault is a finding of this test.
        assert known.state != "failed", details["errors"]
        again = await hospital.answer(raw, channel="mllp", peer=LIS)
        assert again.acknowledgment in {
            each.acknowledgment for each in (receipt.first, later) if each is not None
        }

    asyncio.run(send())


@pytest.mark.parametrize("place", range(3, 19))
def test_a_nul_in_any_field_of_the_header(store, place):
    fields = WHOLE.split(b"\r", 1)[0].split(b"|")
    fields += [b""] * (18 - len(fields))
    fields[place - 1] = b"a\x00b"
    if place != 10:
        fields[9] = b"N%d" % next(_NUMBERS)
    raw = b"|".join(fields) + b"\r" + WHOLE.split(b"\r", 1)[1]

    async def send() -> None:
        hospital = intake(store, Clock())
        answer = await hospital.answer(raw, channel="mllp", peer=LIS)
        known = store.read_now(lambda c: messages.get(c, answer.message_id))
        assert (known is not None, known.body) == (True, raw)
        assert known.state != "failed"

    asyncio.run(send())
