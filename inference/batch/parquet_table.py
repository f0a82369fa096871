"""A Parquet file as chunks of columns, by pyarrow (the extra `batch`)."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from inference.batch.errors import BatchRefused
from inference.batch.plan import Plan
from inference.batch.reading import Cells
from inference.batch.scoring import Chunk

ROWS: Final = 16_384


def headers(path: Path) -> tuple[str, ...]:
    """Return the names of the columns."""
    return tuple(_opened(path).schema_arrow.names)


def rows(path: Path) -> int:
    """Return how many rows the file has."""
    count: int = _opened(path).metadata.num_rows
    return count


def chunks(path: Path, plan: Plan, *, tell: Callable[[int], None]) -> Iterator[Chunk]:
    """Yield the rows in chunks; `tell` gets how many have been read."""
    file = _opened(path)
    _check_types(file.schema_arrow, plan)
    first = 1
    try:
        for batch in file.iter_batches(ROWS, columns=list(plan.headers), use_threads=False):
            columns = {
                # A patient's number as text: one of eighteen digits is not whole in float64.
                name: _texts(batch.column(name)) if name == plan.id else _cells(batch.column(name))
                for name in plan.headers
            }
            yield Chunk(first, batch.num_rows, columns)
            first += batch.num_rows
            tell(first - 1)
    except (pa.ArrowException, OSError) as fault:
        raise BatchRefused("broken-parquet", file=path, why=fault) from None


def _opened(path: Path) -> Any:
    try:
        return pq.ParquetFile(path)
    except pa.ArrowException as fault:
        raise BatchRefused("broken-parquet", file=path, why=fault) from None


def _check_types(schema: Any, plan: Plan) -> None:
    """Refuse a column of a type that is no number, text or boolean, or that is none for its kind.

    A date as a number, or a yes as a pressure of 1, would be a number that looks normal.
    """
    kinds = {c.header: c.kind for c in (*plan.inputs, *(c for _, c in plan.states)) if c}
    for name in kinds:
        type = schema.field(name).type
        if pa.types.is_dictionary(type):
            type = type.value_type
        numeric = pa.types.is_integer(type) or pa.types.is_floating(type)
        numeric = numeric or pa.types.is_decimal(type) or pa.types.is_null(type)
        text = pa.types.is_string(type) or pa.types.is_large_string(type)
        is_flag = pa.types.is_boolean(type) and kinds.get(name) in ("flag", "male")
        if not (numeric or text or is_flag):
            raise BatchRefused("column-type", column=name, type=schema.field(name).type)


def _texts(column: Any) -> Cells:
    texts: list[str | None] = column.cast(pa.string()).to_pylist()
    return texts


def _cells(column: Any) -> Cells:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return _texts(column)
    if not pa.types.is_float64(column.type):
        column = column.cast(pa.int8()) if pa.types.is_boolean(column.type) else column
        column = column.cast(pa.float64())
    values: np.ndarray[Any, np.dtype[np.float64]] = column.to_numpy(zero_copy_only=False)
    return values
