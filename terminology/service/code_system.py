"""A version of a code system, read from its FHIR resource.

Source: http://hl7.org/fhir/R4/codesystem.html.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, Final

from msgspec import structs

from fhir_server.r4.codec import JsonObject
from terminology.service.concept import (
    Concept,
    Names,
    designations_of,
    names_of,
    properties_of,
    said_by_extensions,
    shown_extensions,
    status_of,
)

# Codes without a hierarchy have no ancestors; a loop in `parent` properties must end.
_IS_A: Final = frozenset(("is-a", ""))


class CodeSystem(ABC):
    """One version of a code system; immutable but for what it has computed.

    `resource` is its FHIR resource without the concepts.
    """

    def __init__(self, resource: JsonObject) -> None:
        self.resource: Final = _head(resource)
        self.url: Final = str(resource.get("url", ""))
        self.version: Final = str(resource.get("version", ""))
        self.name: Final = str(resource.get("name", ""))
        # One that does not say that its codes are here is not asked for them.
        self.content: Final = str(resource.get("content", ""))
        self.language: Final = str(resource.get("language", ""))
        self.hierarchy: Final = str(resource.get("hierarchyMeaning", ""))
        # R4: "If this element is missing, then it is not specified": then case tells codes apart.
        self.is_case_sensitive: Final = resource.get("caseSensitive") is not False

    @property
    def canonical(self) -> str:
        """`url|version`, or the url where it has no version."""
        return f"{self.url}|{self.version}" if self.version else self.url

    @property
    @abstractmethod
    def is_flat(self) -> bool:
        """Whether nothing is said of which concept stands below which."""

    @property
    def has_subsumption(self) -> bool:
        """Whether "below" in the hierarchy means "is a"; where nothing is said, as R4's filters."""
        return self.hierarchy in _IS_A

    @abstractmethod
    def __iter__(self) -> Iterator[Concept]:
        """Yield every concept, those of a hierarchy before what is below them."""

    @abstractmethod
    def __len__(self) -> int:
        """Return how many concepts there are."""

    @abstractmethod
    def get(self, code: str) -> Concept | None:
        """Return the concept of a code, None where this version has none."""

    @abstractmethod
    def ancestors(self, code: str) -> frozenset[str]:
        """Return the codes above a code, over every path."""

    @abstractmethod
    def descendants(self, code: str) -> frozenset[str]:
        """Return the codes below a code, over every path."""

    def is_below(self, code: str, other: str) -> bool:
        """Whether a concept stands below another, over any path."""
        return other in self.ancestors(code)


class ListedCodeSystem(CodeSystem):
    """A code system with every concept of its resource in memory."""

    def __init__(self, resource: JsonObject) -> None:
        super().__init__(resource)
        self._concepts: Final = _concepts(resource)
        self._folded: Final = (
            {} if self.is_case_sensitive else {code.casefold(): code for code in self._concepts}
        )

    @cached_property
    def is_flat(self) -> bool:
        """Whether nothing is said of which concept stands below which."""
        return not any(each.parents for each in self._concepts.values())

    def __iter__(self) -> Iterator[Concept]:
        """Yield every concept, those of a hierarchy before what is below them."""
        return iter(self._concepts.values())

    def __len__(self) -> int:
        return len(self._concepts)

    def get(self, code: str) -> Concept | None:
        """Return the concept of a code, None where this version has none."""
        found = self._concepts.get(code)
        if found is None and self._folded:
            found = self._concepts.get(self._folded.get(code.casefold(), ""))
        return found

    def ancestors(self, code: str) -> frozenset[str]:
        """Return the codes above a code, over every path."""
        return self._reached(code, upwards=True)

    def descendants(self, code: str) -> frozenset[str]:
        """Return the codes below a code, over every path."""
        return self._reached(code, upwards=False)

    def _reached(self, code: str, *, upwards: bool) -> frozenset[str]:
        seen: set[str] = set()
        waiting = [code]
        while waiting:
            concept = self._concepts.get(waiting.pop())
            if concept is not None:
                new = {*(concept.parents if upwards else concept.children)} - seen
                seen |= new
                waiting += new
        return frozenset(seen - {code})


