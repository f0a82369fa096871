"""Messages of real systems (../shared/hl7v2): each is taken, or refused with a place."""

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from fhir_server.hl7v2.senders import Peer
from fhir_server.r4.codec import decode
from fhir_server.r4.validation import validate
from fhir_server.store import hl7v2_messages as messages
from tests.unit.hl7v2.examples import intake

pytestmark = pytest.mark.anyio

CORPUS = Path(__file__).parents[4] / "shared" / "hl7v2" / "messages.jsonl.gz"
# Conversion of all 447 takes some seconds; a smaller share of taken ones means a regression.
LEAST_TAKEN = 215
# Every n-th resource is held to another implementation of R4 as well: all would take minutes.
SAMPLE = 7


@pytest.fixture(scope="module")
def corpus() -> list[str]:
    if not CORPUS.exists():
        pytest.skip(f"{CORPUS} is not here: the messages of real systems are outside the project")
    with gzip.open(CORPUS, "rt", encoding="utf-8") as file:
        return [json.loads(line)["hl7"] for line in file]


def own_control_id(raw: str, number: int) -> bytes:
    """The message under a control id of its own: the corpus uses few, and they are deduplicated."""
    header, end, rest = raw.partition("\r")
    fields = header.split("|")
    if len(fields) > 9 and fields[9]:
        fields[9] = f"CORPUS{number}"
    return ("|".join(fields) + end + rest).encode()


async def send_all(store, clock, corpus) -> list[tuple[str, str, dict[str, Any]]]:
    """Each message with its state and what the store says of it."""
    hospital = intake(store, clock, processing_ids=frozenset("PTD"))
    answers = [
        await hospital.answer(own_control_id(raw, number), channel="file", peer=Peer("corpus"))
        for number, raw in enumerate(corpus)
    ]
    await hospital.drain()  # in enhanced mode the message is read after its acknowledgment
    return [
        (raw, *store.read_now(lambda c, id=answer.message_id: outcome(c, id)))
        for raw, answer in zip(corpus, answers, strict=True)
    ]


def outcome(connection, id: str) -> tuple[str, dict[str, Any]]:
    return messages.get(connection, id).state, messages.details(connection, id)


async def test_every_message_is_taken_or_refused_and_every_segment_accounted_for(
    corpus, store, clock
):
    states: Counter[str] = Counter()
    for raw, state, details in await send_all(store, clock, corpus):
        states[state] += 1
        account = details["account"]
        listed = [each for each in account["unconverted"] if "fields" not in each]
        lines = [line for line in raw.replace("\n", "\r").split("\r") if line.strip()]
        assert account["segments"] == len(lines) == account["converted"] + len(listed)
        assert all(each["reason"] for each in account["unconverted"])
        assert all(error["code"] != "207" for error in details["errors"]), details
        if state != "processed":
            assert account["converted"] == 0
            assert details["errors"]
            assert all(error["location"] for error in details["errors"]), details
    assert set(states) == {"processed", "rejected"}
    assert states.total() == len(corpus)
    assert states["processed"] >= LEAST_TAKEN, states
    assert_all_stored_is_valid(store)


def assert_all_stored_is_valid(store) -> None:
    sql = "SELECT body FROM resource_version WHERE NOT deleted"
    bodies = store.read_now(lambda c: c.exec_driver_sql(sql).fetchall())
    assert len(bodies) > 5000
    for (body,) in bodies:
        resource = decode(body)
        assert validate(resource) == (), resource
    for (body,) in bodies[::SAMPLE]:
        resource = json.loads(body)
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)


async def test_processing_everything_again_makes_no_new_version(corpus, store, clock):
    await send_all(store, clock, corpus)
    hospital = intake(store, clock, processing_ids=frozenset("PTD"))
    versions = "SELECT count(*) FROM resource_version"
    before = store.read_now(lambda c: c.exec_driver_sql(versions).scalar_one())
    sql = "UPDATE hl7v2_message SET state = 'received', acknowledgment = NULL"
    await store.write(lambda c: c.exec_driver_sql(f"{sql} WHERE state = 'processed'").rowcount)
    assert await hospital.recover() >= LEAST_TAKEN
    assert store.read_now(lambda c: c.exec_driver_sql(versions).scalar_one()) == before
