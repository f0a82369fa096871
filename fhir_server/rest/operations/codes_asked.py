"""The codes of a $validate-code and how strictly they are held, from its parameters."""

from typing import Any

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import BadRequest
from fhir_server.rest.operations.call import Call
from fhir_server.rest.operations.display_language import asked_language
from terminology.service.code_checks import ValidateCode
from terminology.service.code_findings import Coded
from terminology.service.languages import wanted


def read_codes(
    call: Call, system: str, version: str
) -> tuple[tuple[Coded, ...], JsonObject | None]:
    """Return the codes to check, and the CodeableConcept that they are of, if they are."""
    code, coding, concept = call.text("code"), call.one("coding"), call.one("codeableConcept")
    if sum(each is not None for each in (code, coding, concept)) != 1:
        raise BadRequest("required", "Send code, coding or codeableConcept, one of them.")
    if code is not None:
        return (Coded(code, system, version, call.text("display") or ""),), None
    if coding is not None:
        return (_coded(coding, "Coding", version),), None
    if not isinstance(concept, dict):
        raise BadRequest("value", "codeableConcept takes a CodeableConcept.")
    codings = concept.get("coding", [])
    if not isinstance(codings, list):
        raise BadRequest("value", "CodeableConcept.coding is a list of Codings.")
    found = tuple(
        _coded(each, f"CodeableConcept.coding[{place}]", version)
        for place, each in enumerate(codings)
    )
    return found, concept


def _coded(coding: Any, place: str, version: str) -> Coded:
    if not isinstance(coding, dict) or not isinstance(coding.get("code"), str):
        raise BadRequest("value", f"{place} is no Coding with a code.")
    system, own, display = (str(coding.get(name, "")) for name in ("system", "version", "display"))
    return Coded(coding["code"], system, own or version, display, place)


def read_asked(call: Call, codes: tuple[Coded, ...], concept: JsonObject | None) -> ValidateCode:
    """Return what is asked of codes, and how strictly."""
    language = asked_language(call)
    return ValidateCode(
        codes=codes,
        concept=concept,
        languages=wanted(language),
        abstract=call.flag("abstract") is not False,
        active_only=call.flag("activeOnly") or False,
        lenient_display=call.flag("lenient-display-validation") or False,
        infers_system=call.flag("inferSystem") or False,
        membership_only=call.flag("valueset-membership-only") or False,
    )
