"""The words in which R4's invariants are written: an Invariant, and rules on what an object has.

They run on an object whose form is right, so they may rely on JSON types.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

JsonObject: TypeAlias = dict[str, Any]
Rule: TypeAlias = Callable[[JsonObject], bool]

UCUM = "http://unitsofmeasure.org"


class Invariant(NamedTuple):
    """One rule: HL7's key and text, whether it holds, and the child that the issue points at."""

    key: str
    text: str
    holds: Rule
    at: str | None = None


def has(node: JsonObject, *names: str) -> bool:
    """Return whether one of the elements exists: `x[x]` is a choice, extensions count."""
    for name in names:
        if name in node or "_" + name in node:
            return True
        if name.endswith("[x]") and _has_choice(node, name[:-3]):
            return True
    return False


def _has_choice(node: JsonObject, stem: str) -> bool:
    return any(
        key.startswith(stem) and key[len(stem) : len(stem) + 1].isupper()
        for key in (name.removeprefix("_") for name in node)
    )


def needs(dependent: str, *others: str) -> Rule:
    """Return the rule: where `dependent` is, one of `others` is too."""
    return lambda node: not has(node, dependent) or has(node, *others)


def any_of(*names: str) -> Rule:
    """Return the rule: at least one of `names` is there."""
    return lambda node: has(node, *names)


def not_both(one: str, other: str) -> Rule:
    """Return the rule: not `one` and `other` at once."""
    return lambda node: not (has(node, one) and has(node, other))


def either(one: str, other: str) -> Rule:
    """Return the rule: `one` or `other`, and not both."""
    return lambda node: has(node, one) != has(node, other)


def together(one: str, other: str) -> Rule:
    """Return the rule: `one` and `other`, or neither."""
    return lambda node: has(node, one) == has(node, other)


def at_most_one(*names: str) -> Rule:
    """Return the rule: of all values of `names` together no more than one."""
    return lambda node: sum(count(node, name) for name in names) <= 1


def only_when(dependent: str, name: str, *codes: str) -> Rule:
    """Return the rule: `dependent` is there only where the code `name` is one of `codes`."""
    return lambda node: not has(node, dependent) or node.get(name) in codes


def never_when(dependent: str, name: str, *codes: str) -> Rule:
    """Return the rule: `dependent` is absent where the code `name` is one of `codes`."""
    return lambda node: not has(node, dependent) or node.get(name) not in codes


def distinct(*path: str) -> Rule:
    """Return the rule: no value stands twice at `path`."""

    def holds(node: JsonObject) -> bool:
        found = list(values(node, *path))
        return len(set(found)) == len(found)

    return holds


def count(node: JsonObject, name: str) -> int:
    """Return how many values `name` has."""
    value = node.get(name)
    return len(value) if type(value) is list else int(has(node, name))


def values(node: Any, *path: str) -> Iterator[Any]:
    """Yield what stands at `path`, through arrays; nothing where a step is absent."""
    if type(node) is list:
        for item in node:
            yield from values(item, *path)
    elif not path:
        if node is not None:
            yield node
    elif type(node) is dict and path[0] in node:
        yield from values(node[path[0]], *path[1:])


def codings(concept: JsonObject) -> set[tuple[str | None, str]]:
    """Return (system, code) of a CodeableConcept's codings."""
    return {(c.get("system"), c["code"]) for c in concept.get("coding", ()) if "code" in c}
