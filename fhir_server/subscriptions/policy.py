"""What this deployment allows Subscriptions, above all where notifications may be sent.

A server that posts to whatever address a client names can be made to reach what the client
cannot (server-side request forgery), and to carry patients' data out. Hence a list.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import SplitResult, urlsplit

from security.network import is_loopback

_PORTS = {"http": 80, "https": 443}
# A segment of dots, also written with escapes, would leave the folder that a prefix names.
_CLIMBS = re.compile(r"(?:^|/)(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)


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
    url = _split(endpoint)
    if url is None:
        return "it is no absolute http(s) URL without user name and fragment"
    if policy.https_only and url.scheme != "https":
        return "in production an endpoint is https"
    if policy.loopback and is_loopback(str(url.hostname)):
        return None
    if any(_covers(prefix, url) for prefix in policy.endpoints):
        return None
    return (
        "it is not among the endpoints that this server may send to; the operator adds it to "
        "ATTENDING_SUBSCRIPTION_ENDPOINTS"
    )


def prefix_refusal(prefix: str, *, https_only: bool) -> str | None:
    """Return why `prefix` cannot stand in the list of endpoints, None where it can."""
    url = _split(prefix)
    if url is None or url.query or not url.path.endswith("/"):
        return "write an absolute URL that ends in a slash, such as https://ehr.example/hooks/"
    if https_only and url.scheme != "https":
        return "production needs https"
    return None


def _split(text: str) -> SplitResult | None:
    if not text.isascii() or not text.isprintable() or any(c in text for c in ' \\"<>^`{|}'):
        return None  # what readers of URLs read differently
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError:
        return None
    if url.scheme not in _PORTS or not url.hostname or "@" in url.netloc or "#" in text:
        return None
    return None if _CLIMBS.search(url.path) else url


def _covers(prefix: str, url: SplitResult) -> bool:
    allowed = _split(prefix)
    if allowed is None:
        return False
    return _origin(allowed) == _origin(url) and url.path.startswith(allowed.path)


def _origin(url: SplitResult) -> tuple[str, str | None, int]:
    return url.scheme, url.hostname, url.port or _PORTS[url.scheme]
