"""The risk region in which a hospital lies, which the deployment states and nothing else can."""

from dataclasses import dataclass
from typing import Final, Literal

from inference.features.feature import Absent, Feature
from inference.reasons import Reason

RiskRegion = Literal["low", "moderate", "high", "very-high"]

# A model reads a region as its place in this order.
RISK_REGIONS: Final[tuple[RiskRegion, ...]] = ("low", "moderate", "high", "very-high")


@dataclass(frozen=True, slots=True)
class RiskRegions:
    """The regions that a deployment states: of SCORE2 in Europe, of SCORE2 Asia-Pacific.

    None where it states none. The same word means another mortality in each of the two.
    """

    score2: RiskRegion | None = None
    score2_asia_pacific: RiskRegion | None = None


NOT_STATED: Final = RiskRegions()


def risk_region(name: str, region: RiskRegion | None) -> Feature | Absent:
    """Return the region as 0 (low) to 3 (very high); a region that is not stated is not guessed.

    The country of the patients does not decide: the lists of countries belong to the papers, and
    a hospital near a border or with patients from abroad knows better.
    """
    if region is None:
        return Absent(name, Reason("risk-region-not-set", {"setting": f"ATTENDING_{name.upper()}"}))
    return Feature(name, float(RISK_REGIONS.index(region)), "1", f"risk-region-{region}", ())
