"""The clients that a hospital has registered: who may call, with which keys, and what for.

The file is JSON: `{"clients": [{"issuer", "name", "keys": {"keys": [JWK ...]}, "jku", "allow"}]}`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args
from urllib.parse import urlsplit

import msgspec

if TYPE_CHECKING:
    from security.client_keys import PublicKey

Interface: TypeAlias = Literal["cds-hooks", "fhir", "hl7v2"]
INTERFACES: tuple[Interface, ...] = get_args(Interface)


class ClientFileError(Exception):
    """The file of registered clients cannot be used; names the file and the field."""

    def __init__(self, path: Path, field: str, problem: str) -> None:
        super().__init__(f"{path}: {field}: {problem}")
        self.field = field


@dataclass(frozen=True, slots=True)
class RegisteredClient:
    """One client: the `iss` that it signs as, its public keys by `kid`, and what it may call.

    `jku` is the only key address that its tokens may name; it is compared and never fetched.
    """

    issuer: str
    name: str
    keys: "Mapping[str, PublicKey]"
    allow: frozenset[Interface]
    jku: str | None = None


@dataclass(frozen=True, slots=True)
class ClientRegistry:
    """The registered clients by issuer."""

    by_issuer: Mapping[str, RegisteredClient]

    @classmethod
    def of(cls, clients: Iterable[RegisteredClient]) -> "ClientRegistry":
        """Return the registry of `clients`; each has its own issuer."""
        return cls(MappingProxyType({client.issuer: client for client in clients}))

    def find(self, issuer: str) -> RegisteredClient | None:
        """Return the client that signs as `issuer`, or None where nobody is registered so."""
        return self.by_issuer.get(issuer)


class _KeySet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    keys: list[dict[str, Any]]


class _Client(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    issuer: str
    name: str
    keys: _KeySet
    allow: list[Interface]
    jku: str | None = None


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    clients: list[_Client]


class _FieldError(Exception):
    def __init__(self, field: str, problem: str) -> None:
        super().__init__(field, problem)
        self.field = field
        self.problem = problem


def load_clients(path: Path) -> ClientRegistry:
    """Read the registered clients; raise ClientFileError at the first field that is wrong."""
    try:
        file = msgspec.json.decode(path.read_bytes(), type=_File)
    except OSError as fault:
        raise ClientFileError(path, "file", f"cannot be read ({fault.strerror})") from fault
    except msgspec.ValidationError as fault:
        # msgspec: "Object missing required field `name` - at `$.clients[0]`"
        problem, _, field = str(fault).partition(" - at ")
        raise ClientFileError(path, field.strip("`") or "$", problem) from fault
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise ClientFileError(path, "file", f"is not JSON ({fault})") from fault
    try:
        return ClientRegistry.of(_clients(file))
    except _FieldError as fault:
        raise ClientFileError(path, fault.field, fault.problem) from fault


def _clients(file: _File) -> list[RegisteredClient]:
    if not file.clients:
        raise _FieldError("$.clients", "is empty: nobody could call; register a client")
    clients: list[RegisteredClient] = []
    for index, entry in enumerate(file.clients):
        where = f"$.clients[{index}]"
        if entry.issuer in {client.issuer for client in clients}:
            raise _FieldError(f"{where}.issuer", f"{entry.issuer!r} is registered twice")
        clients.append(_client(entry, where))
    return clients


def _client(entry: _Client, where: str) -> RegisteredClient:
    for field in ("issuer", "name"):
        text = getattr(entry, field)
        if not text or text != text.strip():
            raise _FieldError(f"{where}.{field}", "is blank or has blanks at its ends")
    if not entry.allow:
        raise _FieldError(f"{where}.allow", f"is empty; name some of {', '.join(INTERFACES)}")
    if entry.jku is not None and urlsplit(entry.jku).scheme != "https":
        raise _FieldError(f"{where}.jku", "is not an https address")
    return RegisteredClient(
        issuer=entry.issuer,
        name=entry.name,
        keys=MappingProxyType(_keys(entry.keys, f"{where}.keys.keys")),
        allow=frozenset(entry.allow),
        jku=entry.jku,
    )


def _keys(key_set: _KeySet, where: str) -> "dict[str, PublicKey]":
    # Imported where it is used: the library takes 9 MB, and a server without clients has no keys.
    from security.client_keys import UnusableKeyError, public_key  # noqa: PLC0415

    if not key_set.keys:
        raise _FieldError(where, "is empty; paste the client's public keys (a JWK Set)")
    keys: dict[str, PublicKey] = {}
    for index, jwk in enumerate(key_set.keys):
        here = f"{where}[{index}]"
        kid = jwk.get("kid")
        if not isinstance(kid, str) or not kid:
            raise _FieldError(f"{here}.kid", "is missing; tokens name their key by it")
        # CDS Hooks 2.0, "Trusting CDS Clients": kid is unique within the client's JWK Set.
        if kid in keys:
            raise _FieldError(f"{here}.kid", f"{kid!r} is there twice")
        try:
            keys[kid] = public_key(jwk)
        except UnusableKeyError as fault:
            raise _FieldError(f"{here}{fault.member}", fault.problem) from fault
    return keys
