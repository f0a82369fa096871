"""From a printed unit to the LOINC properties that a value in that unit can have."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from terminology.unit_table import UNITS
from terminology.units import ucum_code

# Properties of LOINC (Users' Guide, "Kind of Property"), by the dimension of the unit. Each is a
# kind of quantity: mol/L is never a mass concentration, whatever the name says.
_BY_DIMENSION: Final[Mapping[str, frozenset[str]]] = {
    "mass concentration": frozenset({"MCnc", "EntMCnc"}),
    "substance concentration": frozenset({"SCnc"}),
    "charge concentration": frozenset({"SCnc"}),
    # An enzyme in U is catalytic (CCnc); tumour markers and antibodies in U are arbitrary (ACnc).
    "enzyme activity concentration": frozenset({"CCnc", "ACnc"}),
    "arbitrary concentration": frozenset({"ACnc", "CCnc"}),
    "number concentration": frozenset({"NCnc"}),
    # mmol/mol is not among them: HbA1c in % (NGSP) and in mmol/mol (IFCC) are two codes.
    "fraction": frozenset({"NFr", "MFr", "VFr", "AFr", "RelACnc", "RelRto", "Ratio"}),
    "substance ratio": frozenset({"SFr", "SRto"}),
    "mass ratio": frozenset({"MRto", "MCrto", "MCnt"}),
    "mass per substance": frozenset({"Ratio", "MSRto"}),
    "pure number": frozenset({"RelTime", "Ratio", "RelRto", "MRto", "SRto", "NRto"}),
    "pressure": frozenset({"PPres", "Pres"}),
    "flow": frozenset({"VRat"}),
    "flow per body surface": frozenset({"ArVRat"}),
}
_BY_CODE: Final[Mapping[str, frozenset[str]]] = {
    "s": frozenset({"Time"}),
    "min": frozenset({"Time"}),
    "h": frozenset({"Time"}),
    "fL": frozenset({"EntVol"}),
    "pg": frozenset({"EntMass"}),
    "g/(24.h)": frozenset({"MRat"}),
    "mg/(24.h)": frozenset({"MRat"}),
    "mmol/(24.h)": frozenset({"SRat"}),
    "mL/(24.h)": frozenset({"VRat"}),
    "mosm/kg": frozenset({"Osmol"}),
    "mm/h": frozenset({"Vel"}),
    "{titer}": frozenset({"Titr"}),
    "/[HPF]": frozenset({"Naric"}),
    "/[LPF]": frozenset({"Naric"}),
    "[pH]": frozenset({"LsCnc"}),
    **dict.fromkeys(
        ("mg/L{FEU}", "ug/mL{FEU}", "ng/mL{FEU}", "ug/L{FEU}", "ng/mL{DDU}", "mg/L{DDU}"),
        frozenset({"MCnc"}),
    ),
    "L": frozenset({"Vol"}),
    "mL": frozenset({"Vol"}),
    "mg": frozenset({"Mass"}),
    "ug": frozenset({"Mass"}),
}
# LOINC's long common names print the property in brackets.
_BY_NAME: Final[Mapping[str, str]] = {
    "mass/volume": "MCnc", "moles/volume": "SCnc", "enzymatic activity/volume": "CCnc",
    "units/volume": "ACnc", "#/volume": "NCnc", "presence": "PrThr", "titer": "Titr",
    "identifier": "Prid", "interpretation": "Imp", "susceptibility": "Susc",
    "molar ratio": "SRto", "mass ratio": "MRto", "ratio": "Ratio", "# ratio": "NRto",
    "#/area": "Naric", "mass/time": "MRat", "moles/time": "SRat", "partial pressure": "PPres",
    "type": "Type", "multiple of the median": "MoM", "volume fraction": "VFr",
    "entitic volume": "EntVol", "entitic mass": "EntMass", "#": "Num", "log #/volume": "LnCnc",
    "log units/volume": "LaCnc", "time": "Time", "volume": "Vol", "volume rate/area": "ArVRat",
    "mass fraction": "MFr", "molar fraction": "SFr", "mass/mass": "MCnt", "time ratio": "RelTime",
    "enzymatic activity/mass": "CCnt", "velocity": "Vel", "moles/mass": "SCnt",
    "units/mass": "ACnt", "likelihood": "Likelihood", "morphology": "Morph", "finding": "Find",
}  # fmt: skip
# The kinds of concentration, none of which is another.
CONCENTRATIONS: Final = frozenset({"MCnc", "SCnc", "CCnc", "ACnc", "NCnc"})
# Properties whose values are words: presence, identification, type.
_ORDINAL: Final = frozenset({"PrThr"})
_NOMINAL: Final = frozenset(
    {"Prid", "Imp", "Type", "Find", "Morph", "Aper", "Color", "Susc", "Likelihood"}
)


@lru_cache(maxsize=4096)
def of_unit(printed: str) -> frozenset[str]:
    """Return the properties of a value in this unit; empty where the unit is not known.

    A dictionary that lists two units (`ng/mL|ng/mL FEU`) has the properties of each.
    """
    return frozenset[str]().union(*(_of_one(each) for each in printed.split("|")))


def _of_one(printed: str) -> frozenset[str]:
    code = ucum_code(printed)
    if code is None:
        return frozenset()
    unit = UNITS.get(code)
    if unit is None:
        return _BY_CODE.get(code, frozenset())
    return _BY_DIMENSION.get(unit.dimension, frozenset())


def of_brackets(text: str) -> str:
    """Return the property that a long common name prints in brackets, "" where it is another."""
    return _BY_NAME.get(" ".join(text.lower().split()), "")


def scale_of(property: str) -> str:
    """Return the scale of a property: Ord, Nom, Qn, or "" where the property is not known."""
    if property in _ORDINAL:
        return "Ord"
    if property in _NOMINAL:
        return "Nom"
    return "Qn" if property else ""
