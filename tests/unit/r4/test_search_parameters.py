"""Search: a record is found by what a clinician asks for, by each kind of parameter."""

import math
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fhir_server.r4.dates import EARLIEST, LATEST, instant_range
from fhir_server.r4.search_parameters import (
    CompositeValue,
    DateValue,
    IndexValue,
    NumberValue,
    QuantityValue,
    ReferenceValue,
    StringValue,
    TokenValue,
    UriValue,
    fold_code,
    index_values,
    normalise,
)
from tests.unit.r4.records import LEAVE_OUT, creatinine, hypertension, patient, report, risk

SHANGHAI = ZoneInfo("Asia/Shanghai")
OWN = "https://own.example/fhir"


def _values(record: dict[str, Any], param: str, **options: Any) -> list[IndexValue]:
    options = {"default_zone": UTC} | options
    return [value for value in index_values(record, **options) if value.param == param]


def test_creatinine_is_found_by_its_essentials() -> None:
    record = creatinine()
    assert _values(record, "code") == [TokenValue("code", "http://loinc.org", "14682-9")]
    assert _values(record, "status") == [
        TokenValue("status", "http://hl7.org/fhir/observation-status", "final")
    ]
    assert _values(record, "subject") == [ReferenceValue("subject", "Patient", "p-1")]
    low, high = instant_range("2026-03-01T08:15:00+08:00", default_zone=UTC)
    assert _values(record, "date") == [DateValue("date", low, high)]


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
            {"reference": f"{OWN}/Patient/7"},
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
    found = _values(creatinine(subject=reference), "subject", base_url=OWN)
    assert found == ([] if expected is None else [expected])


def test_risk_assessment_is_found_by_its_method_and_risk() -> None:
    coded = {"coding": [{"system": "urn:attending:model", "code": "china-par"}]}
    record = risk(method=coded)
    assert _values(record, "method") == [TokenValue("method", "urn:attending:model", "china-par")]
    assert _values(record, "risk") == []


def test_a_malformed_date_is_no_silent_gap() -> None:
    with pytest.raises(ValueError, match="2026-02-30"):
        list(index_values(creatinine(issued="x", effectiveDateTime="2026-02-30"), default_zone=UTC))


def _quantity(low: float, high: float) -> list[IndexValue]:
    ucum = "http://unitsofmeasure.org"
    return [QuantityValue("value-quantity", low, high, ucum, "umol/L", "μmol/L")]


@pytest.mark.parametrize(
    ("comparator", "low", "high"),
    [
        ({}, 84.0, 84.0),
        ({"comparator": "<="}, -math.inf, 84.0),
        ({"comparator": ">="}, 84.0, math.inf),
        ({"comparator": "<"}, -math.inf, math.nextafter(84, 0)),
        ({"comparator": ">"}, math.nextafter(84, 100), math.inf),
    ],
)
def test_a_result_with_a_comparator_is_the_range_it_names(
    comparator: dict[str, Any], low: float, high: float
) -> None:
    value = creatinine()["valueQuantity"] | comparator
    assert _values(creatinine(valueQuantity=value), "value-quantity") == _quantity(low, high)


