"""Candidates: the LOINC codes that a local code may become, by their six axes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Candidate:
    """A LOINC code with its names and axes; an axis that the source does not tell is "".

    `names` begins with the display. `component` is text, `system` and `method` are canonical
    (`specimens`, the vocabulary's methods), `property` is LOINC's abbreviation, `units` are UCUM,
    `rank` is the place among common tests, 0 where it is not known.
    """

    code: str
    names: tuple[str, ...]
    component: str
    property: str = ""
    time: str = "Pt"
    system: str = ""
    scale: str = ""
    method: str = ""
    units: tuple[str, ...] = ()
    rank: int = 0

    def display(self) -> str:
        """Return the name that people are shown."""
        return self.names[0]


def merged(pools: Iterable[Sequence[Candidate]]) -> tuple[Candidate, ...]:
    """Return the candidates of several pools, each code once; a pool is a sequence of candidates.

    The first pool that has a code gives its axes; the names and units of all are kept.
    """
    found: dict[str, Candidate] = {}
    for pool in pools:
        for each in pool:
            known = found.get(each.code)
            if known is None:
                found[each.code] = each
                continue
            found[each.code] = replace(
                known,
                names=tuple(dict.fromkeys((*known.names, *each.names))),
                units=tuple(dict.fromkeys((*known.units, *each.units))),
                rank=known.rank or each.rank,
            )
    return tuple(found.values())
