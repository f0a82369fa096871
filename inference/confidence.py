"""The level of confidence by a documented minimum rule (docs/explanation/confidence.md)."""

import math
from collections.abc import Iterable, Mapping, Sequence

from inference.contract import Evidence, InputSpec, ModelDefinition
from inference.features.feature import Absent, Feature
from inference.prediction import Confidence, ImputedValue, Level
from inference.reasons import Reason

_ORDER: tuple[Level, ...] = ("low", "medium", "high")
IMPUTED = "input-imputed"
"""The code of the reason that names an imputed value."""
STABLE = 0.90
UNSTABLE = 0.70

_BY_EVIDENCE: dict[Evidence, Level] = {
    Evidence.LOCAL: "high",
    Evidence.NATIONAL: "medium",
    Evidence.FOREIGN: "low",
    Evidence.NONE: "low",
}


def judge(
    model: ModelDefinition,
    *,
    region: str,
    validated_here: bool,
    probability: float | None,
    features: Iterable[Feature],
    absent: Sequence[tuple[InputSpec, Absent]],
    unknown_states: Iterable[Reason],
    imputed: Mapping[str, ImputedValue],
) -> Confidence:
    """Return the lowest of the component levels, with a reason for each that lowers it.

    `probability` is that of every category staying the same, None for a model without categories.
    """
    found = [_stability(probability)]
    evidence = Evidence.LOCAL if validated_here else model.evidence_for(region).grade
    found.append((_BY_EVIDENCE[evidence], Reason(f"evidence-{evidence.value}")))
    for spec, missing in absent:
        subject = {"feature": missing.name, "input": spec.name}
        if spec.name in imputed:
            found.append(("low", _imputed(imputed[spec.name], spec, subject)))
        else:
            found.append(("medium", Reason("input-not-known", subject)))
    for feature in features:
        found.extend(("medium", caution) for caution in feature.cautions)
    found.extend(("medium", reason) for reason in unknown_states)
    level = min((level for level, _ in found), key=_ORDER.index)
    return Confidence(level, probability, tuple(reason for _, reason in found))


def _imputed(found: ImputedValue, spec: InputSpec, subject: Mapping[str, str]) -> Reason:
    figures = {"value": found.value, "low": found.low, "high": found.high}
    values = {name: f"{figure:.3g}" for name, figure in figures.items()}
    values |= {"unit": spec.unit, "population": found.population}
    return Reason(IMPUTED, dict(subject) | values)


def _stability(probability: float | None) -> tuple[Level, Reason]:
    if probability is None:
        # Nothing shows that such an estimate is stable, so it is never of high confidence.
        return "medium", Reason("category-none")
    # Never rounded up: "90 %" would contradict a level that says that 90 % was not reached.
    share = {"percent": f"{math.floor(100 * probability)}"}
    if probability < UNSTABLE:
        return "low", Reason("category-unstable", share)
    if probability < STABLE:
        return "medium", Reason("category-uncertain", share)
    return "high", Reason("category-stable", share)
