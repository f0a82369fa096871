"""Records that look right and are not: what is wrong, where, and with which issue code.

Each is caught by R4 4.0.1's own rules; `source` names the page (http://hl7.org/fhir/R4/…) or the
constraint.
"""

from typing import Any, NamedTuple

from tests.unit.r4.records import (
    LEAVE_OUT,
    blood_pressure,
    creatinine,
    hypertension,
    patient,
    report,
    risk,
    transaction,
)


class Trap(NamedTuple):
    """A faulty record and the one issue that it must give."""

    name: str
    record: dict[str, Any]
    expression: str
    code: str
    source: str


_UCUM = "http://unitsofmeasure.org"
_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_REASON = {"extension": [{"url": _ABSENT, "valueCode": "unknown"}]}
_DIV = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'


def _quantity(**changes: Any) -> dict[str, Any]:
    return creatinine(valueQuantity=creatinine()["valueQuantity"] | changes)


def _narrative(inside: str) -> dict[str, Any]:
    return patient(text={"status": "generated", "div": _DIV.format(inside)})


def _contained(**changes: Any) -> dict[str, Any]:
    return report(contained=[{"resourceType": "Specimen", "id": "blood"} | changes])


def _pressure(**changes: Any) -> dict[str, Any]:
    systolic, diastolic = blood_pressure()["component"]
    return blood_pressure(component=[systolic, diastolic | changes])


