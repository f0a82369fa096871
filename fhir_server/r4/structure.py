"""One structure of R4, compiled once into a table of checks, and the walk that applies them."""

import difflib
import threading
from collections.abc import Set as AbstractSet
from functools import cache
from typing import Any, TypeAlias

from fhir_server.r4.datatype_checks import bound_concept, reference
from fhir_server.r4.definitions import Definitions, Element, definitions
from fhir_server.r4.element_checks import (
    ONLY_AN_ID,
    Check,
    JsonObject,
    NodeCheck,
    many,
    many_primitives,
    many_siblings,
    one,
    one_primitive,
    one_sibling,
    recurring,
)
from fhir_server.r4.findings import Findings, Path
from fhir_server.r4.invariant_rules import Invariant
from fhir_server.r4.invariants import invariants_of
from fhir_server.r4.primitives import CODE_FORMS, PRIMITIVES, accepted_by, wrong_kind

# Of a JSON key: strings that its check accepts and so need none, the check, and, for a key of a
# choice, the choice and the key without underscore.
Entry: TypeAlias = tuple[AbstractSet[str], Check, tuple[str, str] | None]

_NO_STRINGS: frozenset[str] = frozenset()

# Large bundles are validated in threads: two first walks of one structure may meet.
_COMPILING = threading.Lock()


class Structure:
    """A resource type, datatype or nested element; its checks are compiled at its first walk."""

    __slots__ = ("compiled", "invariants", "keys", "name", "required")

    def __init__(self, name: str) -> None:
        self.name = name
        self.compiled = False
        self.keys: dict[str, Entry] = {}
        self.required: list[tuple[str, tuple[str, ...]]] = []
        self.invariants: tuple[Invariant, ...] = ()

    def compile(self) -> None:
        """Fill the tables from the R4 definitions, once, whichever thread comes first."""
        with _COMPILING:
            if self.compiled:
                return
            table = definitions()
            if self.name in table.resource_types:
                self.keys["resourceType"] = (_NO_STRINGS, _accept, None)
            for element in table.elements(self.name):
                _add_element(self, element, table)
            self.invariants = invariants_of(self.name, holds_resources="contained" in self.keys)
            self.compiled = True

    def walk(self, node: Any, path: Path, findings: Findings) -> None:
        """Record everything wrong with `node`, which stands at `path`."""
        if type(node) is not dict or not node:
            findings.add(*_no_object(node, self.name), path)
            return
        if not self.compiled:
            self.compile()
        before = len(findings.issues)
        self._walk_keys(node, path, findings)
        for name, alternatives in self.required:
            if node.keys().isdisjoint(alternatives):
                findings.add("required", f"{self.name}.{name} is required.", path, _plain(name))
        # An invariant may rely on the form of what it reads.
        if self.invariants and len(findings.issues) == before:
            for invariant in self.invariants:
                if not invariant.holds(node):
                    text = f"{invariant.text} ({invariant.key})."
                    findings.add("invariant", text, path, invariant.at)

    def _walk_keys(self, node: JsonObject, path: Path, findings: Findings) -> None:
        keys = self.keys
        chosen: dict[str, str] | None = None
        if len(node) == 1 and "id" in node and self.name != "Element":
            findings.add("invariant", ONLY_AN_ID, path)
        for key, value in node.items():
            entry = keys.get(key)
            if entry is None:
                findings.add("structure", _unknown(self, key), path, key)
                continue
            known, check, choice = entry
            if choice is not None:
                group, variant = choice
                if chosen is None:
                    chosen = {group: variant}
                elif chosen.setdefault(group, variant) != variant:
                    text = f"{group} takes one type only; {chosen[group]} is there already."
                    findings.add("structure", text, path, variant)
            if type(value) is not str or value not in known:
                check(value, node, path, findings)


def _no_object(node: Any, name: str) -> tuple[str, str]:
    if node == {}:
        return "structure", "The object is empty; leave the element out."
    return wrong_kind(node, f"a JSON object ({name})")


@cache
def structure(name: str) -> Structure:
    """Return the structure called `name` (`Observation`, `Quantity`, `Observation.component`)."""
    return Structure(name)


def _accept(_value: Any, _node: JsonObject, _path: Path, _findings: Findings) -> None:
    """Accept: whoever chose this structure has read the key."""


def _plain(name: str) -> str:
    return name.removesuffix("[x]")


