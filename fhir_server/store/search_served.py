"""Which of R4's search parameters a search is answered by."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from fhir_server.r4.search_parameters import ParameterUse, SearchParameter, parameters_of

# The store answers these from its own columns.
BY_COLUMN = ("_id", "_lastUpdated")
_KINDS = ("token", "string", "date", "reference")


@cache
def searchable(type: str) -> Mapping[str, SearchParameter]:
    """Return the parameters by which resources of `type` can be searched; the rest is refused."""
    declared = parameters_of(type)
    return MappingProxyType({n: p for n, p in declared.items() if _is_served(p, declared)})


def uses_of(parameter: SearchParameter) -> tuple[ParameterUse, ...]:
    """Return the parameters whose rows answer for this one: itself, or those it is the union of."""
    return parameter.union_of or (ParameterUse(parameter.name),)


def _is_served(parameter: SearchParameter, declared: Mapping[str, SearchParameter]) -> bool:
    if parameter.name in BY_COLUMN:
        return True
    if parameter.type not in _KINDS:
        return False
    return all(declared[use.name].paths for use in uses_of(parameter))
