"""The Subscription resource itself: what a client writes is kept, and the server moves its status.

Source: http://hl7.org/fhir/R4/subscription.html: "The server updates this value"; `error` is "A
record of the last error that occurred when the server processed a notification".
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from fhir_server.r4.codec import JsonObject, decode
from fhir_server.r4.outcome import FhirError, Gone, InvalidResource, Issue, NotFound
from fhir_server.store import resources
from fhir_server.store.access import Access
from fhir_server.store.resources import Stored
from fhir_server.subscriptions import events, records, secrets, states
from fhir_server.subscriptions.filters import ReadSearch, check_filters
from fhir_server.subscriptions.policy import Policy
from fhir_server.subscriptions.records import Known
from fhir_server.subscriptions.states import Progress, Status
from fhir_server.subscriptions.terms import Terms, read_terms

TYPE = "Subscription"


@dataclass(frozen=True, slots=True)
class Desk:
    """Who writes and by which rules: the policy, the reader of filters, the client's access."""

    policy: Policy
    read: ReadSearch
    access: Access


def keep(
    connection: Connection, resource: JsonObject, store: Callable[[JsonObject], Stored], desk: Desk
) -> Stored:
    """Let `store` store a Subscription that a client wrote, and watch for what it asks.

    InvalidResource (422) where this server would not serve it as asked. Its status becomes
    `requested` until the endpoint has answered a handshake, whatever the client wrote, unless it
    is `off` or nothing has changed.
    """
    id = resource.get("id")
    before = None if id is None else records.find(connection, str(id))
    terms = read_terms(resource, desk.policy)
    check_filters(connection, terms.type, terms.filters, desk.access, desk.read)
    # A secret goes to the endpoint that it was given for, and to no other.
    same = before is not None and before.terms.endpoint == terms.endpoint
    known = before.terms.headers if before is not None and same else ()
    terms = replace(terms, headers=secrets.unmasked(terms.headers, known))
    asked: Status = resource["status"]
    if before is not None and _is_same(before, terms, desk.access, asked):
        return store(_shown(resource, terms, before.progress))
    if asked == "error":
        text = "error is set by the server; write requested to begin again, or off."
        raise InvalidResource([Issue("error", "business-rule", text, (f"{TYPE}.status",))])
    if asked != "off" and (before is None or before.progress.status == "off"):
        _check_room(connection, desk.policy)
    progress = states.requested(None if before is None else before.progress, asked)
    if before is not None and _sees_other(before, terms, desk.access):
        # What was counted by other rules is not for whoever reads it now.
        events.discard(connection, before.id, last=progress.events)
        progress = replace(progress, delivered=progress.events)
    stored = store(_shown(resource, terms, progress))
    records.keep(connection, Known(stored.id, terms, desk.access, progress))
    return stored


def deleted(connection: Connection, id: str) -> None:
    """Stop watching for a Subscription that was deleted; its secrets and events go too."""
    before = records.find(connection, id)
    if before is not None:
        events.discard(connection, id, last=before.progress.events)
        progress = replace(before.progress, delivered=before.progress.events)
        terms = replace(before.terms, headers=())
        gone = replace(before, terms=terms, progress=states.off(progress, "deleted"))
        records.keep(connection, gone)


def settle(connection: Connection, known: Known, progress: Progress, *, now: datetime) -> None:
    """Write how far a Subscription is; where its status changes, the resource says so too."""
    records.move(connection, known.id, progress)
    if progress.status == known.progress.status:
        return
    try:
        current = decode(resources.read(connection, TYPE, known.id).body)
    except (NotFound, Gone):
        return
    shown = _shown(current, None, progress)
    resources.put(connection, shown, now=now)


def _shown(resource: JsonObject, terms: Terms | None, progress: Progress) -> JsonObject:
    """Return the resource as it is stored: the status as it is, secrets masked."""
    kept = {key: value for key, value in resource.items() if key not in ("error", "_error")}
    kept["status"] = progress.status
    if progress.status == "error" and progress.reason:
        kept["error"] = progress.reason
    return kept if terms is None else secrets.masked(kept, terms.headers)


def _is_same(before: Known, terms: Terms, access: Access, asked: Status) -> bool:
    return (before.terms, before.access, before.progress.status) == (terms, access, asked)


def _sees_other(before: Known, terms: Terms, access: Access) -> bool:
    then, now = before.terms, terms
    return (then.type, then.filters, before.access) != (now.type, now.filters, access)


def _check_room(connection: Connection, policy: Policy) -> None:
    if records.count(connection) >= policy.most:
        text = f"This server serves {policy.most} Subscriptions; turn one off first."
        raise FhirError(422, Issue("error", "too-costly", text))
