"""What a trap is, and what several of them are made of."""

from typing import Any, NamedTuple

from tests.unit.r4.records import creatinine, patient


class Trap(NamedTuple):
    """A faulty record and the one issue that it must give.

    `source` names the constraint, or the page of http://hl7.org/fhir/R4/, that decides.
    """

    name: str
    record: dict[str, Any]
    expression: str
    code: str
    source: str


class WireTrap(NamedTuple):
    """A body, and the text that the refusal must hold; `source` may be an RFC."""

    name: str
    body: bytes
    refusal: str
    source: str


class Sound(NamedTuple):
    """A record, as it is written, that a reader may take for faulty, and that is accepted."""

    name: str
    record: dict[str, Any]
    source: str


ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
UNKNOWN = {"extension": [{"url": ABSENT, "valueCode": "unknown"}]}
FLAG = [{"url": "urn:x", "valueBoolean": True}]
XHTML = "http://www.w3.org/1999/xhtml"
TYPES = "datatypes.html"


def at(effective: str) -> dict[str, Any]:
    return creatinine(effectiveDateTime=effective)


def measured(value: Any, **more: Any) -> dict[str, Any]:
    return creatinine(valueQuantity={"value": value, "unit": "μmol/L"} | more)


def narrative(markup: str) -> dict[str, Any]:
    return patient(text={"status": "generated", "div": markup})


def inside(markup: str) -> dict[str, Any]:
    return narrative(f'<div xmlns="{XHTML}">{markup}</div>')


def entry(full_url: str, **resource: Any) -> dict[str, Any]:
    held = {"resourceType": "Patient", "id": "p-1"} | resource
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": full_url, "resource": held}],
    }
