"""CodeSystem/$validate-code and ValueSet/$validate-code.

Sources: http://hl7.org/fhir/R4/codesystem-operation-validate-code.html,
valueset-operation-validate-code.html.
"""

from collections.abc import Callable
from typing import Any, Final

from fastapi import Response
from sqlalchemy import Connection

from fhir_server.r4.codec import JsonObject, encode
from fhir_server.r4.outcome import BadRequest
from fhir_server.rest.content import answer_type
from fhir_server.rest.operations.call import Call, Operation
from fhir_server.rest.operations.value_sets import (
    SENT_ALONG,
    SYSTEM_VERSIONS,
    VALUE_SET_VERSION,
    sent_along,
    sent_value_set,
    stored_value_set,
    versions_of,
)
from fhir_server.rest.read import read_current
from fhir_server.rest.services import access_to, services_of
from fhir_server.store.terminology import StoredTerminology, code_system_of
from terminology.service.code_findings import Coded
from terminology.service.languages import wanted
from terminology.service.sent_along import WithSent
from terminology.service.validate_code import ValidateCode, validate_code
from terminology.service.value_set import Composition

_HOW: Final = (
    "display",
    "coding",
    "codeableConcept",
    "abstract",
    "displayLanguage",
    "lenient-display-validation",
    "useSupplement",
    SENT_ALONG,
)
_CODE_SYSTEM: Final = ("url", "code", "version", *_HOW)
_VALUE_SET: Final = (
    *("url", "valueSet", "valueSetVersion", "code", "system", "systemVersion"),
    *("activeOnly", "inferSystem", "valueset-membership-only"),
    *SYSTEM_VERSIONS,
    VALUE_SET_VERSION,
    *_HOW,
)


async def in_code_system(call: Call) -> Response:
    """Say whether a code is one of a code system, with the right display."""
    call.check_known(*_CODE_SYSTEM)
    versions, supplements = versions_of(call), call.texts("useSupplement")
    along = sent_along(call)

    def read(connection: Connection) -> JsonObject:
        url, version = _code_system(connection, call)
        codes, concept = _codes(call, url, version)
        if any(each.system != url for each in codes if url):
            text = f"The operation asks of {url}; a coding is of another code system."
            raise BadRequest("value", text, "Parameters.parameter")
        library = WithSent(StoredTerminology(connection), along)
        composition = Composition(library, versions, supplements, is_strict=False)
        return validate_code(composition, library, _asked(call, codes, concept), None)

    return await _answer(call, read)


async def in_value_set(call: Call) -> Response:
    """Say whether a code is one of a value set, with the right display."""
    call.check_known(*_VALUE_SET)
    versions, supplements = versions_of(call), call.texts("useSupplement")
    codes, concept = _codes(call, call.text("system") or "", call.text("systemVersion") or "")
    asked, sent = _asked(call, codes, concept), sent_value_set(call)
    along = sent_along(call)

    def read(connection: Connection) -> JsonObject:
        library = WithSent(StoredTerminology(connection), along)
        composition = Composition(library, versions, supplements, is_strict=False)
        resource = sent or stored_value_set(connection, call, library, versions)
        return validate_code(composition, library, asked, resource)

    return await _answer(call, read)


def _code_system(connection: Connection, call: Call) -> tuple[str, str]:
    """Return url and version of the code system: of the address, or as named."""
    if call.id is None:
        return call.text("url") or "", call.text("version") or ""
    stored = read_current(connection, "CodeSystem", call.id, access_to(call.request))
    found = code_system_of(stored.body)
    return found.url, found.version


def _codes(call: Call, system: str, version: str) -> tuple[tuple[Coded, ...], JsonObject | None]:
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
    found = tuple(
        _coded(each, f"CodeableConcept.coding[{place}]", version)
        for place, each in enumerate(concept.get("coding", ()))
    )
    return found, concept


def _coded(coding: Any, place: str, version: str) -> Coded:
    if not isinstance(coding, dict) or not isinstance(coding.get("code"), str):
        raise BadRequest("value", f"{place} is no Coding with a code.")
    system, own, display = (str(coding.get(name, "")) for name in ("system", "version", "display"))
    return Coded(coding["code"], system, own or version, display, place)


def _asked(call: Call, codes: tuple[Coded, ...], concept: JsonObject | None) -> ValidateCode:
    language = call.text("displayLanguage") or call.request.headers.get("accept-language")
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


async def _answer(call: Call, read: Callable[[Connection], JsonObject]) -> Response:
    media_type = answer_type(call.request)
    found = await services_of(call.request).database.read(read)
    return Response(encode(found), media_type=media_type)


OPERATIONS = tuple(
    Operation(
        name="validate-code",
        definition=f"http://hl7.org/fhir/OperationDefinition/{type}-validate-code",
        levels=("type", "instance"),
        answer=answer,
        types=(type,),
        documentation=f"Parameters {', '.join(names)}; issues name what is wrong.",
    )
    for type, answer, names in (
        ("CodeSystem", in_code_system, _CODE_SYSTEM),
        ("ValueSet", in_value_set, _VALUE_SET),
    )
)
