"""The list of the models that a hospital takes of those that ship, signed with its own key.

Where it is there, the models that ship must be exactly those, at every load.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from inference.releases.refusal import ModelRefused
from inference.releases.trust import Trust

LIST: Final = "shipped.json"
LIST_SIGNATURE: Final = "shipped.sig"

Digests = Mapping[tuple[str, str], str]


def render(shipped: Digests) -> bytes:
    """Return the list: id, version and the sha256 of the manifest of each model that ships."""
    rows = [
        {"id": id, "version": version, "digest": digest}
        for (id, version), digest in sorted(shipped.items())
    ]
    return (json.dumps({"shipped": rows}, indent=2) + "\n").encode()


def check(folder: Path, trust: Trust, shipped: Digests) -> bool:
    """Compare what ships with the signed list; False where the hospital has signed none.

    `ModelRefused` where list or signature is missing, not by a trusted key, or of other models.
    """
    listed, signature = (_content(folder / name) for name in (LIST, LIST_SIGNATURE))
    if listed is None and signature is None:
        return False
    if listed is None or signature is None:
        lacking = folder / (LIST if listed is None else LIST_SIGNATURE)
        raise ModelRefused(f"{lacking}: is not there", f"{lacking}：缺失")
    where = str(folder / LIST)
    signer = trust.signer(listed, signature, where=where)
    if signer is None or not signer.trusted:
        raise ModelRefused(
            f"{where}: no trusted key is named (ATTENDING_MODELS_TRUSTED_KEYS)",
            f"{where}：未设置受信任的密钥（ATTENDING_MODELS_TRUSTED_KEYS）",
        )
    if listed != render(shipped):
        others = ", ".join(_differing(listed, shipped)) or "its form"
        raise ModelRefused(
            f"{where}: the models that ship are others than the signed ones: {others}; "
            "sign them again with `attending models sign-shipped`",
            f"{where}：随软件发布的模型与已签名清单不符：{others}；"
            "请用 `attending models sign-shipped` 重新签名",
        )
    return True


def _differing(listed: bytes, shipped: Digests) -> Iterable[str]:
    signed = {
        (str(row["id"]), str(row["version"])): row["digest"]
        for row in json.loads(listed)["shipped"]
    }
    for key in sorted(signed.keys() | shipped.keys()):
        if signed.get(key) != shipped.get(key):
            yield f"{' '.join(key)} (signed {signed.get(key)}, here {shipped.get(key)})"


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
