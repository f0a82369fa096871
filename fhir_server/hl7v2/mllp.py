"""The MLLP listener: frames in, acknowledgments out, one connection after another's rights.

A connection's frames are answered in the order in which they came, each before the next is read
from the buffer: a sender that sends faster than messages are stored is held back by TCP. In
enhanced mode the application's acknowledgments follow on the same connection, in that order too.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from fhir_server.hl7v2.framing import END, START, Event, Fault, Frame, FrameDecoder
from fhir_server.hl7v2.intake import Intake, Receipt
from fhir_server.hl7v2.senders import Network, Peer, is_within

_LOG = logging.getLogger(__name__)

CHANNEL: Final = "mllp"
_CHUNK: Final = 65536
_START: Final = bytes((START,))
_END: Final = bytes((END, 0x0D))


@dataclass(frozen=True, slots=True)
class MllpLimits:
    """What one listener bears.

    `frame_seconds` is the time from a frame's first byte to its last, and that in which a peer
    must take its acknowledgment; between frames a connection may rest. `drain_seconds` is the
    time at shutdown in which frames that have come in are finished. `addresses` are those that
    may connect, all where it is empty; `per_address` connections at most come from one.
    """

    frame_bytes: int = 5 * 1024 * 1024
    frame_seconds: float = 30.0
    connections: int = 1024
    per_address: int = 1024
    drain_seconds: float = 20.0
    addresses: tuple[Network, ...] = ()


class MllpServer:
    """Listens on one address; `tls` with `verify_mode=CERT_REQUIRED` makes it mutual."""

    def __init__(
        self,
        intake: Intake,
        *,
        host: str,
        port: int,
        limits: MllpLimits = MllpLimits(),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._intake = intake
        self._host = host
        self._port = port
        self._limits = limits
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], str] = {}
        self._stopping = asyncio.Event()
        self.refused = 0

    @property
    def port(self) -> int:
        """The port that is listened on: the one chosen by the system where 0 was asked for."""
        if self._server is None:
            raise RuntimeError("the listener has not been started")
        return self._port

    async def start(self) -> None:
        """Listen; OSError where the address cannot be bound."""
        self._server = await asyncio.start_server(
            self._connected,
            self._host,
            self._port,
            limit=_CHUNK,
            ssl=self._tls,
            ssl_handshake_timeout=self._limits.frame_seconds if self._tls else None,
        )
        self._port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Take no more, answer what has come in whole, close; safe to call twice."""
        self._stopping.set()
        if self._server is not None:
            self._server.close()
        if self._connections:
            await asyncio.wait(self._connections, timeout=self._limits.drain_seconds)
        for task in list(self._connections):
            task.cancel()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        peer = _peer(writer)
        refusal = self._refusal(peer.address)
        if task is None or refusal is not None:
            self.refused += 1
            _LOG.warning("mllp connection refused", extra={"reason": refusal, "peer": peer.address})
            # Not closed in order: who may not send is not waited for.
            writer.transport.abort()
            return
        self._connections[task] = peer.address
        try:
            await _Connection(self._intake, self._limits, self._stopping, reader, writer).serve()
        finally:
            del self._connections[task]
            writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                await asyncio.wait_for(writer.wait_closed(), self._limits.frame_seconds)

    def _refusal(self, address: str) -> str | None:
        """Return why a peer may not connect, None where it may."""
        limits, taken = self._limits, self._connections
        if limits.addresses and not is_within(address, limits.addresses):
            return "address not allowed"
        if len(taken) >= limits.connections:
            return "too many connections"
        if sum(each == address for each in taken.values()) >= limits.per_address:
            return "too many connections from this address"
        return None


