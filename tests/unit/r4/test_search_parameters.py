"""Search: the declared table is R4's, and a record is found by what a clinician asks for."""

import json
import re
from datetime import UTC
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fhir_server.r4.dates import EARLIEST, LATEST, instant_range
from fhir_server.r4.definitions import definitions
from fhir_server.r4.search_parameters import (
    SEARCH_PARAMETERS,
    STORED_TYPES,
    DateValue,
    IndexValue,
    ReferenceValue,
    SearchParameter,
    StringValue,
    TokenValue,
    index_values,
    normalise,
)
from tests.unit.r4.records import LEAVE_OUT, creatinine, hypertension, patient, report, risk

# What scripts/build_r4_definitions.py took from HL7's published SearchParameters.
OFFICIAL = json.loads(Path(__file__).with_name("official_search_parameters.json").read_text())
DECLARED = [
    pytest.param(type_name, parameter, id=f"{type_name}.{parameter.name}")
    for type_name, parameters in SEARCH_PARAMETERS.items()
    for parameter in parameters.values()
]
_INDEXED = {
    "date": {"date", "dateTime", "instant", "Period", "Timing"},
    "string": {"string", "HumanName", "Address"},
}
SHANGHAI = ZoneInfo("Asia/Shanghai")


def _values(record: dict[str, Any], param: str, **options: Any) -> list[IndexValue]:
    options = {"default_zone": UTC} | options
    return [value for value in index_values(record, **options) if value.param == param]


def test_every_stored_type_can_be_searched() -> None:
    assert tuple(SEARCH_PARAMETERS) == STORED_TYPES
    assert len(STORED_TYPES) == 12


@pytest.mark.parametrize(("type_name", "parameter"), DECLARED)
def test_parameter_is_the_official_one(type_name: str, parameter: SearchParameter) -> None:
    official = OFFICIAL[type_name][parameter.name]
    assert parameter.definition == official["definition"]
    assert parameter.type == official["type"]
    paths, targets = _paths(official["expression"], type_name, parameter.type)
    assert set(parameter.paths) == paths
    assert parameter.targets == targets


@pytest.mark.parametrize(("type_name", "parameter"), DECLARED)
def test_code_system_is_the_one_that_the_binding_implies(
    type_name: str, parameter: SearchParameter
) -> None:
    path = parameter.paths[0]
    element = next((e for e in definitions().elements(type_name) if e.name == path), None)
    if element is None or element.types != ("code",):
        assert parameter.code_system is None
    else:
        assert element.binding is not None
        assert set(definitions().value_sets[element.binding]) == {parameter.code_system}


def _paths(expression: str, type_name: str, kind: str) -> tuple[set[str], tuple[str, ...]]:
    """Return the JSON paths and target restriction of an official FHIRPath expression."""
    paths: set[str] = set()
    targets: tuple[str, ...] = ()
    for part in (part.strip() for part in expression.split("|")):
        if not re.match(rf"\(?{type_name}\.", part):
            continue
        bare, *restriction = re.split(r"\.where\(resolve\(\) is (\w+)\)$", part)
        targets = tuple(restriction[:1])
        cast = re.fullmatch(r"\((.+) as (\w+)\)", bare) or re.fullmatch(r"(.+)\.as\((\w+)\)", bare)
        path, only = (cast[1], cast[2]) if cast else (bare, None)
        paths |= _json_paths(path.split(".")[1:], type_name, kind, only)
    return paths, targets


def _json_paths(names: list[str], owner: str, kind: str, only: str | None) -> set[str]:
    name, below = names[0], names[1:]
    for element in definitions().elements(owner):
        if element.name == name:
            if not below:
                return {name}
            return {f"{name}.{p}" for p in _json_paths(below, element.types[0], kind, only)}
        if element.name == name + "[x]":
            wanted = {only} if only else _INDEXED.get(kind, set(element.types))
            types = definitions().json_names(element).items()
            return {key for key, type_name in types if type_name in wanted}
    raise AssertionError(f"{owner} has no {name}")


def test_creatinine_is_found_by_its_essentials() -> None:
    record = creatinine()
    assert _values(record, "code") == [TokenValue("code", "http://loinc.org", "14682-9")]
    assert _values(record, "status") == [
        TokenValue("status", "http://hl7.org/fhir/observation-status", "final")
    ]
    assert _values(record, "subject") == [ReferenceValue("subject", "Patient", "p-1")]
    assert _values(record, "patient") == [ReferenceValue("patient", "Patient", "p-1")]
    low, high = instant_range("2026-03-01T08:15:00+08:00", default_zone=UTC)
    assert _values(record, "date") == [DateValue("date", low, high)]


def test_patient_parameter_leaves_other_subjects_out() -> None:
    record = creatinine(subject={"reference": "Group/ward-3"})
    assert _values(record, "subject") == [ReferenceValue("subject", "Group", "ward-3")]
    assert _values(record, "patient") == []


def test_component_codes_are_found_by_combo_code() -> None:
    codings = [{"coding": [{"system": "http://loinc.org", "code": code}]} for code in ("a", "b")]
    record = creatinine(component=[{"code": concept} for concept in codings])
    codes = [v.code for v in _values(record, "combo-code") if isinstance(v, TokenValue)]
    assert codes == ["14682-9", "a", "b"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"coding": [{"code": "x"}]}, [TokenValue("code", None, "x")]),
        ({"coding": [{"system": "urn:s", "display": "no code"}]}, []),
        ({"text": "words only"}, []),
    ],
)
def test_concepts_without_system_or_code(value: dict[str, Any], expected: list[IndexValue]) -> None:
    assert _values(hypertension(code=value), "code") == expected


