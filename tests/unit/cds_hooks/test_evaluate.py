"""A hook call from request to cards: whose data, what is missing, what is recorded."""

import json
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from cds_hooks import discovery
from cds_hooks.evaluate import Evaluation
from cds_hooks.protocol import parse_request
from cds_hooks.record import DIGEST_SYSTEM, SYSTEM
from cds_hooks.replay import ReplayRefused, replay
from cds_hooks.wording import Wording
from fhir_server.r4.codec import decode, encode
from fhir_server.r4.outcome import FhirError
from fhir_server.r4.validation import validate
from inference.engine import GraphFailed
from inference.registry import ModelRegistry
from tests.support.fakes import FakeReader, FakeRecord, FakeTracer
from tests.support.hooks import bundle, order_sign, prefetch
from tests.support.patients import (
    NOW,
    REGISTRY,
    condition,
    observation,
    patient,
    predictor,
    relative,
    statement,
    usual_results,
)

SERVICES = discovery.discover()
OWN = "http://127.0.0.1:8080/fhir"
MODELS = [model.definition for model in REGISTRY]


class House:
    def __init__(self, stored=(), **changes):
        self.record = FakeRecord()
        self.tracer = FakeTracer()
        self.evaluation = Evaluation(
            predictor=changes.pop("predictor", predictor()),
            reader=FakeReader(list(stored)),
            record=self.record,
            tracer=self.tracer,
            public_url=OWN.removesuffix("/fhir"),
            software="attending test",
        )

    async def cards(self, call, *, language="en"):
        body = decode(msgspec.json.encode(json.loads(encode(call))))
        service = SERVICES[f"chronic-risk-{body['hook']}"]
        request = parse_request(body, expected_hook=service.hook)
        found = await self.evaluation.cards(
            service, request, wording=Wording(language, MODELS), at=NOW
        )
        return {card.model.id: card for card in found.cards}


pytestmark = pytest.mark.anyio


async def refused(call, house=None) -> FhirError:
    with pytest.raises(FhirError) as caught:
        await (house or House()).cards(call)
    return caught.value


async def test_one_card_per_model_each_with_confidence_notice_basis_and_links():
    house = House()
    cards = await house.cards(order_sign())
    assert set(cards) == {"china-par", "ckd-epi-2021"}
    for card in cards.values():
        assert len(card.summary) < 140
        assert card.confidence.reasons
        assert card.notice.text in card.detail
        assert {item.input for item in card.basis} >= {"age"}
        assert "/fhir/RiskAssessment/" in card.links[0].url
        assert card.source.topic_code.isalnum()
    assert "10-year risk" in cards["china-par"].summary
    assert house.tracer.steps == ["prefetch", *["features", "inference"] * 2, "card", "store"]


async def test_every_prediction_is_recorded_as_valid_r4_with_its_provenance():
    house = House()
    cards = await house.cards(order_sign())
    kept = {r["resourceType"]: [] for r in house.record.resources}
    for resource in house.record.resources:
        assert validate(decode(encode(resource))) == ()
        kept[resource["resourceType"]].append(resource)
    assert len(kept["RiskAssessment"]) == len(kept["Provenance"]) == len(cards) == 2
    issued = {card.uuid: card.risk_assessment_id for card in house.record.cards}
    assert set(issued) == {card.uuid for card in cards.values()}


async def test_a_record_computes_the_same_figures_again():
    house = House()
    await house.cards(order_sign())
    proofs = {
        r["target"][0]["reference"]: r
        for r in house.record.resources
        if r["resourceType"] == "Provenance"
    }
    for resource in house.record.resources:
        if resource["resourceType"] != "RiskAssessment":
            continue
        stored = decode(encode(resource))
        proof = proofs[f"RiskAssessment/{resource['id']}"]
        replayed = replay(stored, proof, REGISTRY)
        assert replayed
        assert all(outcome.same for outcome in replayed)


