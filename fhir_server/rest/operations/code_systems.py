"""CodeSystem/$lookup and $subsumes, on code systems that are stored here.

Sources: http://hl7.org/fhir/R4/codesystem-operation-lookup.html, -subsumes.html.
"""

from collections.abc import Callable
from dataclasses import dataclass

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import BadRequest
from fhir_server.rest.operations.call import Call
from fhir_server.rest.operations.display_language import asked_language
from fhir_server.rest.operations.reading import reading_operation
from fhir_server.rest.operations.session import Session
from fhir_server.rest.read import read_current
from fhir_server.rest.services import access_to
from fhir_server.store.terminology import code_system_of
from terminology.service.code_system import CodeSystem
from terminology.service.languages import wanted
from terminology.service.library import code_system, supplemented
from terminology.service.lookup import Lookup
from terminology.service.lookup import lookup as look_up
from terminology.service.subsumption import subsumes as compare

_LOOKUP = ("code", "system", "version", "coding", "displayLanguage", "property", "useSupplement")
_SUBSUMES = ("codeA", "codeB", "system", "version", "codingA", "codingB")


@dataclass(frozen=True, slots=True)
class _Code:
    """A code with the system and version that the request gives for it, "" for none."""

    code: str
    system: str
    version: str


def lookup(call: Call) -> Callable[[Session], JsonObject]:
    """Return what is said of a code, in the language asked for where it is there."""
    call.check_known(*_LOOKUP)
    coded = _coded(call, "code", "coding")
    asked = Lookup(
        code=coded.code,
        languages=wanted(asked_language(call)),
        properties=call.texts("property"),
    )
    named = call.texts("useSupplement")

    def read(session: Session) -> JsonObject:
        system = _system(session, call, coded.system, coded.version)
        system, used = supplemented(session.library(), system, named)
        return look_up(system, Lookup(asked.code, asked.languages, asked.properties, used))

    return read


def subsumes(call: Call) -> Callable[[Session], JsonObject]:
    """Return how two concepts of one code system stand to each other."""
    call.check_known(*_SUBSUMES)
    first, second = _coded(call, "codeA", "codingA"), _coded(call, "codeB", "codingB")
    if (first.system, first.version) != (second.system, second.version):
        text = "Both codings are of one code system, in one version; send them so."
        raise BadRequest("value", text, "Parameters.parameter")

    def read(session: Session) -> JsonObject:
        system = _system(session, call, first.system, first.version)
        outcome = compare(system, first.code, second.code)
        given = {"name": "outcome", "valueCode": outcome}
        return {"resourceType": "Parameters", "parameter": [given]}

    return read


def _coded(call: Call, code: str, coding: str) -> _Code:
    """Return the code that is asked of: alone with `system` and `version`, or as a Coding."""
    given = call.one(coding)
    alone = call.text(code)
    if (given is None) == (alone is None):
        raise BadRequest("required", f"Send {code} or {coding}, one of them.")
    if alone is not None:
        return _Code(alone, call.text("system") or "", call.text("version") or "")
    if not isinstance(given, dict) or not isinstance(given.get("code"), str):
        raise BadRequest("value", f"{coding} takes a Coding with a code.")
    return _Code(
        given["code"],
        str(given.get("system", "")),
        str(given.get("version") or call.text("version") or ""),
    )


def _system(session: Session, call: Call, url: str, version: str) -> CodeSystem:
    """Return the code system: that of the address, else the one named."""
    if call.id is not None:
        access = access_to(call.request)
        stored = read_current(session.connection, "CodeSystem", call.id, access)
        found = code_system_of(stored.body)
        if url not in ("", found.url) or version not in ("", found.version):
            text = f"The address names {found.canonical}, the parameters another code system."
            raise BadRequest("value", text, "Parameters.parameter")
        return found
    if not url:
        # R4 codesystem-operation-lookup.html: "If a code is provided, a system must be provided".
        raise BadRequest("required", "A code alone means nothing: send its system.")
    return code_system(session.library(), url, version)


OPERATIONS = (
    reading_operation(
        "CodeSystem",
        "lookup",
        lookup,
        is_short=True,
        documentation=f"Parameters {', '.join(_LOOKUP)}; of a stored CodeSystem. Without property "
        "all of them are answered.",
    ),
    reading_operation(
        "CodeSystem",
        "subsumes",
        subsumes,
        is_short=True,
        documentation="Two codes of one code system; refused where its hierarchy does not mean "
        "is-a.",
    ),
)
