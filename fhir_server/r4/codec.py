"""FHIR JSON on the wire, without loss: every number leaves with the spelling it came with.

R4, "JSON representation of decimals": precision carries meaning, `1.00` is not `1.0`. Numbers
with a fraction or an exponent become `Decimal`; where `str(Decimal)` spells one otherwise
(`1e3`, `0.00000001`, `-0`), a `SpelledDecimal` carries the text.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from operator import ne
from typing import Any, TypeAlias

import msgspec

from fhir_server.r4.outcome import BadRequest, FhirError

JsonObject: TypeAlias = dict[str, Any]
JsonValue: TypeAlias = bool | int | Decimal | str | list[Any] | dict[str, Any] | None

# Official examples reach 17 levels; deeper input is an attack on the stack, not a record.
MAX_DEPTH = 64
# Beyond the exponents of a 64-bit float no clinical quantity exists, and integer arithmetic on
# such a Decimal would not end.
MAX_EXPONENT = 308
# R4 asks for 18 digits at least; longer than any number of that magnitude is no quantity.
MAX_NUMBER_LENGTH = 400


class SpelledDecimal(Decimal):
    """A Decimal that remembers its JSON text, for spellings that `str` would change."""

    __slots__ = ("text",)
    text: str


class _NumberTooLargeError(ValueError):
    """The text of a number whose magnitude or length is beyond what is read."""


# A decimal may be `-0`, which says that a value was rounded from below; the parser would make it
# the integer 0. It is handed over in a spelling that nobody else has a reason for.
# Begins with plain characters, for which the bytes are searched thirty times as fast.
_MINUS_ZERO = re.compile(rb"-0(?<![eE]-0)(?=[\s,\]}])")
_ZERO_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|(?<![eE])-0(?=[\s,\]}])', re.DOTALL)
_ZERO_BELOW = "-0e-0000"
_KEY_END = re.compile(rb'"\s*:')


def _number(text: str) -> Decimal:
    if len(text) > MAX_NUMBER_LENGTH:
        raise _NumberTooLargeError(text[:40])
    try:
        value = Decimal(text)
    except InvalidOperation:  # the exponent does not even fit the decimal module
        raise _NumberTooLargeError(text[:40]) from None
    if not -MAX_EXPONENT <= value.adjusted() <= MAX_EXPONENT:
        raise _NumberTooLargeError(text[:40])
    if str(value) == text:
        return value
    spelled = SpelledDecimal(text)
    spelled.text = text if text != _ZERO_BELOW else "-0"
    return spelled


def _spell(value: object) -> msgspec.Raw:
    if isinstance(value, SpelledDecimal):
        return msgspec.Raw(value.text.encode())
    raise TypeError(f"FHIR JSON has no form for {type(value).__name__}: {value!r}")


_HALF_SURROGATE = re.compile(
    r"\\u[dD][89abAB]..(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F]"
)
_DECODER = msgspec.json.Decoder(float_hook=_number)
_ENCODER = msgspec.json.Encoder(decimal_format="number", enc_hook=_spell)


def decode(body: bytes, *, unique_keys: bool = False) -> JsonObject:
    """Return the JSON object of `body`, numbers with a fraction or exponent as Decimal.

    FhirError 400 `structure` naming the byte offset for malformed JSON (NaN and Infinity are
    no JSON), invalid UTF-8, nesting beyond MAX_DEPTH and a body that is no object; `value` for
    a number beyond 1e±308. With `unique_keys`, as on every way in, also `structure` for an object
    that names a key twice: two readers would take different values from such a record.
    """
    value = _decoded(body)
    if type(value) is not dict:
        raise BadRequest(
            "structure", f"The body is a JSON {_kind(value)}; a FHIR resource is a JSON object."
        )
    _check(value, body, unique_keys)
    return value


def decode_array(body: bytes, *, unique_keys: bool = False) -> list[Any]:
    """Return the JSON array of `body`, read and refused as `decode` does: a JSON Patch is one."""
    value = _decoded(body)
    if type(value) is not list:
        raise BadRequest(
            "structure", f"The body is a JSON {_kind(value)}; a JSON Patch is an array."
        )
    _check(value, body, unique_keys)
    return value


def _check(value: JsonObject | list[Any], body: bytes, unique_keys: bool) -> None:
    kept = check_depth(value)
    # Of a key that stands twice the parser has kept one member. Without an escaped quote in any
    # string every quote before a colon ends a key.
    if unique_keys and (b"\\" in body or len(_KEY_END.findall(body)) != kept):
        _refuse_duplicate_keys(body)


def _decoded(body: bytes) -> Any:
    try:
        return _DECODER.decode(_ZERO_TOKEN.sub(_below, body) if _MINUS_ZERO.search(body) else body)
    except RecursionError:
        raise _too_deep() from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _refusal(body, error) from None


def _below(token: re.Match[bytes]) -> bytes:
    return _ZERO_BELOW.encode() if token[0] == b"-0" else token[0]


def encode(resource: Mapping[str, Any]) -> bytes:
    """Return the compact UTF-8 JSON of `resource`, Decimals written as numbers as spelled.

    Key order is kept. TypeError for a value that JSON has no form for.
    """
    return _ENCODER.encode(resource)


def _refuse_duplicate_keys(body: bytes) -> None:
    objects: list[list[tuple[str, Any]]] = []
    # Loops of C only: for each object the number of its members and that of its keys.
    json.loads(body, object_pairs_hook=objects.append)
    if any(map(ne, map(len, objects), map(len, map(dict, objects)))):
        raise BadRequest("structure", *_locate_duplicate(body))


class _Pairs(list[tuple[str, Any]]):
    """An object's members in order, repeats included."""


