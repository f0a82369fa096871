"""What kind of number an input is, so that every way in reads it alike."""

from inference.contract import InputSpec
from terminology.catalogue import Catalogue


def is_flag(spec: InputSpec) -> bool:
    """Whether an input is a yes or no (male is one)."""
    return spec.unit == "1" and (spec.low, spec.high) == (0, 1)


def is_whole(spec: InputSpec, catalogue: Catalogue) -> bool:
    """Whether an input takes whole numbers only: the age, and a place in an order.

    The product counts age in completed years, and so do the cards: 58.7 would give another risk.
    """
    return spec.feature == "age" or (spec.unit == "1" and catalogue.measured(spec.feature) is None)
