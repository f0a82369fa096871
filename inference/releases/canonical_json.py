"""A declared value as JSON: one form only, read back to the same value.

What is at its default is left out, so that a field added to a contract later changes neither the
sums nor the signatures of older releases; therefore a default of a contract must never change.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

import msgspec

from inference.contract import Text
from inference.releases.refusal import ModelRefused

Declared = TypeVar("Declared")

_WHOLE = 2.0**53  # whole float64 numbers up to here are read back from an integer exactly
_SHOWN = 40


def encode(value: object) -> bytes:
    """Return the canonical JSON; `ModelRefused` where a number is not finite."""
    plain = _plain(value)
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def decode(written: bytes, type: type[Declared], *, what: Text, where: str) -> Declared:
    """Read a value; `ModelRefused` for any byte that `encode` would not have written.

    So a field that the contract does not know, one said twice or one of another type is refused.
    `what` is what it should be, as the refusal calls it.
    """
    try:
        value = msgspec.json.decode(written, type=type)
    except msgspec.MsgspecError as error:
        raise ModelRefused(
            f"{where}: is no {what.en}: {error}", f"{where}：不是{what.zh}：{error}"
        ) from error
    except UnicodeDecodeError as error:
        raise ModelRefused(f"{where}: is not UTF-8", f"{where}：不是 UTF-8 编码") from error
    again = encode(value)
    if again != written:
        at = _first_difference(again, written)
        found = written[max(0, at - _SHOWN) : at + _SHOWN].decode("utf-8", "replace")
        raise ModelRefused(
            f"{where}: byte {at} holds what this server's contract does not write: {found!r}",
            f"{where}：第 {at} 字节处的内容不是本服务器的模型契约所写：{found!r}",
        )
    return value


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return _set_fields(value)
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float):
        return _number(value)
    return value


def _set_fields(value: Any) -> Mapping[str, Any]:
    named = ((field, getattr(value, field.name)) for field in fields(value))
    return {field.name: _plain(found) for field, found in named if found != field.default}


def _number(value: float) -> float | int:
    if not math.isfinite(value):
        raise ModelRefused(f"a definition holds {value!r}", f"定义中含有 {value!r}")
    return int(value) if value.is_integer() and abs(value) < _WHOLE else value


def _first_difference(first: bytes, second: bytes) -> int:
    pairs = enumerate(zip(first, second, strict=False))
    return next((at for at, (one, two) in pairs if one != two), min(len(first), len(second)))
