"""Lines that stand in the product more than once, found by windows of a few lines."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from scripts.shape import limits
from scripts.shape.report import Row
from scripts.shape.sources import Source


def rows(sources: Sequence[Source]) -> Iterator[Row]:
    """Yield the row on duplicate lines of the product."""
    product = [source for source in sources if source.in_product]
    normalised = {source.path: code_lines(source.text) for source in product}
    duplicates = duplicate_lines(normalised)
    total = sum(len(lines) for lines in normalised.values())
    count = sum(len(numbers) for numbers in duplicates.values())
    share = count / total if total else 0.0
    broken: tuple[str, ...] = ()
    if share > limits.DUPLICATE_SHARE_MAX:
        broken = tuple(
            f"{path}: lines {', '.join(map(str, sorted(numbers)))}"
            for path, numbers in sorted(duplicates.items())
        )
    yield Row("duplicate lines", f"{share:.1%}", f"<= {limits.DUPLICATE_SHARE_MAX:.0%}", broken)


def code_lines(text: str) -> list[tuple[int, str]]:
    """Return (line number, line without indent) of the lines that say something.

    Blank lines, comments, imports and lines of punctuation alone are left out: two files that
    import the same names do not repeat each other.
    """
    kept = []
    inside_import = False
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if inside_import or stripped.startswith(("import ", "from ")):
            opens = inside_import or stripped.endswith("(")
            inside_import = opens and not stripped.startswith(")")
            continue
        if stripped.strip("()[]{},:") and not stripped.startswith("#"):
            kept.append((number, stripped))
    return kept


def duplicate_lines(files: dict[str, list[tuple[int, str]]]) -> dict[str, set[int]]:
    """Return per file the numbers of lines inside a window that occurs at another place too."""
    seen: dict[tuple[str, ...], list[tuple[str, int]]] = defaultdict(list)
    for path, lines in files.items():
        for start in range(len(lines) - limits.DUPLICATE_WINDOW + 1):
            window = lines[start : start + limits.DUPLICATE_WINDOW]
            seen[tuple(text for _, text in window)].append((path, start))
    found: dict[str, set[int]] = defaultdict(set)
    for places in seen.values():
        if len(places) < 2:
            continue
        for path, start in places:
            window = files[path][start : start + limits.DUPLICATE_WINDOW]
            found[path].update(number for number, _ in window)
    return dict(found)
