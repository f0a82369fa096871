"""The FHIRPath of a patch, resolved to places in a resource that can be written.

Source: R4 fhirpatch.html and fhirpath.html, the part of FHIRPath that names elements: children,
`[n]`, `first()`, `last()`, `single()`, `extension('url')`, `ofType(Type)` and `where(...)` of
equalities and `exists()` joined by `and`. An evaluator of the whole language returns values, and
a patch needs to know where they stand; what is beyond this part is refused by its name.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.definitions import Element, definitions
from fhir_server.r4.outcome import BadRequest

_STEP = re.compile(r"(?P<name>`[^`]+`|[A-Za-z_$][A-Za-z0-9_]*)(?P<rest>.*)", re.DOTALL)
_TEST = re.compile(r"(?P<path>[^=]+?)\s*=\s*(?P<literal>.+)", re.DOTALL)
_STRING = re.compile(r"'(?:[^'\\]|\\.)*'", re.DOTALL)
_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")
_MOST_CHARACTERS = 1000


@dataclass(frozen=True, slots=True)
class Place:
    """One element: in `parent[key]`, at `index` where it repeats; the root has no parent.

    `type` is the structure of what stands there: `HumanName`, `Patient.contact`, `string`.
    """

    parent: JsonObject | None
    key: str
    index: int | None
    type: str
    root: JsonObject

    @property
    def value(self) -> Any:
        """What stands here; None where only the extensions of a primitive do."""
        if self.parent is None:
            return self.root
        found = self.parent.get(self.key)
        if self.index is None:
            return found
        return found[self.index] if isinstance(found, list) and self.index < len(found) else None


def resolve(resource: JsonObject, text: str, where: str) -> list[Place]:
    """Return the places that the FHIRPath `text` names in `resource`, in their order.

    BadRequest (400) for what is no FHIRPath or lies beyond the part that patches may use.
    """
    if len(text) > _MOST_CHARACTERS:
        raise BadRequest("too-costly", f"A path takes up to {_MOST_CHARACTERS} characters.", where)
    type = str(resource.get("resourceType"))
    places = [Place(None, "", None, type, resource)]
    steps = _split(text.strip(), ".", where)
    if steps[0] in (type, "Resource", "DomainResource", "$this", "%resource"):
        steps = steps[1:]
    for step in steps:
        places = _step(places, step, where)
    return places


def element_of(type: str, name: str) -> Element | None:
    """Return the definition of the child `name` of a structure, by its FHIRPath name."""
    if type not in definitions().names:
        return None
    for element in definitions().elements(type):
        if element.name.removesuffix("[x]") == name:
            return element
    return None


def _step(places: list[Place], step: str, where: str) -> list[Place]:
    match = _STEP.fullmatch(step)
    if match is None:
        raise _refused(step, where)
    name, rest = match["name"].strip("`"), match["rest"]
    if rest.startswith("("):
        inner, rest = _bracketed(rest, where)
        found = _function(places, name, inner, where)
    else:
        found = [child for place in places for child in children(place, name)]
    while rest:
        if not rest.startswith("["):
            raise _refused(step, where)
        inner, rest = _bracketed(rest, where)
        if not re.fullmatch(r"[0-9]{1,6}", inner.strip()):
            raise _refused(step, where)
        found = found[int(inner) : int(inner) + 1]
    return found


def children(place: Place, name: str) -> list[Place]:
    """Return the places of the child `name` that are filled."""
    node = place.value
    if not isinstance(node, dict):
        return []
    element = element_of(place.type, name)
    if element is None:
        return []
    found: list[Place] = []
    for key, type in definitions().json_names(element).items():
        siblings = node.get(f"_{key}")
        if key not in node and siblings is None:
            continue
        if element.many:
            count = max(len(node.get(key) or ()), len(siblings or ()))
            found += [_place(place, node, key, index, type) for index in range(count)]
        else:
            found.append(_place(place, node, key, None, type))
    return found


def _place(above: Place, node: JsonObject, key: str, index: int | None, type: str) -> Place:
    place = Place(node, key, index, type, above.root)
    if type == "Resource" and isinstance(place.value, dict):
        return Place(node, key, index, str(place.value.get("resourceType")), above.root)
    return place


def _function(places: list[Place], name: str, inner: str, where: str) -> list[Place]:
    if name == "where":
        tests = _split(inner, " and ", where)
        return [p for p in places if all(_holds(p, test.strip(), where) for test in tests)]
    if name in ("ofType", "as"):
        wanted = inner.strip().removeprefix("FHIR.")
        return [place for place in places if place.type == wanted]
    if name == "extension":
        url = _literal(inner.strip(), where)
        held = [child for place in places for child in children(place, "extension")]
        return [place for place in held if place.value.get("url") == url]
    if inner.strip():
        raise _refused(f"{name}(...)", where)
    if name == "first":
        return places[:1]
    if name == "last":
        return places[-1:]
    if name == "single":
        if len(places) > 1:
            raise BadRequest("value", f"single() stands after {len(places)} elements.", where)
        return places
    raise _refused(f"{name}()", where)


def _holds(place: Place, test: str, where: str) -> bool:
    if test.endswith(".exists()"):
        return bool(_below(place, test.removesuffix(".exists()"), where))
    match = _TEST.fullmatch(test)
    if match is None:
        raise _refused(f"where({test})", where)
    wanted = _literal(match["literal"].strip(), where)
    if match["path"].strip() == "$this":
        return _same(place.value, wanted)
    return any(_same(p.value, wanted) for p in _below(place, match["path"].strip(), where))


def _below(place: Place, path: str, where: str) -> list[Place]:
    places = [place]
    for step in _split(path, ".", where):
        places = places if step == "$this" else _step(places, step, where)
    return places


def _same(found: Any, wanted: Any) -> bool:
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found is wanted
    if isinstance(found, int | Decimal) and isinstance(wanted, Decimal):
        return found == wanted
    return isinstance(found, str) and isinstance(wanted, str) and found == wanted


def _literal(text: str, where: str) -> Any:
    if _STRING.fullmatch(text):
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    if _NUMBER.fullmatch(text):
        return Decimal(text)
    if text in ("true", "false"):
        return text == "true"
    raise _refused(text, where)


def _split(text: str, separator: str, where: str) -> list[str]:
    """Split at `separator` outside of strings, parentheses and brackets."""
    parts, start, depth = [], 0, 0
    for index, character, quoted in _characters(text, where):
        if quoted:
            continue
        depth += (character in "([") - (character in ")]")
        if depth == 0 and index >= start and text.startswith(separator, index):
            parts.append(text[start:index])
            start = index + len(separator)
    if depth:
        raise _refused(text, where)
    parts.append(text[start:])
    if not all(part.strip() for part in parts):
        raise _refused(text, where)
    return parts


def _bracketed(text: str, where: str) -> tuple[str, str]:
    """Return what stands in the bracket that `text` begins with, and what follows it."""
    depth = 0
    for index, character, quoted in _characters(text, where):
        if not quoted:
            depth += (character in "([") - (character in ")]")
            if depth == 0:
                return text[1:index], text[index + 1 :]
    raise _refused(text, where)


def _characters(text: str, where: str) -> Iterator[tuple[int, str, bool]]:
    """Yield index, character and whether it stands in a string."""
    index = 0
    while index < len(text):
        if text[index] == "'":
            match = _STRING.match(text, index)
            if match is None:
                raise _refused(text, where)
            for inside in range(index, match.end()):
                yield inside, text[inside], True
            index = match.end()
        else:
            yield index, text[index], False
            index += 1


def _refused(text: str, where: str) -> BadRequest:
    return BadRequest(
        "not-supported",
        f"{text[:80]!r} is not understood in the path of a patch; it takes element names, [n], "
        "first(), last(), single(), extension('url'), ofType(Type) and where(a.b = 'c' and ...).",
        where,
    )
