"""Scored chunks into a CSV or Parquet file, and refused values into NDJSON; whole or not at all."""

import csv
import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TextIO

from inference.batch.result_columns import ResultColumns, Stamp, step_words
from inference.batch.scoring import Scored


class ResultWriter(Protocol):
    """Takes scored chunks one after another."""

    def write(self, scored: Scored) -> None:
        """Append the scored rows."""
        ...


@contextmanager
def appearing(path: Path) -> Iterator[Path]:
    """Give a path to write to, and let the file appear at `path` when all went well.

    FileExistsError where something stands there: results are never overwritten. A command that
    was cut off leaves no file that looks whole; where nothing was written there is none.
    """
    if path.exists():
        raise FileExistsError(17, "", str(path))
    part = path.with_name(f"{path.name}.part")
    try:
        yield part
        if part.exists():
            part.rename(path)
    finally:
        part.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class CsvResults:
    """Writes rows of a CSV file; what was not computed is an empty cell."""

    file: TextIO
    layout: ResultColumns
    stamp: Mapping[str, str]

    def begin(self) -> None:
        """Write the header."""
        csv.writer(self.file).writerow((*self.layout.names, *self.stamp))

    def write(self, scored: Scored) -> None:
        """Append the scored rows."""
        columns: list[list[Any]] = [scored.rows.tolist()]
        if scored.ids is not None:
            columns.append(list(scored.ids))
        for _, values in self.layout.estimates(scored):
            columns.append(["" if math.isnan(v) else repr(v) for v in values.tolist()])
        for scale in self.layout.model.scales:
            words = step_words(scale)
            columns.append([words[steps] for steps in scored.steps[scale.id].tolist()])
        columns += [[value] * len(scored.rows) for value in self.stamp.values()]
        csv.writer(self.file).writerows(zip(*columns, strict=True))


@contextmanager
def csv_results(
    path: Path, layout: ResultColumns, stamp: Stamp, facts: Mapping[str, Any], *, stamped: bool
) -> Iterator[CsvResults]:
    """Give a writer of `path`; CSV has no metadata, so `facts` stand in a JSON file beside it."""
    beside = path.with_name(f"{path.name}.meta.json")
    with appearing(beside) as about, appearing(path) as part:
        about.write_text(json.dumps(facts, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        with part.open("w", encoding="utf-8", newline="") as file:
            writer = CsvResults(file, layout, stamp.columns if stamped else {})
            writer.begin()
            yield writer


@contextmanager
def json_lines(path: Path) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """Give what writes one object as a line; the file appears with its first line."""
    with ExitStack() as open_files:
        part = open_files.enter_context(appearing(path))
        file: TextIO | None = None

        def write(found: Mapping[str, Any]) -> None:
            nonlocal file
            if file is None:
                file = open_files.enter_context(part.open("w", encoding="utf-8"))
            file.write(json.dumps(found, ensure_ascii=False) + "\n")

        yield write
