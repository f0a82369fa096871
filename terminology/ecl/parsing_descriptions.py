"""Reading the tests of a description filter that are of descriptions only (ECL 6.8)."""

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from terminology.ecl.identifiers import ACCEPTABILITIES, DIALECTS, TYPES
from terminology.ecl.parsing_concepts import Parser, concepts, reference, words_as_concepts
from terminology.ecl.parsing_values import is_negated, several, texts
from terminology.ecl.reading import Reader
from terminology.ecl.syntax import (
    Concept,
    Constraint,
    Dialect,
    DialectTest,
    IdTest,
    LanguageTest,
    TermTest,
    TextValue,
    TypeTest,
)

_Readers: TypeAlias = Mapping[
    str,
    Callable[[Reader, Parser, int], TermTest | LanguageTest | TypeTest | DialectTest | IdTest],
]
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2}")


def _term(reader: Reader, sub: Parser, at: int) -> TermTest:
    negated = is_negated(reader)
    return TermTest(TextValue(texts(reader, "match"), negated))


def _language(reader: Reader, sub: Parser, at: int) -> LanguageTest:
    negated = is_negated(reader)
    return LanguageTest(several(reader, lambda: _language_code(reader)), negated)


def _language_code(reader: Reader) -> str:
    word = reader.next_word()
    if _LANGUAGE.fullmatch(word) is None:
        reader.refuse("a language of two letters is expected here")
    reader.take_word(word)
    return word


def _type(reader: Reader, sub: Parser, at: int) -> TypeTest:
    return TypeTest(words_as_concepts(reader, TYPES))


def _type_id(reader: Reader, sub: Parser, at: int) -> TypeTest:
    return TypeTest(concepts(reader, sub))


def _dialect(reader: Reader, sub: Parser, at: int) -> DialectTest:
    negated = is_negated(reader)
    dialects = several(reader, lambda: _dialect_of(reader, _alias(reader)))
    return _with_acceptabilities(reader, dialects, negated)


def _dialect_id(reader: Reader, sub: Parser, at: int) -> DialectTest:
    negated = is_negated(reader)
    at = reader.at
    if reader.take("(") and reader.sees_digit():
        first = _dialect_of(reader, reference(reader))
        if first.acceptabilities or reader.sees_digit():
            dialects = [first]
            while reader.take(")") is None:
                dialects.append(_dialect_of(reader, reference(reader)))
            return _with_acceptabilities(reader, tuple(dialects), negated)
    reader.at = at
    return _with_acceptabilities(reader, (Dialect(sub(reader)),), negated)


def _dialect_of(reader: Reader, refsets: Constraint) -> Dialect:
    return Dialect(refsets, _acceptabilities(reader))


def _alias(reader: Reader) -> Constraint:
    at = reader.at
    alias = reader.next_word()
    if alias not in DIALECTS:
        reader.refuse(
            "no known dialect: dialectId names any language reference set by its identifier, and"
            f" these are known: {', '.join(DIALECTS)}"
        )
    reader.take_word(alias)
    return Concept(DIALECTS[alias], at=at)


def _with_acceptabilities(
    reader: Reader, dialects: tuple[Dialect, ...], negated: bool
) -> DialectTest:
    """Read acceptabilities behind the dialects: they hold for each that has none of its own."""
    common = _acceptabilities(reader)
    if common:
        dialects = tuple(Dialect(each.refsets, each.acceptabilities or common) for each in dialects)
    return DialectTest(dialects, negated)


def _acceptabilities(reader: Reader) -> tuple[str, ...]:
    if not reader.sees("("):
        return ()
    return several(reader, lambda: _acceptability(reader))


def _acceptability(reader: Reader) -> str:
    if reader.sees_digit():
        code = reader.sctid()
        reader.term()
        return code
    return reader.chosen(ACCEPTABILITIES)


def _id(reader: Reader, sub: Parser, at: int) -> IdTest:
    negated = is_negated(reader)
    return IdTest(several(reader, reader.sctid), negated, at)


# By keyword, in lower case.
READERS: Final[_Readers] = {
    "term": _term,
    "language": _language,
    "type": _type,
    "typeid": _type_id,
    "dialect": _dialect,
    "dialectid": _dialect_id,
    "id": _id,
}
