"""What to read of a resource, compiled once per type from its search parameters.

A plan is keyed by the resource's own JSON names, so that what a record does not hold costs nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from itertools import product
from typing import Any, TypeAlias

from fhir_server.r4.search_readers import Reader, Scope, logical_reference, reader
from fhir_server.r4.search_table import SearchParameter, SearchPath, Step, parameters_of
from fhir_server.r4.search_values import CompositeValue, SimpleValue

# Finds the elements below the value of a path's first name.
Finder: TypeAlias = Callable[[Any], list[Any]]
# A name under which values are indexed, and what reads them.
Indexed: TypeAlias = tuple[str, Reader]


@dataclass(frozen=True, slots=True)
class Plan:
    """`by_name`: what to read below a name; `whole`: what reads the resource itself."""

    by_name: Mapping[str, tuple[tuple[Finder, tuple[Indexed, ...]], ...]]
    whole: tuple[Indexed, ...]

    def read(self, scope: Scope) -> None:
        """Append to the scope's values all that its resource is found by."""
        for name, found in scope.resource.items():
            for elements, indexed in self.by_name.get(name, ()):
                for element in elements(found):
                    for param, read in indexed:
                        read(param, element, scope)
        for param, read in self.whole:
            read(param, scope.resource, scope)


@cache
def plan_of(type_name: str) -> Plan:
    """Return the plan of a resource type; KeyError where R4 has no such type."""
    below: dict[tuple[Step, ...], list[Indexed]] = {}
    whole: list[Indexed] = []
    for parameter in parameters_of(type_name).values():
        for path in parameter.paths:
            target = below.setdefault(path.steps, []) if path.steps else whole
            target += _indexed(parameter, path)
    by_name: dict[str, list[tuple[Finder, tuple[Indexed, ...]]]] = {}
    for steps, indexed in below.items():
        by_name.setdefault(steps[0].name, []).append((finder(steps), tuple(indexed)))
    return Plan({name: tuple(found) for name, found in by_name.items()}, tuple(whole))


def _indexed(parameter: SearchParameter, path: SearchPath) -> list[Indexed]:
    name = parameter.name
    if parameter.components:
        return [(name, _composite(parameter.components))]
    if path.any_of:
        return [(name, _any_of(path))]
    found: list[Indexed] = [(name, reader(parameter.type, path))]
    if path.type == "Reference":
        found.append((name + ":identifier", logical_reference))
    return found


def _any_of(path: SearchPath) -> Reader:
    read = reader("token", path)

    def read_any(param: str, resource: Any, scope: Scope) -> None:
        present = any(resource.get(name, False) is not False for name in path.any_of)
        read(param, present, scope)

    return read_any


def _composite(components: tuple[SearchParameter, ...]) -> Reader:
    readings = [
        [(path, finder(path.steps), reader(component.type, path)) for path in component.paths]
        for component in components
    ]

    def read(param: str, context: Any, scope: Scope) -> None:
        parts: list[list[Any]] = []
        # The value, which stands last, is the part that most often is not there.
        for reading in reversed(readings):
            part = Scope(scope.resource, scope.zone, scope.base_url)
            for path, elements, read_part in reading:
                start = scope.resource if path.of_resource else context
                found = start.get(path.steps[0].name)
                for element in () if found is None else elements(found):
                    read_part("", element, part)
            if not part.values:
                return
            parts.append(part.values)
        combined: product[tuple[SimpleValue, ...]] = product(*reversed(parts))
        scope.values.extend(CompositeValue(param, values) for values in combined)

    return read


def finder(steps: tuple[Step, ...]) -> Finder:
    """Return what finds the elements of a path below the value of its first name, nulls left out.

    Arrays are flattened, as FHIRPath does.
    """
    first, *rest = steps
    if not rest and first.where is None and not first.first:
        return _elements
    return partial(_find, first, tuple(rest))


def _find(first: Step, rest: tuple[Step, ...], found: Any) -> list[Any]:
    nodes = _kept(first, _elements(found))
    for step in rest:
        below: list[Any] = []
        for node in nodes:
            child = node.get(step.name)
            if child is not None:
                below += _elements(child)
        nodes = _kept(step, below)
    return nodes


def _elements(found: Any) -> list[Any]:
    if isinstance(found, list):
        return [element for element in found if element is not None]
    return [found]


def _kept(step: Step, nodes: list[Any]) -> list[Any]:
    if step.where is not None:
        name, value = step.where
        nodes = [node for node in nodes if _holds(node.get(name), name, value)]
    return nodes[:1] if step.first else nodes


def _holds(found: Any, name: str, value: str) -> bool:
    if name == "extension":  # where(hasExtension(url))
        return any(extension.get("url") == value for extension in found or ())
    return bool(found == value)
