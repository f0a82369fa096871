"""A quantity in the canonical unit of its dimension, so that 5 mmol/L is found by 5000 umol/L."""

from functools import lru_cache

from fhir_server.store.tables import key_text
from terminology import ucum

UCUM = "http://unitsofmeasure.org"


# A laboratory reports the same values again and again; exact arithmetic takes some 4 us.
@lru_cache(maxsize=4096)
def canonical_range(
    system: str | None, code: str | None, low: float, high: float
) -> tuple[str, float, float] | None:
    """Return the canonical unit and the bounds in it; None where UCUM cannot say.

    R4 search.html#quantity: "the server may choose to perform a search based on canonical units".
    """
    if system != UCUM or not code:
        return None
    canonical = ucum.canonical(code)
    if canonical is None:
        return None
    return key_text(canonical.code), *canonical.interval(low, high)
