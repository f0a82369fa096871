"""One patient out of a document: whose a resource is, is never guessed."""

from datetime import UTC

import pytest

from fhir_server.r4.outcome import BadRequest, InvalidResource
from inference.features.extract import FeatureReader
from inference.patient_documents import NotOnePatient, snapshot_of
from tests.support.patients import (
    ATC,
    CATALOGUE,
    NOW,
    condition,
    drug,
    observation,
    patient,
    relative,
    statement,
)

URN = "urn:uuid:0a1b2c3d-0000-4000-8000-000000000001"


def result(**changes) -> dict:
    return observation("sbp", "8480-6", "152", "mm[Hg]", **changes)


def bundle(*resources: dict, full_url: str = URN, **more) -> dict:
    entries = [{"resource": each} for each in resources]
    if resources:
        entries[0]["fullUrl"] = full_url
    return {"resourceType": "Bundle", "type": "collection", "entry": entries} | more


def everything(query: str = "", **more) -> dict:
    url = f"http://emr/fhir/Patient/p1/$everything{query}"
    return {"link": [{"relation": "self", "url": url}, *more.pop("links", [])]}


@pytest.mark.parametrize(
    "subject",
    [
        {"reference": "Patient/p1"},
        {"reference": "Patient/p1/_history/3"},
        {"reference": URN},
        {"identifier": {"system": "urn:h", "value": "7"}},
    ],
)
def test_a_result_is_the_patient_s_by_reference_or_by_identifier(subject):
    person = patient(identifier=[{"system": "urn:h", "value": "7"}])
    found = snapshot_of(bundle(person, result(subject=subject)), at=NOW)
    assert [entry.reference for entry in found.observations] == ["Observation/sbp"]


@pytest.mark.parametrize(
    "subject",
    [
        None,
        {},
        {"display": "Zhang Wei"},
        {"reference": "Patient/p2"},
        {"reference": "Patient/p10"},
        {"reference": "http://elsewhere/fhir/Patient/p1"},
        {"reference": "Group/p1"},
        {"reference": "urn:uuid:0a1b2c3d-0000-4000-8000-000000000002"},
        {"identifier": {"system": "urn:h", "value": "8"}},
        {"identifier": {"value": "7"}},
    ],
)
def test_what_does_not_say_that_it_is_the_patient_s_refuses_the_document(subject):
    person = patient(identifier=[{"system": "urn:h", "value": "7"}])
    with pytest.raises(NotOnePatient) as refused:
        snapshot_of(bundle(person, result(subject=subject)), at=NOW)
    (issue,) = refused.value.issues
    assert issue.expression == ("Bundle.entry[1].resource.subject",)


def test_a_relative_reference_is_one_to_the_server_of_its_own_entry():
    """A regional platform merges two hospitals' answers, and both number a patient p1."""
    merged = bundle(patient(), result(), full_url="https://a.example/fhir/Patient/p1")
    merged["entry"][1]["fullUrl"] = "https://a.example/fhir/Observation/sbp"
    assert snapshot_of(merged, at=NOW).observations
    merged["entry"][1]["fullUrl"] = "https://b.example/fhir/Observation/sbp"
    with pytest.raises(NotOnePatient):
        snapshot_of(merged, at=NOW)


def test_an_equal_id_on_another_server_is_another_result_of_the_patient():
    whose = {"subject": {"reference": "https://a.example/fhir/Patient/p1"}}
    other = observation("sbp", "14682-9", "88", "umol/L", **whose)
    person = "https://a.example/fhir/Patient/p1"
    merged = bundle(patient(), result(**whose), other, full_url=person)
    merged["entry"][1]["fullUrl"] = "https://a.example/fhir/Observation/sbp"
    merged["entry"][2]["fullUrl"] = "https://b.example/fhir/Observation/sbp"
    found = snapshot_of(merged, at=NOW).observations
    assert [entry.reference for entry in found] == [
        "Observation/sbp",
        "https://b.example/fhir/Observation/sbp",
    ]


def test_the_onset_of_another_disease_is_not_taken_where_resources_have_no_ids():
    found = {
        "patient": patient(),
        "conditions": [condition("E11.900"), condition("I10.x00", onsetDateTime="1988-01-01")],
    }
    for entry in found["conditions"]:
        del entry["id"]
    reader = FeatureReader(snapshot_of(found, at=NOW), catalogue=CATALOGUE, zone=UTC, region="CN")
    assert reader.flag("type_2_diabetes").sources == ("conditions[0]",)
    assert reader.flag("type_2_diabetes_onset_age").reason.code == "onset-not-known"


def versions(*times: str | None) -> dict:
    """An infarction that was entered, and then taken back as an error."""
    taken_back = {
        "coding": [
            {
                "system": "http://terminology.hl7.org/CodeSystem/condition-ver-status",
                "code": "entered-in-error",
            }
        ]
    }
    first, second = condition("I21.900"), condition("I21.900", verificationStatus=taken_back)
    del second["clinicalStatus"]
    for entry, time in zip((first, second), times, strict=True):
        if time is not None:
            entry["meta"] = {"lastUpdated": time}
    return {"patient": patient(), "conditions": [first, second]}


def test_of_two_versions_of_one_diagnosis_the_newer_one_counts():
    for document in (
        versions("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"),
        versions("2026-01-01T00:00:00+08:00", "2026-01-01T00:00:00Z"),
    ):
        (entry,) = snapshot_of(document, at=NOW).conditions.entries
        assert "clinicalStatus" not in entry.resource


