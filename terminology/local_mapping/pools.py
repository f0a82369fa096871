"""Pools of candidates: the shipped catalogue, a table of common codes, a LOINC release."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

from terminology.catalogue import Analyte, LoincCode
from terminology.catalogue import load as load_catalogue
from terminology.check_digits import is_loinc_code
from terminology.local_mapping.candidates import Candidate
from terminology.local_mapping.loinc_names import method_code, parse
from terminology.local_mapping.properties import scale_of
from terminology.local_mapping.specimens import system_code

_TABLE: Final = "LoincTable/Loinc.csv"
_VARIANTS: Final = "LinguisticVariants/"
_CHINESE: Final = "zhCN"
# LOINC Users' Guide: codes of these states are no target of a new mapping.
_RETIRED: Final = frozenset({"DEPRECATED", "DISCOURAGED"})
# CLASSTYPE: laboratory and clinical; the others are claims and surveys. A table has none.
_MEASURED: Final = frozenset({"1", "2", ""})
# What of the catalogue no laboratory reports: a pulse oximeter's saturation is no blood gas.
_AT_THE_BEDSIDE: Final = frozenset(
    ("sbp", "dbp", "heart_rate", "bmi", "weight", "height", "waist", "spo2", "smoking_status")
)


class PoolRefused(ValueError):
    """A pool cannot be read; the text names the file, what is wrong and what would mend it."""


@cache
def shipped() -> tuple[Candidate, ...]:
    """Return the catalogue's laboratory codes, with Chinese names."""
    analytes = [each for each in load_catalogue().analytes if each.id not in _AT_THE_BEDSIDE]
    return tuple(_candidate(analyte, code) for analyte in analytes for code in analyte.codes)


def _candidate(analyte: Analyte, code: LoincCode) -> Candidate:
    named = parse(code.code, code.names[0], others=(analyte.name_zh,))
    scale = scale_of(code.property)
    return replace(named, property=code.property, scale=scale, units=(code.unit,))


def read_pool(path: Path) -> tuple[Candidate, ...]:
    """Return the candidates of a table (CSV), of a LOINC release's folder or of its zip.

    A table has the columns `LOINC #` or `LOINC_NUM`, and a long common name. PoolRefused where
    it cannot be read, or a code has a wrong check digit.
    """
    if path.is_dir():
        found = _release({str(f.relative_to(path)): f for f in sorted(path.rglob("*.csv"))}, path)
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            members = {
                name: zipfile.Path(archive, name)
                for name in archive.namelist()
                if name.endswith(".csv")
            }
            found = _release(members, path)
    elif path.is_file():
        found = tuple(_table(_rows(path), path))
    else:
        raise PoolRefused(f"{path}: there is no such file or folder")
    if not found:
        raise PoolRefused(f"{path}: holds no LOINC code")
    return found


def _rows(file: Path | zipfile.Path) -> Iterator[dict[str, str]]:
    try:
        yield from csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"), newline=""))
    except UnicodeDecodeError as fault:
        raise PoolRefused(f"{file}: is not UTF-8, as LOINC's files are: {fault}") from fault


def _table(rows: Iterable[Mapping[str, str]], path: Path | zipfile.Path) -> Iterator[Candidate]:
    for number, row in enumerate(rows, start=2):
        code = row.get("LOINC_NUM") or row.get("LOINC #") or ""
        name = row.get("LONG_COMMON_NAME") or row.get("Long Common Name") or ""
        if not is_loinc_code(code):
            raise PoolRefused(
                f"{path}: line {number}: {code!r} is no LOINC code (form or check digit); the file "
                "needs a column 'LOINC_NUM' or 'LOINC #' as LOINC publishes it"
            )
        if row.get("STATUS", "") in _RETIRED or row.get("CLASSTYPE", "") not in _MEASURED:
            continue
        rank = row.get("COMMON_TEST_RANK") or row.get("Rank") or "0"
        short = row.get("SHORTNAME") or row.get("Short Name") or ""
        others = tuple(filter(None, (short, row.get("DisplayName", ""))))
        named = parse(
            code, name or row.get("COMPONENT", ""), others=others, rank=int(rank.strip() or 0)
        )
        yield _with_axes(named, row)


def _with_axes(named: Candidate, row: Mapping[str, str]) -> Candidate:
    """Return the candidate with the axes of a release's row, which go before those of its name."""
    if not row.get("COMPONENT"):
        return named
    return replace(
        named,
        property=row["PROPERTY"],
        time=row["TIME_ASPCT"],
        system=system_code(row["SYSTEM"]),
        scale=row["SCALE_TYP"],
        method=method_code(row["METHOD_TYP"]),
        component=_component(row["COMPONENT"]),
        units=tuple(filter(None, row.get("EXAMPLE_UCUM_UNITS", "").split(";"))),
    )


def _component(text: str) -> str:
    """Return LOINC's component without the whole that a fraction is of, as names are read."""
    first, slash, whole = text.partition("/")
    fraction = slash and (whole.startswith("100 ") or whole.endswith(".total"))
    return first if fraction else text.replace("^", " ")


def _release(members: Mapping[str, Path | zipfile.Path], path: Path) -> tuple[Candidate, ...]:
    tables = [file for name, file in members.items() if name.endswith(_TABLE)]
    if len(tables) != 1:
        raise PoolRefused(
            f"{path}: a LOINC release holds {_TABLE} once, here {len(tables)} times; give the zip "
            "that LOINC publishes, or the folder that it unpacks to"
        )
    names: dict[str, tuple[str, ...]] = {}
    for name, file in members.items():
        if _VARIANTS in name and Path(name).name.startswith(_CHINESE):
            names = {row["LOINC_NUM"]: _chinese(row) for row in _rows(file)}
    return tuple(
        replace(each, names=(*each.names, *names.get(each.code, ())))
        for each in _table(_rows(tables[0]), path)
    )


def _chinese(row: Mapping[str, str]) -> tuple[str, ...]:
    keys = ("LONG_COMMON_NAME", "LinguisticVariantDisplayName", "COMPONENT")
    return tuple(dict.fromkeys(row[key] for key in keys if row.get(key)))
