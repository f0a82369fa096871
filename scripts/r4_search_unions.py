"""Which search parameters need no index rows of their own, since others' rows answer them."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace

from fhir_server.r4.search_table import ParameterUse, SearchParameter


def without_repeats(parameters: Iterable[SearchParameter]) -> list[SearchParameter]:
    """Return the parameters of one type by name; `union_of` where others' rows say the same.

    A parameter is left to others where their paths together are exactly its own, or where it has
    one other's paths with a narrower target (`patient` and `subject`).
    """
    by_name = {parameter.name: parameter for parameter in parameters}
    kept: dict[str, SearchParameter] = {}
    for parameter in sorted(by_name.values(), key=_narrow_last):
        others = [other for other in kept.values() if other.type == parameter.type]
        uses = _uses(parameter, others)
        if uses:
            by_name[parameter.name] = replace(
                parameter, paths=(), components=(), all_of=(), union_of=uses
            )
        elif _atoms(parameter):
            kept[parameter.name] = parameter
    return [by_name[name] for name in sorted(by_name)]


def _narrow_last(parameter: SearchParameter) -> tuple[int, bool, bool, int, str]:
    """Order by what may answer for what: few paths first; of equal paths the widest target."""
    restricted = any(path.targets for path in parameter.paths)
    narrow = len(parameter.targets) > 0
    return len(_atoms(parameter)), restricted, narrow, -len(parameter.targets), parameter.name


def _uses(parameter: SearchParameter, others: list[SearchParameter]) -> tuple[ParameterUse, ...]:
    atoms = _atoms(parameter)
    parts = [other for other in others if _atoms(other) <= atoms and _admits(other, parameter)]
    whole = [other for other in parts if _atoms(other) == atoms]
    chosen = whole[:1] or parts
    if not atoms or frozenset().union(*map(_atoms, chosen)) != atoms:
        return ()
    return tuple(ParameterUse(other.name, _types(parameter, other)) for other in chosen)


def _admits(other: SearchParameter, parameter: SearchParameter) -> bool:
    """Whether the rows of `other` hold every target that `parameter` may find."""
    restrictions = {path.targets for path in other.paths}
    return restrictions <= {()} or restrictions == {path.targets for path in parameter.paths}


def _types(parameter: SearchParameter, other: SearchParameter) -> tuple[str, ...]:
    if parameter.type != "reference":
        return ()
    restricted = {target for path in parameter.paths for target in path.targets}
    if restricted:
        return tuple(sorted(restricted))
    narrower = set(parameter.targets) < set(other.targets) or (
        parameter.targets and not other.targets
    )
    return parameter.targets if narrower else ()


def _atoms(parameter: SearchParameter) -> frozenset[Hashable]:
    """Return what gives the parameter its rows, one member for each path or context."""
    if parameter.components:
        components = tuple(frozenset(component.paths) for component in parameter.components)
        return frozenset((path.steps, components) for path in parameter.paths)
    return frozenset(replace(path, targets=()) for path in parameter.paths)


def as_conjunction(
    composite: SearchParameter, by_definition: Mapping[str, SearchParameter]
) -> SearchParameter:
    """Return the composite, on a context that does not repeat, as its parameters together.

    Where a component reads less than its parameter (Observation.code-value-string leaves out
    the text of a concept), the composite stays as it is: it has rows of its own.
    """
    (context,) = composite.paths
    names = []
    for component in composite.components:
        parameter = by_definition[component.definition]
        absolute = {
            path if path.of_resource else replace(path, steps=context.steps + path.steps)
            for path in component.paths
        }
        if absolute != set(parameter.paths):
            return composite
        names.append(parameter.name)
    return replace(composite, all_of=tuple(names))
