"""What one evaluation carries along: the release, what it could not find, and what it has spent."""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Final, NoReturn

import numpy as np

from terminology.ecl.concepts import Concepts, Ids
from terminology.ecl.errors import INVALID, TOO_COSTLY, EclError
from terminology.ecl.sets import NONE, union
from terminology.ecl.syntax import (
    AnyConcept,
    Compound,
    Concept,
    Constraint,
    Expression,
    Walked,
)

# About ten seconds of one core and 100 MB: a text of 10,000 characters can ask for much more.
_MOST: Final = 200_000_000
# What it costs to look through one concept's designations, in rows of an attribute.
DESIGNATIONS: Final = 400


class Context:
    """One evaluation of an expression over a release; what it notes it shows in the Result.

    `evaluated` gives the set that a constraint within the expression stands for.
    """

    def __init__(
        self,
        expression: Expression,
        concepts: Concepts,
        evaluate: Callable[["Context", Constraint], Ids],
    ) -> None:
        self.concepts: Final = concepts
        self.size: Final = concepts.size
        self.unknown: Final[dict[str, None]] = {}
        self.inactive: Final[dict[str, None]] = {}
        self.without_rows: Final[dict[str, None]] = {}
        self._text: Final = expression.text
        self._evaluate: Final = evaluate
        self._spent = 0

    def evaluated(self, constraint: Constraint) -> Ids:
        """Return the set of a constraint."""
        return self._evaluate(self, constraint)

    def concept(self, code: str) -> Ids:
        """Return one concept as a set, and note if the release does not know it or ended it."""
        position = self.concepts.position(code)
        if position is None:
            self.unknown[code] = None
            return NONE
        if not self.concepts.active()[position]:
            self.inactive[code] = None
        return np.array([position], dtype=np.uint32)

    def codes(self, of: Constraint) -> frozenset[str]:
        """Return the identifiers of a set."""
        return frozenset(map(self.concepts.code, self.evaluated(of).tolist()))

    def refsets(self, of: Constraint, ids: Ids) -> tuple[str, ...]:
        """Return the reference sets that have rows, of a constraint that stands for `ids`.

        One that is named and has none is noted: it is no reference set, or was not loaded.
        """
        known = sorted(self.concepts.refsets())
        if isinstance(of, AnyConcept):
            return tuple(known)
        wanted = frozenset(ids.tolist())
        found = tuple(code for code in known if self.concepts.position(code) in wanted)
        self.note_without_rows(of, found)
        return found

    def note_without_rows(self, of: Constraint, found: Collection[str]) -> None:
        """Note which concepts are named as reference sets or attributes and are none of `found`.

        Of sets that are walked to, only if they came to nothing at all.
        """
        for code in _named(of, is_walked=not found):
            if code not in found and code not in self.unknown:
                self.without_rows[code] = None

    def union(self, parts: Iterable[Ids]) -> Ids:
        """Return what is in any of the sets."""
        return union(parts, self.size)

    def spend(self, rows: int) -> None:
        """Count rows that are looked at; EclError `too-costly` where they are too many."""
        self._spent += rows
        if self._spent > _MOST:
            self.refuse(0, "this asks for more than is computed for one request", TOO_COSTLY)

    def refuse(self, at: int, reason: str, code: str = INVALID) -> NoReturn:
        """Raise EclError of a place in the text."""
        raise EclError(self._text, at, reason, code)


def _named(of: Constraint, *, is_walked: bool) -> Iterator[str]:
    match of:
        case Concept(code=code):
            yield code
        case Compound(operator="OR", parts=parts):
            for part in parts:
                yield from _named(part, is_walked=is_walked)
        case Walked(of=start) if is_walked:
            yield from _named(start, is_walked=True)
        case _:
            pass
