"""R4's own rules within StructureDefinition and ValueSet, with HL7's key and text."""

import re
from collections.abc import Mapping

from fhir_server.r4.invariant_rules import (
    Invariant,
    JsonObject,
    Rule,
    any_of,
    distinct,
    has,
    needs,
    not_both,
    values,
)

_FHIR_DEFINED = "http://hl7.org/fhir/StructureDefinition"
_SNAPSHOT_TYPE = re.compile(r"[a-zA-Z0-9.]+")
_DIFFERENTIAL_TYPE = re.compile(r"[a-zA-Z0-9]+|http://hl7\.org/fhirpath/System\.[A-Z][A-Za-z]+")


def _elements(node: JsonObject, *views: str) -> list[JsonObject]:
    return [
        e for view in views or ("snapshot", "differential") for e in values(node, view, "element")
    ]


def _is_root(element: JsonObject) -> bool:
    return "." not in element.get("path", ".")


def _is_logical(node: JsonObject) -> bool:
    return node.get("kind") == "logical"


def _is_fhirs_own(node: JsonObject) -> bool:
    return str(node.get("url", "")).startswith(_FHIR_DEFINED)


def _starts_with_type(node: JsonObject) -> bool:
    first = _elements(node, "snapshot")[:1]
    return _is_logical(node) or all(e.get("path") == node.get("type") for e in first)


def _paths_below(view: str, own_root: bool) -> Rule:
    """Return the rule: the elements of `view` stand below the structure's type."""

    def holds(node: JsonObject) -> bool:
        elements = _elements(node, view)
        if not elements:
            return True
        first, type_name = elements[0].get("path", ""), node.get("type", "")
        if not _is_logical(node) and not (
            first == type_name if own_root else first.startswith(type_name)
        ):
            return False
        below = (first if own_root else first.partition(".")[0]) + "."
        return all(e.get("path", "").startswith(below) for e in elements[1:])

    return holds


def _root_has_no_type(view: str) -> Rule:
    def holds(node: JsonObject) -> bool:
        first = _elements(node, view)[:1]
        if _is_logical(node) or (view == "differential" and not all(map(_is_root, first))):
            return True
        return not any(has(e, "type") for e in first)

    return holds


def _ids_differ(view: str) -> Rule:
    unique = distinct(view, "element", "id")
    return lambda node: all("id" in e for e in _elements(node, view)) and unique(node)


def _paths_differ(node: JsonObject) -> bool:
    return node.get("derivation") == "constraint" or distinct("snapshot", "element", "path")(node)


def _roots_lack(*names: str) -> Rule:
    return lambda node: not any(has(e, *names) for e in _elements(node) if _is_root(e))


def _types_are_fhirs(node: JsonObject) -> bool:
    return not _is_fhirs_own(node) or all(
        form.fullmatch(code)
        for view, form in (("snapshot", _TYPES_OF_SNAPSHOT), ("differential", _DIFFERENTIAL_TYPE))
        for code in values(node, view, "element", "type", "code")
    )


_TYPES_OF_SNAPSHOT = re.compile(f"{_DIFFERENTIAL_TYPE.pattern}|{_SNAPSHOT_TYPE.pattern}")


def _defaults_suit(node: JsonObject) -> bool:
    return node.get("derivation") == "specialization" or not any(
        has(e, "defaultValue[x]") for e in _elements(node, "differential")
    )


def _each(*names: str) -> Rule:
    return lambda node: all(has(e, name) for e in node.get("element", ()) for name in names)


