"""Which of R4's search parameters a search is answered by, and which it can be sorted by."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from fhir_server.r4.search_parameters import ParameterUse, SearchParameter, parameters_of
from fhir_server.store.search_sorting import SORTED_TYPES

# The store answers these from its own columns.
BY_COLUMN = ("_id", "_lastUpdated")


@cache
def searchable(type: str) -> Mapping[str, SearchParameter]:
    """Return the parameters by which resources of `type` can be searched; the rest is refused."""
    declared = parameters_of(type)
    return MappingProxyType({n: p for n, p in declared.items() if _is_served(p, declared)})


def uses_of(parameter: SearchParameter) -> tuple[ParameterUse, ...]:
    """Return the parameters whose rows answer for this one: itself, or those it is the union of."""
    return parameter.union_of or (ParameterUse(parameter.name),)


@cache
def sortable(type: str) -> Mapping[str, SearchParameter]:
    """Return the parameters by which resources of `type` can be put in order."""
    return MappingProxyType(
        {name: parameter for name, parameter in searchable(type).items() if is_order(parameter)}
    )


def is_order(parameter: SearchParameter) -> bool:
    """Return whether resources have an order by the parameter: one value, not a composite."""
    return parameter.type in SORTED_TYPES


def walks_index(parameter: SearchParameter) -> bool:
    """Return whether an index gives the order: the parameter has rows, or a column, of its own."""
    return parameter.type in ("date", "string", "uri") and not parameter.union_of


def _is_served(parameter: SearchParameter, declared: Mapping[str, SearchParameter]) -> bool:
    if parameter.name in BY_COLUMN:
        return True
    if parameter.type == "special":
        return False
    if parameter.all_of:
        return all(_is_served(declared[name], declared) for name in parameter.all_of)
    if parameter.union_of:
        return all(_is_served(declared[use.name], declared) for use in parameter.union_of)
    return bool(parameter.paths)
