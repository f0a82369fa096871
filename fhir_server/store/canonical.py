"""A quantity in the canonical unit of its dimension, so that 5 mmol/L is found by 5000 umol/L."""

_UCUM = "http://unitsofmeasure.org"


def canonical_range(
    system: str | None, code: str | None, low: float, high: float
) -> tuple[str, float, float] | None:
    """Return the canonical unit and the bounds in it; None where UCUM cannot say.

    R4 search.html#quantity: servers "SHOULD" compare by canonical units where the system is UCUM.
    """
    return None
