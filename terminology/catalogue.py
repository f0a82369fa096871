"""The curated catalogue of what the risk models measure: analytes, LOINC codes, units, ranges."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Literal, get_args

FactorKind = Literal["none", "molar", "hba1c", "acr", "enzyme"]


@dataclass(frozen=True, slots=True)
class LoincCode:
    """A LOINC code of an analyte, the property that LOINC gives it and a UCUM unit of that kind.

    `names` are LOINC's long common names of it: the newest, then those of older releases.
    """

    code: str
    property: str
    unit: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Analyte:
    """One measurable quantity; compared by identity, because a catalogue holds each once.

    `canonical_unit` is UCUM ("" for a coded answer such as the smoking status). The plausible
    range is what a living body can have, in the canonical unit; it is no reference range.
    `factor` says which conversion beyond the metric one is valid: by `molar_mass` (g/mol), the
    HbA1c master equation, the creatinine of a ratio, or the enzyme unit; `valence` admits
    equivalents.
    """

    id: str
    name_en: str
    name_zh: str
    canonical_unit: str
    loinc: tuple[str, ...]
    codes: tuple[LoincCode, ...]
    plausible_low: Decimal | None
    plausible_high: Decimal | None
    factor: FactorKind
    molar_mass: Decimal | None
    valence: int | None

    @property
    def is_coded(self) -> bool:
        """Whether the analyte is answered by a code and has no unit."""
        return not self.canonical_unit

    def is_plausible(self, value: Decimal) -> bool:
        """Whether a living body can have `value`, given in the canonical unit."""
        low, high = self.plausible_low, self.plausible_high
        return (low is None or value >= low) and (high is None or value <= high)


class Catalogue:
    """The analytes by id and by LOINC code; a code belongs to one analyte only."""

    def __init__(self, analytes: Iterable[Analyte]) -> None:
        self.analytes: tuple[Analyte, ...] = tuple(analytes)
        self._by_id: dict[str, Analyte] = {}
        self._by_loinc: dict[str, tuple[Analyte, LoincCode]] = {}
        for analyte in self.analytes:
            if analyte.id in self._by_id:
                raise ValueError(f"the catalogue holds analyte {analyte.id!r} twice")
            self._by_id[analyte.id] = analyte
            for code in analyte.codes:
                if code.code in self._by_loinc:
                    raise ValueError(f"the catalogue holds LOINC {code.code} twice")
                self._by_loinc[code.code] = analyte, code

    def analyte(self, id: str) -> Analyte:
        """The analyte of that id; KeyError where the catalogue has none."""
        return self._by_id[id]

    def measured(self, id: str) -> Analyte | None:
        """The analyte of that id that has a unit, None for a coded one and for another id."""
        found = self._by_id.get(id)
        return None if found is None or found.is_coded else found

    def entry(self, code: str) -> tuple[Analyte, LoincCode] | None:
        """The analyte of a LOINC code with the code's own row, None outside the catalogue."""
        return self._by_loinc.get(code)

    def by_loinc(self, code: str) -> Analyte | None:
        """The analyte that a LOINC code measures, None outside the catalogue."""
        found = self._by_loinc.get(code)
        return found[0] if found else None

    def loinc_code(self, code: str) -> LoincCode | None:
        """The catalogue's row for a LOINC code, None outside the catalogue."""
        found = self._by_loinc.get(code)
        return found[1] if found else None


@cache
def load() -> Catalogue:
    """The catalogue that ships with the product; the same object on every call."""
    codes: dict[str, list[LoincCode]] = {}
    for row in _rows("lab_codes.csv"):
        names = tuple(row["names"].split("|"))
        code = LoincCode(row["loinc"], row["property"], row["unit"], names)
        codes.setdefault(row["analyte"], []).append(code)
    analytes = [_analyte(row, codes.pop(row["id"], [])) for row in _rows("lab_catalogue.csv")]
    if codes:
        raise ValueError(f"lab_codes.csv names analytes that do not exist: {sorted(codes)}")
    return Catalogue(analytes)


def _rows(name: str) -> list[dict[str, str]]:
    text = files("terminology").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _analyte(row: Mapping[str, str], codes: Iterable[LoincCode]) -> Analyte:
    kept = tuple(codes)
    return Analyte(
        id=row["id"],
        name_en=row["name_en"],
        name_zh=row["name_zh"],
        canonical_unit=row["canonical_unit"],
        loinc=tuple(code.code for code in kept),
        codes=kept,
        plausible_low=_decimal(row["low"]),
        plausible_high=_decimal(row["high"]),
        factor=_factor(row["factor"]),
        molar_mass=_decimal(row["molar_mass"]),
        valence=int(row["valence"]) if row["valence"] else None,
    )


def _factor(text: str) -> FactorKind:
    for kind in get_args(FactorKind):
        if text == kind:
            return text  # type: ignore[return-value]  # get_args loses the Literal
    raise ValueError(f"lab_catalogue.csv has an unknown factor {text!r}")


def _decimal(text: str) -> Decimal | None:
    return Decimal(text) if text else None
