"""How well a candidate fits an item, as numbers between 0 and 1, each with a name."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from math import log
from typing import Final

from terminology.local_mapping.candidates import Candidate
from terminology.local_mapping.items import ItemReading
from terminology.local_mapping.names import NameReading
from terminology.local_mapping.properties import CONCENTRATIONS, of_unit
from terminology.local_mapping.specimens import agreement

Features = Mapping[str, float]

_LAST_RANK: Final = 3000


def contradicts(item: ItemReading, candidate: Candidate, component: NameReading) -> bool:
    """Whether the candidate cannot be the item: another analyte, material or concentration.

    However alike the names are: haemoglobin is no candidate for haemoglobin A1c, creatinine in
    serum none for creatinine in urine, an enzyme in U/L none for phosphate in mmol/L.
    """
    mine, theirs = item.name.analytes, component.analytes
    if mine and theirs and not mine & theirs:
        return True
    found = {agreement(each, candidate.system) for each in item.specimens}
    if found == {"different"}:
        return True
    return (
        bool(item.properties)
        and item.properties <= CONCENTRATIONS
        and candidate.property in CONCENTRATIONS - item.properties
    )


def features(
    item: ItemReading,
    candidate: Candidate,
    component: NameReading,
    *,
    text: float,
    spelling: float,
    idf: Callable[[str], float],
) -> Features:
    """Return the features of one candidate.

    `text` and `spelling` are the cosines of canonical terms and of trigrams, `component` is the
    candidate's component as read, `idf` tells how much a term says.
    """
    return {
        "text": text,
        "spelling": spelling,
        **_name(item.name, component, idf),
        **_property(item, candidate),
        **_specimen(item, candidate),
        **_method(item, candidate),
        "time-differs": float(item.time != "24H" and candidate.time == "24H")
        + float(item.time == "24H" and candidate.time == "Pt"),
        "common": max(0.0, 1.0 - log(candidate.rank) / log(_LAST_RANK)) if candidate.rank else 0.0,
    }


def _name(name: NameReading, component: NameReading, idf: Callable[[str], float]) -> Features:
    mine, theirs = name.component, component.component
    shared = sum(idf(term) for term in sorted(mine & theirs))
    return {
        "same-name": float(bool(mine) and mine == theirs),
        "explained": shared / (sum(idf(term) for term in sorted(mine)) or 1.0),
        "covered": shared / (sum(idf(term) for term in sorted(theirs)) or 1.0),
    }


@lru_cache(maxsize=131072)
def kinds(candidate: Candidate) -> frozenset[str]:
    """Return the properties that a value of the candidate can have, by its axis and its units."""
    axis = {candidate.property} if candidate.property else set()
    return frozenset(axis).union(*(of_unit(unit) for unit in candidate.units))


def _property(item: ItemReading, candidate: Candidate) -> Features:
    theirs = kinds(candidate)
    known = bool(item.properties and theirs)
    agrees = bool(theirs & item.properties)
    unitless = not item.item.unit and not item.properties
    return {
        "property-agrees": float(known and agrees),
        "property-differs": float(known and not agrees),
        "no-unit-and-presence": float(unitless and candidate.scale == "Ord"),
        "no-unit-and-nominal": float(unitless and candidate.scale == "Nom"),
        "no-unit-and-fraction": float(unitless and candidate.property in {"NFr", "MFr"}),
        "no-unit-and-moles": float(unitless and candidate.property == "SCnc"),
        "scale-differs": float(
            bool(item.name.scales and candidate.scale) and candidate.scale not in item.name.scales
        ),
    }


def _specimen(item: ItemReading, candidate: Candidate) -> Features:
    found = {agreement(each, candidate.system) for each in item.specimens}
    if not item.specimens:
        found = {"unknown"}
    whole = item.specimens == {"Blood"} and candidate.system == "Bld"
    return {
        "specimen-agrees": float("same" in found),
        "specimen-possible": float("possible" in found and "same" not in found),
        "blood-and-whole-blood": float(whole),
        "any-specimen": float(candidate.system == "XXX"),
        "wider-fluid": float(candidate.system == "Fld" and item.specimens != {"Fld"}),
    }


def _method(item: ItemReading, candidate: Candidate) -> Features:
    named = bool(candidate.method) and candidate.method in item.methods
    unasked = bool(candidate.method) and not named
    groups = {
        "automated": {"automated"},
        "manual": {"manual"},
        "assay": {"immunoassay", "coag", "chromogenic", "pcr", "electrophoresis"},
        "microscopy": {"microscopy", "hpf", "lpf"},
    }
    known = {name: candidate.method in methods for name, methods in groups.items()}
    return {
        "method-agrees": float(named),
        "method-missed": float(bool(item.methods) and not named),
        **{f"method-unasked-{name}": float(unasked and found) for name, found in known.items()},
        "method-unasked-other": float(unasked and not any(known.values())),
    }
