"""What is refused of a file's rows: where it stands, what it is, and what would be taken."""

from dataclasses import dataclass
from typing import Literal

RefusalCode = Literal[
    "missing",  # a required input has no value
    "not-a-number",
    "not-a-flag",
    "not-whole",
    "implausible",  # no living body has it: a slip or a wrong unit
    "outside-domain",
    "contradiction",  # it and another value of its row cannot both be right
    "excluded",
    "state-not-known",
    "cells",  # the line has more or fewer cells than the header
    "model-failed",
]


@dataclass(frozen=True, slots=True)
class Refusal:
    """One value that was not taken; `row` counts from 1 below the header.

    `whole` says that the row was not scored; otherwise the value alone was left out, as on a card,
    and what needs it is empty. `low`, `high` and `unit` bound what is taken.
    """

    row: int
    code: RefusalCode
    column: str
    value: str
    whole: bool = True
    low: float | None = None
    high: float | None = None
    unit: str = ""
    id: str | None = None
