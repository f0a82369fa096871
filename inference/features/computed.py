"""How a value that was computed, not measured, is written."""

_DECIMALS = 1
_MOST_DECIMALS = 6


def written(value: float, unit: str) -> str:
    """Return a value with its unit; never as a round figure that it does not reach.

    Scales and domains have their bounds at whole and half figures: an eGFR of 59.96 written as
    60.0 would contradict its own stage.
    """
    for places in range(_DECIMALS, _MOST_DECIMALS):
        figure = f"{value:.{places}f}"
        if not (2 * float(figure)).is_integer() or float(figure) == value:
            break
    return f"{figure} {unit}"
