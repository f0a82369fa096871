"""How a value that was computed, not measured, is written beside those that were."""

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


def converted(reported: str, value: float, unit: str) -> str:
    """Return a value as it was reported, and in the model's unit too where that is another.

    "9.05 mmol/L is outside 130-320 mg/dL" would read as if it lay below.
    """
    if unit in ("1", "a") or reported.endswith(f" {unit}"):
        return reported
    return f"{reported} = {value:.6g} {unit}"
