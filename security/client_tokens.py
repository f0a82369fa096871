"""The JSON Web Token that a CDS client signs for each call: who signed it, and is it for this call.

Source: CDS Hooks 2.0, "Trusting CDS Clients". Keys come from the registration only: no address,
key or certificate of the token's own header is ever used.
"""

from base64 import urlsafe_b64decode
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

import msgspec
from joserfc import jws
from joserfc.errors import BadSignatureError, JoseError

from security.client_keys import ALGORITHMS, PublicKey, fits
from security.clients import ClientRegistry, RegisteredClient

Reason: TypeAlias = Literal[
    "malformed",
    "header-refused",
    "algorithm-refused",
    "unknown-issuer",
    "unknown-key",
    "jku-refused",
    "bad-signature",
    "claims-refused",
    "wrong-audience",
    "expired",
    "lifetime-too-long",
    "issued-in-future",
    "not-yet-valid",
    "replayed",
]

LIFETIME_SECONDS = 300
# Clocks of two hospitals' machines differ; half a minute is what NTP never needs.
LEEWAY_SECONDS = 30
_TOKEN_LENGTH = 8192

_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
_Parsed = TypeVar("_Parsed")


class _Registry(jws.JWSRegistry):
    max_header_length = 2048


_REGISTRY = _Registry(algorithms=ALGORITHMS, strict_check_header=False)


class TokenRefusedError(Exception):
    """The token is not accepted: a reason code and a sentence for the integrator."""

    def __init__(self, reason: Reason, description: str) -> None:
        super().__init__(f"{reason}: {description}")
        self.reason = reason
        self.description = description


class _Header(msgspec.Struct, frozen=True):
    alg: str
    kid: str
    typ: str
    jku: str | None = None
    # RFC 7515, 4.1.11: who does not understand a critical extension refuses the token.
    crit: Any = None
    b64: Any = None


class _Claims(msgspec.Struct, frozen=True):
    iss: _Text
    aud: str | list[str]
    exp: int | float
    iat: int | float
    jti: _Text
    nbf: int | float | None = None
    sub: str | None = None
    tenant: str | None = None


@dataclass(frozen=True, slots=True)
class SignedToken:
    """A token whose signature is the client's. Times are seconds since the epoch."""

    client: RegisteredClient
    audience: tuple[str, ...]
    token_id: str
    issued: float
    expires: float
    not_before: float | None
    subject: str | None
    tenant: str | None

    def check_for(self, url: str, *, now: float) -> None:
        """Raise TokenRefusedError unless the token is meant for `url`, exactly, and for now."""
        if url not in self.audience:
            raise TokenRefusedError("wrong-audience", f"aud must be the address called, {url}")
        if self.expires + LEEWAY_SECONDS <= now:
            raise TokenRefusedError("expired", "exp is in the past")
        if self.expires > now + LIFETIME_SECONDS + LEEWAY_SECONDS:
            raise TokenRefusedError(
                "lifetime-too-long", f"exp may be at most {LIFETIME_SECONDS} seconds ahead"
            )
        if self.issued > now + LEEWAY_SECONDS:
            raise TokenRefusedError("issued-in-future", "iat is in the future")
        if self.not_before is not None and self.not_before > now + LEEWAY_SECONDS:
            raise TokenRefusedError("not-yet-valid", "nbf is in the future")

    @property
    def replayable_until(self) -> float:
        """The time from which the token is refused as expired anyway."""
        return self.expires + LEEWAY_SECONDS


def read(token: str, clients: ClientRegistry) -> SignedToken:
    """Return the token once its signature is that of a registered client's key.

    Raises TokenRefusedError. The claims' times and audience are not judged yet: see `check_for`.
    """
    header, claims = _parts(token)
    _check_header(header)
    client = clients.find(claims.iss)
    if client is None:
        raise TokenRefusedError("unknown-issuer", "iss is not a registered client")
    # RFC 7515, 4.1.2 lets jku name a key set; an address out of an unverified header is an
    # attacker's choice, so it is compared with the registered one and never fetched.
    if header.jku is not None and header.jku != client.jku:
        raise TokenRefusedError("jku-refused", "jku is not the registered one; leave it out")
    key = client.keys.get(header.kid)
    if key is None or not fits(key, header.alg):
        raise TokenRefusedError("unknown-key", "no registered key of that kid and alg")
    _verify(token, key, header.alg)
    return SignedToken(
        client=client,
        audience=(claims.aud,) if isinstance(claims.aud, str) else tuple(claims.aud),
        token_id=claims.jti,
        issued=claims.iat,
        expires=claims.exp,
        not_before=claims.nbf,
        subject=claims.sub,
        tenant=claims.tenant,
    )


def _parts(token: str) -> tuple[_Header, _Claims]:
    segments = token.split(".")
    if len(segments) != 3 or len(token) > _TOKEN_LENGTH or not token.isascii():
        raise TokenRefusedError("malformed", "the credentials are not a compact JWT")
    return (
        _parse(segments[0], _Header, "header-refused"),
        _parse(segments[1], _Claims, "claims-refused"),
    )


def _parse(segment: str, kind: type[_Parsed], reason: Reason) -> _Parsed:
    try:
        # RFC 7515, 2: base64url without padding.
        return msgspec.json.decode(
            urlsafe_b64decode(segment + "=" * (-len(segment) % 4)), type=kind
        )
    except msgspec.ValidationError as fault:
        raise TokenRefusedError(reason, str(fault)) from fault
    except ValueError as fault:
        raise TokenRefusedError("malformed", "a part of the JWT is not base64url JSON") from fault


def _check_header(header: _Header) -> None:
    if header.typ != "JWT":
        raise TokenRefusedError("header-refused", "typ must be JWT")
    if header.crit is not None or header.b64 is not None:
        raise TokenRefusedError("header-refused", "crit and b64 are not supported")
    if header.alg not in ALGORITHMS:
        raise TokenRefusedError("algorithm-refused", f"alg must be {', '.join(ALGORITHMS)}")


def _verify(token: str, key: PublicKey, algorithm: str) -> None:
    try:
        jws.deserialize_compact(token, key, algorithms=[algorithm], registry=_REGISTRY)
    except BadSignatureError as fault:
        raise TokenRefusedError("bad-signature", "the signature is not of that key") from fault
    except (JoseError, ValueError) as fault:
        raise TokenRefusedError("malformed", "the JWT cannot be decoded") from fault
