"""More records that look right and are not, and records that look wrong and are right.

`source` names the page of http://hl7.org/fhir/R4/ that decides.
"""

from typing import Any, NamedTuple

from tests.unit.r4.records import LEAVE_OUT, blood_pressure, creatinine, patient, report
from tests.unit.r4.traps import Trap
from tests.unit.r4.traps_wire import WireTrap


class Sound(NamedTuple):
    """A record, as it is written, that a reader may take for faulty, and that is accepted."""

    name: str
    record: dict[str, Any]
    source: str


_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_UNKNOWN = {"extension": [{"url": _ABSENT, "valueCode": "unknown"}]}
_FLAG = [{"url": "urn:x", "valueBoolean": True}]
_XHTML = "http://www.w3.org/1999/xhtml"
_TYPES = "datatypes.html"


def _at(effective: str) -> dict[str, Any]:
    return creatinine(effectiveDateTime=effective)


def _measured(value: Any, **more: Any) -> dict[str, Any]:
    return creatinine(valueQuantity={"value": value, "unit": "μmol/L"} | more)


def _answer(**value: Any) -> dict[str, Any]:
    return creatinine(valueQuantity=LEAVE_OUT, **value)


def _div(markup: str) -> dict[str, Any]:
    return patient(text={"status": "generated", "div": markup})


def _inside(markup: str) -> dict[str, Any]:
    return _div(f'<div xmlns="{_XHTML}">{markup}</div>')


def _entry(full_url: str, **resource: Any) -> dict[str, Any]:
    held = {"resourceType": "Patient", "id": "p-1"} | resource
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": full_url, "resource": held}],
    }


_WHEN, _BORN = "Observation.effectiveDateTime", "Patient.birthDate"
_DATES: tuple[tuple[str, dict[str, Any], str, str], ...] = (
    ("the year 0000", patient(birthDate="0000"), _BORN, "date"),
    ("a month of one digit", patient(birthDate="1961-5"), _BORN, "date"),
    ("month 13", patient(birthDate="1961-13"), _BORN, "date"),
    ("day 0", patient(birthDate="1961-05-00"), _BORN, "date"),
    ("a year of two digits", patient(birthDate="61-05-02"), _BORN, "date"),
    ("a date with slashes", patient(birthDate="1961/05/02"), _BORN, "date"),
    ("a date with a zone", patient(birthDate="1961-05-02+08:00"), _BORN, "date"),
    ("31 April", patient(birthDate="1961-04-31"), _BORN, "date"),
    ("29 February 1900", patient(birthDate="1900-02-29"), _BORN, "date"),
    ("digits of another script", patient(birthDate="１９６１"), _BORN, "date"),
    ("a space for T", _at("2026-03-01 08:15:00+08:00"), _WHEN, "dateTime"),
    ("a small t and z", _at("2026-03-01t08:15:00z"), _WHEN, "dateTime"),
    ("24:00:00", _at("2026-03-01T24:00:00Z"), _WHEN, "dateTime"),
    ("minute 60", _at("2026-03-01T08:60:00Z"), _WHEN, "dateTime"),
    ("second 61", _at("2026-03-01T23:59:61Z"), _WHEN, "dateTime"),
    ("a point without fraction", _at("2026-03-01T08:15:00.Z"), _WHEN, "dateTime"),
    ("a comma before the fraction", _at("2026-03-01T08:15:00,5Z"), _WHEN, "dateTime"),
    ("an offset of +14:01", _at("2026-03-01T08:15:00+14:01"), _WHEN, "dateTime"),
    ("an offset of -15:00", _at("2026-03-01T08:15:00-15:00"), _WHEN, "dateTime"),
    ("an offset without colon", _at("2026-03-01T08:15:00+0800"), _WHEN, "dateTime"),
    ("an offset of hours only", _at("2026-03-01T08:15:00+08"), _WHEN, "dateTime"),
    ("an hour and no minute", _at("2026-03-01T08Z"), _WHEN, "dateTime"),
    ("a zone by name", _at("2026-03-01T08:15:00 CST"), _WHEN, "dateTime"),
    ("a day of the year", _at("2026-060"), _WHEN, "dateTime"),
    ("a time with a zone", _answer(valueTime="08:15:00Z"), "Observation.valueTime", "time"),
    ("a time without seconds alone", _answer(valueTime="08:15"), "Observation.valueTime", "time"),
    ("a time of 24 o'clock", _answer(valueTime="24:00:00"), "Observation.valueTime", "time"),
)

