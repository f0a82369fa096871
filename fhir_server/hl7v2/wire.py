"""One peer's bytes, read and written each with a deadline; what nobody has read yet is bounded.

asyncio's streams do the same for any protocol, with a timeout object and several calls for each
read; here a message is one read and one write.
"""

import asyncio
from typing import Any, Final, cast

# What has come in and is not read yet is no more than this and one chunk.
_UNREAD: Final = 65536


class Wire(asyncio.Protocol):
    """The bytes of one connection, for one reader and any number of writers."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._unread: list[bytes] = []
        self._size = 0
        self._is_paused = False
        self._has_ended = False
        self._failure: Exception | None = None
        self._reading: asyncio.Future[None] | None = None
        self._due: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._closed = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()

    def info(self, name: str) -> Any:
        """Return what is known of the connection, such as `peername`; None where nothing is."""
        return self._transport.get_extra_info(name)

    async def read(self, within: float | None = None) -> bytes:
        """Return the next bytes; b"" at the end of the stream, or where `interrupt` came.

        TimeoutError where none come `within` so many seconds, the connection's error where it
        was lost.
        """
        if not self._unread and not self._has_ended:
            self._reading = self._loop.create_future()
            if within is not None:
                self._watch(within)
            try:
                await self._reading
            finally:
                self._reading = self._due = None
        if self._failure is not None:
            raise self._failure
        found = self._unread[0] if len(self._unread) == 1 else b"".join(self._unread)
        self._unread.clear()
        self._size = 0
        if self._is_paused:
            self._is_paused = False
            if not self._transport.is_closing():
                self._transport.resume_reading()
        return found

    def interrupt(self) -> None:
        """Let who reads wait no longer."""
        if self._reading is not None and not self._reading.done():
            self._reading.set_result(None)

    def write(self, content: bytes) -> bool:
        """Send bytes; whether more may follow: the peer takes what it is sent.

        ConnectionError where the connection is lost.
        """
        if self._transport.is_closing():
            raise ConnectionResetError("the connection is closed")
        self._transport.write(content)
        return self._writable.is_set()

    async def drain(self, *, within: float) -> None:
        """Wait until the peer takes what it is sent; TimeoutError after `within` seconds."""
        async with asyncio.timeout(within):
            await self._writable.wait()

    def abort(self) -> None:
        """End the connection now; what was written and not taken is dropped."""
        self._transport.abort()

    async def close(self, *, within: float) -> None:
        """End the connection once what was written is taken, `within` so many seconds."""
        self._transport.close()
        try:
            async with asyncio.timeout(within):
                await self._closed.wait()
        except TimeoutError:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; called by the loop, as are those that follow."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Keep what has come in, and take no more where that is much."""
        self._unread.append(data)
        self._size += len(data)
        if self._size > _UNREAD and not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()
        self.interrupt()

    def eof_received(self) -> bool:
        """Take the end of what the peer sends; without TLS it may still be answered."""
        self._has_ended = True
        self.interrupt()
        return self._transport.get_extra_info("sslcontext") is None

    def pause_writing(self) -> None:
        """Hold up who writes: the peer does not take it."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Go on."""
        self._writable.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """End; `exc` where neither side had meant to."""
        self._has_ended, self._failure = True, exc
        self._closed.set()
        self._writable.set()
        if self._timer is not None:
            self._timer.cancel()
        self.interrupt()

    def _watch(self, within: float) -> None:
        self._due = self._loop.time() + within
        # One timer for many reads: where it finds that there is more time, it goes on.
        if self._timer is None:
            self._timer = self._loop.call_at(self._due, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._due is None or self._reading is None or self._reading.done():
            return
        if self._loop.time() < self._due:
            self._timer = self._loop.call_at(self._due, self._look)
        else:
            self._reading.set_exception(TimeoutError("nothing came in time"))