async def test_a_record_whose_inputs_were_changed_is_not_replayed():
    house = House()
    await house.cards(order_sign())
    assessment, proof = house.record.resources[:2]
    changed = decode(encode(assessment))
    changed["contained"][0]["parameter"][1]["valueDecimal"] += 1
    with pytest.raises(ReplayRefused, match="input-hash"):
        replay(changed, proof, REGISTRY)
    other = json.loads(encode(proof))
    assert other["entity"][0]["what"]["identifier"]["system"] == DIGEST_SYSTEM
    other["entity"][0]["what"]["identifier"]["value"] = "sha256:0"
    with pytest.raises(ReplayRefused, match="model-digest"):
        replay(decode(encode(assessment)), other, REGISTRY)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (..., "was not supplied"),
        (None, "null"),
        ({"resourceType": "OperationOutcome",
          "issue": [{"severity": "error", "code": "timeout", "diagnostics": "too slow"}]},
         "too slow"),
    ],
    ids=["absent", "null", "failed"],
)  # fmt: skip
@pytest.mark.parametrize("key", ["patient", "observations"])
async def test_required_data_that_cannot_be_had_is_a_412_that_names_key_and_reason(
    key, value, words
):
    error = await refused(order_sign(prefetch=prefetch(**{key: value})))
    assert error.status == 412
    assert error.issues[0].expression == (f"prefetch.{key}",)
    assert words in error.issues[0].diagnostics


@pytest.mark.parametrize("key", ["conditions", "medications"])
async def test_without_an_optional_key_the_cards_say_what_is_missing(key):
    cards = await House().cards(order_sign(prefetch=prefetch(**{key: ...})))
    china_par = cards["china-par"]
    assert "not computed" in china_par.summary
    assert china_par.confidence.level == "low"
    assert "does not mean" in china_par.detail
    assert "eGFR" in cards["ckd-epi-2021"].summary or "filtration" in cards["ckd-epi-2021"].summary


async def test_a_list_with_a_next_page_proves_no_absence():
    paged = bundle([], link=[{"relation": "next", "url": "https://emr/next"}])
    cards = await House().cards(order_sign(prefetch=prefetch(conditions=paged)))
    assert "not computed" in cards["china-par"].summary


async def test_results_that_were_cut_are_doubted_unless_the_newest_come_first():
    """A server that sorts by nothing may have left out the value of yesterday."""
    old = observation("old", "8480-6", "120", "mm[Hg]", at=NOW - timedelta(days=100))
    more = {"link": [{"relation": "next", "url": "https://emr/next"}]}
    newest_first = sorted(
        [*usual_results(), old], key=lambda each: each["effectiveDateTime"], reverse=True
    )
    for results, doubted in ((newest_first, False), ([old, *usual_results()], True)):
        sent = bundle(results, **more)
        cards = await House().cards(order_sign(prefetch=prefetch(observations=sent)))
        said = cards["ckd-epi-2021"].confidence.reasons
        assert any("a newer one may be missing" in each for each in said) is doubted


async def test_another_patient_s_result_in_the_prefetch_refuses_the_whole_call():
    foreign = observation("x", "2160-0", "0.9", "mg/dL", subject={"reference": "Patient/p2"})
    house = House()
    error = await refused(
        order_sign(prefetch=prefetch(observations=bundle([*usual_results(), foreign]))), house
    )
    assert error.status == 400
    assert error.issues[0].expression == ("prefetch.observations.entry[8].resource.subject",)
    assert house.record.resources == []


@pytest.mark.parametrize("subject", ["Patient/p2", "Group/p1", "Device/p1", "https://x/Patient/p2"])
async def test_one_result_of_another_outside_a_bundle_refuses_the_call_too(subject):
    foreign = observation("x", "2160-0", "0.9", "mg/dL", subject={"reference": subject})
    house = House()
    error = await refused(order_sign(prefetch=prefetch(observations=foreign)), house)
    assert error.status == 400
    assert error.issues[0].expression == ("prefetch.observations.subject",)
    assert house.record.resources == []


