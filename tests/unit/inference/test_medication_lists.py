"""Which entries of a medication list are a treatment now, as hospitals write them."""

from datetime import UTC, timedelta

import pytest

from inference.features.extract import FeatureReader
from inference.features.feature import Absent, Feature
from tests.support.patients import ATC, CATALOGUE, NOW, drug, snapshot, statement

AMLODIPINE = "C08CA01"


def treated(*entries, complete: bool = True) -> Feature | Absent:
    found = snapshot(medications=list(entries), medications_complete=complete)
    return FeatureReader(found, catalogue=CATALOGUE, zone=UTC, region="CN").flag("antihypertensive")


def days_ago(days: int) -> str:
    return (NOW - timedelta(days=days)).date().isoformat()


def supplied(days: int, *, written: int, **changes) -> dict:
    """Dispensed in full, for so many days."""
    supply = {
        "value": days, "unit": "天", "system": "http://unitsofmeasure.org", "code": "d",
    }  # fmt: skip
    return drug(
        AMLODIPINE,
        status="completed",
        authoredOn=days_ago(written),
        dispenseRequest={"expectedSupplyDuration": supply} | changes,
    )


@pytest.mark.parametrize(
    "entry",
    [
        drug(AMLODIPINE),
        statement(AMLODIPINE),
        statement(AMLODIPINE, effectivePeriod={"start": "2020-01-01"}),
        drug(AMLODIPINE, dispenseRequest={"validityPeriod": {"end": days_ago(-30)}}),
        drug(AMLODIPINE, intent="plan", reportedBoolean=True),
        drug(AMLODIPINE, intent="plan", reportedReference={"reference": "Patient/p1"}),
    ],
    ids=[
        "prescribed",
        "stated",
        "stated since 2020",
        "prescription still valid",
        "reported",
        "reported by",
    ],
)
def test_a_treatment(entry):
    found = treated(entry)
    assert (found.value, len(found.sources)) == (1.0, 1)


def test_a_drug_that_is_only_stated_counts_although_every_prescription_is_known():
    found = treated(statement(AMLODIPINE), drug("A10BA02"))
    assert found.sources == ("MedicationStatement/s-C08CA01",)


@pytest.mark.parametrize(
    "entry",
    [
        drug(AMLODIPINE, intent="proposal"),
        drug(AMLODIPINE, intent="plan"),
        drug(AMLODIPINE, intent="plan", reportedBoolean=False),
        drug(AMLODIPINE, intent="option", reportedBoolean=True),
        drug(AMLODIPINE, doNotPerform=True),
        drug(AMLODIPINE, status="stopped"),
        drug(AMLODIPINE, status="cancelled"),
        drug(AMLODIPINE, status="entered-in-error"),
        drug(AMLODIPINE, status="draft"),
        drug(AMLODIPINE, status="completed", authoredOn=days_ago(400)),
        supplied(14, written=40),
        statement(AMLODIPINE, status="completed"),
        statement(AMLODIPINE, status="stopped"),
        statement(AMLODIPINE, status="intended"),
        statement(AMLODIPINE, status="entered-in-error"),
        statement(AMLODIPINE, status="not-taken"),
    ],
)  # fmt: skip
def test_no_treatment_now(entry):
    assert treated(entry).value == 0.0
    assert treated(entry, complete=False).reason.code == "medications-not-known"


@pytest.mark.parametrize(
    "entry",
    [
        drug(AMLODIPINE, status="on-hold"),
        drug(AMLODIPINE, status="unknown"),
        drug(AMLODIPINE, dispenseRequest={"validityPeriod": {"end": days_ago(200)}}),
        drug(AMLODIPINE, modifierExtension=[{"url": "urn:x", "valueBoolean": True}]),
        drug(AMLODIPINE, status="completed", authoredOn=days_ago(20)),
        supplied(28, written=20),
        supplied(28, written=60, numberOfRepeatsAllowed=2),
        statement(AMLODIPINE, status="unknown"),
        statement(AMLODIPINE, effectivePeriod={"end": days_ago(3)}),
        statement(AMLODIPINE, effectivePeriod={"start": days_ago(-30)}),
        drug(
            AMLODIPINE,
            authoredOn=days_ago(600),
            dosageInstruction=[
                {"timing": {"repeat": {"boundsDuration": {"value": 7, "code": "d"}}}}
            ],
        ),
        drug("0", medicationCodeableConcept={"text": "苯磺酸氨氯地平片"}),
        drug("0", medicationCodeableConcept=None, medicationReference={"display": "某药"}),
    ],
)
def test_a_treatment_that_nobody_confirms_or_ends(entry):
    found = treated({name: value for name, value in entry.items() if value is not None})
    assert found.reason.code == "unconfirmed"


