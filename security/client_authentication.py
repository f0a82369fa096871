"""Who calls: the registered client behind an Authorization header, or RFC 6750's refusal."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from fhir_server.r4.outcome import FhirError, Issue
from security import client_tokens
from security.clients import ClientRegistry
from security.registration import Interface
from security.replay import ReplayStore, ReplayStoreFull

REALM = "attending"
Refusal: TypeAlias = client_tokens.Reason | Literal["no-credentials", "not-bearer", "not-allowed"]


class Unauthorized(FhirError):
    """401 or 403: nobody we know, or somebody who may not. `headers` holds the challenge.

    `reason` is stable and meant for logs and alarms; `error` is RFC 6750's code, None where the
    request carried no token.
    """

    def __init__(self, status: Literal[401, 403], reason: Refusal, description: str) -> None:
        code = {401: "login", 403: "forbidden"}[status]
        super().__init__(status, Issue("error", code, f"{description} ({reason})."))
        self.reason = reason
        self.description = description
        self.error = _error_code(status, reason)
        self.headers: Mapping[str, str] = {"WWW-Authenticate": self._challenge()}

    def _challenge(self) -> str:
        if self.error is None:
            # RFC 6750, 3.1: without authentication information, no error code.
            return f'Bearer realm="{REALM}"'
        described = _header_text(f"{self.reason}: {self.description}")
        return f'Bearer realm="{REALM}", error="{self.error}", error_description="{described}"'


class TooManyTokens(FhirError):
    """429: one client has more live tokens than can be kept from being used twice."""

    headers: Mapping[str, str] = {"Retry-After": "60"}

    def __init__(self) -> None:
        diagnostics = "This client sends more tokens than can be checked; slow down and try again."
        super().__init__(429, Issue("error", "throttled", diagnostics))


@dataclass(frozen=True, slots=True)
class ClientIdentity:
    """A registered client that has proved itself for one call."""

    issuer: str
    name: str
    allow: frozenset[Interface]
    token_id: str
    expires: datetime
    subject: str | None = None
    tenant: str | None = None


@dataclass(frozen=True, slots=True)
class ClientAuthenticator:
    """Lets in the registered clients, each token once."""

    clients: ClientRegistry
    replay: ReplayStore

    def authenticate(
        self, authorization: str | None, *, url: str, need: Interface, now: datetime
    ) -> ClientIdentity:
        """Return who calls `url`, where `authorization` is the header of that name.

        Raises Unauthorized; TooManyTokens where replays could no longer be told.
        """
        seconds = now.timestamp()
        try:
            token = client_tokens.read(_bearer(authorization), self.clients)
            token.check_for(url, now=seconds)
        except client_tokens.TokenRefusedError as fault:
            raise Unauthorized(401, fault.reason, fault.description) from fault
        client = token.client
        if need not in client.allow:
            raise Unauthorized(403, "not-allowed", f"This client is not registered for {need}")
        # Last, so that only a token that is good in every other way can fill the store.
        self._use_once(token, now=seconds)
        return ClientIdentity(
            issuer=client.issuer,
            name=client.name,
            allow=client.allow,
            token_id=token.token_id,
            expires=datetime.fromtimestamp(token.expires, UTC),
            subject=token.subject,
            tenant=token.tenant,
        )

    def _use_once(self, token: client_tokens.SignedToken, *, now: float) -> None:
        try:
            first = self.replay.first_use(
                token.client.issuer, token.token_id, until=token.replayable_until, now=now
            )
        except ReplayStoreFull as fault:
            raise TooManyTokens from fault
        if not first:
            raise Unauthorized(401, "replayed", "jti was used before; sign a token for each call")


def _bearer(authorization: str | None) -> str:
    if authorization is None or not authorization.strip():
        raise Unauthorized(401, "no-credentials", "Send a signed JWT as Bearer token")
    scheme, _, token = authorization.strip().partition(" ")
    # RFC 9110, 11.1: the scheme's name is case-insensitive.
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized(401, "not-bearer", "Send a signed JWT as Bearer token")
    return token.strip()


def _error_code(status: int, reason: Refusal) -> str | None:
    if reason in ("no-credentials", "not-bearer"):
        return None
    return "insufficient_scope" if status == 403 else "invalid_token"


def _header_text(text: str) -> str:
    """RFC 6750, 3: printable ASCII without the double quote and the backslash."""
    return "".join(each if " " <= each <= "~" and each not in '"\\' else "?" for each in text)
