"""A sender that trickles is told so and loses its connection."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fhir_server.commands import bounded_http
from fhir_server.commands.bounded_http import BoundedHttp
from fhir_server.rest import bodies
from tests.support.fhir_http import FHIR, problem, serving
from tests.support.sockets import listening

pytestmark = pytest.mark.anyio


async def test_a_body_that_does_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "SECONDS", 0.05)

    async def trickle() -> AsyncIterator[bytes]:
        yield b'{"resourceType":'
        await asyncio.sleep(1)
        yield b'"Patient"}'

    async with serving() as client:
        answer = await client.post("Patient", content=trickle(), headers=FHIR)
        assert problem(answer)[:2] == (408, "timeout")
        assert answer.headers["connection"] == "close"
        assert (await client.get("Patient?_summary=count")).json()["total"] == 0


async def hello(_request: Request) -> Response:
    return Response("hello")


@pytest.fixture
async def port(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    monkeypatch.setattr(bounded_http, "MOST_SECONDS", 0.3)
    app = Starlette(routes=[Route("/", hello)])
    async with listening(app, BoundedHttp) as found:
        yield found


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nhost: "])
async def test_a_head_that_does_not_come(port: int, sent: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    answer = await asyncio.wait_for(reader.read(), 5)  # to the end: the connection is closed
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"OperationOutcome" in answer
    writer.close()


async def test_a_connection_that_is_used_is_kept(port: int) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        for _ in range(4):
            assert (await client.get("/")).text == "hello"
            await asyncio.sleep(0.15)
        assert (await client.get("/", headers={"x": "y" * 60_000})).status_code == 200


async def test_a_head_without_end(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nhost: x\r\nx: " + b"y" * (bounded_http.MOST_BYTES + 1))
    answer = await asyncio.wait_for(reader.read(), 5)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"too-long" in answer
    writer.close()
