"""What is written in one turn of the loop leaves as one packet; a large stream does not wait."""

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from fhir_server.commands.http_protocol import HttpProtocol, JoiningTransport
from tests.support.sockets import listening

pytestmark = pytest.mark.anyio

HEAD, BODY = b"HTTP/1.1 200 OK\r\n\r\n", b"{}"
MOST = 64 * 1024


class Socket(asyncio.Transport):
    """Keeps what reaches it, in the order in which it does."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[bytes | str] = []
        self.closing = False
        self.protocol: asyncio.BaseProtocol = asyncio.Protocol()

    def write(self, data) -> None:
        self.seen.append(bytes(data))

    def close(self) -> None:
        self.closing = True
        self.seen.append("close")

    def abort(self) -> None:
        self.closing = True
        self.seen.append("abort")

    def is_closing(self) -> bool:
        return self.closing

    def pause_reading(self) -> None:
        self.seen.append("pause")

    def resume_reading(self) -> None:
        self.seen.append("resume")

    def get_extra_info(self, name, default=None):
        return ("127.0.0.1", 80) if name == "peername" else default

    def set_protocol(self, protocol) -> None:
        self.protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self.protocol


@pytest.fixture
async def socket() -> Socket:
    return Socket()


@pytest.fixture
async def joining(socket: Socket) -> JoiningTransport:
    return JoiningTransport(socket, asyncio.get_running_loop())


async def test_head_and_body_leave_together(joining: JoiningTransport, socket: Socket) -> None:
    joining.write(HEAD)
    joining.write(bytearray(BODY))
    assert socket.seen == []
    await asyncio.sleep(0)
    assert socket.seen == [HEAD + BODY]
    joining.write(HEAD)
    await asyncio.sleep(0)
    assert socket.seen == [HEAD + BODY, HEAD]
    await asyncio.sleep(0)
    assert len(socket.seen) == 2


async def test_a_close_sends_what_is_held(joining: JoiningTransport, socket: Socket) -> None:
    joining.write(HEAD)
    joining.close()
    assert socket.seen == [HEAD, "close"]
    assert joining.is_closing()
    await asyncio.sleep(0)
    assert socket.seen == [HEAD, "close"]


async def test_an_abort_sends_nothing_more(joining: JoiningTransport, socket: Socket) -> None:
    joining.write(HEAD)
    joining.abort()
    joining.write(BODY)
    await asyncio.sleep(0)
    assert socket.seen == ["abort"]


async def test_more_than_64_kib_do_not_wait(joining: JoiningTransport, socket: Socket) -> None:
    joining.write(b"x" * MOST)
    assert socket.seen == []
    joining.write(b"y")
    assert socket.seen == [b"x" * MOST + b"y"]
    # What is counted is what is held: the next small piece is held again.
    joining.write(BODY)
    assert len(socket.seen) == 1
    await asyncio.sleep(0)
    assert socket.seen[1:] == [BODY]


async def test_everything_else_is_the_sockets(joining: JoiningTransport, socket: Socket) -> None:
    joining.pause_reading()
    joining.resume_reading()
    assert socket.seen == ["pause", "resume"]
    assert joining.get_extra_info("peername") == ("127.0.0.1", 80)
    assert joining.get_extra_info("sslcontext", "none") == "none"
    assert not joining.is_closing()
    other = asyncio.Protocol()
    joining.set_protocol(other)
    assert joining.get_protocol() is other is socket.protocol


async def small(_request: Request) -> Response:
    return Response(BODY)


async def stream(_request: Request) -> Response:
    async def pieces():
        for number in range(40):
            yield bytes([number]) * 10_000

    return StreamingResponse(pieces())


async def test_a_server_answers_in_one_piece_and_streams_whole() -> None:
    app = Starlette(routes=[Route("/small", small), Route("/stream", stream)])
    async with listening(app, HttpProtocol) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /small HTTP/1.1\r\nHost: x\r\n\r\n")
        # One read gets one packet.
        assert (await reader.read(MOST)).endswith(b"\r\n\r\n" + BODY)
        writer.close()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            answer = await client.get("/stream")
            assert answer.content == b"".join(bytes([n]) * 10_000 for n in range(40))
