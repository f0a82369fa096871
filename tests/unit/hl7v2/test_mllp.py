"""The listener on a real socket: order, limits, slips of the wire, TLS, shutdown."""

import asyncio
import datetime as dt
import errno
import ipaddress
import socket
import ssl
from contextlib import asynccontextmanager

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fhir_server.hl7v2 import listening as doors
from fhir_server.hl7v2.mllp import MllpLimits, MllpServer
from fhir_server.hl7v2.senders import network
from tests.unit.hl7v2.examples import (
    MSH,
    OBR,
    PID,
    ack_fields,
    count,
    intake,
    message,
    obx,
    with_field,
)

pytestmark = pytest.mark.anyio


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request):
    """uvicorn runs the server on uvloop where that is installed; the wire must do on both."""
    if request.param:
        pytest.importorskip("uvloop")
    return ("asyncio", {"use_uvloop": request.param})


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


async def is_closed(server, source: str = "127.0.0.1") -> bool:
    """Whether a new connection from `source` is closed without a word."""
    async with connected(server, local_addr=(source, 0)) as (reader, _):
        try:
            return await asyncio.wait_for(reader.read(), 10) == b""
        except ConnectionResetError:
            return True


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
        assert await is_closed(server)
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


async def test_only_addresses_that_are_allowed_may_connect(store, hospital, caplog):
    refused = []
    server = MllpServer(
        hospital,
        host="127.0.0.1",
        port=0,
        limits=MllpLimits(addresses=(network("127.0.0.1"), network("10.0.0.0/8"))),
        on_refused=refused.append,
    )
    await server.start()
    try:
        assert await is_closed(server, "127.0.0.2")
        assert await is_closed(server, "127.0.0.3")
        async with connected(server) as (reader, writer):
            writer.write(framed(numbered(1)))
            assert await answer(reader) == ["AA", "C1"]
    finally:
        await server.stop()
    assert refused == ["address", "address"]
    # Of a flood one line, and nothing of what was sent.
    (line,) = [each for each in caplog.records if each.message == "mllp connection refused"]
    assert (line.reason, line.peer) == ("address", "127.0.0.2")
    assert count(store, "hl7v2_message") == 1


async def test_one_address_does_not_take_all_connections(hospital):
    async with listening(hospital, connections=3, per_address=2) as server:
        async with connected(server), connected(server):
            assert await is_closed(server)
            async with connected(server, local_addr=("127.0.0.2", 0)) as (reader, writer):
                writer.write(framed(numbered(1)))
                assert await answer(reader) == ["AA", "C1"]
                assert await is_closed(server, "127.0.0.3")
        await asyncio.sleep(0.05)
        async with connected(server) as (reader, writer):
            writer.write(framed(numbered(2)))
            assert await answer(reader) == ["AA", "C2"]


def asking(number: int, accept: str, application: str) -> bytes:
    return numbered(number).replace(b"|P|2.5.1", f"|P|2.5.1|||{accept}|{application}".encode())


async def test_in_enhanced_mode_both_acknowledgments_come_on_one_connection(store, hospital):
    async with listening(hospital) as server, connected(server) as (reader, writer):
        writer.write(b"".join(framed(asking(n, "AL", "AL")) for n in range(3)))
        found = [await answer(reader) for _ in range(6)]
        kept = [id for code, id in found if code == "CA"]
        done = [id for code, id in found if code == "AA"]
        assert kept == done == ["C0", "C1", "C2"]
        # Each is told to be kept before it is told to be processed.
        assert all(found.index(["CA", id]) < found.index(["AA", id]) for id in kept)
        writer.write(framed(asking(4, "NE", "NE")) + framed(asking(5, "AL", "NE")))
        assert await answer(reader) == ["CA", "C5"]
    await hospital.drain()
    assert count(store, "hl7v2_message", state="processed") == 5


