"""The FHIR routes over ASGI, with a store of their own and a clock that stands still."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import FhirError, Issue
from fhir_server.r4.profiles import Profiles
from fhir_server.rest.answer_form import AnswerForm
from fhir_server.rest.errors import error_response
from fhir_server.rest.routers import fhir, install
from fhir_server.rest.services import FhirLimits, FhirServices
from fhir_server.store.access import Access
from fhir_server.store.database import Database
from terminology.releases.shelf import Shelf
from tests.support.fhir_store import BASE, NOW, fresh_url

FHIR = {"Content-Type": "application/fhir+json"}


class Refusals:
    """What the request boundary does with what is refused, without its telemetry."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except FhirError as error:
            await error_response(error)(scope, receive, send)


def fhir_app(services: FhirServices) -> FastAPI:
    app = FastAPI()
    app.state.fhir = services
    install(app)
    app.add_middleware(fhir)
    app.add_middleware(AnswerForm)
    app.add_middleware(Refusals)
    return app


@asynccontextmanager
async def serving(
    *,
    limits: FhirLimits | None = None,
    advise: Callable[[JsonObject], tuple[Issue, ...]] = lambda _: (),
    base_url: str | None = None,
    profiles: Profiles | None = None,
    access_of: Callable[[Request], Access] = lambda _: Access(),
    adapter: str = "sqlite",
    releases: Shelf | None = None,
) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client whose relative URLs are below http://test/fhir/."""
    with fresh_url(adapter) as url:
        database = Database.open(url, releases=releases)
        services = FhirServices(
            database=database,
            limits=limits or FhirLimits(),
            clock=lambda: NOW,
            advise=advise,
            base_url=base_url,
            access_of=access_of,
            profiles=profiles,
        )
        transport = httpx.ASGITransport(fhir_app(services))
        try:
            async with httpx.AsyncClient(transport=transport, base_url=f"{BASE}/") as client:
                yield client
        finally:
            database.close()


def problem(response: httpx.Response) -> tuple[int, str, list[str]]:
    """Return status, code and expressions of the first issue of a refusal."""
    outcome = response.json()
    assert outcome["resourceType"] == "OperationOutcome"
    assert response.headers["content-type"].startswith("application/fhir+json")
    first: dict[str, Any] = outcome["issue"][0]
    assert first["severity"] in ("error", "fatal")
    assert first["diagnostics"]
    return response.status_code, first["code"], first.get("expression", [])


async def put_all(client: httpx.AsyncClient, record: Iterable[Mapping[str, Any]]) -> None:
    """Store each resource under its own id, where none is yet."""
    for resource in record:
        address = f"{resource['resourceType']}/{resource['id']}"
        answer = await client.put(address, json=resource, headers=FHIR)
        assert answer.status_code == 201, answer.text


async def pages_from(
    client: httpx.AsyncClient, first: str, **headers: str
) -> AsyncIterator[dict[str, Any]]:
    """Yield the Bundle at an address and each that its next links lead to."""
    following: str | None = first
    while following is not None:
        answer = await client.get(following, headers=headers)
        assert answer.status_code == 200, answer.text
        bundle: dict[str, Any] = answer.json()
        yield bundle
        following = {link["relation"]: link["url"] for link in bundle["link"]}.get("next")


async def check_refused(client: httpx.AsyncClient, address: str, status: int, named: str) -> None:
    """A GET is refused with this status, and what is wrong with it is named."""
    answer = await client.get(address)
    assert problem(answer)[0] == status
    assert named in answer.json()["issue"][0]["diagnostics"]
