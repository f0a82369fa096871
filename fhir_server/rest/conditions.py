"""Conditions in the headers of a request, and whether they hold.

Sources: RFC 9110, sections 13.1.1 to 13.1.3; http://hl7.org/fhir/R4/http.html#cread,
#concurrency.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

from fastapi import Request

from fhir_server.r4.outcome import BadRequest, FhirError, Issue
from fhir_server.rest.content import version_tag
from fhir_server.rest.headers import listed_header, single_header
from fhir_server.store.resources import Stored

ANY: Literal["*"] = "*"

_TAGS = re.compile(r'(?:W/)?"[^"]*"(?:\s*,\s*(?:W/)?"[^"]*")*')


@dataclass(frozen=True, slots=True)
class ReadConditions:
    """What the client has already: versions (`none_match`) or all until an instant."""

    none_match: frozenset[str] | None = None
    modified_since: datetime | None = None

    def is_known(self, stored: Stored) -> bool:
        """Return whether the client has `stored`: then the answer is 304.

        RFC 9110, 13.1.3: If-Modified-Since is passed over where If-None-Match is there.
        """
        if self.none_match is not None:
            return ANY in self.none_match or str(stored.version) in self.none_match
        if self.modified_since is None:
            return False
        return stored.last_updated.replace(microsecond=0) <= self.modified_since


_READ_CONDITIONS = (b"if-none-match", b"if-modified-since")
_NO_CONDITIONS = ReadConditions()


def read_conditions(request: Request) -> ReadConditions:
    """Return the conditions of a read; BadRequest (400) for a header that cannot be read."""
    if not any(name in _READ_CONDITIONS for name, _value in request.scope["headers"]):
        return _NO_CONDITIONS
    return parse_read_conditions(
        listed_header(request, "If-None-Match"),
        single_header(request, "If-Modified-Since"),
        names=("If-None-Match", "If-Modified-Since"),
    )


def parse_read_conditions(
    none_match: str | None, modified_since: str | None, *, names: tuple[str, str], place: str = ""
) -> ReadConditions:
    """Return the conditions of a header, or of the request of a Bundle's entry at `place`."""
    where = (place,) if place else ()
    return ReadConditions(
        None if none_match is None else _tags(none_match, names[0], where),
        None if modified_since is None else _instant(modified_since, names[1], where),
    )


def create_only(text: str | None, name: str, *where: str) -> bool:
    """Return whether an update is to create only (`*`); BadRequest (400) for another text.

    RFC 9110, 13.1.2: `If-None-Match: *` lets a PUT through only where there is no resource yet.
    """
    if text is None:
        return False
    if text.strip() != ANY:
        raise BadRequest("not-supported", f'With a write {name} takes "*" only.', *where)
    return True


def exists_already(type: str, id: str) -> FhirError:
    """Return the refusal (412) of an update that was to create only."""
    text = f"{type}/{id} exists; the request asks to create it only where it does not."
    return FhirError(412, Issue("error", "conflict", text))


def _tags(text: str, name: str, where: tuple[str, ...]) -> frozenset[str]:
    text = text.strip()
    if text == ANY:
        return frozenset({ANY})
    if not _TAGS.fullmatch(text):
        version_tag(text, name, *where)  # says what a tag looks like
    return frozenset(re.findall(r'"([^"]*)"', text))


def _instant(text: str, name: str, where: tuple[str, ...]) -> datetime:
    """Return the instant of an HTTP date, or of a FHIR instant (Bundle.entry.request)."""
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            found = read(text.strip())
        except ValueError:
            continue
        return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    raise BadRequest(
        "value", f"{name} is {text[:40]!r}; write a date as Mon, 11 May 2026 08:00:00 GMT.", *where
    )
