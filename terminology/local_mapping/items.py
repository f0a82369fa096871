"""One row of a laboratory's dictionary, and what it says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from terminology.local_mapping.names import NameReading, read_name
from terminology.local_mapping.properties import of_unit
from terminology.local_mapping.specimens import stated
from terminology.units import ucum_code


@dataclass(frozen=True, slots=True)
class LocalItem:
    """A local code as the laboratory describes it; "" and () where it does not.

    `names` are Chinese or English; `samples` are results as printed; `section` is the part of the
    laboratory (生化, Chemistry); `system` is the URI of the code system, "" for the file's own.
    """

    code: str
    names: tuple[str, ...]
    unit: str = ""
    specimen: str = ""
    section: str = ""
    samples: tuple[str, ...] = ()
    system: str = ""


@dataclass(frozen=True, slots=True)
class ItemReading:
    """What an item says: its names together, its specimen and its possible properties.

    `specimen` is "" where nothing tells it for certain or two places contradict each other
    (`specimens` then has both); `specimen_unread` is whether the item names one that is not known.
    `properties` are those of the unit, else of words in the name; `methods` are those of both.
    """

    item: LocalItem
    name: NameReading
    specimens: frozenset[str]
    specimen: str
    specimen_unread: bool
    properties: frozenset[str]
    methods: frozenset[str]
    time: str


# What words of a name say of the property.
WORD_PROPERTIES: Final[Mapping[str, frozenset[str]]] = {
    "count": frozenset({"NCnc", "Naric", "Num"}),
    "fraction": frozenset({"NFr", "MFr", "VFr", "AFr", "RelACnc"}),
    "activity": frozenset({"RelACnc", "CCnc", "ACnc"}),
    "ratio": frozenset({"Ratio", "MRto", "SRto", "RelTime", "NRto"}),
    "titer": frozenset({"Titr"}),
    "mass": frozenset({"MCnc"}),
    "pressure": frozenset({"PPres"}),
    "interpretation": frozenset({"Imp"}),
}
# What is counted in a field of the microscope is counted under it.
_COUNTED: Final[Mapping[str, frozenset[str]]] = {
    "/[HPF]": frozenset({"hpf"}),
    "/[LPF]": frozenset({"lpf"}),
}
# Blood in a serum tube is serum: the narrower word counts.
_WIDER: Final[Mapping[str, frozenset[str]]] = {
    "Blood": frozenset({"Bld", "Ser", "Plas", "SerPl", "PPP", "BldA", "BldC", "BloodSer"}),
    "SerPl": frozenset({"Ser", "Plas"}),
    "BloodSer": frozenset({"Bld", "Ser", "Plas", "SerPl", "PPP", "BldA", "BldC"}),
}


def read_item(item: LocalItem) -> ItemReading:
    """Return what an item says of itself."""
    name = NameReading(parts=_of_dimer(item.unit))
    for each in item.names:
        name = name.joined(read_name(each))
    column = stated(item.specimen, item.section) if item.specimen else ""
    specimens = _narrowed(name.specimens | ({column} if column else set()))
    unit = of_unit(item.unit)
    words = frozenset().union(*(WORD_PROPERTIES[each] for each in name.properties))
    time = "24H" if name.times or "24H" in read_name(item.specimen).times else "Pt"
    return ItemReading(
        item=item,
        name=name,
        specimens=specimens,
        specimen=next(iter(specimens)) if len(specimens) == 1 else "",
        specimen_unread=bool(item.specimen.strip()) and not column,
        properties=unit or words,
        methods=name.methods | _COUNTED.get(ucum_code(item.unit) or "", frozenset()),
        time=time,
    )


def _of_dimer(unit: str) -> frozenset[str]:
    """Return what a D-dimer is counted in where its unit tells: 1 DDU is about 2 FEU."""
    return frozenset(each for each in ("feu", "ddu") if each in unit.casefold())


def _narrowed(specimens: frozenset[str]) -> frozenset[str]:
    """Return the specimens without one that another says more exactly."""
    return frozenset(each for each in specimens if not (_WIDER.get(each, frozenset()) & specimens))
