"""Shows how often the 5-95 % interval holds what it should, on people whom the fit did not see.

    python -m scripts.check_intervals FOLDER [--people N]

FOLDER is that of `scripts.fit_imputation`; the records with an even number are asked. Three checks,
each through the predictor itself:

- imputed: one or two values are hidden, the others are exact: the estimate on the hidden values;
  the spread of readings is left out, which would widen the interval
- reading: nothing is hidden, but what the predictor reads is one reading around the record's value,
  with the spread that the model declares: the estimate on the record's value
- both: a reading of each value, and one or two of them hidden: the interval that a person sees

Of each 90 % are wanted, 88-92 % pass. The exit code is 1 where a check as a whole, or a line whose
exact 95 % interval (Clopper and Pearson) lies outside altogether, fails. Lines with an asterisk are
told and not judged.
"""

import argparse
import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

import numpy as np

from inference.contract import InputSpec
from inference.features.stated import Stated, StatedFeatures
from inference.imputation import populations
from inference.prediction import Answer, Estimate, Prediction
from inference.predictor import Predictor
from inference.registry import LoadedModel, ModelRegistry
from inference.snapshot import PatientSnapshot, RecordList, Sourced
from scripts.fit_imputation import SURVEYS, UNITS, Person, is_fitted, people
from terminology import catalogue as catalogue_room

LOW: Final = 0.88
HIGH: Final = 0.92
_NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
_SEED: Final = 20260101
_HARDLY: Final = 1e-9
# What no survey tells, the same for everybody: it moves the estimate, not what is measured.
_SAID: Final = {"north": 1.0, "urban": 1.0, "family_history": 0.0, "region": 2.0}
_MODELS: Final = {
    "US": ("china-par", "framingham-cvd-2008", "pce-2013", "score2-asia-pacific"),
    "CN": ("framingham-cvd-2008", "score2-asia-pacific"),
}


class _Exact(LoadedModel):
    """A model that takes every reading for the usual value."""

    def __init__(self, model: LoadedModel) -> None:
        # Not nought: an input without a spread is never drawn, nor imputed.
        exact = tuple(
            replace(spec, sd=_HARDLY * spec.sd, cv=_HARDLY * spec.cv)
            for spec in model.definition.inputs
        )
        super().__init__(replace(model.definition, inputs=exact), model.digest, b"", b"")
        self._engine = model.engine


@dataclass(slots=True)
class Count:
    """How many of how many intervals held what was asked; `below` missed it on the low side."""

    held: int = 0
    below: int = 0
    total: int = 0

    def add(self, estimate: Estimate, wanted: float) -> None:
        """Count one interval."""
        self.total += 1
        self.held += estimate.low <= wanted <= estimate.high
        self.below += wanted < estimate.low

    @property
    def share(self) -> float:
        """How many held it."""
        return self.held / self.total if self.total else math.nan

    @property
    def exact(self) -> tuple[float, float]:
        """The Clopper-Pearson 95 % interval of the share."""
        return _bound(self.held, self.total), 1 - _bound(self.total - self.held, self.total)


def _bound(hits: int, total: int) -> float:
    """Return the share at which `hits` or more of `total` have a probability of 2.5 %."""
    if hits == 0:
        return 0.0
    k = np.arange(hits, total + 1)
    ways = math.lgamma(total + 1) - np.array(
        [math.lgamma(i + 1) + math.lgamma(total - i + 1) for i in k]
    )
    low, high = 0.0, 1.0
    for _ in range(50):
        share = (low + high) / 2
        logs = ways + k * math.log(share) + (total - k) * math.log1p(-share)
        low, high = (low, share) if np.exp(logs).sum() > 0.025 else (share, high)
    return low


@dataclass(slots=True)
class Tally:
    """The counts by check, country, model and what was hidden; those by group are only told."""

    lines: dict[tuple[str, ...], Count] = field(default_factory=lambda: defaultdict(Count))
    told: dict[tuple[str, ...], Count] = field(default_factory=lambda: defaultdict(Count))

    def whole(self, check: str, country: str) -> Count:
        """Return one check of one country as a whole."""
        found = Count()
        for key, line in self.lines.items():
            if key[:2] == (check, country):
                found.held += line.held
                found.below += line.below
                found.total += line.total
        return found


