"""Addresses that the server itself may call: a list of URL prefixes, compared part by part.

A server that posts to whatever address a client names can be made to reach what the client
cannot (server-side request forgery), and to carry patients' data out.
"""

import re
from urllib.parse import SplitResult, urlsplit

_PORTS = {"http": 80, "https": 443}
# A segment of dots, also written with escapes, would leave the folder that a prefix names. Some
# servers take %2F and %5C for the end of a segment, and drop what stands after a semicolon.
_CLIMBS = re.compile(r"(?:^|/|%2f|%5c)(?:\.|%2e){1,2}(?:/|%2f|%5c|;|%3b|$)", re.IGNORECASE)


def prefix_refusal(prefix: str, *, https_only: bool) -> str | None:
    """Return why `prefix` cannot stand in the list of endpoints, None where it can."""
    url = split_url(prefix)
    if url is None or url.query or not url.path.endswith("/"):
        return "write an absolute URL that ends in a slash, such as https://ehr.example/hooks/"
    if https_only and url.scheme != "https":
        return "production needs https"
    return None


def split_url(text: str) -> SplitResult | None:
    """Return the parts of an absolute http(s) URL that every reader reads alike, or None."""
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


def covers(prefix: str, url: SplitResult) -> bool:
    """Whether `url` has the origin of `prefix` and lies in the folder that it names."""
    allowed = split_url(prefix)
    if allowed is None:
        return False
    return _origin(allowed) == _origin(url) and url.path.startswith(allowed.path)


def _origin(url: SplitResult) -> tuple[str, str | None, int]:
    return url.scheme, url.hostname, _PORTS[url.scheme] if url.port is None else url.port
