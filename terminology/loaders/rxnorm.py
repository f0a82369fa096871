"""RxNorm from the hospital's own release: concepts with their names, relations and attributes.

Sources: https://www.nlm.nih.gov/research/umls/rxnorm/docs/techdoc.html, chapter 12 (file formats);
http://hl7.org/fhir/R4/rxnorm.html for properties.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from fhir_server.r4.codec import JsonObject
from terminology.loaders.drafts import SYNONYM, Draft, Drafts
from terminology.loaders.report import Report
from terminology.loaders.sources import Source, SourceRefused
from terminology.loaders.tables import File, Row, file_named
from terminology.releases.form import About, Text
from terminology.releases.writing import ReleaseWriter

URL: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"
_OWN: Final = "RXNORM"
_COLUMNS: Final = {
    "RXNCONSO.RRF": (
        "RXCUI", "LAT", "TS", "LUI", "STT", "SUI", "ISPREF", "RXAUI", "SAUI", "SCUI", "SDUI",
        "SAB", "TTY", "CODE", "STR", "SRL", "SUPPRESS", "CVF",
    ),
    "RXNREL.RRF": (
        "RXCUI1", "RXAUI1", "STYPE1", "REL", "RXCUI2", "RXAUI2", "STYPE2", "RELA", "RUI", "SRUI",
        "SAB", "SL", "DIR", "RG", "SUPPRESS", "CVF",
    ),
    "RXNSAT.RRF": (
        "RXCUI", "LUI", "SUI", "RXAUI", "STYPE", "CODE", "ATUI", "SATUI", "ATN", "SAB", "ATV",
        "SUPPRESS", "CVF",
    ),
    "RXNSAB.RRF": (
        "VCUI", "RCUI", "VSAB", "RSAB", "SON", "SF", "SVER", "VSTART", "VEND", "IMETA", "RMETA",
        "SLC", "SCC", "SRL", "TFR", "CFR", "CXTY", "TTYL", "ATNL", "LAT", "CENC", "CURVER",
        "SABIN", "SSN", "SCIT",
    ),
}  # fmt: skip
RELATIONS: Final = (
    "consists_of", "constitutes", "contained_in", "contains", "dose_form_of", "doseformgroup_of",
    "form_of", "has_dose_form", "has_doseformgroup", "has_form", "has_ingredient",
    "has_ingredients", "has_part", "has_precise_ingredient", "has_quantified_form",
    "has_tradename", "ingredient_of", "ingredients_of", "inverse_isa", "isa", "part_of",
    "precise_ingredient_of", "quantified_form_of", "reformulated_to", "reformulation_of",
    "tradename_of",
)  # fmt: skip
FILTERABLE: Final = ("TTY", "SUPPRESS", "inactive", "NDC", "ATC", *RELATIONS)
# RxNorm's full release carries the ATC codes of substances as a source of its own.
_ATC: Final = "ATC"
_ATC_SUBSTANCE: Final = re.compile(r"[A-V][0-9]{2}[A-Z]{2}[0-9]{2}")
# Types of names that stand beside the one of the concept's own type.
_BESIDE: Final = frozenset(("SY", "TMSY", "PSN", "ET"))
_LIVING: Final = "N"
_DATE: Final = re.compile(r"rxnorm\w*?_([0-9]{8})", re.IGNORECASE)


def load(
    sources: Sequence[Source],
    writer: ReleaseWriter,
    report: Report,
    *,
    version: str = "",
) -> About:
    """Read the files, write the release's content, and return what it is.

    SourceRefused where RXNCONSO.RRF or RXNREL.RRF is missing, or no version can be told.
    """
    found = {name: file_named(sources, name) for name in _COLUMNS}
    names, relations = found["RXNCONSO.RRF"], found["RXNREL.RRF"]
    if names is None or relations is None:
        raise SourceRefused("There is no RXNCONSO.RRF with RXNREL.RRF. Give the whole release.")
    version = version or _version(sources, found["RXNSAB.RRF"])
    if not version:
        raise SourceRefused("The release does not tell its version: give it (--version 01052026).")
    drafts, attributes = Drafts(), found["RXNSAT.RRF"]
    if attributes is None:
        report.absent.append(("RXNSAT.RRF", "attributes, such as strength and NDC"))
    _read_names(names, drafts, report)
    _read_relations(relations, drafts, report)
    _read_attributes(attributes, drafts, report)
    drafts.write(writer)
    return About(url=URL, version=version, head=_head(version), uses=(SYNONYM,))


def _rows(file: File, report: Report, *, sources: Collection[str] = (_OWN,)) -> Iterator[Row]:
    """Yield the rows of RxNorm itself; each line ends with the sign that parts the columns."""
    names = _COLUMNS[file.short.upper()]
    columns = {name: at for at, name in enumerate(names)}
    for number, line in enumerate(file.source.lines(file.name), 1):
        values = line.removesuffix("|").split("|")
        if len(values) != len(names):
            why = f"{len(values)} columns instead of {len(names)}"
            report.refuse(file.short, number, why, line)
            continue
        row = Row(file.short, number, line, columns, values)
        if row["SAB"] in sources or not row["SAB"]:
            yield row
        else:
            report.left_out[file.short, "of another source"] += 1


def _read_names(file: File, drafts: Drafts, report: Report) -> None:
    found: dict[str, list[Row]] = {}
    atc: list[Row] = []
    for row in _rows(file, report, sources=(_OWN, _ATC)):
        if not row["RXCUI"].isdecimal() or not row["STR"] or not row["TTY"]:
            report.refuse(row.file, row.line, "no RXCUI, no name or no type", row.text)
        elif row["SAB"] == _ATC:
            atc.append(row)
        else:
            report.loaded[row.file] += 1
            found.setdefault(row["RXCUI"], []).append(row)
    if not found:
        raise SourceRefused(f"{file.short}: no row of it is a concept of RxNorm.")
    for code, named in found.items():
        drafts.add(_concept(code, sorted(named, key=_order)))
    _add_atc(atc, drafts, report)


def _add_atc(rows: Sequence[Row], drafts: Drafts, report: Report) -> None:
    """Add a substance's ATC codes to its concept; ATC's own groups are no concepts of RxNorm."""
    for row in rows:
        draft = drafts.get(row["RXCUI"])
        if draft is None or not _ATC_SUBSTANCE.fullmatch(row["CODE"]):
            report.left_out[row.file, "of another source"] += 1
            continue
        report.loaded[row.file] += 1
        told = ("ATC", "valueString", row["CODE"])
        if told not in draft.properties:
            draft.properties.append(told)


def _order(row: Row) -> tuple[bool, bool, str, str]:
    return row["TTY"] in _BESIDE, row["SUPPRESS"] != _LIVING, row["TTY"], row["STR"]


def _concept(code: str, named: list[Row]) -> Draft:
    first = named[0]
    own = [each for each in named if each["TTY"] not in _BESIDE] or [first]
    is_inactive = all(each["SUPPRESS"] != _LIVING for each in own)
    others = {each["STR"] for each in named} - {first["STR"]}
    return Draft(
        code=code,
        display=first["STR"],
        texts=[Text(each, "en", 0) for each in sorted(others)],
        properties=[
            *(("TTY", "valueString", each["TTY"]) for each in own),
            ("SUPPRESS", "valueString", first["SUPPRESS"]),
            ("inactive", "valueBoolean", is_inactive),
        ],
        is_inactive=is_inactive,
    )


def _read_relations(file: File, drafts: Drafts, report: Report) -> None:
    """Techdoc 12.7: the second concept has the relation to the first."""
    for row in _rows(file, report):
        kind, other = row["RELA"], row["RXCUI1"]
        if not kind or not row["RXCUI2"]:
            report.left_out[row.file, "of names, or without a label"] += 1
            continue
        draft = drafts.get(row["RXCUI2"])
        if draft is None or other not in drafts:
            report.refuse(row.file, row.line, "no such concept", row.text)
            continue
        report.loaded[row.file] += 1
        draft.properties.append((kind, "valueCode", other))
        if kind in RELATIONS:
            # R4, "Filter Properties": the other concept is written `CUI:161`.
            draft.filtered_by.append((kind, f"CUI:{other}"))
        if kind == "isa":
            drafts.link(draft.code, other)


def _read_attributes(file: File | None, drafts: Drafts, report: Report) -> None:
    for row in _rows(file, report) if file else ():
        draft = drafts.get(row["RXCUI"])
        if draft is None or not row["ATN"] or not row["ATV"]:
            report.refuse(row.file, row.line, "no such concept, or no value", row.text)
            continue
        report.loaded[row.file] += 1
        draft.properties.append((row["ATN"], "valueString", row["ATV"]))


def _version(sources: Sequence[Source], listing: File | None) -> str:
    """R4: the date of the release as its file is named, MMDDYYYY; else what RXNSAB says."""
    named = (_DATE.search(each.label) for each in sources)
    told = next((each[1] for each in named if each is not None), "")
    if told or listing is None:
        return told
    own = (r for r in _rows(listing, Report()) if r["RSAB"] == _OWN and r["CURVER"] == "Y")
    return next((each["SVER"] for each in own), "")


def _head(version: str) -> JsonObject:
    codes = dict.fromkeys(RELATIONS, "code") | {"TTY": "string", "SUPPRESS": "string"}
    codes |= {"inactive": "boolean", "NDC": "string", "ATC": "string"}
    return {
        "resourceType": "CodeSystem",
        "url": URL,
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": "urn:oid:2.16.840.1.113883.6.88"}],
        "version": version,
        "name": "RxNorm",
        "title": "RxNorm",
        "status": "active",
        "publisher": "National Library of Medicine (NLM)",
        "copyright": "RxNorm is used under the UMLS licence of the hospital; its own content (SAB "
        "RXNORM) is in the public domain. Courtesy of the U.S. National Library of Medicine.",
        "caseSensitive": True,
        "language": "en",
        # R4, "No Subsumption relationships are defined by RxNorm": `isa` leads from a drug to the
        # group of its ingredients and form.
        "hierarchyMeaning": "grouped-by",
        "content": "complete",
        "property": [{"code": code, "type": kind} for code, kind in sorted(codes.items())],
    }
