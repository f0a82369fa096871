"""The estimate of one worked example's person as one input changes, by the model's own graph."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from fhir_server.model_cards.inputs import is_flag
from inference.contract import Category, InputSpec, ModelDefinition
from inference.registry import LoadedModel

_POINTS: Final = 41
# At no age below that of the diagnosis is there such a person.
_NOT_BELOW: Final = {"age": "age_at_diagnosis"}


@dataclass(frozen=True, slots=True)
class Point:
    """One estimate; `step` is the category that the graph gives, None without a scale."""

    at: float
    estimate: float
    step: Category | None


@dataclass(frozen=True, slots=True)
class Line:
    """The estimates of one sex; `male` is None where the model does not ask for it."""

    male: bool | None
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """What is drawn: the input that changes, and what else holds."""

    spec: InputSpec
    lines: tuple[Line, ...]
    others: tuple[tuple[InputSpec, float], ...]


def drawn(model: LoadedModel, examples: Sequence[dict[str, Any]]) -> Curve | None:
    """Return the curve of the fullest worked example; None where nothing can be drawn.

    An input that the example does not know stays unknown.
    """
    definition = model.definition
    spec = _varied(definition)
    if spec is None or not examples:
        return None
    person: dict[str, float] = max(examples, key=lambda case: len(case["inputs"]))["inputs"]
    has_sex = any(each.name == "male" for each in definition.inputs)
    sexes: tuple[bool | None, ...] = (False, True) if has_sex else (None,)
    places = _places(spec, person)
    lines = tuple(_line(model, spec, person, male, places) for male in sexes)
    if not all(math.isfinite(p.estimate) for line in lines for p in line.points):
        return None
    fixed = tuple(
        (each, float(person[each.name]))
        for each in definition.inputs
        if each.name in person and each.name not in (spec.name, "male")
    )
    return Curve(spec, lines, fixed)


def _varied(definition: ModelDefinition) -> InputSpec | None:
    """Return the age, else the first input that is a quantity."""
    by_name = {spec.name: spec for spec in definition.inputs}
    quantities = (spec for spec in definition.inputs if not is_flag(spec))
    return by_name.get("age") or next(quantities, None)


def _places(spec: InputSpec, person: dict[str, float]) -> list[float]:
    low = max(spec.low, person.get(_NOT_BELOW.get(spec.name, ""), spec.low))
    if spec.unit == "a":
        return [float(age) for age in range(math.ceil(low), math.floor(spec.high) + 1)]
    return [float(each) for each in np.linspace(low, spec.high, _POINTS)]


def _line(
    model: LoadedModel,
    spec: InputSpec,
    person: dict[str, float],
    male: bool | None,
    places: list[float],
) -> Line:
    names = [each.name for each in model.definition.inputs]
    known = person if male is None else person | {"male": float(male)}
    rows = np.array([[float(known.get(name, math.nan)) for name in names]] * len(places))
    rows[:, names.index(spec.name)] = places
    output = model.engine.run(rows)
    scales = model.definition.scales
    steps = output.categories[scales[0].id] if scales else None
    points = tuple(
        Point(at, float(output.estimate[row, 0]), _step(model.definition, steps, row))
        for row, at in enumerate(places)
    )
    return Line(male, points)


def _step(definition: ModelDefinition, steps: Any, row: int) -> Category | None:
    if steps is None or steps[row] < 0:
        return None
    return definition.scales[0].steps[int(steps[row])]