@pytest.mark.parametrize(
    "subject",
    [None, {"display": "Zhang San"}, {"identifier": {"value": "1"}}, {"reference": "urn:uuid:1"}],
    ids=["none", "display", "identifier", "urn"],
)
async def test_a_result_that_names_nobody_lowers_the_confidence_and_is_told(subject):
    unnamed = observation("crea", "14682-9", "88", "umol/L")
    unnamed.pop("subject")
    if subject is not None:
        unnamed["subject"] = subject
    results = [each for each in usual_results() if each["id"] != "crea"]
    given = bundle([*results, unnamed])
    cards = await House().cards(order_sign(prefetch=prefetch(observations=given)))
    assert any("name no patient (1)" in r
               for r in cards["ckd-epi-2021"].confidence.reasons)  # fmt: skip
    named = await House().cards(order_sign())
    assert not any("name no patient" in r for r in named["ckd-epi-2021"].confidence.reasons)


DIABETIC = bundle([condition("E11.900")])
BY_FATHER = ("family_history", "FamilyMemberHistory/f-FTH")
BY_STATEMENT = ("treated", "MedicationStatement/s-C08CA01")


def basis(card) -> dict[str, str]:
    return {item.input: item.reference or "" for item in card.basis}


async def test_relatives_and_stated_drugs_of_the_prefetch_reach_the_card():
    given = prefetch(
        conditions=DIABETIC,
        medications=bundle([]),
        statements=bundle([statement("C08CA01")]),
        family=bundle([relative("FTH")]),
    )
    card = (await House().cards(order_sign(prefetch=given)))["china-par"]
    assert {BY_FATHER, BY_STATEMENT} <= set(basis(card).items())
    before = prefetch(conditions=DIABETIC, medications=bundle([]))
    without = (await House().cards(order_sign(prefetch=before)))["china-par"]
    assert "family_history" not in basis(without)


async def test_a_client_of_this_server_need_not_prefetch_relatives_and_drugs():
    house = House([patient(), relative("FTH"), statement("C08CA01")])
    given = prefetch(conditions=DIABETIC, medications=...)
    card = (await house.cards(order_sign(prefetch=given, fhirServer=OWN)))["china-par"]
    found = basis(card)
    assert found["family_history"] == "FamilyMemberHistory/f-FTH/_history/1"
    assert found["treated"] == "MedicationStatement/s-C08CA01/_history/1"


@pytest.mark.parametrize(
    ("key", "foreign", "element"),
    [
        ("family", relative("FTH", patient={"reference": "Patient/p2"}), "patient"),
        ("statements", statement("C08CA01", subject={"reference": "Patient/p2"}), "subject"),
    ],
)
async def test_another_s_relative_or_drug_refuses_the_call(key, foreign, element):
    error = await refused(order_sign(prefetch=prefetch(**{key: bundle([foreign])})))
    assert error.status == 400
    assert error.issues[0].expression == (f"prefetch.{key}.entry[0].resource.{element}",)


async def test_what_a_search_includes_beside_the_results_may_belong_to_nobody():
    included = {"resourceType": "Practitioner", "id": "d1"}
    device = {"resourceType": "DeviceMetric", "id": "m", "subject": {"reference": "Device/7"}}
    given = bundle([*usual_results(), included, device])
    cards = await House().cards(order_sign(prefetch=prefetch(observations=given)))
    assert not any("name no patient" in r for r in cards["ckd-epi-2021"].confidence.reasons)


@pytest.mark.parametrize("key", ["observations", "conditions", "medications"])
async def test_a_second_patient_among_the_entries_refuses_the_call(key):
    given = prefetch()
    given[key]["entry"].append({"resource": patient(id="p2")})
    place = len(given[key]["entry"]) - 1
    error = await refused(order_sign(prefetch=given))
    assert error.status == 400
    assert error.issues[0].expression == (f"prefetch.{key}.entry[{place}].resource.id",)


