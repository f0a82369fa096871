"""An app behind a real socket, spoken to in one of the server's protocols."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

from fhir_server.commands.http_protocol import HttpProtocol
from fhir_server.demo.server import free_port


@asynccontextmanager
async def listening(app: ASGIApp, http: type[HttpProtocol]) -> AsyncIterator[int]:
    """Yield the port of 127.0.0.1 at which `app` answers."""
    port = free_port()
    config = uvicorn.Config(
        app, port=port, http=http, log_config=None, access_log=False, lifespan="off"
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())
    while not server.started:  # noqa: ASYNC110 (uvicorn has no event for it)
        await asyncio.sleep(0.01)
    yield port
    server.should_exit = True
    await task
