"""The door to search indexing: the official parameters and the values a resource gives them."""

from collections.abc import Iterator
from datetime import tzinfo

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.resource_types import STORED_TYPES
from fhir_server.r4.search_plan import plan_of
from fhir_server.r4.search_readers import Scope
from fhir_server.r4.search_table import (
    ParameterUse,
    SearchParameter,
    SearchPath,
    SearchType,
    indexed_names,
    parameters_of,
)
from fhir_server.r4.search_values import (
    CompositeValue,
    DateValue,
    IndexValue,
    NumberValue,
    QuantityValue,
    ReferenceValue,
    SimpleValue,
    StringValue,
    TokenValue,
    UriValue,
    fold_code,
    normalise,
)

__all__ = [
    "STORED_TYPES",
    "CompositeValue",
    "DateValue",
    "IndexValue",
    "NumberValue",
    "ParameterUse",
    "QuantityValue",
    "ReferenceValue",
    "SearchParameter",
    "SearchPath",
    "SearchType",
    "SimpleValue",
    "StringValue",
    "TokenValue",
    "UriValue",
    "fold_code",
    "index_values",
    "indexed_names",
    "normalise",
    "parameters_of",
]


def index_values(
    resource: JsonObject, *, default_zone: tzinfo, base_url: str | None = None
) -> Iterator[IndexValue]:
    """Yield what `resource` (valid by `validate`) is found by, under the names of `indexed_names`.

    `default_zone` places dates without an offset: the same zone must place a query's dates.
    `base_url` (no slash at its end) is this server's: references below it are local.
    The values of one parameter may repeat; ValueError where a date or reference is malformed.
    """
    scope = Scope(resource, default_zone, base_url)
    plan_of(resource["resourceType"]).read(scope)
    yield from scope.values
