"""Drugs by their substances: which ATC codes a code of RxNorm or SNOMED CT stands for.

The flags of the models are rules over ATC; this table lets the other codes of a drug share them.
RxNorm's own codes (RXCUI, of ingredients) and those of SNOMED CT's Global Patient Set are free.
A substance has each ATC code of the routes by which it is given: that timolol was prescribed as
eye drops its ingredient does not tell. Left out are acetylsalicylic acid for the mouth (A01AD05)
and diltiazem as ointment (C05AE03).
"""

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from terminology.codings import RXNORM, SNOMED, Coding

AtcCodes = frozenset[str]

_COLUMNS = {"rxcui": RXNORM, "sctid": SNOMED}


@cache
def _rows() -> tuple[Mapping[str, str], ...]:
    text = files("terminology").joinpath("data", "drugs.csv").read_text("utf-8")
    return tuple(csv.DictReader(text.splitlines()))


@cache
def _by_code() -> Mapping[tuple[str, str], AtcCodes]:
    return {
        (system, row[column]): frozenset(row["atc"].split())
        for row in _rows()
        for column, system in _COLUMNS.items()
        if row[column]
    }


@cache
def _by_name() -> Mapping[str, AtcCodes]:
    return {
        name.casefold(): frozenset(row["atc"].split())
        for row in _rows()
        for name in (row["substance"], row["also"])
        if name
    }


def atc_of(coding: Coding) -> AtcCodes | None:
    """Return the ATC codes of a listed ingredient or class of drugs, None of any other code."""
    return _by_code().get((coding.system or "", coding.code))


def atc_of_substance(name: str) -> AtcCodes | None:
    """Return the ATC codes of a substance by its English name, INN or USAN, None if unlisted.

    The name is a terminology's own, never a record's text.
    """
    return _by_name().get(name.casefold())
