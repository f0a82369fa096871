"""Values that are each possible and cannot both be right: of one person, at any time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from inference.contract import InputSpec
from inference.features.feature import Absent, Feature
from inference.reasons import Reason


@dataclass(frozen=True, slots=True)
class Bound:
    """That a feature never lies above another, in one unit; `may_equal` it or is below."""

    part: str
    whole: str
    may_equal: bool

    def is_broken(self, part: float, whole: float) -> bool:
        """Whether the two contradict each other."""
        return part > whole or (part == whole and not self.may_equal)


BOUNDS: Final = (
    # HDL is a part of the total: a swap of the two, or one of them in another unit.
    Bound("hdl_cholesterol", "total_cholesterol", may_equal=False),
    Bound("type_2_diabetes_onset_age", "age", may_equal=True),
)


def pairs_of(specs: Sequence[InputSpec]) -> list[tuple[Bound, InputSpec, InputSpec]]:
    """Return the bounds that hold between a model's inputs, which have one unit."""
    by_feature = {spec.feature: spec for spec in specs}
    return [
        (bound, by_feature[bound.part], by_feature[bound.whole])
        for bound in BOUNDS
        if bound.part in by_feature and bound.whole in by_feature
    ]


def without_contradictions(
    specs: Sequence[InputSpec], found: Mapping[str, Feature | Absent]
) -> Mapping[str, Feature | Absent]:
    """Return what was found; of two values that contradict each other the part is not usable."""
    kept = dict(found)
    for bound, part, whole in pairs_of(specs):
        lower, upper = found[part.name], found[whole.name]
        if isinstance(lower, Absent) or isinstance(upper, Absent):
            continue
        if bound.is_broken(lower.value, upper.value):
            values = {"value": lower.reported, "other": whole.feature, "of": upper.reported}
            kept[part.name] = Absent(part.feature, Reason("above-its-whole", values))
    return kept