def _repeated(keys: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            return key
        seen.add(key)
    return None


# Where a container stands: parent, and how it is written below it. Spelled out for one only: an
# attacker's keys are long, and there may be a million containers.
_Place: TypeAlias = "tuple[_Place | None, str]"


def _locate_duplicate(body: bytes) -> tuple[str, str]:
    """Return diagnostics and the FHIRPath of the first repeated key, outermost object first."""
    root = json.loads(body, object_pairs_hook=_Pairs)
    name = next((v for k, v in root if k == "resourceType" and isinstance(v, str)), "$this")
    level: list[tuple[_Place, Any]] = [((None, name[:64]), root)]
    while level:
        for place, node in level:
            if isinstance(node, _Pairs):
                found = _repeated(k for k, _ in node)
                if found is not None:
                    where = _written((place, f".{found[:60]}"))
                    return f"Key {found[:60]!r} stands twice in one object; keep one.", where
        level = [child for place, node in level for child in _children(place, node)]
    raise ValueError("no key stands twice")


def _children(place: _Place, node: object) -> Iterator[tuple[_Place, Any]]:
    if isinstance(node, _Pairs):
        for key, value in node:
            if isinstance(value, list):
                yield (place, f".{key[:60]}"), value
    elif isinstance(node, list):
        for index, value in enumerate(node):
            if isinstance(value, list):
                yield (place, f"[{index}]"), value


def _written(place: _Place) -> str:
    parts: list[str] = []
    step: _Place | None = place
    while step is not None:
        step, text = step
        parts.append(text)
    return "".join(reversed(parts))


def check_depth(root: JsonObject | list[Any]) -> int:
    """Return how many members all objects have together.

    Refuses (400) nesting beyond MAX_DEPTH: what `decode` would not read must not be stored.
    """
    members = 0
    level: list[Any] = [root]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for node in level:
            children = node
            if type(node) is dict:
                members += len(node)
                children = node.values()
            for child in children:
                if type(child) is dict or type(child) is list:
                    below.append(child)
        if not below:
            return members
        level = below
    raise _too_deep()


def _too_deep() -> FhirError:
    return BadRequest(
        "structure", f"Nesting is deeper than {MAX_DEPTH} levels; no FHIR record needs that."
    )


def _refusal(body: bytes, error: Exception) -> FhirError:
    if isinstance(error.__cause__, _NumberTooLargeError):  # msgspec wraps what a hook raises
        error = error.__cause__
        limits = f"1e±{MAX_EXPONENT} or {MAX_NUMBER_LENGTH} characters"
        return BadRequest("value", f"Number {error} is beyond {limits}; mend its value.")
    if isinstance(error, msgspec.ValidationError):
        return BadRequest("value", "An integer has more digits than any quantity; mend its value.")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as fault:
        return BadRequest(
            "structure",
            f"Invalid UTF-8 at byte {fault.start}: send the body encoded as UTF-8.",
        )
    if body.startswith(b"\xef\xbb\xbf"):
        # RFC 8259, section 8.1: JSON on a network carries no byte order mark.
        return BadRequest("structure", "A byte order mark stands at byte 0: send UTF-8 without it.")
    return BadRequest("structure", f"Malformed JSON: {_malformed(text, error)}.")


def _malformed(text: str, error: Exception) -> str:
    """Return what is wrong and at which byte; the parser's own offset is only near the place."""
    try:
        json.loads(text)
    except json.JSONDecodeError as fault:
        at = len(text[: fault.pos].encode())
        return f"{fault.msg} at byte {at} (line {fault.lineno}, column {fault.colno})"
    except RecursionError:
        return "it is nested too deep to say where"
    # The standard library takes half a surrogate pair, NaN and Infinity, which are no JSON text.
    half = _HALF_SURROGATE.search(text)
    if half is not None:
        return f"half a surrogate pair at byte {len(text[: half.start()].encode())}"
    return str(error).removeprefix("JSON is malformed: ")


def _kind(value: JsonValue) -> str:
    if value is None:
        return "null"
    if isinstance(value, dict):
        return "object"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "number"