async def test_a_sender_that_has_sent_all_still_gets_the_applications_acknowledgments(hospital):
    async with listening(hospital) as server, connected(server) as (reader, writer):
        writer.write(b"".join(framed(asking(n, "NE", "AL")) for n in range(3)))
        writer.write_eof()
        assert [await answer(reader) for _ in range(3)] == [["AA", f"C{n}"] for n in range(3)]
        assert await asyncio.wait_for(reader.read(), 10) == b""


async def test_a_sender_is_not_read_while_too_many_messages_wait(store, clock):
    hospital = intake(store, clock, acknowledge="stored", options={"waiting": 2})
    gate = asyncio.Event()
    process = hospital._backlog._worker.process

    class Held:
        async def process(self, known, sending):
            await gate.wait()
            return await process(known, sending)

    hospital._backlog._worker = Held()
    async with listening(hospital) as server, connected(server) as (reader, writer):
        writer.write(b"".join(framed(numbered(n)) for n in range(5)))
        assert [await answer(reader) for _ in range(2)] == [["AA", "C0"], ["AA", "C1"]]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.readexactly(1), 0.3)
        assert (hospital.waiting, count(store, "hl7v2_message")) == (2, 2)
        gate.set()
        assert [await answer(reader) for _ in range(3)] == [["AA", f"C{n}"] for n in (2, 3, 4)]
    await hospital.drain()
    assert count(store, "hl7v2_message", state="processed") == 5


async def test_a_sender_that_takes_no_acknowledgments_loses_its_connection(hospital):
    async with listening(hospital, frame_seconds=0.3) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        writer.transport.pause_reading()
        one = framed(b"HELLO|" + b"x" * 100)
        with pytest.raises((ConnectionError, TimeoutError)):
            async with asyncio.timeout(20):
                while True:
                    writer.write(one * 100)
                    await writer.drain()
        writer.transport.abort()
        await asyncio.sleep(0.1)
        assert not server._door.inside


async def test_the_file_handles_run_out_and_come_back(hospital, monkeypatch):
    """A connection that cannot be taken now is taken later; the listener lives on."""
    loop = asyncio.get_running_loop()
    accept, failures = loop.sock_accept, [errno.EMFILE, errno.ECONNABORTED]

    async def scarce(listener):
        if failures:
            raise OSError(failures.pop(), "none left")
        return await accept(listener)

    monkeypatch.setattr(loop, "sock_accept", scarce)
    monkeypatch.setattr(doors, "_SCARCE_PAUSE", 0.01)
    async with listening(hospital) as server, connected(server) as (reader, writer):
        writer.write(framed(numbered(1)))
        assert await answer(reader) == ["AA", "C1"]
    assert not failures


async def test_an_address_that_is_taken_is_told(hospital):
    async with listening(hospital) as server:
        with pytest.raises(OSError, match="in use"):
            await MllpServer(hospital, host="127.0.0.1", port=server.port).start()


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


async def test_a_handshake_that_does_not_come_counts_and_ends(hospital, authority):
    certificate, key = authority
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    trusting = ssl.create_default_context(cafile=certificate)
    async with listening(hospital, tls=context, connections=1, frame_seconds=0.5) as server:
        async with connected(server) as (silent, _):
            await asyncio.sleep(0.05)
            # One that says nothing holds its place, for a while.
            assert await is_closed(server)
            assert await asyncio.wait_for(silent.read(), 10) == b""
        async with connected(server, ssl=trusting) as (reader, writer):
            writer.write(framed(numbered(1)))
            assert await answer(reader) == ["AA", "C1"]


async def test_who_may_not_connect_gets_no_handshake(hospital, authority):
    certificate, key = authority
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    trusting = ssl.create_default_context(cafile=certificate)
    allowed = (network("127.0.0.9"),)
    async with listening(hospital, tls=context, addresses=allowed) as server:
        with pytest.raises((ConnectionError, ssl.SSLError)):
            async with connected(server, ssl=trusting):
                pass
        assert server.refused == 1
