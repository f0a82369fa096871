"""The values of channel.header: kept for sending, never shown.

R4 subscription.html, "channel.header": "Additional headers / information to send as part of the
notification", which is where a client puts its bearer token. They are masked before the resource
is stored, so no read, search, history or export can show them.
"""

from collections.abc import Iterable, Mapping

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import InvalidResource, Issue

MASK = "********"

Headers = tuple[tuple[str, str], ...]


def masked(resource: JsonObject, headers: Headers) -> JsonObject:
    """Return the resource with a mask in place of each header's value."""
    if not headers:
        return resource
    shown = [f"{name}: {MASK}" for name, _value in headers]
    return {**resource, "channel": {**resource["channel"], "header": shown}}


def unmasked(headers: Headers, known: Iterable[tuple[str, str]]) -> Headers:
    """Return the headers with the known value where a client sent the mask back.

    InvalidResource (422) where there is none: the mask itself would be sent as a secret.
    """
    secrets: Mapping[str, str] = {name.lower(): value for name, value in known}
    missing = [n for n, value in headers if value == MASK and n.lower() not in secrets]
    if missing:
        text = f"{missing[0]} has the mask in place of its value; for this endpoint there is none."
        raise InvalidResource([Issue("error", "value", text, ("Subscription.channel.header",))])
    return tuple(
        (name, secrets[name.lower()] if value == MASK else value) for name, value in headers
    )
