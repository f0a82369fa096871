"""RadLex from the hospital's own file: OWL as RSNA publishes it, or a table.

Sources: https://radlex.org (OWL in RDF/XML); https://bioportal.bioontology.org/ontologies/RADLEX
(the table with `Class ID` and `Preferred Label`).
"""

import re
from collections.abc import Sequence
from typing import Final

from fhir_server.r4.codec import JsonObject
from terminology.loaders.drafts import SYNONYM, Draft, Drafts
from terminology.loaders.radlex_owl import read_owl
from terminology.loaders.report import Report
from terminology.loaders.sources import Source, SourceRefused
from terminology.loaders.tables import File, Row, files, rows
from terminology.releases.form import About, Text
from terminology.releases.writing import ReleaseWriter

URL: Final = "http://radlex.org"
FILTERABLE: Final = ("inactive", "FMAID", "SNOMED_ID", "UMLS_ID", "Part_Of", "Replaced_by")
_RID: Final = re.compile(r"(?:.*[/#])?(RID[0-9]+)")
_LABEL_VERSION: Final = re.compile(r"radlex\D*([0-9]+(?:\.[0-9]+)+)", re.IGNORECASE)
# The names of columns in the tables that are about, by what stands there.
_COLUMNS: Final = {
    "class id": "code", "rid": "code", "radlex id": "code",
    "preferred label": "name", "display": "name", "name": "name", "preferred name": "name",
    "synonyms": "synonyms", "synonym": "synonyms",
    "definitions": "definition", "definition": "definition",
    "parents": "parents", "parent": "parents", "obsolete": "obsolete",
    "name_zh": "zh-CN", "chinese": "zh-CN", "中文名称": "zh-CN", "name_de": "de",
    "preferred_name_german": "de", "preferred_name_for_obsolete": "obsolete name",
}  # fmt: skip


def load(
    sources: Sequence[Source],
    writer: ReleaseWriter,
    report: Report,
    *,
    version: str = "",
) -> About:
    """Read the file, write the release's content, and return what it is.

    SourceRefused where there is neither OWL nor table, or no version can be told.
    """
    drafts = Drafts()
    tables, ontologies = files(sources, r".*\.csv"), files(sources, r".*\.(owl|rdf|xml)")
    if len(tables) + len(ontologies) != 1:
        names = ", ".join(each.short for each in (*tables, *ontologies)) or "none"
        raise SourceRefused(f"One OWL file (.owl) or one table (.csv) is wanted; there is {names}.")
    named = [_LABEL_VERSION.search(each.label) for each in sources]
    told = [version or next((each[1] for each in named if each is not None), "")]
    told.extend(read_owl(each, drafts, report) for each in ontologies)
    _read_tables(tables, drafts, report)
    drafts.write(writer)
    known = next((each for each in told if each), "")
    if not known:
        raise SourceRefused("The file does not tell its version: give it (--version 4.1).")
    if not len(drafts):
        raise SourceRefused("No row of it is a RadLex term.")
    return About(url=URL, version=known, head=_head(known), uses=(SYNONYM,))


def _read_tables(tables: Sequence[File], drafts: Drafts, report: Report) -> None:
    above: list[tuple[str, Row, str]] = []
    for file in tables:
        for row in rows(file, ("code", "name"), report, named=_named):
            match = _RID.fullmatch(row["code"])
            if match is None or not _name(row, match[1]):
                report.refuse(row.file, row.line, "no RID, or no name", row.text)
            elif drafts.add(_draft(match[1], row)):
                above += ((match[1], row, each) for each in row["parents"].split("|") if each)
                report.loaded[row.file] += 1
            else:
                report.refuse(row.file, row.line, "this RID stood here before", row.text)
    for code, row, parent in above:
        match = _RID.fullmatch(parent.strip())
        if match is not None and match[1] in drafts:
            drafts.link(code, match[1])
        elif not parent.endswith("#Thing"):
            report.absent.append((row.file, f"line {row.line}: {parent}, which is above {code}"))


def _named(header: str) -> str:
    # BioPortal names what is RadLex's own by its address: http://radlex.org/RID/Comment.
    own = header.rpartition("/RID/Preferred_")[1:]
    return _COLUMNS.get("".join(own).removeprefix("/RID/").casefold(), header)


def _name(row: Row, code: str) -> str:
    """Return the name; an obsolete term has its RID in this column, and its name in another."""
    return row["obsolete name"] if row["name"] in ("", code) else row["name"]


def _draft(code: str, row: Row) -> Draft:
    synonyms = [each.strip() for each in row["synonyms"].split("|") if each.strip()]
    is_obsolete = row["obsolete"].casefold() in ("true", "1", "yes")
    # The table does not say in which language a synonym is.
    name = _name(row, code)
    texts = [Text(each, "", 0) for each in synonyms if each != name]
    texts += (Text(row[tag], tag) for tag in ("zh-CN", "de") if row[tag])
    return Draft(
        code=code,
        display=name,
        definition=row["definition"],
        texts=sorted(texts, key=lambda each: (each.language, each.value)),
        properties=[("inactive", "valueBoolean", is_obsolete)],
        is_inactive=is_obsolete,
    )


def _head(version: str) -> JsonObject:
    return {
        "resourceType": "CodeSystem",
        "url": URL,
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": "urn:oid:2.16.840.1.113883.6.256"}],
        "version": version,
        "name": "RadLex",
        "title": "RadLex radiology lexicon",
        "status": "active",
        "publisher": "Radiological Society of North America (RSNA)",
        "copyright": "RadLex is used under the licence of RSNA, which is free of charge: "
        "https://www.rsna.org/practice-tools/data-tools-and-standards/radlex-radiology-lexicon",
        "caseSensitive": True,
        "language": "en",
        "hierarchyMeaning": "is-a",
        "content": "complete",
        "property": [{"code": "inactive", "type": "boolean"}],
    }
