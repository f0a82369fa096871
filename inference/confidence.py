"""The level of confidence by a documented minimum rule (docs/explanation/confidence.md)."""

from collections.abc import Collection, Iterable, Sequence

from inference.contract import Evidence, InputSpec, ModelDefinition
from inference.features.feature import Absent, Feature
from inference.prediction import Confidence, Level
from inference.reasons import Reason

_ORDER: tuple[Level, ...] = ("low", "medium", "high")
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
    imputed: Collection[str] = (),
) -> Confidence:
    """Return the lowest of the component levels, with a reason for each that lowers it.

    `probability` is that of the category staying the same, None for a model without categories.
    """
    found = [_stability(probability)]
    evidence = Evidence.LOCAL if validated_here else model.evidence_for(region).grade
    found.append((_BY_EVIDENCE[evidence], Reason(f"evidence-{evidence.value}")))
    for spec, missing in absent:
        subject = {"feature": missing.name, "input": spec.name}
        if spec.name in imputed:
            found.append(("low", Reason("input-imputed", subject)))
        else:
            found.append(("medium", Reason("input-not-known", subject)))
    for feature in features:
        found.extend(("medium", caution) for caution in feature.cautions)
    found.extend(("medium", reason) for reason in unknown_states)
    level = min((level for level, _ in found), key=_ORDER.index)
    return Confidence(level, probability, tuple(reason for _, reason in found))


def _stability(probability: float | None) -> tuple[Level, Reason]:
    if probability is None:
        # Nothing shows that such an estimate is stable, so it is never of high confidence.
        return "medium", Reason("category-none")
    share = {"percent": f"{100 * probability:.0f}"}
    if probability < UNSTABLE:
        return "low", Reason("category-unstable", share)
    if probability < STABLE:
        return "medium", Reason("category-uncertain", share)
    return "high", Reason("category-stable", share)
