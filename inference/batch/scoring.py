"""A chunk of rows through one model: columns in, estimates and categories out, refusals beside."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from inference.batch.plan import Column, Plan
from inference.batch.reading import Cells, Mask, Values, read, text_of
from inference.batch.refusal import Refusal, RefusalCode
from inference.contract import InputSpec, WhenAbsent
from inference.engine import Engine
from inference.features.consistency import pairs_of

Steps = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows of a file by column; `first` is the number of the first, `refused` those left out."""

    first: int
    length: int
    columns: Mapping[str, Cells]
    refused: tuple[Refusal, ...] = ()
    rows: Sequence[int] | None = None

    def row(self, place: int) -> int:
        """Return the number of a row in the file."""
        return self.rows[place] if self.rows is not None else self.first + place


@dataclass(frozen=True, slots=True)
class Scored:
    """What became of a chunk.

    `rows` numbers the scored rows; `estimate`, `low` and `high` are [n, m] with NaN for what was
    not computed; the last two are infinite where nothing is unknown, and None for a model whose
    inputs never leave a span. `steps` holds for each scale the
    steps that remain possible, as bits; none where the category is not known.
    """

    rows: NDArray[np.int64]
    ids: tuple[str, ...] | None
    estimate: Values
    low: Values | None
    high: Values | None
    steps: Mapping[str, Steps]
    refusals: tuple[Refusal, ...]
    total: int


@dataclass(slots=True)
class _State:
    """The matrix while it is filled; `keep` marks rows that are scored."""

    chunk: Chunk
    ids: Cells | None
    matrix: Values
    keep: Mask
    refusals: list[Refusal] = field(default_factory=list)

    def refuse(self, place: int, code: RefusalCode, column: Column, *, whole: bool = True) -> None:
        """Note a value that is not taken; a `whole` row is not scored."""
        low, high = _taken(column, code)
        refusal = Refusal(
            self.chunk.row(place),
            code,
            column.header,
            _shown(column, text_of(self.chunk.columns[column.header], place)),
            whole,
            low,
            high,
            _unit(column),
            self.id(place),
        )
        self.note(place, refusal)

    def note(self, place: int, refusal: Refusal) -> None:
        """Keep a refusal."""
        self.refusals.append(refusal)
        if refusal.whole:
            self.keep[place] = False

    def id(self, place: int) -> str | None:
        """Return what the file calls a row."""
        return None if self.ids is None else text_of(self.ids, place)


def _taken(column: Column, code: RefusalCode) -> tuple[float | None, float | None]:
    """Return the bounds within which a value would be taken, where it is about bounds."""
    if column.spec is None or code not in ("implausible", "outside-domain"):
        return None, None
    low, high = column.plausible if code == "implausible" else (column.spec.low, column.spec.high)
    return _in_its_unit(column, low), _in_its_unit(column, high)


def _in_its_unit(column: Column, bound: float) -> float | None:
    """Return a bound in the unit that the file has, None for none."""
    if not math.isfinite(bound):
        return None
    if column.is_as_it_comes:
        return bound
    told = (bound - float(column.line.offset)) / float(column.line.multiplier)
    return float(f"{told:.10g}")


def _unit(column: Column) -> str:
    return column.unit or (column.spec.unit if column.spec is not None else "")


def _shown(column: Column, value: str) -> str:
    return value if not value or column.unit in ("", "1", "a") else f"{value} {column.unit}"


def score(plan: Plan, chunk: Chunk, engine: Engine) -> Scored:
    """Score the rows that can be; GraphFailed where the runtime cannot run at all."""
    specs = plan.model.inputs
    ids = chunk.columns[plan.id] if plan.id is not None else None
    matrix = np.empty((chunk.length, len(specs)), dtype=np.float64)
    state = _State(chunk, ids, matrix, np.ones(chunk.length, dtype=np.bool_))
    for exclusion, column in plan.states:
        _exclude(state, column, withholds=exclusion.unknown_withholds)
    for place, (spec, input_) in enumerate(zip(specs, plan.inputs, strict=True)):
        _fill(state, place, spec, input_)
    _contradict(state, plan)
    return _run(plan, state, engine)


def _exclude(state: _State, column: Column, *, withholds: bool) -> None:
    found = read(column, state.chunk.columns[column.header])
    for place, code in found.faults.items():
        state.refuse(place, code, column)
    for place in _places(found.values == 1.0):
        state.refuse(place, "excluded", column)
    if withholds:
        for place in _places(np.isnan(found.values)):
            if place not in found.faults:
                state.refuse(place, "state-not-known", column)


def _places(where: Mask) -> list[int]:
    found: list[int] = np.flatnonzero(where).tolist()
    return found


