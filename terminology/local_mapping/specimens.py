"""Specimens: whether a laboratory's specimen and a LOINC system are the same material."""

from collections.abc import Mapping
from typing import Final, Literal

from terminology.local_mapping.names import read_name

Agreement = Literal["same", "possible", "unknown", "different"]

# LOINC's SYSTEM axis, as printed in releases and in long common names, to the vocabulary's codes.
_SYSTEMS: Final[Mapping[str, str]] = {
    "ser": "Ser", "serum": "Ser", "plas": "Plas", "plasma": "Plas", "ser/plas": "SerPl",
    "serum or plasma": "SerPl", "ppp": "PPP", "platelet poor plasma": "PPP", "bld": "Bld",
    "blood": "Bld", "bldv": "BldV", "venous blood": "BldV", "blda": "BldA",
    "arterial blood": "BldA", "bldc": "BldC", "capillary blood": "BldC", "bldco": "BldCo",
    "cord blood": "BldCo", "ser/plas/bld": "SerPlBld", "serum, plasma or blood": "SerPlBld",
    "bld.dot": "DBS",
    "dried blood spot": "DBS", "urine": "Ur", "unspecified time urine": "Ur",
    "urine sed": "UrSed", "urine sediment": "UrSed", "csf": "CSF",
    "cerebral spinal fluid": "CSF", "stool": "Stl", "periton fld": "Periton",
    "peritoneal fluid": "Periton", "plr fld": "Plr", "pleural fluid": "Plr",
    "pericard fld": "Pericard", "pericardial fluid": "Pericard", "synv fld": "Synv",
    "synovial fluid": "Synv", "body fld": "Fld", "body fluid": "Fld", "amnio fld": "Amn",
    "amniotic fluid": "Amn", "bone mar": "Mar", "bone marrow": "Mar", "semen": "Semen",
    "sputum": "Sputum", "saliva": "Saliva", "sweat": "Sweat", "gast fld": "Gast",
    "gastric fluid": "Gast", "hair": "Hair", "calculus": "Stone", "stone": "Stone",
    "tiss": "Tiss", "tissue": "Tiss", "xxx": "XXX", "specimen": "XXX",
    "unspecified specimen": "XXX", "rbc": "RBC", "red blood cells": "RBC",
}  # fmt: skip
_KNOWN: Final = frozenset(_SYSTEMS.values())
# What is the same material: serum and plasma have the common system Ser/Plas.
_SAME: Final[Mapping[str, frozenset[str]]] = {
    "Ser": frozenset({"Ser", "SerPl"}),
    "Plas": frozenset({"Plas", "SerPl"}),
    "SerPl": frozenset({"SerPl"}),
    "PPP": frozenset({"PPP"}),
    "Bld": frozenset({"Bld"}),
    "BloodSer": frozenset({"SerPl"}),
    "Blood": frozenset(),
}
# What it may be as well: the word says too little, or the code is wider.
_POSSIBLE: Final[Mapping[str, frozenset[str]]] = {
    "Ser": frozenset({"SerPlBld"}),
    "Plas": frozenset({"PPP", "SerPlBld"}),
    "PPP": frozenset({"Plas"}),
    "SerPl": frozenset({"Ser", "Plas", "PPP", "SerPlBld"}),
    "Blood": frozenset({
        "Ser", "Plas", "SerPl", "PPP", "Bld", "BldV", "BldA", "SerPlBld", "RBC",
    }),
    "BloodSer": frozenset({"Ser", "Plas", "PPP", "Bld", "BldV", "BldA", "SerPlBld", "RBC"}),
    "Bld": frozenset({"BldV", "BldA", "BldC", "SerPlBld", "RBC"}),
    "BldA": frozenset({"Bld", "SerPlBld"}),
    "BldC": frozenset({"Bld"}),
    "Ur": frozenset({"UrSed", "Fld"}),
    "Stl": frozenset({"Fld"}),
    "CSF": frozenset({"Fld"}),
    "Mar": frozenset({"Fld"}),
    "UrSed": frozenset({"Ur"}),
    "Periton": frozenset({"Fld"}),
    "Plr": frozenset({"Fld"}),
    "Synv": frozenset({"Fld"}),
    "Pericard": frozenset({"Fld"}),
    "Fld": frozenset({"Amn", "Periton", "Plr", "Synv", "Pericard"}),
}  # fmt: skip
# Sections of a laboratory that work on serum or plasma, by words of their names.
_SERUM_SECTIONS: Final = ("chemistry", "immunology", "serology", "生化", "免疫")


def system_code(text: str) -> str:
    """Return the canonical system of LOINC's spelling; an unlisted one stays as it is spelled."""
    folded = " ".join(text.lower().split()).removeprefix("24 hour ")
    return _SYSTEMS.get(folded, folded)


def stated(specimen: str, section: str = "") -> str:
    """Return the canonical specimen of a laboratory's word, "" where it is not known.

    `Blood`, also 静脉血, says neither whole blood nor serum; in a section for chemistry or
    immunology (`BloodSer`) it is serum or plasma, but for what has a whole-blood assay (HbA1c).
    """
    found = read_name(specimen)
    if len(found.specimens) != 1 or found.component:
        return ""
    (code,) = found.specimens
    if code == "Blood" and any(word in section.lower() for word in _SERUM_SECTIONS):
        return "BloodSer"
    return code


def agreement(specimen: str, system: str) -> Agreement:
    """Return whether a stated specimen and a candidate's system are the same material."""
    if not specimen or system not in _KNOWN:
        return "unknown"
    if system in _SAME.get(specimen, frozenset({specimen})):
        return "same"
    if system == "XXX" or system in _POSSIBLE.get(specimen, frozenset()):
        return "possible"
    return "different"
