"""`:exact` on a string: the index holds normalised text only, so the body decides.

It is asked only for candidates whose normalised text is equal, which are few.
"""

from typing import Any

from fhir_server.r4.codec import decode

# Parts of a HumanName or an Address that are codes, not text a person is found by.
_CODES = frozenset({"use", "type", "system"})


def holds_text(body: bytes, paths: str, text: str) -> bool:
    """Return whether an element at one of the space-separated dotted `paths` reads `text` exactly.

    R4 search.html#string: `:exact` compares "the entire string, including casing and accents".
    """
    resource = decode(body)
    return any(
        text in _texts(element) for path in paths.split(" ") for element in _at(resource, path)
    )


def _at(resource: Any, path: str) -> list[Any]:
    nodes = [resource]
    for name in path.split("."):
        nodes = [child for node in nodes for child in _flat(node.get(name))]
    return nodes


def _texts(element: Any) -> list[str]:
    if isinstance(element, str):
        return [element]
    return [
        text
        for key, value in element.items()
        if key not in _CODES
        for text in _flat(value)
        if isinstance(text, str)
    ]


def _flat(value: Any) -> list[Any]:
    if value is None:
        return []
    return [item for item in value if item is not None] if isinstance(value, list) else [value]