@pytest.mark.parametrize(
    ("record", "param", "expected"),
    [
        pytest.param(
            {"resourceType": "Invoice", "totalNet": {"value": 12, "currency": "CNY"}},
            "totalnet",
            [QuantityValue("totalnet", 12.0, 12.0, "urn:iso:std:iso:4217", "CNY", None)],
            id="money",
        ),
        pytest.param(
            {"resourceType": "Invoice", "totalNet": {"value": 12}},
            "totalnet",
            [QuantityValue("totalnet", 12.0, 12.0, None, None, None)],
            id="money without a currency",
        ),
        pytest.param(
            {"resourceType": "Condition", "onsetAge": {"value": 50, "unit": "a", "code": "a"}},
            "onset-age",
            [QuantityValue("onset-age", 50.0, 50.0, None, "a", "a")],
            id="age",
        ),
        pytest.param(
            {"resourceType": "Condition", "onsetRange": {"low": {"value": 50, "code": "a"}}},
            "onset-age",
            [QuantityValue("onset-age", 50.0, math.inf, None, "a", None)],
            id="open range of ages",
        ),
        pytest.param(
            {"resourceType": "Condition", "onsetRange": {"high": {"value": 60, "code": "a"}}},
            "onset-age",
            [QuantityValue("onset-age", -math.inf, 60.0, None, "a", None)],
            id="range up to an age",
        ),
        pytest.param(
            {"resourceType": "Condition", "onsetRange": {"low": {"unit": "a"}}},
            "onset-age",
            [],
            id="range without ends",
        ),
        pytest.param(
            {"resourceType": "Observation", "valueQuantity": {"unit": "kg"}},
            "value-quantity",
            [],
            id="quantity without a value",
        ),
        pytest.param(
            {"resourceType": "RiskAssessment", "prediction": [{"probabilityDecimal": 0.25}, {}]},
            "probability",
            [NumberValue("probability", 0.25, 0.25)],
            id="decimal",
        ),
        pytest.param(
            {
                "resourceType": "RiskAssessment",
                "prediction": [{"probabilityRange": {"low": {"value": 1}, "high": {"value": 5}}}],
            },
            "probability",
            [NumberValue("probability", 1.0, 5.0)],
            id="range of numbers",
        ),
        pytest.param(
            {"resourceType": "ValueSet", "url": "http://example.cn/ValueSet/Renal"},
            "url",
            [UriValue("url", "http://example.cn/ValueSet/Renal")],
            id="uri",
        ),
        pytest.param(
            {"resourceType": "Patient", "meta": {"profile": ["http://x.cn/p|1.0"]}},
            "_profile",
            [UriValue("_profile", "http://x.cn/p"), UriValue("_profile", "http://x.cn/p|1.0")],
            id="profile with a version",
        ),
        pytest.param(
            {"resourceType": "Patient", "meta": {"source": "urn:lis#42", "tag": [{"code": "t"}]}},
            "_source",
            [UriValue("_source", "urn:lis#42")],
            id="source",
        ),
        pytest.param(
            {"resourceType": "Patient", "meta": {"tag": [{"system": "urn:t", "code": "t"}]}},
            "_tag",
            [TokenValue("_tag", "urn:t", "t")],
            id="tag",
        ),
        pytest.param(
            {"resourceType": "MeasureReport", "measure": "http://x.cn/Measure/a|2"},
            "measure",
            [
                ReferenceValue("measure", None, None, "http://x.cn/Measure/a"),
                ReferenceValue("measure", None, None, "http://x.cn/Measure/a|2"),
            ],
            id="canonical reference",
        ),
        pytest.param(
            {"resourceType": "CarePlan", "instantiatesCanonical": ["#contained"]},
            "instantiates-canonical",
            [],
            id="canonical of a contained resource",
        ),
        pytest.param(
            {
                "resourceType": "Library",
                "relatedArtifact": [
                    {"type": "depends-on", "resource": "http://x.cn/Library/a"},
                    {"type": "successor", "resource": "http://x.cn/Library/b"},
                    {"type": "depends-on"},
                ],
            },
            "depends-on",
            [ReferenceValue("depends-on", None, None, "http://x.cn/Library/a")],
            id="elements kept by a filter",
        ),
        pytest.param(
            {
                "resourceType": "Patient",
                "telecom": [{"system": "phone", "value": "1"}, {"system": "email", "value": "a@b"}],
            },
            "email",
            [TokenValue("email", None, "a@b")],
            id="email",
        ),
        pytest.param(
            {"resourceType": "Patient", "address": [{"line": ["人民路 1", None], "city": "上海"}]},
            "address",
            [StringValue("address", "人民路 1"), StringValue("address", "上海")],
            id="address",
        ),
        pytest.param(
            {
                "resourceType": "Patient",
                "extension": [
                    {"url": "urn:other", "valueString": "Li"},
                    {
                        "url": "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName",
                        "valueString": "Wang",
                    },
                ],
            },
            "mothersMaidenName",
            [StringValue("mothersMaidenName", "wang")],
            id="extension",
        ),
        pytest.param(
            {
                "resourceType": "QuestionnaireResponse",
                "item": [
                    {"answer": [{"valueReference": {"reference": "Patient/no"}}]},
                    {
                        "extension": [
                            {
                                "url": "http://hl7.org/fhir/StructureDefinition/"
                                "questionnaireresponse-isSubject",
                                "valueBoolean": True,
                            }
                        ],
                        "answer": [{"valueReference": {"reference": "Patient/7"}}],
                    },
                ],
            },
            "item-subject",
            [ReferenceValue("item-subject", "Patient", "7")],
            id="items that carry an extension",
        ),
        pytest.param(
            {
                "resourceType": "Bundle",
                "entry": [
                    {"resource": {"resourceType": "Composition", "id": "c"}},
                    {"resource": {"resourceType": "Composition", "id": "no"}},
                ],
            },
            "composition",
            [ReferenceValue("composition", "Composition", "c")],
            id="first entry of a document",
        ),
        pytest.param(
            {
                "resourceType": "Bundle",
                "entry": [{"resource": {"resourceType": "Composition", "id": "c"}}],
            },
            "message",
            [],
            id="a document is no message",
        ),
        pytest.param(
            {"resourceType": "Group", "characteristic": [{"valueBoolean": False}]},
            "value",
            [TokenValue("value", None, "false")],
            id="boolean of a choice",
        ),
    ],
)
def test_what_an_element_is_found_by(
    record: dict[str, Any], param: str, expected: list[IndexValue]
) -> None:
    assert _values(record, param) == expected