_OTHERS: tuple[Trap, ...] = (
    Trap("minus zero for a count", patient(multipleBirthInteger=LEAVE_OUT, extension=[
        {"url": "urn:x", "valueInteger": -0.0}]), "Patient.extension[0].valueInteger", "structure",
        f"{_TYPES}#integer"),
    Trap("a date for a number", _measured("2026-03-01"), "Observation.valueQuantity.value",
         "structure", f"{_TYPES}#decimal"),
    Trap("a number of 310 digits", _measured(10**309), "Observation.valueQuantity.value", "value",
         f"{_TYPES}#decimal"),
    Trap("a comparator as a sign", _measured(5, comparator="≤"),
         "Observation.valueQuantity.comparator", "code-invalid",
         "valueset-quantity-comparator.html"),
    Trap("an id that is empty", patient(id=""), "Patient.id", "value", f"{_TYPES}#id"),
    Trap("an id of digits without quotes", patient(id=7), "Patient.id", "structure",
         f"{_TYPES}#id"),
    Trap("an id in Chinese", patient(id="张三"), "Patient.id", "value", f"{_TYPES}#id"),
    Trap("a type in small letters", patient(resourceType="patient"), "patient.resourceType",
         "structure", "json.html"),
    Trap("a type in capitals", patient(resourceType="PATIENT"), "PATIENT.resourceType",
         "structure", "json.html"),
    Trap("an abstract type", {"resourceType": "DomainResource", "id": "x"},
         "DomainResource.resourceType", "structure", "domainresource.html"),
    Trap("a datatype as a resource", {"resourceType": "Quantity", "value": 1},
         "Quantity.resourceType", "structure", "resourcelist.html"),
    Trap("a key in other letters", creatinine(effectivedatetime="2026"),
         "Observation.effectivedatetime", "structure", "json.html"),
    Trap("an element of another type", patient(code={"text": "x"}), "Patient.code", "structure",
         "patient.html"),
    Trap("a value with an underscore and no primitive", creatinine(_valueQuantity=_UNKNOWN),
         "Observation._valueQuantity", "structure", "json.html#primitive"),
    Trap("an underscore of another type of the choice", creatinine(_valueString=_UNKNOWN),
         "Observation.valueString", "structure", "formats.html#choice"),
    Trap("extensions of a single value as an array", patient(_birthDate=[_UNKNOWN]),
         "Patient.birthDate", "structure", "json.html#primitive"),
    Trap("a modifier extension in a datatype", patient(name=[
        {"text": "张三", "modifierExtension": _FLAG}]), "Patient.name[0].modifierExtension",
        "structure", "extensibility.html#modifierExtension"),
    Trap("a modifier extension in an extension", patient(extension=[
        {"url": "urn:y", "extension": _FLAG, "modifierExtension": _FLAG}]),
        "Patient.extension[0].modifierExtension", "structure",
        "extensibility.html#modifierExtension"),
    Trap("a modifier extension of a primitive", patient(_birthDate={"modifierExtension": _FLAG}),
         "Patient.birthDate.modifierExtension", "structure",
         "extensibility.html#modifierExtension"),
    Trap("a modifier extension on a Bundle", {"resourceType": "Bundle", "type": "collection",
         "modifierExtension": _FLAG}, "Bundle.modifierExtension", "structure", "bundle.html"),
    Trap("a narrative on a Binary", {"resourceType": "Binary", "contentType": "text/plain",
         "text": {"status": "generated", "div": f'<div xmlns="{_XHTML}">a</div>'}}, "Binary.text",
         "structure", "binary.html"),
    Trap("an extension with an empty url", patient(extension=[{"url": "", "valueCode": "a"}]),
         "Patient.extension[0].url", "value", "extensibility.html"),
    Trap("an extension with two values", patient(extension=[
        {"url": "urn:x", "valueCode": "a", "valueString": "a"}]),
        "Patient.extension[0].valueString", "structure", "formats.html#choice"),
    Trap("an extension as an object", patient(extension={"url": "urn:x", "valueCode": "a"}),
         "Patient.extension", "structure", "json.html"),
    Trap("two contained resources of one id", report(contained=[
        {"resourceType": "Specimen", "id": "blood"}, {"resourceType": "Specimen", "id": "blood"}]),
        "DiagnosticReport.contained", "structure", "references.html#contained"),
    Trap("a contained id with its sign", report(contained=[
        {"resourceType": "Specimen", "id": "#blood"}], specimen=LEAVE_OUT),
        "DiagnosticReport.contained[0].id", "value", "references.html#contained"),
    Trap("a reference to a contained one of a contained one", report(
        contained=[{"resourceType": "Specimen", "id": "blood",
                    "request": [{"reference": "#order"}]}]),
        "DiagnosticReport.contained[0].request[0].reference", "invariant", "ref-1"),
    Trap("an absolute reference without type", creatinine(subject={"reference": "p-1/"}),
         "Observation.subject.reference", "value", "references.html#literal"),
    Trap("a reference with a query", creatinine(subject={"reference": "Patient/p-1?x=y"}),
         "Observation.subject.reference", "value", "references.html#literal"),
    Trap("a reference as text", creatinine(subject="Patient/p-1"), "Observation.subject",
         "structure", "references.html"),
    Trap("a urn:uuid that is none", creatinine(subject={"reference": "urn:uuid:1"}),
         "Observation.subject.reference", "value", "references.html#literal"),
    Trap("a full URL of another id", _entry("https://x/fhir/Patient/p-2"),
         "Bundle.entry[0].fullUrl", "invariant", "bundle-definitions.html#Bundle.entry.fullUrl"),
    Trap("a full URL of another type", _entry("https://x/fhir/Person/p-1"),
         "Bundle.entry[0].fullUrl", "invariant", "bundle-definitions.html#Bundle.entry.fullUrl"),
    Trap("a full URL that is relative", _entry("Patient/p-1"),
         "Bundle.entry[0].fullUrl", "invariant", "bundle-definitions.html#Bundle.entry.fullUrl"),
    Trap("a full URL of one version", _entry("https://x/fhir/Patient/p-1/_history/2"),
         "Bundle.entry[0].fullUrl", "invariant", "bdl-8"),
    Trap("a style element in the narrative", _inside("<style>p {color: red}</style><p>a</p>"),
         "Patient.text.div", "invariant", "txt-1"),
    Trap("a form in the narrative", _inside("<form><input/></form>a"), "Patient.text.div",
         "invariant", "txt-1"),
    Trap("a frame in the narrative", _inside('<iframe src="https://x"></iframe>a'),
         "Patient.text.div", "invariant", "txt-1"),
    Trap("a picture that runs a script", _inside('<img src="x" onerror="y()"/>a'),
         "Patient.text.div", "invariant", "txt-1"),
    Trap("a page behind a data link", _inside('<a href="data:text/html,x">a</a>'),
         "Patient.text.div", "invariant", "txt-1"),
    Trap("a script of another namespace", _inside('<s:script xmlns:s="urn:s">x()</s:script>a'),
         "Patient.text.div", "invariant", "txt-1"),
    Trap("two divs", _div(f'<div xmlns="{_XHTML}">a</div><div xmlns="{_XHTML}">b</div>'),
         "Patient.text.div", "invariant", "txt-1"),
    Trap("a paragraph for the div", _div(f'<p xmlns="{_XHTML}">a</p>'), "Patient.text.div",
         "invariant", "txt-1"),
    Trap("a div of another namespace", _div('<div xmlns="http://www.w3.org/2000/svg">a</div>'),
         "Patient.text.div", "invariant", "txt-1"),
    Trap("a narrative of markup only", _inside('<p></p><table><tr><td> </td></tr></table>'),
         "Patient.text.div", "invariant", "txt-2"),
    Trap("a narrative with a document type", _div(
        f'<!DOCTYPE div [<!ENTITY a "b">]><div xmlns="{_XHTML}">&a;</div>'), "Patient.text.div",
        "invariant", "narrative.html#xhtml"),
    Trap("a value for a result and its components", blood_pressure(
        component=[{"valueString": "x"}]), "Observation.component[0].code", "required",
        "observation.html"),
)  # fmt: skip

