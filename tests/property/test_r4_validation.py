"""The validator answers on any JSON: it never raises, and what it accepts can be indexed."""

import copy
from datetime import UTC
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fhir_server.r4.codec import decode, encode
from fhir_server.r4.definitions import definitions
from fhir_server.r4.findings import MAX_ISSUES
from fhir_server.r4.search_parameters import index_values
from fhir_server.r4.validation import validate
from tests.unit.r4.records import (
    blood_pressure,
    creatinine,
    hypertension,
    patient,
    report,
    risk,
    transaction,
)

_RECORDS = [
    creatinine(),
    blood_pressure(),
    patient(),
    hypertension(),
    risk(),
    report(),
    transaction(patient(), creatinine()),
]
_keys = st.sampled_from(
    [
        "resourceType",
        "id",
        "extension",
        "url",
        "contained",
        "name",
        "_name",
        "given",
        "_given",
        "coding",
        "code",
        "system",
        "value",
        "valueQuantity",
        "valueString",
        "reference",
        "type",
        "subject",
        "start",
        "end",
        "low",
        "high",
        "component",
        "entry",
    ]
) | st.text(max_size=4)
_scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=True, places=2).filter(lambda d: not d.is_snan())
    | st.text(max_size=6)
    | st.sampled_from(["Patient", "Observation", "#x", "Patient/1", "final", "2026-02-30", "2026"])
)
_JSON = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=4),
    max_leaves=15,
)


def _places(node: Any) -> list[tuple[Any, Any]]:
    """Return every (container, key) below `node`."""
    pairs = list(node.items()) if isinstance(node, dict) else list(enumerate(node))
    found = [(node, key) for key, _ in pairs]
    for _, child in pairs:
        if isinstance(child, dict | list):
            found += _places(child)
    return found


def _check(record: dict[str, Any]) -> None:
    issues = validate(record)
    assert len(issues) <= MAX_ISSUES
    for issue in issues:
        assert issue.severity == "error"
        assert issue.diagnostics
        assert issue.expression
    if not issues:
        values = list(index_values(record, default_zone=UTC))
        assert len(values) == len(list(index_values(decode(encode(record)), default_zone=UTC)))


@given(
    st.sampled_from(sorted(definitions().resource_types)) | _scalars,
    st.dictionaries(_keys, _JSON, max_size=6),
)
def test_any_object(type_name: Any, members: dict[str, Any]) -> None:
    _check({"resourceType": type_name} | members)


@given(st.data())
def test_a_record_with_one_place_changed(data: st.DataObject) -> None:
    record = copy.deepcopy(data.draw(st.sampled_from(_RECORDS)))
    container, key = data.draw(st.sampled_from(_places(record)))
    container[key] = data.draw(_JSON)
    _check(record)


@given(st.data())
def test_a_record_with_one_place_left_out(data: st.DataObject) -> None:
    record = copy.deepcopy(data.draw(st.sampled_from(_RECORDS)))
    container, key = data.draw(st.sampled_from(_places(record)))
    del container[key]
    _check(record)


@given(st.data(), st.text(min_size=1, max_size=8))
def test_an_unknown_key_is_found_wherever_it_stands(data: st.DataObject, key: str) -> None:
    record = copy.deepcopy(data.draw(st.sampled_from(_RECORDS)))
    objects = [record] + [
        container[k] for container, k in _places(record) if isinstance(container[k], dict)
    ]
    data.draw(st.sampled_from(objects))["zz" + key] = True
    issues = validate(record)
    assert [issue.code for issue in issues] == ["structure"]


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9))
def test_any_finite_decimal_is_a_value(value: Decimal) -> None:
    record = creatinine()
    record["valueQuantity"]["value"] = value
    assert validate(record) == ()
