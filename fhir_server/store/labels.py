"""Which profiles, tags and security labels resources carry, and how many carry each.

Source: http://hl7.org/fhir/R4/resource-operation-meta.html: on a type and on the whole system the
operation returns "all tags, profiles and security labels that are in use".
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from sqlalchemy import Connection, bindparam, select

from fhir_server.r4.codec import JsonObject, decode
from fhir_server.r4.outcome import BadRequest
from fhir_server.r4.search_parameters import fold_code
from fhir_server.store import gathering, interning
from fhir_server.store.access import Access, search_visible
from fhir_server.store.search_query import Criterion, SearchQuery, Term, TokenTerm, UriTerm
from fhir_server.store.statements import Prepared
from fhir_server.store.tables import key_text, table

LabelKind: TypeAlias = Literal["profile", "security", "tag"]
# R4's own types of a label, in the order in which Meta has them.
KINDS: tuple[LabelKind, ...] = ("profile", "security", "tag")

# More than this is no vocabulary of labels; to count each would take its time.
_MOST = 1_000
# Where a label is read as it was written: the index holds codes without their case.
_SAMPLES = 20

_TOKEN, _SYSTEM, _URI = (table(name) for name in ("token_index", "token_system", "uri_index"))
_CODED = Prepared(
    select(_TOKEN.c.code, _SYSTEM.c.uri)
    .join_from(_TOKEN, _SYSTEM, _SYSTEM.c.system == _TOKEN.c.system, isouter=True)
    .where(_TOKEN.c.param == bindparam("of_param"))
    .distinct()
    .limit(bindparam("most"))
)
_URIS = Prepared(
    select(_URI.c.uri)
    .where(_URI.c.param == bindparam("of_param"))
    .distinct()
    .limit(bindparam("most"))
)


@dataclass(slots=True)
class Label:
    """A profile (text) or a Coding, as it was first found, and how many resources carry it."""

    kind: LabelKind
    value: Any
    count: int


@dataclass(slots=True)
class _Found:
    labels: dict[object, Label] = field(default_factory=dict)

    def add(self, kind: LabelKind, value: Any, count: int) -> None:
        """Count a label that several types have once, with all its resources."""
        key = (kind, *_key(value))
        known = self.labels.setdefault(key, Label(kind, value, 0))
        known.count += count


def labels_in_use(
    connection: Connection, types: Iterable[str], access: Access
) -> tuple[Label, ...]:
    """Return the labels on resources of `types` that the client may see, by kind and name.

    A profile is counted as `_profile` finds it: without a version also by those with one.
    BadRequest (400) `too-costly` where there are more than can be counted one by one.
    """
    gathering.flush(connection)
    found = _Found()
    for type in types:
        for kind in KINDS:
            for term in _terms(connection, type, kind):
                test = Criterion(f"_{kind}", (term,))
                query = SearchQuery((test,), count=_SAMPLES, total=True)
                page = search_visible(connection, type, query, access)
                bodies = (decode(stored.body) for stored in page.matches)
                value = next(_as_written(bodies, kind, term), None)
                if value is not None:
                    found.add(kind, value, page.total or 0)
    order = sorted(found.labels, key=str)
    return tuple(found.labels[key] for key in order)


def _terms(connection: Connection, type: str, kind: LabelKind) -> Iterator[Term]:
    param = interning.parameter_ids(connection, type).get(f"_{kind}")
    if param is None:
        return
    statement = _URIS if kind == "profile" else _CODED
    values = {"of_param": param, "most": _MOST + 1}
    rows = statement.run_named(connection, values).fetchall()
    if len(rows) > _MOST:
        text = f"{type} has more than {_MOST} values of meta.{kind}; search by _{kind} instead."
        raise BadRequest("too-costly", text)
    for row in rows:
        yield UriTerm(row[0]) if kind == "profile" else TokenTerm(row[1] or "", row[0])


def _as_written(bodies: Iterable[JsonObject], kind: LabelKind, term: Term) -> Iterator[Any]:
    for body in bodies:
        for value in body.get("meta", {}).get(kind, ()):
            if isinstance(value, str):
                matches = isinstance(term, UriTerm) and key_text(value) == term.uri
            else:
                matches = isinstance(term, TokenTerm) and _key(value) == (term.system, term.code)
            if matches:
                yield value


def _key(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return value.get("system", ""), key_text(fold_code(value.get("code", "")))
