"""$validate: http://hl7.org/fhir/R4/resource-operation-validate.html."""

from typing import Any

from fastapi import Response

from fhir_server.r4.codec import JsonObject, decode
from fhir_server.r4.outcome import BadRequest, Gone, InvalidResource, Issue, NotFound
from fhir_server.r4.profile_tables import is_core
from fhir_server.r4.profiles import Profiles
from fhir_server.r4.validation import NO_PROFILES
from fhir_server.r4.validation import validate as find_issues
from fhir_server.rest.errors import outcome_response
from fhir_server.rest.incoming import check_resource
from fhir_server.rest.large_bodies import worked_on
from fhir_server.rest.operations.call import Call, Operation
from fhir_server.rest.read import read_current
from fhir_server.rest.services import access_to, services_of

_MODES = ("create", "update", "delete", "profile")


async def answer(call: Call) -> Response:
    """Answer 200 with an OperationOutcome of everything wrong with a resource, as a write would.

    Without a resource, the stored one that the address names is checked.
    """
    call.check_known("resource", "mode", "profile")
    mode = call.text("mode")
    if mode is not None and mode not in _MODES:
        raise BadRequest("value", f"mode is {mode[:20]!r}; it is one of {', '.join(_MODES)}.")
    resource = call.one("resource")
    if mode == "delete":
        return outcome_response(200, *(await _deletion(call)))
    if resource is None:
        resource = await _stored(call)
    if not isinstance(resource, dict):
        raise BadRequest("required", "$validate needs a resource.")
    sent = call.request.headers.get("content-length", "")
    size = int(sent) if sent.isdecimal() else 1 << 20
    content = await worked_on(size, lambda: _content(call, resource))
    issues = (*_identity(call, resource, mode), *content)
    if not any(issue.severity in ("error", "fatal") for issue in issues):
        doubted = any(issue.severity == "warning" for issue in issues)
        text = "The resource is valid" + (" by all that was checked." if doubted else ".")
        issues = (*issues, _fine(text))
    return outcome_response(200, *issues)


async def _stored(call: Call) -> JsonObject:
    if call.type is None or call.id is None:
        raise BadRequest("required", "$validate needs a resource: in the body or by its address.")
    services = services_of(call.request)
    type, id, access = call.type, call.id, access_to(call.request)
    stored = await services.database.look_up(lambda c: read_current(c, type, id, access))
    return decode(stored.body)


def _identity(call: Call, resource: JsonObject, mode: str | None) -> tuple[Issue, ...]:
    """Return what would be wrong with the address that the resource is sent to."""
    found: Any = resource.get("resourceType")
    if call.type is not None and isinstance(found, str) and found != call.type:
        text = f"The resource is a {found[:64]!r}, the address names {call.type}."
        return (Issue("error", "invalid", text, (f"{call.type}.resourceType",)),)
    type = resource.get("resourceType")
    if mode == "profile" and not call.texts("profile"):
        text = "mode=profile needs the parameter profile."
        return (Issue("error", "required", text, ("Parameters.parameter",)),)
    if mode == "update" and call.id is None and "id" not in resource:
        text = "An update needs the id of the resource."
        return (Issue("error", "required", text, (f"{type}.id",)),)
    if mode == "create":
        return _ignored_id(resource)
    if call.id is not None and resource.get("id") != call.id:
        text = f"The resource's id is not the {call.id!r} of the address."
        return (Issue("error", "invalid", text, (f"{call.type}.id",)),)
    return ()


def _ignored_id(resource: JsonObject) -> tuple[Issue, ...]:
    """Say that a create gives the resource another id than the one that it brings."""
    if "id" not in resource:
        return ()
    text = "A create ignores this id: the server assigns one."
    return (Issue("information", "informational", text, (f"{resource.get('resourceType')}.id",)),)


def _content(call: Call, resource: JsonObject) -> tuple[Issue, ...]:
    services = services_of(call.request)
    named = call.texts("profile")
    _check_loaded(named, services.profiles)
    found = find_issues(resource, profiles=services.profiles or NO_PROFILES, against=named)
    if any(issue.severity in ("error", "fatal") for issue in found):
        return found
    try:
        check_resource(resource, now=services.clock())
    except InvalidResource as refusal:
        return (*found, *refusal.issues)
    return (*found, *services.advise(resource))


def _check_loaded(named: tuple[str, ...], profiles: Profiles | None) -> None:
    """Refuse (400) a profile that is not here: a record cannot be said to be valid by it."""
    for canonical in named:
        if not is_core(canonical) and (profiles is None or profiles.profile(canonical) is None):
            text = f"Profile {canonical[:100]!r} is not loaded on this server."
            loaded = "" if profiles is None else ", ".join(profiles.urls[:20])
            raise BadRequest("not-supported", f"{text} Loaded: {loaded or 'none'}.")


async def _deletion(call: Call) -> tuple[Issue, ...]:
    if call.type is None or call.id is None:
        raise BadRequest("required", "mode=delete needs the address of a resource: Type/id.")
    try:
        await _stored(call)
    except (NotFound, Gone) as gone:
        return gone.issues
    return (_fine(f"{call.type}/{call.id} can be deleted."),)


def _fine(text: str) -> Issue:
    return Issue("information", "informational", text)


OPERATION = Operation(
    name="validate",
    definition="http://hl7.org/fhir/OperationDefinition/Resource-validate",
    levels=("type", "instance"),
    answer=answer,
    documentation="Parameters resource, mode and profile; the answer is always an "
    "OperationOutcome with status 200 where the resource could be read.",
)
