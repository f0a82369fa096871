"""The MLLP listener: frames in, acknowledgments out, one connection after another's rights.

A connection's frames are answered in the order in which they came, each before the next is read
from the buffer: a sender that sends faster than messages are stored is held back by TCP. In
enhanced mode the application's acknowledgments follow on the same connection, in that order too.
"""

import asyncio
import logging
import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from fhir_server.hl7v2.framing import END, START, Event, Fault, Frame, FrameDecoder
from fhir_server.hl7v2.intake import Intake, Receipt
from fhir_server.hl7v2.listening import Admission, Door
from fhir_server.hl7v2.senders import Network, Peer
from fhir_server.hl7v2.wire import Wire

_LOG = logging.getLogger(__name__)

CHANNEL: Final = "mllp"
_START: Final = bytes((START,))
_END: Final = bytes((END, 0x0D))


@dataclass(frozen=True, slots=True)
class MllpLimits:
    """What one listener bears.

    `frame_seconds` is the time from a frame's first byte to its last, that of a TLS handshake,
    and that in which a peer must take its acknowledgment; between frames a connection may rest
    as long as its peer lives. `drain_seconds` is the time at shutdown in which frames that have
    come in are finished. `addresses` are those that may connect, all where it is empty;
    `per_address` connections at most come from one.
    """

    frame_bytes: int = 5 * 1024 * 1024
    frame_seconds: float = 30.0
    connections: int = 512
    per_address: int = 256
    drain_seconds: float = 20.0
    addresses: tuple[Network, ...] = ()


class MllpServer:
    """Listens on one address; `tls` with `verify_mode=CERT_REQUIRED` makes it mutual.

    `on_refused` is told the reason of each connection that is not let in (for metrics).
    """

    def __init__(
        self,
        intake: Intake,
        *,
        host: str,
        port: int,
        limits: MllpLimits = MllpLimits(),
        tls: ssl.SSLContext | None = None,
        on_refused: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._intake = intake
        self._host = host
        self._port = port
        self._limits = limits
        self._stopping = asyncio.Event()
        self._open: set[_Connection] = set()
        self._door = Door(
            Admission(limits.connections, limits.per_address, limits.addresses),
            self._serve,
            tls=tls,
            handshake_seconds=limits.frame_seconds,
            on_refused=on_refused,
        )
        self._listens = False

    @property
    def port(self) -> int:
        """The port that is listened on: the one chosen by the system where 0 was asked for."""
        if not self._listens:
            raise RuntimeError("the listener has not been started")
        return self._port

    @property
    def refused(self) -> int:
        """How many connections were not let in."""
        return self._door.refused.total()

    async def start(self) -> None:
        """Listen; OSError where the address cannot be bound."""
        self._port = await self._door.open(self._host, self._port)
        self._listens = True

    async def stop(self) -> None:
        """Take no more, answer what has come in whole, close; safe to call twice."""
        self._stopping.set()
        self._door.close()
        for connection in self._open:
            connection.interrupt()
        if self._door.inside:
            await asyncio.wait(self._door.inside, timeout=self._limits.drain_seconds)
        late = list(self._door.inside)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _serve(self, wire: Wire) -> None:
        connection = _Connection(self._intake, self._limits, self._stopping, wire)
        self._open.add(connection)
        try:
            await connection.serve()
        finally:
            self._open.discard(connection)


class _Connection:
    """One peer, from its first byte to its last."""

    def __init__(
        self,
        intake: Intake,
        limits: MllpLimits,
        stopping: asyncio.Event,
        wire: Wire,
    ) -> None:
        self._intake = intake
        self._limits = limits
        self._stopping = stopping
        self._wire = wire
        self._decoder = FrameDecoder(max_frame=limits.frame_bytes)
        self._peer = _peer(wire)
        self._stray_kept = False
        self._later: asyncio.Queue[Receipt | None] = asyncio.Queue()
        self._following: asyncio.Task[None] | None = None

    def interrupt(self) -> None:
        """Read no more: the server stops."""
        self._wire.interrupt()

    async def serve(self) -> None:
        """Answer frames until the peer, the deadline or the server ends the connection."""
        try:
            await self._serve()
            await self._handle(self._decoder.finish())
        except OSError as error:
            # The peer is gone: what it sent whole is stored, and will be sent again without ACK.
            _LOG.info("mllp connection lost", extra={"error": type(error).__name__})
            await self._handle(self._decoder.finish(), answering=False)
        finally:
            await self._end_following()

    async def _serve(self) -> None:
        decoder, began = self._decoder, 0.0
        while not self._stopping.is_set():
            was_in_frame, left = decoder.in_frame, None
            if was_in_frame:
                left = began + self._limits.frame_seconds - time.monotonic()
            chunk = await self._read(left)
            if not chunk:
                return
            events = decoder.feed(chunk)
            if events:
                await self._handle(events)
            if decoder.in_frame and (events or not was_in_frame):
                # The peer does not answer for the time that its messages take to be stored.
                began = time.monotonic()

    async def _read(self, seconds: float | None) -> bytes:
        """Return the next bytes; b"" at the end of the stream, the deadline or the shutdown."""
        try:
            return await self._wire.read(seconds)
        except TimeoutError:
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
            self._follow(receipt)
        elif receipt.later is not None and (answer := await receipt.application()) is not None:
            await self._send(answer.acknowledgment)

    def _follow(self, receipt: Receipt) -> None:
        if receipt.later is None or receipt.mode.application == "NE":
            return
        self._later.put_nowait(receipt)
        if self._following is None:
            self._following = asyncio.create_task(self._send_later())

    async def _send_later(self) -> None:
        """Send the application's acknowledgments of enhanced mode as their messages are done."""
        try:
            while (receipt := await self._later.get()) is not None:
                answer = await receipt.application()
                if answer is not None:
                    await self._send(answer.acknowledgment)
        except OSError:
            # The peer takes nothing any more: it must see that, and connect anew.
            self._wire.abort()

    async def _end_following(self) -> None:
        if self._following is None:
            return
        self._later.put_nowait(None)
        try:
            await self._following
        finally:
            self._following.cancel()

    async def _send(self, answer: bytes) -> None:
        if not self._wire.write(_START + answer + _END):
            await self._wire.drain(within=self._limits.frame_seconds)

    def _is_noise(self, fault: Fault) -> bool:
        """Whether bytes outside frames are only counted: the first of a connection are kept."""
        if fault.kind != "stray-bytes":
            return False
        kept, self._stray_kept = self._stray_kept, True
        if kept:
            _LOG.warning("mllp bytes outside frames", extra={"count": self._decoder.skipped})
        return kept


def _peer(wire: Wire) -> Peer:
    """Return the peer's address, with the names in its certificate under mutual TLS.

    Those are the common name and the DNS names: what else stands there (an organisation, a
    country) names many.
    """
    address = wire.info("peername")
    certificate = wire.info("peercert") or {}
    names = [
        value
        for part in certificate.get("subject", ())
        for kind, value in part
        if kind == "commonName"
    ]
    names += [value for kind, value in certificate.get("subjectAltName", ()) if kind == "DNS"]
    name = str(address[0]) if isinstance(address, tuple) else str(address or "")
    return Peer(name, tuple(dict.fromkeys(names)))
