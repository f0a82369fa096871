"""What became of every row that a loader read: loaded, left out as its file says, or refused."""

from collections import Counter
from typing import Final

import msgspec

# More are counted, and not shown one by one: a file of another kind refuses every row.
MOST_SHOWN: Final = 100_000


class Refusal(msgspec.Struct, frozen=True):
    """A row that was not taken: its file, the number of its line, why, and the row."""

    file: str
    line: int
    why: str
    text: str


class Report:
    """Counts by file; `loaded` + `left_out` + `refused` is what was read.

    `absent` are files that a whole release has and this one has not, with what lacks therefore.
    """

    def __init__(self) -> None:
        self.loaded: Final[Counter[str]] = Counter()
        self.left_out: Final[Counter[tuple[str, str]]] = Counter()
        self.refused: Final[Counter[tuple[str, str]]] = Counter()
        self.refusals: Final[list[Refusal]] = []
        self.absent: Final[list[tuple[str, str]]] = []

    def refuse(self, file: str, line: int, why: str, text: str) -> None:
        """Count a row that cannot be taken."""
        self.refused[file, why] += 1
        if len(self.refusals) < MOST_SHOWN:
            self.refusals.append(Refusal(file, line, why, text[:500]))

    @property
    def files(self) -> list[str]:
        """The files of which a row was read, in the order of reading."""
        named = (*self.loaded, *(f for f, _ in self.left_out), *(f for f, _ in self.refused))
        return list(dict.fromkeys(named))
