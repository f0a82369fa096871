"""What is remembered of a sender's headers says of the next message what reading it would say."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from fhir_server.hl7v2.arriving import Arrivals
from fhir_server.hl7v2.header import apart
from fhir_server.hl7v2.policy import Policy, Reception
from fhir_server.hl7v2.registering import Arrival
from fhir_server.hl7v2.senders import Peer, Sender, Senders, network
from tests.unit.hl7v2.examples import LIS, LOCAL_CODES, SHANGHAI, Clock

SENDERS = Senders(
    {
        ("LIS", "H"): Sender("lis", "LIS", "H", acknowledge="stored"),
        ("OLD", "H"): Sender("old", "OLD", "H", charset_always="GB18030", zone=SHANGHAI),
        ("", "X"): Sender("x", "", "X", addresses=(network("10.0.0.0/8"),), stands_in=True),
    },
    (Sender("x", "", "X", addresses=(network("10.0.0.0/8"),), stands_in=True),),
)
RECEPTIONS = [
    Reception(Policy(zone=SHANGHAI, acknowledge=acknowledge), LOCAL_CODES, senders)
    for acknowledge in ("stored", "processed")
    for senders in (None, SENDERS)
]
PEERS = [LIS, Peer("203.0.113.9"), Peer("10.0.0.8", ("lis.example",))]
TEXT = st.text(st.sampled_from('Aa19 ^~&\\|-+.:_/"\n\x00\x0bäö张億'), max_size=6)
FIELDS = st.tuples(
    st.sampled_from(["|", "|", "|", "+", "#", ":"]),
    st.sampled_from(["^~\\&", "^~\\&", "^~\\&", "^~+&", "^~\\&#", "^", "+-._", "^^"]),
    st.sampled_from(["LIS", "LIS", "OLD", "", "X"]) | TEXT,
    st.sampled_from(["H", "H", "", "X"]) | TEXT,
    st.sampled_from(["ATT", ""]) | TEXT,
    st.sampled_from(["H2", ""]) | TEXT,
    st.sampled_from(["ORU^R01^ORU_R01", "ORU^R01", "ADT^A08", "MDM^T02", ""]),
    st.sampled_from(["P", "T", ""]),
    st.sampled_from(["2.5.1", "2.3", "2.9", ""]),
    st.sampled_from(["", "AL", "NE", "XX"]),
    st.sampled_from(["", "AL", "ER"]),
    st.sampled_from(["", "UNICODE UTF-8", "GB18030", "8859/1", "NONE", "BIG-5"]),
)
TIME = st.sampled_from(["20261120103500+0800", "20261120", "", " 2026", "20~27"]) | TEXT
CONTROL_ID = st.sampled_from(["C1", "LIS-2.7:8_9/1", "", " C2", "C^3", 'C"4']) | TEXT


def header(fields, time: str, control_id: str) -> bytes:
    mark, marks, app, facility, to, at, kind, processing, version, accept, answer, charset = fields
    first = ["MSH", marks, app, facility, to, at, time, "", kind, control_id, processing, version]
    line = mark.join([*first, "", "", accept, answer, "", charset])
    return line.encode("gb18030" if charset == "GB18030" else "utf-8") + b"\rPID|1||7\r"


def said(arrival: Arrival) -> tuple:
    """All that an arrival says, apart from the id that it was given."""
    refusal = arrival.refusal
    id = arrival.message.id.encode()
    early = None if arrival.early is None else arrival.early.replace(id, b"ID")
    return (
        replace(arrival.message, id=""),
        arrival.sending,
        arrival.mode,
        arrival.problem,
        None if refusal is None else (refusal.acknowledgment, refusal.problems),
        early,
    )


@given(
    st.sampled_from(RECEPTIONS),
    st.lists(FIELDS, min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(0, 2), TIME, CONTROL_ID, st.sampled_from(PEERS)), max_size=8),
)
def test_a_remembered_header_is_read_as_any_other(reception, shapes, coming):
    clock = Clock()
    remembering = Arrivals(reception, clock)
    for number, time, control_id, peer in coming:
        fields = shapes[number % len(shapes)]
        # Its like came before.
        remembering.of(header(fields, "20261120", "C0"), "mllp", peer)
        raw = header(fields, time, control_id)
        fresh = Arrivals(reception, clock)
        assert said(remembering.of(raw, "mllp", peer)) == said(fresh.of(raw, "mllp", peer))


def test_an_everyday_header_is_remembered_once():
    arrivals = Arrivals(RECEPTIONS[0], Clock())
    fields = ("|", "^~\\&", "LIS", "H", "ATT", "H2", "ORU^R01", "P", "2.5.1", "", "", "")
    for number in range(5):
        arrivals.of(header(fields, f"2026112010350{number}", f"C{number}"), "mllp", LIS)
    assert len(arrivals._kinds) == 1


def test_senders_that_number_another_field_do_not_fill_the_memory():
    arrivals = Arrivals(RECEPTIONS[0], Clock())
    for number in range(3000):
        fields = ("|", "^~\\&", "LIS", f"H{number}", "", "", "ORU^R01", "P", "2.5.1", "", "", "")
        arrivals.of(header(fields, "20261120", "C1"), "mllp", LIS)
    assert len(arrivals._kinds) <= 1024


@given(st.binary(max_size=60))
def test_any_bytes_are_taken_apart_or_not(raw):
    found = apart(b"MSH|" + raw)
    assert found is None or (found.time and found.control_id and len(found.rest) == 11)