class SupplementedCodeSystem(CodeSystem):
    """A code system with the designations and properties that supplements add.

    Source: R4 codesystem.html#supplements; a supplement adds no code.
    """

    def __init__(self, base: CodeSystem, supplements: Iterable[JsonObject]) -> None:
        declared = list(base.resource.get("property", ()))
        self.base: Final = base
        self._added: Final[dict[str, Concept]] = {}
        for supplement in supplements:
            declared += supplement.get("property", ())
            for entry, _parent in _entries(supplement):
                known = base.get(entry["code"])
                if known is not None:
                    before = self._added.get(known.code, known)
                    self._added[known.code] = _with(before, entry, canonical_of(supplement))
        super().__init__({**base.resource, **({"property": declared} if declared else {})})

    @property
    def is_flat(self) -> bool:
        """Whether nothing is said of which concept stands below which."""
        return self.base.is_flat

    def __iter__(self) -> Iterator[Concept]:
        """Yield every concept in the order of the code system."""
        return (self._added.get(each.code, each) for each in self.base)

    def __len__(self) -> int:
        return len(self.base)

    def get(self, code: str) -> Concept | None:
        """Return the concept of a code with what is added to it."""
        found = self.base.get(code)
        return None if found is None else self._added.get(found.code, found)

    def ancestors(self, code: str) -> frozenset[str]:
        """Return the codes above a code, over every path."""
        return self.base.ancestors(code)

    def descendants(self, code: str) -> frozenset[str]:
        """Return the codes below a code, over every path."""
        return self.base.descendants(code)

    def is_below(self, code: str, other: str) -> bool:
        """Whether a concept stands below another, over any path."""
        return self.base.is_below(code, other)


def _with(concept: Concept, entry: JsonObject, source: str) -> Concept:
    return structs.replace(
        concept,
        designations=(*concept.designations, *designations_of(entry, source)),
        properties=(*concept.properties, *properties_of(entry, source)),
        extensions=(*concept.extensions, *shown_extensions(entry)),
        said=(*concept.said, *said_by_extensions(entry, source)),
    )


def canonical_of(resource: Mapping[str, Any]) -> str:
    """Return `url|version` of a resource, or its url where it has no version."""
    url, version = resource.get("url", ""), resource.get("version")
    return f"{url}|{version}" if version else str(url)


def _head(resource: JsonObject) -> JsonObject:
    return {name: value for name, value in resource.items() if name not in ("concept", "text")}


def _entries(resource: JsonObject) -> Iterator[tuple[JsonObject, str]]:
    """Yield every CodeSystem.concept with the code above it, in the order of the resource.

    One that has an extension in place of its code cannot be asked for; those below it can.
    """
    waiting: list[tuple[JsonObject, str]] = [
        (each, "") for each in reversed(resource.get("concept", ()))
    ]
    while waiting:
        entry, above = waiting.pop()
        if "code" in entry:
            yield entry, above
        below = entry.get("code", above)
        waiting += [(each, below) for each in reversed(entry.get("concept", ()))]


def _concepts(resource: JsonObject) -> dict[str, Concept]:
    names = names_of(resource)
    found: dict[str, Concept] = {}
    above: dict[str, list[str]] = {}
    below: dict[str, list[str]] = {}
    for entry, parent in _entries(resource):
        code = entry["code"]
        if code in found:  # csd-1 refuses it when it is stored
            continue
        properties = properties_of(entry)
        said = said_by_extensions(entry)
        status, inactive, abstract = status_of((*said, *properties), names)
        found[code] = Concept(
            code=code,
            display=entry.get("display", ""),
            definition=entry.get("definition", ""),
            designations=designations_of(entry),
            properties=properties,
            status=status,
            is_inactive=inactive,
            is_abstract=abstract,
            extensions=shown_extensions(entry),
            said=said,
        )
        if parent:
            _link(parent, code, above, below)
        _link_by_properties(found[code], names, above, below)
    for code, concept in found.items():
        parents = tuple(each for each in above.get(code, ()) if each in found)
        children = tuple(each for each in below.get(code, ()) if each in found)
        if parents or children:
            found[code] = structs.replace(concept, parents=parents, children=children)
    return found


def _link_by_properties(
    concept: Concept, names: Names, above: dict[str, list[str]], below: dict[str, list[str]]
) -> None:
    """Note what the properties `parent` and `child` say: a hierarchy of many parents."""
    for each in concept.properties:
        if each.code in names.parent:
            _link(str(each.value), concept.code, above, below)
        elif each.code in names.child:
            _link(concept.code, str(each.value), above, below)


def _link(
    parent: str, child: str, above: dict[str, list[str]], below: dict[str, list[str]]
) -> None:
    if parent not in above.setdefault(child, []):
        above[child].append(parent)
    if child not in below.setdefault(parent, []):
        below[parent].append(child)