VALUE_TRAPS: tuple[Trap, ...] = (
    *(Trap(name, record, at, "value", f"{_TYPES}#{kind}") for name, record, at, kind in _DATES),
    *_OTHERS,
)

_NUMBER = b'{"resourceType":"Observation","valueQuantity":{"value":'

NUMBER_TRAPS: tuple[WireTrap, ...] = (
    *(
        WireTrap(name, _NUMBER + text + b"}}", "Malformed JSON", "RFC 8259")
        for name, text in (
            ("a number that begins with its point", b".5"),
            ("a number that ends in its point", b"5."),
            ("a plus sign", b"+5"),
            ("a hexadecimal number", b"0x1F"),
            ("a sign alone", b"-"),
            ("two signs", b"--5"),
            ("a comma in a number", b"5,4"),
            ("an exponent of nothing", b"1e"),
            ("a point in an exponent", b"1e2.5"),
            ("thousands apart", b"1_000"),
            ("Infinity", b"Infinity"),
            ("True", b"True"),
            ("a text in single quotes", b"'5'"),
        )
    ),
    WireTrap("a comment", _NUMBER + b"5 /* umol/L */}}", "Malformed JSON", "RFC 8259"),
    WireTrap("two resources in one body", b"{}{}", "Malformed JSON", "RFC 8259"),
    WireTrap("a tab in a string", b'{"id":"a\tb"}', "Malformed JSON", "RFC 8259"),
    WireTrap("half a surrogate pair", rb'{"id":"\ud800"}', "surrogate", "RFC 8259"),
    WireTrap("a key twice, once escaped", rb'{"id":"a","\u0069d":"b"}', "stands twice",
             "json.html"),
)  # fmt: skip

