"""The columns of a scored file: names and values, the same for every kind of file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.batch.scoring import Scored
from inference.contract import CategoryScale, ModelDefinition, WhenAbsent

OPEN = "|"
"""Stands between the steps of a scale that unknown inputs leave open."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """Which model computed a file: it stands in the file's metadata, on request in columns too."""

    model: str
    version: str
    digest: str
    software: str

    @property
    def columns(self) -> Mapping[str, str]:
        """Name and value of each column that is asked for."""
        return {"model": self.model, "model_version": self.version, "model_digest": self.digest}


@dataclass(frozen=True, slots=True)
class ResultColumns:
    """How the results of one model are laid out; `id` names the column that is carried along."""

    model: ModelDefinition
    id: str | None

    @property
    def spans(self) -> bool:
        """Whether unknown inputs may leave a span of estimates."""
        return any(spec.when_absent is WhenAbsent.SPAN for spec in self.model.inputs)

    @property
    def numbers(self) -> tuple[str, ...]:
        """The names of the columns that hold numbers, outcome by outcome."""
        ends = ("", "_low", "_high") if self.spans else ("",)
        return tuple(f"{outcome.id}{end}" for outcome in self.model.outcomes for end in ends)

    @property
    def names(self) -> tuple[str, ...]:
        """All names in their order."""
        id = (self.id,) if self.id is not None else ()
        return ("row", *id, *self.numbers, *(scale.id for scale in self.model.scales))

    def estimates(self, scored: Scored) -> Iterator[tuple[str, NDArray[np.float64]]]:
        """Yield the columns of `numbers`; NaN stands for nothing."""
        for place, outcome in enumerate(self.model.outcomes):
            yield outcome.id, scored.estimate[:, place]
            if scored.low is not None and scored.high is not None:
                for end, part in (("low", scored.low), ("high", scored.high)):
                    values = part[:, place]
                    yield f"{outcome.id}_{end}", np.where(np.isinf(values), np.nan, values)


def step_words(scale: CategoryScale) -> Sequence[str]:
    """Return the text for each set of possible steps, by its bits; "" for none."""
    ids = [step.id for step in scale.steps]
    return [
        OPEN.join(id for bit, id in enumerate(ids) if steps >> bit & 1)
        for steps in range(1 << len(ids))
    ]


def facts(stamp: Stamp, layout: ResultColumns, inputs: Mapping[str, str]) -> dict[str, Any]:
    """Return what a file says of itself; `inputs` are the columns that were read, with units."""
    return {
        "model": stamp.model,
        "version": stamp.version,
        "digest": f"sha256:{stamp.digest}",
        "software": stamp.software,
        "outcomes": {
            outcome.id: {"unit": outcome.unit, "horizonYears": outcome.horizon_years}
            for outcome in layout.model.outcomes
        },
        "inputs": dict(inputs),
    }
