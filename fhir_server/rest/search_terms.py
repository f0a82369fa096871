"""One value of a search parameter, as it is written in a URL, read into terms.

Source: http://hl7.org/fhir/R4/search.html. What is not understood is refused with the parameter
named, so that no search answers more than was asked.
"""

import re
from dataclasses import dataclass
from datetime import tzinfo

from fhir_server.r4.dates import instant_range
from fhir_server.r4.outcome import BadRequest
from fhir_server.r4.references import ID_PATTERN, parse_reference
from fhir_server.r4.resource_types import RESOURCE_TYPES
from fhir_server.r4.search_parameters import SearchParameter, normalise
from fhir_server.store.search_query import (
    DatePrefix,
    DateTerm,
    ReferenceTerm,
    StringMatch,
    StringTerm,
    Term,
    TokenTerm,
)

_PREFIXES: dict[str, DatePrefix] = {
    "eq": "eq", "ne": "ne", "lt": "lt", "gt": "gt", "ge": "ge", "le": "le", "sa": "sa", "eb": "eb",
}  # fmt: skip
_STRING_MODIFIERS: dict[str, StringMatch] = {"": "starts", "exact": "exact", "contains": "contains"}
_MODIFIERS_READ = {
    "token": "none",
    "string": ":exact and :contains",
    "date": "none",
    "reference": "a resource type, as in subject:Patient",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where terms are read: the zone of dates without an offset and this server's FHIR base."""

    zone: tzinfo
    base_url: str


def read_terms(
    parameter: SearchParameter, modifier: str, value: str, place: Place
) -> tuple[Term, ...]:
    """Return the terms of `value`, alternatives by comma; BadRequest (400) naming the parameter."""
    name = f"{parameter.name}:{modifier}" if modifier else parameter.name
    alternatives = split(value, ",")
    if not all(text.strip() for text in alternatives):
        raise _refused(name, value, "an empty value would match everything or nothing")
    terms: list[Term] = []
    for text in alternatives:
        match parameter.type:
            case "token":
                _refuse_modifier(parameter, modifier)
                terms.append(_token(name, text))
            case "string":
                terms.append(_string(parameter, modifier, text))
            case "date":
                _refuse_modifier(parameter, modifier)
                terms.append(_date(name, text, place.zone))
            case "reference":
                terms += _reference(parameter, modifier, text, place.base_url)
    return tuple(terms)


def split(text: str, separator: str) -> list[str]:
    """Return the parts of `text`; a separator after a backslash is text (R4 search.html#escaping).

    The parts keep their backslashes: `unescape` takes them off the last parts.
    """
    parts = [""]
    escaped = False
    for char in text:
        if char == separator and not escaped:
            parts.append("")
        else:
            parts[-1] += char
        escaped = char == "\\" and not escaped
    return parts


def unescape(text: str) -> str:
    r"""Return `text` with `\,`, `\|`, `\$` and `\\` as the characters that they stand for."""
    return re.sub(r"\\([,|$\\])", r"\1", text)


def _token(name: str, text: str) -> TokenTerm:
    parts = [unescape(part) for part in split(text, "|")]
    if len(parts) == 1:
        return TokenTerm(None, parts[0])
    system, code, *more = parts
    if more or not (system or code):
        raise _refused(name, text, r"write code, system|code, |code or system|; \| for a bar")
    return TokenTerm(system, code or None)


def _string(parameter: SearchParameter, modifier: str, text: str) -> StringTerm:
    match = _STRING_MODIFIERS.get(modifier)
    if match is None:
        raise _unknown_modifier(parameter, modifier)
    wanted = unescape(text)
    if not normalise(wanted):
        raise _refused(parameter.name, text, "the text has no letter or digit to look for")
    return StringTerm(wanted, match)


def _date(name: str, text: str, zone: tzinfo) -> DateTerm:
    prefix, rest = _PREFIXES.get(text[:2]), text[2:]
    if prefix is None:
        prefix, rest = "eq", text
    if rest[:1].isalpha():
        raise _refused(
            name, text, f"prefix {rest[:2]!r} is not supported; {', '.join(_PREFIXES)} are"
        )
    try:
        # "+" in a query reads as a space where the client did not write %2B.
        low, high = instant_range(rest.replace(" ", "+"), default_zone=zone)
    except ValueError as error:
        raise _refused(name, text, str(error)) from None
    return DateTerm(prefix, low, high)


def _reference(
    parameter: SearchParameter, modifier: str, text: str, base_url: str
) -> tuple[ReferenceTerm, ...]:
    if modifier and modifier not in RESOURCE_TYPES:
        raise _unknown_modifier(parameter, modifier)
    wanted = unescape(text)
    if re.fullmatch(ID_PATTERN, wanted):
        target_types = (modifier,) if modifier else parameter.targets
        if len(target_types) == 1:
            return _local(wanted, target_types[0], base_url)
        return (ReferenceTerm(wanted, None),)
    name = f"{parameter.name}:{modifier}" if modifier else parameter.name
    if modifier:
        raise _refused(name, text, f"after :{modifier} write the id alone")
    try:
        found = parse_reference(wanted)
    except ValueError as error:
        raise _refused(name, text, str(error)) from None
    if found.version is not None or found.is_contained:
        raise _refused(name, text, "write Type/id or an absolute URL, without a version")
    if found.type is None or found.id is None:
        return (ReferenceTerm(wanted, None),)
    if found.is_local or found.base == base_url:
        return _local(found.id, found.type, base_url)
    return (ReferenceTerm(wanted, found.type),)


def _local(id: str, type: str, base_url: str) -> tuple[ReferenceTerm, ...]:
    # A record may hold the absolute URL of a resource of this server: it is the same target.
    return ReferenceTerm(id, type), ReferenceTerm(f"{base_url}/{type}/{id}", type)


def _refuse_modifier(parameter: SearchParameter, modifier: str) -> None:
    if modifier:
        raise _unknown_modifier(parameter, modifier)


def _unknown_modifier(parameter: SearchParameter, modifier: str) -> BadRequest:
    # R4 search.html#modifiers: a server SHALL reject a search with a modifier that it does not
    # support, whatever the client's handling preference.
    return BadRequest(
        "not-supported",
        f"{parameter.name}:{modifier}: modifier {modifier!r} is not supported on "
        f"{parameter.name} ({parameter.type}); supported: {_MODIFIERS_READ[parameter.type]}.",
    )


def _refused(name: str, value: str, why: str) -> BadRequest:
    return BadRequest("value", f"{name}={value[:100]}: {why}.")
