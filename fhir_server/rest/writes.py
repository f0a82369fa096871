"""The writes of the REST API on a connection, alone or as entries of a Bundle.

Each runs inside one write job: what it looks for and what it writes are one step.
Source: http://hl7.org/fhir/R4/http.html#create, #update, #patch, #delete and their conditional
forms.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy import Connection

from fhir_server.r4.codec import JsonObject, check_depth, decode, encode
from fhir_server.r4.outcome import BadRequest, FhirError, Gone, Issue, NotFound, PayloadTooLarge
from fhir_server.rest.conditions import exists_already
from fhir_server.rest.context import Context
from fhir_server.rest.incoming import check_resource
from fhir_server.rest.matching import Criteria, no_match, one_match
from fhir_server.rest.read import read_current
from fhir_server.rest.subscription_writes import kept, no_longer_kept
from fhir_server.store import resources
from fhir_server.store.access import check_content, check_writable
from fhir_server.store.identity import new_id
from fhir_server.store.resources import Stored

Change: TypeAlias = Callable[[JsonObject], JsonObject]


@dataclass(frozen=True, slots=True)
class Guard:
    """What must hold of the resource as it is: its version, or that it is not there yet."""

    version: int | None = None
    create_only: bool = False


def create(
    connection: Connection, resource: JsonObject, criteria: Criteria | None, context: Context
) -> Stored:
    """Store a new resource, or return the one that `criteria` match already."""
    found = None if criteria is None else matched(connection, criteria, context)
    if found is not None:
        return found
    # The id of the body is ignored: it must not stand for what another resource is.
    new = {key: value for key, value in resource.items() if key != "id"}
    check_content({**new, "id": ""}, context.access)
    return kept(
        connection, new, context, lambda r: resources.create(connection, r, now=context.now)
    )


def create_as(connection: Connection, resource: JsonObject, context: Context) -> Stored:
    """Store a new resource under the id that it has, which the server has chosen."""
    check_content(resource, context.access)
    return kept(
        connection, resource, context, lambda r: resources.add(connection, r, now=context.now)
    )


def matched(connection: Connection, criteria: Criteria, context: Context) -> Stored | None:
    """Return the one resource that the criteria of a conditional create match, if any."""
    id = one_match(connection, criteria, context)
    return None if id is None else resources.read(connection, criteria.type, id)


def update(connection: Connection, resource: JsonObject, guard: Guard, context: Context) -> Stored:
    """Store the next version of the resource's own id."""
    type, id = resource["resourceType"], resource["id"]
    check_writable(connection, type, id, context.access)
    if guard.create_only and _current(connection, type, id) is not None:
        raise exists_already(type, id)
    check_content(resource, context.access)
    version = guard.version
    return kept(
        connection,
        resource,
        context,
        lambda r: resources.put(connection, r, now=context.now, expected_version=version),
    )


def conditional_update(
    connection: Connection,
    resource: JsonObject,
    criteria: Criteria,
    guard: Guard,
    context: Context,
) -> Stored:
    """Update the one match; create where there is none (R4 http.html#cond-update)."""
    id = match_for_update(connection, resource, criteria, guard, context)
    return update(connection, {**resource, "id": id}, guard, context)


def match_for_update(
    connection: Connection,
    resource: JsonObject,
    criteria: Criteria,
    guard: Guard,
    context: Context,
) -> str:
    """Return the id under which a conditional update stores; 400, 409 or 412 where none is right.

    | matches | id in the body      | the update                                   |
    |---------|---------------------|----------------------------------------------|
    | none    | none                | creates under a new id                       |
    | none    | of no resource      | creates under that id                        |
    | none    | of another resource | 409: the criteria do not mean that one       |
    | one     | none, or the match's| updates the match                            |
    | one     | another             | 400                                          |
    | several |                     | 412                                          |
    """
    type, given = criteria.type, resource.get("id")
    found = one_match(connection, criteria, context)
    if found is not None:
        if given not in (None, found):
            text = f"The body has id {str(given)[:64]!r}, the criteria match {type}/{found}."
            raise BadRequest("invalid", text, f"{type}.id")
        return found
    if guard.version is not None:
        raise no_match(criteria, 412)
    if given is None:
        return new_id(context.now)
    check_writable(connection, type, str(given), context.access)
    if _current(connection, type, given) is not None:
        text = f"{type}/{given} exists and does not match {criteria.text[:200]!r}."
        raise FhirError(409, Issue("error", "conflict", text, (f"{type}.id",)))
    return str(given)


def patch(
    connection: Connection,
    target: tuple[str, str] | Criteria,
    change: Change,
    guard: Guard,
    context: Context,
) -> tuple[Stored, JsonObject]:
    """Apply `change` to the current version; the result is held to the rules of an update."""
    type, id = _identity(connection, target, context)
    current = read_current(connection, type, id, context.access)
    check_writable(connection, type, id, context.access)
    # meta.versionId and lastUpdated are the server's own; a put writes them anew.
    resource = change(decode(current.body))
    check_depth(resource)
    if len(encode(resource)) > context.limits.body_bytes:
        # What no PUT may send, no patch may build.
        raise PayloadTooLarge(context.limits.body_bytes)
    check_resource(resource, now=context.now, profiles=context.profiles)
    check_content(resource, context.access)
    stored = kept(
        connection,
        resource,
        context,
        lambda r: resources.put(
            connection, r, now=context.now, expected_version=guard.version, method="PATCH"
        ),
    )
    return stored, resource


def delete(
    connection: Connection, target: tuple[str, str] | Criteria, guard: Guard, context: Context
) -> Stored | None:
    """Delete a resource; None where there is nothing to delete: what was asked for holds."""
    if isinstance(target, Criteria):
        found = one_match(connection, target, context)
        if found is None:
            if guard.version is not None:
                raise no_match(target, 412)
            return None
        target = (target.type, found)
    type, id = target
    check_writable(connection, type, id, context.access)
    try:
        gone = resources.delete(
            connection, type, id, now=context.now, expected_version=guard.version
        )
    except NotFound:
        return None
    no_longer_kept(connection, type, id)
    return gone


def _identity(
    connection: Connection, target: tuple[str, str] | Criteria, context: Context
) -> tuple[str, str]:
    if not isinstance(target, Criteria):
        return target
    found = one_match(connection, target, context)
    if found is None:
        raise no_match(target, 404)
    return target.type, found


def _current(connection: Connection, type: str, id: str) -> Stored | None:
    try:
        return resources.read(connection, type, id)
    except (NotFound, Gone):
        return None
