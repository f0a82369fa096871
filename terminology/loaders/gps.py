"""The SNOMED CT Global Patient Set: codes and names of SNOMED CT, and nothing about them.

Free to use everywhere (CC BY 4.0). Two forms: a table with a column of codes and one of fully
specified names (CSV or tab-separated, in UTF-8), or RF2 snapshot files of concepts and
descriptions. Source: https://docs.snomed.org/snomed-ct-practical-guides/snomed-gps-ig: "the GPS
must be treated as a flat collection of identifiers and terms".
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from fhir_server.r4.codec import JsonObject
from terminology.check_digits import is_sctid
from terminology.loaders.report import Report
from terminology.loaders.snomed import URL, SnomedLoader
from terminology.loaders.sources import Source, SourceRefused
from terminology.releases.form import About, Body, Text
from terminology.releases.writing import ReleaseWriter

FILTERABLE: Final = ("inactive",)
_PREFIX: Final = "gps-"
_FULLY_SPECIFIED: Final[JsonObject] = {
    "system": URL,
    "code": "900000000000003001",
    "display": "Fully specified name",
}
# "Clinical finding (finding)": the last parenthesis of a fully specified name is its semantic tag.
_TAG: Final = re.compile(r"(?P<name>.+?)\s+\([^()]+\)")
# Columns by their names without blanks, underscores and capitals.
_COLUMNS: Final[Mapping[str, frozenset[str]]] = {
    "code": frozenset(("code", "id", "conceptid", "sctid", "identifier", "conceptidentifier")),
    "name": frozenset(("fsn", "fullyspecifiedname", "fullyspecifiednamefsn")),
    "preferred": frozenset(("pt", "preferredterm", "preferredterminternationalenglish")),
    "active": frozenset(("active", "status", "conceptstatus")),
}
_ACTIVE: Final = frozenset(("1", "true", "active"))
_INACTIVE: Final = frozenset(("0", "false", "inactive"))


def load(
    sources: Sequence[Source], writer: ReleaseWriter, report: Report, *, version: str = ""
) -> About:
    """Read the Global Patient Set into a writer; return what it is.

    `version` is its date, "" where RF2 files say it. SourceRefused where a file has no columns of
    codes and names, or where its version is not known: it is stored as `gps-VERSION`, beside and
    never in the place of an edition.
    """
    if version.startswith("http"):
        text = f"{version[:80]}: the Global Patient Set is no edition of SNOMED CT; give its date."
        raise SourceRefused(text)
    if any("sct2_" in name for source in sources for name in source.names()):
        about = SnomedLoader(sources, report, needed=("Concept", "Description")).load(writer)
        date = version or about.version.rpartition("/")[2]
        return msgspec.structs.replace(about, version=_named(date), head=_head(_named(date)))
    if not version:
        raise SourceRefused("The file does not say its version; give it: --version 20240701.")
    files = [(source, name) for source in sources for name in source.names()]
    if not sum(_load_table(source, name, writer, report) for source, name in files):
        named = ", ".join(name for _, name in files)[:200]
        raise SourceRefused(f"{named}: no first line names columns `code` and `fsn`.")
    named = _named(version)
    return About(url=URL, version=named, head=_head(named), uses=(_FULLY_SPECIFIED,))


def _named(date: str) -> str:
    return _PREFIX + date.removeprefix(_PREFIX)


def _load_table(source: Source, file: str, writer: ReleaseWriter, report: Report) -> bool:
    """Read a file; whether it is a table of codes and names (a read-me beside it is none)."""
    lines = source.lines(file)
    header = next(lines, "")
    delimiter = "\t" if "\t" in header else ","
    places = _places(next(csv.reader([header], delimiter=delimiter), []))
    if "code" not in places or "name" not in places:
        report.left_out[file, "no columns of codes and names"] += 1
        return False
    for line, row, text in _rows(lines, delimiter, places):
        why = _fault(row)
        if not why and writer.add(row["code"], _body(row)) is None:
            why = "this concept stood here before"
        if why:
            report.refuse(file, line, why, text)
        else:
            report.loaded[file] += 1
    return True


def _rows(
    lines: Iterator[str], delimiter: str, places: Mapping[str, int]
) -> Iterator[tuple[int, Mapping[str, str], str]]:
    """Yield line, values by the names of `_COLUMNS`, and the row as it stands."""
    # Tab-separated files of SNOMED International quote nothing.
    for number, line in enumerate(lines, 2):
        if line:
            values = line.split("\t") if delimiter == "\t" else next(csv.reader([line]))
            held = {key: values[at].strip() for key, at in places.items() if at < len(values)}
            yield number, held, line


def _places(header: Sequence[str]) -> dict[str, int]:
    plain = [re.sub(r"[^a-z]", "", each.lower()) for each in header]
    return {
        key: at for key, names in _COLUMNS.items() for at, each in enumerate(plain) if each in names
    }


def _fault(row: Mapping[str, str]) -> str:
    if not is_sctid(row.get("code", "")):
        return "no SNOMED CT identifier, or its check digit is wrong"
    if not row.get("name"):
        return "no fully specified name"
    status = row.get("active", "active").lower()
    return "" if status in _ACTIVE | _INACTIVE else "its status is neither active nor inactive"


def _body(row: Mapping[str, str]) -> Body:
    name = row["name"]
    match = _TAG.fullmatch(name)
    is_inactive = row.get("active", "active").lower() in _INACTIVE
    return Body(
        display=row.get("preferred") or (name if match is None else match["name"]),
        texts=(Text(name, "en", 0),),
        properties=(("inactive", "valueBoolean", is_inactive),),
        is_inactive=is_inactive,
    )


def _head(version: str) -> JsonObject:
    return {
        "resourceType": "CodeSystem",
        "url": URL,
        "version": version,
        "name": "SNOMED_CT_GPS",
        "title": "SNOMED CT Global Patient Set",
        "status": "active",
        "caseSensitive": True,
        "language": "en",
        "content": "fragment",
        "copyright": "The Global Patient Set is produced by SNOMED International and is licensed "
        "under the Creative Commons Attribution 4.0 International Public License "
        "(https://creativecommons.org/licenses/by/4.0/). SNOMED CT is © and ® SNOMED "
        "International.",
        "property": [{"code": "inactive", "type": "boolean"}],
    }