@pytest.mark.parametrize(
    ("deceased", "code"),
    [
        ({}, "false"),
        ({"deceasedBoolean": False}, "false"),
        ({"deceasedBoolean": True}, "true"),
        ({"deceasedDateTime": "2026-01-02"}, "true"),
    ],
)
def test_a_patient_is_deceased_or_not(deceased: dict[str, Any], code: str) -> None:
    assert _values(patient(**deceased), "deceased") == [TokenValue("deceased", None, code)]


def test_a_logical_reference_is_found_by_its_identifier() -> None:
    both = {"reference": "Patient/7", "identifier": {"system": "urn:mrn", "value": "0042"}}
    record = creatinine(subject=both)
    assert _values(record, "subject") == [ReferenceValue("subject", "Patient", "7")]
    assert _values(record, "subject:identifier") == [
        TokenValue("subject:identifier", "urn:mrn", "0042")
    ]


def _component(code: str, value: float) -> dict[str, Any]:
    return {
        "code": {"coding": [{"system": "http://loinc.org", "code": code}, {"code": "local"}]},
        "valueQuantity": {"value": value, "code": "mm[Hg]"},
    }


def test_a_composite_pairs_what_stands_in_one_element() -> None:
    record = creatinine(component=[_component("8480-6", 138), _component("8462-4", 86)])
    param = "component-code-value-quantity"

    def pair(system: str | None, code: str, value: float) -> CompositeValue:
        quantity = QuantityValue("", value, value, None, "mm[Hg]", None)
        return CompositeValue(param, (TokenValue("", system, code), quantity))

    assert _values(record, param) == [
        pair("http://loinc.org", "8480-6", 138.0),
        pair(None, "local", 138.0),
        pair("http://loinc.org", "8462-4", 86.0),
        pair(None, "local", 86.0),
    ]


def test_a_composite_without_one_of_its_parts_is_no_value() -> None:
    record = creatinine(component=[{"code": {"coding": [{"code": "8480-6"}]}}])
    assert _values(record, "component-code-value-quantity") == []
    assert _values(record, "code-value-string") == []


def test_a_composite_on_the_resource_itself() -> None:
    record = creatinine(valueQuantity=LEAVE_OUT, valueString="阴性 Negative")
    assert _values(record, "code-value-string") == [
        CompositeValue(
            "code-value-string",
            (TokenValue("", "http://loinc.org", "14682-9"), StringValue("", "阴性 negative")),
        )
    ]


def test_a_composite_may_read_a_part_from_the_resource() -> None:
    record = {
        "resourceType": "MolecularSequence",
        "referenceSeq": {"chromosome": {"coding": [{"code": "17"}]}},
        "variant": [{"start": 5, "end": 9}],
    }
    assert _values(record, "chromosome-variant-coordinate") == [
        CompositeValue(
            "chromosome-variant-coordinate",
            (TokenValue("", None, "17"), NumberValue("", 5.0, 5.0), NumberValue("", 9.0, 9.0)),
        )
    ]


def test_codes_are_folded_to_lower_case() -> None:
    assert fold_code("HbA1c-É") == "hba1c-é"


def test_what_is_no_resource_type_is_an_error() -> None:
    with pytest.raises(KeyError):
        list(index_values({"resourceType": "Patients"}, default_zone=UTC))
