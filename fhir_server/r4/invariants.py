"""R4's own rules between elements: the door, and what every resource and a Bundle must hold.

The tables by kind of structure stand in `datatype_invariants`, `clinical_invariants`,
`conformance_invariants`, `structure_invariants` and `testing_invariants`.
Elsewhere: ele-1, dom-2 and sqty-1 (`structure`), ref-1 (`datatype_checks`), txt-1, txt-2
(`narrative`).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from fhir_server.r4.clinical_invariants import CLINICAL_INVARIANTS
from fhir_server.r4.conformance_invariants import CONFORMANCE_INVARIANTS
from fhir_server.r4.datatype_invariants import DATATYPE_INVARIANTS
from fhir_server.r4.invariant_rules import Invariant, JsonObject, any_of
from fhir_server.r4.references import ID_PATTERN
from fhir_server.r4.resource_types import RESOURCE_TYPES
from fhir_server.r4.structure_invariants import STRUCTURE_INVARIANTS
from fhir_server.r4.testing_invariants import TESTING_INVARIANTS

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:.")
_RESTFUL = re.compile(rf"^https?://.*/([A-Z][A-Za-z]+)/({ID_PATTERN})$")


def _no_contained(resource: JsonObject, *path: str) -> bool:
    if "contained" not in resource:
        return True

    def holds(node: Any, names: tuple[str, ...]) -> bool:
        if not names:
            return False
        return names[0] not in node or holds(node[names[0]], names[1:])

    return all(holds(inner, path) for inner in resource["contained"])


def _texts(node: Any) -> Iterator[str]:
    if type(node) is dict:
        for value in node.values():
            yield from _texts(value)
    elif type(node) is list:
        for value in node:
            yield from _texts(value)
    elif type(node) is str:
        yield node


def _contained_are_used(resource: JsonObject) -> bool:
    contained = resource.get("contained")
    if not contained:
        return True
    # A fragment counts wherever it stands as a whole value: reference, canonical, uri or url.
    named = {text for text in _texts(resource) if text.startswith("#")}
    return all("#" + inner["id"] in named or "#" in _texts(inner) for inner in contained)


def _entries_have(bundle: JsonObject, name: str, types: tuple[str, ...]) -> bool:
    wanted = bundle.get("type") in types
    return all((name in entry) == wanted for entry in bundle.get("entry", ()))


def _full_urls_differ(bundle: JsonObject) -> bool:
    if bundle.get("type") == "history":
        return True
    urls = [
        (entry["fullUrl"], entry.get("resource", {}).get("meta", {}).get("versionId"))
        for entry in bundle.get("entry", ())
        if "fullUrl" in entry
    ]
    return len(set(urls)) == len(urls)


def _full_url_agrees(entry: JsonObject) -> bool:
    """Hold the definition of Bundle.entry.fullUrl (R4 bundle-definitions.html)."""
    full_url = entry.get("fullUrl")
    if full_url is None:
        return True
    if not _ABSOLUTE.match(full_url):
        return False
    resource = entry.get("resource", {})
    named = _RESTFUL.search(full_url)
    if named is None or "id" not in resource or named[1] not in RESOURCE_TYPES:
        return True
    return (named[1], named[2]) == (resource["resourceType"], resource["id"])


def _begins_with(bundle: JsonObject, kind: str, type_name: str) -> bool:
    first = bundle.get("entry", [{}])[0].get("resource", {})
    return bundle.get("type") != kind or first.get("resourceType") == type_name


def _document_has_identifier(bundle: JsonObject) -> bool:
    identifier = bundle.get("identifier", {})
    return bundle.get("type") != "document" or ("system" in identifier and "value" in identifier)


# R4 domainresource.html#invs
_DOMAIN: tuple[Invariant, ...] = (
    Invariant(
        "dom-3",
        "If the resource is contained in another resource, it SHALL be referred to from elsewhere "
        "in the resource or SHALL refer to the containing resource",
        _contained_are_used,
        "contained",
    ),
    Invariant(
        "dom-4",
        "A contained resource SHALL NOT have a meta.versionId or a meta.lastUpdated",
        lambda node: (
            _no_contained(node, "meta", "versionId") and _no_contained(node, "meta", "lastUpdated")
        ),
        "contained",
    ),
    Invariant(
        "dom-5",
        "A contained resource SHALL NOT have a security label",
        lambda node: _no_contained(node, "meta", "security"),
        "contained",
    ),
)

_BUNDLE: Mapping[str, tuple[Invariant, ...]] = {
    "Bundle": (
        Invariant(
            "bdl-1",
            "total only when a search or history",
            lambda node: "total" not in node or node.get("type") in ("searchset", "history"),
            "total",
        ),
        Invariant(
            "bdl-2",
            "entry.search only when a search",
            lambda node: (
                node.get("type") == "searchset"
                or not any("search" in entry for entry in node.get("entry", ()))
            ),
            "entry",
        ),
        Invariant(
            "bdl-3",
            "entry.request mandatory for batch/transaction/history, otherwise prohibited",
            lambda node: _entries_have(node, "request", ("batch", "transaction", "history")),
            "entry",
        ),
        Invariant(
            "bdl-4",
            "entry.response mandatory for batch-response/transaction-response/history, "
            "otherwise prohibited",
            lambda node: _entries_have(
                node, "response", ("batch-response", "transaction-response", "history")
            ),
            "entry",
        ),
        Invariant(
            "bdl-7",
            "FullUrl must be unique in a bundle, or else entries with the same fullUrl must have "
            "different meta.versionId (except in history bundles)",
            _full_urls_differ,
            "entry",
        ),
        Invariant(
            "bdl-9",
            "A document must have an identifier with a system and a value",
            _document_has_identifier,
            "identifier",
        ),
        Invariant(
            "bdl-10",
            "A document must have a date",
            lambda node: node.get("type") != "document" or "timestamp" in node,
            "timestamp",
        ),
        Invariant(
            "bdl-11",
            "A document must have a Composition as the first resource",
            lambda node: _begins_with(node, "document", "Composition"),
            "entry",
        ),
        Invariant(
            "bdl-12",
            "A message must have a MessageHeader as the first resource",
            lambda node: _begins_with(node, "message", "MessageHeader"),
            "entry",
        ),
    ),
    "Bundle.entry": (
        Invariant(
            "bdl-5",
            "must be a resource unless there's a request or response",
            any_of("resource", "request", "response"),
            "resource",
        ),
        Invariant(
            "Bundle.entry.fullUrl",
            "The fullUrl SHALL NOT disagree with the id in the resource, and is absolute",
            _full_url_agrees,
            "fullUrl",
        ),
        Invariant(
            "bdl-8",
            "fullUrl cannot be a version specific reference",
            lambda node: "/_history/" not in node.get("fullUrl", ""),
            "fullUrl",
        ),
    ),
}

_BY_NAME: Mapping[str, tuple[Invariant, ...]] = {
    **DATATYPE_INVARIANTS,
    **CLINICAL_INVARIANTS,
    **CONFORMANCE_INVARIANTS,
    **STRUCTURE_INVARIANTS,
    **TESTING_INVARIANTS,
    **_BUNDLE,
}

# Keys of R4's own rules that are kept elsewhere, or advise only (dom-6), or hold always (eld-11).
_KEPT_ELSEWHERE = ("ele-1", "dom-2", "dom-6", "eld-11", "ref-1", "sqty-1", "txt-1", "txt-2")
BASE_KEYS: frozenset[str] = frozenset(_KEPT_ELSEWHERE).union(
    *({rule.key for rule in rules} for rules in (_DOMAIN, *_BY_NAME.values()))
)


def invariants_of(structure: str, *, holds_resources: bool) -> tuple[Invariant, ...]:
    """Return the rules of a structure; `holds_resources` is true for a DomainResource."""
    return (*_BY_NAME.get(structure, ()), *(_DOMAIN if holds_resources else ()))
