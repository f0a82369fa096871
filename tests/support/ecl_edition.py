"""A small edition of SNOMED CT in memory: facts that a test writes down, and Concepts over them."""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from terminology.ecl.concepts import (
    NO_CONCEPT,
    Attributes,
    Booleans,
    Codes,
    Column,
    Designation,
    Ids,
    Mask,
    Numbers,
    RefsetRows,
    Texts,
)

CORE = "900000000000207008"
SYNONYM = "900000000000013009"
US, GB = "900000000000509007", "900000000000508004"
PREFERRED, ACCEPTABLE = "900000000000548007", "900000000000549004"
_WORDS = re.compile(r"[a-z0-9]+|[^\W_a-z0-9]+")


@dataclass(frozen=True)
class Code:
    """A value that is a concept."""

    code: str


Value = Code | float | str | bool


@dataclass(frozen=True)
class ConceptFact:
    """A concept and what stands directly above it."""

    code: str
    parents: tuple[str, ...] = ()
    is_active: bool = True
    is_defined: bool = False
    module: str = CORE
    time: int = 20200131


@dataclass(frozen=True)
class AttributeFact:
    """An active relationship of a source."""

    source: str
    group: int
    type: str
    value: Value


@dataclass(frozen=True)
class RowFact:
    """A row of a reference set."""

    refset: str
    referenced: str
    fields: Mapping[str, Value] = field(default_factory=dict, hash=False)
    is_active: bool = True
    module: str = CORE
    time: int = 20200131


@dataclass(frozen=True)
class TextFact:
    """A description."""

    concept: str
    text: str
    language: str = "en"
    type: str = SYNONYM
    is_active: bool = True
    acceptabilities: Mapping[str, str] = field(default_factory=dict, hash=False)
    id: str | None = None
    module: str | None = CORE
    time: int | None = 20200131


@dataclass(frozen=True)
class Edition:
    """All that is known; satisfies Concepts."""

    concepts: tuple[ConceptFact, ...]
    attribute_facts: tuple[AttributeFact, ...] = ()
    rows: tuple[RowFact, ...] = ()
    texts: tuple[TextFact, ...] = ()
    # Reference sets of which a store keeps the members only.
    members_only: frozenset[str] = frozenset()
    keeps_modules: bool = True

    @cached_property
    def _positions(self) -> Mapping[str, int]:
        return {concept.code: at for at, concept in enumerate(self.concepts)}

    @property
    def size(self) -> int:
        return len(self.concepts)

    def position(self, code: str) -> int | None:
        return self._positions.get(code)

    def code(self, position: int) -> str:
        return self.concepts[position].code

    def _ids(self, codes: Iterable[str]) -> Ids:
        found = sorted({self._positions[code] for code in codes})
        return np.array(found, dtype=np.uint32)

    def _column(self, codes: Iterable[str]) -> NDArray[np.uint32]:
        return np.array([self._positions.get(c, NO_CONCEPT) for c in codes], dtype=np.uint32)

    def active(self) -> Mask:
        return np.array([c.is_active for c in self.concepts], dtype=np.bool_)

    def defined(self) -> Mask:
        return np.array([c.is_defined for c in self.concepts], dtype=np.bool_)

    def parents(self, of: Ids) -> Ids:
        return self._ids(chain.from_iterable(self.concepts[at].parents for at in of.tolist()))

    def children(self, of: Ids) -> Ids:
        above = {self.code(at) for at in of.tolist()}
        return self._ids(c.code for c in self.concepts if not above.isdisjoint(c.parents))

    def ancestors(self, of: Ids) -> Ids:
        return self._closed(of, self.parents)

    def descendants(self, of: Ids) -> Ids:
        return self._closed(of, self.children)

    def _closed(self, of: Ids, step: Callable[[Ids], Ids]) -> Ids:
        found: set[int] = set()
        new = set(step(of).tolist())
        while new - found:
            found |= new
            new = set(step(np.array(sorted(new), dtype=np.uint32)).tolist())
        return np.array(sorted(found), dtype=np.uint32)

    def modules(self) -> NDArray[np.uint32] | None:
        return self._column(c.module for c in self.concepts) if self.keeps_modules else None

    def effective_times(self) -> NDArray[np.uint32] | None:
        if not self.keeps_modules:
            return None
        return np.array([c.time for c in self.concepts], dtype=np.uint32)

    def attribute_types(self) -> Ids:
        return self._ids(fact.type for fact in self.attribute_facts)

    def attributes(self, type_: int) -> Attributes | None:
        facts = [fact for fact in self.attribute_facts if fact.type == self.code(type_)]
        return Attributes(
            self._column(fact.source for fact in facts),
            np.array([fact.group for fact in facts], dtype=np.uint32),
            self._values([fact.value for fact in facts]),
        )

    def _values(self, values: list[Value]) -> Column:
        first = values[0]
        if isinstance(first, Code):
            return Codes(self._column(v.code for v in values if isinstance(v, Code)))
        if isinstance(first, bool):
            return Booleans(np.array(values, dtype=np.bool_))
        if isinstance(first, str):
            return Texts(tuple(map(str, values)))
        return Numbers(np.array(values, dtype=np.float64))

    def refsets(self) -> Collection[str]:
        return {row.refset for row in self.rows}

    def refset_members(self, code: str) -> Ids:
        rows = [row for row in self.rows if row.refset == code and row.is_active]
        return self._ids(row.referenced for row in rows if row.referenced in self._positions)

    def refset_rows(self, code: str) -> RefsetRows | None:
        if code in self.members_only:
            return None
        rows = [row for row in self.rows if row.refset == code]
        return RefsetRows(
            self._column(row.referenced for row in rows),
            np.array([row.is_active for row in rows], dtype=np.bool_),
            self._column(row.module for row in rows),
            np.array([row.time for row in rows], dtype=np.uint32),
            {name: self._values([row.fields[name] for row in rows]) for name in rows[0].fields},
        )

    @property
    def keeps_inactive_designations(self) -> bool:
        return True

    def designations(self, of: Ids) -> Iterable[Designation]:
        wanted = set(of.tolist())
        for fact in self.texts:
            if self._positions[fact.concept] in wanted:
                yield Designation(
                    self._positions[fact.concept],
                    fact.text,
                    fact.language,
                    fact.type,
                    fact.is_active,
                    fact.acceptabilities,
                    fact.id,
                    fact.module,
                    fact.time,
                )

    def with_words(self, text: str) -> Ids:
        """As an index of words without accents says it; ideographs are found anywhere."""
        wanted = _WORDS.findall(_plain(text))
        return self._ids(
            fact.concept
            for fact in self.texts
            if fact.is_active and all(_begins(_plain(fact.text), word) for word in wanted)
        )


def _plain(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in parts if not unicodedata.combining(each))


def _begins(text: str, word: str) -> bool:
    if not word.isascii():
        return word in text
    return any(each.startswith(word) for each in _WORDS.findall(text))
