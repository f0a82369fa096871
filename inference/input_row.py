"""The row that a graph reads for one patient, run with those around it, recorded, run again."""

import hashlib
import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from inference import explanation, uncertainty
from inference.contract import InputSpec, ModelDefinition
from inference.engine import Matrix
from inference.features.feature import Absent, Feature
from inference.imputation import Imputed
from inference.prediction import ImputedValue
from inference.reasons import Reason
from inference.registry import LoadedModel


@dataclass(frozen=True, slots=True)
class Known:
    """What an estimate is made from, and what stands for inputs that were not measured."""

    features: Mapping[str, Feature]
    absent: tuple[tuple[InputSpec, Absent], ...]
    unknown: tuple[Reason, ...]
    imputed: Imputed | None

    def row(self, specs: Sequence[InputSpec]) -> dict[str, float]:
        """Return the row that is recorded: NaN for what is neither known nor imputed."""
        found = {
            spec.name: self.features[spec.name].value if spec.name in self.features else math.nan
            for spec in specs
        }
        if self.imputed is not None:
            middle = (float(value) for value in self.imputed.point)
            found |= zip(self.imputed_names(specs), middle, strict=True)
        return found

    def imputed_names(self, specs: Sequence[InputSpec]) -> list[str]:
        """Return the inputs that are imputed."""
        return [specs[column].name for column in self.imputed.columns] if self.imputed else []

    def values(self, specs: Sequence[InputSpec], draws: Matrix) -> dict[str, ImputedValue]:
        """Return what stands for each imputed input; `draws` are rows of the model's inputs."""
        if self.imputed is None:
            return {}
        low, high = uncertainty.interval(draws[:, list(self.imputed.columns)])
        ends = zip(self.imputed.point, low, high, strict=True)
        return {
            name: ImputedValue(float(value), float(least), float(most), self.imputed.population)
            for name, (value, least, most) in zip(self.imputed_names(specs), ends, strict=True)
        }


def recompute(
    model: LoadedModel, inputs: Mapping[str, float], imputed: Collection[str] = ()
) -> tuple[float, ...]:
    """Run the graph on a recorded input row (NaN for not known); one value per outcome.

    `imputed` names the inputs whose recorded value was not measured. As many rows as those of the
    prediction are run again: of one row alone, or of another number of rows, the runtime may sum a
    matrix product in another order, and the last digit differs.
    """
    readings, probes = rows(model.definition.inputs, inputs, imputed)
    estimate = model.engine.run(np.concatenate([readings, probes.rows])).estimate[0]
    return tuple(float(value) for value in estimate)


def rows(
    specs: tuple[InputSpec, ...],
    recorded: Mapping[str, float],
    unmeasured: Collection[str],
    imputed: Imputed | None = None,
) -> tuple[Matrix, explanation.Probes]:
    """Return the rows that a prediction runs: readings around the point, then what explains it.

    What was imputed is not asked at another value: nobody knows where the patient stands.
    """
    gone = [math.isnan(recorded[spec.name]) for spec in specs]
    point = [
        _stand_in(spec) if absent else recorded[spec.name]
        for spec, absent in zip(specs, gone, strict=True)
    ]
    known = [
        spec.name
        for spec, absent in zip(specs, gone, strict=True)
        if not absent and spec.name not in unmeasured
    ]
    readings = uncertainty.rows(specs, point, gone, imputed)
    return readings, explanation.probes(specs, point, known)


def input_hash(
    definition: ModelDefinition,
    digest: str,
    inputs: Mapping[str, float],
    imputed: Mapping[str, ImputedValue],
) -> str:
    """Return the sha256 that stands for this model on these inputs, measured or imputed."""
    subject: dict[str, object] = {
        "model": definition.id,
        "version": definition.version,
        "digest": digest,
        "inputs": {name: repr(value) for name, value in inputs.items()},
    }
    if imputed:
        subject["imputed"] = {
            name: [repr(each.low), repr(each.high), each.population]
            for name, each in imputed.items()
        }
    canonical = json.dumps(subject, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _stand_in(spec: InputSpec) -> float:
    return spec.assumed if spec.assumed is not None else math.nan