async def test_a_result_that_names_another_by_number_gives_cards_that_say_so():
    mine = {"system": "urn:hospital:mrn", "value": "000123"}
    theirs = {"identifier": mine | {"value": "000999"}}
    foreign = observation("x", "2160-0", "0.9", "mg/dL", subject=theirs)
    house = House()
    given = prefetch(
        patient=patient(identifier=[mine]), observations=bundle([*usual_results(), foreign])
    )
    cards = await house.cards(order_sign(prefetch=given))
    assert cards
    assert all("resources of another patient" in card.detail for card in cards.values())
    assert house.record.resources == []


async def test_another_patient_in_the_prefetch_refuses_the_call():
    error = await refused(order_sign(prefetch=prefetch(patient=patient(id="p2"))))
    assert error.issues[0].expression == ("prefetch.patient.id",)


async def test_an_order_for_another_patient_refuses_the_call():
    call = order_sign()
    call["context"]["draftOrders"]["entry"][0]["resource"]["subject"] = {"reference": "Patient/p9"}
    error = await refused(call)
    assert error.issues[0].expression == ("context.draftOrders.entry[0].resource.subject",)


STORED = [
    patient(id="stored-1", identifier=[{"system": "urn:id:H", "value": "7"}]),
    observation("lab", "14682-9", "200", "umol/L", subject={"reference": "Patient/stored-1"}),
]


async def test_an_equal_id_in_the_own_store_is_not_the_same_patient():
    stored = [patient(id="p1"), observation("lab", "14682-9", "200", "umol/L")]
    error = await refused(order_sign(prefetch=prefetch(observations=...)), House(stored))
    assert error.status == 412


async def test_results_of_the_laboratory_are_found_by_identifier():
    who = patient(identifier=[{"system": "urn:id:H", "value": "7"}])
    call = order_sign(prefetch=prefetch(patient=who, observations=...))
    house = House(STORED)
    card = (await house.cards(call))["ckd-epi-2021"]
    assert {item.reference for item in card.basis} >= {"Observation/lab/_history/1"}
    assessment = house.record.resources[0]
    assert assessment["subject"] == {"reference": "Patient/stored-1"}


@pytest.mark.parametrize(
    "identifier",
    [{"system": "urn:id:OTHER", "value": "7"}, {"value": "7"},
     {"system": "urn:id:H", "value": "7", "use": "old"}],
)  # fmt: skip
async def test_an_identifier_without_the_same_system_matches_nobody(identifier):
    who = patient(identifier=[identifier])
    error = await refused(
        order_sign(prefetch=prefetch(patient=who, observations=...)), House(STORED)
    )
    assert error.status == 412


@pytest.mark.parametrize(
    ("other", "joined"),
    [
        ({"gender": "female"}, False),
        ({"birthDate": "1940-01-01"}, False),
        ({"birthDate": "1968-03"}, True),
        ({"birthDate": None, "gender": "unknown"}, True),
    ],
)
async def test_a_number_that_fits_another_person_does_not_bring_that_person_s_results(
    other, joined
):
    """Husband and wife under one insurance number, and the laboratory has only her."""
    number = [{"system": "urn:insurance", "value": "7"}]
    newest = observation(
        "lab", "14682-9", "200", "umol/L", at=NOW - timedelta(hours=1),
        subject={"reference": "Patient/stored-1"},
    )  # fmt: skip
    house = House([patient(id="stored-1", identifier=number, **other), newest])
    call = order_sign(prefetch=prefetch(patient=patient(identifier=number)))
    card = (await house.cards(call))["ckd-epi-2021"]
    creatinine = next(item for item in card.basis if item.input == "creatinine")
    assert ("Observation/lab" in creatinine.reference) is joined
    said = any("another sex or date of birth" in each for each in card.confidence.reasons)
    assert said is not joined


