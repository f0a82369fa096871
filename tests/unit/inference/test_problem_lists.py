"""Which entries of a problem list say that the patient has a disease."""

from datetime import UTC, timedelta

import pytest

from inference.features.extract import FeatureReader
from inference.features.feature import Absent, Feature
from tests.support.patients import CATALOGUE, CLINICAL_STATUS, NOW, condition, snapshot

VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"


def flag(name: str, *conditions) -> Feature | Absent:
    found = snapshot(conditions=list(conditions))
    return FeatureReader(found, catalogue=CATALOGUE, zone=UTC, region="CN").flag(name)


def coded(system: str, code: str) -> dict:
    return {"coding": [{"system": system, "code": code}]}


def dated(code: str, weeks: int, **changes) -> dict:
    when = (NOW - timedelta(weeks=weeks)).isoformat()
    return condition(code, recordedDate=when, **changes)


@pytest.mark.parametrize(
    ("changes", "diabetes", "ever"),
    [
        ({}, 1.0, 1.0),
        ({"verificationStatus": coded(VERIFICATION, "confirmed")}, 1.0, 1.0),
        ({"verificationStatus": coded(VERIFICATION, "refuted")}, 0.0, 0.0),
        ({"verificationStatus": coded(VERIFICATION, "entered-in-error")}, 0.0, 0.0),
        ({"verificationStatus": coded(VERIFICATION, "provisional")}, None, None),
        ({"verificationStatus": coded(VERIFICATION, "differential")}, None, None),
        ({"verificationStatus": {"text": "待定"}}, None, None),
        ({"clinicalStatus": coded(CLINICAL_STATUS, "resolved")}, 0.0, 1.0),
        ({"clinicalStatus": coded(CLINICAL_STATUS, "inactive")}, 0.0, 1.0),
        ({"clinicalStatus": coded(CLINICAL_STATUS, "remission")}, None, 1.0),
        ({"clinicalStatus": None, "abatementDateTime": "2019"}, 0.0, 1.0),
        # R4's code stands behind one of the EMR's own.
        ({"clinicalStatus": {"coding": [{"system": "urn:emr", "code": "3"},
                                        {"system": CLINICAL_STATUS, "code": "resolved"}]}},
         0.0, 1.0),
        ({"verificationStatus": {"coding": [{"system": "urn:emr", "code": "x"},
                                            {"system": VERIFICATION, "code": "refuted"}]}},
         0.0, 0.0),
        ({"clinicalStatus": {"coding": [{"system": CLINICAL_STATUS, "code": "active"},
                                        {"system": CLINICAL_STATUS, "code": "resolved"}]}},
         None, 1.0),
        ({"clinicalStatus": {"text": "已治愈"}}, None, 1.0),
        ({"clinicalStatus": "resolved"}, None, 1.0),  # as R3 wrote it
        ({"modifierExtension": [{"url": "urn:x", "valueBoolean": True}]}, None, None),
    ],
)  # fmt: skip
def test_a_diagnosis_by_its_status(changes, diabetes, ever):
    """Diabetes counts as long as it is there, a stroke for ever."""
    for name, code, expected in (("diabetes", "E11.900", diabetes), ("prior_cvd", "I63.900", ever)):
        entry = condition(code) | changes
        found = flag(name, {k: v for k, v in entry.items() if v is not None})
        if expected is None:
            assert found.reason.code == "unconfirmed", name
        else:
            assert found.value == expected, name


@pytest.mark.parametrize(
    "text",
    [
        "2型糖尿病？",
        "糖尿病待查",
        "2型糖尿病（疑似）",
        "考虑2型糖尿病",
        "possible diabetes",
        "r/o diabetes",
        "糖尿病已排除",
        "diabetes, ruled out",
        "diabetes unlikely",
        "denies diabetes",
    ],
)
def test_a_diagnosis_that_is_called_uncertain_beside_its_code_is_unconfirmed(text):
    assert flag("diabetes", condition("E11.900", text=text)).reason.code == "unconfirmed"
    # Whoever confirmed it knew the text.
    confirmed = {"verificationStatus": coded(VERIFICATION, "confirmed")}
    assert flag("diabetes", condition("E11.900", text=text, **confirmed)).value == 1.0


def test_what_a_code_is_called_counts_as_its_text():
    """Chinese EMRs write the doctor's words into Coding.display."""
    entry = condition("E11.900")
    entry["code"] = {"coding": [entry["code"]["coding"][0] | {"display": "2型糖尿病待查"}]}
    assert flag("diabetes", entry).reason.code == "unconfirmed"


def test_a_diagnosis_keeps_the_date_on_which_it_was_recorded():
    found = flag("diabetes", dated("E11.900", 100), dated("E11.901", 10))
    assert found.effective == NOW - timedelta(weeks=10)
    assert flag("diabetes", condition("E11.900", onsetDateTime="2015")).effective is None


@pytest.mark.parametrize(
    ("weeks", "pregnant"), [(0, 1.0), (20, 1.0), (47, 1.0), (49, 0.0), (520, 0.0)]
)
def test_a_pregnancy_that_was_never_closed_ends_by_itself(weeks, pregnant):
    assert flag("pregnancy", dated("Z34.900", weeks)).value == pregnant
    # The delivery of years ago, with which the same record goes on.
    assert flag("pregnancy", dated("O80.900", weeks)).value == pregnant


def test_a_pregnancy_without_a_date_counts():
    assert flag("pregnancy", condition("Z34.900")).value == 1.0
    assert flag("pregnancy", condition("Z34.900", onsetDateTime="2026")).value == 1.0
