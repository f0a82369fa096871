"""HL7v2 messages that arrive together: one statement, each kept once, on both databases."""

import asyncio
from dataclasses import replace

import pytest

from fhir_server.store import hl7v2_messages as messages
from fhir_server.store.database import Database
from fhir_server.store.hl7v2_arrivals import MOST_AT_ONCE, insert_messages
from fhir_server.store.hl7v2_messages import NewMessage

EARLY = b"MSH|^~\\&|\rMSA|AA|C1\r"


def new(number: int, *, key: str | None = None, **changed) -> NewMessage:
    values = {
        "id": f"{number:020x}",
        "received": 1_700_000_000_000_000 + number,
        "channel": "mllp",
        "peer": "10.0.0.7",
        "sender": "LIS|EAST",
        "control_id": f"C{number}",
        "type": "ORU^R01",
        "sha256": f"{number:064x}",
        "key": f"k{number}" if key is None else key,
        "body": b"MSH|\xff\x00" + bytes((number % 256,)),
    }
    return NewMessage(**(values | changed))


def test_messages_are_kept_as_they_came(connection):
    arriving = [(new(1), EARLY), (new(2), None)]
    assert insert_messages(connection, arriving) == 2
    found = [messages.find(connection, key) for key in ("k1", "k2")]
    assert [(each.id, each.body, each.acknowledgment) for each in found] == [
        (message.id, message.body, early) for message, early in arriving
    ]
    assert messages.details(connection, found[0].id) == {
        "errors": [],
        "warnings": [],
        "account": {},
        "superseded": [],
    }
    assert messages.unfinished(connection) == [found[0].id, found[1].id]


def test_none_are_nothing(connection):
    assert insert_messages(connection, []) == 0


def test_of_two_with_one_key_the_first_counts_together_and_apart(connection):
    assert insert_messages(connection, [(new(1), None)]) == 1
    again = [(new(2, key="k1"), EARLY), (new(3), None), (new(4, key="k3"), EARLY)]
    assert insert_messages(connection, again) == 1
    assert messages.find(connection, "k1").id == new(1).id
    assert messages.find(connection, "k3").id == new(3).id


@pytest.mark.parametrize("number", [MOST_AT_ONCE, MOST_AT_ONCE + 1, 3 * MOST_AT_ONCE + 2])
def test_many_keep_their_order(connection, number):
    assert insert_messages(connection, [(new(n), None) for n in range(number)]) == number
    assert messages.unfinished(connection) == [new(n).id for n in range(number)]


def test_a_nul_in_a_name_is_kept_as_a_replacement(connection):
    odd = new(1, sender="LI\x00S|", control_id="\x00", type="O\x00", peer="\x00")
    assert insert_messages(connection, [(odd, None)]) == 1
    (listed,) = messages.list_messages(connection, ("received",))
    assert (listed.sender, listed.control_id, listed.type, listed.peer) == (
        "LI\ufffdS|",
        "\ufffd",
        "O\ufffd",
        "\ufffd",
    )


@pytest.mark.anyio
async def test_two_servers_that_are_sent_the_same_at_once_keep_each_once(url):
    """Without a lock: in opposite orders two statements may wait for each other."""
    stores = [Database.open(url) for _ in range(2)]
    loop = asyncio.get_running_loop()

    def send(store: Database, arriving) -> asyncio.Future:
        future = loop.create_future()

        def one(connection):
            return insert_messages(connection, arriving) + 1

        def told(result, error) -> None:
            future.set_result(error or result - 1)

        store.submit(one, told, alone=one)
        return future

    try:
        total = 0
        for turn in range(20):
            both = [(new(10 * turn + n), None) for n in range(8)]
            other = [(replace(message, id=f"o{message.id}"), early) for message, early in both]
            found = await asyncio.gather(send(stores[0], both), send(stores[1], other[::-1]))
            assert all(isinstance(each, int) for each in found), found
            total += sum(found)
        kept = await stores[0].read(messages.unfinished)
        assert (total, len(kept)) == (160, 160)
    finally:
        for store in stores:
            store.close()