async def test_identifiers_of_two_stored_patients_are_not_chosen_between():
    twin = patient(id="stored-2", identifier=[{"system": "urn:id:H", "value": "8"}])
    both = [{"system": "urn:id:H", "value": "7"}, {"system": "urn:id:H", "value": "8"}]
    call = order_sign(prefetch=prefetch(patient=patient(identifier=both)))
    # The newest result of all is in the store: it would be used if one of the two were chosen.
    newest = observation(
        "lab", "14682-9", "200", "umol/L", at=NOW - timedelta(hours=1),
        subject={"reference": "Patient/stored-1"},
    )  # fmt: skip
    house = House([STORED[0], newest, twin])
    card = (await house.cards(call))["ckd-epi-2021"]
    assert any("several patients" in reason for reason in card.confidence.reasons)
    creatinine = next(item for item in card.basis if item.input == "creatinine")
    assert creatinine.value == pytest.approx(88 * 0.011312)
    assert all("Patient/stored" not in str(r["subject"]) for r in house.record.resources[::2])


async def test_a_client_on_this_server_s_own_fhir_endpoint_needs_no_prefetch():
    stored = [patient(), *usual_results()]
    call = order_sign(prefetch={}, fhirServer=OWN)
    cards = await House(stored).cards(call)
    assert "eGFR" in cards["ckd-epi-2021"].summary or cards["ckd-epi-2021"].basis
    assert all("/_history/1" in i.reference for i in cards["ckd-epi-2021"].basis if i.reference)


async def test_a_failing_model_gives_a_visible_card_never_none(monkeypatch):
    class Broken:
        def run(self, rows):
            raise GraphFailed("no memory")

    registry = ModelRegistry.discover()
    for model in registry:
        monkeypatch.setattr(model, "_engine", Broken())
    house = House(predictor=replace(predictor(), registry=registry))
    cards = await house.cards(order_sign())
    assert cards["china-par"].indicator == "warning"
    assert "failed" in cards["china-par"].summary
    assert len(cards) == 2
    assert house.record.resources == []


async def test_chinese_is_spoken_to_who_asks_for_it():
    card = (await House().cards(order_sign(), language="zh-CN"))["china-par"]
    assert card.summary.startswith("China-PAR：10 年动脉粥样硬化性心血管病风险")
    assert "执业医师" in card.detail


async def test_a_hostile_unit_reaches_no_card_as_markup():
    hostile = observation("x", "8280-0", "94", "<img src=x onerror=alert(1)>")
    results = [r for r in usual_results() if r["id"] != "waist"]
    call = order_sign(prefetch=prefetch(observations=bundle([*results, hostile])))
    for card in (await House().cards(call)).values():
        assert "<img" not in card.detail


async def test_the_client_s_references_are_cited_by_its_own_url():
    house = House()
    await house.cards(order_sign(fhirServer="https://emr.example/fhir/"))
    assessment = house.record.resources[0]
    assert assessment["subject"]["reference"] == "https://emr.example/fhir/Patient/p1"
    assert "https://emr.example/fhir/Observation/sbp" in {
        b.get("reference") for b in assessment["basis"]
    }


async def test_without_a_fhir_server_no_reference_pretends_to_be_ours():
    house = House()
    await house.cards(order_sign())
    for resource in house.record.resources[::2]:
        references = [b["reference"] for b in resource["basis"] if "reference" in b]
        assert references == ["#inputs"]
        assert resource["method"]["coding"][0]["system"].startswith(SYSTEM)


async def test_estimates_come_before_what_could_not_be_computed():
    house = House()
    call = order_sign(prefetch=prefetch(conditions=...))
    service = SERVICES["chronic-risk-order-sign"]
    found = await house.evaluation.cards(
        service,
        parse_request(decode(encode(call)), expected_hook="order-sign"),
        wording=Wording("en", MODELS),
        at=NOW,
    )
    assert [bool(card.basis) for card in found.cards] == [True, False]


async def test_a_hook_imputes_nothing():
    house = House(predictor=predictor(region="US"))
    gone = [each for each in usual_results() if each["id"] != "hdl"]
    cards = await house.cards(order_sign(prefetch=prefetch(observations=bundle(gone))))
    assert "not computed" in cards["prevent-base-10y"].summary
    assert "imputed" not in cards["prevent-base-10y"].detail.lower()
