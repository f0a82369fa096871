"""However a stream is cut, and whatever slips it holds, no two messages are ever merged."""

import os
import re
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir_server.hl7v2.framing import Fault, Frame, FrameDecoder

# `make test-fuzz` takes 100,000.
FUZZED = int(os.environ.get("FUZZED_STREAMS", "400"))

SB, EB, CR = b"\x0b", b"\x1c", b"\r"

# A message is named in every piece of it: a merge of two would hold two names.
names = st.integers(0, 9).map(lambda n: b"<%d>" % n)
contents = st.tuples(names, st.integers(0, 40)).map(lambda each: each[0] * (each[1] + 1))
pieces = st.one_of(
    contents.map(lambda c: SB + c + EB + CR),
    contents.map(lambda c: SB + c + EB),
    contents.map(lambda c: SB + c),
    st.sampled_from([CR, EB, b"\n", b"junk", SB, EB + CR]),
)
streams = st.lists(pieces, max_size=12).map(b"".join)


def events(chunks: list[bytes], *, cap: int = 100) -> list[Frame | Fault]:
    decoder = FrameDecoder(max_frame=cap)
    found = [event for chunk in chunks for event in decoder.feed(chunk)]
    return found + decoder.finish()


def cut(data: st.DataObject, stream: bytes) -> list[bytes]:
    places = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    edges = [0, *places, len(stream)]
    return [stream[low:high] for low, high in pairwise(edges)]


@given(streams, st.data())
def test_the_same_stream_gives_the_same_events_however_cut(stream, data):
    assert events(cut(data, stream)) == events([stream])


@given(st.binary(max_size=300), st.data())
def test_even_of_random_bytes(stream, data):
    assert events(cut(data, stream)) == events([stream])


@given(streams)
def test_no_frame_holds_bytes_of_two_messages(stream):
    for event in events([stream]):
        if isinstance(event, Frame) or event.kind != "stray-bytes":
            assert len(set(re.findall(rb"<[0-9]>", event.content))) <= 1
            assert START_AND_END.isdisjoint(event.content)


START_AND_END = {0x0B, 0x1C}


@given(streams)
def test_every_byte_of_every_message_is_in_some_event(stream):
    found = b"".join(event.content for event in events([stream], cap=10_000))
    assert found.count(b"<") == stream.count(b"<")


@given(st.lists(contents, max_size=6))
def test_whole_frames_come_out_whole_and_in_order(messages):
    stream = b"".join(SB + each + EB + CR for each in messages)
    assert events([stream], cap=10_000) == [Frame(each) for each in messages]


@given(streams, st.integers(1, 60))
def test_no_event_is_longer_than_the_cap(stream, cap):
    assert all(
        len(event.content) <= cap
        for event in events([stream], cap=cap)
        if isinstance(event, Frame) or event.kind != "stray-bytes"
    )


# What comes over a wire: frames whole and torn, and bytes that mean something where they do not.
wire = st.lists(
    st.one_of(
        pieces, st.binary(max_size=12), st.sampled_from([SB + SB, EB + EB, CR + EB, SB + EB])
    ),
    max_size=14,
).map(b"".join)


def expected(stream: bytes) -> list[bytes]:
    """The frames of a stream, told in another way: what stands between SB and EB without either."""
    return re.findall(rb"\x0b([^\x0b\x1c]*)\x1c", stream)


@settings(
    max_examples=FUZZED,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example],
)
@given(wire, st.lists(st.integers(0, 200), max_size=8))
def test_a_fuzzed_stream_merges_nothing_however_it_is_cut(stream, places):
    edges = [0, *sorted(min(each, len(stream)) for each in places), len(stream)]
    found = events([stream[low:high] for low, high in pairwise(edges)], cap=1000)
    assert found == events([stream], cap=1000)
    assert found == events([stream[at : at + 1] for at in range(len(stream))], cap=1000)
    frames = [event.content for event in found if isinstance(event, Frame)]
    assert frames == expected(stream)
    for event in found:
        if isinstance(event, Frame) or event.kind != "stray-bytes":
            # Between two of these bytes lies one message: no event holds one of them.
            assert START_AND_END.isdisjoint(event.content)
            assert event.content in stream
    # Nothing that is no padding vanishes: each such byte is in an event, or ended one.
    kept = sum(len(event.content) for event in found)
    dropped = sum(stream.count(each) for each in (SB, EB, CR, b"\n", b" ", b"\t", b"\x00"))
    assert kept >= len(stream) - dropped
