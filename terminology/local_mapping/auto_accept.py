"""The rules by which a mapping is accepted without a person.

An item passes only where everything that it says agrees with one candidate and nothing is left
unexplained. A likeness of names is never enough: 糖化血红蛋白 is like 血红蛋白, 磷酸盐 like
碱性磷酸酶.
"""

from collections.abc import Iterator, Sequence
from typing import Final, Literal

from terminology.local_mapping.candidates import Candidate
from terminology.local_mapping.items import WORD_PROPERTIES, ItemReading
from terminology.local_mapping.names import NameReading
from terminology.local_mapping.properties import of_unit
from terminology.local_mapping.samples import judge
from terminology.local_mapping.specimens import agreement
from terminology.local_mapping.vocabulary import load
from terminology.units import ucum_code

# The measurement of other rules says nothing of these: change it with every change below.
RULES: Final = "3"

Doubt = Literal[
    "name-unknown",
    "name-unexplained",
    "name-ambiguous",
    "not-for-rules",
    "unit-missing",
    "unit-unknown",
    "unit-unusual",
    "name-against-unit",
    "specimen-missing",
    "specimen-contradictory",
    "specimen-vague",
    "qualitative",
    "no-candidate",
    "several-candidates",
    "samples-implausible",
    "samples-words",
    "not-first",
    "rules-off",
]


def accepted(item: ItemReading, named: Sequence[Candidate]) -> Candidate | Doubt:
    """Return the one candidate that the item equals, or the first doubt.

    `named` are all candidates of the pool that measure what the item's name says.
    """
    for doubt in _doubts_of_item(item):
        return doubt
    equal = [each for each in named if _equals(item, each)]
    if len(equal) > 1:
        return "several-candidates"
    if not equal or equal[0].time != item.time:
        return "no-candidate"
    verdict = judge(item.item.samples, code=equal[0].code, unit=item.item.unit)
    if verdict == "implausible":
        return "samples-implausible"
    return "samples-words" if verdict == "words" else equal[0]


def _doubts_of_item(item: ItemReading) -> Iterator[Doubt]:
    yield from _doubts_of_name(item.name)
    yield from _doubts_of_unit(item)
    if len(item.specimens) > 1:
        yield "specimen-contradictory"
    if item.specimen_unread:
        yield "specimen-missing"
    if not item.specimens:
        yield "specimen-missing"
    if item.specimen in {"Blood", "BloodSer"} and not _is_surely_serum(item):
        yield "specimen-vague"


def _is_surely_serum(item: ItemReading) -> bool:
    """Whether blood can only mean serum or plasma: a section for it, and no whole-blood assay.

    Ethanol, glucose, electrolytes and the like are measured in whole blood too.
    """
    analytes = item.name.analytes
    return item.specimen == "BloodSer" and all(load().is_serum_only(each) for each in analytes)


def _doubts_of_name(name: NameReading) -> Iterator[Doubt]:
    if not name.analytes:
        yield "name-unknown"
    if len(name.analytes) > 1:
        yield "name-ambiguous"
    if name.words or name.parts or name.ratio:
        yield "name-unexplained"
    if any(not load().units(each) for each in name.analytes):
        yield "not-for-rules"
    if "Ord" in name.scales:
        yield "qualitative"


def _doubts_of_unit(item: ItemReading) -> Iterator[Doubt]:
    if not item.item.unit.strip():
        yield "unit-missing"
    code = ucum_code(item.item.unit)
    if code is None:
        yield "unit-unknown"
    if any(code not in load().units(each) for each in item.name.analytes):
        yield "unit-unusual"
    for word in item.name.properties:
        if not WORD_PROPERTIES[word] & item.properties:
            yield "name-against-unit"


def _equals(item: ItemReading, candidate: Candidate) -> bool:
    """Whether every axis of the candidate beside its component is what the item says."""
    methods = {candidate.method} if candidate.method else set()
    return (
        candidate.property in of_unit(item.item.unit)
        and candidate.scale == "Qn"
        and agreement(item.specimen, candidate.system) == "same"
        and methods == item.methods
        # A code of unspecified time may be meant as well: a person decides which.
        and candidate.time in {item.time, "XXX"}
    )
