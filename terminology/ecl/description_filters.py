"""Description filters: concepts with one description that passes all tests (ECL 6.8)."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias, TypeVar

import numpy as np

from terminology.ecl.concepts import Designation, Ids
from terminology.ecl.context import DESIGNATIONS, Context
from terminology.ecl.errors import NOT_SUPPORTED
from terminology.ecl.sets import common
from terminology.ecl.syntax import (
    ActiveTest,
    ConceptValue,
    DescriptionTest,
    Dialect,
    DialectTest,
    EffectiveTimeTest,
    IdTest,
    LanguageTest,
    ModuleTest,
    SearchTerm,
    TermTest,
    TypeTest,
)
from terminology.ecl.term_matching import finder, words_needed
from terminology.ecl.values import is_at_time

T = TypeVar("T")
_Check: TypeAlias = Callable[[Designation], bool]


def described(context: Context, of: Ids, tests: Sequence[DescriptionTest]) -> Ids:
    """Return the concepts with one description that passes all tests."""
    activities = [test.is_active for test in tests if isinstance(test, ActiveTest)]
    if not activities:
        # 6.8, "Active Filter": by default, only active descriptions are looked at.
        tests = (*tests, ActiveTest(is_active=True))
    if all(activities):
        of = _with_words(context, of, tests)
    elif not context.concepts.keeps_inactive_designations:
        context.refuse(0, "descriptions that are inactive are not kept here", NOT_SUPPORTED)
    checks = [_check(context, test) for test in tests]
    context.spend(len(of) * DESIGNATIONS)
    found: set[int] = set()
    for designation in context.concepts.designations(of):
        if designation.concept not in found and all(check(designation) for check in checks):
            found.add(designation.concept)
    return np.array(sorted(found), dtype=np.uint32)


def _with_words(context: Context, of: Ids, tests: Iterable[DescriptionTest]) -> Ids:
    """Return those that the index of words does not exclude."""
    for test in tests:
        if isinstance(test, TermTest) and not test.term.is_negated:
            found = [_candidates(context, term) for term in test.term.terms]
            known = [ids for ids in found if ids is not None]
            if len(known) == len(found):
                of = common(of, context.union(known), context.size)
    return of


def _candidates(context: Context, term: SearchTerm) -> Ids | None:
    words = words_needed(term)
    if not any(character.isalnum() for character in words):
        return None
    return context.concepts.with_words(words)


def _check(context: Context, test: DescriptionTest) -> _Check:
    match test:
        case TermTest(term=term):
            finds = finder(term.terms)
            return lambda designation: finds(designation.text) is not term.is_negated
        case LanguageTest(codes=codes, is_negated=negated):
            return lambda each: (each.language.lower() in codes) is not negated
        case TypeTest(of=value):
            types = _codes(context, value)
            return lambda designation: types(designation.type)
        case DialectTest(dialects=dialects, is_negated=negated):
            checks = [_dialect(context, dialect) for dialect in dialects]
            return lambda designation: any(c(designation) for c in checks) is not negated
        case _:
            return _check_of_component(context, test)


def _check_of_component(
    context: Context, test: IdTest | ModuleTest | EffectiveTimeTest | ActiveTest
) -> _Check:
    match test:
        case IdTest(ids=ids, is_negated=negated, at=at):
            return lambda each: (_kept(context, each.id, at, "identifiers") in ids) is not negated
        case ModuleTest(of=value, at=at):
            modules = _codes(context, value)
            return lambda each: modules(_kept(context, each.module, at, "modules"))
        case EffectiveTimeTest(of=time, at=at):
            return lambda each: is_at_time(_kept(context, each.effective_time, at, "times"), time)
        case ActiveTest(is_active=is_active):
            return lambda each: is_active is None or each.is_active is is_active


def _kept(context: Context, value: T | None, at: int, what: str) -> T:
    if value is None:
        context.refuse(at, f"no {what} of descriptions are kept here", NOT_SUPPORTED)
    return value


def _codes(context: Context, value: ConceptValue) -> Callable[[str], bool]:
    codes = context.codes(value.of)
    return lambda code: (code in codes) is not value.is_negated


def _dialect(context: Context, dialect: Dialect) -> _Check:
    refsets = context.codes(dialect.refsets)
    wanted = dialect.acceptabilities

    def is_in(designation: Designation) -> bool:
        held = designation.acceptabilities
        return any(code in refsets and (not wanted or held[code] in wanted) for code in held)

    return is_in
