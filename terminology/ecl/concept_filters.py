"""Concept filters: by definition status, module, effective time and activity (ECL 6.9)."""

from collections.abc import Sequence

import numpy as np

from terminology.ecl.concepts import Ids, Mask
from terminology.ecl.context import Context
from terminology.ecl.errors import NOT_SUPPORTED
from terminology.ecl.identifiers import DEFINED, PRIMITIVE
from terminology.ecl.syntax import (
    ActiveTest,
    ConceptTest,
    ConceptValue,
    EffectiveTimeTest,
    ModuleTest,
    StatusTest,
)
from terminology.ecl.values import at_time, in_set


def filtered(context: Context, of: Ids, tests: Sequence[ConceptTest]) -> Ids:
    """Return the concepts that pass all tests."""
    for test in tests:
        context.spend(context.size)
        of = _passed(context, of, test)
    return of


def _passed(context: Context, of: Ids, test: ConceptTest) -> Ids:
    match test:
        case ActiveTest(is_active=None):
            return of
        case ActiveTest(is_active=is_active):
            active = context.concepts.active()[of]
            return of[active if is_active else ~active]
        case StatusTest(of=wanted):
            return _of_status(context, of, wanted)
        case ModuleTest(of=wanted):
            return of[_in_modules(context, of, test, wanted)]
        case EffectiveTimeTest(of=time, at=at):
            times = context.concepts.effective_times()
            if times is None:
                context.refuse(at, "no effective times of concepts are kept here", NOT_SUPPORTED)
            return of[at_time(times[of], time)]


def _in_modules(context: Context, of: Ids, test: ModuleTest, wanted: ConceptValue) -> Mask:
    modules = context.concepts.modules()
    if modules is None:
        context.refuse(test.at, "no modules of concepts are kept here", NOT_SUPPORTED)
    found = in_set(modules[of], context.evaluated(wanted.of), context.size)
    return ~found if wanted.is_negated else found


def _of_status(context: Context, of: Ids, wanted: ConceptValue) -> Ids:
    codes = context.codes(wanted.of)
    is_defined = context.concepts.defined()[of]
    passed = np.zeros(len(of), dtype=np.bool_)
    if DEFINED in codes:
        passed |= is_defined
    if PRIMITIVE in codes:
        passed |= ~is_defined
    return of[~passed if wanted.is_negated else passed]
