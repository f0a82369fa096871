"""Scored chunks into a Parquet file, by pyarrow (the extra `batch`)."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from inference.batch.result_columns import ResultColumns, Stamp, step_words
from inference.batch.results import appearing
from inference.batch.scoring import Scored

_WORDS: Final = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True, slots=True)
class ParquetResults:
    """Writes row groups of a Parquet file; what was not computed is null."""

    file: Any
    schema: Any
    layout: ResultColumns
    stamp: Mapping[str, str]

    def write(self, scored: Scored) -> None:
        """Append the scored rows."""
        arrays: list[Any] = [pa.array(scored.rows)]
        if scored.ids is not None:
            arrays.append(pa.array(scored.ids, pa.string()))
        for _, values in self.layout.estimates(scored):
            arrays.append(pa.array(values, mask=np.isnan(values)))
        for scale in self.layout.model.scales:
            steps = scored.steps[scale.id]
            places = pa.array(steps.astype(np.int32), mask=steps == 0)
            arrays.append(pa.DictionaryArray.from_arrays(places, pa.array(step_words(scale))))
        for value in self.stamp.values():
            arrays.append(pa.array([value] * len(scored.rows)).dictionary_encode())
        self.file.write_batch(pa.record_batch(arrays, schema=self.schema))


@contextmanager
def parquet_results(
    path: Path, layout: ResultColumns, stamp: Stamp, facts: Mapping[str, Any], *, stamped: bool
) -> Iterator[ParquetResults]:
    """Give a writer of `path`; `facts` stand in the metadata of its schema."""
    columns = stamp.columns if stamped else {}
    types = {"row": pa.int64()} | dict.fromkeys(layout.numbers, pa.float64())
    words = [scale.id for scale in layout.model.scales]
    types |= dict.fromkeys((*words, *columns), _WORDS)
    if layout.id is not None:
        types[layout.id] = pa.string()
    schema = pa.schema([(name, types[name]) for name in (*layout.names, *columns)])
    schema = schema.with_metadata(_metadata(facts))
    with appearing(path) as part, pq.ParquetWriter(part, schema) as file:
        yield ParquetResults(file, schema, layout, columns)


def _metadata(facts: Mapping[str, Any]) -> dict[str, str]:
    """Return each fact under a key of its own: texts as they are, the rest as JSON."""
    return {
        f"attending.{name}": value if isinstance(value, str)
        else json.dumps(value, ensure_ascii=False)
        for name, value in facts.items()
    }  # fmt: skip
