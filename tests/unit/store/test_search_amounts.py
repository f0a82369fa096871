"""Numbers, quantities and composites: precision, prefixes, units, comparators."""

from typing import Any

import pytest
from sqlalchemy import Connection

from tests.support.fhir_store import LOINC, hba1c, store
from tests.support.searching import found

UCUM = "http://unitsofmeasure.org"


def amount(id: str, value: str | float, unit: str = "mmol/L", **more: Any) -> dict[str, Any]:
    quantity = {"value": float(value), "unit": unit, "system": UCUM, "code": unit, **more}
    return hba1c(id, valueQuantity={k: v for k, v in quantity.items() if v is not None})


@pytest.fixture
def results(connection: Connection) -> Connection:
    store(
        connection,
        amount("5.4", "5.4"),
        amount("5.36", "5.36"),
        amount("5.45", "5.45"),
        amount("umol", "5400", "umol/L"),
        amount("mg", "5.4", "mg"),
        amount("printed", "5.4", "mmol/L", system=None, code=None),
        amount("local", "5.4", "x", system="urn:lis", code="MMOL"),
        amount("below", "5", comparator="<"),
        amount("above", "7", comparator=">="),
    )
    return connection


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        # R4 search.html#quantity: 5.4 is 5.4 +/- 0.05, the upper end not included.
        (f"5.4|{UCUM}|mmol/L", ["5.4", "5.36", "umol"]),
        (f"5.40|{UCUM}|mmol/L", ["5.4", "umol"]),
        (f"5.4e-3|{UCUM}|mol/L", ["5.4", "umol"]),
        (f"5400|{UCUM}|umol/L", ["5.4", "umol"]),
        (f"ne5.4|{UCUM}|mmol/L", ["5.45", "below", "above"]),
        (f"gt5.4|{UCUM}|mmol/L", ["5.45", "above"]),
        (f"ge5.4|{UCUM}|mmol/L", ["5.4", "5.45", "umol", "above"]),
        (f"lt5.4|{UCUM}|mmol/L", ["5.36", "below"]),
        (f"le5.4|{UCUM}|mmol/L", ["5.4", "5.36", "umol", "below"]),
        (f"sa5.4|{UCUM}|mmol/L", ["5.45", "above"]),
        (f"eb5.4|{UCUM}|mmol/L", ["5.36", "below"]),
        (f"ap5|{UCUM}|mmol/L", ["5.4", "5.36", "5.45", "umol", "below"]),
        (f"lt5|{UCUM}|mmol/L", ["below"]),
        (f"le5|{UCUM}|mmol/L", ["below"]),
        (f"ge5|{UCUM}|mmol/L", ["5.4", "5.36", "5.45", "umol", "above"]),
        (f"gt100|{UCUM}|mmol/L", ["above"]),
        ("5.4", ["5.4", "5.36", "mg", "printed", "local"]),
        ("5.4||mmol/L", ["5.4", "5.36", "printed"]),
        ("5.4||MMOL", ["local"]),
        ("5.4|urn:lis|MMOL", ["local"]),
        ("5.4|urn:lis|mmol", []),
        ("5.4|urn:never|MMOL", []),
        (f"5.4|{UCUM}|no-such-unit", []),
        (f"5.4|{UCUM}|mg,5400|{UCUM}|umol/L", ["5.4", "umol", "mg"]),
        (f"0.0054|{UCUM}|g", ["mg"]),
    ],
)
def test_a_quantity_is_found_in_whatever_unit_it_was_measured(
    results: Connection, query: str, expected: list[str]
) -> None:
    assert sorted(found(results, f"Observation?value-quantity={query}")) == sorted(expected)


def test_a_quantity_is_checked_beside_a_selective_criterion(results: Connection) -> None:
    url = f"Observation?_id=5.4,umol,mg&value-quantity=5.4|{UCUM}|mmol/L"
    assert found(results, url) == ["5.4", "umol"]
    assert found(results, f"{url}&value-quantity:missing=false") == ["5.4", "umol"]


