"""The pool and the Chinese dictionary of tests/data, and how tests ask for suggestions."""

import csv
from functools import cache
from pathlib import Path

from terminology.local_mapping import pools
from terminology.local_mapping.candidates import merged
from terminology.local_mapping.items import LocalItem
from terminology.local_mapping.ranking import Ranker, load_weights
from terminology.local_mapping.suggest import Suggested, suggest

DATA = Path(__file__).parents[3] / "data" / "local_mapping"


@cache
def ranker() -> Ranker:
    """The shipped catalogue and the pool of tests/data."""
    pool = merged([pools.read_pool(DATA / "pool.csv"), pools.shipped()])
    return Ranker(pool, weights=load_weights().weights)


def item(
    name: str, unit: str = "", specimen: str = "", *samples: str, section: str = ""
) -> LocalItem:
    return LocalItem("X1", (name,), unit, specimen, section, samples, "urn:id:H1:99LIS")


def suggested(
    name: str, unit: str = "", specimen: str = "", *samples: str, section: str = ""
) -> Suggested:
    return suggest(item(name, unit, specimen, *samples, section=section), ranker())


def accepted(
    name: str, unit: str = "", specimen: str = "", *samples: str, section: str = ""
) -> str | None:
    """The code that the rules accept, else the doubt."""
    found = suggested(name, unit, specimen, *samples, section=section)
    return found.accepted.code if found.accepted else found.doubt


@cache
def chinese() -> tuple[dict[str, str], ...]:
    with (DATA / "chinese_items.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def local_item(row: dict[str, str]) -> LocalItem:
    names = tuple(filter(None, (row["name"], row["english"])))
    samples = tuple(filter(None, row["samples"].split(";")))
    return LocalItem(
        row["code"], names, row["unit"], row["specimen"], row["section"], samples, "urn:x"
    )
