"""The floor of a durable acknowledgment: the same frames, one plain insert, a group commit.

No header is read, nothing is answered but the same bytes: less than this no server can do that
keeps what it acknowledges. `python -m benchmarks.hl7v2_floor URL PORT`.
"""

import asyncio
import queue
import sqlite3
import sys
import threading
from typing import Any

_ACK = b"\x0bMSH|^~\\&|FLOOR\rMSA|AA|1\r\x1c\r"
_TABLE = "CREATE TABLE IF NOT EXISTS kept (key {text} UNIQUE, body {blob})"

Item = tuple[str, bytes, "asyncio.Future[None]"]


def sqlite(path: str) -> tuple[Any, str]:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(_TABLE.format(text="TEXT", blob="BLOB"))
    return connection, "INSERT INTO kept VALUES (?, ?)"


def postgresql(url: str) -> tuple[Any, str]:
    import psycopg  # noqa: PLC0415 (with PostgreSQL only)

    connection = psycopg.connect(url, autocommit=True)
    connection.execute("SET synchronous_commit = on")
    connection.execute(_TABLE.format(text="TEXT", blob="BYTEA"))
    return connection, "INSERT INTO kept VALUES (%s, %s)"


def write(connection: Any, insert: str, items: "queue.SimpleQueue[Item]") -> None:
    """Commit together what has gathered while the last commit was synced."""
    while True:
        group = [items.get()]
        try:
            while True:
                group.append(items.get_nowait())
        except queue.Empty:
            pass
        connection.execute("BEGIN")
        for key, body, _ in group:
            connection.execute(insert, (key, body))
        connection.execute("COMMIT")
        loop = group[0][2].get_loop()
        loop.call_soon_threadsafe(settle, group)


def settle(group: list[Item]) -> None:
    for _, _, future in group:
        if not future.done():
            future.set_result(None)


async def main(url: str, port: int) -> None:
    found = sqlite(url[len("sqlite:///") :]) if url.startswith("sqlite") else postgresql(url)
    items: queue.SimpleQueue[Item] = queue.SimpleQueue()
    threading.Thread(target=write, args=(*found, items), daemon=True).start()
    loop = asyncio.get_running_loop()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                raw = (await reader.readuntil(b"\x1c\r"))[1:-2]
                future = loop.create_future()
                items.put((raw.split(b"|", 10)[9].decode(), raw, future))
                await future
                writer.write(_ACK)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
