"""Records with a wrong element, choice, null or extension; each is refused."""

from typing import Any

from tests.unit.r4.records import LEAVE_OUT, blood_pressure, creatinine, patient
from tests.unit.r4.trap import ABSENT, FLAG, UNKNOWN, XHTML, Trap


def _quantity(**changes: Any) -> dict[str, Any]:
    return creatinine(valueQuantity=creatinine()["valueQuantity"] | changes)


def _pressure(**changes: Any) -> dict[str, Any]:
    systolic, diastolic = blood_pressure()["component"]
    return blood_pressure(component=[systolic, diastolic | changes])


STRUCTURE_TRAPS: tuple[Trap, ...] = (
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
        patient(name=[{"given": ["三"], "_given": [None, UNKNOWN]}]),
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
        patient(_birthDate={"extension": [{"url": ABSENT}]}),
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
    # Types of resources
    Trap(
        "a type of R4B",
        {"resourceType": "Citation", "status": "active"},
        "Citation.resourceType",
        "structure",
        "resourcelist.html",
    ),
    Trap(
        "a type in small letters",
        patient(resourceType="patient"),
        "patient.resourceType",
        "structure",
        "json.html",
    ),
    Trap(
        "a type in capitals",
        patient(resourceType="PATIENT"),
        "PATIENT.resourceType",
        "structure",
        "json.html",
    ),
    Trap(
        "an abstract type",
        {"resourceType": "DomainResource", "id": "x"},
        "DomainResource.resourceType",
        "structure",
        "domainresource.html",
    ),
    Trap(
        "a datatype as a resource",
        {"resourceType": "Quantity", "value": 1},
        "Quantity.resourceType",
        "structure",
        "resourcelist.html",
    ),
    Trap(
        "a key in other letters",
        creatinine(effectivedatetime="2026"),
        "Observation.effectivedatetime",
        "structure",
        "json.html",
    ),
    Trap(
        "an element of another type",
        patient(code={"text": "x"}),
        "Patient.code",
        "structure",
        "patient.html",
    ),
    Trap(
        "a value with an underscore and no primitive",
        creatinine(_valueQuantity=UNKNOWN),
        "Observation._valueQuantity",
        "structure",
        "json.html#primitive",
    ),
    Trap(
        "an underscore of another type of the choice",
        creatinine(_valueString=UNKNOWN),
        "Observation.valueString",
        "structure",
        "formats.html#choice",
    ),
    Trap(
        "extensions of a single value as an array",
        patient(_birthDate=[UNKNOWN]),
        "Patient.birthDate",
        "structure",
        "json.html#primitive",
    ),
    Trap(
        "a modifier extension in a datatype",
        patient(name=[{"text": "张三", "modifierExtension": FLAG}]),
        "Patient.name[0].modifierExtension",
        "structure",
        "extensibility.html#modifierExtension",
    ),
    Trap(
        "a modifier extension in an extension",
        patient(extension=[{"url": "urn:y", "extension": FLAG, "modifierExtension": FLAG}]),
        "Patient.extension[0].modifierExtension",
        "structure",
        "extensibility.html#modifierExtension",
    ),
    Trap(
        "a modifier extension of a primitive",
        patient(_birthDate={"modifierExtension": FLAG}),
        "Patient.birthDate.modifierExtension",
        "structure",
        "extensibility.html#modifierExtension",
    ),
    Trap(
        "a modifier extension on a Bundle",
        {"resourceType": "Bundle", "type": "collection", "modifierExtension": FLAG},
        "Bundle.modifierExtension",
        "structure",
        "bundle.html",
    ),
    Trap(
        "a narrative on a Binary",
        {
            "resourceType": "Binary",
            "contentType": "text/plain",
            "text": {"status": "generated", "div": f'<div xmlns="{XHTML}">a</div>'},
        },
        "Binary.text",
        "structure",
        "binary.html",
    ),
    Trap(
        "an extension with an empty url",
        patient(extension=[{"url": "", "valueCode": "a"}]),
        "Patient.extension[0].url",
        "value",
        "extensibility.html",
    ),
    Trap(
        "an extension with two values",
        patient(extension=[{"url": "urn:x", "valueCode": "a", "valueString": "a"}]),
        "Patient.extension[0].valueString",
        "structure",
        "formats.html#choice",
    ),
    Trap(
        "an extension as an object",
        patient(extension={"url": "urn:x", "valueCode": "a"}),
        "Patient.extension",
        "structure",
        "json.html",
    ),
    Trap(
        "a value for a result and its components",
        blood_pressure(component=[{"valueString": "x"}]),
        "Observation.component[0].code",
        "required",
        "observation.html",
    ),
)
