"""What this deployment allows Subscriptions, above all where notifications may be sent."""

from dataclasses import dataclass
from datetime import timedelta

from security.endpoints import covers, split_url
from security.network import is_loopback


@dataclass(frozen=True, slots=True)
class Policy:
    """`endpoints` are URL prefixes; `loopback` allows this machine too, `https_only` no http.

    After `attempts` failed deliveries one after another a Subscription goes into error. Events
    are kept for `retention`; more than `most_events` that wait are an error too. `most` are the
    Subscriptions that are not off.
    """

    endpoints: tuple[str, ...] = ()
    loopback: bool = True
    https_only: bool = False
    attempts: int = 12
    retention: timedelta = timedelta(days=7)
    most: int = 1000
    most_events: int = 100_000


def refusal(endpoint: str, policy: Policy) -> str | None:
    """Return why nothing may be sent to `endpoint`, None where it may."""
    url = split_url(endpoint)
    if url is None:
        return "it is no absolute http(s) URL without user name and fragment"
    if policy.https_only and url.scheme != "https":
        return "in production an endpoint is https"
    if policy.loopback and is_loopback(str(url.hostname)):
        return None
    if any(covers(prefix, url) for prefix in policy.endpoints):
        return None
    return (
        "it is not among the endpoints that this server may send to; the operator adds it to "
        "ATTENDING_SUBSCRIPTION_ENDPOINTS"
    )