def test_identifier_boolean_and_telephone_are_tokens() -> None:
    record = patient()
    assert _values(record, "identifier") == [
        TokenValue("identifier", "urn:oid:2.16.156.10011", "MRN-0042")
    ]
    assert _values(record, "active") == [TokenValue("active", None, "true")]
    assert _values(record, "telecom") == [TokenValue("telecom", None, "+86 10 5550 0100")]
    assert _values(patient(identifier=[{"system": "urn:x"}]), "identifier") == []


def test_coding_element_is_a_token() -> None:
    act = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
    encounter = {"resourceType": "Encounter", "class": {"system": act, "code": "AMB"}}
    assert _values(encounter, "class") == [TokenValue("class", act, "AMB")]


def test_chinese_name_is_found_as_it_is_written() -> None:
    names = {v.normalised for v in _values(patient(), "name") if isinstance(v, StringValue)}
    assert names == {"张三", "张", "三"}
    apart = patient(name=[{"family": "欧阳", "given": ["明"]}])
    assert StringValue("name", "欧阳明") in _values(apart, "name")


def test_names_are_found_without_case_and_accents() -> None:
    record = patient(name=[{"family": "Müller-Straße", "given": ["José  María", None]}])
    assert _values(record, "family") == [StringValue("family", "muller-strasse")]
    assert _values(record, "given") == [StringValue("given", "jose maria")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("ＡＢＣ", "abc"), (" a\t b ", "a b"), ("Ångström", "angstrom"), ("한글", "한글"), ("İ", "i")],
)
def test_normalise(text: str, expected: str) -> None:
    assert normalise(text) == expected
    assert normalise(expected) == expected


def test_a_birth_month_is_the_whole_month_in_the_hospitals_zone() -> None:
    low, high = instant_range("1961-05", default_zone=SHANGHAI)
    assert _values(patient(), "birthdate", default_zone=SHANGHAI) == [
        DateValue("birthdate", low, high)
    ]


def test_a_period_is_open_where_an_end_is_missing() -> None:
    low = instant_range("2026-03-01", default_zone=UTC)[0]
    high = instant_range("2026-03-01", default_zone=UTC)[1]
    start_only = report(effectivePeriod={"start": "2026-03-01"})
    end_only = report(effectivePeriod={"end": "2026-03-01"})
    assert _values(start_only, "date") == [DateValue("date", low, LATEST)]
    assert _values(end_only, "date") == [DateValue("date", EARLIEST, high)]
    neither = report(effectivePeriod={"extension": [{"url": "urn:x", "valueCode": "a"}]})
    assert _values(neither, "date") == []


def test_a_timing_is_its_outer_limits() -> None:
    timing = {"event": ["2026-03-02", "2026-03-01"], "repeat": {"frequency": 1}}
    record = creatinine(effectiveDateTime=LEAVE_OUT, effectiveTiming=timing)
    low = instant_range("2026-03-01", default_zone=UTC)[0]
    high = instant_range("2026-03-02", default_zone=UTC)[1]
    assert _values(record, "date") == [DateValue("date", low, high)]
    bounds = {"repeat": {"boundsPeriod": {"start": "2026-03-02"}}}
    record = creatinine(effectiveDateTime=LEAVE_OUT, effectiveTiming=bounds)
    assert [v.high for v in _values(record, "date") if isinstance(v, DateValue)] == [LATEST]


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ({"reference": "Patient/7/_history/3"}, ReferenceValue("subject", "Patient", "7")),
        (
            {"reference": "https://other.example/fhir/Patient/7/_history/3"},
            ReferenceValue("subject", "Patient", None, "https://other.example/fhir/Patient/7"),
        ),
        (
            {"reference": "https://own.example/fhir/Patient/7"},
            ReferenceValue("subject", "Patient", "7"),
        ),
        (
            {"reference": "urn:oid:1.2.3", "type": "Patient"},
            ReferenceValue("subject", "Patient", None, "urn:oid:1.2.3"),
        ),
        ({"reference": "#contained"}, None),
        ({"identifier": {"value": "MRN-0042"}}, None),
    ],
)
def test_references(reference: dict[str, Any], expected: ReferenceValue | None) -> None:
    found = _values(creatinine(subject=reference), "subject", base_url="https://own.example/fhir")
    assert found == ([] if expected is None else [expected])


def test_risk_assessment_is_found_by_its_method_and_risk() -> None:
    coded = {"coding": [{"system": "urn:attending:model", "code": "china-par"}]}
    record = risk(method=coded)
    assert _values(record, "method") == [TokenValue("method", "urn:attending:model", "china-par")]
    assert _values(record, "risk") == []


def test_a_type_that_is_not_stored_has_no_index() -> None:
    assert list(index_values({"resourceType": "Basic", "id": "x"}, default_zone=UTC)) == []


def test_a_malformed_date_is_no_silent_gap() -> None:
    with pytest.raises(ValueError, match="2026-02-30"):
        list(index_values(creatinine(issued="x", effectiveDateTime="2026-02-30"), default_zone=UTC))
