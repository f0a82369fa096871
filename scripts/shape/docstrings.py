"""How much of what the product offers says what it does."""

import ast
from collections.abc import Iterator, Sequence

from scripts.shape import limits
from scripts.shape.report import Row
from scripts.shape.sources import Source


def rows(sources: Sequence[Source]) -> Iterator[Row]:
    """Yield the row on public docstrings of the product."""
    public = [
        (f"{source.path}:{line} {name}", documented)
        for source in sources
        if source.in_product
        for name, line, documented in public_names(source.tree)
    ]
    missing = tuple(place for place, documented in public if not documented)
    share = 1 - len(missing) / len(public) if public else 1.0
    broken = missing if share < limits.DOCSTRING_SHARE_MIN else ()
    yield Row("public docstrings", f"{share:.1%}", f">= {limits.DOCSTRING_SHARE_MIN:.0%}", broken)


def public_names(tree: ast.Module) -> Iterator[tuple[str, int, bool]]:
    """Yield (name, line, whether documented) of the module and its public classes and functions.

    Functions inside functions are nobody's contract; a leading underscore means private.
    """
    yield "module", 1, ast.get_docstring(tree) is not None
    yield from _members(tree)


def _members(parent: ast.Module | ast.ClassDef) -> Iterator[tuple[str, int, bool]]:
    for node in parent.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if node.name.startswith("_") or _is_overload(node):
            continue
        yield node.name, node.lineno, ast.get_docstring(node) is not None
        if isinstance(node, ast.ClassDef):
            yield from _members(node)


def _is_overload(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    return any(isinstance(each, ast.Name) and each.id == "overload" for each in node.decorator_list)
