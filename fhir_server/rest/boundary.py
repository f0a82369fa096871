"""The request boundary: one span, one metric, one log line, one translation of errors."""

import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Protocol

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fhir_server.r4.outcome import FhirError, Issue
from fhir_server.r4.resource_types import STORED_TYPES
from fhir_server.rest.errors import error_response
from fhir_server.rest.route_tree import TEMPLATE
from fhir_server.rest.services import CLIENT
from fhir_server.telemetry import Telemetry
from security.registration import Interface

_log = logging.getLogger(__name__)

_QUIET = ("/health/live", "/health/ready", "/metrics")


class Authenticator(Protocol):
    """Tells registered clients from others (`security.client_authentication`).

    A protocol: where nobody is registered, what reads keys and tokens is not loaded.
    """

    def authenticate(
        self, authorization: str | None, *, url: str, need: Interface, now: datetime
    ) -> "Caller":
        """Return who calls; raises a FhirError for anybody who may not."""


class Caller(Protocol):
    """A client that has proved itself."""

    @property
    def issuer(self) -> str:
        """The name under which it is registered."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Which requests need a registered client; None where the profile asks for none."""

    authenticator: Authenticator
    public_url: str
    clock: Callable[[], datetime]

    def check(self, request: Request) -> str | None:
        """Return the client that the request is from, None where it need not say; or raise
        `Unauthorized`.
        """
        need = needed_interface(request.method, request.url.path)
        if need is None:
            return None
        query = f"?{request.url.query}" if request.url.query else ""
        identity = self.authenticator.authenticate(
            request.headers.get("authorization"),
            url=f"{self.public_url}{request.url.path}{query}",
            need=need,
            now=self.clock(),
        )
        return identity.issuer


def needed_interface(method: str, path: str) -> Interface | None:
    """Return what a client must be registered for; None for what holds no patient's data."""
    if method == "OPTIONS" or path in _PUBLIC or _MODEL_CARD.fullmatch(path):
        return None
    if path == _SENDING:
        return "hl7v2"
    for prefix, interface in _INTERFACES:
        if path == prefix or path.startswith(f"{prefix}/"):
            return interface
    # Default deny: a route that nobody classified is as closed as the store.
    return "fhir"


_PUBLIC = frozenset({"/cds-services", "/fhir/metadata", "/health/live", "/health/ready"})
# A physician follows the link of a card in a browser, which has no client's key, and a model card
# holds nothing of a patient.
_MODEL_CARD = re.compile(r"/models/[^/]+/card")
_INTERFACES: tuple[tuple[str, Interface], ...] = (
    ("/cds-services", "cds-hooks"),
    ("/fhir", "fhir"),
    ("/hl7v2", "hl7v2-admin"),
    # Whoever may read a record may have it evaluated.
    ("/models", "fhir"),
)
# Who may send messages may not read those of others, nor decide on them.
_SENDING = "/hl7v2"


class RequestBoundary:
    """ASGI middleware around everything; the one place that catches whatever a request raises."""

    def __init__(self, app: ASGIApp, *, telemetry: Telemetry, gate: Gate | None) -> None:
        self._app = app
        self._telemetry = telemetry
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection scope."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with self._telemetry.request() as span:
            await self._answer(scope, receive, watched)
            route = _route(scope)
            seconds = time.perf_counter() - started
            self._telemetry.requests.record(seconds, route, scope["method"], status)
            if span.is_recording():
                span.set_attribute("http.route", route)
                span.set_attribute("http.response.status_code", status)
            if route not in _QUIET and _log.isEnabledFor(logging.INFO):
                _log.info("request", extra={
                    "route": route,
                    "method": scope["method"],
                    "status": str(status),
                    "milliseconds": round(1000 * seconds, 2),
                })  # fmt: skip

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if self._gate is not None:
                scope[CLIENT] = self._gate.check(Request(scope, receive))
            await self._app(scope, receive, send)
        except FhirError as refusal:
            issue = refusal.issues[0].code
            _log.warning("refused", extra={"status": refusal.status, "issue": issue})
            await error_response(refusal)(scope, receive, send)
        except Exception:  # noqa: BLE001 (the request boundary: whatever it is, it is answered)
            _log.exception("failed")
            diagnostics = "The server failed to answer; its log names the place. Try again later."
            failure = FhirError(500, Issue("fatal", "exception", diagnostics))
            await error_response(failure)(scope, receive, send)


def _route(scope: Scope) -> str:
    """Return the route's template: a path itself may hold a patient's identifier."""
    template = scope.get(TEMPLATE)
    if template is not None:
        return _named(template, scope["path_params"].get("type"))
    path = getattr(scope.get("route"), "path", None)
    return str(path) if path else "unknown"


@lru_cache(maxsize=1024)
def _named(template: str, type: str | None) -> str:
    """Return the template with the resource type in its place, where it is one."""
    return template.replace("{type}", type) if type in STORED_TYPES else template
