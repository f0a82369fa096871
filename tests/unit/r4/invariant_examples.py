"""For each invariant of R4: a structure, a node that breaks it and one that holds it."""

from typing import Any, NamedTuple


class Example(NamedTuple):
    """`broken` and `sound` differ in what the invariant `key` says, and in nothing else.

    `also` are the invariants that whatever breaks `key` breaks too.
    """

    structure: str
    key: str
    broken: dict[str, Any]
    sound: dict[str, Any]
    also: tuple[str, ...] = ()


_UCUM = "http://unitsofmeasure.org"
_CS = "http://terminology.hl7.org/CodeSystem/"
_TEXT = {"text": "x"}
_PATIENT = {"reference": "Patient/p-1"}
_DIV = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'}


def _coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def _e(structure: str, key: str, base: dict[str, Any], bad: dict[str, Any], good: dict[str, Any]):
    return Example(structure, key, base | bad, base | good)


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


_EXAMPLES_OF_RESOURCES = (
    _e("Basic", "dom-2", {}, _holding({"contained": [_INNER | {"id": "b"}]}), _holding({})),
    _e("Basic", "dom-3", {}, _holding({}, named=False), _holding({})),
    _e("Basic", "dom-4", {}, _holding({"meta": {"versionId": "1"}}), _holding({})),
    _e("Basic", "dom-5", {}, _holding({"meta": {"security": [{"code": "R"}]}}), _holding({})),
    _e("Bundle", "bdl-1", _bundle("collection"), {"total": 1}, {"type": "searchset", "total": 1}),
    _e(
        "Bundle",
        "bdl-2",
        _bundle("collection", entry=[_ENTRY_PATIENT | {"search": {"mode": "match"}}]),
        {},
        {"type": "searchset"},
    ),
    _e(
        "Bundle",
        "bdl-3",
        _bundle("batch"),
        {"entry": [_ENTRY_PATIENT]},
        {"entry": [{"request": _GET}]},
    ),
    _e(
        "Bundle",
        "bdl-4",
        _bundle("batch-response"),
        {"entry": [_ENTRY_PATIENT]},
        {"entry": [{"response": _DONE}]},
    ),
    _e(
        "Bundle",
        "bdl-7",
        _bundle("collection"),
        {"entry": [_ENTRY_PATIENT | {"fullUrl": "urn:oid:1.2"}] * 2},
        {"entry": [_ENTRY_PATIENT | {"fullUrl": f"urn:oid:1.{n}"} for n in (2, 3)]},
    ),
    _e("Bundle", "bdl-9", _DOCUMENT, {"identifier": {"value": "1"}}, {}),
    Example(
        "Bundle", "bdl-10", {k: v for k, v in _DOCUMENT.items() if k != "timestamp"}, _DOCUMENT
    ),
    _e("Bundle", "bdl-11", _DOCUMENT, {"entry": [_ENTRY_PATIENT, _COMPOSITION]}, {}),
    _e(
        "Bundle",
        "bdl-12",
        _bundle("message"),
        {"entry": [_ENTRY_PATIENT, _HEADER]},
        {"entry": [_HEADER]},
    ),
    _e("Bundle.entry", "bdl-5", {"fullUrl": "urn:oid:1.2"}, {}, _ENTRY_PATIENT),
    _e(
        "Bundle.entry",
        "bdl-8",
        _ENTRY_PATIENT,
        {"fullUrl": "http://h/Patient/p/_history/1"},
        {"fullUrl": "http://h/Patient/p"},
    ),
    _e(
        "AllergyIntolerance",
        "ait-1",
        {"resourceType": "AllergyIntolerance", "patient": _PATIENT},
        {},
        {"clinicalStatus": _coded(_CS + "allergyintolerance-clinical", "active")},
    ),
    _e(
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
    _e("Appointment.participant", "app-1", {"status": "accepted"}, {}, {"actor": _PATIENT}),
    *(
        _e(
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
    _e(
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
    _e("AuditEvent.entity", "sev-1", {"name": "x"}, {"query": "eA=="}, {}),
    _e(
        "CarePlan.activity",
        "cpl-3",
        {"detail": {"status": "completed"}},
        {"reference": {"reference": "Task/1"}},
        {},
    ),
    _e(
        "CareTeam.participant",
        "ctm-1",
        {"onBehalfOf": {"reference": "Organization/1"}},
        {"member": _PATIENT},
        {"member": {"reference": "Practitioner/1"}},
    ),
    _e("Composition.section", "cmp-1", {"title": "x"}, {}, {"text": _DIV}),
    _e(
        "Composition.section",
        "cmp-2",
        {"entry": [_PATIENT]},
        {"emptyReason": _TEXT},
        {"title": "x"},
    ),
    _e("Condition.stage", "con-1", {"type": _TEXT}, {}, {"summary": _TEXT}),
    _e(
        "Condition.evidence",
        "con-2",
        {"extension": [{"url": "urn:x", "valueCode": "a"}]},
        {},
        {"code": [_TEXT]},
    ),
    _e(
        "Condition",
        "con-4",
        {"resourceType": "Condition", "subject": _PATIENT, "abatementDateTime": "2020"},
        {"clinicalStatus": _coded(_CS + "condition-clinical", "active")},
        {"clinicalStatus": _coded(_CS + "condition-clinical", "resolved")},
    ),
    _e(
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
        _e(
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
    _e(
        "Consent",
        "ppc-1",
        {"resourceType": "Consent", "status": "active", "category": [_TEXT], "scope": _TEXT},
        {},
        {"policyRule": _TEXT},
    ),
    _e(
        "CoverageEligibilityResponse.insurance.item",
        "ces-1",
        {"category": _TEXT},
        {"productOrService": _TEXT},
        {},
    ),
    *(
        _e(
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
    _e("Goal.target", "gol-1", {"detailString": "x"}, {}, {"measure": _TEXT}),
    _e(
        "Group",
        "grp-1",
        {"resourceType": "Group", "type": "person", "member": [{"entity": _PATIENT}]},
        {"actual": False},
        {"actual": True},
    ),
    _e("Immunization.education", "imm-1", {"presentationDate": "2026"}, {}, {"documentType": "x"}),
    _e(
        "ImmunizationRecommendation.recommendation",
        "imr-1",
        {"forecastStatus": _TEXT},
        {},
        {"targetDisease": _TEXT},
    ),
    _e("InsurancePlan", "ipn-1", {"resourceType": "InsurancePlan"}, {}, {"name": "x"}),
    _e(
        "Linkage",
        "lnk-1",
        {"resourceType": "Linkage"},
        {"item": [{"type": "source", "resource": _PATIENT}]},
        {"item": [{"type": "source", "resource": _PATIENT}] * 2},
    ),
    *(
        _e(
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
    _e("MedicationAdministration.dosage", "mad-1", {"text": "x"}, {}, {"dose": {"value": 1}}),
    _e(
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
    _e(
        "MolecularSequence",
        "msq-3",
        {"resourceType": "MolecularSequence"},
        {"coordinateSystem": 2},
        {"coordinateSystem": 1},
    ),
    _e(
        "MolecularSequence.referenceSeq",
        "msq-5",
        {"genomeBuild": "GRCh 37"},
        {},
        {"chromosome": _TEXT},
    ),
    _e(
        "MolecularSequence.referenceSeq",
        "msq-6",
        {"referenceSeqString": "A"},
        {"referenceSeqId": _TEXT},
        {},
    ),
    _e(
        "Observation",
        "obs-6",
        {"resourceType": "Observation", "status": "final", "code": _TEXT, "valueString": "x"},
        {"dataAbsentReason": _TEXT},
        {},
    ),
    _e(
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
    _e("Observation.referenceRange", "obs-3", {"appliesTo": [_TEXT]}, {}, {"text": "x"}),
    _e("Organization", "org-1", {"resourceType": "Organization"}, {}, {"name": "x"}),
    _e(
        "Organization",
        "org-2",
        {"resourceType": "Organization", "name": "x"},
        {"address": [{"use": "home"}]},
        {"address": [{"use": "work"}]},
    ),
    _e(
        "Organization",
        "org-3",
        {"resourceType": "Organization", "name": "x"},
        {"telecom": [{"use": "home"}]},
        {"telecom": [{"use": "work"}]},
    ),
    _e("Patient.contact", "pat-1", {"gender": "female"}, {}, {"name": {"text": "x"}}),
    _e("RequestGroup.action", "rqg-1", {"title": "x"}, {}, {"resource": {"reference": "Task/1"}}),
    *(
        _e("RiskAssessment.prediction", key, {}, bad, good)
        for key, bad, good in (
            (
                "ras-1",
                {"probabilityRange": {"low": {"value": 9, "system": _UCUM, "code": "1"}}},
                {"probabilityRange": {"low": {"value": 9, "system": _UCUM, "code": "%"}}},
            ),
            ("ras-2", {"probabilityDecimal": 101}, {"probabilityDecimal": 100}),
        )
    ),
    _e(
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
    _e(
        "Task",
        "inv-1",
        {"resourceType": "Task", "status": "draft", "intent": "order", "authoredOn": "2026-03-02"},
        {"lastModified": "2026-03-01"},
        {"lastModified": "2026-03-02"},
    ),
)

_MEASURED = {"value": 1, "system": _UCUM}
_EXAMPLES_OF_DATATYPES = (
    _e("Attachment", "att-1", {"data": "eA=="}, {}, {"contentType": "image/png"}),
    _e("ContactPoint", "cpt-2", {"value": "110"}, {}, {"system": "phone"}),
    _e("Age", "age-1", _MEASURED, {}, {"code": "a"}),
    _e("Count", "cnt-3", _MEASURED, {"code": "a"}, {"code": "1"}),
    _e("Distance", "dis-1", _MEASURED, {}, {"code": "m"}),
    _e("Duration", "drt-1", {"system": _UCUM, "code": "h"}, {}, {"value": 1}),
    _e(
        "MoneyQuantity",
        "mqty-1",
        {"value": 1, "code": "CNY"},
        {"system": _UCUM},
        {"system": "urn:iso:std:iso:4217"},
    ),
    *(
        _e(name, "qty-3", {"value": 1, "code": code}, {}, {"system": system})
        for name, code, system in (
            ("Age", "a", _UCUM),
            ("Count", "1", _UCUM),
            ("Distance", "m", _UCUM),
            ("MoneyQuantity", "CNY", "urn:iso:std:iso:4217"),
            ("Quantity", "mg", _UCUM),
            ("SimpleQuantity", "mg", _UCUM),
        )
    ),
    _e("DataRequirement.codeFilter", "drq-1", {"path": "code"}, {"searchParam": "code"}, {}),
    _e("DataRequirement.dateFilter", "drq-2", {"path": "date"}, {"searchParam": "date"}, {}),
    *(
        _e("ElementDefinition", key, {"path": "Basic.code"}, bad, good)
        for key, bad, good in (
            ("eld-2", {"min": 2, "max": "1"}, {"min": 1, "max": "1"}),
            ("eld-3", {"max": "many"}, {"max": "*"}),
            (
                "eld-5",
                {"contentReference": "#Basic", "maxLength": 1},
                {"contentReference": "#Basic"},
            ),
            (
                "eld-6",
                {"fixedCode": "a", "type": [{"code": "code"}, {"code": "id"}]},
                {"fixedCode": "a", "type": [{"code": "code"}]},
            ),
            (
                "eld-7",
                {"patternCode": "a", "type": [{"code": "code"}, {"code": "id"}]},
                {"patternCode": "a", "type": [{"code": "code"}]},
            ),
            ("eld-8", {"patternCode": "a", "fixedCode": "a"}, {"patternCode": "a"}),
            ("eld-13", {"type": [{"code": "id"}, {"code": "id"}]}, {"type": [{"code": "id"}]}),
            (
                "eld-14",
                {"constraint": [{"key": "a-1", "severity": "error", "human": "x"}] * 2},
                {"constraint": [{"key": "a-1", "severity": "error", "human": "x"}]},
            ),
            (
                "eld-15",
                {"defaultValueCode": "a", "meaningWhenMissing": "b"},
                {"defaultValueCode": "a"},
            ),
            ("eld-16", {"sliceName": "a b"}, {"sliceName": "a/b"}),
            ("eld-18", {"isModifier": True}, {"isModifier": True, "isModifierReason": "x"}),
            ("eld-19", {"path": ".code"}, {"path": "Basic.code"}),
            (
                "eld-22",
                {"sliceIsConstraining": True},
                {"sliceIsConstraining": True, "sliceName": "a"},
            ),
        )
    ),
    _e("ElementDefinition.slicing", "eld-1", {"rules": "open"}, {}, {"description": "x"}),
    _e(
        "ElementDefinition.binding",
        "eld-12",
        {"strength": "required"},
        {"valueSet": "ftp://x"},
        {"valueSet": "http://x"},
    ),
    _e(
        "ElementDefinition.type",
        "eld-4",
        {"aggregation": ["bundled"]},
        {"code": "code"},
        {"code": "Reference"},
    ),
    _e(
        "ElementDefinition.type",
        "eld-17",
        {"targetProfile": ["http://x"]},
        {"code": "code"},
        {"code": "Reference"},
    ),
    _e("Expression", "exp-1", {"language": "text/fhirpath"}, {}, {"expression": "true"}),
    _e("Extension", "ext-1", {"url": "urn:x"}, {}, {"valueCode": "a"}),
    _e("Period", "per-1", {"start": "2026-03"}, {"end": "2026-02"}, {"end": "2026"}),
    _e("Range", "rng-2", {"low": {"value": 2}}, {"high": {"value": 1}}, {"high": {"value": 3}}),
    _e("Ratio", "rat-1", {"numerator": {"value": 1}}, {}, {"denominator": {"value": 2}}),
    *(
        _e("Timing.repeat", key, {}, bad, good)
        for key, bad, good in (
            ("tim-1", {"duration": 1}, {"duration": 1, "durationUnit": "h"}),
            ("tim-2", {"period": 1}, {"period": 1, "periodUnit": "h"}),
            (
                "tim-4",
                {"duration": -1, "durationUnit": "h"},
                {"duration": 0, "durationUnit": "h"},
            ),
            ("tim-5", {"period": -1, "periodUnit": "h"}, {"period": 0, "periodUnit": "h"}),
            ("tim-6", {"periodMax": 2}, {"periodMax": 2, "period": 1, "periodUnit": "h"}),
            ("tim-7", {"durationMax": 2}, {"durationMax": 2, "duration": 1, "durationUnit": "h"}),
            ("tim-8", {"countMax": 2}, {"countMax": 2, "count": 1}),
            ("tim-9", {"offset": 30, "when": ["CM"]}, {"offset": 30, "when": ["ACM"]}),
            ("tim-10", {"timeOfDay": ["08:00:00"], "when": ["MORN"]}, {"when": ["MORN"]}),
        )
    ),
    *(
        _e("TriggerDefinition", key, {}, bad, good)
        for key, bad, good in (
            (
                "trd-1",
                {"type": "data-added", "data": [{"type": "Patient"}], "timingDate": "2026"},
                {"type": "data-added", "data": [{"type": "Patient"}]},
            ),
            (
                "trd-2",
                {
                    "type": "named-event",
                    "name": "x",
                    "condition": {"language": "text/cql", "expression": "x"},
                },
                {"type": "named-event", "name": "x"},
            ),
            ("trd-3", {"type": "periodic"}, {"type": "periodic", "timingDate": "2026"}),
        )
    ),
)

EXAMPLES: tuple[Example, ...] = (*_EXAMPLES_OF_RESOURCES, *_EXAMPLES_OF_DATATYPES)
