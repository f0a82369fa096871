"""The links of a Bundle that is answered by pages: what was asked, and where the next page begins.

Source: http://hl7.org/fhir/R4/http.html#paging.
"""

from collections.abc import Sequence
from urllib.parse import quote, urlencode

from fhir_server.r4.codec import encode

CURSOR = "_cursor"


def encode_links(address: str, used: Sequence[tuple[str, str]], following: str | None) -> bytes:
    """Return the JSON of Bundle.link: `used` at `address`, and the page at the cursor `following`.

    `address` is absolute, without a query; `following` None where no page follows.
    """
    links = [{"relation": "self", "url": _url(address, used)}]
    if following is not None:
        others = [pair for pair in used if pair[0] != CURSOR]
        links.append({"relation": "next", "url": _url(address, [*others, (CURSOR, following)])})
    return b"[" + b",".join(encode(link) for link in links) + b"]"


def _url(address: str, used: Sequence[tuple[str, str]]) -> str:
    query = urlencode(used, quote_via=quote, safe=":/|,")
    return f"{address}?{query}" if query else address
