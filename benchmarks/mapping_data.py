"""A folder with a real hospital's mapped items and a pool: read, and parted for an own split.

The folder is not part of this repository. It holds `mimic_labitems_to_loinc_train.csv` (items of
MIMIC-IV with LOINC codes that people chose, MIT licence), `loinc_top2000_SI_v1.6.csv`,
`loinc_top2000_US_v1.6.csv` and `loinc_release_layout/`.
"""

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from terminology.check_digits import is_loinc_code
from terminology.local_mapping.candidates import Candidate, merged
from terminology.local_mapping.items import LocalItem
from terminology.local_mapping.loinc_names import parse
from terminology.local_mapping.pools import read_pool

ITEMS: Final = "mimic_labitems_to_loinc_train.csv"
_TABLES: Final = ("loinc_top2000_SI_v1.6.csv", "loinc_top2000_US_v1.6.csv")
_RELEASE: Final = "loinc_release_layout"
_SEED: Final = "attending-local-mapping:"

Part = Literal["train", "held-out"]


@dataclass(frozen=True, slots=True)
class Mapped:
    """An item, the code that a person mapped it to, the code's name."""

    item: LocalItem
    code: str
    name: str


def part_of(code: str) -> Part:
    """Return the part that a LOINC code's items are in: all of one code are in one part."""
    return "train" if hashlib.sha256((_SEED + code).encode()).digest()[0] % 2 else "held-out"


def read_items(folder: Path) -> tuple[Mapped, ...]:
    """Return the mapped items; a code with a wrong check digit (spreadsheets make them) is out."""
    with (folder / ITEMS).open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if is_loinc_code(row["omop_concept_code"])]
    return tuple(
        Mapped(
            LocalItem(
                code=row["itemid"],
                names=(row["label"],),
                unit=row["valueuom"],
                specimen=row["fluid"],
                section=row["category"],
            ),
            row["omop_concept_code"],
            row["omop_concept_name"],
        )
        for row in rows
    )


def read_all(folder: Path, items: Sequence[Mapped]) -> tuple[Candidate, ...]:
    """Return the pool: common codes, every code that an item has, part of a release."""
    tables = [read_pool(folder / name) for name in _TABLES]
    needed = {each.code: parse(each.code, each.name) for each in items}
    return merged([*tables, tuple(needed.values()), read_pool(folder / _RELEASE)])
