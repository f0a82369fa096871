"""A release, read from its file: a code system of any size that takes no memory but its pages."""

import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from fhir_server.r4.codec import JsonObject
from terminology.releases.closure import Lists
from terminology.releases.form import FORM, Body, decode_about, decode_body
from terminology.releases.positions import (
    NOBODY,
    Positions,
    common,
    everyone,
    holds,
    positions_of,
    united,
    unpack,
)
from terminology.releases.words import Wanted, folded, runs_of_ideographs, wanted
from terminology.service.code_system import CodeSystem
from terminology.service.concept import Concept, Designation, Property

_RELATIVES: Final = ("parents", "children", "ancestors", "descendants")
# Each is at most 4 bytes a concept.
_REMEMBERED: Final = 64
# More than so many codes are found faster by reading all of them.
_MANY: Final = 20_000
_CODES: Final = "select code from concept order by position"
# One request asks several times for its concepts; each is 2 KB or so.
_CONCEPTS: Final = 1000
# The first character after every other one: where the words that begin with something end.
_LAST: Final = "\U0010ffff"


class Relation(msgspec.Struct, frozen=True):
    """Rows of one type of relation, in three arrays: who, in which group, to whom."""

    sources: Positions
    groups: Positions
    targets: Positions


class Measure(msgspec.Struct, frozen=True):
    """Concrete values of one type: whose, in which group, and as it is written (`#5`, `"oral"`)."""

    sources: Positions
    groups: Positions
    amounts: tuple[str, ...]


class Associations(msgspec.Struct, frozen=True):
    """The columns of `writing.Association`."""

    sources: Positions
    targets: Positions
    active: Positions
    modules: Positions
    times: Positions


class ReleaseRefused(ValueError):
    """A file is no release, or of another form; the text says which and what to do."""


