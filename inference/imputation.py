"""A value that was not measured, from those that were: a distribution, never a single guess.

Logarithms of laboratory values and body measures are taken as jointly normal within each sex, their
means and spreads as curves of age. The parameters are fitted on public surveys by
`scripts.fit_imputation`; a population without a fit is not imputed for. Nothing is imputed unless
it is asked for.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from statistics import NormalDist

import msgspec
import numpy as np
from numpy.typing import NDArray

from inference.contract import InputSpec
from inference.features.feature import Absent, Feature
from inference.reasons import Reason
from terminology.catalogue import Catalogue
from terminology.units import convert

Vector = NDArray[np.float64]
Curve = tuple[float, float, float]

MOST_IMPUTED = 2
"""With more than two values missing, what is left says too little about the person."""
MOST_OUTSIDE = 0.10
"""Where more of a distribution than this is outside the domain, the model may not apply."""

# A value that is there but cannot be used contradicts an imputed one: only real gaps are filled.
_GAPS = ("no-value", "value-too-old")
# Few or none of those surveyed; the intervals were not shown to hold for them. A model for people
# with a disease asks for its absence.
_UNLIKE = {
    "pregnancy": True,
    "prior_cvd": True,
    "heart_failure": True,
    "dialysis": True,
    "no_heart_failure": False,
    "no_copd": False,
    "no_atrial_fibrillation": False,
}
_PARAMETERS = Path(__file__).with_name("data") / "imputation.json"
_NORMAL = NormalDist()


class Sex(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One sex's fit: of each variable's logarithm the mean, and the logarithm of its spread.

    Both are a row `(1, a, a^2)` with a = (age - 50) / 10; `correlation` is that of what is left.
    """

    mean: tuple[Curve, ...]
    spread: tuple[Curve, ...]
    correlation: tuple[tuple[float, ...], ...]


