"""Records with a wrong type or spelling of a value, or a wrong code; each is refused."""

from typing import Any

from tests.unit.r4.records import LEAVE_OUT, creatinine, hypertension, patient
from tests.unit.r4.trap import TYPES, Trap, at, measured


def _quantity(**changes: Any) -> dict[str, Any]:
    return creatinine(valueQuantity=creatinine()["valueQuantity"] | changes)


def _answer(**value: Any) -> dict[str, Any]:
    return creatinine(valueQuantity=LEAVE_OUT, **value)


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
    ("a space for T", at("2026-03-01 08:15:00+08:00"), _WHEN, "dateTime"),
    ("a small t and z", at("2026-03-01t08:15:00z"), _WHEN, "dateTime"),
    ("24:00:00", at("2026-03-01T24:00:00Z"), _WHEN, "dateTime"),
    ("minute 60", at("2026-03-01T08:60:00Z"), _WHEN, "dateTime"),
    ("second 61", at("2026-03-01T23:59:61Z"), _WHEN, "dateTime"),
    ("a point without fraction", at("2026-03-01T08:15:00.Z"), _WHEN, "dateTime"),
    ("a comma before the fraction", at("2026-03-01T08:15:00,5Z"), _WHEN, "dateTime"),
    ("an offset of +14:01", at("2026-03-01T08:15:00+14:01"), _WHEN, "dateTime"),
    ("an offset of -15:00", at("2026-03-01T08:15:00-15:00"), _WHEN, "dateTime"),
    ("an offset without colon", at("2026-03-01T08:15:00+0800"), _WHEN, "dateTime"),
    ("an offset of hours only", at("2026-03-01T08:15:00+08"), _WHEN, "dateTime"),
    ("an hour and no minute", at("2026-03-01T08Z"), _WHEN, "dateTime"),
    ("a zone by name", at("2026-03-01T08:15:00 CST"), _WHEN, "dateTime"),
    ("a day of the year", at("2026-060"), _WHEN, "dateTime"),
    ("a time with a zone", _answer(valueTime="08:15:00Z"), "Observation.valueTime", "time"),
    ("a time without seconds alone", _answer(valueTime="08:15"), "Observation.valueTime", "time"),
    ("a time of 24 o'clock", _answer(valueTime="24:00:00"), "Observation.valueTime", "time"),
)

VALUE_TRAPS: tuple[Trap, ...] = (
    *(Trap(name, record, at, "value", f"{TYPES}#{kind}") for name, record, at, kind in _DATES),
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
    Trap(
        "a negative unsigned integer",
        {"resourceType": "Bundle", "type": "searchset", "total": -1},
        "Bundle.total",
        "value",
        "datatypes.html#unsignedInt",
    ),
    Trap(
        "a code with two spaces",
        creatinine(code={"coding": [{"code": "a  b"}]}),
        "Observation.code.coding[0].code",
        "value",
        "datatypes.html#code",
    ),
    Trap(
        "an instant without a zone",
        creatinine(issued="2026-03-01T08:15:00"),
        "Observation.issued",
        "value",
        "datatypes.html#instant",
    ),
    Trap(
        "an oid that begins with 3",
        patient(extension=[{"url": "urn:x", "valueOid": "urn:oid:3.1"}]),
        "Patient.extension[0].valueOid",
        "value",
        "datatypes.html#oid",
    ),
    Trap(
        "a uuid in capitals",
        patient(
            extension=[
                {"url": "urn:x", "valueUuid": "urn:uuid:0C1F5A4E-6A0E-4D3E-9A54-2B5A2F1E6C01"}
            ]
        ),
        "Patient.extension[0].valueUuid",
        "value",
        "datatypes.html#uuid",
    ),
    Trap(
        "a canonical with a space",
        patient(meta={"profile": ["http://x/y |1"]}),
        "Patient.meta.profile[0]",
        "value",
        "datatypes.html#canonical",
    ),
    Trap(
        "a file ending for a MIME type",
        patient(photo=[{"contentType": "png"}]),
        "Patient.photo[0].contentType",
        "value",
        "valueset-mimetypes.html",
    ),
    Trap(
        "a language in words",
        patient(language="中文"),
        "Patient.language",
        "value",
        "valueset-all-languages.html",
    ),
    Trap(
        "a currency that is none",
        creatinine(extension=[{"url": "urn:x", "valueMoney": {"value": 1, "currency": "RMB"}}]),
        "Observation.extension[0].valueMoney.currency",
        "code-invalid",
        "valueset-currencies.html",
    ),
    Trap(
        "minus zero for a count",
        patient(multipleBirthInteger=LEAVE_OUT, extension=[{"url": "urn:x", "valueInteger": -0.0}]),
        "Patient.extension[0].valueInteger",
        "structure",
        f"{TYPES}#integer",
    ),
    Trap(
        "a date for a number",
        measured("2026-03-01"),
        "Observation.valueQuantity.value",
        "structure",
        f"{TYPES}#decimal",
    ),
    Trap(
        "a number of 310 digits",
        measured(10**309),
        "Observation.valueQuantity.value",
        "value",
        f"{TYPES}#decimal",
    ),
    Trap(
        "a comparator as a sign",
        measured(5, comparator="≤"),
        "Observation.valueQuantity.comparator",
        "code-invalid",
        "valueset-quantity-comparator.html",
    ),
    Trap("an id that is empty", patient(id=""), "Patient.id", "value", f"{TYPES}#id"),
    Trap("an id of digits without quotes", patient(id=7), "Patient.id", "structure", f"{TYPES}#id"),
    Trap("an id in Chinese", patient(id="张三"), "Patient.id", "value", f"{TYPES}#id"),
)
