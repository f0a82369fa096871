"""Which codes a value set or a code system stored here holds, for `:in`, `:above` and `:below`.

Source: http://hl7.org/fhir/R4/valueset.html#compositions. What cannot be known from what is
stored is refused with the reason: a search on part of a value set would leave results out.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, select

from fhir_server.r4.codec import JsonObject, decode
from fhir_server.r4.outcome import FhirError, Issue
from fhir_server.store import interning
from fhir_server.store.search_served import searchable, uses_of
from fhir_server.store.statements import Prepared
from fhir_server.store.tables import key_text, table
from fhir_server.store.terminology import StoredTerminology
from terminology.service.code_system import CodeSystem
from terminology.service.library import version_key

_RESOURCE, _VERSION, _URI = (table(name) for name in ("resource", "resource_version", "uri_index"))
_CURRENT = (
    select(_RESOURCE.c.id, _VERSION.c.body)
    .join(_VERSION, _VERSION.c.rid == _RESOURCE.c.rid)
    .where(_VERSION.c.version == _RESOURCE.c.version, _RESOURCE.c.deleted == 0)
)
_BY_URL = Prepared(
    _CURRENT.join(_URI, _URI.c.rid == _RESOURCE.c.rid)
    .where(_URI.c.param == bindparam("of_param"), _URI.c.uri == bindparam("of_uri"))
    .order_by(_RESOURCE.c.rid.desc())
    .limit(1)
)
_BY_ID = Prepared(
    _CURRENT.where(_RESOURCE.c.type == bindparam("of_type"), _RESOURCE.c.id == bindparam("of_id"))
)

Codes = Mapping[str, frozenset[str]]
# A value set may be built of others; deeper, or in a circle, is a mistake.
_DEEPEST = 8


def codes_of_value_set(connection: Connection, value_set: str, *, depth: int = 0) -> Codes:
    """Return the codes of a value set by system; 422 where what is stored does not say them."""
    if depth > _DEEPEST:
        raise _refused(value_set, f"it is built of others more than {_DEEPEST} levels deep")
    found = _value_set(connection, value_set)
    if found is None:
        raise _refused(value_set, "no ValueSet with this url is stored on this server")
    if "expansion" in found:
        return _of_expansion(value_set, found["expansion"])
    compose = found.get("compose")
    if compose is None:
        raise _refused(value_set, "it has neither an expansion nor a definition")
    codes: dict[str, set[str]] = {}
    for include in compose.get("include", ()):
        for system, more in _of_include(connection, value_set, include, depth).items():
            codes.setdefault(system, set()).update(more)
    for exclude in compose.get("exclude", ()):
        for system, less in _of_include(connection, value_set, exclude, depth).items():
            codes.setdefault(system, set()).difference_update(less)
    return {system: frozenset(some) for system, some in codes.items()}


def subsumed_codes(
    connection: Connection, system: str, code: str, direction: str
) -> frozenset[str]:
    """Return `code` with all that stand above or below it in the stored code system; else 422."""
    found = _code_system(connection, system, f"{system}|{code}")
    concept = found.get(code)
    if concept is None:
        raise _refused(f"{system}|{code}", "the stored code system does not have this code")
    below = direction == "below"
    reached = found.descendants(concept.code) if below else found.ancestors(concept.code)
    return reached | {code}


def _of_expansion(value_set: str, expansion: JsonObject) -> Codes:
    entries = list(_nested(expansion.get("contains", ()), "contains"))
    if expansion.get("total", 0) > len(entries) or expansion.get("offset", 0):
        raise _refused(value_set, "its stored expansion is one page of several")
    codes: dict[str, set[str]] = {}
    for entry in entries:
        if "code" in entry and not entry.get("abstract", False):
            codes.setdefault(entry.get("system", ""), set()).add(entry["code"])
    return {system: frozenset(some) for system, some in codes.items()}


def _of_include(connection: Connection, value_set: str, include: JsonObject, depth: int) -> Codes:
    """Return the codes that every part of an include or exclude holds."""
    parts = [
        codes_of_value_set(connection, url, depth=depth + 1) for url in include.get("valueSet", ())
    ]
    if "system" in include:
        parts.append({include["system"]: _of_system(connection, value_set, include)})
    if not parts:
        raise _refused(value_set, "one of its parts names neither a system nor a value set")
    first, *others = parts
    return {
        system: codes.intersection(*(other.get(system, frozenset()) for other in others))
        for system, codes in first.items()
    }


def _of_system(connection: Connection, value_set: str, include: JsonObject) -> frozenset[str]:
    if "concept" in include:
        return frozenset(concept["code"] for concept in include["concept"])
    system = _code_system(connection, include["system"], value_set)
    codes = frozenset(concept.code for concept in system)
    for narrowing in include.get("filter", ()):
        codes &= _of_filter(value_set, narrowing, system)
    return codes


def _of_filter(value_set: str, narrowing: JsonObject, system: CodeSystem) -> frozenset[str]:
    op, code = narrowing.get("op"), narrowing.get("value")
    if narrowing.get("property") != "concept" or op not in ("is-a", "descendent-of"):
        raise _refused(value_set, f"its filter {narrowing.get('property')!r} {op!r} is not read")
    concept = system.get(str(code))
    if concept is None:
        raise _refused(value_set, f"the stored code system does not have the code {code!r}")
    below = system.descendants(concept.code)
    return below | {concept.code} if op == "is-a" else below


def _code_system(connection: Connection, system: str, asked: str) -> CodeSystem:
    """Return the newest version that is stored; 422 where there is none with all its codes."""
    stored = StoredTerminology(connection).code_systems(system)
    found = max(stored, key=lambda each: version_key(each.version), default=None)
    if found is None:
        raise _refused(asked, f"no CodeSystem {system} is stored on this server")
    if found.content != "complete":
        raise _refused(asked, f"the stored CodeSystem {system} does not hold all its codes")
    return found


def _nested(entries: Any, name: str) -> Iterator[JsonObject]:
    for entry in entries:
        yield entry
        yield from _nested(entry.get(name, ()), name)


def _value_set(connection: Connection, asked: str) -> JsonObject | None:
    if asked.startswith("ValueSet/"):
        named = {"of_type": "ValueSet", "of_id": asked.removeprefix("ValueSet/")}
        row = _BY_ID.run_named(connection, named).fetchone()
        return None if row is None else decode(row[1])
    url, _, version = asked.partition("|")
    found = _by_url(connection, url)
    if found is not None and version and found.get("version") != version:
        return None
    return found


def _by_url(connection: Connection, url: str) -> JsonObject | None:
    """Return the ValueSet with this canonical; of several the one that was stored last."""
    (use,) = uses_of(searchable("ValueSet")["url"])
    param = interning.parameter_ids(connection, "ValueSet")[use.name]
    row = _BY_URL.run_named(connection, {"of_param": param, "of_uri": key_text(url)}).fetchone()
    return None if row is None else decode(row[1])


def _refused(asked: str, why: str) -> FhirError:
    text = f"{asked[:200]} cannot be expanded: {why}."
    return FhirError(422, Issue("error", "not-supported", text))