@dataclass(frozen=True, slots=True)
class Examiner:
    """Asks one model about people of one country."""

    country: str
    model: LoadedModel
    exact: LoadedModel
    predictor: Predictor
    tally: Tally
    random: np.random.Generator

    @property
    def name(self) -> str:
        """The id of the model."""
        return self.model.definition.id

    def examine(self, person: Person) -> None:
        """Count every check of one person; nothing of one to whom the model does not apply."""
        usual = self._ask(self.exact, person)
        if usual is None:
            return
        reading, other = self._reading(person), self._reading(person)
        seen = self._ask(self.model, reading)
        if seen is not None:
            self.tally.lines["reading", self.country, self.name, "nothing"].add(
                seen.primary, usual.primary.value
            )
            again = self._ask(self.exact, other)
            if again is not None:
                self.tally.told["another reading", self.country, self.name].add(
                    seen.primary, again.primary.value
                )
        for hidden in self._hideable():
            self._hide(person, reading, hidden, usual.primary.value)

    def _hide(
        self, person: Person, reading: Person, hidden: tuple[str, ...], wanted: float
    ) -> None:
        names = " + ".join(hidden)
        alone = self._ask(self.exact, person, hidden)
        if alone is not None and alone.imputed:
            self.tally.lines["imputed", self.country, self.name, names].add(alone.primary, wanted)
        both = self._ask(self.model, reading, hidden)
        if both is None or not both.imputed:
            return
        self.tally.lines["both", self.country, self.name, names].add(both.primary, wanted)
        for group in _groups(person):
            self.tally.told["both", self.country, group].add(both.primary, wanted)

    def _hideable(self) -> Iterator[tuple[str, ...]]:
        variables = populations()[self.country].variables
        names = [s.feature for s in self.model.definition.inputs if s.feature in variables]
        for number in (1, 2):
            yield from itertools.combinations(names, number)

    def _reading(self, person: Person) -> Person:
        found = dict(person)
        for spec in self.model.definition.inputs:
            name = spec.feature
            if spec.sd or spec.cv:
                z = float(self.random.standard_normal())
                found[name] *= math.exp(z * spec.cv)
                found[name] += 0.0 if spec.cv else z * spec.sd
        return found

    def _ask(
        self, model: LoadedModel, person: Person, hidden: Iterable[str] = ()
    ) -> Prediction | None:
        definition = model.definition
        values = {
            spec.name: _stated(spec, person)
            for spec in definition.inputs
            if spec.feature not in hidden
        }
        states = {e.flag: bool(person.get(e.flag, 0.0)) for e in definition.exclusions}
        catalogue = self.predictor.catalogue
        stated = StatedFeatures(_nobody(), values, states, catalogue)
        answer: Answer = self.predictor.answer_stated(model, stated, impute=True)
        return answer if isinstance(answer, Prediction) else None


def _stated(spec: InputSpec, person: Person) -> Stated:
    names: Mapping[str, str] = {"antihypertensive": "treated", "current_smoker": "smoker"}
    name = names.get(spec.feature, spec.feature)
    value = person[name] if name in person else _SAID[spec.name]
    return Stated(Decimal(repr(value)), UNITS.get(name, spec.unit), _NOW)


def _nobody() -> PatientSnapshot:
    nothing = RecordList((), complete=False)
    return PatientSnapshot(Sourced({}, "survey"), (), nothing, nothing, _NOW)


def _groups(person: Person) -> Iterator[str]:
    yield "men" if person["male"] else "women"
    yield next(f"to {end - 1} years" for end in (50, 60, 70, 80) if person["age"] < end)
    for state in ("treated", "diabetes"):
        yield state if person[state] else f"not {state}"


def _sample(folder: Path, country: str, number: int) -> list[Person]:
    """Return people whom the fit did not see, evenly from all of the file."""
    found = [
        person
        for person in people(folder, SURVEYS[country])
        if not is_fitted(person) and not person["prior_cvd"] and person["age"] >= 40
    ]
    return found[:: max(1, len(found) // number)][:number]


def _print(key: tuple[str, ...], count: Count, mark: str) -> None:
    low, high = count.exact
    missed = count.total - count.held
    print(
        f"  {' | '.join(key):<62} {100 * count.share:5.1f} %  ({100 * low:.1f}-{100 * high:.1f})"
        f"  n {count.total:>6,}  below {count.below:>5,} above {missed - count.below:>5,}{mark}"
    )


def _verdict(tally: Tally) -> bool:
    """Print all lines and what they come to; whether every one passes."""
    passed = True
    for country, check in itertools.product(_MODELS, ("imputed", "reading", "both")):
        print(f"\n{check}, {country}")
        for key, count in tally.lines.items():
            if key[:2] == (check, country):
                low, high = count.exact
                outside = high < LOW or low > HIGH
                passed = passed and not outside
                _print(key[2:], count, "   OUTSIDE 88-92 %" if outside else "")
        whole = tally.whole(check, country)
        within = LOW <= whole.share <= HIGH
        passed = passed and within
        _print(("all",), whole, "   within 88-92 %" if within else "   OUTSIDE 88-92 %")
    print("\nnot judged: groups, and whether another reading of the same person is held")
    for key, count in tally.told.items():
        _print(key, count, " *")
    return passed


def main() -> int:
    """Ask, print, and say whether it holds; 0 where it does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--people", type=int, default=2000, help="of each country")
    options = parser.parse_args()
    registry = ModelRegistry.discover()
    tally = Tally()
    random = np.random.default_rng(_SEED)
    for country, names in _MODELS.items():
        predictor = Predictor(registry, catalogue_room.load(), UTC, country)
        asked = _sample(options.folder, country, options.people)
        print(f"{country}: {len(asked):,} people of 40-79 without cardiovascular disease")
        for name in names:
            model = registry.get(name)
            if model is None:
                raise SystemExit(f"there is no model {name}")
            examiner = Examiner(country, model, _Exact(model), predictor, tally, random)
            for person in asked:
                if not math.isnan(person.get("black", 0.0)) or name != "pce-2013":
                    examiner.examine(person)
    passed = _verdict(tally)
    print(f"\n{'passed' if passed else 'FAILED'}: 90 % intervals hold 88-92 %")
    return 0 if passed else 1


if __name__ == "__main__":
    raise SystemExit(main())
