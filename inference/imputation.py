"""A value that was not measured, from those that were: a distribution, never a single guess.

Logarithms of laboratory values and body measures are taken as jointly normal within each sex, their
means as quadratic in age. The parameters are fitted on public surveys by `scripts.fit_imputation`;
a population without a fit is not imputed for. Nothing is imputed unless it is asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from inference.contract import InputSpec, WhenAbsent
from inference.features.feature import Absent, Feature
from terminology.catalogue import Catalogue
from terminology.units import convert

Vector = NDArray[np.float64]

MOST_IMPUTED = 2
"""With more than two values missing, what is left says too little about the person."""

# A value that is there but cannot be used contradicts an imputed one: only real gaps are filled.
_GAPS = ("no-value", "value-too-old")
_PARAMETERS = Path(__file__).with_name("data") / "imputation.json"


class Sex(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One sex's fit: a row `(1, a, a^2)` of `mean` per variable with a = (age - 50) / 10."""

    mean: tuple[tuple[float, float, float], ...]
    covariance: tuple[tuple[float, ...], ...]


class Population(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The fit of one country's survey; `without` are the flags that its people did not have."""

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
    """Model inputs that were not measured: `columns` of the input row, in logarithms.

    A draw is `exp(mean + factor @ z) * scale` for standard normal `z` [len(columns)].
    """

    columns: tuple[int, ...]
    mean: Vector
    factor: Vector
    scale: Vector
    source: str

    @property
    def point(self) -> Vector:
        """The middle of the distribution, in each input's own unit."""
        found: Vector = np.exp(self.mean) * self.scale
        return found

    def draws(self, normal: Vector) -> Vector:
        """Return values in each input's own unit for standard normal `normal` [n, columns]."""
        found: Vector = np.exp(self.mean + normal @ self.factor.T) * self.scale
        return found


def impute(
    specs: Sequence[InputSpec],
    found: Mapping[str, Feature | Absent],
    *,
    region: str,
    catalogue: Catalogue,
) -> Imputed | None:
    """Return the distribution of the required values that are missing, None where it cannot be.

    It cannot where one of them is no plain gap or unknown to the population's fit, where more than
    `MOST_IMPUTED` are missing, or where the person is not one of the survey's.
    """
    population = populations().get(region)
    by_feature = {spec.feature: found[spec.name] for spec in specs}
    gaps = [i for i, spec in enumerate(specs) if _is_required_gap(spec, found[spec.name])]
    if population is None or not 0 < len(gaps) <= MOST_IMPUTED:
        return None
    if not all(_can_be_filled(specs[i], found[specs[i].name], population) for i in gaps):
        return None
    person = _person(population, by_feature)
    if person is None:
        return None
    sex, age = person
    known = {
        population.variables.index(spec.feature): np.log(each.value / _scale(
            spec, population, catalogue))
        for spec in specs
        if spec.feature in population.variables
        and isinstance(each := found[spec.name], Feature)
    }  # fmt: skip
    wanted = [population.variables.index(specs[i].feature) for i in gaps]
    mean, factor = _conditional(sex, age, known, wanted)
    scale = np.array([_scale(specs[i], population, catalogue) for i in gaps])
    return Imputed(tuple(gaps), mean, factor, scale, population.source)


def _is_required_gap(spec: InputSpec, found: Feature | Absent) -> bool:
    return isinstance(found, Absent) and spec.when_absent is WhenAbsent.REQUIRED


def _can_be_filled(
    spec: InputSpec, missing: Feature | Absent, population: Population
) -> bool:
    """Whether a survey knows the input, and nothing known of the patient would be contradicted."""
    plain = isinstance(missing, Absent) and missing.reason.code in _GAPS
    return plain and spec.feature in population.variables


def _person(
    population: Population, by_feature: Mapping[str, Feature | Absent]
) -> tuple[Sex, float] | None:
    male, age = by_feature.get("male"), by_feature.get("age")
    if not isinstance(male, Feature) or not isinstance(age, Feature):
        return None
    low, high = population.ages
    states = [by_feature.get(flag) for flag in population.without]
    if not low <= age.value <= high:
        return None
    if any(not isinstance(state, Feature) or state.value for state in states):
        return None
    return (population.male if male.value else population.female), age.value


@cache
def _factor(feature: str, unit: str, to: str, catalogue: Catalogue) -> float:
    analyte = catalogue.analyte(feature)
    return float(convert(Decimal(1), unit=unit, analyte=analyte, to=to).value)


def _scale(spec: InputSpec, population: Population, catalogue: Catalogue) -> float:
    """Return the factor from the fit's unit to the input's."""
    unit = population.units[population.variables.index(spec.feature)]
    return _factor(spec.feature, unit, spec.unit, catalogue)


def _conditional(
    sex: Sex, age: float, known: Mapping[int, float], wanted: Sequence[int]
) -> tuple[Vector, Vector]:
    """Return mean and Cholesky factor of the `wanted` logarithms given the `known` ones."""
    years = (age - 50.0) / 10.0
    mean = np.array(sex.mean) @ np.array([1.0, years, years * years])
    covariance = np.array(sex.covariance)
    given = list(known)
    within = covariance[np.ix_(wanted, wanted)]
    if not given:
        return mean[list(wanted)], np.linalg.cholesky(within)
    across = covariance[np.ix_(wanted, given)]
    weights = np.linalg.solve(covariance[np.ix_(given, given)], across.T).T
    surprise = np.array([known[i] for i in given]) - mean[given]
    return mean[list(wanted)] + weights @ surprise, np.linalg.cholesky(within - weights @ across.T)
