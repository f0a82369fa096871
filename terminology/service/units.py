"""UCUM as a code system: its codes are the expressions of a grammar, and cannot be listed.

Source: http://hl7.org/fhir/R4/ucum.html: "There is no defined display; the UCUM code is used
directly for the display"; the filter `canonical`; the value sets http://unitsofmeasure.org/vs and
http://unitsofmeasure.org/vs/[expression].
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, Protocol
from urllib.parse import unquote

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import FhirError, Issue
from terminology import ucum
from terminology.codings import UCUM
from terminology.service.code_system import CodeSystem, SupplementedCodeSystem
from terminology.service.concept import Concept, Property
from terminology.service.filters import read_filter, refused
from terminology.service.member import Key, Member

_SETS: Final = f"{UCUM}/vs"
_HEAD: Final[JsonObject] = {
    "resourceType": "CodeSystem",
    "url": UCUM,
    "version": ucum.VERSION,
    "name": "UCUM",
    "title": "Unified Code for Units of Measure",
    "status": "active",
    "caseSensitive": True,
    "compositional": True,
    "content": "complete",
    "copyright": "The UCUM codes, UCUM table and UCUM Specification are copyright © 1999, "
    "Regenstrief Institute, Inc. and the Unified Codes for Units of Measures (UCUM) Organization. "
    "All rights reserved. https://ucum.org/license",
    "filter": [
        {
            "code": "canonical",
            "description": "Units of the same canonical unit: those that UCUM converts into it",
            "operator": ["="],
            "value": "a UCUM expression",
        }
    ],
    "property": [
        {"code": "canonical", "description": "in base units", "type": "string"},
        {"code": "arbitrary", "description": "an arbitrary unit is in it", "type": "boolean"},
    ],
}


class UnitCodeSystem(CodeSystem):
    """Every valid UCUM expression."""

    def __init__(self) -> None:
        super().__init__(_HEAD)

    def __iter__(self) -> Iterator[Concept]:
        """Refuse (422): there is no end of units."""
        raise _endless()

    def __len__(self) -> int:
        raise _endless()

    def get(self, code: str) -> Concept | None:
        """Return the concept of an expression, None where it is none."""
        canonical = ucum.canonical(code) if code else None
        if canonical is None:
            return None
        arbitrary = ucum.arbitrary_units(code)
        return Concept(
            code,
            display=code,
            definition=_caution(arbitrary),
            properties=(
                Property("canonical", "valueString", canonical.code),
                Property("arbitrary", "valueBoolean", bool(arbitrary)),
            ),
        )

    @property
    def is_flat(self) -> bool:
        """UCUM has no hierarchy."""
        return True

    def ancestors(self, code: str) -> frozenset[str]:
        """Return nothing: UCUM has no hierarchy."""
        return frozenset()

    def descendants(self, code: str) -> frozenset[str]:
        """Return nothing: UCUM has no hierarchy."""
        return frozenset()


UNITS: Final = UnitCodeSystem()


class UnitSelection(Mapping[Key, Member]):
    """The units that a value set selects: a unit can be looked for, they cannot be listed."""

    def __init__(self, system: CodeSystem, tests: tuple[Callable[[str], bool], ...]) -> None:
        self.system = system
        self._tests = tests
        self._version = (system.url, system.version)

    def __getitem__(self, key: Key) -> Member:
        concept = self.system.get(key[2]) if key[:2] == self._version else None
        if concept is None or not all(holds(concept.code) for holds in self._tests):
            raise KeyError(key)
        return Member(self.system, concept)

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Key]:
        raise _endless()

    def __len__(self) -> int:
        raise _endless()


class Evaluation(Protocol):
    """What a selection of units asks of the evaluation that it is part of."""

    def code_system(self, url: str, version: str | None) -> CodeSystem:
        """Return the version of a code system that is wanted."""


def units_of(resource: JsonObject, evaluation: Evaluation) -> UnitSelection | None:
    """Return a value set that takes units by what they are; None where it is another one.

    FhirError 422 for a filter that UCUM does not have.
    """
    compose = resource.get("compose", {})
    includes = compose.get("include", ())
    if len(includes) != 1 or compose.get("exclude"):
        return None
    (part,) = includes
    if part.get("system") != UCUM or "concept" in part or "valueSet" in part:
        return None
    system = evaluation.code_system(UCUM, part.get("version"))
    if not is_endless(system):
        return None
    return UnitSelection(system, tuple(_test(each) for each in part.get("filter", ())))


def is_endless(system: CodeSystem) -> bool:
    """Whether a code system is UCUM by its grammar, and not a list of some of its codes."""
    base = system.base if isinstance(system, SupplementedCodeSystem) else system
    return isinstance(base, UnitCodeSystem)


def implicit_value_set(url: str) -> JsonObject | None:
    """Return the value set of all units, or of those of one canonical unit, that a url implies."""
    if url != _SETS and not url.startswith(f"{_SETS}/"):
        return None
    asked = unquote(url[len(_SETS) :].removeprefix("/"))
    include: JsonObject = {"system": UCUM}
    if asked:
        include["filter"] = [{"property": "canonical", "op": "=", "value": asked}]
    return {
        "resourceType": "ValueSet",
        "url": url,
        "version": ucum.VERSION,
        "name": "UCUM_units",
        "status": "active",
        "compose": {"include": [include]},
    }


def _test(given: JsonObject) -> Callable[[str], bool]:
    asked = read_filter(given)
    if (asked.name, asked.op) != ("canonical", "="):
        text = f"UCUM has the filter canonical = [unit], not {asked.name[:40]!r} {asked.op[:20]!r}."
        raise refused(text)
    wanted = ucum.canonical(asked.value) if asked.value else None
    if wanted is None:
        raise refused(f"The filter canonical: {asked.value[:60]!r} is no UCUM expression.")
    return lambda code: ucum.same_dimension(code, asked.value)


def _caution(arbitrary: tuple[str, ...]) -> str:
    if not arbitrary:
        return ""
    names = ", ".join(arbitrary)
    return (
        f"{names}: an arbitrary unit, defined by a procedure or a reference substance. UCUM "
        "converts it into no other unit; values compare only where the procedure is the same."
    )


def _endless() -> FhirError:
    text = "The units of UCUM cannot be listed: there is no end of expressions; name the codes."
    return FhirError(422, Issue("error", "too-costly", text))
