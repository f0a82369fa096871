"""Reading the concepts that a filter compares with: a constraint, a plain list, or words."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from terminology.ecl.parsing_values import is_negated, several
from terminology.ecl.reading import Reader
from terminology.ecl.syntax import Compound, Concept, ConceptValue, Constraint

Parser: TypeAlias = Callable[[Reader], Constraint]


def words_as_concepts(reader: Reader, words: Mapping[str, str]) -> ConceptValue:
    """Read a comparison with words, each of which stands for a concept."""
    negated = is_negated(reader)
    at = reader.at
    codes = several(reader, lambda: reader.chosen(words))
    return ConceptValue(any_of([Concept(code, at=at) for code in codes], at), negated)


def concepts(reader: Reader, sub: Parser) -> ConceptValue:
    """Read a comparison with a set of concepts, or with concepts in brackets without operators."""
    negated = is_negated(reader)
    at = reader.at
    listed = _listed(reader)
    return ConceptValue(sub(reader) if listed is None else any_of(listed, at), negated)


def _listed(reader: Reader) -> list[Constraint] | None:
    """eclConceptReferenceSet, read only where it is one: `(1 OR 2)` and `(1)` are constraints."""
    at = reader.at
    if reader.take("("):
        found = []
        while reader.sees_digit():
            found.append(reference(reader))
        if len(found) > 1 and reader.take(")"):
            return found
        if len(found) > 1:
            reader.refuse(") or a concept identifier is expected here")
    reader.at = at
    return None


def reference(reader: Reader) -> Constraint:
    """eclConceptReference."""
    at = reader.at
    code = reader.sctid()
    return Concept(code, reader.term(), at)


def any_of(found: list[Constraint], at: int) -> Constraint:
    """Return the set of one or more concepts."""
    return found[0] if len(found) == 1 else Compound("OR", tuple(found), at)
