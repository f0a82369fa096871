"""However a stream is cut, and whatever slips it holds, no two messages are ever merged."""

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from fhir_server.hl7v2.framing import Fault, Frame, FrameDecoder

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