def _fill(state: _State, place: int, spec: InputSpec, column: Column | None) -> None:
    if column is None:
        state.matrix[:, place] = math.nan
        return
    found = read(column, state.chunk.columns[column.header])
    state.matrix[:, place] = found.values
    for row, code in found.faults.items():
        # Beyond the model but possible: on a card too the rest is estimated without it. What no
        # body has is a slip, and then nothing in its row is to be trusted.
        spared = code == "outside-domain" and spec.when_absent not in _NEEDED_INSIDE
        state.refuse(row, code, column, whole=not spared)
    if spec.when_absent is WhenAbsent.REQUIRED:
        for row in _places(np.isnan(found.values)):
            if row not in found.faults:
                state.refuse(row, "missing", column)


def _contradict(state: _State, plan: Plan) -> None:
    """Refuse the rows of which two values cannot both be right."""
    columns = {spec.name: at for at, spec in enumerate(plan.model.inputs)}
    for bound, part, whole in pairs_of(plan.model.inputs):
        column = plan.inputs[columns[part.name]]
        if column is None:
            continue
        lower, upper = state.matrix[:, columns[part.name]], state.matrix[:, columns[whole.name]]
        broken = lower > upper if bound.may_equal else lower >= upper
        for place in _places(broken & state.keep):
            state.refuse(place, "contradiction", column)


_NEEDED_INSIDE = (WhenAbsent.REQUIRED, WhenAbsent.MISSING_TERM)


def _run(plan: Plan, state: _State, engine: Engine) -> Scored:
    model = plan.model
    whole = bool(state.keep.all())
    matrix = state.matrix if whole else state.matrix[state.keep]
    places = np.flatnonzero(state.keep)
    absent = np.isnan(matrix)
    any_absent = bool(absent.any())
    for column, spec in enumerate(model.inputs):
        if any_absent and spec.assumed is not None:
            matrix[absent[:, column], column] = spec.assumed
    estimate, categories = engine.score(matrix)
    steps = {name: _bits(found) for name, found in categories.items()}
    low = high = None
    if any(spec.when_absent is WhenAbsent.SPAN for spec in model.inputs):
        low, high = _spans(plan, engine, matrix, absent, steps)
        # A corner that gives no number leaves no estimate to trust.
        estimate[np.isnan(low) | np.isnan(high)] = math.nan
    finite = _finite(plan, absent, [part for part in (estimate, low, high) if part is not None])
    for place in map(int, places[~finite]):
        refusal = Refusal(state.chunk.row(place), "model-failed", model.id, "", id=state.id(place))
        state.note(place, refusal)
    if not finite.all():
        estimate, places = estimate[finite], places[finite]
        low, high = (None if part is None else part[finite] for part in (low, high))
        steps = {name: found[finite] for name, found in steps.items()}
    numbers = state.chunk.rows
    rows = places + state.chunk.first if numbers is None else np.asarray(numbers)[places]
    ids = None if state.ids is None else tuple(text_of(state.ids, int(p)) for p in places)
    found = (*state.chunk.refused, *state.refusals)
    refusals = tuple(sorted(found, key=lambda refusal: refusal.row))
    total = state.chunk.length + len(state.chunk.refused)
    return Scored(rows, ids, estimate, low, high, steps, refusals, total)


def _bits(categories: Steps) -> Steps:
    """Return each step as a bit, no bit for -1."""
    return np.where(categories >= 0, np.left_shift(1, np.maximum(categories, 0)), 0)


def _finite(plan: Plan, absent: Mask, parts: Sequence[Values]) -> Mask:
    """Return which rows have every number that they should have; what they lack becomes NaN."""
    outcomes = [outcome.id for outcome in plan.model.outcomes]
    lacking = np.zeros(parts[0].shape, dtype=np.bool_)
    for column, spec in enumerate(plan.model.inputs):
        for name in spec.needed_for:
            lacking[:, outcomes.index(name)] |= absent[:, column]
    good: Mask = np.isfinite(parts[0]) | lacking
    if lacking.any():
        for part in parts:
            part[lacking] = math.nan
    found: Mask = np.logical_and.reduce(good, axis=1)
    return found


def _spans(
    plan: Plan, engine: Engine, matrix: Values, absent: Mask, steps: dict[str, Steps]
) -> tuple[Values, Values]:
    """Return the least and greatest estimate over every value of the unknown inputs.

    Where nothing is unknown both are infinite. Steps that a corner reaches are added to `steps`.
    """
    specs = plan.model.inputs
    columns = [c for c, spec in enumerate(specs) if spec.when_absent is WhenAbsent.SPAN]
    low = np.full((len(matrix), len(plan.model.outcomes)), math.inf)
    high = -low
    code = absent[:, columns] @ (1 << np.arange(len(columns)))
    for pattern in np.unique(code[code > 0]):
        rows = np.flatnonzero(code == pattern)
        unknown = [c for bit, c in enumerate(columns) if int(pattern) >> bit & 1]
        for corner in itertools.product(*(specs[c].span for c in unknown)):
            part = matrix[rows]
            part[:, unknown] = corner
            estimate, categories = engine.score(part)
            low[rows] = np.minimum(low[rows], estimate)
            high[rows] = np.maximum(high[rows], estimate)
            for name, found in categories.items():
                steps[name][rows] |= _bits(found)
    return low, high
