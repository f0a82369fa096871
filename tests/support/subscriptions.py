"""A server with Subscriptions whose time and receiver the test holds in its hands."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
from fastapi import Request

from fhir_server.r4.codec import decode
from fhir_server.r4.validation import validate
from fhir_server.rest.services import FhirServices
from fhir_server.rest.subscription_writes import watch
from fhir_server.store.access import Access
from fhir_server.store.database import Database
from fhir_server.subscriptions.courier import Courier
from fhir_server.subscriptions.policy import Policy
from fhir_server.subscriptions.sending import NotTaken
from fhir_server.subscriptions.topics import (
    CONTENT,
    FILTER,
    HEARTBEAT,
    MAX_COUNT,
    TIMEOUT,
    topic_of,
)
from tests.support.fhir_http import FHIR, fhir_app
from tests.support.fhir_store import BASE, NOW

ENDPOINT = "http://127.0.0.1:9/hook"


def subscription(
    *filters: str,
    type: str = "Observation",
    content: str = "id-only",
    status: str = "requested",
    endpoint: str = ENDPOINT,
    headers: tuple[str, ...] = (),
    heartbeat: int | None = None,
    timeout: int | None = None,
    max_count: int | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A Subscription as a client of the Backport IG writes it."""
    numbers = [
        {"url": url, name: value}
        for url, name, value in (
            (HEARTBEAT, "valueUnsignedInt", heartbeat),
            (TIMEOUT, "valueUnsignedInt", timeout),
            (MAX_COUNT, "valuePositiveInt", max_count),
        )
        if value is not None
    ]
    channel = {
        **({"extension": numbers} if numbers else {}),
        "type": "rest-hook",
        "endpoint": endpoint,
        "payload": "application/fhir+json",
        "_payload": {"extension": [{"url": CONTENT, "valueCode": content}]},
        **({"header": list(headers)} if headers else {}),
    }
    narrowed = [{"url": FILTER, "valueString": text} for text in filters]
    return {
        "resourceType": "Subscription",
        "status": status,
        "reason": "The ward's board shows new results",
        "criteria": topic_of(type),
        **({"_criteria": {"extension": narrowed}} if narrowed else {}),
        "channel": channel,
        **more,
    }


@dataclass(frozen=True, slots=True)
class Note:
    """A notification as the receiver reads it."""

    bundle: dict[str, Any]
    headers: dict[str, str]

    @property
    def parameters(self) -> list[dict[str, Any]]:
        return list(self.bundle["entry"][0]["resource"]["parameter"])

    def value(self, name: str) -> Any:
        found = [p for p in self.parameters if p["name"] == name]
        return (
            next((v for k, v in found[0].items() if k.startswith("value")), None) if found else None
        )

    @property
    def kind(self) -> str:
        return str(self.value("type"))

    @property
    def numbers(self) -> list[int]:
        return [int(parts["event-number"]) for parts in self.events]

    @property
    def events(self) -> list[dict[str, Any]]:
        return [
            {
                part["name"]: next(v for k, v in part.items() if k.startswith("value"))
                for part in parameter["part"]
            }
            for parameter in self.parameters
            if parameter["name"] == "notification-event"
        ]


@dataclass(slots=True)
class Receiver:
    """A `Send` that keeps what it is sent; `refuse` says why it does not take one, or None."""

    notes: list[Note] = field(default_factory=list)
    attempts: int = 0
    seconds: list[float] = field(default_factory=list)
    refuse: Callable[[Note], str | None] = lambda _note: None

    async def __call__(
        self, endpoint: str, body: bytes, headers: Mapping[str, str], *, seconds: float
    ) -> None:
        # Whatever is sent is valid R4, whether it is taken or not.
        assert validate(decode(body)) == ()
        note = Note(json.loads(body), dict(headers))
        self.attempts += 1
        self.seconds.append(seconds)
        why = self.refuse(note)
        if why is not None:
            raise NotTaken(why)
        self.notes.append(note)

    async def close(self) -> None:
        return None

    @property
    def kinds(self) -> list[str]:
        return [note.kind for note in self.notes]

    @property
    def numbers(self) -> list[int]:
        return [number for note in self.notes for number in note.numbers]


@dataclass(slots=True)
class Ward:
    """One server: its client, its courier, who receives, and the time."""

    client: httpx.AsyncClient
    courier: Courier
    receiver: Receiver
    database: Database
    now: datetime = NOW
    access: Access = field(default_factory=Access)
    outcomes: list[tuple[str, str]] = field(default_factory=list)

    def pass_time(self, **span: float) -> None:
        self.now += timedelta(**span)

    async def subscribe(self, *filters: str, **more: Any) -> str:
        answer = await self.client.post(
            "Subscription", json=subscription(*filters, **more), headers=FHIR
        )
        assert answer.status_code == 201, answer.text
        await self.courier.settle()
        return str(answer.json()["id"])

    async def store(self, resource: dict[str, Any]) -> None:
        address = f"{resource['resourceType']}/{resource['id']}"
        answer = await self.client.put(address, json=resource, headers=FHIR)
        assert answer.status_code in (200, 201), answer.text

    async def read(self, id: str) -> dict[str, Any]:
        answer = await self.client.get(f"Subscription/{id}")
        assert answer.status_code == 200
        return dict(answer.json())


@asynccontextmanager
async def ward(
    url: str, *, policy: Policy | None = None, receiver: Receiver | None = None
) -> AsyncIterator[Ward]:
    """Open a server on the database `url`; nothing is sent but by `courier.settle`."""
    database = Database.open(url)
    rules = policy or Policy()
    made: list[Ward] = []

    def clock() -> datetime:
        return made[0].now

    def access_of(_request: Request) -> Access:
        return made[0].access

    services = FhirServices(
        database=database, clock=clock, base_url=BASE, subscriptions=rules, access_of=access_of
    )
    sends = receiver or Receiver()
    courier = Courier(
        database=database,
        send=sends,
        policy=rules,
        base_url=BASE,
        clock=clock,
        spread=lambda: 0.0,
        on_outcome=lambda kind, outcome: made[0].outcomes.append((kind, outcome)),
    )
    watch(database, BASE, clock, limits=services.limits, policy=rules)
    transport = httpx.ASGITransport(fhir_app(services))
    try:
        async with httpx.AsyncClient(transport=transport, base_url=f"{BASE}/") as client:
            made.append(Ward(client, courier, sends, database))
            yield made[0]
    finally:
        await courier.stop()
        database.close()
