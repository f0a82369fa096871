"""MLLP frames: what a sender's slips may never do is merge two patients' messages."""

import pytest

from fhir_server.hl7v2.framing import Fault, Frame, FrameDecoder

SB, EB, CR = b"\x0b", b"\x1c", b"\r"


def decode(stream: bytes, *, cap: int = 1000) -> list[Frame | Fault]:
    return FrameDecoder(max_frame=cap).feed(stream)


def test_two_pipelined_frames_are_two_messages_in_order():
    assert decode(SB + b"first" + EB + CR + SB + b"second" + EB + CR) == [
        Frame(b"first"),
        Frame(b"second"),
    ]


def test_a_missing_cr_does_not_merge_the_frame_with_the_next():
    assert decode(SB + b"first" + EB + SB + b"second" + EB) == [Frame(b"first"), Frame(b"second")]


def test_half_a_frame_is_kept_apart_and_the_new_one_processed():
    assert decode(SB + b"MSH|half of Zhang" + SB + b"MSH|whole of Li" + EB + CR) == [
        Fault("half-frame", b"MSH|half of Zhang"),
        Frame(b"MSH|whole of Li"),
    ]


def test_leading_junk_is_skipped_counted_and_kept():
    decoder = FrameDecoder(max_frame=1000)
    assert decoder.feed(b"\r\nGET / HTTP/1.1" + SB + b"message" + EB + CR) == [
        Fault("stray-bytes", b"GET / HTTP/1.1"),
        Frame(b"message"),
    ]
    assert decoder.skipped == 14


def test_an_end_block_inside_a_message_leaves_the_rest_as_stray_bytes_not_lost():
    assert decode(SB + b"PID" + EB + b"OBX" + EB + CR + SB + b"next" + EB) == [
        Frame(b"PID"),
        Fault("stray-bytes", b"OBX" + EB + CR),
        Frame(b"next"),
    ]


def test_a_frame_past_the_cap_is_reported_once_before_it_is_buffered():
    decoder = FrameDecoder(max_frame=8)
    assert decoder.feed(SB + b"MSH|toolong") == [Fault("too-long", b"MSH|tool")]
    assert decoder.feed(b"x" * 10_000) == []
    assert decoder.feed(EB + CR + SB + b"short" + EB) == [Frame(b"short")]


def test_a_frame_of_exactly_the_cap_is_whole():
    assert decode(SB + b"12345678" + EB, cap=8) == [Frame(b"12345678")]


def test_the_end_of_the_stream_inside_a_frame_is_reported():
    decoder = FrameDecoder(max_frame=100)
    assert decoder.feed(SB + b"MSH|cut") == []
    assert decoder.in_frame
    assert decoder.finish() == [Fault("unterminated", b"MSH|cut")]
    assert not decoder.in_frame
    assert decoder.finish() == []


def test_the_end_of_the_stream_reports_stray_bytes():
    decoder = FrameDecoder(max_frame=100)
    assert decoder.feed(b"junk") == []
    assert decoder.finish() == [Fault("stray-bytes", b"junk")]


def test_a_cap_below_one_byte_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        FrameDecoder(max_frame=0)
