"""Media types, preferences and bodies: what a request's headers ask for, read strictly.

Sources: http://hl7.org/fhir/R4/http.html#mime-type, #parameters (`_format`), #ops (Prefer);
RFC 9110 (Accept, Content-Type, If-Match), RFC 7240 (Prefer).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from fastapi import Request

from fhir_server.r4.outcome import BadRequest, UnsupportedMediaType
from fhir_server.rest.bodies import read_body
from fhir_server.rest.errors import FHIR_JSON, NotAcceptable
from fhir_server.rest.headers import listed_header, single_header

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
JSON_PATCH = "application/json-patch+json"

# `_format` takes short forms too (R4 http.html#parameters). "+" in a query reads as a space.
_FORMATS = {
    "json": FHIR_JSON,
    FHIR_JSON: FHIR_JSON,
    "application/fhir json": FHIR_JSON,
    JSON: JSON,
    "text/json": JSON,
}
# What an Accept header may name, with the media type of the answer.
_ACCEPTED = {
    "*/*": FHIR_JSON,
    "application/*": FHIR_JSON,
    FHIR_JSON: FHIR_JSON,
    JSON: JSON,
    "text/json": JSON,
}
_FHIR_VERSIONS = ("4.0", "4.0.1")

ReturnPreference = Literal["minimal", "representation", "OperationOutcome"]
# Of several, the first of these.
_RETURNS: tuple[ReturnPreference, ...] = ("minimal", "OperationOutcome", "representation")


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a client's Prefer header asks for; `lenient` lets unknown search parameters pass.

    `asynchronous` takes the answer later.
    """

    returns: ReturnPreference = "representation"
    lenient: bool = False
    returns_stated: bool = False
    asynchronous: bool = False


def answer_type(request: Request) -> str:
    """Return the media type to answer in; NotAcceptable (406) where there is none.

    `_format` overrides Accept.
    """
    if request.scope["query_string"]:
        asked = request.query_params.getlist("_format")
        if asked:
            return format_type(asked)
    accepted = listed_header(request, "Accept")
    return _accepted("*/*" if accepted is None else accepted)


def format_type(asked: list[str]) -> str:
    """Return the media type that the values of `_format` name; NotAcceptable (406) otherwise."""
    bare = {value.partition(";")[0].strip().lower() for value in asked}
    if len(bare) != 1 or not bare <= _FORMATS.keys():
        raise NotAcceptable(", ".join(asked))
    return _FORMATS[bare.pop()]


@lru_cache(maxsize=256)
def _accepted(header: str) -> str:
    return preferred(header, _ACCEPTED)


def preferred(header: str, served: Mapping[str, str]) -> str:
    """Return what an Accept header likes best of `served`; NotAcceptable (406) without any."""
    best, weight = "", 0.0
    for part in header.split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        given = dict(p.lower().split("=", 1) for p in parameters if "=" in p)
        quality = _quality(given.get("q", "1"))
        known = served.get(name.lower())
        version = given.get("fhirversion", _FHIR_VERSIONS[0]).strip('"')
        if known and quality > weight and version in _FHIR_VERSIONS:
            best, weight = known, quality
    if not best:
        raise NotAcceptable(header)
    return best


def _quality(text: str) -> float:
    return float(text) if re.fullmatch(r"[01](\.[0-9]{0,3})?", text) else 0.0


def preferences(request: Request) -> Preferences:
    """Return what Prefer asks for; preferences that are not known are passed over (RFC 7240)."""
    stated = request.headers.getlist("prefer")
    return _preferences(",".join(stated)) if stated else Preferences()


@lru_cache(maxsize=64)
def _preferences(header: str) -> Preferences:
    stated = {part.strip() for part in re.split("[,;]", header)}
    asked = next((name for name in _RETURNS if f"return={name}" in stated), None)
    return Preferences(
        returns=asked or "representation",
        lenient="handling=lenient" in stated,
        returns_stated=asked is not None,
        asynchronous="respond-async" in stated,
    )


def if_match(request: Request) -> int | None:
    """Return the version that If-Match names (`W/"3"`), None without the header."""
    header = single_header(request, "If-Match")
    return None if header is None else version_tag(header, "If-Match")


def version_tag(text: str, where: str, *expression: str) -> int:
    """Return the version of a weak or strong entity tag; BadRequest (400) for another text."""
    match = re.fullmatch(r'(?:W/)?"([1-9][0-9]{0,17})"', text.strip())
    if match is None:
        raise BadRequest(
            "value", f'{where} is {text[:40]!r}; write a version as in W/"3".', *expression
        )
    return int(match[1])


def refuse_conditions(request: Request, *names: str) -> None:
    """Refuse the conditional headers `names`: to ignore one would do what the client forbade."""
    for name in names:
        if name in request.headers:
            raise BadRequest(
                "not-supported", f"The header {name} is not supported here; send without it."
            )


async def read_json_body(request: Request, *, limit: int) -> bytes:
    """Return a JSON body of at most `limit` bytes.

    415 for another Content-Type or Content-Encoding, 413 as soon as the limit is passed,
    400 for an empty body.
    """
    check_content_type(request, (FHIR_JSON, JSON, "text/json"))
    return await _filled_body(request, limit)


async def read_patch_body(request: Request, *, limit: int) -> tuple[str, bytes]:
    """Return media type and body of a patch; errors as `read_json_body`."""
    media_type = check_content_type(request, (JSON_PATCH, FHIR_JSON, JSON, "text/json"))
    return media_type, await _filled_body(request, limit)


async def _filled_body(request: Request, limit: int) -> bytes:
    body = await read_body(request, limit=limit)
    if not body:
        raise BadRequest("structure", "The body is empty; send JSON.")
    return body


def check_content_type(request: Request, allowed: tuple[str, ...]) -> str:
    """Return the media type; refuse (415) another one, another charset or FHIR version."""
    header = single_header(request, "Content-Type")
    if header is None:
        raise UnsupportedMediaType(None)
    return header if header in allowed else _check_parameters(header, allowed)


def _check_parameters(header: str, allowed: tuple[str, ...]) -> str:
    name, *parameters = (piece.strip().lower() for piece in header.split(";"))
    given = dict(p.split("=", 1) for p in parameters if "=" in p)
    charset = given.get("charset", "utf-8").strip('"')
    version = given.get("fhirversion", _FHIR_VERSIONS[0]).strip('"')
    # R4 http.html#mime-type: FHIR is UTF-8 in every format.
    if name not in allowed or charset != "utf-8" or version not in _FHIR_VERSIONS:
        raise UnsupportedMediaType(header[:100])
    return name
