"""A hospital's EMR as the tests see it: keys made now, and the tokens that it signs."""

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey
from joserfc.jws import JWSRegistry

NOW = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
ISSUER = "https://emr.example-hospital.cn"
URL = "https://attending.example-hospital.cn/cds-services/chronic-risk-order-sign"
JKU = "https://emr.example-hospital.cn/jwks.json"

Key = ECKey | RSAKey | OctKey


@cache
def ec(curve: str, kid: str) -> ECKey:
    return ECKey.generate_key(curve, {"kid": kid})


@cache
def rsa(bits: int, kid: str) -> RSAKey:
    return RSAKey.generate_key(bits, {"kid": kid})


def keys() -> dict[str, Key]:
    """The keys of the registered EMR by the algorithm that each is for."""
    return {
        "ES384": ec("P-384", "ward"),
        "ES256": ec("P-256", "clinic"),
        "RS384": rsa(2048, "laboratory"),
    }


def registration(**changes: Any) -> dict[str, Any]:
    public = [key.as_dict(private=False) for key in keys().values()]
    entry = {
        "issuer": ISSUER,
        "name": "EMR of the example hospital",
        "keys": {"keys": public},
        "jku": JKU,
        "allow": ["cds-hooks"],
    }
    entry.update(changes)
    return {name: value for name, value in entry.items() if value is not ...}


def client_file(folder: Path, *entries: dict[str, Any]) -> Path:
    path = folder / "clients.json"
    path.write_text(json.dumps({"clients": list(entries)}), encoding="utf-8")
    return path


def claims(**changes: Any) -> dict[str, Any]:
    """The claims of a token for URL at NOW; `...` leaves a claim out."""
    entry = {
        "iss": ISSUER,
        "aud": URL,
        "exp": SECONDS + 300,
        "iat": SECONDS,
        "jti": "6f7d8f7c-2d1d-4b0e-9a60-0d0f0c1b8f55",
    }
    entry.update(changes)
    return {name: value for name, value in entry.items() if value is not ...}


def header(**changes: Any) -> dict[str, Any]:
    entry = {"alg": "ES384", "kid": "ward", "typ": "JWT", **changes}
    return {name: value for name, value in entry.items() if value is not ...}


def signed(head: dict[str, Any], body: dict[str, Any], key: Key | None = None) -> str:
    """The Authorization header of a token; signed with the key that `alg` names, or with `key`."""
    signer = key or keys()[head["alg"]]
    lax = JWSRegistry(algorithms=[head["alg"]], strict_check_header=False)
    return "Bearer " + jwt.encode(head, body, signer, registry=lax, default_type=None)