class _Connection:
    """One peer, from its first byte to its last."""

    def __init__(
        self,
        intake: Intake,
        limits: MllpLimits,
        stopping: asyncio.Event,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._intake = intake
        self._limits = limits
        self._stopping = stopping
        self._reader = reader
        self._writer = writer
        self._decoder = FrameDecoder(max_frame=limits.frame_bytes)
        self._peer = _peer(writer)
        self._stray_kept = False
        self._later: asyncio.Queue[Receipt | None] = asyncio.Queue()
        _keep_alive(writer)

    async def serve(self) -> None:
        """Answer frames until the peer, the deadline or the server ends the connection."""
        stopping = asyncio.ensure_future(self._stopping.wait())
        following = asyncio.ensure_future(self._follow())
        try:
            await self._serve(stopping)
            await self._handle(self._decoder.finish())
        except OSError as error:
            # The peer is gone: what it sent whole is stored, and will be sent again without ACK.
            _LOG.info("mllp connection lost", extra={"error": type(error).__name__})
            await self._handle(self._decoder.finish(), answering=False)
        finally:
            stopping.cancel()
            self._later.put_nowait(None)
            with contextlib.suppress(OSError):
                await following

    async def _follow(self) -> None:
        """Send the application's acknowledgments of enhanced mode as their messages are done."""
        while (receipt := await self._later.get()) is not None:
            answer = await receipt.application()
            if answer is not None:
                await self._send(answer.acknowledgment)

    async def _serve(self, stopping: "asyncio.Task[Literal[True]]") -> None:
        decoder, began = self._decoder, time.monotonic()
        while not self._stopping.is_set():
            left = began + self._limits.frame_seconds - time.monotonic()
            chunk = await self._read(stopping, left if decoder.in_frame else None)
            if not chunk:
                return
            was_in_frame = decoder.in_frame
            events = decoder.feed(chunk)
            if events or not was_in_frame:
                began = time.monotonic()
            await self._handle(events)
            if events:
                # The peer does not answer for the time that its messages took to be stored.
                began = time.monotonic()

    async def _read(self, stopping: "asyncio.Task[Literal[True]]", seconds: float | None) -> bytes:
        """Return the next bytes; b"" at the end of the stream, the deadline or the shutdown."""
        reading = asyncio.ensure_future(self._reader.read(_CHUNK))
        await asyncio.wait(
            (reading, stopping),
            timeout=None if seconds is None else max(seconds, 0),
            return_when=asyncio.FIRST_COMPLETED,
        )
        if reading.done():
            return reading.result()
        reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reading
        if not self._stopping.is_set():
            _LOG.warning("mllp frame not ended in time", extra={"peer": str(self._peer)})
        return b""

    async def _handle(self, events: Iterable[Event], *, answering: bool = True) -> None:
        for event in events:
            if isinstance(event, Frame):
                await self._take(event.content, answering)
            elif not self._is_noise(event):
                kind, content = event.kind, event.content
                answer = await self._intake.fault(kind, content, channel=CHANNEL, peer=self._peer)
                if answer is not None and answering:
                    await self._send(answer)

    async def _take(self, content: bytes, answering: bool) -> None:
        receipt = await self._intake.take(content, channel=CHANNEL, peer=self._peer)
        if not answering:
            return
        if receipt.first is not None:
            await self._send(receipt.first.acknowledgment)
        if receipt.mode.enhanced:
            self._later.put_nowait(receipt)
        elif (answer := await receipt.application()) is not None:
            await self._send(answer.acknowledgment)

    async def _send(self, answer: bytes) -> None:
        self._writer.write(_START + answer + _END)
        async with asyncio.timeout(self._limits.frame_seconds):
            await self._writer.drain()

    def _is_noise(self, fault: Fault) -> bool:
        """Whether bytes outside frames are only counted: the first of a connection are kept."""
        if fault.kind != "stray-bytes":
            return False
        kept, self._stray_kept = self._stray_kept, True
        if kept:
            _LOG.warning("mllp bytes outside frames", extra={"count": self._decoder.skipped})
        return kept


def _peer(writer: asyncio.StreamWriter) -> Peer:
    """Return the peer's address, with its certificate's common names under mutual TLS."""
    address = writer.get_extra_info("peername")
    name = str(address[0]) if isinstance(address, tuple) else str(address or "")
    certificate = writer.get_extra_info("peercert") or {}
    subject = [value for part in certificate.get("subject", ()) for key, value in part]
    return Peer(name, tuple(subject))


def _keep_alive(writer: asyncio.StreamWriter) -> None:
    """Let the system notice a peer that vanished between two frames."""
    endpoint = writer.get_extra_info("socket")
    if endpoint is not None:
        endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
