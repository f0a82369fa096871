"""Index values hold for every record: named, within their bounds, and the same however read."""

import math
from datetime import UTC
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fhir_server.r4.search_parameters import (
    CompositeValue,
    QuantityValue,
    UriValue,
    fold_code,
    index_values,
    indexed_names,
    normalise,
)

_NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12)
_CODES = st.text(min_size=1, max_size=8)
_CONCEPTS = st.lists(_CODES, min_size=1, max_size=3).map(
    lambda codes: {"coding": [{"code": code} for code in codes]}
)


def _component(concept: dict[str, Any], value: Decimal | None) -> dict[str, Any]:
    return {"code": concept} | ({} if value is None else {"valueQuantity": {"value": value}})


_COMPONENTS = st.lists(st.builds(_component, _CONCEPTS, st.none() | _NUMBERS), max_size=4)


@given(_CONCEPTS, _COMPONENTS)
def test_a_component_gives_a_pair_for_each_of_its_codes(
    code: dict[str, Any], components: list[dict[str, Any]]
) -> None:
    record = {"resourceType": "Observation", "code": code, "component": components}
    values = list(index_values(record, default_zone=UTC))
    assert {value.param for value in values} <= set(indexed_names("Observation"))
    pairs = [value.parts for value in values if isinstance(value, CompositeValue)]
    expected = [
        (coding["code"], float(component["valueQuantity"]["value"]))
        for component in components
        if "valueQuantity" in component
        for coding in component["code"]["coding"]
    ]
    assert [(token.code, quantity.low) for token, quantity in pairs] == expected  # type: ignore[union-attr]


@given(_NUMBERS, st.sampled_from(["<", "<=", ">", ">=", None]))
def test_a_comparator_opens_one_end_and_keeps_the_other(
    value: Decimal, comparator: str | None
) -> None:
    quantity: dict[str, Any] = {"value": value, "comparator": comparator}
    record = {"resourceType": "Observation", "valueQuantity": quantity}
    found = [v for v in index_values(record, default_zone=UTC) if isinstance(v, QuantityValue)]
    ((low, high),) = [(v.low, v.high) for v in found]
    assert low <= high
    assert (low == -math.inf) == (comparator in ("<", "<="))
    assert (high == math.inf) == (comparator in (">", ">="))
    assert (low <= float(value) <= high) == (comparator not in ("<", ">"))


@given(st.text(max_size=20))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold_code(fold_code(text)) == fold_code(text)
    assert normalise(normalise(text)) == normalise(text)


@given(st.from_regex(r"http://x\.cn/[a-z]{1,5}(\|[0-9.]{1,4})?", fullmatch=True))
def test_a_profile_is_found_with_its_version_and_without(canonical: str) -> None:
    record = {"resourceType": "Patient", "meta": {"profile": [canonical]}}
    found = {v.uri for v in index_values(record, default_zone=UTC) if isinstance(v, UriValue)}
    assert found == {canonical, canonical.partition("|")[0]}
