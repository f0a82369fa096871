"""The listener on a real socket: order, limits, slips of the wire, TLS, shutdown."""

import asyncio
import datetime as dt
import ipaddress
import ssl
from contextlib import asynccontextmanager

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fhir_server.hl7v2.mllp import MllpLimits, MllpServer
from tests.unit.hl7v2.examples import (
    MSH,
    OBR,
    PID,
    ack_fields,
    count,
    message,
    obx,
    with_field,
)

pytestmark = pytest.mark.anyio

SB, EB, CR = b"\x0b", b"\x1c", b"\r"


def numbered(number: int) -> bytes:
    return message(with_field(MSH, 10, f"C{number}"), PID, OBR, obx())


def framed(raw: bytes) -> bytes:
    return SB + raw + EB + CR


@asynccontextmanager
async def listening(intake, *, tls=None, **limits):
    server = MllpServer(intake, host="127.0.0.1", port=0, limits=MllpLimits(**limits), tls=tls)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@asynccontextmanager
async def connected(server, **options):
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, **options)
    try:
        yield reader, writer
    finally:
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)


async def answer(reader) -> list[str]:
    """MSA-1 and MSA-2 of the next acknowledgment."""
    frame = await asyncio.wait_for(reader.readuntil(EB + CR), 10)
    assert frame.startswith(SB)
    return ack_fields(frame[1:-2])["MSA"][0][1:3]


async def test_pipelined_frames_are_answered_in_order_on_one_connection(store, hospital):
    async with listening(hospital) as server, connected(server) as (reader, writer):
        writer.write(b"".join(framed(numbered(n)) for n in range(5)))
        assert [await answer(reader) for _ in range(5)] == [["AA", f"C{n}"] for n in range(5)]
        writer.write(framed(numbered(9)))
        assert await answer(reader) == ["AA", "C9"]
    assert count(store, "hl7v2_message", state="processed") == 6
    assert count(store, "hl7v2_message", peer="127.0.0.1", channel="mllp") == 6


async def test_a_frame_in_single_bytes_is_one_message(hospital):
    async with listening(hospital) as server, connected(server) as (reader, writer):
        for byte in framed(numbered(1)):
            writer.write(bytes((byte,)))
            await writer.drain()
        assert await answer(reader) == ["AA", "C1"]


async def test_half_a_frame_is_kept_and_only_the_whole_one_is_answered(store, hospital):
    async with listening(hospital) as server, connected(server) as (reader, writer):
        writer.write(SB + numbered(1)[:100] + framed(numbered(2)))
        assert await answer(reader) == ["AA", "C2"]
        writer.write(SB + numbered(3) + EB + framed(numbered(4)))
        assert [await answer(reader), await answer(reader)] == [["AA", "C3"], ["AA", "C4"]]
    assert count(store, "hl7v2_message", state="quarantined") == 1


async def test_junk_before_a_frame_does_not_close_the_connection(store, hospital):
    async with listening(hospital) as server, connected(server) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\n" + framed(numbered(1)))
        assert await answer(reader) == ["AA", "C1"]
        writer.write(b"more junk" + framed(numbered(2)))
        assert await answer(reader) == ["AA", "C2"]
    # The first stray bytes of a connection are kept, a flood of them is not.
    assert count(store, "hl7v2_message", state="quarantined") == 1


async def test_a_frame_past_the_cap_is_rejected_while_it_still_comes(hospital):
    async with (
        listening(hospital, frame_bytes=2000) as server,
        connected(server) as (reader, writer),
    ):
        writer.write(SB + numbered(1) + b"x" * 5000)
        assert await answer(reader) == ["AR", "C1"]
        writer.write(b"x" * 5000 + EB + CR + framed(numbered(2)))
        assert await answer(reader) == ["AA", "C2"]


async def test_a_frame_that_does_not_end_in_time_is_kept_and_the_connection_closed(store, hospital):
    async with (
        listening(hospital, frame_seconds=0.2) as server,
        connected(server) as (reader, writer),
    ):
        writer.write(SB + b"MSH|^~\\&|slow")
        assert await asyncio.wait_for(reader.read(), 10) == b""
    assert count(store, "hl7v2_message", state="quarantined") == 1


async def test_a_slow_sender_does_not_hold_up_the_others(hospital):
    async with (
        listening(hospital) as server,
        connected(server) as (_, slow),
        connected(server) as (reader, writer),
    ):
        slow.write(SB + b"MSH|")
        await slow.drain()
        writer.write(framed(numbered(1)))
        assert await answer(reader) == ["AA", "C1"]


async def test_between_frames_a_connection_may_rest(hospital):
    async with (
        listening(hospital, frame_seconds=0.1) as server,
        connected(server) as (reader, writer),
    ):
        await asyncio.sleep(0.3)
        writer.write(framed(numbered(1)))
        assert await answer(reader) == ["AA", "C1"]


async def test_connections_past_the_cap_are_closed(hospital):
    async with (
        listening(hospital, connections=1) as server,
        connected(server) as (reader, writer),
    ):
        writer.write(framed(numbered(1)))
        assert await answer(reader) == ["AA", "C1"]
        async with connected(server) as (second, _):
            assert await asyncio.wait_for(second.read(), 10) == b""
        assert server.refused == 1
        writer.write(framed(numbered(2)))
        assert await answer(reader) == ["AA", "C2"]


async def test_at_shutdown_what_came_in_whole_is_answered_and_then_it_closes(hospital):
    async with listening(hospital) as server, connected(server) as (reader, writer):
        writer.write(b"".join(framed(numbered(n)) for n in range(3)) + SB + b"MSH|half")
        assert await answer(reader) == ["AA", "C0"]
        await server.stop()
        assert [await answer(reader), await answer(reader)] == [["AA", "C1"], ["AA", "C2"]]
        assert await asyncio.wait_for(reader.read(), 10) == b""
        with pytest.raises(OSError, match=r".*"):
            await asyncio.open_connection("127.0.0.1", server.port)


async def test_a_sender_that_resets_the_connection_loses_nothing_stored(store, hospital):
    async with listening(hospital) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(framed(numbered(1)))
        await writer.drain()
        writer.transport.abort()
        await asyncio.sleep(0.1)
    await hospital.drain()
    assert count(store, "hl7v2_message") == 1


def test_a_listener_that_was_not_started_has_no_port(hospital):
    with pytest.raises(RuntimeError, match="not been started"):
        _ = MllpServer(hospital, host="127.0.0.1", port=0).port


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A certificate that signs itself, for both ends of a test."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "demo-lis")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder / "cert.pem", folder / "key.pem"


async def test_mutual_tls_lets_in_whom_the_hospital_certified(store, hospital, authority):
    certificate, key = authority
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=certificate)
    server_side.load_cert_chain(certificate, key)
    server_side.verify_mode = ssl.CERT_REQUIRED
    stranger = ssl.create_default_context(cafile=certificate)
    known = ssl.create_default_context(cafile=certificate)
    known.load_cert_chain(certificate, key)
    async with listening(hospital, tls=server_side) as server:
        async with connected(server, ssl=known) as (reader, writer):
            writer.write(framed(numbered(1)))
            assert await answer(reader) == ["AA", "C1"]
        with pytest.raises((ssl.SSLError, OSError, asyncio.IncompleteReadError)):
            async with connected(server, ssl=stranger) as (reader, writer):
                writer.write(framed(numbered(2)))
                await answer(reader)
    assert count(store, "hl7v2_message") == 1
    assert count(store, "hl7v2_message", peer="127.0.0.1 (demo-lis)") == 1
