"""Reading what stands in double curly braces: filters and history supplements."""

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias, TypeVar

from terminology.ecl.identifiers import (
    ACCEPTABILITIES,
    DIALECTS,
    HISTORICAL_ASSOCIATIONS,
    HISTORY,
    STATUSES,
    TYPES,
)
from terminology.ecl.parsing_values import field_value, is_negated, several, texts, time_value
from terminology.ecl.reading import Reader
from terminology.ecl.syntax import (
    ActiveTest,
    AnyConcept,
    Compound,
    Concept,
    ConceptTest,
    ConceptValue,
    Constraint,
    Described,
    DescriptionTest,
    Dialect,
    DialectTest,
    EffectiveTimeTest,
    FieldTest,
    Filtered,
    IdTest,
    LanguageTest,
    MemberTest,
    ModuleTest,
    Order,
    StatusTest,
    TermTest,
    TextValue,
    TypeTest,
    Walk,
    Walked,
    WithHistory,
)

Parser: TypeAlias = Callable[[Reader], Constraint]
T = TypeVar("T")
_KIND: Final = re.compile(r"\{\{(?:[ \t\r\n]+|/\*.*?\*/)*([DCMdcm](?![A-Za-z0-9-])|\+)?", re.DOTALL)
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2}")
_HISTORY: Final = re.compile(r"history(?:[-_](min|mod|max))?(?![a-z0-9_-])", re.IGNORECASE)


def filtered(reader: Reader, of: Constraint, sub: Parser, whole: Parser) -> Constraint:
    """Read the filters behind a set and the history supplement, and return the set with them.

    `sub` reads a subExpressionConstraint, `whole` an expressionConstraint.
    """
    at = reader.at
    while (kind := _kind(reader)) is not None:
        if kind == "m":
            reader.refuse("a member filter stands directly behind what follows ^")
        if kind == "+":
            return _with_history(reader, of, whole, at)
        if kind == "c":
            of = Filtered(of, _tests(reader, _CONCEPT, sub), at)
        else:
            of = Described(of, _tests(reader, _DESCRIPTION, sub), at)
    return of


def member_tests(reader: Reader, sub: Parser) -> tuple[MemberTest, ...]:
    """Read the member filters behind a set of reference sets; a row has to pass all of them."""
    tests: list[MemberTest] = []
    while _kind(reader) == "m":
        tests.extend(_tests(reader, _MEMBER, sub, other=_field))
    return tuple(tests)


def _kind(reader: Reader) -> str | None:
    """Return which filter stands here: d where none is said (6.8, "Overview")."""
    match = _KIND.match(reader.text, reader.at)
    return (match[1] or "d").lower() if match else None


_Readers: TypeAlias = Mapping[str, Callable[[Reader, Parser], T]]


def _tests(
    reader: Reader,
    readers: _Readers[T],
    sub: Parser,
    other: Callable[[Reader, Parser], T] | None = None,
) -> tuple[T, ...]:
    reader.need("{{")
    reader.take_word("d", "c", "m")
    tests = [_test(reader, readers, sub, other)]
    while reader.take(","):
        tests.append(_test(reader, readers, sub, other))
    reader.need("}}", "}} or a comma")
    return tuple(tests)


def _test(
    reader: Reader,
    readers: _Readers[T],
    sub: Parser,
    other: Callable[[Reader, Parser], T] | None,
) -> T:
    word = reader.next_word()
    if word in readers:
        reader.take_word(word)
        return readers[word](reader, sub)
    if other is None:
        reader.refuse(f"one of these is expected here: {', '.join(readers)}")
    return other(reader, sub)


def _term(reader: Reader, sub: Parser) -> TermTest:
    negated = is_negated(reader)
    return TermTest(TextValue(texts(reader, "match"), negated))


def _language(reader: Reader, sub: Parser) -> LanguageTest:
    negated = is_negated(reader)
    return LanguageTest(several(reader, lambda: _language_code(reader)), negated)


def _language_code(reader: Reader) -> str:
    word = reader.next_word()
    if _LANGUAGE.fullmatch(word) is None:
        reader.refuse("a language of two letters is expected here")
    reader.take_word(word)
    return word


def _type(reader: Reader, sub: Parser) -> TypeTest:
    return TypeTest(_words_as_concepts(reader, TYPES))


def _type_id(reader: Reader, sub: Parser) -> TypeTest:
    return TypeTest(_concepts(reader, sub))


def _status(reader: Reader, sub: Parser) -> StatusTest:
    return StatusTest(_words_as_concepts(reader, STATUSES))


def _status_id(reader: Reader, sub: Parser) -> StatusTest:
    return StatusTest(_concepts(reader, sub))


def _words_as_concepts(reader: Reader, words: Mapping[str, str]) -> ConceptValue:
    negated = is_negated(reader)
    at = reader.at
    codes = several(reader, lambda: reader.chosen(words))
    return ConceptValue(_any_of([Concept(code, at=at) for code in codes], at), negated)


