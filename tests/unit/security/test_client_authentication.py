"""An EMR calls a CDS service with a signed token: who is let in, and who is told why not."""

import base64
import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import OctKey

from security.client_authentication import ClientAuthenticator, TooManyTokens, Unauthorized
from security.clients import load_clients
from security.replay import MemoryReplayStore
from tests.unit.security.signing import (
    ISSUER,
    JKU,
    NOW,
    SECONDS,
    URL,
    claims,
    client_file,
    ec,
    header,
    keys,
    registration,
    rsa,
    signed,
)


@pytest.fixture
def authenticator(tmp_path: Path) -> ClientAuthenticator:
    return _authenticator(tmp_path)


def _authenticator(folder: Path, *, per_issuer: int = 100) -> ClientAuthenticator:
    other = registration(
        issuer="https://other.example.org",
        name="Another hospital",
        keys={"keys": [ec("P-384", "other").as_dict(private=False)]},
        jku=...,
    )
    return ClientAuthenticator(
        clients=load_clients(client_file(folder, registration(), other)),
        replay=MemoryReplayStore(per_issuer=per_issuer),
    )


@pytest.mark.parametrize("algorithm", ["ES384", "RS384", "ES256"])
def test_a_registered_emr_is_let_in(authenticator: ClientAuthenticator, algorithm: str) -> None:
    token = signed(header(alg=algorithm, kid=keys()[algorithm].kid), claims(tenant="ward-7"))

    identity = authenticator.authenticate(token, url=URL, need="cds-hooks", now=NOW)

    assert identity.issuer == ISSUER
    assert identity.name == "EMR of the example hospital"
    assert identity.tenant == "ward-7"
    assert identity.expires == NOW + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("head", "body"),
    [
        pytest.param({"jku": JKU}, {}, id="the registered jku"),
        pytest.param({"x5t": "abc", "vendor": 1}, {}, id="header members without meaning here"),
        pytest.param(
            {}, {"aud": ["https://elsewhere.example", URL]}, id="one of several audiences"
        ),
        # Epic sets nbf five minutes before iat, and sub.
        pytest.param({}, {"nbf": SECONDS - 300, "sub": ISSUER}, id="nbf and sub"),
        pytest.param({}, {"exp": SECONDS - 29}, id="expired within the leeway"),
        pytest.param({}, {"exp": SECONDS + 330}, id="five minutes ahead and the leeway"),
        pytest.param({}, {"iat": SECONDS + 30}, id="the EMR's clock is ahead by the leeway"),
        pytest.param({}, {"exp": SECONDS + 12.5}, id="fractional seconds"),
    ],
)
def test_variants_of_real_clients_are_let_in(
    authenticator: ClientAuthenticator, head: dict, body: dict
) -> None:
    token = signed(header(**head), claims(**body))
    assert authenticator.authenticate(token, url=URL, need="cds-hooks", now=NOW)


@pytest.mark.parametrize(
    ("head", "body", "reason"),
    [
        ({"typ": ...}, {}, "header-refused"),
        ({"typ": "at+jwt"}, {}, "header-refused"),
        ({"kid": ...}, {}, "header-refused"),
        ({"kid": "theatre"}, {}, "unknown-key"),
        ({"kid": "clinic"}, {}, "unknown-key"),  # a P-256 key cannot verify ES384
        ({"kid": "laboratory"}, {}, "unknown-key"),
        ({"jku": "https://attacker.example/jwks.json"}, {}, "jku-refused"),
        ({"jku": JKU + "?"}, {}, "jku-refused"),
        ({}, {"iss": "https://unknown.example"}, "unknown-issuer"),
        ({}, {"iss": ...}, "claims-refused"),
        ({}, {"aud": ...}, "claims-refused"),
        ({}, {"exp": ...}, "claims-refused"),
        ({}, {"iat": ...}, "claims-refused"),
        ({}, {"jti": ...}, "claims-refused"),
        ({}, {"jti": ""}, "claims-refused"),
        ({}, {"jti": 7}, "claims-refused"),
        ({}, {"exp": True}, "claims-refused"),
        ({}, {"exp": str(SECONDS + 60)}, "claims-refused"),
        ({}, {"aud": URL + "/"}, "wrong-audience"),
        ({}, {"aud": URL.rsplit("/", 1)[0]}, "wrong-audience"),
        ({}, {"aud": []}, "wrong-audience"),
        ({}, {"exp": SECONDS - 30}, "expired"),
        ({}, {"exp": SECONDS + 331}, "lifetime-too-long"),
        ({}, {"exp": 10**30}, "lifetime-too-long"),
        ({}, {"iat": SECONDS + 31}, "issued-in-future"),
        ({}, {"nbf": SECONDS + 31}, "not-yet-valid"),
    ],
)
def test_refusals_name_their_reason(
    authenticator: ClientAuthenticator, head: dict, body: dict, reason: str
) -> None:
    refusal = _refused(authenticator, signed(header(**head), claims(**body)))

    assert (refusal.status, refusal.error, refusal.reason) == (401, "invalid_token", reason)
    assert f'error="invalid_token", error_description="{reason}: ' in _challenge(refusal)