class Release(CodeSystem):
    """One version of a code system in a file; every thread may read.

    A file that was replaced or removed can be read on until this object is gone.
    """

    def __init__(self, path: Path) -> None:
        self.path: Final = path
        self._remembered: dict[object, Positions] = {}
        self._concepts: dict[int, Concept] = {}
        # One connection for all threads: SQLite lets them in one by one. Opened by its path later,
        # it could be that of a file that has been put in this one's place.
        uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        self._connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
        try:
            about = dict(self._rows("select name, value from about"))
        except sqlite3.DatabaseError as error:
            raise ReleaseRefused(f"{path}: it is no release ({error}).") from None
        if about.get("form") != FORM.encode():
            text = f"{path}: it is of form {about.get('form')!r}, not {FORM}; load it again."
            raise ReleaseRefused(text)
        self.about: Final = decode_about(about["about"])
        self.filterable: Final[frozenset[str]] = frozenset(
            msgspec.msgpack.decode(about["filterable"], type=list[str])
        )
        super().__init__(self.about.head)

    def __iter__(self) -> Iterator[Concept]:
        """Yield every concept in the order of the release."""
        for position in range(len(self)):
            yield self.at(position)

    def __len__(self) -> int:
        return self.about.count

    def get(self, code: str) -> Concept | None:
        """Return the concept of a code, None where this version has none."""
        position = self.position(code)
        if position is None and not self.is_case_sensitive:
            position = self.position(code.upper())
        return None if position is None else self.at(position)

    def position(self, code: str) -> int | None:
        """Return where a concept stands, None where this version has none."""
        row = self._row("select position from concept where code = ?", code)
        return None if row is None else int(row[0])

    def at(self, position: int) -> Concept:
        """Return the concept of a position."""
        known = self._concepts.get(position)
        if known is None:
            code, body = self._known("select code, body from concept where position = ?", position)
            known = self._concept(position, code, body)
            if len(self._concepts) >= _CONCEPTS:
                self._concepts.clear()
            self._concepts[position] = known
        return known

    def body(self, position: int) -> Body:
        """Return what is kept of a concept."""
        (body,) = self._known("select body from concept where position = ?", position)
        return decode_body(body)

    def codes(self, positions: Iterable[int]) -> list[str]:
        """Return the codes of positions, in their order."""
        wanted = [int(each) for each in positions]
        if len(wanted) > _MANY:
            everybody = [code for (code,) in self._rows(_CODES)]
            return [everybody[each] for each in wanted]
        one = "select code from concept where position = ?"
        return [self._known(one, each)[0] for each in wanted]

    def relatives(self, which: str, position: int) -> Positions:
        """Return the `parents`, `children`, `ancestors` or `descendants` of a position."""
        if which not in _RELATIVES:
            raise ValueError(which)
        row = self._row(f"select {which} from relatives where position = ?", position)  # noqa: S608
        return NOBODY if row is None else unpack(row[0])

    def ancestors(self, code: str) -> frozenset[str]:
        """Return the codes above a code, over every path."""
        return self._relative_codes("ancestors", code)

    def descendants(self, code: str) -> frozenset[str]:
        """Return the codes below a code, over every path."""
        return self._relative_codes("descendants", code)

    def is_below(self, code: str, other: str) -> bool:
        """Whether a concept stands below another, over any path."""
        own, above = self.position(code), self.position(other)
        if own is None or above is None:
            return False
        return holds(self.relatives("ancestors", own), above)

    @cached_property
    def roots(self) -> tuple[str, ...]:
        """The codes that have none above them; none where there is no hierarchy."""
        return tuple(self.codes(self.series("roots")))

    @cached_property
    def is_flat(self) -> bool:
        """Whether nothing is said of which concept stands below which."""
        return self._row("select 1 from relatives limit 1") is None

    @cached_property
    def everyone(self) -> Positions:
        """Every concept."""
        return everyone(len(self))

    @cached_property
    def inactive(self) -> Positions:
        """The concepts that are used no more."""
        return self.series("inactive")

    @cached_property
    def rank(self) -> Positions:
        """For each concept its place where one text is to be chosen: active and short first."""
        return self.series("rank")

    def remembered(self, key: object, found: Callable[[], Positions]) -> Positions:
        """Return what is remembered under a key, else what `found` computes, and remember it.

        Of a definition one selection is asked again with each code that is checked.
        """
        known = self._remembered.get(key)
        if known is None:
            known = found()
            while len(self._remembered) >= _REMEMBERED:
                self._remembered.pop(next(iter(self._remembered), None), None)
            self._remembered[key] = known
        return known

    def series(self, name: str) -> Positions:
        """Return a series of the release, empty where it has none of this name."""
        row = self._row("select body from series where name = ?", name)
        return NOBODY if row is None else unpack(row[0])

    def of_property(self, name: str, value: str) -> Positions:
        """Return the concepts of which a property has a value."""
        row = self._row("select concepts from property where name = ? and value = ?", name, value)
        return NOBODY if row is None else unpack(row[0])

    def values_of(self, name: str) -> Iterator[tuple[str, Positions]]:
        """Yield every value that a property has, with the concepts that have it."""
        for value, body in self._rows("select value, concepts from property where name = ?", name):
            yield value, unpack(body)

    def relation(self, type: int) -> Relation | None:
        """Return the rows of a type of relation, None where no concept has it."""
        row = self._row("select sources, groups, targets from relation where type = ?", type)
        return None if row is None else Relation(*map(unpack, row))

    def refset(self, position: int) -> Positions | None:
        """Return the members of a reference set, None where it is none."""
        row = self._row("select concepts from refset where position = ?", position)
        return None if row is None else unpack(row[0])

    @cached_property
    def refsets(self) -> Positions:
        """The concepts that are reference sets."""
        rows = self._rows("select position from refset order by position")
        return positions_of(each for (each,) in rows)

    def association(self, position: int) -> Associations | None:
        """Return which concepts a reference set associates with which, None where it does not."""
        statement = (
            "select sources, targets, active, modules, times from association where position = ?"
        )
        row = self._row(statement, position)
        return None if row is None else Associations(*map(unpack, row))

    @cached_property
    def parents_of_all(self) -> Lists:
        """What stands directly above each concept, in memory: to walk from many at once."""
        rows = {at: unpack(b) for at, b in self._rows("select position, parents from relatives")}
        counts = np.zeros(len(self) + 1, dtype=np.int64)
        for at, parents in rows.items():
            counts[at + 1] = len(parents)
        ordered = [rows[at] for at in sorted(rows)]
        values = np.concatenate(ordered) if ordered else NOBODY
        return Lists(values, np.cumsum(counts))

    @cached_property
    def children_of_all(self) -> Lists:
        """What stands directly below each concept, in memory."""
        return self.parents_of_all.inverted()

    def measure(self, type: int) -> Measure | None:
        """Return the concrete values of a type, None where no concept has one."""
        row = self._row("select sources, groups, amounts from measure where type = ?", type)
        if row is None:
            return None
        amounts = msgspec.msgpack.decode(row[2], type=tuple[str, ...])
        return Measure(unpack(row[0]), unpack(row[1]), amounts)

    @cached_property
    def relation_types(self) -> Positions:
        """The concepts that are types of relations or of concrete values."""
        rows = self._rows("select type from relation union select type from measure")
        return positions_of(each for (each,) in rows)

    def value_set(self, url: str) -> Positions | None:
        """Return the concepts of a value set of the release in their order, None without."""
        row = self._row("select concepts from value_set where url = ?", url)
        return None if row is None else unpack(row[0])

    def with_texts(self, text: str) -> Positions:
        """Return the concepts in whose texts, or as whose code, a search text is found.

        Each word begins a word of one of the texts; ideographs stand together in one.
        """
        words = wanted(text)
        found = self.with_words(words) if words else NOBODY
        runs = runs_of_ideographs(text)
        if runs:
            kept = [each for each in found.tolist() if self._has(each, runs)]
            found = positions_of(kept)
        own = self.position(text.strip())
        return found if own is None else united([found, positions_of((own,))], len(self))

    def with_words(self, words: Sequence[Wanted]) -> Positions:
        """Return the concepts of which a text has each of the words."""
        # The longest first: it leaves fewest for the others.
        found: Positions | None = None
        for word in sorted(words, key=lambda each: -len(each.text)):
            some = self._with_word(word)
            found = some if found is None else common(found, some)
            if not len(found):
                break
        return self.everyone if found is None else found

    def _with_word(self, word: Wanted) -> Positions:
        if word.is_whole:
            rows = self._rows("select concepts from word where word = ?", word.text)
        else:
            rows = self._rows(
                "select concepts from word where word >= ? and word < ?",
                word.text,
                word.text + _LAST,
            )
        return united([unpack(body) for (body,) in rows], len(self))

    def _has(self, position: int, runs: Sequence[str]) -> bool:
        body = self.body(position)
        texts = [folded(t) for t in (body.display, *(each.value for each in body.texts)) if t]
        further = self._rows("select runs from further where position = ?", position)
        texts += (zlib.decompress(runs).decode() for (runs,) in further)
        return all(any(run in text for text in texts) for run in runs)

    def _concept(self, position: int, code: str, packed: bytes) -> Concept:
        body = decode_body(packed)
        row = self._row("select parents, children from relatives where position = ?", position)
        parents, children = (NOBODY, NOBODY) if row is None else map(unpack, row)
        return Concept(
            code=code,
            display=body.display,
            definition=body.definition,
            designations=tuple(
                Designation(each.value, each.language, self._use(each.use)) for each in body.texts
            ),
            properties=tuple(Property(*each) for each in body.properties),
            parents=tuple(self.codes(parents)),
            children=tuple(self.codes(children)),
            status=body.status,
            is_inactive=body.is_inactive,
            is_abstract=body.is_abstract,
        )

    def _use(self, number: int) -> JsonObject | None:
        return None if number < 0 else self.about.uses[number]

    def _relative_codes(self, which: str, code: str) -> frozenset[str]:
        position = self.position(code)
        return frozenset(() if position is None else self.codes(self.relatives(which, position)))

    def _row(self, statement: str, *values: object) -> Any:
        return self._connection.execute(statement, values).fetchone()

    def _known(self, statement: str, position: int) -> Any:
        row = self._row(statement, position)
        if row is None:
            raise IndexError(position)
        return row

    def _rows(self, statement: str, *values: object) -> list[Any]:
        return self._connection.execute(statement, values).fetchall()