def test_the_last_day_of_a_prescription_is_one_of_it():
    until = {"validityPeriod": {"end": days_ago(0)}}
    assert treated(drug(AMLODIPINE, dispenseRequest=until)).value == 1.0


def test_a_patient_who_says_not_to_take_what_is_prescribed_leaves_it_open():
    found = treated(drug(AMLODIPINE), statement(AMLODIPINE, status="not-taken"))
    assert found.reason.code == "records-conflict"
    assert found.reason.values == {
        "first": "MedicationRequest/m-C08CA01",
        "second": "MedicationStatement/s-C08CA01",
    }
    # Another drug that is not taken contradicts nothing.
    other = statement("A10BA02", status="not-taken")
    assert treated(drug(AMLODIPINE), other).value == 1.0


@pytest.mark.parametrize(
    ("words", "contradicts"), [("氨氯地平片（未服用）", True), ("阿托伐他汀", False)]
)
def test_a_drug_that_is_named_by_words_only_is_denied_too(words, contradicts):
    """The patient's own account is written down as text, the prescription is coded."""
    denied = statement("0", status="not-taken", medicationCodeableConcept={"text": words})
    found = treated(drug(AMLODIPINE), denied)
    assert isinstance(found, Absent) is contradicts


def test_eye_drops_that_are_not_taken_deny_no_treatment_of_pressure():
    drops = {"coding": [{"system": ATC, "code": "S01ED01"}], "text": "噻吗洛尔滴眼液"}
    denied = statement("0", status="not-taken", medicationCodeableConcept=drops)
    assert treated(drug(AMLODIPINE), denied).value == 1.0


def test_a_course_whose_days_are_not_over_counts():
    course = [{"timing": {"repeat": {"boundsDuration": {"value": 4, "code": "wk"}}}}]
    written = {"authoredOn": days_ago(20), "dosageInstruction": course}
    assert treated(drug(AMLODIPINE, **written)).value == 1.0


def lasting(days: float) -> dict:
    return {"timing": {"repeat": {"boundsDuration": {"value": days, "code": "d"}}}}


@pytest.mark.parametrize(
    "course",
    [
        {"dosageInstruction": [lasting(14), {"timing": {"repeat": {"frequency": 1}}}]},
        {"dosageInstruction": [lasting(30)], "dispenseRequest": {"numberOfRepeatsAllowed": 3}},
        {"dosageInstruction": [lasting(1e12)]},
    ],
    ids=["titrated, then without an end", "three refills", "a slip that no calendar holds"],
)
def test_a_course_whose_end_is_not_stated_or_not_reached_counts(course):
    assert treated(drug(AMLODIPINE, authoredOn=days_ago(40), **course)).value == 1.0


def test_a_medication_that_was_entered_in_error_names_no_drug():
    medication = {
        "resourceType": "Medication",
        "id": "med1",
        "status": "entered-in-error",
        "code": {"coding": [{"system": ATC, "code": AMLODIPINE}]},
    }
    entry = drug("0", medicationReference={"reference": "Medication/med1"})
    del entry["medicationCodeableConcept"]
    assert treated(entry, medication).reason.code == "unconfirmed"


def test_a_prescription_of_years_ago_is_used_and_said_to_be_old():
    found = treated(drug(AMLODIPINE, authoredOn=days_ago(900)))
    assert found.value == 1.0
    assert [(c.code, c.values["date"]) for c in found.cautions] == [
        ("prescription-old", days_ago(900))
    ]
    newer = drug(AMLODIPINE, id="newer", authoredOn=days_ago(30))
    assert treated(drug(AMLODIPINE, authoredOn=days_ago(900)), newer).cautions == ()


@pytest.mark.parametrize(
    "reference",
    ["Medication/med1", "Medication/med1/_history/3", "https://emr/fhir/Medication/med1"],
)
def test_a_drug_is_found_in_the_medication_that_is_referred_to(reference):
    entry = drug("0", medicationReference={"reference": reference})
    del entry["medicationCodeableConcept"]
    medication = {
        "resourceType": "Medication",
        "id": "med1",
        "code": {"coding": [{"system": ATC, "code": AMLODIPINE}]},
    }
    assert treated(entry, medication).value == 1.0
    assert treated(entry).reason.code == "unconfirmed"
    assert treated(medication).value == 0.0  # a drug on the shelf is nobody's treatment