STRUCTURE_INVARIANTS: Mapping[str, tuple[Invariant, ...]] = {
    "StructureDefinition": (
        Invariant(
            "sdf-1",
            "Element paths must be unique unless the structure is a constraint",
            _paths_differ,
            "snapshot",
        ),
        Invariant(
            "sdf-4",
            "If the structure is not abstract, then there SHALL be a baseDefinition",
            lambda node: node.get("abstract") is True or has(node, "baseDefinition"),
            "baseDefinition",
        ),
        Invariant(
            "sdf-5",
            "If the structure defines an extension then the structure must have context "
            "information",
            lambda node: (
                node.get("type") != "Extension"
                or node.get("derivation") == "specialization"
                or has(node, "context")
            ),
            "context",
        ),
        Invariant(
            "sdf-6",
            "A structure must have either a differential, or a snapshot (or both)",
            any_of("snapshot", "differential"),
        ),
        Invariant(
            "sdf-8",
            "All snapshot elements must start with the StructureDefinition's specified type for "
            "non-logical models, or with the same type name for logical models",
            _paths_below("snapshot", True),
            "snapshot",
        ),
        Invariant(
            "sdf-8a",
            "In any differential, all the elements must start with the StructureDefinition's "
            "specified type for non-logical models, or with the same type name for logical models",
            _paths_below("differential", False),
            "differential",
        ),
        Invariant(
            "sdf-9",
            "In any snapshot or differential, no label, code or requirements on an element without "
            'a "." in the path (e.g. the first element)',
            _roots_lack("label", "code", "requirements"),
        ),
        Invariant(
            "sdf-11",
            "If there's a type, its content must match the path name in the first element of a "
            "snapshot",
            _starts_with_type,
            "type",
        ),
        Invariant(
            "sdf-14",
            "All element definitions must have an id",
            lambda node: all("id" in e for e in _elements(node)),
        ),
        Invariant(
            "sdf-15",
            "The first element in a snapshot has no type unless model is a logical model.",
            _root_has_no_type("snapshot"),
            "snapshot",
        ),
        Invariant(
            "sdf-15a",
            'If the first element in a differential has no "." in the path and it\'s not a logical '
            "model, it has no type",
            _root_has_no_type("differential"),
            "differential",
        ),
        Invariant(
            "sdf-16",
            "All element definitions must have unique ids (snapshot)",
            _ids_differ("snapshot"),
            "snapshot",
        ),
        Invariant(
            "sdf-17",
            "All element definitions must have unique ids (diff)",
            _ids_differ("differential"),
            "differential",
        ),
        Invariant(
            "sdf-18",
            "Context Invariants can only be used for extensions",
            lambda node: not has(node, "contextInvariant") or node.get("type") == "Extension",
            "contextInvariant",
        ),
        Invariant(
            "sdf-19",
            "FHIR Specification models only use FHIR defined types",
            _types_are_fhirs,
        ),
        Invariant(
            "sdf-21",
            "Default values can only be specified on specializations",
            _defaults_suit,
            "differential",
        ),
        Invariant(
            "sdf-22",
            "FHIR Specification models never have default values",
            lambda node: (
                not _is_fhirs_own(node)
                or not any(has(e, "defaultValue[x]") for e in _elements(node))
            ),
        ),
        Invariant("sdf-23", "No slice name on root", _roots_lack("sliceName")),
    ),
    "StructureDefinition.differential": (
        Invariant(
            "sdf-20",
            "No slicing on the root element",
            lambda node: not any(has(e, "slicing") for e in node.get("element", ()) if _is_root(e)),
            "element",
        ),
    ),
    "StructureDefinition.mapping": (
        Invariant("sdf-2", "Must have at least a name or a uri (or both)", any_of("name", "uri")),
    ),
    "StructureDefinition.snapshot": (
        Invariant(
            "sdf-3",
            "Each element definition in a snapshot must have a formal definition and cardinalities",
            _each("definition", "min", "max"),
            "element",
        ),
        Invariant(
            "sdf-8b", "All snapshot elements must have a base definition", _each("base"), "element"
        ),
        Invariant(
            "sdf-10",
            "provide either a binding reference or a description (or both)",
            lambda node: all(
                has(e["binding"], "valueSet", "description")
                for e in node.get("element", ())
                if "binding" in e
            ),
            "element",
        ),
    ),
    "ValueSet.compose.include": (
        Invariant(
            "vsd-1",
            "A value set include/exclude SHALL have a value set or a system",
            any_of("valueSet", "system"),
        ),
        Invariant(
            "vsd-2",
            "A value set with concepts or filters SHALL include a system",
            lambda node: not has(node, "concept", "filter") or has(node, "system"),
            "system",
        ),
        Invariant("vsd-3", "Cannot have both concept and filter", not_both("concept", "filter")),
    ),
    "ValueSet.expansion.contains": (
        Invariant("vsd-6", "SHALL have a code or a display", any_of("code", "display")),
        Invariant(
            "vsd-9",
            "Must have a code if not abstract",
            lambda node: has(node, "code") or node.get("abstract") is True,
            "code",
        ),
        Invariant(
            "vsd-10", "Must have a system if a code is present", needs("code", "system"), "system"
        ),
    ),
}
