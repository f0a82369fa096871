"""Print the shape of the code and fail where it is broken: `python -m scripts.shape`."""

import sys
from collections.abc import Iterator

from scripts.shape import (
    docstrings,
    duplicates,
    excepts,
    imports,
    licences,
    limits,
    mentions,
    sizes,
    sources,
)
from scripts.shape.report import Row, table


def measured() -> Iterator[Row]:
    """Yield every row of the table."""
    read = sources.read()
    yield from sizes.files(read)
    yield from sizes.functions(read)
    yield from imports.rows(imports.graph())
    yield from excepts.rows(read)
    yield from duplicates.rows(read)
    yield from docstrings.rows(read)
    yield from mentions.rows()
    yield from licences.rows(limits.ROOT)


def main() -> int:
    """Print the table; return 1 where a row is broken or a file is no Python."""
    try:
        rows = list(measured())
    except SyntaxError as fault:
        print(f"{fault.filename}:{fault.lineno}: {fault.msg}", file=sys.stderr)
        return 1
    print(table(rows))
    return 1 if any(row.broken for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