@pytest.mark.parametrize(
    "times", [(None, None), (None, "2026-02-01T00:00:00Z"), ("2026-02-01T00:00:00Z",) * 2]
)
def test_two_versions_that_do_not_say_which_is_newer_are_refused(times):
    with pytest.raises(BadRequest) as caught:
        snapshot_of(versions(*times), at=NOW)
    assert caught.value.issues[0].expression == ("conditions[1]",)


def test_the_same_resource_twice_is_one():
    document = {"patient": patient(), "observations": [result(), result()]}
    assert len(snapshot_of(document, at=NOW).observations) == 1


def test_relatives_and_stated_drugs_are_read_from_both_forms():
    medication = {"resourceType": "Medication", "id": "med1", "code": {"text": "氨氯地平"}}
    drugs = [drug("C10AA05"), statement("C08CA01"), medication]
    whole = bundle(patient(), *drugs, relative("FTH"))
    lists = {"patient": patient(), "medications": drugs, "family": [relative("FTH")]}
    for document in (whole, lists):
        found = snapshot_of(document, at=NOW)
        assert [e.reference for e in found.medications.entries] == [
            "MedicationRequest/m-C10AA05", "MedicationStatement/s-C08CA01", "Medication/med1",
        ]  # fmt: skip
        assert [e.reference for e in found.family.entries] == ["FamilyMemberHistory/f-FTH"]
        assert not found.family.complete


def test_a_drug_is_found_by_the_full_url_of_its_medication():
    url = "urn:uuid:0a1b2c3d-0000-4000-8000-0000000000aa"
    prescribed = drug("0", medicationReference={"reference": url})
    del prescribed["medicationCodeableConcept"]
    code = {"coding": [{"system": ATC, "code": "C08CA01"}]}
    document = bundle(patient(), prescribed)
    document["entry"] += [
        {"fullUrl": url, "resource": {"resourceType": "Medication", "code": code}}
    ]
    reader = FeatureReader(
        snapshot_of(document, at=NOW), catalogue=CATALOGUE, zone=UTC, region="CN"
    )
    found = reader.flag("antihypertensive")
    assert found.sources == (f"MedicationRequest/{prescribed['id']}",)


@pytest.mark.parametrize(
    ("foreign", "element"),
    [
        (relative("FTH", patient={"reference": "Patient/p2"}), "patient"),
        (statement("C08CA01", subject={"reference": "Patient/p2"}), "subject"),
    ],
)
def test_another_s_relative_or_drug_refuses_the_document(foreign, element):
    with pytest.raises(NotOnePatient) as refused:
        snapshot_of(bundle(patient(), foreign), at=NOW)
    (issue,) = refused.value.issues
    assert issue.expression == (f"Bundle.entry[1].resource.{element}",)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (bundle(), "There is no Patient"),
        (bundle(result()), "There is no Patient"),
        (bundle(patient(), patient(id="p2")), "2 patients"),
        (bundle(patient(), patient()), "2 patients"),
        ({"observations": []}, "There is no Patient"),
    ],
)
def test_a_document_holds_one_patient(document, words):
    with pytest.raises(NotOnePatient, match=words):
        snapshot_of(document, at=NOW)


@pytest.mark.parametrize(
    "document",
    [
        {"resourceType": "Bundle", "entry": {}},
        {"resourceType": "Bundle", "entry": ["x"]},
        {"resourceType": "Bundle", "entry": [{}]},
        {"resourceType": "Bundle", "entry": [{"resource": {"id": "1"}}]},
        {"patient": result()},
        {"patient": patient(), "observations": result()},
        {"patient": patient(), "observations": [condition("I10")]},
        {"patient": patient(), "observations": [None]},
        {"patient": patient(), "observation": [result()]},
        {"patient": patient(), "id": "p1"},
    ],
)
def test_a_document_of_another_shape_is_refused(document):
    with pytest.raises(BadRequest):
        snapshot_of(document, at=NOW)


def test_what_is_no_valid_r4_is_refused_at_its_place():
    broken = result(valueQuantity="152 mmHg", status="ready")
    with pytest.raises(InvalidResource) as refused:
        snapshot_of({"patient": patient(birthDate=1968), "observations": [broken]}, at=NOW)
    assert {issue.expression[0] for issue in refused.value.issues} == {
        "patient.birthDate", "observations[0].status", "observations[0].valueQuantity",
    }  # fmt: skip


def test_a_list_that_is_there_is_complete_and_one_that_is_not_says_nothing():
    found = snapshot_of({"patient": patient(), "conditions": []}, at=NOW)
    assert found.conditions.complete
    assert not found.medications.complete


@pytest.mark.parametrize(
    ("more", "complete"),
    [
        ({}, False),
        (everything(), True),
        (everything("?_type=Observation"), False),
        (everything("?start=2026-01-01"), False),
        (everything(links=[{"relation": "next", "url": "http://emr/fhir/more"}]), False),
    ],
)
def test_of_a_bundle_lists_are_complete_where_it_is_the_whole_record(more, complete):
    found = snapshot_of(bundle(patient(), **more), at=NOW)
    assert found.conditions.complete is complete
    assert found.medications.complete is complete


def test_the_caller_may_say_that_a_list_is_complete():
    found = snapshot_of(bundle(patient()), at=NOW, complete=["conditions"])
    assert (found.conditions.complete, found.medications.complete) == (True, False)
