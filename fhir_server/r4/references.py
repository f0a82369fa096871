"""What a FHIR Reference.reference points at.

R4, "Literal References": relative (`Patient/7`), absolute RESTful (`https://host/fhir/Patient/7`),
contained (`#p1`), `urn:uuid:`/`urn:oid:`, or any other absolute URL.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from fhir_server.r4.resource_types import RESOURCE_TYPES

ID_PATTERN = r"[A-Za-z0-9\-.]{1,64}"

_RESTFUL = re.compile(
    rf"(?:(?P<base>https?://[^\s?#]+)/)?(?P<type>[A-Z][A-Za-z]+)/(?P<id>{ID_PATTERN})"
    rf"(?:/_history/(?P<version>{ID_PATTERN}))?"
)
_CONTAINED = re.compile(rf"#({ID_PATTERN})?")
_URN = re.compile(
    r"urn:uuid:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
    r"|urn:oid:[0-2](\.(0|[1-9][0-9]*))+"
)
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+")
_CONDITIONAL = re.compile(r"(?P<type>[A-Z][A-Za-z]+)\?(?P<query>\S+)")


@dataclass(frozen=True, slots=True)
class Reference:
    """A parsed literal reference.

    | text                            | base               | type    | id   | version |
    |---------------------------------|--------------------|---------|------|---------|
    | Patient/7/_history/2            | None               | Patient | 7    | 2       |
    | https://host/fhir/Patient/7     | https://host/fhir  | Patient | 7    | None    |
    | #p1 (contained; `#` has id None)| #                  | None    | p1   | None    |
    | urn:uuid:…, other absolute URL  | the whole text     | None    | None | None    |
    """

    base: str | None
    type: str | None
    id: str | None
    version: str | None

    @property
    def is_local(self) -> bool:
        """True for `Type/id` without a base: a resource of the server that holds the record."""
        return self.base is None

    @property
    def is_contained(self) -> bool:
        """True for `#id`: a resource inside the same record."""
        return self.base == "#"


def parse_reference(text: str) -> Reference:
    """Return what `text` points at; ValueError, saying how to mend it, where it is no reference.

    A conditional reference (`Patient?identifier=…`) is refused: R4 allows it in a transaction
    only, where `conditional_reference` reads it.
    """
    return _recent(text) if len(text) <= _LONGEST_KEPT else _parsed(text)


def _parsed(text: str) -> Reference:
    match = _RESTFUL.fullmatch(text)
    if match is not None and match["type"] in RESOURCE_TYPES:
        return Reference(match["base"], match["type"], match["id"], match["version"])
    if match is not None and match["base"] is None:
        raise ValueError(f"{match['type']!r} is no R4 resource type")
    contained = _CONTAINED.fullmatch(text)
    if contained is not None:
        return Reference("#", None, contained[1], None)
    if text.startswith(("urn:uuid:", "urn:oid:")) and not _URN.fullmatch(text):
        raise ValueError("the UUID or OID of this urn is malformed")
    if _ABSOLUTE.fullmatch(text):
        return Reference(text, None, None, None)
    if conditional_reference(text) is not None:
        raise ValueError("a conditional reference stands in a transaction Bundle only")
    raise ValueError("write Type/id, an absolute URL, urn:uuid:…, urn:oid:… or #id")


# One reference is read by the validation, the indexes, the compartments and a Bundle's links.
_LONGEST_KEPT = 200
_recent = lru_cache(maxsize=1024)(_parsed)


def conditional_reference(text: str) -> tuple[str, str] | None:
    """Return type and query of a conditional reference, None where `text` is none.

    Source: R4 http.html#trules, "Conditional References".
    """
    match = _CONDITIONAL.fullmatch(text)
    if match is None or match["type"] not in RESOURCE_TYPES:
        return None
    return match["type"], match["query"]
