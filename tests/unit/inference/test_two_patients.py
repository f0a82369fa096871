"""Two patients in one request: whichever door they came through, nothing is computed of the mix."""

import pytest

from inference.features.subjects import strangers
from inference.patient_documents import NotOnePatient, snapshot_of
from inference.prediction import Withheld
from tests.support.patients import (
    NOW,
    condition,
    drug,
    observation,
    patient,
    predictor,
    smoking,
    snapshot,
    usual_conditions,
    usual_results,
    without,
)

MRN = "urn:hospital:mrn"
ZHANG = patient(identifier=[{"system": MRN, "value": "000123"}])


def numbered(value: str, system: str = MRN) -> dict:
    return {"identifier": {"system": system, "value": value}}


def of_another(resource: dict) -> dict:
    return resource | {"id": "x", "subject": numbered("000999")}


@pytest.mark.parametrize(
    "mixed",
    [
        {"observations": [*usual_results(), of_another(observation("x", "8280-0", "80", "cm"))]},
        {"observations": [*without(usual_results(), "smoking-266919005"), of_another(smoking())]},
        {"conditions": [*usual_conditions(), of_another(condition("I21.900"))]},
        {"medications": [of_another(drug("C10AA05"))]},
        {"observations": [*usual_results(), patient(id="p2")]},
    ],
    ids=["result", "smoking", "condition", "medication", "patient"],
)
def test_with_a_resource_of_another_patient_no_model_says_anything(mixed):
    answers = predictor().answer_all(snapshot(of=ZHANG, **mixed)).given
    assert answers
    for answer in answers:
        assert isinstance(answer, Withheld)
        assert answer.kind == "failed"
        assert [reason.code for reason in answer.reasons] == ["another-patient"]
        assert answer.reasons[0].values["sources"]


@pytest.mark.parametrize(
    "subject",
    [
        numbered("000123"),
        numbered("7", system="urn:another:system"),  # nothing is known of that number
        {"reference": "Patient/p1"},
        {"display": "张伟"},
    ],
)
def test_the_patient_s_own_resources_are_no_strangers(subject):
    result = observation("x", "8280-0", "80", "cm") | {"subject": subject}
    assert strangers(snapshot(of=ZHANG, observations=[result])) == ()


def test_a_patient_inside_a_result_may_be_somebody_else():
    """A laboratory's system sends the person beside the result, in `contained`."""

    def inside(number: str) -> dict:
        person = {
            "resourceType": "Patient",
            "id": "pat",
            "identifier": [{"system": MRN, "value": number}],
        }
        contained = {"contained": [person], "subject": {"reference": "#pat"}}
        return observation("x", "8280-0", "80", "cm") | contained

    assert strangers(snapshot(of=ZHANG, observations=[inside("000123")])) == ()
    found = strangers(snapshot(of=ZHANG, observations=[inside("000999")]))
    assert found == ("Observation/x",)


def test_a_result_with_a_focus_is_of_somebody_else():
    """R4 Observation.focus: a fetus's or a donor's creatinine is filed under the patient."""
    donor = observation("x", "14682-9", "70", "umol/L", focus=[{"reference": "RelatedPerson/1"}])
    found = predictor().answer_all(
        snapshot(observations=[*without(usual_results(), "crea"), donor])
    )
    (kidney,) = [each for each in found.given if each.model.id == "ckd-epi-2021"]
    assert isinstance(kidney, Withheld)
    assert {missing.feature for missing, _ in kidney.absent} == {"creatinine"}
    assert [why.reason.values["why"] for _, why in kidney.absent] == ["other-focus"]


def test_a_smoking_status_with_a_focus_is_not_the_patient_s():
    mother = smoking() | {"focus": [{"reference": "RelatedPerson/1"}]}
    results = [*without(usual_results(), "smoking-266919005"), mother]
    (answer,) = [
        each
        for each in predictor().answer_all(snapshot(observations=results)).given
        if each.model.id == "china-par"
    ]
    assert isinstance(answer, Withheld)
    assert {missing.feature for missing, _ in answer.absent} == {"current_smoker"}


@pytest.mark.parametrize("kind", ["observations", "conditions", "medications"])
@pytest.mark.parametrize("shape", ["lists", "bundle"])
def test_a_document_with_a_resource_of_another_is_refused_at_its_place(kind, shape):
    made = {
        "observations": observation("x", "8280-0", "80", "cm"),
        "conditions": condition("I21.900"),
        "medications": drug("C10AA05"),
    }[kind]
    foreign = made | {"subject": {"reference": "Patient/p2"}}
    entries = [{"resource": ZHANG}, {"resource": foreign}]
    document = (
        {"patient": ZHANG, kind: [foreign]}
        if shape == "lists"
        else {"resourceType": "Bundle", "type": "collection", "entry": entries}
    )
    with pytest.raises(NotOnePatient) as caught:
        snapshot_of(document, at=NOW)
    (issue,) = caught.value.issues
    place = f"{kind}[0]" if shape == "lists" else "Bundle.entry[1].resource"
    assert issue.expression == (f"{place}.subject",)
    assert "somebody else" in str(issue.diagnostics)
