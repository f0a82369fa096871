"""Examples of the invariants of resources other than those of conformance."""

from typing import Any

from tests.unit.r4.invariant_example import UCUM, Example, example

_CS = "http://terminology.hl7.org/CodeSystem/"
_TEXT = {"text": "x"}
_PATIENT = {"reference": "Patient/p-1"}
_DIV = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'}


def _coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def _bundle(type: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": type} | more


_ENTRY_PATIENT = {"resource": {"resourceType": "Patient", "id": "p"}}
_GET = {"method": "GET", "url": "Patient"}
_DONE = {"status": "200"}
_COMPOSITION = {
    "resource": {
        "resourceType": "Composition",
        "status": "final",
        "type": _TEXT,
        "date": "2026",
        "author": [_PATIENT],
        "title": "x",
    }
}
_DOCUMENT = _bundle(
    "document",
    identifier={"system": "urn:x", "value": "1"},
    timestamp="2026-03-01T00:00:00Z",
    entry=[_COMPOSITION],
)
_HEADER = {
    "resource": {
        "resourceType": "MessageHeader",
        "eventUri": "urn:e",
        "source": {"endpoint": "urn:s"},
    }
}
_BASIC = {"resourceType": "Basic", "code": _TEXT}
_INNER = {"resourceType": "Basic", "id": "in", "code": _TEXT}


def _holding(inner: dict[str, Any], *, named: bool = True) -> dict[str, Any]:
    extension = [{"url": "urn:x", "valueReference": {"reference": "#in"}}]
    return _BASIC | {"contained": [_INNER | inner]} | ({"extension": extension} if named else {})


RESOURCE_EXAMPLES: tuple[Example, ...] = (
    example("Basic", "dom-2", {}, _holding({"contained": [_INNER | {"id": "b"}]}), _holding({})),
    example("Basic", "dom-3", {}, _holding({}, named=False), _holding({})),
    example("Basic", "dom-4", {}, _holding({"meta": {"versionId": "1"}}), _holding({})),
    example("Basic", "dom-5", {}, _holding({"meta": {"security": [{"code": "R"}]}}), _holding({})),
    example(
        "Bundle", "bdl-1", _bundle("collection"), {"total": 1}, {"type": "searchset", "total": 1}
    ),
    example(
        "Bundle",
        "bdl-2",
        _bundle("collection", entry=[_ENTRY_PATIENT | {"search": {"mode": "match"}}]),
        {},
        {"type": "searchset"},
    ),
    example(
        "Bundle",
        "bdl-3",
        _bundle("batch"),
        {"entry": [_ENTRY_PATIENT]},
        {"entry": [{"request": _GET}]},
    ),
    example(
        "Bundle",
        "bdl-4",
        _bundle("batch-response"),
        {"entry": [_ENTRY_PATIENT]},
        {"entry": [{"response": _DONE}]},
    ),
    example(
        "Bundle",
        "bdl-7",
        _bundle("collection"),
        {"entry": [_ENTRY_PATIENT | {"fullUrl": "urn:oid:1.2"}] * 2},
        {"entry": [_ENTRY_PATIENT | {"fullUrl": f"urn:oid:1.{n}"} for n in (2, 3)]},
    ),
    example("Bundle", "bdl-9", _DOCUMENT, {"identifier": {"value": "1"}}, {}),
    Example(
        "Bundle", "bdl-10", {k: v for k, v in _DOCUMENT.items() if k != "timestamp"}, _DOCUMENT
    ),
    example("Bundle", "bdl-11", _DOCUMENT, {"entry": [_ENTRY_PATIENT, _COMPOSITION]}, {}),
    example(
        "Bundle",
        "bdl-12",
        _bundle("message"),
        {"entry": [_ENTRY_PATIENT, _HEADER]},
        {"entry": [_HEADER]},
    ),
    example("Bundle.entry", "bdl-5", {"fullUrl": "urn:oid:1.2"}, {}, _ENTRY_PATIENT),
    example(
        "Bundle.entry",
        "bdl-8",
        _ENTRY_PATIENT,
        {"fullUrl": "http://h/Patient/p/_history/1"},
        {"fullUrl": "http://h/Patient/p"},
    ),
    example(
        "AllergyIntolerance",
        "ait-1",
        {"resourceType": "AllergyIntolerance", "patient": _PATIENT},
        {},
        {"clinicalStatus": _coded(_CS + "allergyintolerance-clinical", "active")},
    ),
    example(
        "AllergyIntolerance",
        "ait-2",
        {
            "resourceType": "AllergyIntolerance",
            "patient": _PATIENT,
            "verificationStatus": _coded(
                _CS + "allergyintolerance-verification", "entered-in-error"
            ),
        },
        {"clinicalStatus": _coded(_CS + "allergyintolerance-clinical", "active")},
        {},
    ),
    example("Appointment.participant", "app-1", {"status": "accepted"}, {}, {"actor": _PATIENT}),
    *(
        example(
            "Appointment",
            key,
            {
                "resourceType": "Appointment",
                "participant": [{"actor": _PATIENT, "status": "accepted"}],
            },
            bad,
            good,
        )
        for key, bad, good in (
            (
                "app-2",
                {"status": "proposed", "start": "2026-03-01T08:00:00Z"},
                {"status": "proposed"},
            ),
            ("app-3", {"status": "booked"}, {"status": "waitlist"}),
            (
                "app-4",
                {"status": "proposed", "cancelationReason": _TEXT},
                {"status": "cancelled", "cancelationReason": _TEXT},
            ),
        )
    ),
    example(
        "AppointmentResponse",
        "apr-1",
        {
            "resourceType": "AppointmentResponse",
            "appointment": {"reference": "Appointment/1"},
            "participantStatus": "accepted",
        },
        {},
        {"actor": _PATIENT},
    ),
    example("AuditEvent.entity", "sev-1", {"name": "x"}, {"query": "eA=="}, {}),
    example(
        "CarePlan.activity",
        "cpl-3",
        {"detail": {"status": "completed"}},
        {"reference": {"reference": "Task/1"}},
        {},
    ),
    example(
        "CareTeam.participant",
        "ctm-1",
        {"onBehalfOf": {"reference": "Organization/1"}},
        {"member": _PATIENT},
        {"member": {"reference": "Practitioner/1"}},
    ),
    example("Composition.section", "cmp-1", {"title": "x"}, {}, {"text": _DIV}),
    example(
        "Composition.section",
        "cmp-2",
        {"entry": [_PATIENT]},
        {"emptyReason": _TEXT},
        {"title": "x"},
    ),
    example("Condition.stage", "con-1", {"type": _TEXT}, {}, {"summary": _TEXT}),
    example(
        "Condition.evidence",
        "con-2",
        {"extension": [{"url": "urn:x", "valueCode": "a"}]},
        {},
        {"code": [_TEXT]},
    ),
    example(
        "Condition",
        "con-4",
        {"resourceType": "Condition", "subject": _PATIENT, "abatementDateTime": "2020"},
        {"clinicalStatus": _coded(_CS + "condition-clinical", "active")},
        {"clinicalStatus": _coded(_CS + "condition-clinical", "resolved")},
    ),
    example(
        "Condition",
        "con-5",
        {
            "resourceType": "Condition",
            "subject": _PATIENT,
            "clinicalStatus": _coded(_CS + "condition-clinical", "active"),
        },
        {"verificationStatus": _coded(_CS + "condition-ver-status", "entered-in-error")},
        {"verificationStatus": _coded(_CS + "condition-ver-status", "confirmed")},
    ),
    *(
        example(
            "Consent",
            key,
            {
                "resourceType": "Consent",
                "status": "active",
                "category": [_TEXT],
                "policyRule": _TEXT,
                "scope": _coded("something", code),
            },
            {},
            {"patient": _PATIENT},
        )
        for key, code in (
            ("ppc-2", "patient-privacy"),
            ("ppc-3", "research"),
            ("ppc-4", "adr"),
            ("ppc-5", "treatment"),
        )
    ),
    example(
        "Consent",
        "ppc-1",
        {"resourceType": "Consent", "status": "active", "category": [_TEXT], "scope": _TEXT},
        {},
        {"policyRule": _TEXT},
    ),
    example(
        "CoverageEligibilityResponse.insurance.item",
        "ces-1",
        {"category": _TEXT},
        {"productOrService": _TEXT},
        {},
    ),
    *(
        example(
            "FamilyMemberHistory",
            key,
            {
                "resourceType": "FamilyMemberHistory",
                "status": "completed",
                "patient": _PATIENT,
                "relationship": _TEXT,
            },
            bad,
            good,
        )
        for key, bad, good in (
            ("fhs-1", {"ageString": "40", "bornDate": "1980"}, {"ageString": "40"}),
            ("fhs-2", {"estimatedAge": True}, {"estimatedAge": True, "ageString": "40"}),
        )
    ),
    example("Goal.target", "gol-1", {"detailString": "x"}, {}, {"measure": _TEXT}),
    example(
        "Group",
        "grp-1",
        {"resourceType": "Group", "type": "person", "member": [{"entity": _PATIENT}]},
        {"actual": False},
        {"actual": True},
    ),
    example(
        "Immunization.education", "imm-1", {"presentationDate": "2026"}, {}, {"documentType": "x"}
    ),
    example(
        "ImmunizationRecommendation.recommendation",
        "imr-1",
        {"forecastStatus": _TEXT},
        {},
        {"targetDisease": _TEXT},
    ),
    example("InsurancePlan", "ipn-1", {"resourceType": "InsurancePlan"}, {}, {"name": "x"}),
    example(
        "Linkage",
        "lnk-1",
        {"resourceType": "Linkage"},
        {"item": [{"type": "source", "resource": _PATIENT}]},
        {"item": [{"type": "source", "resource": _PATIENT}] * 2},
    ),
    *(
        example(
            "List",
            key,
            {"resourceType": "List", "status": "current"},
            bad,
            good,
        )
        for key, bad, good in (
            (
                "lst-1",
                {"mode": "snapshot", "emptyReason": _TEXT, "entry": [{"item": _PATIENT}]},
                {"mode": "snapshot", "emptyReason": _TEXT},
            ),
            (
                "lst-2",
                {"mode": "snapshot", "entry": [{"item": _PATIENT, "deleted": True}]},
                {"mode": "changes", "entry": [{"item": _PATIENT, "deleted": True}]},
            ),
            (
                "lst-3",
                {"mode": "snapshot", "entry": [{"item": _PATIENT, "date": "2026"}]},
                {"mode": "working", "entry": [{"item": _PATIENT, "date": "2026"}]},
            ),
        )
    ),
    example("MedicationAdministration.dosage", "mad-1", {"text": "x"}, {}, {"dose": {"value": 1}}),
    example(
        "MedicationDispense",
        "mdd-1",
        {
            "resourceType": "MedicationDispense",
            "status": "completed",
            "medicationCodeableConcept": _TEXT,
            "whenPrepared": "2026-03-02",
        },
        {"whenHandedOver": "2026-03-01"},
        {"whenHandedOver": "2026-03"},
    ),
    example(
        "MolecularSequence",
        "msq-3",
        {"resourceType": "MolecularSequence"},
        {"coordinateSystem": 2},
        {"coordinateSystem": 1},
    ),
    example(
        "MolecularSequence.referenceSeq",
        "msq-5",
        {"genomeBuild": "GRCh 37"},
        {},
        {"chromosome": _TEXT},
    ),
    example(
        "MolecularSequence.referenceSeq",
        "msq-6",
        {"referenceSeqString": "A"},
        {"referenceSeqId": _TEXT},
        {},
    ),
    example(
        "Observation",
        "obs-6",
        {"resourceType": "Observation", "status": "final", "code": _TEXT, "valueString": "x"},
        {"dataAbsentReason": _TEXT},
        {},
    ),
    example(
        "Observation",
        "obs-7",
        {
            "resourceType": "Observation",
            "status": "final",
            "code": _coded("http://loinc.org", "8480-6"),
            "valueString": "x",
        },
        {"component": [{"code": _coded("http://loinc.org", "8480-6"), "valueString": "x"}]},
        {"component": [{"code": _coded("http://loinc.org", "8462-4"), "valueString": "x"}]},
    ),
    example("Observation.referenceRange", "obs-3", {"appliesTo": [_TEXT]}, {}, {"text": "x"}),
    example("Organization", "org-1", {"resourceType": "Organization"}, {}, {"name": "x"}),
    example(
        "Organization",
        "org-2",
        {"resourceType": "Organization", "name": "x"},
        {"address": [{"use": "home"}]},
        {"address": [{"use": "work"}]},
    ),
    example(
        "Organization",
        "org-3",
        {"resourceType": "Organization", "name": "x"},
        {"telecom": [{"use": "home"}]},
        {"telecom": [{"use": "work"}]},
    ),
    example("Patient.contact", "pat-1", {"gender": "female"}, {}, {"name": {"text": "x"}}),
    example(
        "RequestGroup.action", "rqg-1", {"title": "x"}, {}, {"resource": {"reference": "Task/1"}}
    ),
    *(
        example("RiskAssessment.prediction", key, {}, bad, good)
        for key, bad, good in (
            (
                "ras-1",
                {"probabilityRange": {"low": {"value": 9, "system": UCUM, "code": "1"}}},
                {"probabilityRange": {"low": {"value": 9, "system": UCUM, "code": "%"}}},
            ),
            ("ras-2", {"probabilityDecimal": 101}, {"probabilityDecimal": 100}),
        )
    ),
    example(
        "ServiceRequest",
        "prr-1",
        {
            "resourceType": "ServiceRequest",
            "status": "active",
            "intent": "order",
            "subject": _PATIENT,
            "orderDetail": [_TEXT],
        },
        {},
        {"code": _TEXT},
    ),
    example(
        "Task",
        "inv-1",
        {"resourceType": "Task", "status": "draft", "intent": "order", "authoredOn": "2026-03-02"},
        {"lastModified": "2026-03-01"},
        {"lastModified": "2026-03-02"},
    ),
)
