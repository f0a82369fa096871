"""Whose signature counts: the keys that a hospital trusts, and whether one of them is demanded."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inference.releases.refusal import ModelRefused

if TYPE_CHECKING:
    from security.signatures import PublicKey


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signed: a key by its id, and whether it is one of the trusted."""

    key: str
    trusted: bool


@dataclass(frozen=True, slots=True)
class Trust:
    """The trusted keys; with `demanded` nothing is taken that none of them signed."""

    keys: "tuple[PublicKey, ...]" = ()
    demanded: bool = False

    @classmethod
    def of(cls, files: Iterable[Path], *, production: bool) -> "Trust":
        """Read the key files; where one is named, or in production, a signature is demanded."""
        named = tuple(files)
        if not named:
            return cls(demanded=production)
        # Here: an unsigned deployment need not load the library (70 ms).
        from security.signatures import KeyRefused, read_public  # noqa: PLC0415

        try:
            return cls(tuple(read_public(path) for path in named), demanded=True)
        except KeyRefused as refused:
            raise ModelRefused(str(refused)) from refused

    def signer(self, message: bytes, signature: bytes | None, *, where: str) -> Signer | None:
        """Return who signed `message`, None for nobody; `ModelRefused` where that is not enough."""
        if signature is None:
            if self.demanded:
                raise ModelRefused(f"{where}: is not signed", f"{where}：没有签名")
            return None
        from security.signatures import Signature, SignatureRefused, verify  # noqa: PLC0415

        try:
            read = Signature.parse(signature)
            key = next((key for key in self.keys if key.id == read.key), None)
            if key is not None:
                verify(read, message, key)
        except SignatureRefused as refused:
            raise ModelRefused(
                f"{where}: {refused}", f"{where}：签名无效（{refused}）"
            ) from refused
        if key is None and self.demanded:
            raise ModelRefused(
                f"{where}: is signed by the key {read.key}, which is not trusted "
                "(ATTENDING_MODELS_TRUSTED_KEYS)",
                f"{where}：签名密钥 {read.key} 不受信任（ATTENDING_MODELS_TRUSTED_KEYS）",
            )
        return Signer(read.key, key is not None)
