"""What an example of an invariant is: a structure, a node that breaks it and one that holds it."""

from typing import Any, NamedTuple

UCUM = "http://unitsofmeasure.org"


class Example(NamedTuple):
    """`broken` and `sound` differ in what the invariant `key` says, and in nothing else.

    `also` are the invariants that whatever breaks `key` breaks too.
    """

    structure: str
    key: str
    broken: dict[str, Any]
    sound: dict[str, Any]
    also: tuple[str, ...] = ()


def example(
    structure: str,
    key: str,
    base: dict[str, Any],
    bad: dict[str, Any],
    good: dict[str, Any],
    *also: str,
) -> Example:
    """Return the example whose nodes are `base` with `bad` and with `good`."""
    return Example(structure, key, base | bad, base | good, also)
