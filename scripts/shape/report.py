"""What a measure says: one row of the table, with the places that break its limit."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A measure, its figure, its limit, and each place that breaks it ("path:line what")."""

    measure: str
    figure: str
    limit: str
    broken: tuple[str, ...] = ()


def at_most(measure: str, figure: float, limit: float, *, unit: str = "") -> Row:
    """Return the row of a figure of the whole repository that may not pass `limit`."""
    broken = () if figure <= limit else (f"{measure}: {figure:g}{unit}",)
    return Row(measure, f"{figure:g}{unit}", f"<= {limit:g}{unit}", broken)


def percentile(values: Sequence[int], share: float) -> int:
    """Return the smallest value that at least `share` of `values` do not exceed; 0 of none."""
    ordered = sorted(values)
    if not ordered:
        return 0
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def table(rows: Sequence[Row]) -> str:
    """Return the rows as aligned text, the broken places below each broken row."""
    widths = [
        max(len(getattr(row, column)) for row in rows) for column in ("measure", "figure", "limit")
    ]
    text = []
    for row in rows:
        mark = "BROKEN" if row.broken else "ok"
        cells = (row.measure.ljust(widths[0]), row.figure.rjust(widths[1]))
        text.append(f"{cells[0]}  {cells[1]}  {row.limit.ljust(widths[2])}  {mark}")
        text.extend(f"    {place}" for place in row.broken)
    return "\n".join(text)
