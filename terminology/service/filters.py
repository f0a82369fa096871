"""The filters of a value set's definition: which concepts of a code system they select.

Source: http://hl7.org/fhir/R4/valueset-filter-operator.html; of R5: `child-of`, `descendent-leaf`.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import FhirError, Issue
from terminology.codings import SNOMED
from terminology.service.code_system import CodeSystem
from terminology.service.concept import Concept
from terminology.service.lookup import unknown_code

Test = Callable[[Concept], bool]

# The property that is the concept itself, and its other name.
_CODE: Final = ("concept", "code")
_LONGEST_PATTERN: Final = 1000
# What every code has.
_NAMES: Final = frozenset(
    (name, op)
    for name in (*_CODE, "display", "inactive")
    for op in ("=", "not-in", "regex", "exists")
)
# http://hl7.org/fhir/R4/versions.html#extensions, of R5's ValueSet.compose.include.filter.op
_R5_OPERATOR: Final = (
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-ValueSet.compose.include.filter.op"
)


class Filter(msgspec.Struct, frozen=True):
    """A ValueSet.compose.include.filter: the property `name`, its operator and its value."""

    name: str
    op: str
    value: str

    @property
    def is_of_code(self) -> bool:
        """Whether it is of the concept itself."""
        return self.name in _CODE


def read_filter(given: JsonObject) -> Filter:
    """Return a filter of a definition."""
    return Filter(str(given["property"]), _operator(given), str(given["value"]))


def check_answerable(system: CodeSystem, asked: Filter) -> None:
    """Refuse (422) a filter of a fragment that says nothing of what is asked.

    That no code of it has the property, or stands below another, would look like an answer.
    """
    if system.content != "fragment" or (asked.name, asked.op) in _NAMES:
        return
    # Of SNOMED CT it asks for the members of a reference set, http://hl7.org/fhir/R4/snomedct.html.
    if asked.is_of_code and asked.op == "in" and system.url != SNOMED:
        return
    if asked.op in _HIERARCHICAL or asked.name in ("parent", "child"):
        is_known = not system.is_flat
    else:
        declared = (each.get("code") for each in system.resource.get("property", ()))
        is_known = asked.name in declared
    if not is_known:
        text = (
            f"Of {system.canonical} only a part is here, and not what the filter "
            f"{asked.name[:40]} {asked.op[:20]} asks for: load the code system."
        )
        raise FhirError(422, Issue("error", "incomplete", text))


def selected(system: CodeSystem, given: JsonObject) -> Test:
    """Return the test of a ValueSet.compose.include.filter; FhirError 422 for one that is none."""
    asked = read_filter(given)
    check_answerable(system, asked)
    name, op, value = asked.name, asked.op, asked.value
    hierarchical = _HIERARCHICAL.get(op)
    if hierarchical is not None:
        if name not in _CODE:
            raise refused(f"The filter {op} is of the property concept, not of {name!r}.")
        concept = system.get(value)
        if concept is None:
            # Nothing is below it, and everything outside of it: neither is what was meant.
            raise refused(f"The filter {op}: {unknown_code(system, value)}.")
        codes = hierarchical(system, concept)
        if op == "is-not-a":
            return lambda each: each.code not in codes
        return lambda each: each.code in codes
    if op == "exists":
        if value not in ("true", "false"):
            raise refused(f"The filter exists takes true or false, not {value[:40]!r}.")
        return lambda each: any(_values(system, each, name)) is (value == "true")
    compared = _compared(op, value)
    return lambda each: compared(list(_values(system, each, name)))


def _operator(given: JsonObject) -> str:
    """Return the operator; one of R5 stands in R4 as an extension (its code list is closed)."""
    if "op" in given:
        return str(given["op"])
    extensions = given.get("_op", {}).get("extension", ())
    return next((str(e.get("valueCode")) for e in extensions if e.get("url") == _R5_OPERATOR), "")


def _compared(op: str, value: str) -> Callable[[list[str]], bool]:
    if op == "=":
        return lambda values: value in values
    if op in ("in", "not-in"):
        listed = frozenset(part.strip() for part in value.split(","))
        if op == "in":
            return lambda values: not listed.isdisjoint(values)
        return listed.isdisjoint
    if op == "regex":
        matches = matcher(value)
        return lambda values: any(matches(each) for each in values)
    raise refused(f"The filter operator {op[:40]!r} is not supported.")


def matcher(text: str) -> Callable[[str], bool]:
    """Return what matches a whole text, in a time in proportion to it whatever the pattern."""
    if len(text) > _LONGEST_PATTERN:
        raise refused(f"A regular expression of more than {_LONGEST_PATTERN} characters.")
    # Imported where it is used: 3 MB, for what few value sets have.
    import re2  # noqa: PLC0415

    options = re2.Options()
    options.log_errors = False
    try:
        pattern: Any = re2.compile(text, options)
    except re2.error as error:
        raise refused(f"{text[:100]!r} is no regular expression (RE2): {error}.") from None
    return lambda value: pattern.fullmatch(value) is not None


def _values(system: CodeSystem, concept: Concept, name: str) -> Iterator[str]:
    if name in _CODE:
        yield concept.code
    elif name == "display":
        yield concept.display
    elif name == "parent":
        yield from concept.parents
    elif name == "child":
        yield from concept.children
    elif name == "inactive" and not any(each.code == name for each in concept.properties):
        yield "true" if concept.is_inactive else "false"
    for each in concept.properties:
        if each.code == name:
            yield _text(each.value)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):  # a Coding
        return str(value.get("code", ""))
    return str(value)


def _below_and_self(system: CodeSystem, concept: Concept) -> frozenset[str]:
    return system.descendants(concept.code) | {concept.code}


def _leaves(system: CodeSystem, concept: Concept) -> frozenset[str]:
    below = (system.get(code) for code in system.descendants(concept.code))
    return frozenset(each.code for each in below if each is not None and not each.children)


_HIERARCHICAL: Final[dict[str, Callable[[CodeSystem, Concept], frozenset[str]]]] = {
    "is-a": _below_and_self,
    "is-not-a": _below_and_self,
    "descendent-of": lambda system, concept: system.descendants(concept.code),
    "generalizes": lambda system, concept: system.ancestors(concept.code) | {concept.code},
    "child-of": lambda _system, concept: frozenset(concept.children),
    "descendent-leaf": _leaves,
}


def refused(text: str) -> FhirError:
    """Return the refusal (422) of a filter that cannot be evaluated."""
    return FhirError(422, Issue("error", "not-supported", text))
