"""The public keys that clients sign with, and the algorithms that go with them."""

import warnings
from typing import Any, TypeAlias

from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, RSAKey

PublicKey: TypeAlias = ECKey | RSAKey

# CDS Hooks 2.0, "JWT Signing Algorithm": ES384 and RS384 are recommended, none and symmetric
# algorithms forbidden. ES256 is added because key stores of P-256 only are common; RS256 is left
# out: who has an RSA key can sign RS384 with it.
ALGORITHMS = ("ES384", "RS384", "ES256")
_CURVE_OF = {"ES384": "P-384", "ES256": "P-256"}

# NIST SP 800-57 part 1, table 2: 2048 bits are the least that is still acceptable.
_RSA_BITS = 2048
# What a private or symmetric JWK carries (RFC 7518, 6.2.2, 6.3.2 and 6.4).
_SECRET_MEMBERS = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")


class UnusableKeyError(Exception):
    """A JWK cannot be registered: the member at fault (".crv", or "" for the whole) and why."""

    def __init__(self, member: str, problem: str) -> None:
        super().__init__(f"{member} {problem}")
        self.member = member
        self.problem = problem


def public_key(jwk: dict[str, Any]) -> PublicKey:
    """Return the key of a public EC (P-256, P-384) or RSA JWK; raise UnusableKeyError."""
    for member in _SECRET_MEMBERS:
        if member in jwk:
            problem = "is secret: register the public key only, and replace this key"
            raise UnusableKeyError(f".{member}", problem)
    if jwk.get("use", "sig") != "sig":
        raise UnusableKeyError(".use", f"is {jwk['use']!r}; tokens are signed: it must be 'sig'")
    if jwk.get("alg", ALGORITHMS[0]) not in ALGORITHMS:
        raise UnusableKeyError(".alg", f"is {jwk['alg']!r}; use one of {', '.join(ALGORITHMS)}")
    kind = jwk.get("kty")
    if kind not in ("EC", "RSA"):
        raise UnusableKeyError(".kty", f"is {kind!r}; register a public EC or RSA key")
    if kind == "EC" and jwk.get("crv") not in _CURVE_OF.values():
        curves = " or ".join(sorted(_CURVE_OF.values()))
        raise UnusableKeyError(".crv", f"is {jwk.get('crv')!r}; it must be {curves}")
    return _imported(jwk)


def _imported(jwk: dict[str, Any]) -> PublicKey:
    key: PublicKey
    try:
        if jwk["kty"] == "EC":
            return ECKey.import_key(jwk)
        with warnings.catch_warnings():
            # joserfc warns of a short key; here it is refused.
            warnings.simplefilter("ignore", SecurityWarning)
            key = RSAKey.import_key(jwk)
        bits = key.public_key.key_size
    except (JoseError, ValueError, TypeError, KeyError) as fault:
        raise UnusableKeyError("", f"is no usable {jwk['kty']} key ({fault})") from fault
    if bits < _RSA_BITS:
        raise UnusableKeyError(".n", f"is a key of {bits} bits; {_RSA_BITS} are the least")
    return key


def fits(key: PublicKey, algorithm: str) -> bool:
    """Whether `key` may verify `algorithm`: same family, same curve, same declared `alg`."""
    if key.alg not in (None, algorithm):
        return False
    if isinstance(key, RSAKey):
        return algorithm == "RS384"
    return _CURVE_OF.get(algorithm) == key.curve_name