def chance(id: str, *shares: float, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "RiskAssessment",
        "id": id,
        "status": "final",
        "subject": {"reference": "Patient/p1"},
        "prediction": [{"probabilityDecimal": share} for share in shares] or [more],
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("0.1", ["one", "range"]),  # [0.05, 0.15): the range of 0.06 to 0.14 is within
        ("0.10", ["one"]),
        ("1e-1", ["one"]),  # the letter of R4: 1e2 is [95, 105)
        ("ne0.1", ["two", "hundred"]),
        ("gt0.2", ["two", "hundred"]),
        ("gt0.13", ["two", "range", "hundred"]),
        ("lt0.1", ["range"]),
        ("sa0.05", ["one", "two", "range", "hundred"]),
        ("ap0.11", ["one", "range"]),
        ("100", ["hundred"]),
        ("1e2", ["hundred"]),
        ("-1", []),
    ],
)
def test_a_number_means_the_span_of_its_precision(
    connection: Connection, query: str, expected: list[str]
) -> None:
    store(
        connection,
        chance("one", 0.1),
        chance("two", 0.2, 0.3),
        chance("range", probabilityRange={"low": {"value": 0.06}, "high": {"value": 0.14}}),
        chance("hundred", 99.9),
        chance("none", outcome={"text": "跌倒"}),
    )
    assert found(connection, f"RiskAssessment?probability={query}") == expected


def pressure(id: str, systolic: float, diastolic: float, unit: str = "mm[Hg]") -> dict[str, Any]:
    def part(code: str, value: float) -> dict[str, Any]:
        return {
            "code": {"coding": [{"system": LOINC, "code": code}]},
            "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit},
        }

    return hba1c(
        id,
        code={"coding": [{"system": LOINC, "code": "85354-9"}]},
        component=[part("8480-6", systolic), part("8462-4", diastolic)],
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        # 150/95: no component is both diastolic and above 140.
        (f"component-code-value-quantity={LOINC}|8480-6$gt140|{UCUM}|mm[Hg]", ["high", "kPa"]),
        (f"component-code-value-quantity={LOINC}|8462-4$gt140|{UCUM}|mm[Hg]", []),
        ("component-code-value-quantity=8480-6$gt140", ["high"]),
        ("component-code-value-quantity=8480-6$gt140,8462-4$lt70", ["high", "low", "kPa"]),
        ("component-code-value-quantity=8462-4$gt140", []),
        ("component-code-value-quantity=8480-6$150||mm[Hg]", ["high"]),
        ("component-code-value-quantity=8480-6$gt15||kPa", ["kPa"]),
        (f"component-code-value-quantity={LOINC}|$gt140|{UCUM}|mm[Hg]", ["high", "kPa"]),
        (f"component-code-value-quantity=urn:never|8480-6$gt1|{UCUM}|mm[Hg]", []),
        (f"code-value-quantity={LOINC}|4548-4$gt6|{UCUM}|%25", ["a1c"]),
        (f"code-value-quantity={LOINC}|2160-0$gt6|{UCUM}|%25", []),
        ("code-value-quantity=4548-4$gt6", ["a1c"]),
        ("code-value-quantity=4548-4$gt6,4548-4$lt1", ["a1c"]),
        ("combo-code-value-quantity=8480-6$gt140", ["high"]),
        (
            f"combo-code-value-quantity=8480-6$gt140|{UCUM}|mm[Hg],4548-4$gt6",
            ["a1c", "high", "kPa"],
        ),
        ("combo-value-quantity=gt140", ["high"]),
        ("code-value-string=8480-6$abc", []),
    ],
)  # fmt: skip
def test_the_parts_of_a_composite_belong_to_one_element(
    connection: Connection, query: str, expected: list[str]
) -> None:
    store(
        connection,
        amount("a1c", "6.5", "%"),
        pressure("high", 150, 95),
        pressure("low", 110, 60),
        pressure("kPa", 20, 9, "kPa"),
    )
    assert found(connection, f"Observation?{query}") == expected


def test_code_and_text_of_one_observation(connection: Connection) -> None:
    store(
        connection,
        hba1c("seen", valueString="Detected"),
        hba1c("not", valueString="Not detected"),
    )
    assert found(connection, "Observation?code-value-string=4548-4$det") == ["seen"]
    assert found(connection, "Observation?code-value-string=4548-4$det,4548-4$not") == [
        "seen", "not",
    ]  # fmt: skip


def test_a_result_beyond_what_was_measured_equals_no_number(connection: Connection) -> None:
    """`>5.4` begins at 5.4 and has no end: it is not 5.4, nor is it anything else for certain."""
    value = {"value": 5.4, "unit": "mmol/L"}
    store(
        connection,
        hba1c("beyond", valueQuantity={**value, "comparator": ">"}),
        hba1c("measured", valueQuantity=value),
    )
    assert found(connection, "Observation?value-quantity=5.4") == ["measured"]
    assert found(connection, "Observation?value-quantity=gt5.4") == ["beyond"]
