"""What arrives together is stored together, and each message has the answer that is its own."""

import asyncio
from dataclasses import replace

import pytest

from fhir_server.hl7v2.policy import Policy, Reception
from fhir_server.hl7v2.registering import Arrival, Registrar
from fhir_server.store.connections import StoreUnavailable
from fhir_server.store.hl7v2_messages import NewMessage
from tests.unit.hl7v2.examples import LIS, LOCAL_CODES, MSH, SHANGHAI, count, message

pytestmark = pytest.mark.anyio

RECEPTION = Reception(Policy(zone=SHANGHAI), LOCAL_CODES)
EARLY = b"MSH|^~\\&|\rMSA|AA|C1\r"


def arrival(number: int, *, key: str = "", body: bytes = b"") -> Arrival:
    raw = body or message(MSH) + bytes((number,))
    new = NewMessage(
        id=f"{number:020x}",
        received=number,
        channel="mllp",
        peer=str(LIS),
        sender="LIS|DEMOHOSP",
        control_id=f"C{number}",
        type="ORU^R01",
        sha256=raw.hex(),
        key=key or f"k{number}",
        body=raw,
    )
    sending = RECEPTION.arriving(raw, LIS)
    return Arrival(new, lambda: sending, sending.mode, early=EARLY)


def registrar(store) -> Registrar:
    return Registrar(store, lambda _, known: known)


async def test_what_comes_in_one_turn_of_the_loop_is_one_write(store):
    before = store.statistics()
    found = registrar(store)
    answers = await asyncio.gather(*(found.register(arrival(n)) for n in range(20)))
    assert [(each.id, each.state) for each in answers] == [
        (f"{n:020x}", "received") for n in range(20)
    ]
    assert store.statistics().jobs == before.jobs + 1
    assert count(store, "hl7v2_message", state="received") == 20


async def test_each_of_one_write_has_its_own_answer(store):
    found = registrar(store)
    await found.register(arrival(1))
    body = arrival(1).message.body
    together = [arrival(2), arrival(3, key="k1", body=body), arrival(4, key="k2"), arrival(5)]
    new, repeated, used, last = await asyncio.gather(*(found.register(each) for each in together))
    assert (new.id, new.state) == (together[0].message.id, "received")
    assert (repeated.id, repeated.state) == (arrival(1).message.id, "received")
    assert (used.id, used.state) == (together[2].message.id, "quarantined")
    assert b"|AE|" in used.acknowledgment
    assert (last.id, last.state) == (together[3].message.id, "received")
    assert count(store, "hl7v2_message") == 4


async def test_one_that_cannot_be_stored_harms_no_other(store):
    good, bad = arrival(1), arrival(2)
    bad = replace(bad, message=replace(bad.message, received=1 << 70))
    found = registrar(store)
    answers = await asyncio.gather(*(found.register(each) for each in (good, bad, arrival(3))))
    assert [isinstance(each, Exception) for each in answers] == [False, True, False]
    assert count(store, "hl7v2_message") == 2


class ClosedStore:
    """A store that takes no more, and one that fails before the jobs have run."""

    is_quiet = True

    def __init__(self, *, later: bool) -> None:
        self.later = later

    def submit(self, _job, settled, *, alone) -> None:
        error = StoreUnavailable("the server is stopping")
        if not self.later:
            raise error
        asyncio.get_running_loop().call_later(0.01, settled, None, error)


@pytest.mark.parametrize("later", [False, True])
async def test_where_nothing_can_be_stored_everybody_is_told(later):
    found = registrar(ClosedStore(later=later))
    for _ in range(2):  # and those who come afterwards as well
        answers = await asyncio.gather(*(found.register(arrival(n)) for n in range(3)))
        assert {type(each) for each in answers} == {StoreUnavailable}


class HeldStore:
    """A store whose writes end when a test lets them."""

    def __init__(self, store) -> None:
        self.store = store
        self.is_quiet = True
        self.writes: list = []

    def submit(self, job, settled, *, alone) -> None:
        self.writes.append((job, settled, alone))

    async def write_next(self, meanwhile=lambda: None) -> None:
        ended = asyncio.Event()
        job, settled, alone = self.writes.pop(0)

        def end(found, error) -> None:
            meanwhile()
            settled(found, error)
            ended.set()

        self.store.submit(job, end, alone=alone)
        await ended.wait()


async def turns() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_those_that_were_answered_share_the_next_write_with_those_that_waited(store):
    held = HeldStore(store)
    found = registrar(held)
    waiting = [found.register(arrival(1))]
    await turns()
    assert len(held.writes) == 1
    await held.write_next(lambda: waiting.extend(found.register(arrival(n)) for n in (2, 3)))
    await turns()
    assert not held.writes
    # The sender of the first has sent its next.
    waiting.append(found.register(arrival(4)))
    await turns()
    assert len(held.writes) == 1
    await held.write_next()
    assert [(await each).id for each in waiting] == [f"{n:020x}" for n in (1, 2, 3, 4)]


async def test_a_sender_that_does_not_go_on_is_not_waited_for_longer_than_a_moment(store):
    held = HeldStore(store)
    found = registrar(held)
    waiting = [found.register(arrival(number)) for number in range(4)]
    await turns()
    await held.write_next()
    waiting.append(found.register(arrival(5)))
    await turns()
    assert not held.writes
    await asyncio.sleep(0.02)
    assert len(held.writes) == 1
    await held.write_next()
    assert (await waiting[-1]).id == f"{5:020x}"
    # And after that moment nobody is.
    await asyncio.sleep(0.02)
    waiting = [found.register(arrival(number)) for number in (6, 7)]
    await turns()
    await held.write_next()
    await asyncio.sleep(0.02)
    found.register(arrival(8))
    await turns()
    assert len(held.writes) == 1
    await held.write_next()


async def test_where_others_write_too_nobody_is_waited_for(store):
    held = HeldStore(store)
    held.is_quiet = False
    found = registrar(held)
    waiting = [found.register(arrival(number)) for number in (1, 2)]
    await turns()
    await held.write_next(lambda: waiting.append(found.register(arrival(3))))
    # Queued while the one before was on its way: it goes with what the others write next.
    await turns()
    assert len(held.writes) == 1
    await held.write_next()
    waiting.append(found.register(arrival(4)))
    await turns()
    await held.write_next()
    assert [(await each).id for each in waiting] == [f"{n:020x}" for n in (1, 2, 3, 4)]


async def test_those_that_wait_for_their_outcome_are_not_waited_for(store):
    held = HeldStore(store)
    found = registrar(held)
    for number in range(3):
        found.register(replace(arrival(number), early=None))
    await turns()
    await held.write_next()
    found.register(arrival(4))
    await turns()
    assert len(held.writes) == 1
    await held.write_next()


async def test_who_goes_away_is_stored_all_the_same(store):
    found = registrar(store)
    waiting = found.register(arrival(1))
    waiting.cancel()
    assert (await found.register(arrival(2))).state == "received"
    assert count(store, "hl7v2_message") == 2
