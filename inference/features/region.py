"""What the country of the deployment decides, and nothing in a patient's record can."""

from typing import Final

from inference.features.feature import Feature

# KFRE's North American cohorts were of these two countries (Tangri 2016).
_NORTH_AMERICA: Final = ("CA", "US")


def north_america(region: str) -> Feature:
    """Return 1 where the deployment's ISO 3166 country has KFRE's North American baseline risk."""
    return Feature("north_america", float(region in _NORTH_AMERICA), "1", region, ())
