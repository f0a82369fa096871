"""Rows of a Parquet file through each model, beside the bare runtime and the memory's own speed."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from inference.batch import parquet_table
from inference.batch.parquet_results import parquet_results
from inference.batch.plan import Plan, make_plan
from inference.batch.result_columns import ResultColumns, Stamp
from inference.batch.scoring import Scored, score
from inference.contract import InputSpec, ModelDefinition
from inference.registry import LoadedModel, ModelRegistry
from terminology import catalogue as catalogue_room

_ROWS = 1_000_000
_ROUNDS = 5
_MODELS = ("china-par", "ckd-epi-2021", "prevent-base-10y")
_MEMORY = 256 * 1024 * 1024
Values = NDArray[np.float64]


def main(rows: int = _ROWS) -> int:
    """Print rows per second of three models; 1 where a row was not scored."""
    speed = _memory_speed()
    print(f"{rows} rows from Parquet, chunks of {parquet_table.ROWS}, one thread; the best of")
    print(f"{_ROUNDS} rounds. Memory is read at {speed / 1e9:.1f} GB/s (numpy sum).\n")
    print("million rows/s        bare runtime   from Parquet   of bare   to Parquet   memory bound")
    missed = 0
    for model in ModelRegistry.discover():
        if model.definition.id in _MODELS:
            with TemporaryDirectory() as folder:
                missed += _compare(model, rows, Path(folder), speed)
    print()
    return 1 if missed else 0


def _compare(model: LoadedModel, rows: int, folder: Path, speed: float) -> int:
    """Print one model's line, and return how many rows were not scored."""
    definition = model.definition
    matrix = _patients(definition, rows)
    path = folder / "patients.parquet"
    names = [f"{spec.name}[{spec.unit}]" for spec in definition.inputs]
    pq.write_table(pa.table(dict(zip(names, matrix.T, strict=True))), path)
    plan = make_plan(
        definition,
        parquet_table.headers(path),
        catalogue=catalogue_room.load(),
        units={},
        nobody_has=[exclusion.flag for exclusion in definition.exclusions],
    )
    scored = 0

    def from_parquet() -> None:
        nonlocal scored
        scored = sum(len(chunk.rows) for chunk in _scored(model, plan, path))

    steps = (lambda: _bare(model, matrix), from_parquet, lambda: _to_parquet(model, plan, path))
    # In turn, so that whatever else the machine does meets all of them.
    times = [[_seconds(step) for step in steps] for _ in range(_ROUNDS)]
    bare, ours, written = (rows / min(column) / 1e6 for column in zip(*times, strict=True))
    bound = speed / (8 * len(definition.inputs)) / 1e6
    print(
        f"{definition.id:<20} {bare:13.2f} {ours:14.2f} {100 * ours / bare:7.0f} % "
        f"{written:12.2f} {bound:14.1f}"
    )
    return rows - scored


def _scored(model: LoadedModel, plan: Plan, path: Path) -> Iterable[Scored]:
    for chunk in parquet_table.chunks(path, plan, tell=lambda _done: None):
        yield score(plan, chunk, model.engine)


def _bare(model: LoadedModel, matrix: Values) -> None:
    """Run the same graph for the same outputs on rows that lie ready in memory."""
    for first in range(0, len(matrix), parquet_table.ROWS):
        model.engine.score(matrix[first : first + parquet_table.ROWS])


def _to_parquet(model: LoadedModel, plan: Plan, path: Path) -> None:
    results = path.with_name("results.parquet")
    results.unlink(missing_ok=True)
    layout = ResultColumns(model.definition, None)
    stamp = Stamp(model.definition.id, model.definition.version, model.digest, "benchmark")
    with parquet_results(results, layout, stamp, {}, stamped=False) as writer:
        for chunk in _scored(model, plan, path):
            writer.write(chunk)


def _seconds(step: Callable[[], object]) -> float:
    started = time.perf_counter()
    step()
    return time.perf_counter() - started


def _patients(definition: ModelDefinition, rows: int) -> Values:
    """Return made-up people inside the model's domain; the same on every run."""
    random = np.random.default_rng(2026)
    catalogue = catalogue_room.load()

    def column(spec: InputSpec) -> Values:
        if catalogue.measured(spec.feature) is None:
            whole = random.integers(int(spec.low), int(spec.high) + 1, rows)
            return whole.astype(np.float64)
        low, high = spec.low, spec.high
        # The middle of the range: at its ends lies what no body has.
        return random.uniform(low + 0.1 * (high - low), high - 0.1 * (high - low), rows)

    return np.column_stack([column(spec) for spec in definition.inputs])


def _memory_speed() -> float:
    """Return how many bytes a second one thread reads from memory."""
    values = np.ones(_MEMORY // 8)
    return _MEMORY / min(_seconds(values.sum) for _ in range(5))
