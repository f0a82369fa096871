"""A receiver of notifications on this machine, as plain HTTP as it can be."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.support.subscriptions import Note


@dataclass(slots=True)
class HookServer:
    """`answer` gives the status line and headers for a notification; `notes` are all that came."""

    url: str = ""
    notes: list[Note] = field(default_factory=list)
    answer: Callable[[Note], str] = lambda _note: "200 OK"
    delay: float = 0.0
    _answering: set["asyncio.Task[None]"] = field(default_factory=set)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for note in self.notes for event in note.events]

    async def until(self, condition: Callable[[], bool], seconds: float = 15) -> None:
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110 (a condition of the test's own)
                await asyncio.sleep(0.01)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._answering.add(task)
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                await self._answer(reader, writer)  # a sender that was killed leaves half a message
        finally:
            self._answering.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def end(self) -> None:
        """End what still answers: no connection outlives its test."""
        tasks = [*self._answering]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        pairs = (line.split(": ", 1) for line in head[1:] if line)
        headers = {name.lower(): value for name, value in pairs}
        body = await reader.readexactly(int(headers["content-length"]))
        note = Note(json.loads(body), {**headers, ":request": head[0]})
        self.notes.append(note)
        await asyncio.sleep(self.delay)
        writer.write(f"HTTP/1.1 {self.answer(note)}\r\ncontent-length: 0\r\n".encode())
        writer.write(b"connection: close\r\n\r\n")
        await writer.drain()


@asynccontextmanager
async def hook_server(port: int = 0) -> AsyncIterator[HookServer]:
    """Listen on a free port (or `port`) of the loopback interface."""
    made = HookServer()
    server = await asyncio.start_server(made._serve, "127.0.0.1", port)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook?ward=7"
    try:
        yield made
    finally:
        server.close()
        await made.end()
        await server.wait_closed()
