"""The Python files of the repository, read and parsed once."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from scripts.shape import limits


@dataclass(frozen=True)
class Source:
    """One file: its path relative to the repository, and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree; SyntaxError names the file."""
        return ast.parse(self.text, filename=self.path)

    @property
    def lines(self) -> int:
        """Physical lines."""
        return len(self.text.splitlines())

    @property
    def in_product(self) -> bool:
        """Whether the file belongs to a room of the product."""
        return self.path.split("/", 1)[0] in limits.ROOMS


def read(root: Path = limits.ROOT) -> tuple[Source, ...]:
    """Return every Python file of the rooms and of what stands beside them, empty ones left out."""
    return tuple(_sources(root))


def _sources(root: Path) -> Iterator[Source]:
    for folder in (*limits.ROOMS, *limits.BESIDE):
        for path in sorted((root / folder).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            if text.strip():
                yield Source(path.relative_to(root).as_posix(), text)
