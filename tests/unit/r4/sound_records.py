"""Records that look wrong and are right."""

from tests.unit.r4.records import LEAVE_OUT, blood_pressure, creatinine, patient, report
from tests.unit.r4.trap import FLAG, TYPES, UNKNOWN, Sound, at, entry, inside, measured

_SAME_DAY = {"start": "2026-03-01", "end": "2026-03-01"}
SOUND: tuple[Sound, ...] = (
    Sound("a leap second", at("2016-12-31T23:59:60Z"), f"{TYPES}#dateTime"),
    Sound("the offset of Kiritimati", at("2026-03-01T08:15:00+14:00"), f"{TYPES}#dateTime"),
    Sound("an offset of -12:00", at("2026-03-01T08:15:00-12:00"), f"{TYPES}#dateTime"),
    Sound("an offset of -00:00", at("2026-03-01T08:15:00-00:00"), f"{TYPES}#dateTime"),
    Sound("nanoseconds", at("2026-03-01T08:15:00.123456789Z"), f"{TYPES}#dateTime"),
    Sound("29 February 2000", patient(birthDate="2000-02-29"), f"{TYPES}#date"),
    Sound("the year 0001", patient(birthDate="0001"), f"{TYPES}#date"),
    Sound("a year and a month", patient(birthDate="1961-05"), f"{TYPES}#date"),
    Sound("a period of one day", report(effectivePeriod=_SAME_DAY), "per-1"),
    Sound(
        "a period that ends before it starts by the clock, in another zone",
        report(
            effectivePeriod={"start": "2026-03-01T08:00:00+08:00", "end": "2026-03-01T00:30:00Z"}
        ),
        "per-1",
    ),
    Sound("an id of 64 characters", patient(id="a" * 64), f"{TYPES}#id"),
    Sound("an id of points", patient(id="1.2.3"), f"{TYPES}#id"),
    Sound(
        "a primitive that is an extension only",
        patient(birthDate=LEAVE_OUT, _birthDate=UNKNOWN),
        "json.html#primitive",
    ),
    Sound(
        "a primitive with value and extension", patient(_birthDate=UNKNOWN), "json.html#primitive"
    ),
    Sound(
        "null beside an extension",
        patient(name=[{"given": ["三", None], "_given": [None, UNKNOWN]}]),
        "json.html#null",
    ),
    Sound(
        "an extension in an extension",
        patient(extension=[{"url": "urn:x", "extension": [{"url": "y", "valueCode": "a"}]}]),
        "extensibility.html",
    ),
    Sound(
        "a modifier extension on a component",
        blood_pressure(component=[blood_pressure()["component"][0] | {"modifierExtension": FLAG}]),
        "extensibility.html#modifierExtension",
    ),
    Sound(
        "a contained resource that refers to the whole",
        report(
            contained=[{"resourceType": "Specimen", "id": "blood", "subject": {"reference": "#"}}],
            specimen=LEAVE_OUT,
        ),
        "references.html#contained",
    ),
    Sound(
        "an external reference without a known type",
        creatinine(subject={"reference": "https://x/anything"}),
        "references.html#literal",
    ),
    Sound(
        "a reference by identifier only",
        creatinine(subject={"identifier": {"system": "urn:x", "value": "1"}}),
        "references.html#logical",
    ),
    Sound(
        "a reference to a version",
        creatinine(subject={"reference": "Patient/p-1/_history/2"}),
        "references.html#literal",
    ),
    Sound(
        "a urn:uuid as a full URL",
        entry("urn:uuid:0c1f5a4e-6a0e-4d3e-9a54-2b5a2f1e6c01"),
        "bundle-definitions.html#Bundle.entry.fullUrl",
    ),
    Sound(
        "a full URL of a resource without id",
        {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [
                {"fullUrl": "https://x/fhir/Patient/9", "resource": {"resourceType": "Patient"}}
            ],
        },
        "bundle-definitions.html#Bundle.entry.fullUrl",
    ),
    Sound("numeric entities in the narrative", inside("a&#160;b &lt; c"), "narrative.html#xhtml"),
    Sound("a picture alone as narrative", inside('<img src="#p" alt="curve"/>'), "txt-2"),
    Sound("a style attribute", inside('<p style="color: red">a</p>'), "txt-1"),
    Sound(
        "a code in mixed letters",
        creatinine(code={"coding": [{"system": "urn:x", "code": "Na+ / K+"}]}),
        f"{TYPES}#code",
    ),
    Sound("a unit in words only", measured(84), f"{TYPES}#quantity"),
    Sound("a value of zero", measured(0), f"{TYPES}#decimal"),
    Sound("a negative value", measured(-3), f"{TYPES}#decimal"),
    Sound(
        "a language tag with script and region",
        patient(language="zh-Hans-CN"),
        "valueset-all-languages.html",
    ),
    Sound(
        "base64 with line breaks",
        patient(photo=[{"contentType": "image/png", "data": "iVBO\nRw0K"}]),
        f"{TYPES}#base64Binary",
    ),
    Sound("a text with a line break", patient(name=[{"text": "张\n三"}]), f"{TYPES}#string"),
    Sound(
        "a character beyond the basic plane", patient(name=[{"family": "𠮷"}]), f"{TYPES}#string"
    ),
)