# Spellings of decimals that come back as they came.
KEPT_EDGES: tuple[bytes, ...] = (
    *(b"-0", b"-0.0", b"0.0e-10", b"1E5", b"1e-10", b"1E+05", b"100", b"0.10e1", b"-1.50"),
    *(b"0.000", b"123456789012345678901234567890", b"1e308", b"0e0", b"-0e-1", b"0E-0"),
)

_SAME_DAY = {"start": "2026-03-01", "end": "2026-03-01"}
SOUND: tuple[Sound, ...] = (
    Sound("a leap second", _at("2016-12-31T23:59:60Z"), f"{_TYPES}#dateTime"),
    Sound("the offset of Kiritimati", _at("2026-03-01T08:15:00+14:00"), f"{_TYPES}#dateTime"),
    Sound("an offset of -12:00", _at("2026-03-01T08:15:00-12:00"), f"{_TYPES}#dateTime"),
    Sound("an offset of -00:00", _at("2026-03-01T08:15:00-00:00"), f"{_TYPES}#dateTime"),
    Sound("nanoseconds", _at("2026-03-01T08:15:00.123456789Z"), f"{_TYPES}#dateTime"),
    Sound("29 February 2000", patient(birthDate="2000-02-29"), f"{_TYPES}#date"),
    Sound("the year 0001", patient(birthDate="0001"), f"{_TYPES}#date"),
    Sound("a year and a month", patient(birthDate="1961-05"), f"{_TYPES}#date"),
    Sound("a period of one day", report(effectivePeriod=_SAME_DAY), "per-1"),
    Sound(
        "a period that ends before it starts by the clock, in another zone",
        report(effectivePeriod={"start": "2026-03-01T08:00:00+08:00",
                                "end": "2026-03-01T00:30:00Z"}),
        "per-1",
    ),
    Sound("an id of 64 characters", patient(id="a" * 64), f"{_TYPES}#id"),
    Sound("an id of points", patient(id="1.2.3"), f"{_TYPES}#id"),
    Sound("a primitive that is an extension only", patient(birthDate=LEAVE_OUT,
          _birthDate=_UNKNOWN), "json.html#primitive"),
    Sound("a primitive with value and extension", patient(_birthDate=_UNKNOWN),
          "json.html#primitive"),
    Sound("null beside an extension", patient(name=[
        {"given": ["三", None], "_given": [None, _UNKNOWN]}]), "json.html#null"),
    Sound("an extension in an extension", patient(extension=[
        {"url": "urn:x", "extension": [{"url": "y", "valueCode": "a"}]}]), "extensibility.html"),
    Sound("a modifier extension on a component", blood_pressure(component=[
        blood_pressure()["component"][0] | {"modifierExtension": _FLAG}]),
        "extensibility.html#modifierExtension"),
    Sound("a contained resource that refers to the whole", report(contained=[
        {"resourceType": "Specimen", "id": "blood", "subject": {"reference": "#"}}],
        specimen=LEAVE_OUT), "references.html#contained"),
    Sound("an external reference without a known type", creatinine(
        subject={"reference": "https://x/anything"}), "references.html#literal"),
    Sound("a reference by identifier only", creatinine(
        subject={"identifier": {"system": "urn:x", "value": "1"}}), "references.html#logical"),
    Sound("a reference to a version", creatinine(subject={"reference": "Patient/p-1/_history/2"}),
          "references.html#literal"),
    Sound("a urn:uuid as a full URL", _entry("urn:uuid:0c1f5a4e-6a0e-4d3e-9a54-2b5a2f1e6c01"),
          "bundle-definitions.html#Bundle.entry.fullUrl"),
    Sound("a full URL of a resource without id", {"resourceType": "Bundle", "type": "collection",
          "entry": [{"fullUrl": "https://x/fhir/Patient/9",
                     "resource": {"resourceType": "Patient"}}]},
          "bundle-definitions.html#Bundle.entry.fullUrl"),
    Sound("numeric entities in the narrative", _inside("a&#160;b &lt; c"),
          "narrative.html#xhtml"),
    Sound("a picture alone as narrative", _inside('<img src="#p" alt="curve"/>'), "txt-2"),
    Sound("a style attribute", _inside('<p style="color: red">a</p>'), "txt-1"),
    Sound("a code in mixed letters", creatinine(code={"coding": [
        {"system": "urn:x", "code": "Na+ / K+"}]}), f"{_TYPES}#code"),
    Sound("a unit in words only", _measured(84), f"{_TYPES}#quantity"),
    Sound("a value of zero", _measured(0), f"{_TYPES}#decimal"),
    Sound("a negative value", _measured(-3), f"{_TYPES}#decimal"),
    Sound("a language tag with script and region", patient(language="zh-Hans-CN"),
          "valueset-all-languages.html"),
    Sound("base64 with line breaks", patient(photo=[
        {"contentType": "image/png", "data": "iVBO\nRw0K"}]), f"{_TYPES}#base64Binary"),
    Sound("a text with a line break", patient(name=[{"text": "张\n三"}]), f"{_TYPES}#string"),
    Sound("a character beyond the basic plane", patient(name=[{"family": "𠮷"}]),
          f"{_TYPES}#string"),
)  # fmt: skip
