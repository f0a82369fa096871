"""What several messages state of one resource: of each element the newest statement counts.

A message about a person or a visit states some elements, ends others (HL7 v2.5.1 section 2.5.3.3,
null) and is silent on the rest. `combined` is commutative, associative and idempotent, so that
the order in which messages arrive, and how often, does not matter.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from fhir_server.r4.codec import JsonObject

# When a statement was sent (MSH-7, microseconds since the epoch), and the id of its message:
# ids grow with the time of arrival, so that of two of the same time the later arrival is newer.
Stamp: TypeAlias = tuple[int, str]

_OUTSIDE: Final = frozenset(("resourceType", "id", "meta"))
# Elements that have a type in their name: another type of the same element replaces it.
_CHOICES: Final = ("deceased", "multipleBirth")
# Elements of which each part is stated apart from the others.
_NESTED: Final = ("period", "hospitalization")


@dataclass(frozen=True, slots=True)
class Stated:
    """A resource as far as it is known: `stamp` is its newest statement.

    `others` are the elements (see `element_of`) with another newest statement: an older one, or
    one that ended the element.
    """

    resource: JsonObject
    stamp: Stamp
    others: Mapping[str, Stamp] = field(default_factory=dict)


def element_of(name: str) -> str:
    """Return the element to which a JSON name belongs: `deceased` for `deceasedBoolean`.

    `_birthDate` belongs to `birthDate`: the extensions of a primitive hold of its value.
    """
    own = name.removeprefix("_")
    return next((choice for choice in _CHOICES if own.startswith(choice)), own)


def extension_of(url: str) -> str:
    """Return the element that the extensions of a URL are, all of them together."""
    return f"extension {url}"


def stated(resource: JsonObject, stamp: Stamp, ended: frozenset[str]) -> Stated:
    """Return what one message states; it ends the elements `ended` unless it states them."""
    said = dict(_parts(resource))
    if "identifier" in resource:
        # Said twice it is one identifier.
        once = {_identifier_key(each): each for each in resource["identifier"]}
        resource = {**resource, "identifier": [*once.values()]}
    return Stated(resource, stamp, {each: stamp for each in ended if each not in said})


def combined(first: Stated, second: Stated) -> Stated:
    """Return of each element the newest statement; the id and `meta` are those of `first`."""
    parts = dict(_parts(first.resource)), dict(_parts(second.resource))
    stamps = _stamps(first, parts[0]), _stamps(second, parts[1])
    newest = max(first.stamp, second.stamp)
    kept: dict[str, JsonObject] = {}
    others: dict[str, Stamp] = {}
    for element in dict.fromkeys((*stamps[0], *stamps[1])):
        of_first, of_second = (each.get(element, (-1, "")) for each in stamps)
        winner = 0 if of_first >= of_second else 1
        part = parts[winner].get(element)
        if part is not None:
            kept[element] = part
        stamp = max(of_first, of_second)
        if part is None or stamp != newest:
            others[element] = stamp
    resource = {name: value for name, value in first.resource.items() if name in _OUTSIDE}
    for part in kept.values():
        _put(resource, part)
    _order_lists(resource, first.resource, second.resource)
    return Stated(_with_silent(resource, first.resource, second.resource), newest, others)


def to_text(others: Mapping[str, Stamp]) -> str:
    """Return the form in which the stamps of elements are stored."""
    return json.dumps(others, ensure_ascii=False, separators=(",", ":")) if others else ""


def from_text(text: str) -> dict[str, Stamp]:
    """Return the stamps of elements that `to_text` wrote."""
    return {name: (at, by) for name, (at, by) in json.loads(text).items()} if text else {}


def _stamps(of: Stated, parts: Mapping[str, JsonObject]) -> dict[str, Stamp]:
    return dict.fromkeys(parts, of.stamp) | dict(of.others)


def _parts(resource: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """Yield the elements that are stated apart from each other, each as a piece of the resource."""
    whole: dict[str, JsonObject] = {}
    for name, value in resource.items():
        if name in _OUTSIDE or _is_silent(name, value):
            continue
        if name == "identifier":
            for each in value:
                yield _identifier_key(each), {name: [each]}
        elif name == "extension":
            for url in dict.fromkeys(each["url"] for each in value):
                yield extension_of(url), {name: [each for each in value if each["url"] == url]}
        elif name in _NESTED:
            for part, inner in value.items():
                yield f"{name}.{part}", {name: {part: inner}}
        else:
            whole.setdefault(element_of(name), {})[name] = value
    yield from whole.items()


def _identifier_key(identifier: JsonObject) -> str:
    return f"identifier {identifier.get('system', '')} {identifier.get('value', '')}"


def _is_silent(name: str, value: Any) -> bool:
    """Whether a required element of an Encounter only says that its message does not state it."""
    return (name == "status" and value == "unknown") or (
        name == "class" and value.get("code") == "UNK"
    )


def _put(resource: JsonObject, part: JsonObject) -> None:
    for name, value in part.items():
        if name in _LISTED:
            resource[name] = [*resource.get(name, []), *value]
        elif name in _NESTED:
            resource[name] = {**resource.get(name, {}), **value}
        else:
            resource[name] = value


def _order_lists(resource: JsonObject, first: JsonObject, second: JsonObject) -> None:
    """Keep the order of a list where both agree on it, else sort: R4 gives it no meaning."""
    for name, key in _LISTED.items():
        orders = [[key(each) for each in of.get(name, [])] for of in (first, second)]
        if orders[0] != orders[1] and name in resource:
            resource[name].sort(key=key)


# Elements of which each entry (of extensions, each URL) is stated apart, and what it is known by.
_LISTED: Final[Mapping[str, Callable[[JsonObject], str]]] = {
    "identifier": _identifier_key,
    "extension": lambda extension: str(extension["url"]),
}


def _with_silent(resource: JsonObject, *sources: JsonObject) -> JsonObject:
    """Return a resource that has its required elements, where nobody stated them as unknown."""
    for source in sources:
        for name, value in source.items():
            if name not in resource and _is_silent(name, value):
                resource[name] = value
    return resource