def _unknown(owner: Structure, key: str) -> str:
    choices = sorted(
        k for k, (_, _, choice) in owner.keys.items() if choice and choice[0][:-3] == key
    )
    if choices:
        few = ", ".join(choice for choice in choices if not choice.startswith("_"))
        return f"A choice carries its type in its name; write one of {few}."
    close = difflib.get_close_matches(key[:60], owner.keys, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else "."
    return f"{owner.name} has no element {key[:60]!r} in R4{hint}"


def _add_element(owner: Structure, element: Element, table: Definitions) -> None:
    alternatives: list[str] = []
    is_choice = element.name.endswith("[x]")
    for key, type_name in table.json_names(element).items():
        choice = (element.name, key) if is_choice else None
        alternatives.append(key)
        primitive = PRIMITIVES.get(type_name)
        if type_name == "code":
            primitive = CODE_FORMS.get(_form_of(owner.name, element), primitive)
        if primitive is None:
            node_check = _node_check(element, type_name, table)
            check = many(key, node_check) if element.many else one(key, node_check)
            owner.keys[key] = (_NO_STRINGS, check, choice)
            continue
        alternatives.append("_" + key)
        codes = _codes(element, type_name, table)
        walk = structure("Element").walk
        if element.many:
            owner.keys[key] = (_NO_STRINGS, many_primitives(key, primitive, codes), choice)
            owner.keys["_" + key] = (_NO_STRINGS, many_siblings(key, walk), choice)
        else:
            known = accepted_by(primitive) if codes is None else codes
            owner.keys[key] = (known, one_primitive(key, primitive, codes), choice)
            owner.keys["_" + key] = (_NO_STRINGS, one_sibling(key, walk), choice)
    if element.min > 0:
        owner.required.append((element.name, tuple(alternatives)))


def _form_of(owner: str, element: Element) -> str:
    """Return the value set whose codes have a form; R4 binds `language` to it at most."""
    if element.name == "language" and element.binding is None and owner != "Expression":
        return "http://hl7.org/fhir/ValueSet/all-languages"
    return element.binding or ""


def _codes(element: Element, type_name: str, table: Definitions) -> frozenset[str] | None:
    if type_name != "code" or element.binding is None:
        return None
    systems = table.value_sets.get(element.binding)
    return None if systems is None else frozenset().union(*systems.values())


def _node_check(element: Element, type_name: str, table: Definitions) -> NodeCheck:
    if type_name == "Resource":
        return _contained if element.name == "contained" else nested_resource
    if type_name == "Reference":
        targets = None if element.targets is None else frozenset(element.targets)
        return reference(structure("Reference").walk, targets)
    if type_name == "CodeableConcept" and element.binding is not None:
        systems = table.value_sets.get(element.binding)
        if systems is not None:
            return recurring(bound_concept(structure("CodeableConcept").walk, systems))
    return _walk_of(type_name)


@cache
def _walk_of(type_name: str) -> NodeCheck:
    walk = structure(type_name).walk
    return recurring(walk) if type_name in _RECURRING else walk


# Of a laboratory's results hardly any has a test, a unit or a range that no other has.
_RECURRING = frozenset({"CodeableConcept", "Coding", "Observation.referenceRange"})


def nested_resource(node: Any, path: Path, findings: Findings) -> None:
    """Record everything wrong with a whole resource: the root, or one inside a Bundle."""
    outer = findings.contained
    contained = node.get("contained") if type(node) is dict else None
    ids = [
        item["id"]
        for item in (contained if type(contained) is list else ())
        if type(item) is dict and type(item.get("id")) is str
    ]
    findings.contained = frozenset(ids)
    if len(ids) > len(findings.contained):
        # R4 references.html#contained: their ids are unique within the resource.
        text = "Two contained resources have one id: a reference to it could mean either."
        findings.add("structure", text, path, "contained")
    _walk_resource(node, path, findings)
    findings.contained = outer


def _contained(node: Any, path: Path, findings: Findings) -> None:
    """Record everything wrong with a contained resource: `#id` names its siblings."""
    if type(node) is dict and "id" not in node:
        text = "A contained resource needs an id, by which the record refers to it."
        findings.add("required", text, path, "id")
    if type(node) is dict and "contained" in node:
        text = "A contained resource SHALL NOT contain nested resources (dom-2)."
        findings.add("invariant", text, path, "contained")
        return
    _walk_resource(node, path, findings)


def _walk_resource(node: Any, path: Path, findings: Findings) -> None:
    if type(node) is not dict:
        findings.add(*wrong_kind(node, "a resource, which is a JSON object"), path)
        return
    type_name = node.get("resourceType")
    if type_name is None:
        findings.add("required", "resourceType is required: it names the resource's type.", path)
    elif type(type_name) is not str or type_name not in definitions().resource_types:
        text = f"{str(type_name)[:40]!r} is no resource type of R4 4.0.1."
        findings.add("structure", text, path, "resourceType")
    else:
        structure(type_name).walk(node, path, findings)