def _concepts(reader: Reader, sub: Parser) -> ConceptValue:
    """Read a comparison with a set of concepts, or with concepts in brackets without operators."""
    negated = is_negated(reader)
    at = reader.at
    listed = _listed(reader)
    return ConceptValue(sub(reader) if listed is None else _any_of(listed, at), negated)


def _listed(reader: Reader) -> list[Constraint] | None:
    """eclConceptReferenceSet, read only where it is one: `(1 OR 2)` and `(1)` are constraints."""
    at = reader.at
    if reader.take("("):
        found = []
        while reader.sees_digit():
            found.append(_reference(reader))
        if len(found) > 1 and reader.take(")"):
            return found
        if len(found) > 1:
            reader.refuse(") or a concept identifier is expected here")
    reader.at = at
    return None


def _reference(reader: Reader) -> Constraint:
    at = reader.at
    code = reader.sctid()
    return Concept(code, reader.term(), at)


def _any_of(found: list[Constraint], at: int) -> Constraint:
    return found[0] if len(found) == 1 else Compound("OR", tuple(found), at)


def _dialect(reader: Reader, sub: Parser) -> DialectTest:
    negated = is_negated(reader)
    dialects = several(reader, lambda: _dialect_of(reader, _alias(reader)))
    return _with_acceptabilities(reader, dialects, negated)


def _dialect_id(reader: Reader, sub: Parser) -> DialectTest:
    negated = is_negated(reader)
    at = reader.at
    if reader.take("(") and reader.sees_digit():
        first = _dialect_of(reader, _reference(reader))
        if first.acceptabilities or reader.sees_digit():
            dialects = [first]
            while reader.take(")") is None:
                dialects.append(_dialect_of(reader, _reference(reader)))
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


def _id(reader: Reader, sub: Parser) -> IdTest:
    at = reader.at
    negated = is_negated(reader)
    return IdTest(several(reader, reader.sctid), negated, at)


def _module(reader: Reader, sub: Parser) -> ModuleTest:
    at = reader.at
    return ModuleTest(_concepts(reader, sub), at)


def _effective_time(reader: Reader, sub: Parser) -> EffectiveTimeTest:
    at = reader.at
    return EffectiveTimeTest(time_value(reader), at)


def _active(reader: Reader, sub: Parser) -> ActiveTest:
    order = reader.order(Order.EQUAL, Order.NOT_EQUAL)
    at = reader.at
    if reader.take('"*"', "*"):
        if order is Order.NOT_EQUAL:
            reader.refuse("nothing is other than * : 1 or 0 is expected here", at=at)
        return ActiveTest(None)
    word = reader.take_word("true", "false") or reader.take("1", "0")
    if word is None:
        reader.refuse("1, 0, true, false or * is expected here")
    return ActiveTest((word in ("true", "1")) is (order is Order.EQUAL))


def _field(reader: Reader, sub: Parser) -> FieldTest:
    at = reader.at
    name = reader.name()
    return FieldTest(name, field_value(reader, sub), at)


def _with_history(reader: Reader, of: Constraint, whole: Parser, at: int) -> Constraint:
    reader.need("{{")
    reader.need("+")
    place = reader.at
    match = _HISTORY.match(reader.text, place)
    if match is None:
        reader.refuse("HISTORY, HISTORY-MIN, HISTORY-MOD or HISTORY-MAX is expected here")
    reader.at = match.end()
    reader.skip()
    refsets = _refsets(reader, whole, (match[1] or "").lower(), place)
    reader.need("}}")
    if _kind(reader) is not None:
        reader.refuse("no filter follows a history supplement, unless in brackets around both")
    return WithHistory(of, refsets, at)


def _refsets(reader: Reader, whole: Parser, profile: str, at: int) -> Constraint:
    """Return the association reference sets of a profile, or those in brackets."""
    if profile in HISTORY:
        return _any_of([Concept(code, at=at) for code in HISTORY[profile]], at)
    every = Walked(Walk.DESCENDANT_OF, Concept(HISTORICAL_ASSOCIATIONS, at=at), at)
    if profile == "max" or reader.take("(") is None:
        return every
    with reader.deeper():
        refsets = whole(reader)
    reader.need(")")
    # 6.11, "Profiles": HISTORY (*) is HISTORY-MAX.
    return every if isinstance(refsets, AnyConcept) else refsets


_SHARED: Final[_Readers[ModuleTest | EffectiveTimeTest | ActiveTest]] = {
    "moduleid": _module,
    "effectivetime": _effective_time,
    "active": _active,
}
_DESCRIPTION: Final[_Readers[DescriptionTest]] = {
    "term": _term,
    "language": _language,
    "type": _type,
    "typeid": _type_id,
    "dialect": _dialect,
    "dialectid": _dialect_id,
    "id": _id,
    **_SHARED,
}
_CONCEPT: Final[_Readers[ConceptTest]] = {
    "definitionstatus": _status,
    "definitionstatusid": _status_id,
    **_SHARED,
}
_MEMBER: Final[_Readers[MemberTest]] = {**_SHARED}
