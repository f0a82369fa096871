"""One value of a search parameter, as it is written in a URL, read into terms.

Source: http://hl7.org/fhir/R4/search.html. What is not understood is refused with the parameter
named, so that no search answers more than was asked.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

from fhir_server.r4.dates import instant_range
from fhir_server.r4.references import ID_PATTERN, parse_reference
from fhir_server.r4.resource_types import RESOURCE_TYPES
from fhir_server.r4.search_parameters import SearchParameter, normalise
from fhir_server.rest.search_modifiers import check_modifier, unknown_modifier
from fhir_server.rest.search_numbers import read_number, read_quantity, split_prefix
from fhir_server.rest.search_text import refused, split, unescape
from fhir_server.store.search_query import (
    DateTerm,
    OfTypeTerm,
    ReferenceTerm,
    StringMatch,
    StringTerm,
    SubsumedTerm,
    Term,
    TextTerm,
    TokenTerm,
    UriTerm,
    ValueSetTerm,
)

__all__ = ["Place", "read_terms", "split", "unescape"]

_STRING_MODIFIERS: Mapping[str, StringMatch] = {
    "": "starts",
    "exact": "exact",
    "contains": "contains",
}
_ID = re.compile(ID_PATTERN)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Place:
    """Where terms are read: zone of dates without an offset, this server's FHIR base, the clock."""

    zone: tzinfo
    base_url: str
    clock: Callable[[], datetime] = field(default=_now, compare=False)


def read_terms(
    parameter: SearchParameter, modifier: str, value: str, place: Place
) -> tuple[Term, ...]:
    """Return the terms of `value`, alternatives by comma; BadRequest (400) naming the parameter.

    Not for composites, `:missing` and chains, which `search_criteria` reads.
    """
    check_modifier(parameter, modifier)
    name = f"{parameter.name}:{modifier}" if modifier else parameter.name
    alternatives = split(value, ",")
    terms: list[Term] = []
    for text in alternatives:
        if not text or text.isspace():
            raise refused(name, value, "an empty value would match everything or nothing")
        terms += read_term(parameter, modifier, name, text, place)
    return tuple(terms)


def read_term(
    parameter: SearchParameter, modifier: str, name: str, text: str, place: Place
) -> tuple[Term, ...]:
    """Return the terms of one alternative; several where a target may be written in two ways."""
    read = _READERS.get(parameter.type)
    if read is None:
        raise refused(name, text, f"a value of type {parameter.type} is read with its parts")
    return read(_Written(parameter, modifier, name, text, place))


@dataclass(frozen=True, slots=True)
class _Written:
    """One alternative as it stands in a query: `name` is the parameter's with its modifier."""

    parameter: SearchParameter
    modifier: str
    name: str
    text: str
    place: Place


def _token(modifier: str, name: str, text: str, place: Place) -> Term:
    match modifier:
        case "in" | "not-in":
            return ValueSetTerm(_value_set(name, text, place))
        case "above" | "below":
            system, code = _system_and_code(name, text)
            return SubsumedTerm(system, code, "above" if modifier == "above" else "below")
        case "text":
            return _label(name, text)
        case "of-type":
            parts = [unescape(part) for part in split(text, "|")]
            if len(parts) != 3 or not all(parts):
                raise refused(name, text, "write system|code|value, of the type and the identifier")
            return OfTypeTerm(*parts)
    return _plain_token(name, text)


def _plain_token(name: str, text: str) -> TokenTerm:
    parts = [unescape(part) for part in split(text, "|")]
    if len(parts) == 1:
        return TokenTerm(None, parts[0])
    system, code, *more = parts
    if more or not (system or code):
        raise refused(name, text, r"write code, system|code, |code or system|; \| for a bar")
    return TokenTerm(system, code or None)


def _system_and_code(name: str, text: str) -> tuple[str, str]:
    term = _plain_token(name, text)
    if not term.system or term.code is None:
        raise refused(name, text, "write system|code: without its system a code has no hierarchy")
    return term.system, term.code