class Population(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The fit of one country's survey; `without` are states that its people were known not to have.

    `ages` are those that were fitted, ends included.
    """

    source: str
    variables: tuple[str, ...]
    units: tuple[str, ...]
    ages: tuple[float, float]
    without: tuple[str, ...]
    male: Sex
    female: Sex


@cache
def populations() -> Mapping[str, Population]:
    """Return the fits by ISO 3166 country."""
    return msgspec.json.decode(_PARAMETERS.read_bytes(), type=dict[str, Population])


@dataclass(frozen=True, slots=True)
class Imputed:
    """The distribution of model inputs that were not measured: `columns` of the input row.

    A value is `exp(mean + factor @ z) * scale` for standard normal `z`, kept from `low` to `high`
    (logarithms before `scale`); `population` is the country of the fit.
    """

    columns: tuple[int, ...]
    mean: Vector
    factor: Vector
    scale: Vector
    low: Vector
    high: Vector
    population: str

    @property
    def outside(self) -> Vector:
        """The share of each input's distribution that lies outside its domain."""
        spread = np.sqrt((self.factor**2).sum(axis=1))
        low, high = (self.low - self.mean) / spread, (self.high - self.mean) / spread
        return np.array([_NORMAL.cdf(a) + _NORMAL.cdf(-b) for a, b in zip(low, high, strict=True)])

    @property
    def point(self) -> Vector:
        """The middle of the distribution, in each input's own unit."""
        found: Vector = self.draws(np.zeros((1, len(self.columns))))[0]
        return found

    def draws(self, normal: Vector) -> Vector:
        """Return values in each input's own unit for standard normal `normal` [n, columns].

        The model has no estimate beyond an input's domain, and the patient is one of those who
        have one: the distribution is that of people within, so it is cut off and its quantiles are
        stretched over what is left. Values moved to the ends would pile up there, and redrawing
        would make their number open. Of two inputs the second is cut off given the first.
        """
        found = np.empty_like(normal)
        kept = np.empty_like(normal)
        for k in range(len(self.columns)):
            centre = self.mean[k] + kept[:, :k] @ self.factor[k, :k]
            spread = self.factor[k, k]
            low, high = (self.low[k] - centre) / spread, (self.high[k] - centre) / spread
            kept[:, k] = _within(normal[:, k], low, high)
            # Rounding may not carry an end of the domain beyond it.
            logarithm = np.clip(centre + spread * kept[:, k], self.low[k], self.high[k])
            found[:, k] = np.exp(logarithm) * self.scale[k]
        return found


def _within(normal: Vector, low: Vector, high: Vector) -> Vector:
    """Return the same quantiles of a standard normal that is cut off at `low` and `high`."""
    cut = [
        _NORMAL.inv_cdf(below + _NORMAL.cdf(z) * (_NORMAL.cdf(b) - below))
        for z, b, below in zip(normal, high, (_NORMAL.cdf(a) for a in low), strict=True)
    ]
    return np.array(cut)


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of the patient: the inputs of one model by name, and any state by its name."""

    specs: Sequence[InputSpec]
    found: Mapping[str, Feature | Absent]
    flag: Callable[[str], Feature | Absent]

    def fact(self, name: str) -> Feature | Absent:
        """Return a feature: as the model's input where it is one, as a state otherwise."""
        inputs = [self.found[spec.name] for spec in self.specs if spec.feature == name]
        return inputs[0] if inputs else self.flag(name)


def fill_gaps(
    person: Person,
    blocking: Sequence[tuple[InputSpec, Absent]],
    *,
    region: str,
    catalogue: Catalogue,
) -> Imputed | Reason:
    """Return the distribution of the inputs that are `blocking`, or why there is none.

    There is none where one of them is no plain gap or unknown to the population's fit, where more
    than `MOST_IMPUTED` are missing, or where the person is not one of the survey's.
    """
    population = populations().get(region)
    if population is None:
        return Reason("imputation-no-population", {"region": region})
    refused = _not_fillable(blocking, population, region)
    if refused is not None:
        return refused
    peers = _peers(person, population, region)
    if isinstance(peers, Reason):
        return peers
    gaps = [spec.name for spec, _ in blocking]
    columns = tuple(i for i, spec in enumerate(person.specs) if spec.name in gaps)
    scales = _Scales(population, catalogue)
    wanted = [population.variables.index(person.specs[column].feature) for column in columns]
    mean, factor = _conditional(*peers, _known(person, population, scales), wanted)
    found = _kept_within(person, columns, mean, factor, scales, region)
    for column, outside in zip(columns, found.outside, strict=True):
        if outside > MOST_OUTSIDE:
            spec = person.specs[column]
            return Reason("imputation-outside-domain", {"feature": spec.feature})
    return found


def _not_fillable(
    blocking: Sequence[tuple[InputSpec, Absent]], population: Population, region: str
) -> Reason | None:
    """Say why the gaps cannot be filled: too many, contradicted by something, or not modelled."""
    for spec, missing in blocking:
        # Without a declared spread an input is never drawn, so its gap could not be either.
        if spec.feature not in population.variables or not (spec.sd or spec.cv):
            values = {"feature": spec.feature, "population": region}
            return Reason("imputation-not-modelled", values)
        if missing.reason.code not in _GAPS:
            return Reason("imputation-no-gap", {"feature": spec.feature})
    if len(blocking) > MOST_IMPUTED:
        count = {"count": str(len(blocking)), "most": str(MOST_IMPUTED)}
        return Reason("imputation-too-many", count)
    return None


def _peers(person: Person, population: Population, region: str) -> tuple[Sex, float] | Reason:
    """Return the fit of the sex, and the age; or why the person is none of the survey's."""
    male, age = person.fact("male"), person.fact("age")
    if isinstance(male, Absent) or isinstance(age, Absent):
        return Reason("imputation-person-not-known")
    low, high = population.ages
    if not low <= age.value <= high:
        ages = {"low": f"{low:g}", "high": f"{high:g}", "population": region}
        return Reason("imputation-other-ages", ages)
    for name in population.without:
        if isinstance(person.fact(name), Absent):
            return Reason("imputation-state-not-known", {"feature": name, "population": region})
    for name, unlike in (dict.fromkeys(population.without, True) | _UNLIKE).items():
        state = person.fact(name)
        if isinstance(state, Feature) and bool(state.value) is unlike:
            return Reason("imputation-other-people", {"feature": name, "population": region})
    return (population.male if male.value else population.female), age.value


@cache
def _factor(feature: str, unit: str, to: str, catalogue: Catalogue) -> float:
    analyte = catalogue.analyte(feature)
    return float(convert(Decimal(1), unit=unit, analyte=analyte, to=to).value)


@dataclass(frozen=True, slots=True)
class _Scales:
    """The factors from the fit's units to those of a model's inputs."""

    population: Population
    catalogue: Catalogue

    def of(self, spec: InputSpec) -> float:
        unit = self.population.units[self.population.variables.index(spec.feature)]
        return _factor(spec.feature, unit, spec.unit, self.catalogue)


def _known(person: Person, population: Population, scales: _Scales) -> dict[int, float]:
    """Return the logarithms of what the model knows of the fit's variables, by their place."""
    found = {}
    for spec in person.specs:
        value = person.found[spec.name]
        if spec.feature not in population.variables or isinstance(value, Absent):
            continue
        if value.value > 0:
            place = population.variables.index(spec.feature)
            found[place] = math.log(value.value / scales.of(spec))
    return found


def _kept_within(
    person: Person,
    columns: tuple[int, ...],
    mean: Vector,
    factor: Vector,
    scales: _Scales,
    region: str,
) -> Imputed:
    specs = [person.specs[column] for column in columns]
    scale = np.array([scales.of(spec) for spec in specs])
    with np.errstate(divide="ignore"):  # a domain from nought has no lower end
        low = np.log(np.array([spec.low for spec in specs]) / scale)
    high = np.log(np.array([spec.high for spec in specs]) / scale)
    return Imputed(columns, mean, factor, scale, low, high, region)


def _conditional(
    sex: Sex, age: float, known: Mapping[int, float], wanted: Sequence[int]
) -> tuple[Vector, Vector]:
    """Return mean and Cholesky factor of the `wanted` logarithms given the `known` ones."""
    years = (age - 50.0) / 10.0
    terms = np.array([1.0, years, years * years])
    mean, spread = np.array(sex.mean) @ terms, np.exp(np.array(sex.spread) @ terms)
    covariance = np.array(sex.correlation) * np.outer(spread, spread)
    chosen, given = list(wanted), list(known)
    within = covariance[np.ix_(chosen, chosen)]
    across = covariance[np.ix_(chosen, given)]
    # Nothing known leaves matrices without columns, and with them the distribution as it is.
    weights = np.linalg.solve(covariance[np.ix_(given, given)], across.T).T
    surprise = np.array([known[i] for i in given]) - mean[given]
    return mean[chosen] + weights @ surprise, np.linalg.cholesky(within - weights @ across.T)
