"""Writing a release: concepts in their order, then who stands above whom; whole or not at all."""

import os
import re
import sqlite3
import zlib
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from terminology.releases.closure import Lists, above, lists_of
from terminology.releases.form import FORM, SCHEMA, SUFFIX, About, Body, encode, encode_about
from terminology.releases.naming import file_name
from terminology.releases.positions import NOBODY, Positions, pack, positions_of
from terminology.releases.words import runs_of_ideographs, words_of

Progress = Callable[[int, int], None]
_ROWS: Final = 5000
# What stands between two words in every script, so that a text may be cut there.
_BETWEEN: Final = re.compile("[; ]+")


class Association(NamedTuple):
    """A row: who, with whom, 1 where still, its module, since when (YYYYMMDD)."""

    source: int
    target: int
    active: int
    module: int
    time: int


class ReleaseWriter:
    """Collects a release and writes it beside the others of a folder.

    Every concept is added before anything is said of two of them. `filterable` are the
    properties by whose values concepts can be selected.
    """

    def __init__(self, folder: Path, *, filterable: Iterable[str] = ()) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._part = folder / f".{os.getpid()}.part"
        self._part.unlink(missing_ok=True)
        self._filterable = frozenset(filterable)
        self._positions: dict[str, int] = {}
        self._words: dict[str, array[int]] = defaultdict(_numbers)
        self._values: dict[tuple[str, str], array[int]] = defaultdict(_numbers)
        self._weights: list[tuple[bool, int, str]] = []
        self._flags: dict[str, array[int]] = {"inactive": _numbers(), "abstract": _numbers()}
        self._links: tuple[array[int], array[int]] = (_numbers(), _numbers())
        self._unsorted: set[str] = set()
        self._rows: list[tuple[int, str, bytes]] = []
        self._further: list[tuple[int, bytes]] = []
        self._connection = sqlite3.connect(self._part, isolation_level=None)
        # What is half written is thrown away: nothing need survive a crash.
        for statement in ("pragma journal_mode=off", "pragma synchronous=off", "begin", *SCHEMA):
            self._connection.execute(statement)

    def __len__(self) -> int:
        return len(self._positions)

    def add(self, code: str, body: Body, *more_words: str) -> int | None:
        """Add a concept and return its position; None for a code that is there already.

        `more_words`: further texts by which it is found.
        """
        position = len(self._positions)
        if self._positions.setdefault(code, position) != position:
            return None
        self._rows.append((position, code, encode(body)))
        if len(self._rows) >= _ROWS:
            self._flush()
        texts = (body.display, *(each.value for each in body.texts))
        self._note_words(position, {word for text in set(texts) for word in words_of(text)})
        for name, _, value in body.properties:
            if name in self._filterable:
                self._values[name, text_of(value)].append(position)
        for name, holds in (("inactive", body.is_inactive), ("abstract", body.is_abstract)):
            if holds:
                self._flags[name].append(position)
        self._weights.append((body.is_inactive, len(body.display), body.display))
        if more_words:
            self.words(position, *more_words)
        return position

    def words(self, position: int, *texts: str) -> None:
        """Say by which further texts a concept is found that was added before."""
        found: set[str] = set()
        runs: set[str] = set()
        for part in {part for text in texts for part in _BETWEEN.split(text)}:
            some_words, some_runs = _cut(part)
            found |= some_words
            runs |= some_runs
        self._note_words(position, found)
        if runs:
            self._further.append((position, zlib.compress("\n".join(sorted(runs)).encode(), 1)))
        if len(self._further) >= _ROWS:
            self._flush()

    def index(self, name: str, value: str, position: int) -> None:
        """Let a filter find a concept by a value of a property that is not told with it."""
        if name not in self._filterable:
            raise ValueError(name)
        self._values[name, value].append(position)

    def position(self, code: str) -> int | None:
        """Return where a concept stands, None for a code that was not added."""
        return self._positions.get(code)

    def link(self, child: int, parent: int) -> None:
        """Say that one concept stands directly below another."""
        self._links[0].append(child)
        self._links[1].append(parent)

    def relation(
        self,
        type: int,
        sources: NDArray[np.uint32],
        groups: NDArray[np.uint32],
        targets: NDArray[np.uint32],
    ) -> None:
        """Say which concepts have a relation of a type to which, in which group."""
        row = (type, pack(sources), pack(groups), pack(targets))
        self._connection.execute("insert into relation values (?, ?, ?, ?)", row)

    def measure(
        self,
        type: int,
        sources: NDArray[np.uint32],
        groups: NDArray[np.uint32],
        amounts: Sequence[str],
    ) -> None:
        """Say which concepts have which concrete value of a type: `#500` or text."""
        row = (type, pack(sources), pack(groups), encode(list(amounts)))
        self._connection.execute("insert into measure values (?, ?, ?, ?)", row)

    def refset(self, position: int, members: Iterable[int]) -> None:
        """Say which concepts are members of a reference set."""
        row = (position, pack(positions_of(members)))
        self._connection.execute("insert into refset values (?, ?)", row)

    def association(self, position: int, rows: Sequence[Association]) -> None:
        """Say which concept a reference set associates with which."""
        columns = (pack(each[place] for each in rows) for place in range(len(Association._fields)))
        row = (position, *columns)
        self._connection.execute("insert into association values (?, ?, ?, ?, ?, ?)", row)

    def value_set(self, url: str, members: Iterable[int]) -> None:
        """Say which concepts a value set of the release holds, in their order there."""
        row = (url, pack(dict.fromkeys(members)))
        self._connection.execute("insert or ignore into value_set values (?, ?)", row)

    def finish(self, about: About, *, shown: Progress = lambda done, whole: None) -> Path:
        """Write what remains and put the file in its place; Circle, and nothing, for a circle.

        A release of the same url and version is replaced; who reads it reads on in the old one.
        """
        steps: Sequence[Callable[[], None]] = (
            self._flush,
            self._write_relatives,
            self._write_words,
            lambda: self._write_values(self._values),
            self._write_series,
            lambda: self._write_about(structs.replace(about, count=len(self))),
        )
        for done, step in enumerate(steps):
            shown(done, len(steps))
            step()
        self._connection.execute("commit")
        self._connection.close()
        place = self._folder / f"{file_name(about.url, about.version)}{SUFFIX}"
        with self._part.open("rb+") as written:
            os.fsync(written.fileno())
        self._part.replace(place)
        shown(len(steps), len(steps))
        return place

    def discard(self) -> None:
        """Throw away what was collected."""
        self._connection.close()
        self._part.unlink(missing_ok=True)

    def _note_words(self, position: int, words: Iterable[str]) -> None:
        for word in words:
            known = self._words[word]
            if known and known[-1] > position:
                self._unsorted.add(word)
            if not known or known[-1] != position:
                known.append(position)

    def _flush(self) -> None:
        self._connection.executemany("insert into concept values (?, ?, ?)", self._rows)
        self._connection.executemany("insert into further values (?, ?)", self._further)
        self._rows, self._further = [], []

    def _write_relatives(self) -> None:
        if not self._links[0]:
            return
        pairs = tuple(np.array(each, dtype=np.uint32) for each in self._links)
        parents = lists_of((pairs[0], pairs[1]), len(self))
        ancestors = above(parents)
        lists = (parents, parents.inverted(), ancestors, ancestors.inverted())
        self._connection.executemany(
            "insert into relatives values (?, ?, ?, ?, ?)", _rows(lists, len(self))
        )

    def _write_words(self) -> None:
        self._connection.execute("create index further_of on further (position)")
        rows = ((word, self._words[word]) for word in sorted(self._words))
        self._write_lists(
            "word", ((w, positions_of(p) if w in self._unsorted else p) for w, p in rows)
        )

    def _write_lists(self, table: str, rows: Iterable[tuple[str, Iterable[int]]]) -> None:
        self._connection.executemany(
            f"insert into {table} values (?, ?)",  # noqa: S608 (a name of this module)
            ((name, pack(positions)) for name, positions in rows),
        )

    def _write_values(self, values: Mapping[tuple[str, str], Sequence[int]]) -> None:
        self._connection.executemany(
            "insert into property values (?, ?, ?)",
            ((*key, pack(positions_of(values[key]))) for key in sorted(values)),
        )

    def _write_series(self) -> None:
        ranked = sorted(range(len(self)), key=self._weights.__getitem__)
        ranks: Positions = np.zeros(len(self), dtype=np.uint32)
        ranks[ranked] = np.arange(len(self), dtype=np.uint32)
        has_parent = {*self._links[0]}
        roots = (p for p in range(len(self)) if p not in has_parent)
        series = {**self._flags, "rank": ranks, "roots": roots if has_parent else NOBODY}
        self._write_lists("series", sorted(series.items()))

    def _write_about(self, about: About) -> None:
        names = encode(sorted(self._filterable))
        rows = (("form", FORM.encode()), ("about", encode_about(about)), ("filterable", names))
        self._connection.executemany("insert into about values (?, ?)", rows)


@lru_cache(maxsize=100_000)
def _cut(part: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return words and runs of ideographs: the related names of a code system repeat a lot."""
    return frozenset(words_of(part)), frozenset(runs_of_ideographs(part))


def text_of(value: Any) -> str:
    """Return the text by which a property's value is compared in a filter."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):  # a Coding
        return str(value.get("code", ""))
    return str(value)


def _numbers() -> "array[int]":
    return array("I")


def _rows(lists: tuple[Lists, ...], size: int) -> Iterator[tuple[int | bytes, ...]]:
    for position in range(size):
        yield position, *(each[position].tobytes() for each in lists)