TRAPS: tuple[Trap, ...] = (
    # Elements and cardinality
    Trap(
        "a misspelt element",
        patient(birthdate="1961-05-02"),
        "Patient.birthdate",
        "structure",
        "json.html",
    ),
    Trap(
        "an element of R5",
        creatinine(triggeredBy=[{"type": "reflex"}]),
        "Observation.triggeredBy",
        "structure",
        "observation.html",
    ),
    Trap(
        "an unknown element deep inside",
        _quantity(units="umol/L"),
        "Observation.valueQuantity.units",
        "structure",
        "datatypes.html#Quantity",
    ),
    Trap(
        "comments of DSTU2",
        creatinine(fhir_comments=["x"]),
        "Observation.fhir_comments",
        "structure",
        "json.html",
    ),
    Trap(
        "a key that is no name",
        patient(**{"na me": "x"}),
        "Patient.`na me`",
        "structure",
        "json.html",
    ),
    Trap(
        "no status",
        creatinine(status=LEAVE_OUT),
        "Observation.status",
        "required",
        "observation.html",
    ),
    Trap(
        "an empty code in a component",
        _pressure(code={}),
        "Observation.component[1].code",
        "structure",
        "json.html",
    ),
    Trap(
        "a link without its type",
        patient(link=[{"other": {"reference": "Patient/p-2"}}]),
        "Patient.link[0].type",
        "required",
        "patient.html",
    ),
    Trap(
        "one name instead of an array",
        patient(name={"family": "张"}),
        "Patient.name",
        "structure",
        "json.html",
    ),
    Trap(
        "one given name instead of an array",
        patient(name=[{"given": "三"}]),
        "Patient.name[0].given",
        "structure",
        "json.html",
    ),
    Trap(
        "two values where one may stand",
        patient(birthDate=["1961", "1962"]),
        "Patient.birthDate",
        "structure",
        "json.html",
    ),
    Trap(
        "two codes where one may stand",
        creatinine(code=[creatinine()["code"]]),
        "Observation.code",
        "structure",
        "json.html",
    ),
    Trap(
        "text where a concept belongs",
        creatinine(code="14682-9"),
        "Observation.code",
        "structure",
        "datatypes.html#CodeableConcept",
    ),
    Trap(
        "text inside an array of names",
        patient(name=["张三"]),
        "Patient.name[0]",
        "structure",
        "json.html",
    ),
    # Choices
    Trap(
        "two types of one choice",
        creatinine(valueString="84"),
        "Observation.valueString",
        "structure",
        "formats.html#choice",
    ),
    Trap(
        "a type that the choice lacks",
        creatinine(valueQuantity=LEAVE_OUT, valueDecimal=84),
        "Observation.valueDecimal",
        "structure",
        "observation.html",
    ),
    Trap(
        "a choice without its type",
        creatinine(effectiveDateTime=LEAVE_OUT, effective="2026"),
        "Observation.effective",
        "structure",
        "formats.html#choice",
    ),
    Trap(
        "a comparator in a reference range",
        creatinine(referenceRange=[{"low": {"value": 57, "comparator": ">"}}]),
        "Observation.referenceRange[0].low.comparator",
        "structure",
        "sqty-1",
    ),
    # Empty values and nulls
    Trap("an empty array", patient(name=[]), "Patient.name", "structure", "json.html"),
    Trap(
        "an empty object",
        creatinine(valueQuantity={}),
        "Observation.valueQuantity",
        "structure",
        "json.html",
    ),
    Trap(
        "an empty string",
        patient(name=[{"family": ""}]),
        "Patient.name[0].family",
        "value",
        "datatypes.html#string",
    ),
    Trap(
        "white space only",
        patient(name=[{"family": " 　"}]),
        "Patient.name[0].family",
        "value",
        "datatypes.html#string",
    ),
    Trap(
        "null for no value",
        patient(birthDate=None),
        "Patient.birthDate",
        "structure",
        "json.html#null",
    ),
    Trap(
        "null for no object",
        creatinine(subject=None),
        "Observation.subject",
        "structure",
        "json.html#null",
    ),
    Trap(
        "null without an extension beside it",
        patient(name=[{"given": ["三", None]}]),
        "Patient.name[0].given[1]",
        "structure",
        "json.html#null",
    ),
    Trap(
        "null among objects", patient(name=[None]), "Patient.name[0]", "structure", "json.html#null"
    ),
    Trap(
        "nothing but an id", patient(name=[{"id": "n1"}]), "Patient.name[0]", "invariant", "ele-1"
    ),
    # Extensions of primitives
    Trap(
        "extensions longer than the values",
        patient(name=[{"given": ["三"], "_given": [None, _REASON]}]),
        "Patient.name[0].given",
        "structure",
        "json.html#primitive",
    ),
    Trap(
        "an id where there is no value",
        patient(birthDate=LEAVE_OUT, _birthDate={"id": "b"}),
        "Patient.birthDate",
        "invariant",
        "ele-1",
    ),
    Trap(
        "an id in an array where there is no value",
        patient(name=[{"given": ["三", None], "_given": [None, {"id": "g"}]}]),
        "Patient.name[0].given[1]",
        "invariant",
        "ele-1",
    ),
    Trap(
        "an underscore before a datatype",
        patient(_name=[{"id": "n1"}]),
        "Patient._name",
        "structure",
        "json.html#primitive",
    ),
    Trap(
        "an unknown key beside a primitive",
        patient(_birthDate={"value": "1961"}),
        "Patient.birthDate.value",
        "structure",
        "json.html#primitive",
    ),
    Trap(
        "an extension that says nothing",
        patient(_birthDate={"extension": [{"url": _ABSENT}]}),
        "Patient.birthDate.extension[0]",
        "invariant",
        "ext-1",
    ),
    Trap(
        "an extension with a value and extensions",
        patient(
            extension=[
                {"url": "urn:x", "valueCode": "a", "extension": [{"url": "b", "valueCode": "c"}]}
            ]
        ),
        "Patient.extension[0]",
        "invariant",
        "ext-1",
    ),
    Trap(
        "an extension without a url",
        patient(extension=[{"valueCode": "a"}]),
        "Patient.extension[0].url",
        "required",
        "extensibility.html",
    ),
    # JSON types and primitive formats
    Trap(
        "a number in quotes",
        _quantity(value="84"),
        "Observation.valueQuantity.value",
        "structure",
        "datatypes.html#decimal",
    ),
    Trap(
        "a boolean in quotes",
        patient(active="true"),
        "Patient.active",
        "structure",
        "datatypes.html#boolean",
    ),
    Trap(
        "a number for text",
        patient(name=[{"family": 3}]),
        "Patient.name[0].family",
        "structure",
        "datatypes.html#string",
    ),
    Trap(
        "a boolean for a number",
        _quantity(value=True),
        "Observation.valueQuantity.value",
        "structure",
        "datatypes.html#decimal",
    ),
    Trap(
        "a fraction for a whole number",
        creatinine(valueQuantity=LEAVE_OUT, valueInteger=1.5),
        "Observation.valueInteger",
        "structure",
        "datatypes.html#integer",
    ),
    Trap(
        "a whole number beyond 32 bits",
        creatinine(valueQuantity=LEAVE_OUT, valueInteger=2**31),
        "Observation.valueInteger",
        "value",
        "datatypes.html#integer",
    ),
    Trap(
        "rank zero",
        patient(telecom=[{"rank": 0}]),
        "Patient.telecom[0].rank",
        "value",
        "datatypes.html#positiveInt",
    ),
    Trap(
        "30 February",
        patient(birthDate="1961-02-30"),
        "Patient.birthDate",
        "value",
        "datatypes.html#date",
    ),
    Trap(
        "29 February of a common year",
        patient(birthDate="1900-02-29"),
        "Patient.birthDate",
        "value",
        "datatypes.html#date",
    ),
    Trap(
        "a date as HL7 v2 writes it",
        patient(birthDate="19610502"),
        "Patient.birthDate",
        "value",
        "datatypes.html#date",
    ),
    Trap(
        "a date with a time",
        patient(birthDate="1961-05-02T00:00:00Z"),
        "Patient.birthDate",
        "value",
        "datatypes.html#date",
    ),
    Trap(
        "a time without a zone",
        creatinine(effectiveDateTime="2026-03-01T08:15:00"),
        "Observation.effectiveDateTime",
        "value",
        "datatypes.html#dateTime",
    ),
    Trap(
        "a time without seconds",
        creatinine(effectiveDateTime="2026-03-01T08:15+08:00"),
        "Observation.effectiveDateTime",
        "value",
        "datatypes.html#dateTime",
    ),
    Trap(
        "24 o'clock",
        creatinine(effectiveDateTime="2026-03-01T24:00:00Z"),
        "Observation.effectiveDateTime",
        "value",
        "datatypes.html#dateTime",
    ),
    Trap(
        "an instant that is a day",
        creatinine(issued="2026-03-01"),
        "Observation.issued",
        "value",
        "datatypes.html#instant",
    ),
    Trap("an id with an underscore", patient(id="p_1"), "Patient.id", "value", "datatypes.html#id"),
    Trap(
        "an id of 65 characters", patient(id="a" * 65), "Patient.id", "value", "datatypes.html#id"
    ),
    Trap(
        "a code that ends in a space",
        creatinine(code={"coding": [{"code": "14682-9 "}]}),
        "Observation.code.coding[0].code",
        "value",
        "datatypes.html#code",
    ),
    Trap(
        "a uri with a space",
        creatinine(code={"coding": [{"system": "http://loinc org"}]}),
        "Observation.code.coding[0].system",
        "value",
        "datatypes.html#uri",
    ),
    Trap(
        "a bell in a text",
        creatinine(note=[{"text": "see\u0007below"}]),
        "Observation.note[0].text",
        "value",
        "datatypes.html#string",
    ),
    Trap(
        "broken base64",
        patient(photo=[{"contentType": "image/png", "data": "iVBORw0K="}]),
        "Patient.photo[0].data",
        "value",
        "datatypes.html#base64Binary",
    ),
    # Codes
    Trap(
        "a status in capitals",
        creatinine(status="Final"),
        "Observation.status",
        "code-invalid",
        "valueset-observation-status.html",
    ),
    Trap(
        "the v2 code of a sex",
        patient(gender="M"),
        "Patient.gender",
        "code-invalid",
        "valueset-administrative-gender.html",
    ),
    Trap(
        "a comparator written twice",
        _quantity(comparator="<<"),
        "Observation.valueQuantity.comparator",
        "code-invalid",
        "valueset-quantity-comparator.html",
    ),
    Trap(
        "a clinical status of another system",
        hypertension(clinicalStatus={"coding": [{"system": "urn:x", "code": "active"}]}),
        "Condition.clinicalStatus",
        "code-invalid",
        "valueset-condition-clinical.html",
    ),
    Trap(
        "a clinical status in words only",
        hypertension(clinicalStatus={"text": "active"}),
        "Condition.clinicalStatus",
        "code-invalid",
        "valueset-condition-clinical.html",
    ),
    # References
    Trap(
        "a subject that is a practitioner",
        creatinine(subject={"reference": "Practitioner/d-7"}),
        "Observation.subject.reference",
        "value",
        "observation.html",
    ),
    Trap(
        "an external subject that is a practitioner",
        creatinine(subject={"reference": "http://h/fhir/Practitioner/1"}),
        "Observation.subject.reference",
        "value",
        "observation.html",
    ),
    Trap(
        "a reference to no resource type",
        creatinine(subject={"reference": "Person2/1"}),
        "Observation.subject.reference",
        "value",
        "references.html#literal",
    ),
    Trap(
        "a bare id as a reference",
        creatinine(subject={"reference": "p-1"}),
        "Observation.subject.reference",
        "value",
        "references.html#literal",
    ),
    Trap(
        "a reference type that contradicts",
        creatinine(subject={"reference": "Patient/p-1", "type": "Group"}),
        "Observation.subject.type",
        "value",
        "references.html",
    ),
    Trap(
        "a reference to nothing contained",
        report(specimen=[{"reference": "#urine"}]),
        "DiagnosticReport.specimen[0].reference",
        "invariant",
        "ref-1",
    ),
    Trap(
        "a conditional reference outside a transaction",
        creatinine(subject={"reference": "Patient?identifier=42"}),
        "Observation.subject.reference",
        "value",
        "http.html#trules",
    ),
    # Contained and bundled resources
    Trap(
        "a contained resource without an id",
        report(contained=[{"resourceType": "Specimen"}], specimen=LEAVE_OUT),
        "DiagnosticReport.contained[0].id",
        "required",
        "references.html#contained",
    ),
    Trap(
        "a contained resource of no type",
        _contained(resourceType="Sample"),
        "DiagnosticReport.contained[0].resourceType",
        "structure",
        "resource.html",
    ),
    Trap(
        "a fault inside a contained resource",
        _contained(status="fine"),
        "DiagnosticReport.contained[0].status",
        "code-invalid",
        "valueset-specimen-status.html",
    ),
    Trap(
        "a contained resource with a version",
        _contained(meta={"versionId": "1"}),
        "DiagnosticReport.contained",
        "invariant",
        "dom-4",
    ),
    Trap(
        "a contained resource with a security label",
        _contained(meta={"security": [{"code": "R"}]}),
        "DiagnosticReport.contained",
        "invariant",
        "dom-5",
    ),
    Trap(
        "a contained resource in a contained one",
        _contained(contained=[{"resourceType": "Basic", "id": "b", "code": {"text": "x"}}]),
        "DiagnosticReport.contained[0].contained",
        "invariant",
        "dom-2",
    ),
    Trap(
        "a fault inside a bundled resource",
        transaction(patient(), creatinine(status="done")),
        "Bundle.entry[1].resource.status",
        "code-invalid",
        "bundle.html",
    ),
    Trap(
        "a bundled object without a type",
        {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {"id": "x"}}]},
        "Bundle.entry[0].resource",
        "required",
        "resource.html",
    ),
    Trap(
        "a transaction entry without a request",
        transaction(patient()) | {"entry": [{"resource": patient()}]},
        "Bundle.entry",
        "invariant",
        "bdl-3",
    ),
    Trap(
        "one full URL twice",
        {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [{"fullUrl": "urn:oid:1.2", "resource": patient()}] * 2,
        },
        "Bundle.entry",
        "invariant",
        "bdl-7",
    ),
    # Narrative
    Trap(
        "a script in the narrative",
        _narrative("<script>alert(1)</script>"),
        "Patient.text.div",
        "invariant",
        "txt-1",
    ),
    Trap(
        "an event handler in the narrative",
        _narrative('<p onclick="x()">a</p>'),
        "Patient.text.div",
        "invariant",
        "txt-1",
    ),
    Trap(
        "a link that runs a script",
        _narrative('<a href=" java&#10;script:x()">a</a>'),
        "Patient.text.div",
        "invariant",
        "txt-1",
    ),
    Trap("an unclosed tag", _narrative("<p>a"), "Patient.text.div", "invariant", "txt-1"),
    Trap(
        "an HTML entity",
        _narrative("a&nbsp;b"),
        "Patient.text.div",
        "invariant",
        "narrative.html#xhtml",
    ),
    Trap("an empty narrative", _narrative("<p> </p>"), "Patient.text.div", "invariant", "txt-2"),
    Trap(
        "a narrative without its namespace",
        patient(text={"status": "generated", "div": "<div>a</div>"}),
        "Patient.text.div",
        "invariant",
        "txt-1",
    ),
    # Rules between elements
    Trap(
        "a value and a reason for its absence",
        creatinine(dataAbsentReason={"text": "haemolysed"}),
        "Observation.dataAbsentReason",
        "invariant",
        "obs-6",
    ),
    Trap(
        "a value that a component repeats",
        blood_pressure(code=blood_pressure()["component"][0]["code"], valueString="138/86"),
        "Observation.value",
        "invariant",
        "obs-7",
    ),
    Trap(
        "a reference range without limits",
        creatinine(referenceRange=[{"appliesTo": [{"text": "men"}]}]),
        "Observation.referenceRange[0]",
        "invariant",
        "obs-3",
    ),
    Trap(
        "a unit code without its system",
        creatinine(valueQuantity={"value": 84, "code": "umol/L"}),
        "Observation.valueQuantity.system",
        "invariant",
        "qty-3",
    ),
    Trap(
        "a period that ends before it starts",
        report(effectivePeriod={"start": "2026-03-02", "end": "2026-03-01"}),
        "DiagnosticReport.effectivePeriod.start",
        "invariant",
        "per-1",
    ),
    Trap(
        "a range upside down",
        creatinine(valueQuantity=LEAVE_OUT, valueRange={"low": {"value": 9}, "high": {"value": 8}}),
        "Observation.valueRange.low",
        "invariant",
        "rng-2",
    ),
    Trap(
        "half a ratio",
        creatinine(valueQuantity=LEAVE_OUT, valueRatio={"numerator": {"value": 1}}),
        "Observation.valueRatio",
        "invariant",
        "rat-1",
    ),
    Trap(
        "a telephone number without its system",
        patient(telecom=[{"value": "110"}]),
        "Patient.telecom[0].system",
        "invariant",
        "cpt-2",
    ),
    Trap(
        "a contact without contact details",
        patient(contact=[{"gender": "female"}]),
        "Patient.contact[0]",
        "invariant",
        "pat-1",
    ),
    Trap(
        "an organization without name or identifier",
        {"resourceType": "Organization", "active": True},
        "Organization",
        "invariant",
        "org-1",
    ),
    Trap(
        "an abated condition that is active",
        hypertension(abatementDateTime="2020"),
        "Condition.clinicalStatus",
        "invariant",
        "con-4",
    ),
    Trap(
        "a probability above 100",
        risk(prediction=[{"probabilityDecimal": 100.5}]),
        "RiskAssessment.prediction[0].probabilityDecimal",
        "invariant",
        "ras-2",
    ),
    Trap(
        "an interval that is no percentage",
        risk(
            prediction=[{"probabilityRange": {"low": {"value": 9, "system": _UCUM, "code": "1"}}}]
        ),
        "RiskAssessment.prediction[0].probabilityRange",
        "invariant",
        "ras-1",
    ),
    Trap(
        "an attachment without its type",
        patient(photo=[{"data": "iVBORw0K"}]),
        "Patient.photo[0].contentType",
        "invariant",
        "att-1",
    ),
)
