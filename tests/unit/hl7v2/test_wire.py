"""A connection's bytes: each read and write ends in time, and what nobody reads is bounded."""

import asyncio
import socket
from contextlib import asynccontextmanager

import pytest

from fhir_server.hl7v2.wire import Wire

pytestmark = pytest.mark.anyio


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request):
    """uvicorn runs the server on uvloop where that is installed; the wire must do on both."""
    if request.param:
        pytest.importorskip("uvloop")
    return ("asyncio", {"use_uvloop": request.param})


@asynccontextmanager
async def joined():
    """A wire and the socket at its other end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        far = socket.create_connection(listener.getsockname())
        near, _ = listener.accept()
    far.setblocking(False)
    loop = asyncio.get_running_loop()
    transport, wire = await loop.connect_accepted_socket(Wire, near)
    try:
        yield wire, far
    finally:
        transport.abort()
        far.close()
        await asyncio.sleep(0)


async def send(far: socket.socket, content: bytes) -> None:
    await asyncio.get_running_loop().sock_sendall(far, content)


async def received(far: socket.socket) -> bytes:
    return await asyncio.get_running_loop().sock_recv(far, 1 << 16)


async def test_what_comes_is_read_and_then_the_end():
    async with joined() as (wire, far):
        await send(far, b"one")
        assert await wire.read(5) == b"one"
        await send(far, b"two")
        await asyncio.sleep(0.02)
        await send(far, b"three")
        await asyncio.sleep(0.02)
        assert await wire.read() == b"twothree"
        far.shutdown(socket.SHUT_WR)
        assert await wire.read(5) == b""
        # It sends no more, and takes what it is sent.
        assert wire.write(b"answer")
        assert await received(far) == b"answer"
        await wire.close(within=5)
        assert await received(far) == b""


async def test_who_knows_the_peer():
    async with joined() as (wire, far):
        assert wire.info("peername") == far.getsockname()
        assert wire.info("peercert") is None


async def test_a_read_ends_at_its_deadline_and_not_at_that_of_one_before():
    async with joined() as (wire, far):
        await send(far, b"x")
        assert await wire.read(0.05) == b"x"
        reading = asyncio.ensure_future(wire.read(0.3))
        await asyncio.sleep(0.15)
        assert not reading.done()
        with pytest.raises(TimeoutError):
            await reading
        # What comes afterwards is for the next.
        await send(far, b"late")
        assert await wire.read(5) == b"late"
        with pytest.raises(TimeoutError):
            await wire.read(-1)


async def test_without_a_deadline_a_read_rests():
    async with joined() as (wire, far):
        await send(far, b"x")
        assert await wire.read(0.02) == b"x"
        reading = asyncio.ensure_future(wire.read())
        await asyncio.sleep(0.1)
        assert not reading.done()
        wire.interrupt()
        assert await reading == b""


async def test_what_nobody_reads_is_held_back_at_the_peer():
    async with joined() as (wire, far):
        sending = asyncio.ensure_future(send(far, b"x" * (32 << 20)))
        await asyncio.sleep(0.1)
        held = wire._size
        assert held < 1 << 20
        await asyncio.sleep(0.05)
        assert (wire._size, sending.done()) == (held, False)
        size = 0
        while size < 32 << 20:
            size += len(await wire.read(5))
        await sending


async def test_a_peer_that_takes_nothing_holds_a_writer_up_so_long_and_no_longer():
    async with joined() as (wire, far):
        with pytest.raises(TimeoutError):
            for _ in range(100):
                if not wire.write(b"x" * (1 << 20)):
                    await wire.drain(within=0.1)
        writing = asyncio.ensure_future(wire.drain(within=5))
        size = 0
        while not writing.done():
            size += len(await received(far))
        await writing
        # How much the kernel held of it is the kernel's; that something was taken let it go on.
        assert size > 0
        # Not taken: it is dropped.
        wire.write(b"x" * (1 << 20))
        await wire.close(within=0.05)


async def test_a_connection_that_was_reset_is_told_to_both():
    async with joined() as (wire, far):
        reading = asyncio.ensure_future(wire.read(5))
        await asyncio.sleep(0)
        far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        far.close()
        with pytest.raises(ConnectionError):
            await reading
        with pytest.raises(ConnectionError):
            wire.write(b"x")
        with pytest.raises(ConnectionError):
            await wire.read()
        await wire.close(within=1)


async def test_who_is_cancelled_leaves_the_bytes_to_the_next():
    async with joined() as (wire, far):
        reading = asyncio.ensure_future(wire.read(5))
        await asyncio.sleep(0)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        await send(far, b"x")
        assert await wire.read(5) == b"x"
