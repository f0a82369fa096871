"""One packet for one answer: uvicorn writes head and body apart, each of which wakes the client."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# More than this is passed on at once, so that a stream is held back by the socket, not by memory.
_MOST_HELD = 64 * 1024


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 protocol on a transport that joins what is written in one turn."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take up a new connection."""
        super().connection_made(JoiningTransport(transport, self.loop))


class JoiningTransport(asyncio.Transport):
    """Passes on at the end of the event loop's turn, as one write, what was written in it."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._held: list[bytes | bytearray | memoryview] = []
        self._size = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Hold `data` until the end of the turn."""
        if not self._held:
            self._loop.call_soon(self._pass_on)
        self._held.append(data)
        self._size += len(data)
        if self._size > _MOST_HELD:
            self._pass_on()

    def _pass_on(self) -> None:
        held, self._held, self._size = self._held, [], 0
        if held and not self._transport.is_closing():
            self._transport.write(b"".join(held))

    def close(self) -> None:
        """Close once all that was written is sent."""
        self._pass_on()
        self._transport.close()

    def is_closing(self) -> bool:
        """Whether no more can be sent."""
        return self._transport.is_closing()

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return what is known of the socket."""
        return self._transport.get_extra_info(name, default)

    def pause_reading(self) -> None:
        """Let the sender wait."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read on."""
        self._transport.resume_reading()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Hand the connection to another protocol."""
        self._transport.set_protocol(protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Return the protocol that the connection belongs to."""
        return self._transport.get_protocol()
