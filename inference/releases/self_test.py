"""What a graph must do before it may be served: give every output in its form, and repeat its
worked examples.
"""

import json
import math
from typing import Any

import numpy as np

from inference.contract import ModelDefinition
from inference.engine import Engine, GraphFailed, GraphOutput, GraphRefused
from inference.releases.refusal import ModelRefused

# The predictor runs one row, or many at once.
_ROWS = 3


def golden_cases(golden: bytes) -> list[dict[str, Any]]:
    """Return the worked examples kept beside a model."""
    cases: list[dict[str, Any]] = json.loads(golden)["cases"]
    return cases


def tested_engine(definition: ModelDefinition, graph: bytes, golden: bytes) -> Engine:
    """Return the graph, ready to run; `ModelRefused` where it fails its tests."""
    try:
        engine = Engine(graph, scales=[scale.id for scale in definition.scales])
        _check_forms(definition, engine)
        _repeat(definition, engine, golden)
    except (GraphRefused, GraphFailed) as error:
        raise ModelRefused(
            f"{definition.id}: the graph cannot be run: {error}",
            f"{definition.id}：计算图无法运行：{error}",
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelRefused(
            f"{definition.id}: cannot be tested: {error!r}",
            f"{definition.id}：无法自检：{error!r}",
        ) from error
    return engine


def _check_forms(definition: ModelDefinition, engine: Engine) -> None:
    inputs, outcomes = len(definition.inputs), len(definition.outcomes)
    for rows in (1, _ROWS):
        output = engine.run(np.full((rows, inputs), math.nan))
        forms = {
            "estimate": (output.estimate, (rows, outcomes)),
            "base": (output.base, (rows, outcomes)),
            "contributions": (output.contributions, (rows, outcomes, inputs)),
        }
        for name, (found, shape) in forms.items():
            if found.shape != shape or found.dtype != np.float64:
                raise _form(definition, name, found.dtype, found.shape)
        for name, steps in output.categories.items():
            if steps.shape != (rows,) or steps.dtype != np.int64:
                raise _form(definition, name, steps.dtype, steps.shape)


def _form(definition: ModelDefinition, name: str, dtype: object, shape: object) -> ModelRefused:
    return ModelRefused(
        f"{definition.id}: the graph's output {name!r} is {dtype} of {shape}",
        f"{definition.id}：计算图输出 {name!r} 为 {dtype}，形状 {shape}",
    )


def _repeat(definition: ModelDefinition, engine: Engine, golden: bytes) -> None:
    names = [spec.name for spec in definition.inputs]
    outcomes = [outcome.id for outcome in definition.outcomes]
    cases = golden_cases(golden)
    if not cases:
        raise ModelRefused(f"{definition.id}: has no worked example", f"{definition.id}：没有算例")
    for case in cases:
        row = [float(case["inputs"].get(name, math.nan)) for name in names]
        output = engine.run(np.array([row], dtype=np.float64))
        _check_steps(definition, output)
        for outcome, expected in case["expected"].items():
            found = float(output.estimate[0, outcomes.index(outcome)])
            if not abs(found - expected) <= case["tolerance"]:
                said = case["source"]
                raise ModelRefused(
                    f"{definition.id}: {outcome} of the worked example "
                    f"{said!r} is {found!r}, expected {expected!r}",
                    f"{definition.id}：算例 {said!r} 的 {outcome} 为 {found!r}，应为 {expected!r}",
                )


def _check_steps(definition: ModelDefinition, output: GraphOutput) -> None:
    """A step that the scale does not have would be another step's name, or a failure."""
    for scale in definition.scales:
        step = int(output.categories[scale.id][0])
        if not -1 <= step < len(scale.steps):
            raise ModelRefused(
                f"{definition.id}: {scale.id} has no step {step}",
                f"{definition.id}：{scale.id} 没有第 {step} 级",
            )
