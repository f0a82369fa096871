"""Mapping of local codes: how often the right LOINC code is first, or among five; what rules take.

`python -m benchmarks mapping FOLDER`; `benchmarks.mapping_data` says what the folder holds. Weights
and words were made from the training part only, so the figures that count are the held-out ones.
Beside them stands what the ranking does of a Chinese dictionary of this repository.
"""

import csv
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.mapping_data import Mapped, part_of, read_all, read_items
from terminology.local_mapping import pools
from terminology.local_mapping.candidates import merged
from terminology.local_mapping.items import LocalItem
from terminology.local_mapping.measured import load_measurement
from terminology.local_mapping.ranking import Ranker, load_weights
from terminology.local_mapping.suggest import Suggested, suggest

FIRST_WANTED: Final = 0.60
AMONG_FIVE_WANTED: Final = 0.85
_CHINESE: Final = Path(__file__).parents[1] / "tests" / "data" / "local_mapping"


@dataclass(frozen=True, slots=True)
class Count:
    """What came of some items: all, right first, right among five, accepted, accepted falsely."""

    items: int
    first: int
    five: int
    accepted: int
    wrong: int

    def line(self, name: str) -> str:
        """Return the figures as a line."""
        return (
            f"{name:28} {self.items:5}  top-1 {self.first / self.items:.3f}"
            f"  top-5 {self.five / self.items:.3f}"
            f"  accepted {self.accepted:4} ({self.accepted / self.items:6.1%})  wrong {self.wrong}"
        )


def main(folder: Path) -> int:
    """Print the figures; 0 where the held-out part reaches what is wanted."""
    if not folder.is_dir():
        print(f"{folder}: there is no such folder", file=sys.stderr)
        return 2
    items = read_items(folder)
    pool = read_all(folder, items)
    ranker = Ranker(pool, weights=load_weights().weights)
    print(f"pool: {len(pool)} LOINC codes; items: {len(items)}")
    found = [(each, suggest(each.item, ranker)) for each in items]
    for part in ("train", "held-out"):
        inside = [pair for pair in found if part_of(pair[0].code) == part]
        print(_count(inside).line(part))
        for section in sorted({each.item.section for each, _ in inside}):
            of_section = [pair for pair in inside if pair[0].item.section == section]
            print(_count(of_section).line(f"  {section}"))
    held_out = _count(pair for pair in found if part_of(pair[0].code) == "held-out")
    _tell_rules(held_out)
    _chinese()
    reached = (
        held_out.first >= FIRST_WANTED * held_out.items
        and held_out.five >= AMONG_FIVE_WANTED * held_out.items
        and not held_out.wrong
    )
    return 0 if reached else 1


def _count(pairs: Iterable[tuple[Mapped, Suggested]]) -> Count:
    return _counted([(suggested, (mapped.code,)) for mapped, suggested in pairs])


def _counted(pairs: Sequence[tuple[Suggested, Sequence[str]]]) -> Count:
    """Count suggestions against the codes that are right."""
    codes = [([s.candidate.code for s in each.suggestions], right) for each, right in pairs]
    taken = [(each.accepted.code, right) for each, right in pairs if each.accepted is not None]
    return Count(
        items=len(pairs),
        first=sum(bool(found) and found[0] in right for found, right in codes),
        five=sum(any(code in right for code in found) for found, right in codes),
        accepted=len(taken),
        wrong=sum(code not in right for code, right in taken),
    )


def _tell_rules(held_out: Count) -> None:
    stored = load_measurement()
    print(
        f"rules {stored.rules}: precision {stored.precision():.1%} on {stored.accepted} accepted "
        f"of {stored.items}, at least {stored.lower_bound():.1%} with 95 % confidence; they are "
        f"{'used' if stored.allows() else 'not used'}"
    )
    if (stored.accepted, stored.wrong) != (held_out.accepted, held_out.wrong):
        print("the stored measurement is another one: run python -m scripts.fit_local_mapping")


def _chinese() -> None:
    pool = merged([pools.shipped(), pools.read_pool(_CHINESE / "pool.csv")])
    ranker = Ranker(pool, weights=load_weights().weights)
    with (_CHINESE / "chinese_items.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = [(suggest(_item(row), ranker), row["expected"].split("|")) for row in rows]
    mapped = [pair for pair in found if pair[1] != [""]]
    print(f"Chinese dictionary, {len(pool)} LOINC codes ({len(mapped)} items with a code there):")
    print(_counted(mapped).line("  with a code"))
    others = [pair for pair in found if pair[1] == [""]]
    taken = _counted(others).accepted
    print(f"  {'without a code':26} {len(others):5}  accepted {taken} (must be 0)")


def _item(row: dict[str, str]) -> LocalItem:
    names = tuple(filter(None, (row["name"], row["english"])))
    samples = tuple(filter(None, row["samples"].split(";")))
    return LocalItem(row["code"], names, row["unit"], row["specimen"], row["section"], samples)
