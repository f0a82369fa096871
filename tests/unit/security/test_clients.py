"""A hospital registers its EMR in a JSON file; a mistake is named by file and field."""

import warnings
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import OKPKey, RSAKey

from security.clients import load_clients
from security.registration import ClientFileError
from tests.unit.security.signing import ISSUER, client_file, ec, registration


def test_a_registered_client_is_found_by_its_issuer(tmp_path: Path) -> None:
    registry = load_clients(client_file(tmp_path, registration()))

    client = registry.find(ISSUER)
    assert client is not None
    assert set(client.keys) == {"ward", "clinic", "laboratory"}
    assert client.allow == {"cds-hooks"}
    assert registry.find(ISSUER + "/") is None


def _jwk(**changes: Any) -> dict[str, Any]:
    jwk = {**ec("P-384", "ward").as_dict(private=False), **changes}
    return registration(keys={"keys": [{k: v for k, v in jwk.items() if v is not ...}]})


@pytest.mark.parametrize(
    ("entry", "field", "problem"),
    [
        (registration(name=...), "$.clients[0]", "`name`"),
        (registration(issuer=" "), "$.clients[0].issuer", "blank"),
        (registration(issuer=ISSUER + " "), "$.clients[0].issuer", "blank"),
        (registration(allow=[]), "$.clients[0].allow", "is empty"),
        (registration(allow=["hooks"]), "$.clients[0].allow[0]", "hooks"),
        (registration(jku="http://emr.example/jwks"), "$.clients[0].jku", "https"),
        (registration(secret="x"), "$.clients[0]", "secret"),
        (registration(keys={"keys": []}), "$.clients[0].keys.keys", "is empty"),
        (registration(keys="https://emr.example/jwks"), "$.clients[0].keys", "object"),
        (_jwk(kid=...), "$.clients[0].keys.keys[0].kid", "is missing"),
        (_jwk(kty="oct", k="c2VjcmV0"), "$.clients[0].keys.keys[0].k", "is secret"),
        (_jwk(kty="oct"), "$.clients[0].keys.keys[0].kty", "oct"),
        (_jwk(d="AAAA"), "$.clients[0].keys.keys[0].d", "is secret"),
        (_jwk(use="enc"), "$.clients[0].keys.keys[0].use", "enc"),
        (_jwk(alg="RS256"), "$.clients[0].keys.keys[0].alg", "RS256"),
        (_jwk(crv="P-521"), "$.clients[0].keys.keys[0].crv", "P-521"),
        (_jwk(x=...), "$.clients[0].keys.keys[0]", "'x'"),
        (_jwk(x="AAAA"), "$.clients[0].keys.keys[0]", "EC key"),
    ],
)
def test_a_mistake_is_named_by_its_field(
    tmp_path: Path, entry: dict[str, Any], field: str, problem: str
) -> None:
    path = client_file(tmp_path, entry)
    with pytest.raises(ClientFileError) as caught:
        load_clients(path)
    assert caught.value.field == field
    assert problem in str(caught.value)
    assert str(path) in str(caught.value)


def test_short_and_unusual_keys_are_refused(tmp_path: Path) -> None:
    with warnings.catch_warnings(action="ignore"):  # joserfc warns of what is refused below
        short = RSAKey.generate_key(1024)
    for key, field in ((short, ".n"), (OKPKey.generate_key("Ed25519"), ".kty")):
        jwk = {**key.as_dict(private=False), "kid": "old"}
        path = client_file(tmp_path, registration(keys={"keys": [jwk]}))
        with pytest.raises(ClientFileError) as caught:
            load_clients(path)
        assert caught.value.field == f"$.clients[0].keys.keys[0]{field}"


def test_an_issuer_and_a_kid_are_unique(tmp_path: Path) -> None:
    with pytest.raises(ClientFileError, match="registered twice"):
        load_clients(client_file(tmp_path, registration(), registration(name="Again")))
    jwk = ec("P-384", "ward").as_dict(private=False)
    with pytest.raises(ClientFileError, match="'ward' is there twice"):
        load_clients(client_file(tmp_path, registration(keys={"keys": [jwk, jwk]})))


def test_an_empty_list_registers_nobody_and_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ClientFileError, match=r"\$\.clients: is empty"):
        load_clients(client_file(tmp_path))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"client": []}', b"\xff\xfe{}"])
def test_what_is_no_client_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "clients.json"
    path.write_bytes(content)
    with pytest.raises(ClientFileError):
        load_clients(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ClientFileError, match=r"clients\.json: file: cannot be read \(No such"):
        load_clients(tmp_path / "clients.json")
