"""Ed25519 keys in files, and signatures that lie beside what they sign.

A private key is a PEM file (PKCS 8) that its owner alone may read; a public key is a PEM file
(SubjectPublicKeyInfo). A signature is one line of JSON in one form only, so that no byte of it can
change without being noticed.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

PUBLIC_SUFFIX: Final = ".pub"
_ALGORITHM: Final = "ed25519"
_KEY_ID_DIGITS: Final = 16


class KeyRefused(RuntimeError):
    """A key file that cannot be used, or must not be; the text says which and why."""


class SignatureRefused(ValueError):
    """Bytes that are no signature of this form, or not one over what they lie beside."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key; `id` is the beginning of the sha256 of its 32 bytes."""

    raw: bytes

    @property
    def id(self) -> str:
        """The short name under which a signature names its key."""
        return hashlib.sha256(self.raw).hexdigest()[:_KEY_ID_DIGITS]


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature and the id of the key that made it."""

    key: str
    value: bytes

    def render(self) -> bytes:
        """Return the only form in which it is written."""
        written = {"algorithm": _ALGORITHM, "key": self.key, "signature": self.value.hex()}
        return json.dumps(written).encode() + b"\n"

    @classmethod
    def parse(cls, written: bytes) -> "Signature":
        """Read a signature; `SignatureRefused` where it is in any other form."""
        try:
            found = json.loads(written)
            signature = cls(str(found["key"]), bytes.fromhex(found["signature"]))
        except (ValueError, KeyError, TypeError) as error:
            raise SignatureRefused("the signature cannot be read") from error
        if signature.render() != written:
            raise SignatureRefused("the signature is not in the form in which it is written")
        return signature


def generate(path: Path) -> PublicKey:
    """Write a new private key to `path` (0600) and its public key beside it.

    `KeyRefused` where the file is there already, or lies in a repository.
    """
    place = path.absolute()
    held = next((p for p in place.parents if (p / ".git").exists()), None)
    if held is not None:
        raise KeyRefused(f"{path}: {held} is a repository; keep a private key outside of it")
    public_place = place.with_name(place.name + PUBLIC_SUFFIX)
    for each in (place, public_place):
        if each.exists():
            raise KeyRefused(f"{each}: is there already; a key is never overwritten")
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    _write_new(place, pem, 0o600)
    _write_new(public_place, public, 0o644)
    return PublicKey(key.public_key().public_bytes_raw())


def read_public(path: Path) -> PublicKey:
    """Read a public key; `KeyRefused` where the file holds none."""
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise KeyRefused(f"{path}: no public key can be read ({error})") from error
    if not isinstance(key, Ed25519PublicKey):
        raise KeyRefused(f"{path}: is no ed25519 public key")
    return PublicKey(key.public_bytes_raw())


def sign(message: bytes, private_key: Path) -> Signature:
    """Sign with a private key; `KeyRefused` where others than its owner may read the file."""
    try:
        mode = private_key.stat().st_mode & 0o777
        if mode & 0o077:
            raise KeyRefused(f"{private_key}: others may read it (mode {mode:o}); chmod 600 it")
        key = load_pem_private_key(private_key.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise KeyRefused(f"{private_key}: no private key can be read ({error})") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyRefused(f"{private_key}: is no ed25519 private key")
    return Signature(PublicKey(key.public_key().public_bytes_raw()).id, key.sign(message))


def verify(signature: Signature, message: bytes, key: PublicKey) -> None:
    """Return where `key` made the signature over `message`; else `SignatureRefused`."""
    try:
        Ed25519PublicKey.from_public_bytes(key.raw).verify(signature.value, message)
    except InvalidSignature as error:
        raise SignatureRefused(f"the signature of key {key.id} does not fit") from error


def _write_new(path: Path, content: bytes, mode: int) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except OSError as error:
        raise KeyRefused(f"{path}: cannot be written ({error.strerror})") from error
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
