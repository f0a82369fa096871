"""Orders of several keys and of every type of parameter: pages hold everything once."""

from typing import Any

import pytest
from sqlalchemy import Connection

from tests.support.fhir_store import hba1c, patient, store
from tests.support.searching import walked

UCUM = "http://unitsofmeasure.org"


@pytest.fixture
def people(connection: Connection) -> Connection:
    store(
        connection,
        patient("a", "Zhang", "Wei", gender="male", birthDate="1968"),
        patient("b", "Wang", "Fang", gender="female", birthDate="1968"),
        patient("c", "Zhang", "Li", gender="female"),
        {"resourceType": "Patient", "id": "d", "gender": "male"},
        {"resourceType": "Patient", "id": "e",
         "name": [{"family": "Aa"}, {"family": "Zz"}], "birthDate": "1990"},
    )  # fmt: skip
    return connection


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("family", "ebacd"),
        ("-family", "ecabd"),  # of two names the one that comes first in the order: Zz
        ("gender,family", "bcade"),
        ("gender,-family", "cbade"),
        ("-gender,-_id", "dacbe"),
        ("family,given", "ebcad"),
        ("birthdate,-family", "abecd"),
        ("-birthdate,family,_id", "ebacd"),
        ("-birthdate,gender", "ebacd"),
        ("_id", "abcde"),
        ("-_id", "edcba"),
        ("-_lastUpdated,family", "edcba"),
        ("gender,-_lastUpdated", "cbdae"),
        ("general-practitioner,-_id", "edcba"),
        ("_profile", "abcde"),
        ("family,gender", "ebcad"),
        ("-family,-gender", "eacbd"),
    ],
)
@pytest.mark.parametrize("count", [1, 2, 4, 50])
@pytest.mark.parametrize("criterion", ["", "&_id=a,b,c,d,e,f", "&birthdate:missing=false"])
def test_pages_in_order_of_several_keys(
    people: Connection, sort: str, expected: str, count: int, criterion: str
) -> None:
    wanted = [id for id in expected if "missing" not in criterion or id in "abe"]
    assert walked(people, f"Patient?_sort={sort}{criterion}", count) == wanted


def test_quantities_are_ordered_across_units(connection: Connection) -> None:
    def amount(id: str, value: float, unit: str, **more: Any) -> dict[str, Any]:
        return hba1c(id, valueQuantity={"value": value, "system": UCUM, "code": unit, **more})

    store(
        connection,
        amount("two", 2, "mmol/L"),
        amount("one", 1000, "umol/L"),
        amount("below", 5, "mmol/L", comparator="<"),
        amount("above", 5, "mmol/L", comparator=">"),
        hba1c("none"),
    )
    for count in (1, 2, 9):
        assert walked(connection, "Observation?_sort=value-quantity", count) == [
            "below", "one", "two", "above", "none",
        ]  # fmt: skip
        assert walked(connection, "Observation?_sort=-value-quantity,_id", count) == [
            "above", "two", "one", "below", "none",
        ]  # fmt: skip


def test_numbers_references_and_unions(connection: Connection) -> None:
    def risk(id: str, patient_id: str, *shares: float) -> dict[str, Any]:
        return {
            "resourceType": "RiskAssessment",
            "id": id,
            "status": "final",
            "subject": {"reference": f"Patient/{patient_id}"},
            "prediction": [{"probabilityDecimal": share} for share in shares],
        }

    store(connection, risk("x", "p2", 0.3, 0.1), risk("y", "p1", 0.2), risk("z", "p3", 0.25))
    for count in (1, 2, 3):
        for sort, expected in {
            "probability": "xyz", "-probability": "xzy", "subject": "yxz", "-patient": "zxy",
        }.items():  # fmt: skip
            url = f"RiskAssessment?_sort={sort}"
            assert walked(connection, url, count) == list(expected), sort