def _value_set(name: str, text: str, place: Place) -> str:
    url = unescape(text)
    own = f"{place.base_url}/ValueSet/"
    if url.startswith(own):
        url = url[len(own) - len("ValueSet/") :]
    if url.startswith("ValueSet/") and _ID.fullmatch(url.removeprefix("ValueSet/")):
        return url
    if ":" not in url:
        raise refused(name, text, "write the url of a ValueSet, or ValueSet/id")
    return url


def _label(name: str, text: str) -> TextTerm:
    wanted = unescape(text)
    if not normalise(wanted):
        raise refused(name, text, "the text has no letter or digit to look for")
    return TextTerm(wanted)


def _string(name: str, modifier: str, text: str) -> StringTerm:
    wanted = unescape(text)
    if not normalise(wanted):
        raise refused(name, text, "the text has no letter or digit to look for")
    return StringTerm(wanted, _STRING_MODIFIERS[modifier])


def _date(name: str, text: str, place: Place) -> DateTerm:
    prefix, rest = split_prefix(name, text)
    try:
        # "+" in a query reads as a space where the client did not write %2B.
        low, high = instant_range(rest.replace(" ", "+"), default_zone=place.zone)
    except ValueError as error:
        raise refused(name, text, str(error)) from None
    if prefix == "ap":
        # R4 search.html#prefix: "for a date 10% of the gap between now and the date".
        now = (place.clock() - _EPOCH) // timedelta(microseconds=1)
        reach = max(low - now, now - high, 0) // 10
        return DateTerm(prefix, low - reach, high + reach)
    return DateTerm(prefix, low, high)


def _uri(name: str, modifier: str, text: str) -> UriTerm:
    uri = unescape(text)
    if not modifier:
        return UriTerm(uri)
    if "://" not in uri:
        # R4 search.html#modifiers: not for URNs, which "are not hierarchical".
        raise refused(name, text, f":{modifier} takes a URL: a URN has nothing above or below it")
    return UriTerm(uri, "above" if modifier == "above" else "below")


def _reference(written: _Written) -> tuple[Term, ...]:
    parameter, modifier, text = written.parameter, written.modifier, written.text
    name = written.name
    if modifier == "identifier":
        return (_plain_token(name, text),)
    if modifier == "text":
        return (_label(name, text),)
    if modifier and modifier not in RESOURCE_TYPES:
        raise unknown_modifier(parameter, modifier)
    return _target(parameter, modifier, name, text, written.place.base_url)


def _target(
    parameter: SearchParameter, type: str, name: str, text: str, base_url: str
) -> tuple[ReferenceTerm, ...]:
    wanted = unescape(text)
    if _ID.fullmatch(wanted):
        target_types = (type,) if type else parameter.targets
        if len(target_types) == 1:
            return _local(wanted, target_types[0], base_url)
        return (ReferenceTerm(wanted, None),)
    if type:
        raise refused(name, text, f"after :{type} write the id alone")
    try:
        found = parse_reference(wanted)
    except ValueError as error:
        raise refused(name, text, str(error)) from None
    if found.version is not None or found.is_contained:
        raise refused(name, text, "write Type/id or an absolute URL, without a version")
    if found.type is None or found.id is None:
        return (ReferenceTerm(wanted, None),)
    if found.is_local or found.base == base_url:
        return _local(found.id, found.type, base_url)
    return (ReferenceTerm(wanted, found.type),)


def _local(id: str, type: str, base_url: str) -> tuple[ReferenceTerm, ...]:
    # A record may hold the absolute URL of a resource of this server: it is the same target.
    return ReferenceTerm(id, type), ReferenceTerm(f"{base_url}/{type}/{id}", type)


_READERS: Mapping[str, Callable[[_Written], tuple[Term, ...]]] = {
    "token": lambda w: (_token(w.modifier, w.name, w.text, w.place),),
    "string": lambda w: (_string(w.name, w.modifier, w.text),),
    "date": lambda w: (_date(w.name, w.text, w.place),),
    "number": lambda w: (read_number(w.name, w.text),),
    "quantity": lambda w: (read_quantity(w.name, w.text),),
    "uri": lambda w: (_uri(w.name, w.modifier, w.text),),
    "reference": _reference,
}
