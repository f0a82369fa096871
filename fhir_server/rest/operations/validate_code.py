"""CodeSystem/$validate-code and ValueSet/$validate-code.

Sources: http://hl7.org/fhir/R4/codesystem-operation-validate-code.html,
valueset-operation-validate-code.html.
"""

from collections.abc import Callable, Hashable
from typing import Final

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import BadRequest
from fhir_server.rest.operations.call import Call
from fhir_server.rest.operations.codes_asked import read_asked, read_codes
from fhir_server.rest.operations.reading import reading_operation
from fhir_server.rest.operations.session import Session
from fhir_server.rest.operations.value_sets import (
    SENT_ALONG,
    SYSTEM_VERSIONS,
    VALUE_SET_VERSION,
    sent_along,
    value_set_of,
    versions_of,
)
from fhir_server.rest.read import read_current
from fhir_server.rest.services import access_to
from fhir_server.store.terminology import code_system_of
from terminology.service.membership import Membership
from terminology.service.validate_code import validate_code

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
CODE_SYSTEM_PARAMETERS: Final = ("url", "code", "version", *_HOW)
# What says which value set it is, in which versions and with what beside it.
_WHICH: Final = (
    *("url", "valueSet", "valueSetVersion"),
    *SYSTEM_VERSIONS,
    VALUE_SET_VERSION,
    "useSupplement",
)
VALUE_SET_PARAMETERS: Final = (
    *("url", "valueSet", "valueSetVersion", "code", "system", "systemVersion"),
    *("activeOnly", "inferSystem", "valueset-membership-only"),
    *SYSTEM_VERSIONS,
    VALUE_SET_VERSION,
    *_HOW,
)


def in_code_system(call: Call) -> Callable[[Session], JsonObject]:
    """Say whether a code is one of a code system, with the right display."""
    call.check_known(*CODE_SYSTEM_PARAMETERS)

    def read(session: Session) -> JsonObject:
        url, version = _code_system(session, call)
        codes, concept = read_codes(call, url, version)
        if any(each.system != url for each in codes if url):
            text = f"The operation asks of {url}; a coding is of another code system."
            raise BadRequest("value", text, "Parameters.parameter")
        membership = _membership(call, session, of_value_set=False)
        return validate_code(membership, read_asked(call, codes, concept))

    return read


def in_value_set(call: Call) -> Callable[[Session], JsonObject]:
    """Say whether a code is one of a value set, with the right display."""
    call.check_known(*VALUE_SET_PARAMETERS)
    codes, concept = read_codes(call, call.text("system") or "", call.text("systemVersion") or "")
    asked = read_asked(call, codes, concept)
    return lambda session: validate_code(_membership(call, session, of_value_set=True), asked)


def _membership(call: Call, session: Session, *, of_value_set: bool) -> Membership:
    """Return what codes are looked for in; those of one request that ask alike share it."""
    along = sent_along(call, session)
    library = session.library(along)

    def evaluate() -> Membership:
        versions, supplements = versions_of(call), call.texts("useSupplement")
        composition = session.composition(library, versions, supplements)
        value_set = value_set_of(call, session, library, versions) if of_value_set else None
        return Membership(composition, library, value_set)

    which: list[Hashable] = [
        (name, value if isinstance(value, str) else id(value))
        for name, value in call.arguments
        if name in _WHICH
    ]
    return session.membership((of_value_set, call.id, *which, *map(id, along)), evaluate)


def _code_system(session: Session, call: Call) -> tuple[str, str]:
    """Return url and version of the code system: of the address, or as named."""
    if call.id is None:
        return call.text("url") or "", call.text("version") or ""
    access = access_to(call.request)
    found = code_system_of(read_current(session.connection, "CodeSystem", call.id, access).body)
    return found.url, found.version


OPERATIONS = tuple(
    reading_operation(
        type,
        "validate-code",
        reading,
        documentation=f"Parameters {', '.join(names)}; issues name what is wrong.",
        is_short=True,
    )
    for type, reading, names in (
        ("CodeSystem", in_code_system, CODE_SYSTEM_PARAMETERS),
        ("ValueSet", in_value_set, VALUE_SET_PARAMETERS),
    )
)
