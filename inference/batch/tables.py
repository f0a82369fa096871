"""The kinds of table that are scored, by the ending of the file's name."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from inference.batch import csv_table
from inference.batch.errors import BatchRefused
from inference.batch.results import ResultWriter, csv_results
from inference.batch.scoring import Chunk


@dataclass(frozen=True, slots=True)
class Table:
    """How one kind of table is read and written; `size` is what a bar counts up to.

    `charset` tells in which one a table of text is written.
    """

    headers: Callable[[Path], tuple[str, ...]]
    chunks: Callable[..., Iterable[Chunk]]
    size: Callable[[Path], int]
    results: Callable[..., AbstractContextManager[ResultWriter]]
    charset: Callable[[Path], str] | None = None


def table_of(path: Path) -> Table:
    """Return how `path` is read; `BatchRefused` for another kind, and without the library."""
    kind = path.suffix.lower()
    if kind == ".csv":
        return Table(
            csv_table.headers,
            csv_table.chunks,
            lambda file: file.stat().st_size,
            csv_results,
            csv_table.charset,
        )
    if kind != ".parquet":
        raise BatchRefused("kind", file=path)
    try:
        # Imported here: only Parquet files need the extra, and it takes 36 MB of memory.
        from inference.batch import parquet_table  # noqa: PLC0415
        from inference.batch.parquet_results import parquet_results  # noqa: PLC0415
    except ImportError as missing:
        raise BatchRefused("no-pyarrow", why=missing) from None
    return Table(parquet_table.headers, parquet_table.chunks, parquet_table.rows, parquet_results)
