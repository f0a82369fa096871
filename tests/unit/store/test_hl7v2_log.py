"""The log of HL7v2 messages as operators ask about it, on both databases."""

import dataclasses

import pytest

from fhir_server.store import hl7v2_log as log
from fhir_server.store import hl7v2_messages as messages
from fhir_server.store.hl7v2_arrivals import insert_messages
from fhir_server.store.hl7v2_log import Filter
from fhir_server.store.hl7v2_messages import NewMessage, Outcome

HOUR = 3_600_000_000


def kept(connection, number: int, *, sender="LIS|EAST", type="ORU^R01", state=None, **outcome):
    """Store a message that came in hour `number`, with its outcome where a state is given."""
    id = f"m{number}"
    message = NewMessage(
        id, number * HOUR, "mllp", "10.0.0.7", sender, f"C{number}", type, "0", id, b"MSH|"
    )
    assert insert_messages(connection, [(message, None)]) == 1
    if state is not None:
        given = Outcome(state, b"MSA|AA", number * HOUR + 1)
        messages.finish(connection, id, dataclasses.replace(given, **outcome))
    return id


def ids(connection, wanted: Filter, **page) -> list[str]:
    found = log.page(connection, wanted, **{"before": None, "most": 10, **page})
    return [message.id for _, message in found]


@pytest.fixture
def ward(connection):
    """A day's messages of two laboratories and the registration desk."""
    kept(connection, 1, state="processed")
    kept(connection, 2, state="rejected")
    kept(connection, 3, sender="LIS|WEST", state="processed")
    kept(connection, 4, sender="HIS|EAST", type="ADT^A08", state="failed")
    kept(connection, 5)
    kept(connection, 6, sender="LIS_|EAST", type="ORUX^R01", state="quarantined")
    return connection


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(), ["m6", "m5", "m4", "m3", "m2", "m1"]),
        (Filter(("rejected", "failed")), ["m4", "m2"]),
        (Filter(sender="LIS|EAST"), ["m5", "m2", "m1"]),
        (Filter(sender="LIS"), ["m5", "m3", "m2", "m1"]),
        (Filter(sender="EAST"), ["m6", "m5", "m4", "m2", "m1"]),
        (Filter(sender="lis"), []),
        (Filter(sender="LI_"), []),
        (Filter(type="ORU"), ["m5", "m3", "m2", "m1"]),
        (Filter(type="ADT^A08"), ["m4"]),
        (Filter(control_id="C3"), ["m3"]),
        (Filter(since=5 * HOUR), ["m6", "m5"]),
        (Filter(since=2 * HOUR, until=4 * HOUR), ["m3", "m2"]),
        (Filter(("processed",), sender="WEST", type="ORU", since=0), ["m3"]),
    ],
)
def test_a_filter_means_whole_names_and_nothing_else(ward, wanted, expected):
    assert ids(ward, wanted) == expected
    assert log.total(ward, wanted) == len(expected)


def test_pages_follow_each_other_without_gap_or_repetition(ward):
    found, before = [], None
    while page := log.page(ward, Filter(), before=before, most=2):
        found += [message.id for _, message in page]
        before = page[-1][0]
    assert found == ["m6", "m5", "m4", "m3", "m2", "m1"]


def test_a_replay_goes_from_the_oldest_on_and_ends_where_it_was_begun(ward):
    until = log.newest(ward)
    kept(ward, 7, state="processed")
    found = log.ids_after(ward, Filter(("processed",)), after=0, until=until, most=10)
    assert [id for _, id in found] == ["m1", "m3"]
    number = found[0][0]
    rest = log.ids_after(ward, Filter(("processed",)), after=number, until=until, most=10)
    assert [id for _, id in rest] == ["m3"]


def test_an_empty_log_has_no_newest_message(connection):
    assert log.newest(connection) == 0
    assert log.held(connection).oldest is None


def test_what_is_held_is_counted_by_state_with_the_oldest_that_waits(ward):
    kept(ward, 8)
    held = log.held(ward)
    assert held.states == {"received": 2, "rejected": 1, "failed": 1, "quarantined": 1}
    assert held.oldest == 5 * HOUR


def test_counts_by_sender_type_and_state(ward):
    found = log.by_sender(ward, Filter(type="ORU"))
    assert ("LIS|EAST", "ORU^R01", "processed", 1, HOUR) in found
    assert sum(count for *_, count, _ in found) == 4


def test_decisions_are_kept_one_behind_the_other(ward):
    log.decide(ward, "m6", "discarded", {"action": "discard", "by": "Li", "reason": "重复"})
    log.decide(ward, "m6", "received", {"action": "release", "by": "Wang", "reason": ""})
    message = log.logged(ward, "m6")
    assert message.listed.state == "received"
    assert [each["by"] for each in message.decisions] == ["Li", "Wang"]
    assert message.body == b"MSH|"
    assert log.logged(ward, "m99") is None
