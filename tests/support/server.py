"""The whole app in this process, with its own folder, for tests over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import httpx

from fhir_server.app import create_app
from fhir_server.demo.server import free_port
from fhir_server.settings import Settings

BASE = "http://127.0.0.1:8080"
LOCAL_CODES = Path(str(resources.files("fhir_server.demo") / "local-codes.json"))


def settings(folder: Path, **changes: Any) -> Settings:
    """Return settings of an evaluation server in `folder`; MLLP is off unless a port is given."""
    values: dict[str, Any] = {
        "data_dir": folder,
        "mllp_port": 0,
        "local_codes": LOCAL_CODES,
        "language": "en",
        "log_level": "DEBUG",
    }
    return Settings(**(values | changes))


@asynccontextmanager
async def serving(
    folder: Path, *, base_url: str = BASE, **changes: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """Run the app for the length of the context; yields a client of it."""
    app = create_app(settings(folder, **changes))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url=base_url, timeout=30
        ) as client,
    ):
        client.app = app
        yield client


__all__ = ["BASE", "LOCAL_CODES", "free_port", "serving", "settings"]
