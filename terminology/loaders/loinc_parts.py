"""LOINC's parts: what they are, of which terms, and the hierarchy over parts and terms.

Sources: LOINC Users' Guide, "LOINC Parts" and "Component Hierarchy by System";
http://hl7.org/fhir/R4/loinc.html for the names of the properties.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from terminology.loaders.drafts import Draft, Drafts
from terminology.loaders.loinc_terms import AXES, optional, text_of
from terminology.loaders.report import Report
from terminology.loaders.sources import Source
from terminology.loaders.tables import File, file_named, files, rows

LOINC: Final = "http://loinc.org"
_RADLEX: Final = "http://radlex.org"
_PART: Final = re.compile(r"LP[0-9]+-[0-9]")
_PROPERTY: Final = re.compile(r"http://loinc\.org/property/([A-Za-z_-]+)")
# Until 2.72 the hierarchy was delivered under the second name.
_HIERARCHIES: Final = ("ComponentHierarchyBySystem.csv", "MultiAxialHierarchy.csv")
_ENDED: Final = frozenset(("DEPRECATED", "INACTIVE"))


def read_parts(sources: Sequence[Source], drafts: Drafts, report: Report) -> None:
    """Add every part: abstract, because nothing is observed by one."""
    file = optional(sources, "Part.csv", "names of parts", report)
    needed = ("PartNumber", "PartTypeName", "PartName")
    for row in rows(file, needed, report) if file else ():
        code, name, shown = row["PartNumber"], row["PartName"], row["PartDisplayName"]
        if _PART.fullmatch(code) is None or not name:
            report.refuse(row.file, row.line, "no part number, or no name", row.text)
            continue
        told = [("PartTypeName", row["PartTypeName"]), ("Status", row["Status"])]
        part = Draft(
            code=code,
            display=name,
            texts=[text_of("DisplayName", shown)] if shown not in ("", name) else [],
            properties=[(each, "valueString", value) for each, value in told if value],
            is_inactive=row["Status"] in _ENDED,
            is_abstract=True,
        )
        if drafts.add(part):
            report.loaded[row.file] += 1
        else:
            report.refuse(row.file, row.line, "this code stood here before", row.text)


def read_links(sources: Sequence[Source], drafts: Drafts, report: Report) -> frozenset[str]:
    """Add to terms the parts of which they are made; return the properties that these are."""
    found = files(sources, r"LoincPartLink(_Primary|_Supplementary)?\.csv")
    if not found:
        report.absent.append(("LoincPartLink_Primary.csv", "the parts of terms"))
    codings: dict[tuple[str, str], dict[str, str]] = {}
    names: set[str] = set()
    for file in found:
        names |= _read_links_of(file, drafts, codings, report)
    return frozenset(names)


def _read_links_of(
    file: File, drafts: Drafts, codings: dict[tuple[str, str], dict[str, str]], report: Report
) -> set[str]:
    names: set[str] = set()
    for row in rows(file, ("LoincNumber", "PartNumber", "PartName", "Property"), report):
        draft, code, name = drafts.get(row["LoincNumber"]), row["PartNumber"], row["PartName"]
        match = _PROPERTY.fullmatch(row["Property"])
        if draft is None or match is None or _PART.fullmatch(code) is None:
            why = "no such term" if draft is None else "no part number, or no property"
            report.refuse(row.file, row.line, why, row.text)
            continue
        report.loaded[row.file] += 1
        names.add(match[1])
        coding = codings.setdefault((code, name), _coding(LOINC, code, name))
        _link(draft, match[1], coding)
    return names


def _link(draft: Draft, name: str, coding: dict[str, str]) -> None:
    """Add a part, in the place of its name where the table of terms had only that."""
    if name in (*AXES, "CLASS"):
        for each in draft.properties:
            if each[0] == name and each[1] == "valueString":
                draft.properties.remove(each)
                draft.filtered_by.append((name, each[2]))
                break
    draft.properties.append((name, "valueCoding", coding))
    if coding.get("display"):
        draft.filtered_by.append((name, coding["display"]))


def read_radiology(sources: Sequence[Source], drafts: Drafts, report: Report) -> frozenset[str]:
    """Add to terms of radiology their attributes, with the RadLex and Playbook ids of these.

    Return the properties that these are.
    """
    file = optional(sources, "LoincRsnaRadiologyPlaybook.csv", "RadLex ids of terms", report)
    needed = ("LoincNumber", "PartNumber", "PartTypeName", "PartName")
    names: set[str] = set()
    for row in rows(file, needed, report) if file else ():
        draft, kind = drafts.get(row["LoincNumber"]), row["PartTypeName"]
        if draft is None or not kind.startswith("Rad.") or not _PART.fullmatch(row["PartNumber"]):
            report.refuse(row.file, row.line, "no such term, or no part of radiology", row.text)
            continue
        report.loaded[row.file] += 1
        # R4: `Rad.Anatomic Location.Region Imaged` is `rad-anatomic-location-region-imaged`.
        name = re.sub(r"[^a-z]+", "-", kind.lower())
        names.add(name)
        _link(draft, name, _coding(LOINC, row["PartNumber"], row["PartName"]))
        if row["RID"]:
            rid = _coding(_RADLEX, row["RID"], row["PreferredName"])
            draft.properties.append(("RID", "valueCoding", rid))
        if row["RPID"]:
            draft.properties.append(("RPID", "valueString", row["RPID"]))
    return frozenset(names)


def read_hierarchy(sources: Sequence[Source], drafts: Drafts, report: Report) -> None:
    """Link parts and terms; a part that stands only here is added with its text here."""
    found = [file_named(sources, each) for each in _HIERARCHIES]
    file = next((each for each in found if each is not None), None)
    if file is None:
        report.absent.append((_HIERARCHIES[0], "what stands above what"))
        return
    links: list[tuple[str, int, str, str, str]] = []
    for row in rows(file, ("IMMEDIATE_PARENT", "CODE", "CODE_TEXT"), report):
        code, text = row["CODE"], row["CODE_TEXT"]
        if code not in drafts and (_PART.fullmatch(code) is None or not text):
            report.refuse(row.file, row.line, "no such term, and no part with a name", row.text)
            continue
        if code not in drafts:
            drafts.add(Draft(code=code, display=text, is_abstract=True))
        links.append((row.file, row.line, row.text, code, row["IMMEDIATE_PARENT"]))
    for name, line, text, code, parent in links:
        if parent == code or (parent and parent not in drafts):
            why = "it stands above itself" if parent == code else "what stands above it is unknown"
            report.refuse(name, line, why, text)
            continue
        report.loaded[name] += 1
        if parent:
            drafts.link(code, parent)


def _coding(system: str, code: str, display: str) -> dict[str, Any]:
    coding = {"system": system, "code": code}
    return {**coding, "display": display} if display else coding