def test_another_hospitals_key_cannot_sign_for_the_emr(authenticator: ClientAuthenticator) -> None:
    forged = signed(header(), claims(), key=ec("P-384", "ward of an attacker"))
    assert _refused(authenticator, forged).reason == "bad-signature"
    borrowed = signed(header(kid="other"), claims(), key=ec("P-384", "other"))
    assert _refused(authenticator, borrowed).reason == "unknown-key"


def test_changed_claims_break_the_signature(authenticator: ClientAuthenticator) -> None:
    head, body, signature = signed(header(), claims(exp=SECONDS - 60)).split(".")
    forged = ".".join((head, _encoded(claims()), signature))
    assert len(body) == len(forged.split(".")[1])
    assert _refused(authenticator, forged).reason == "bad-signature"


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "HS384", "RS256", "ES512", "EdDSA"])
def test_other_algorithms_are_refused(authenticator: ClientAuthenticator, algorithm: str) -> None:
    unsigned = f"Bearer {_encoded(header(alg=algorithm))}.{_encoded(claims())}."
    assert _refused(authenticator, unsigned).reason == "algorithm-refused"


def test_a_public_key_is_no_shared_secret(authenticator: ClientAuthenticator) -> None:
    """The classic confusion: HMAC keyed with the PEM that everybody knows."""
    secret = OctKey.import_key(base64.b64encode(rsa(2048, "laboratory").as_pem(private=False)))
    forged = signed(header(alg="HS256", kid="laboratory"), claims(), key=secret)
    assert _refused(authenticator, forged).reason == "algorithm-refused"


@pytest.mark.parametrize("extension", [{"crit": ["b64"], "b64": False}, {"b64": False}])
def test_critical_extensions_are_refused(
    authenticator: ClientAuthenticator, extension: dict
) -> None:
    unencoded = f"Bearer {_encoded(header(**extension))}.{_encoded(claims())}.AA"
    assert _refused(authenticator, unencoded).reason == "header-refused"


def test_a_key_inside_the_token_is_ignored(authenticator: ClientAuthenticator) -> None:
    own = ec("P-384", "ward of an attacker")
    forged = signed(header(jwk=own.as_dict(private=False)), claims(), key=own)
    assert _refused(authenticator, forged).reason == "bad-signature"


def test_a_token_is_good_for_one_call(authenticator: ClientAuthenticator) -> None:
    token = signed(header(), claims())
    authenticator.authenticate(token, url=URL, need="cds-hooks", now=NOW)

    assert _refused(authenticator, token).reason == "replayed"
    at_the_end = NOW + timedelta(seconds=329)
    with pytest.raises(Unauthorized, match="replayed"):
        authenticator.authenticate(token, url=URL, need="cds-hooks", now=at_the_end)
    with pytest.raises(Unauthorized, match="expired"):
        authenticator.authenticate(
            token, url=URL, need="cds-hooks", now=NOW + timedelta(seconds=330)
        )


def test_two_hospitals_may_use_the_same_jti(authenticator: ClientAuthenticator) -> None:
    authenticator.authenticate(signed(header(), claims()), url=URL, need="cds-hooks", now=NOW)
    other = signed(
        header(kid="other"), claims(iss="https://other.example.org"), key=ec("P-384", "other")
    )
    assert authenticator.authenticate(other, url=URL, need="cds-hooks", now=NOW)


