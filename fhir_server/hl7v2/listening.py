"""Who is let in: a listening socket that judges a peer before anything is spent on it.

A connection from an address that may not connect, or one too many, is closed before TLS begins;
one that is in its handshake counts like any other.
"""

import asyncio
import errno
import logging
import socket
import ssl
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from fhir_server.hl7v2.senders import Network, is_within
from fhir_server.hl7v2.wire import Wire

_LOG = logging.getLogger(__name__)

_BACKLOG: Final = 512
# No file handles or memory are left: whoever waits is taken once there are some again.
_SCARCE: Final = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM))
_SCARCE_PAUSE: Final = 0.5
_NOT_HERE: Final = frozenset((errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT))
# Refusals are all counted; of a flood of them one in so many seconds is logged.
_LOG_EVERY: Final = 1.0
# A peer that vanished between two frames is noticed after some two minutes.
_KEEP_ALIVE: Final = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}

Serve = Callable[[Wire], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Admission:
    """Who may connect: from `addresses`, all where it is empty, and how many at once."""

    connections: int
    per_address: int
    addresses: tuple[Network, ...] = ()


class Door:
    """Lets peers in, each served by `serve` in a task of its own.

    `on_refused` is told the reason of each refusal: `address`, `connections`, `per-address`.
    """

    def __init__(
        self,
        admission: Admission,
        serve: Serve,
        *,
        tls: ssl.SSLContext | None,
        handshake_seconds: float,
        on_refused: Callable[[str], None],
    ) -> None:
        self._admission = admission
        self._serve = serve
        self._tls = tls
        self._handshake_seconds = handshake_seconds
        self._on_refused = on_refused
        self._accepting: list[asyncio.Task[None]] = []
        self._sockets: list[socket.socket] = []
        self._taken: Counter[str] = Counter()
        self._logged = -_LOG_EVERY
        self.inside: set[asyncio.Task[None]] = set()
        self.refused: Counter[str] = Counter()

    async def open(self, host: str, port: int) -> int:
        """Listen at every address of `host`; return the port. OSError where one is not free."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        for family, address in sorted({(each[0], str(each[4][0])) for each in found}):
            try:
                # Port 0 is chosen by the system once, the same for every address.
                listener = socket.create_server((address, port), family=family, backlog=_BACKLOG)
            except OSError as error:
                # `localhost` has an IPv6 address also where the machine has none.
                if error.errno in _NOT_HERE and (self._sockets or family == socket.AF_INET6):
                    continue
                self.close()
                raise
            listener.setblocking(False)
            self._sockets.append(listener)
            port = int(listener.getsockname()[1])
        if not self._sockets:
            raise OSError(errno.EADDRNOTAVAIL, f"no address of {host} is one of this machine")
        self._accepting = [asyncio.create_task(self._accept(each)) for each in self._sockets]
        return port

    def close(self) -> None:
        """Let nobody in any more; who is inside stays."""
        for task in self._accepting:
            task.cancel()
        for each in self._sockets:
            each.close()
        self._sockets.clear()

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, place = await loop.sock_accept(listener)
            except OSError as error:
                # Otherwise the peer was gone before it was taken.
                if error.errno in _SCARCE:
                    _LOG.error("mllp connection waits", extra={"reason": error.strerror})
                    await asyncio.sleep(_SCARCE_PAUSE)
                continue
            address = str(place[0])
            refusal = self._refusal(address)
            if refusal is not None:
                self._refuse(connection, address, refusal)
                continue
            self._taken[address] += 1
            task = asyncio.create_task(self._inside(connection, address))
            self.inside.add(task)
            task.add_done_callback(self.inside.discard)

    def _refusal(self, address: str) -> str | None:
        admission = self._admission
        if admission.addresses and not is_within(address, admission.addresses):
            return "address"
        if len(self.inside) >= admission.connections:
            return "connections"
        return "per-address" if self._taken[address] >= admission.per_address else None

    def _refuse(self, connection: socket.socket, address: str, reason: str) -> None:
        connection.close()
        self.refused[reason] += 1
        self._on_refused(reason)
        now = time.monotonic()
        if now - self._logged >= _LOG_EVERY:
            self._logged = now
            _LOG.warning("mllp connection refused", extra={"reason": reason, "peer": address})

    async def _inside(self, connection: socket.socket, address: str) -> None:
        try:
            wire = await self._wire(connection)
        except (OSError, ssl.SSLError) as error:
            # No certificate, a wrong one, no TLS at all, or no end of the handshake.
            _LOG.warning(
                "mllp handshake failed", extra={"error": type(error).__name__, "peer": address}
            )
            connection.close()
        else:
            try:
                await self._serve(wire)
            finally:
                await wire.close(within=self._handshake_seconds)
        finally:
            self._taken[address] -= 1
            if not self._taken[address]:
                del self._taken[address]

    async def _wire(self, connection: socket.socket) -> Wire:
        _keep_alive(connection)
        wire = Wire()
        await asyncio.get_running_loop().connect_accepted_socket(
            # Under TLS uvloop returns its own protocol instead of this.
            lambda: wire,
            connection,
            ssl=self._tls,
            ssl_handshake_timeout=self._handshake_seconds if self._tls else None,
        )
        return wire


def _keep_alive(connection: socket.socket) -> None:
    connection.setblocking(False)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEP_ALIVE.items():
        # Not every system has each of them.
        if (option := getattr(socket, name, None)) is not None:
            connection.setsockopt(socket.IPPROTO_TCP, option, value)
