"""Bodies that go wrong before a record is read, and more records that look right and are not.

`source` names the page of http://hl7.org/fhir/R4/ (or the RFC) that decides.
"""

from typing import NamedTuple

from tests.unit.r4.records import creatinine, patient
from tests.unit.r4.traps import Trap


class WireTrap(NamedTuple):
    """A body, and the text that the refusal must hold."""

    name: str
    body: bytes
    refusal: str
    source: str


_ID = b'{"resourceType":"Patient","id":'

WIRE_TRAPS: tuple[WireTrap, ...] = (
    WireTrap("a key twice", _ID + b'"a","id":"b"}', "stands twice", "json.html"),
    WireTrap("a trailing comma", _ID + b'"a",}', "Malformed JSON", "RFC 8259"),
    WireTrap("NaN for a number", _ID + b"NaN}", "Malformed JSON", "RFC 8259"),
    WireTrap("an exponent beyond a float", _ID + b"1e400}", "beyond 1e", "datatypes.html#decimal"),
    WireTrap("a leading zero", _ID + b"007}", "Malformed JSON", "RFC 8259"),
    WireTrap("text that is no UTF-8", _ID + b'"\xff"}', "Invalid UTF-8", "json.html"),
    WireTrap("a byte order mark", b"\xef\xbb\xbf" + _ID + b'"a"}', "byte order mark", "RFC 8259"),
    WireTrap("an array of resources", b"[]", "JSON array", "json.html"),
    WireTrap("nesting without end", b'{"a":' * 70 + b"1" + b"}" * 70, "deeper", "json.html"),
)

# Spellings that a reader could change, and this one may not (datatypes.html#decimal).
KEPT_NUMBERS: tuple[bytes, ...] = (
    *(b"1.10", b"1.00", b"0.00000001", b"1e3", b"1E+3", b"12345678901234567.89"),
)

MORE_TRAPS: tuple[Trap, ...] = (
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
        "a type of R4B",
        {"resourceType": "Citation", "status": "active"},
        "Citation.resourceType",
        "structure",
        "resourcelist.html",
    ),
    Trap(
        "a contained resource that nothing names",
        patient(contained=[{"resourceType": "Basic", "id": "b", "code": {"text": "x"}}]),
        "Patient.contained",
        "invariant",
        "dom-3",
    ),
    Trap(
        "a document without its composition",
        {
            "resourceType": "Bundle",
            "type": "document",
            "timestamp": "2026-03-01T00:00:00Z",
            "identifier": {"system": "urn:x", "value": "1"},
        },
        "Bundle.entry",
        "invariant",
        "bdl-11",
    ),
)
