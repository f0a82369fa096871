"""Broad `except`: only where nothing above could answer."""

import ast
from collections.abc import Iterator, Sequence

from scripts.shape import limits
from scripts.shape.report import Row
from scripts.shape.sources import Source

_BROAD = {"Exception", "BaseException"}


def rows(sources: Sequence[Source]) -> Iterator[Row]:
    """Yield the row on broad handlers of the product."""
    broken = []
    count = 0
    for source in sources:
        if not source.in_product:
            continue
        for line in broad_handlers(source.tree):
            count += 1
            if source.path not in limits.BROAD_EXCEPT_ALLOWED:
                broken.append(f"{source.path}:{line}")
    yield Row("broad except", str(count), "at the named boundaries only", tuple(broken))


def broad_handlers(tree: ast.Module) -> Iterator[int]:
    """Yield the line of each `except`, `except Exception` and `except BaseException` that swallows.

    A handler that ends by raising what it caught only cleans up, and hides nothing.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and _is_broad(node.type):
            last = node.body[-1]
            if not (isinstance(last, ast.Raise) and last.exc is None):
                yield node.lineno


def _is_broad(caught: ast.expr | None) -> bool:
    if isinstance(caught, ast.Tuple):
        return any(_is_broad(each) for each in caught.elts)
    return caught is None or (isinstance(caught, ast.Name) and caught.id in _BROAD)
