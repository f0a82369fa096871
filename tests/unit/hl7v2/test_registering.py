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


async def test_who_goes_away_is_stored_all_the_same(store):
    found = registrar(store)
    waiting = found.register(arrival(1))
    waiting.cancel()
    assert (await found.register(arrival(2))).state == "received"
    assert count(store, "hl7v2_message") == 2
