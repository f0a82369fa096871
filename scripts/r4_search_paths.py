"""Compile the FHIRPath of R4's SearchParameters to JSON paths: a small, closed part of FHIRPath.

What it reads: names, `as`, `ofType`, `where(x='y')`, `where(resolve() is X)`, `extension('url')`,
`[0]`, `%resource`, `x.exists() and x != false`, and unions. Anything else is an error, never a gap.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from fhir_server.r4.definitions import Element, definitions
from fhir_server.r4.search_readers import READ
from fhir_server.r4.search_table import SearchPath, SearchType, Step

# Named in expressions of `quantity` and left out: a series of samples is no single quantity.
LEFT_OUT = frozenset({"SampledData"})

_TOKEN = re.compile(
    r"\.(?:as|ofType)\((?P<cast>\w+)\)"
    r"|\.where\(resolve\(\) is (?P<target>\w+)\)"
    r"|\.where\((?P<key>\w+)='(?P<value>[^']*)'\)"
    r"|\.where\(hasExtension\('(?P<has>[^']+)'\)\)"
    r"|\.?extension\('(?P<url>[^']+)'\)"
    r"|(?P<first>\[0\])"
    r"|\.?(?P<name>[A-Za-z]\w*)"
)
_INFIX = re.compile(r"\(?\b([\w.]+) as (\w+)\b\)?")
_PRESENT = re.compile(r"(\w+)\.(\w+)\.exists\(\) and \1\.\2 != false")
_RESOURCE = "%resource."


class NotCompiled(ValueError):
    """An expression that is not of the part of FHIRPath read here, or names no R4 element."""


@dataclass(frozen=True)
class Reached:
    """What a path has reached: its steps, the structure there, whether a name on it repeats."""

    steps: tuple[Step, ...]
    type: str
    many: bool = False
    targets: tuple[str, ...] = ()
    system: str | None = None
    optional: bool = False  # one of several types of a choice: dropped where no search reads it


SystemOf = Callable[[str], str | None]


def parts(expression: str) -> list[str]:
    """Return the members of a union, without the brackets around them."""
    found = [part.strip() for part in expression.split("|")]
    return [_INFIX.sub(r"\1.as(\2)", part) for part in found if part]


def root(part: str) -> str:
    """Return the resource type that a member of a union begins at."""
    return re.split(r"\W", part.lstrip("("), maxsplit=1)[0]


def compile_part(
    part: str, *, start: str, search_type: SearchType, resource: str, system_of: SystemOf
) -> list[SearchPath]:
    """Return the paths of one member of a union that begins at the structure `start`.

    `system_of` gives the one code system of a value set. NotCompiled says what was not understood.
    """
    present = _PRESENT.fullmatch(part)
    if present is not None:
        element = _element(start, present[2])
        return [SearchPath("boolean", any_of=tuple(definitions().json_names(element)))]
    of_resource = part.startswith(_RESOURCE)
    if of_resource:
        part, start = part.removeprefix(_RESOURCE), resource
    paths = []
    ends = reach(part, start=start, system_of=system_of)
    for end in ends:
        if end.type in READ[search_type]:
            system = end.system if search_type == "token" else None
            paths.append(SearchPath(end.type, end.steps, end.targets, system, of_resource))
        elif not end.optional and end.type not in LEFT_OUT:
            raise NotCompiled(f"{part}: {search_type} does not read {end.type}")
    if not paths and not all(end.type in LEFT_OUT for end in ends):
        raise NotCompiled(f"{part}: no type of the choice is read by {search_type}")
    return paths


def reach(part: str, *, start: str, system_of: SystemOf) -> list[Reached]:
    """Return what the path `part` reaches from `start`, each type of a choice for itself."""
    ends = [Reached((), start)]
    at = 0
    while at < len(part):
        match = _TOKEN.match(part, at)
        if match is None:
            raise NotCompiled(f"{part}: not understood from {part[at:]!r}")
        ends = list(_follow(ends, match, part, system_of))
        at = match.end()
    if any(end.type == "Extension" for end in ends):
        ends = [below for end in ends for below in _child(end, "value", part, system_of)]
    return ends


def _follow(
    ends: list[Reached], match: re.Match[str], part: str, system_of: SystemOf
) -> Iterator[Reached]:
    if match["cast"] is not None:
        kept = [end for end in ends if end.type.lower() == match["cast"].lower()]
        if not kept:
            raise NotCompiled(f"{part}: no {match['cast']} among {[end.type for end in ends]}")
        yield from (replace(end, optional=False) for end in kept)
        return
    for end in ends:
        if match["target"] is not None:
            yield replace(end, targets=(match["target"],))
        elif match["key"] is not None:
            yield _with_last(end, where=(match["key"], match["value"]))
        elif match["has"] is not None:
            yield _with_last(end, where=("extension", match["has"]))
        elif match["first"] is not None:
            yield replace(_with_last(end, first=True), many=end.many)
        elif match["url"] is not None:
            step = Step("extension", where=("url", match["url"]))
            yield Reached((*end.steps, step), "Extension", many=True)
        else:
            yield from _child(end, match["name"], part, system_of)


def allowed_targets(structure: str, path: SearchPath) -> frozenset[str]:
    """Return the resource types that R4's structure lets the reference at `path` name."""
    targets: tuple[str, ...] | None = None
    for step in path.steps:
        for element in definitions().elements(structure):
            type_name = definitions().json_names(element).get(step.name)
            if type_name is not None:
                structure, targets = type_name, element.targets
    return definitions().resource_types if targets is None else frozenset(targets)


def _with_last(
    end: Reached, *, where: tuple[str, str] | None = None, first: bool = False
) -> Reached:
    last = replace(end.steps[-1], where=where, first=first)
    return replace(end, steps=(*end.steps[:-1], last))


def _child(end: Reached, name: str, part: str, system_of: SystemOf) -> Iterator[Reached]:
    try:
        element = _element(end.type, name)
    except NotCompiled as error:
        if end.optional:
            return
        raise NotCompiled(f"{part}: {error}") from None
    choice = element.name.endswith("[x]")
    for key, type_name in definitions().json_names(element).items():
        yield Reached(
            steps=(*end.steps, Step(key)),
            type=type_name,
            many=end.many or element.many,
            system=system_of(element.binding) if element.binding and type_name == "code" else None,
            optional=end.optional or choice,
        )


def _element(structure: str, name: str) -> Element:
    if structure not in definitions().names:
        raise NotCompiled(f"{structure} has no elements, so no {name}")
    for element in definitions().elements(structure):
        if element.name in (name, name + "[x]"):
            return element
    raise NotCompiled(f"{structure} has no {name}")
