"""ATC from a table of codes and names; its hierarchy is that of the codes.

Source: https://atcddd.fhi.no/atc/structure_and_principles/ (levels of 1, 3, 4, 5 and 7 characters).
"""

import re
from collections.abc import Sequence
from typing import Final

from fhir_server.r4.codec import JsonObject
from terminology.loaders.drafts import SYNONYM, Draft, Drafts
from terminology.loaders.report import Report
from terminology.loaders.sources import Source, SourceRefused
from terminology.loaders.tables import File, Row, files, rows
from terminology.releases.form import About, Text
from terminology.releases.writing import ReleaseWriter

URL: Final = "http://www.whocc.no/atc"
FILTERABLE: Final = ("level",)
_CODE: Final = re.compile(r"[A-Z]([0-9]{2}([A-Z]([A-Z]([0-9]{2})?)?)?)?")
_LEVELS: Final = {1: 1, 3: 2, 4: 3, 5: 4, 7: 5}
# What the column of codes, or of names, is called in the tables that are about.
_COLUMNS: Final = {
    "code": "code", "atc code": "code", "atc_code": "code", "class id": "code", "编码": "code",
    "name": "name", "atc level name": "name", "atc_name": "name", "preferred label": "name",
    "名称": "name", "name_zh": "zh-CN", "中文名称": "zh-CN",
}  # fmt: skip


def load(
    sources: Sequence[Source],
    writer: ReleaseWriter,
    report: Report,
    *,
    version: str = "",
) -> About:
    """Read the tables, write the release's content, and return what it is.

    SourceRefused without a version, a table or a column.
    """
    if not version:
        raise SourceRefused("A table of ATC does not tell its year: give it (--version 2026).")
    drafts, found = Drafts(), files(sources, r".*\.(csv|txt|tsv)")
    if not found:
        raise SourceRefused("There is no table (.csv, .txt or .tsv).")
    for file in found:
        _read(file, drafts, report)
    if not len(drafts):
        raise SourceRefused("No row of it is an ATC code with a name.")
    _link(drafts, report)
    drafts.write(writer)
    return About(url=URL, version=version, head=_head(version), uses=(SYNONYM,))


def _read(file: File, drafts: Drafts, report: Report) -> None:
    first = next(iter(file.source.lines(file.name)), "")
    delimiter = max(",;\t|", key=first.count)
    for row in rows(file, ("code", "name"), report, named=_named, delimiter=delimiter):
        # BioPortal has the address of the class: http://purl.bioontology.org/ontology/ATC/A10BA02.
        code, name = row["code"].rpartition("/")[2], row["name"]
        if _CODE.fullmatch(code) is None or not name:
            report.refuse(row.file, row.line, "no ATC code, or no name", row.text)
        elif drafts.add(_draft(code, row)):
            report.loaded[row.file] += 1
        else:
            _again(drafts, code, row, report)


def _again(drafts: Drafts, code: str, row: Row, report: Report) -> None:
    """WHO's table has a row for each defined daily dose: the same code and name again."""
    draft = drafts.get(code)
    if draft is not None and draft.display == row["name"]:
        report.left_out[row.file, "this code with another dose"] += 1
    else:
        report.refuse(row.file, row.line, "this code stood here with another name", row.text)


def _named(header: str) -> str:
    return _COLUMNS.get(header.casefold(), header)


def _draft(code: str, row: Row) -> Draft:
    return Draft(
        code=code,
        display=row["name"],
        texts=[Text(row["zh-CN"], "zh-CN")] if row["zh-CN"] else [],
        properties=[("level", "valueString", str(_LEVELS[len(code)]))],
    )


def _link(drafts: Drafts, report: Report) -> None:
    for draft in drafts:
        code = draft.code
        above = [code[:n] for n in (5, 4, 3, 1) if n < len(code)]
        # Where a group is not in the table its members still belong to the one above it.
        found = next((each for each in above if each in drafts), None)
        if found is not None:
            drafts.link(code, found)
        if above and found != above[0]:
            report.absent.append((above[0], f"the group above {code}"))


def _head(version: str) -> JsonObject:
    return {
        "resourceType": "CodeSystem",
        "url": URL,
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": "urn:oid:2.16.840.1.113883.6.73"}],
        "version": version,
        "name": "ATC",
        "title": "Anatomical Therapeutic Chemical classification",
        "status": "active",
        "publisher": "WHO Collaborating Centre for Drug Statistics Methodology",
        "copyright": "ATC is used under the terms of the WHO Collaborating Centre for Drug "
        "Statistics Methodology: https://atcddd.fhi.no/copyright_disclaimer/",
        "caseSensitive": True,
        "language": "en",
        "hierarchyMeaning": "is-a",
        "content": "complete",
        "property": [{"code": "level", "type": "string"}],
    }
