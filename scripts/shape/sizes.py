"""How long files and functions are, and how many ways lead through a function."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from scripts.shape import limits
from scripts.shape.report import Row, at_most, percentile
from scripts.shape.sources import Source

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

# What adds a way, as ruff's C901 counts it (McCabe without boolean operators).
_WAYS = ast.If | ast.For | ast.AsyncFor | ast.While | ast.ExceptHandler


@dataclass(frozen=True, slots=True)
class Measured:
    """One function: where it stands, its lines from `def` to its end, its complexity."""

    place: str
    lines: int
    complexity: int


def files(sources: Sequence[Source]) -> Iterator[Row]:
    """Yield the rows on file length."""
    counted = [source for source in sources if source.path not in limits.TABLES]
    lengths = [source.lines for source in counted]
    yield at_most("file lines, median", percentile(lengths, 0.5), limits.FILE_LINES_MEDIAN)
    yield at_most("file lines, p90", percentile(lengths, 0.9), limits.FILE_LINES_P90)
    yield Row(
        "file lines, max",
        str(max(lengths, default=0)),
        f"<= {limits.FILE_LINES_MAX}",
        tuple(
            f"{source.path}: {source.lines} lines"
            for source in counted
            if source.lines > limits.FILE_LINES_MAX
        ),
    )
    stale = sorted(limits.TABLES - {source.path for source in sources})
    yield Row("declarative tables named", str(len(limits.TABLES)), "each exists", tuple(stale))


def functions(sources: Sequence[Source]) -> Iterator[Row]:
    """Yield the rows on function length and complexity."""
    measured = [found for source in sources for found in _measured(source)]
    lengths = [found.lines for found in measured]
    yield at_most("function lines, p90", percentile(lengths, 0.9), limits.FUNCTION_LINES_P90)
    yield Row(
        "function lines, max",
        str(max(lengths, default=0)),
        f"<= {limits.FUNCTION_LINES_MAX}",
        tuple(
            f"{found.place}: {found.lines} lines"
            for found in measured
            if found.lines > limits.FUNCTION_LINES_MAX
        ),
    )
    yield Row(
        "function complexity, max",
        str(max((found.complexity for found in measured), default=0)),
        f"<= {limits.COMPLEXITY_MAX}",
        tuple(
            f"{found.place}: {found.complexity}"
            for found in measured
            if found.complexity > limits.COMPLEXITY_MAX
        ),
    )


def _measured(source: Source) -> Iterator[Measured]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            place = f"{source.path}:{node.lineno} {node.name}"
            yield Measured(place, lines, complexity(node))


def complexity(function: Function) -> int:
    """Return the number of ways through `function`, those of functions inside it included."""
    ways = 0
    for node in ast.walk(function):
        if isinstance(node, _WAYS | ast.FunctionDef | ast.AsyncFunctionDef):
            ways += 1
        elif isinstance(node, ast.Try):
            ways += bool(node.orelse)
        elif isinstance(node, ast.Match):
            ways += sum(not _is_else(case) for case in node.cases)
    return ways


def _is_else(case: ast.match_case) -> bool:
    """Whether the case is `case _:` or `case name:`, the `else` of a match."""
    return case.guard is None and isinstance(case.pattern, ast.MatchAs) and not case.pattern.pattern
