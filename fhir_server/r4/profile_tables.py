"""One profile compiled into a table: what it asks of each element beyond R4 itself.

R4 profiling.html. A node of the table is one element definition of the snapshot; an element that
asks nothing beyond its base is left out, so that the walk meets only what must be checked.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.definitions import definitions
from fhir_server.r4.invariants import BASE_KEYS
from fhir_server.r4.profile_packages import ProfilesRefused

CORE = "http://hl7.org/fhir/StructureDefinition/"


@dataclass(frozen=True, slots=True)
class TypeRule:
    """One admitted type: its code, profiles of the value and profiles of a reference's target."""

    code: str
    profiles: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Constraint:
    """An invariant of the profile, in FHIRPath."""

    key: str
    severity: str
    text: str
    expression: str


@dataclass(frozen=True, slots=True)
class Slicing:
    """How the repeats of an element are told apart: (type, path) pairs, and the rules."""

    discriminators: tuple[tuple[str, str], ...]
    rules: str
    ordered: bool


@dataclass(slots=True)
class Node:
    """What the profile asks of one element; `max` None: any number."""

    name: str
    id: str
    slice_name: str | None = None
    min: int = 0
    max: int | None = None
    counted: bool = False
    types: tuple[TypeRule, ...] = ()
    exact: Any = None
    pattern: Any = None
    binding: str | None = None
    max_length: int | None = None
    constraints: tuple[Constraint, ...] = ()
    slicing: Slicing | None = None
    content: str | None = None
    children: dict[str, "Node"] = field(default_factory=dict)
    slices: list["Node"] = field(default_factory=list)

    @property
    def fixes(self) -> Any:
        """The fixed or pattern value, None where there is none."""
        return self.pattern if self.exact is None else self.exact


@dataclass(frozen=True, slots=True)
class Profile:
    """A compiled profile of the type `type`; `contexts` say where an extension may stand."""

    url: str
    version: str | None
    type: str
    root: Node
    nodes: dict[str, Node]
    contexts: tuple[tuple[str, str], ...]
    unchecked: tuple[str, ...]


def compile_profile(definition: JsonObject) -> Profile:
    """Return the table of a StructureDefinition with snapshot; ProfilesRefused for a broken one."""
    url = definition["url"]
    nodes: dict[str, Node] = {}
    unchecked: list[str] = []
    for element in definition["snapshot"]["element"]:
        if "id" not in element or "path" not in element:
            raise ProfilesRefused(f"{url}: an element of the snapshot has no id (sdf-14).")
        nodes[element["id"]] = _node(element)
        unchecked += _unchecked(element)
    root, *others = nodes.values()
    for node in others:
        _attach(node, nodes, url)
    _prune(root)
    return Profile(
        url=url,
        version=definition.get("version"),
        type=definition["type"],
        root=root,
        nodes=nodes,
        contexts=tuple((c["type"], c["expression"]) for c in definition.get("context", ())),
        unchecked=tuple(unchecked),
    )


def _attach(node: Node, nodes: dict[str, Node], url: str) -> None:
    before, dot, last = node.id.rpartition(".")
    name, colon, slice_name = last.partition(":")
    if colon:
        outer = slice_name.rpartition("/")[0]
        owner = before + dot + name + (f":{outer}" if outer else "")
    else:
        owner = before
    if colon and owner not in nodes:
        # R4's own catalog profile names a slice of an element that it does not slice.
        owner, colon = before, ""
    parent = nodes.get(owner)
    if parent is None:
        raise ProfilesRefused(f"{url}: element {node.id} has no element {owner} above it.")
    if colon:
        node.slice_name = slice_name
        node.counted = True
        parent.slices.append(node)
    else:
        parent.children[name] = node


def _node(element: JsonObject) -> Node:
    most = element.get("max", "*")
    base = element.get("base", {})
    least = element.get("min", 0)
    binding = element.get("binding", {})
    return Node(
        name=element["id"].rpartition(".")[2].partition(":")[0],
        id=element["id"],
        min=least,
        max=None if most == "*" else int(most),
        counted=(least, most) != (base.get("min", 0), base.get("max", "*")),
        types=tuple(_types(element)),
        exact=_choice(element, "fixed"),
        pattern=_choice(element, "pattern"),
        binding=binding.get("valueSet") if binding.get("strength") == "required" else None,
        max_length=element.get("maxLength"),
        constraints=tuple(_constraints(element)),
        slicing=_slicing(element),
        content=element.get("contentReference", "").rpartition("#")[2] or None,
    )


def _types(element: JsonObject) -> Iterator[TypeRule]:
    for kind in element.get("type", ()):
        code = kind.get("code", "")
        if not code.startswith("http://hl7.org/fhirpath/"):
            # A core datatype as profile (SimpleQuantity) is R4's own and checked there.
            profiles = tuple(p for p in kind.get("profile", ()) if not is_core(p))
            yield TypeRule(code, profiles, tuple(kind.get("targetProfile", ())))


def is_core(canonical: str) -> bool:
    """Return whether `canonical` is one of R4's own types, without rules beyond R4."""
    name = canonical.partition("|")[0].removeprefix(CORE)
    return name in definitions().names or name in ("Resource", "DomainResource")


def _choice(element: JsonObject, stem: str) -> Any:
    return next(
        (v for k, v in element.items() if k.startswith(stem) and k[len(stem)].isupper()), None
    )


def _constraints(element: JsonObject) -> Iterator[Constraint]:
    for rule in element.get("constraint", ()):
        source = rule.get("source", "")
        own = not is_core(source) if source else rule["key"] not in BASE_KEYS
        if own and "expression" in rule:
            yield Constraint(rule["key"], rule["severity"], rule["human"], rule["expression"])


def _slicing(element: JsonObject) -> Slicing | None:
    slicing = element.get("slicing")
    if slicing is None:
        return None
    found = tuple((d["type"], d["path"]) for d in slicing.get("discriminator", ()) if d)
    return Slicing(found, slicing.get("rules", "open"), slicing.get("ordered") is True)


def _unchecked(element: JsonObject) -> Iterator[str]:
    for stem in ("minValue", "maxValue"):
        if _choice(element, stem) is not None:
            yield f"{stem} of {element['id']}"
    for rule in element.get("constraint", ()):
        if "expression" not in rule and rule["key"] not in BASE_KEYS:
            yield f"constraint {rule['key']} of {element['id']}, which has no FHIRPath"


def _prune(node: Node) -> bool:
    """Drop what asks nothing below `node`; return whether `node` asks something."""
    node.children = {name: child for name, child in node.children.items() if _prune(child)}
    for part in node.slices:
        _prune(part)
    narrowed = node.name.endswith("[x]") or any(t.profiles or t.targets for t in node.types)
    return bool(
        node.counted
        or node.children
        or node.slices
        or node.fixes is not None
        or node.binding
        or node.max_length
        or node.constraints
        or narrowed
        or node.content
    )
