"""The review list: what a person is shown of an item, and what the person decided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from terminology.check_digits import is_loinc_code
from terminology.local_mapping.dictionary import table
from terminology.local_mapping.suggest import MOST

# Names of the columns in the catalogues of texts; `loinc` is where a person writes.
CANDIDATES: Final = tuple(f"candidate-{place}" for place in range(1, MOST + 1))
COLUMNS: Final = ("system", "code", "name", "unit", "specimen", "doubt", *CANDIDATES, "loinc")


class ReviewRefused(ValueError):
    """A review list cannot be taken; `fault` for machines, `values` for the sentence about it."""

    def __init__(self, fault: str, **values: object) -> None:
        super().__init__(f"{fault}: {values}")
        self.fault = fault
        self.values = values


@dataclass(frozen=True, slots=True)
class Decision:
    """A row that a person confirmed; `suggested` is whether the code was among the candidates."""

    system: str
    code: str
    name: str
    loinc: str
    display: str
    suggested: bool


def read_decisions(text: str, *, headers: Mapping[str, str]) -> tuple[Decision, ...]:
    """Return the rows whose LOINC cell is filled; ReviewRefused where one cannot be taken.

    `headers` leads from what is printed over a column to its name in `COLUMNS`. The cell holds a
    LOINC code, or the place of a candidate (1 to 5).
    """
    rows, header = table(text)
    missing = [name for name in COLUMNS if name not in {headers.get(each) for each in header}]
    if missing:
        raise ReviewRefused("column-missing", columns=", ".join(missing), found=", ".join(header))
    named = [
        (line, {headers.get(key, key): cell for key, cell in row.items()}) for line, row in rows
    ]
    decisions: list[Decision] = []
    seen: dict[tuple[str, str], int] = {}
    for line, row in named:
        first = seen.setdefault((row["system"], row["code"]), line)
        if first != line:
            raise ReviewRefused("code-twice", code=row["code"], line=line, first=first)
        if row["loinc"]:
            decisions.append(_decision(row, line))
    return tuple(decisions)


def _decision(row: Mapping[str, str], line: int) -> Decision:
    if not row["system"] or not row["code"]:
        raise ReviewRefused("row-without", line=line)
    offered = dict(_offered([row[name] for name in CANDIDATES]))
    written = row["loinc"]
    if written.isdecimal():
        place = int(written)
        if not 1 <= place <= len(offered):
            raise ReviewRefused("no-such-place", line=line, place=written, places=len(offered))
        written = list(offered)[place - 1]
    if not is_loinc_code(written):
        raise ReviewRefused("no-loinc", line=line, written=written)
    return Decision(
        system=row["system"],
        code=row["code"],
        name=row["name"],
        loinc=written,
        display=offered.get(written, ""),
        suggested=written in offered,
    )


def _offered(cells: Sequence[str]) -> list[tuple[str, str]]:
    """Return code and display of each filled candidate cell."""
    found = []
    for cell in filter(None, cells):
        code, _, display = cell.partition(" ")
        found.append((code, display))
    return found
