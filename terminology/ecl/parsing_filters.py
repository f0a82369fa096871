"""Reading what stands in double curly braces: filters and history supplements."""

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias, TypeVar

from terminology.ecl.identifiers import (
    HISTORICAL_ASSOCIATIONS,
    HISTORY,
    STATUSES,
)
from terminology.ecl.parsing_concepts import Parser, any_of, concepts, words_as_concepts
from terminology.ecl.parsing_descriptions import READERS as DESCRIPTIONS
from terminology.ecl.parsing_values import field_value, time_value
from terminology.ecl.reading import BLANKS, Reader
from terminology.ecl.syntax import (
    ActiveTest,
    AnyConcept,
    Concept,
    ConceptFilter,
    ConceptTest,
    Constraint,
    DescriptionFilter,
    DescriptionTest,
    EffectiveTimeTest,
    FieldTest,
    Filtered,
    MemberTest,
    ModuleTest,
    Order,
    StatusTest,
    Walk,
    Walked,
    WithHistory,
)

T = TypeVar("T")
_KIND: Final = re.compile(rf"\{{\{{{BLANKS}([DCMdcm](?![A-Za-z0-9-])|\+)?", re.DOTALL)
_HISTORY: Final = re.compile(r"history(?:[-_](min|mod|max))?(?![a-z0-9_-])", re.IGNORECASE)


def filtered(reader: Reader, of: Constraint, sub: Parser, whole: Parser) -> Constraint:
    """Read the filters behind a set and the history supplement, and return the set with them.

    `sub` reads a subExpressionConstraint, `whole` an expressionConstraint.
    """
    at = reader.at
    filters: list[ConceptFilter | DescriptionFilter] = []
    while (kind := _kind(reader)) in ("c", "d"):
        if kind == "c":
            filters.append(ConceptFilter(_tests(reader, _CONCEPT, sub)))
        else:
            filters.append(DescriptionFilter(_tests(reader, _DESCRIPTION, sub)))
    if kind == "m":
        reader.refuse("a member filter stands directly behind what follows ^")
    if filters:
        of = Filtered(of, tuple(filters), at)
    return of if kind is None else _with_history(reader, of, whole)


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


_Readers: TypeAlias = Mapping[str, Callable[[Reader, Parser, int], T]]


def _tests(
    reader: Reader,
    readers: _Readers[T],
    sub: Parser,
    other: Callable[[Reader, Parser, int], T] | None = None,
) -> tuple[T, ...]:
    reader.need("{{")
    reader.take_word("d", "c", "m")
    with reader.deeper():
        tests = [_test(reader, readers, sub, other)]
        while reader.take(","):
            tests.append(_test(reader, readers, sub, other))
    reader.need("}}", "}} or a comma")
    return tuple(tests)


def _test(
    reader: Reader,
    readers: _Readers[T],
    sub: Parser,
    other: Callable[[Reader, Parser, int], T] | None,
) -> T:
    at = reader.at
    word = reader.next_word()
    if word in readers:
        reader.take_word(word)
        return readers[word](reader, sub, at)
    if other is None:
        reader.refuse(f"one of these is expected here: {', '.join(readers)}")
    return other(reader, sub, at)


def _status(reader: Reader, sub: Parser, at: int) -> StatusTest:
    return StatusTest(words_as_concepts(reader, STATUSES))


def _status_id(reader: Reader, sub: Parser, at: int) -> StatusTest:
    return StatusTest(concepts(reader, sub))


def _module(reader: Reader, sub: Parser, at: int) -> ModuleTest:
    return ModuleTest(concepts(reader, sub), at)


def _effective_time(reader: Reader, sub: Parser, at: int) -> EffectiveTimeTest:
    return EffectiveTimeTest(time_value(reader), at)


def _active(reader: Reader, sub: Parser, at: int) -> ActiveTest:
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


def _field(reader: Reader, sub: Parser, at: int) -> FieldTest:
    name = reader.name()
    return FieldTest(name, field_value(reader, sub), at)


def _with_history(reader: Reader, of: Constraint, whole: Parser) -> Constraint:
    at = reader.at
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
        return any_of([Concept(code, at=at) for code in HISTORY[profile]], at)
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
_DESCRIPTION: Final[_Readers[DescriptionTest]] = {**DESCRIPTIONS, **_SHARED}
_CONCEPT: Final[_Readers[ConceptTest]] = {
    "definitionstatus": _status,
    "definitionstatusid": _status_id,
    **_SHARED,
}
_MEMBER: Final[_Readers[MemberTest]] = {**_SHARED}
