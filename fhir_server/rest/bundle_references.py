"""References between the entries of a transaction, rewritten to the ids that are stored.

Source: http://hl7.org/fhir/R4/http.html#trules: the server updates "all references and links"
(elements of type Reference, uri, url, oid, uuid, and links in narrative) to the identities that
it assigned, and bundle.html#references on how a relative reference is resolved by fullUrl.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import FhirError, Issue
from fhir_server.r4.references import conditional_reference
from fhir_server.rest.bundle_operation import Operation

# Elements of type string, code or markdown: what they hold is text, though it may look like a URN.
# An Identifier's value is one of them (IHE puts document UUIDs there).
_TEXTS = frozenset({"value", "valueString", "text", "display", "description", "id", "system"})
_URN = re.compile(r"urn:(?:uuid|oid):")
_LINK = re.compile(r"""((?:href|src)\s*=\s*["'])([^"']+)(["'])""")


def identities(operations: Sequence[Operation]) -> dict[str, str]:
    """Return fullUrl -> `Type/id` of every resource that is written.

    Invariant bdl-7 has seen to it that no fullUrl stands twice. FhirError 400 where two entries
    write one resource (R4 http.html#trules:
    "If any resource identities overlap in the transaction, the server SHALL return an error").
    What only criteria single out is compared in the store, when they are resolved.
    """
    found: dict[str, str] = {}
    written: dict[str, Operation] = {}
    for operation in operations:
        if operation.kind not in ("create", "update", "patch", "delete"):
            continue
        if operation.known_as is None:
            continue
        target = f"{operation.type}/{operation.known_as}"
        first = written.setdefault(target, operation)
        if first is not operation:
            raise overlap(target, first, operation)
        if operation.full_url is not None:
            found[operation.full_url] = target
    return found


def overlap(target: str, first: Operation, second: Operation) -> FhirError:
    """Return the refusal (400) of two entries that write one resource."""
    text = f"{target} is written by entries {first.index} and {second.index}; once only."
    return FhirError(400, Issue("error", "duplicate", text, (second.place,)))


class _Layered(Mapping[str, str]):
    """The first mapping that has a key answers."""

    def __init__(self, *layers: Mapping[str, str]) -> None:
        self._layers = layers

    def __getitem__(self, key: str) -> str:
        for layer in self._layers:
            if key in layer:
                return layer[key]
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter({key for layer in self._layers for key in layer})

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass(frozen=True, slots=True)
class Known:
    """What references of a Bundle's entries mean: by fullUrl, and relative to the base of one."""

    absolute: Mapping[str, str]
    relative: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, identities: Mapping[str, str]) -> "Known":
        """Return the identities, grouped by base once: once for each entry would be n squared."""
        relative: dict[str, dict[str, str]] = {}
        for full_url, target in identities.items():
            base = _base(full_url)
            if base is not None:
                relative.setdefault(base, {})[full_url.removeprefix(f"{base}/")] = target
        return cls(identities, relative)

    def seen_from(self, full_url: str | None) -> Mapping[str, str]:
        """Return what the references of the entry with `full_url` mean."""
        base = _base(full_url) if full_url else None
        below = None if base is None else self.relative.get(base)
        return self.absolute if below is None else _Layered(below, self.absolute)


class Link(NamedTuple):
    """A text that may be a reference or a link, and where it stands: `holder[at]`.

    `name` is its element's: of an item of an array, the array's.
    """

    holder: Any
    at: str | int
    name: str
    text: str


def links_of(resource: JsonObject) -> list[Link]:
    """Return every text of `resource` that may be a reference or a link, in one walk."""
    found: list[Link] = []
    nodes: list[JsonObject] = [resource]
    while nodes:
        node = nodes.pop()
        for name, value in node.items():
            kind = type(value)
            if kind is str:
                if _may_link(name, value):
                    found.append(Link(node, name, name, value))
            elif kind is dict:
                nodes.append(value)
            elif kind is list:
                _links_in(value, name, found, nodes)
    return found


def _may_link(name: str, text: str) -> bool:
    """Whether a text may name another entry: every fullUrl has a colon, every `Type/id` a slash.

    Most texts of a resource are codes, and what is found here is looked at several times.
    """
    return (":" in text or "/" in text or name == "reference") and name not in _TEXTS


def _links_in(array: list[Any], name: str, found: list[Link], nodes: list[JsonObject]) -> None:
    for index, value in enumerate(array):
        if type(value) is dict:
            nodes.append(value)
        elif type(value) is str and _may_link(name, value):
            found.append(Link(array, index, name, value))


def point(
    resource: JsonObject,
    links: Iterable[Link],
    operation: Operation,
    identities: Known,
) -> None:
    """Make every reference of the operation's `resource` to another entry one to `Type/id`.

    The resource itself is changed: it was read from this request's body, and nobody else has it.
    FhirError 400 where a `urn:uuid:` or `urn:oid:` reference has no entry: stored, it would
    point at nothing for ever.
    """
    known = identities.seen_from(operation.full_url)
    for link in links:
        if link.name == "reference" and link.text not in known and _URN.match(link.text):
            raise _dangling(resource, operation, link.text)
    redirect(links, known)


def redirect(links: Iterable[Link], targets: Mapping[str, str]) -> None:
    """Replace, where it stands, every reference or link that `targets` names."""
    for holder, at, name, text in links:
        if name == "div":
            holder[at] = _LINK.sub(lambda m: m[1] + targets.get(m[2], m[2]) + m[3], text)
        elif text in targets:
            holder[at] = targets[text]


def is_conditional(link: Link) -> bool:
    """Return whether the text is a reference of the form `Type?query`."""
    if link.name != "reference" or "?" not in link.text:
        return False
    return conditional_reference(link.text) is not None


def conditional_references(value: Any, path: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield text, type, query and expression of each `Type?query` reference in `value`.

    Source: R4 http.html#trules, "Conditional References".
    """
    if isinstance(value, dict):
        for name, child in value.items():
            found = (
                conditional_reference(child)
                if name == "reference" and isinstance(child, str)
                else None
            )
            if found is not None:
                yield child, *found, f"{path}.reference"
            else:
                yield from conditional_references(child, f"{path}.{name}")
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from conditional_references(child, f"{path}[{index}]")


def _base(full_url: str) -> str | None:
    match = re.fullmatch(r"(https?://.+)/[A-Za-z]+/[A-Za-z0-9\-.]{1,64}", full_url)
    return None if match is None else match[1]


def _dangling(resource: JsonObject, operation: Operation, urn: str) -> FhirError:
    path = _path_of(resource, urn, f"{operation.place}.resource") or operation.place
    text = f"Reference {urn[:60]!r} is to no entry of this Bundle; give the entry that fullUrl."
    return FhirError(400, Issue("error", "not-found", text, (path,)))


def _path_of(value: Any, reference: str, path: str) -> str | None:
    """Return the expression of the first element `reference` that holds this text."""
    if isinstance(value, dict):
        if value.get("reference") == reference:
            return f"{path}.reference"
        below = ((f"{path}.{name}", child) for name, child in value.items())
    elif isinstance(value, list):
        below = ((f"{path}[{index}]", child) for index, child in enumerate(value))
    else:
        return None
    found = (_path_of(child, reference, place) for place, child in below)
    return next((place for place in found if place is not None), None)