def test_a_refused_token_is_not_used_up(authenticator: ClientAuthenticator) -> None:
    token = signed(header(), claims())
    with pytest.raises(Unauthorized):
        authenticator.authenticate(token, url=URL + "x", need="cds-hooks", now=NOW)
    with pytest.raises(Unauthorized):
        authenticator.authenticate(token, url=URL, need="fhir", now=NOW)
    assert authenticator.authenticate(token, url=URL, need="cds-hooks", now=NOW)


def test_an_emr_registered_for_hooks_may_not_write_resources(
    authenticator: ClientAuthenticator,
) -> None:
    with pytest.raises(Unauthorized) as caught:
        authenticator.authenticate(signed(header(), claims()), url=URL, need="fhir", now=NOW)

    refusal = caught.value
    assert (refusal.status, refusal.error, refusal.reason) == (
        403,
        "insufficient_scope",
        "not-allowed",
    )
    assert 'error="insufficient_scope"' in _challenge(refusal)
    assert refusal.issues[0].code == "forbidden"


@pytest.mark.parametrize(
    ("authorization", "reason"),
    [
        (None, "no-credentials"),
        ("", "no-credentials"),
        ("   ", "no-credentials"),
        ("Bearer", "not-bearer"),
        ("Basic ZW1yOnBhc3N3b3Jk", "not-bearer"),
    ],
)
def test_without_a_token_the_challenge_has_no_error_code(
    authenticator: ClientAuthenticator, authorization: str | None, reason: str
) -> None:
    refusal = _refused(authenticator, authorization)
    assert (refusal.status, refusal.error, refusal.reason) == (401, None, reason)
    assert _challenge(refusal) == 'Bearer realm="attending"'
    assert refusal.issues[0].code == "login"


@pytest.mark.parametrize("scheme", ["bearer", "BEARER"])
def test_the_scheme_is_case_insensitive(authenticator: ClientAuthenticator, scheme: str) -> None:
    token = signed(header(), claims()).replace("Bearer", scheme)
    assert authenticator.authenticate(token, url=URL, need="cds-hooks", now=NOW)


def test_a_client_that_floods_is_slowed_not_let_through(tmp_path: Path) -> None:
    authenticator = _authenticator(tmp_path, per_issuer=2)
    for name in ("a", "b"):
        token = signed(header(), claims(jti=name))
        authenticator.authenticate(token, url=URL, need="cds-hooks", now=NOW)
    third = signed(header(), claims(jti="c"))
    with pytest.raises(TooManyTokens) as caught:
        authenticator.authenticate(third, url=URL, need="cds-hooks", now=NOW)
    assert caught.value.status == 429
    assert caught.value.headers["Retry-After"] == "60"


def test_the_challenge_never_carries_what_a_caller_wrote(
    authenticator: ClientAuthenticator,
) -> None:
    with pytest.raises(Unauthorized) as caught:
        authenticator.authenticate(
            signed(header(), claims()), url=URL + '"\r\nX: 1', need="cds-hooks", now=NOW
        )
    assert re.fullmatch(r"[\x20-\x7e]*", _challenge(caught.value))
    assert _challenge(caught.value).count('"') == 6


GOOD = signed(header(), claims())


@given(st.data())
def test_no_damaged_token_is_let_in_or_breaks_the_server(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    authenticator = _authenticator(tmp_path_factory.mktemp("clients"))
    start = data.draw(st.integers(0, len(GOOD) - 1))
    end = data.draw(st.integers(start, min(len(GOOD), start + 8)))
    damaged = GOOD[:start] + data.draw(st.text(max_size=8)) + GOOD[end:]
    try:
        authenticator.authenticate(damaged, url=URL, need="cds-hooks", now=NOW)
    except Unauthorized:
        return
    # Only base64's unused last bits, blanks and the scheme's case change nothing.
    assert _bytes(damaged) == _bytes(GOOD)


def _bytes(authorization: str) -> list[bytes]:
    token = authorization.strip().partition(" ")[2].strip()
    return [base64.urlsafe_b64decode(part + "==") for part in token.split(".")]


def _encoded(part: dict) -> str:
    text = json.dumps(part, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _refused(authenticator: ClientAuthenticator, authorization: str | None) -> Unauthorized:
    with pytest.raises(Unauthorized) as caught:
        authenticator.authenticate(authorization, url=URL, need="cds-hooks", now=NOW)
    return caught.value


def _challenge(refusal: Unauthorized) -> str:
    return refusal.headers["WWW-Authenticate"]
