"""LOINC's terms: Loinc.csv, ConsumerName.csv and MapTo.csv.

Sources: LOINC Users' Guide, appendix A (LOINC Database Structure);
http://hl7.org/fhir/R4/loinc.html for properties and designations.
"""

import re
from collections.abc import Sequence
from typing import Final

from terminology.check_digits import is_loinc_code
from terminology.loaders.drafts import Draft, Drafts
from terminology.loaders.report import Report
from terminology.loaders.sources import Source, SourceRefused
from terminology.loaders.tables import File, Row, file_named, rows
from terminology.releases.form import Text

# The uses of texts, by the number under which a release has them.
USES: Final = (
    "LinguisticVariantDisplayName",
    "LONG_COMMON_NAME",
    "FullySpecifiedName",
    "SHORTNAME",
    "DisplayName",
    "ConsumerName",
)
AXES: Final = ("COMPONENT", "PROPERTY", "TIME_ASPCT", "SYSTEM", "SCALE_TYP", "METHOD_TYP")
# Columns that are properties as they stand.
SIMPLE: Final = (
    "CLASSTYPE", "ORDER_OBS", "STATUS", "STATUS_REASON", "STATUS_TEXT", "UNITSREQUIRED",
    "EXAMPLE_UNITS", "EXAMPLE_UCUM_UNITS", "FORMULA", "EXMPL_ANSWERS", "SURVEY_QUEST_TEXT",
    "SURVEY_QUEST_SRC", "HL7_FIELD_SUBFIELD_ID", "HL7_ATTACHMENT_STRUCTURE", "PanelType",
    "AskAtOrderEntry", "AssociatedObservations", "ValidHL7AttachmentRequest", "CHNG_TYPE",
    "CHANGE_REASON_PUBLIC", "COMMON_TEST_RANK", "COMMON_ORDER_RANK", "VersionFirstReleased",
    "VersionLastChanged", "EXTERNAL_COPYRIGHT_NOTICE", "EXTERNAL_COPYRIGHT_LINK",
)  # fmt: skip
_NEEDED: Final = ("LOINC_NUM", *AXES, "CLASS", "STATUS", "LONG_COMMON_NAME")
_STATUSES: Final = frozenset(("ACTIVE", "TRIAL", "DISCOURAGED", "DEPRECATED"))
_VERSION: Final = re.compile(r"[0-9]+\.[0-9]+")


def read_terms(sources: Sequence[Source], drafts: Drafts, report: Report) -> str:
    """Add every term, and return the newest version in which one was changed."""
    file = file_named(sources, "Loinc.csv")
    if file is None:
        raise SourceRefused("There is no file Loinc.csv. Give the zip file of the whole release.")
    newest = ""
    for row in rows(file, _NEEDED, report):
        why = _fault(row)
        if why:
            report.refuse(row.file, row.line, why, row.text)
        elif drafts.add(_term(row)):
            report.loaded[row.file] += 1
            newest = max(newest, row["VersionLastChanged"], key=_order)
        else:
            report.refuse(row.file, row.line, "this code stood here before", row.text)
    if not len(drafts):
        raise SourceRefused(f"{file.name}: no row of it is a LOINC term.")
    return newest


def _fault(row: Row) -> str:
    code = row["LOINC_NUM"]
    if not is_loinc_code(code):
        return "no LOINC code, or its check digit is wrong"
    if row["STATUS"] not in _STATUSES:
        return "its STATUS is not known"
    return "" if row["LONG_COMMON_NAME"] else "no LONG_COMMON_NAME"


def _term(row: Row) -> Draft:
    status = row["STATUS"]
    properties = [(name, "valueString", row[name]) for name in SIMPLE if row[name]]
    third = "3rdParty" if row["EXTERNAL_COPYRIGHT_NOTICE"] else "LOINC"
    texts = (("SHORTNAME", row["SHORTNAME"]), ("DisplayName", row["DisplayName"]))
    return Draft(
        code=row["LOINC_NUM"],
        display=row["LONG_COMMON_NAME"],
        definition=row["DefinitionDescription"],
        texts=[text_of(use, value) for use, value in texts if value]
        + [text_of("ConsumerName", each) for each in [row["CONSUMER_NAME"]] if each],
        # The name of an axis is a value until a part of this name is linked.
        properties=[*properties, *((n, "valueString", row[n]) for n in (*AXES, "CLASS") if row[n])],
        status="" if status == "ACTIVE" else status.lower(),
        # R4, "Inactive": codes with STATUS = DEPRECATED.
        is_inactive=status == "DEPRECATED",
        found_by=[row["RELATEDNAMES2"]] if row["RELATEDNAMES2"] else [],
        filtered_by=[("copyright", third)],
    )


def text_of(use: str, value: str, language: str = "en") -> Text:
    """Return a text of one of LOINC's uses."""
    return Text(value, language, USES.index(use))


def read_consumer_names(sources: Sequence[Source], drafts: Drafts, report: Report) -> None:
    """Add the names for lay people."""
    file = optional(sources, "ConsumerName.csv", "names for lay people", report)
    for row in rows(file, ("LoincNumber", "ConsumerName"), report) if file else ():
        draft = drafts.get(row["LoincNumber"])
        if draft is None or not row["ConsumerName"]:
            report.refuse(row.file, row.line, "no such term, or no name", row.text)
            continue
        report.loaded[row.file] += 1
        draft.texts.append(text_of("ConsumerName", row["ConsumerName"]))


def read_replacements(sources: Sequence[Source], drafts: Drafts, report: Report) -> None:
    """Add to terms that are deprecated which to use instead, with what is said of the choice."""
    file = optional(sources, "MapTo.csv", "replacements of deprecated terms", report)
    for row in rows(file, ("LOINC", "MAP_TO"), report) if file else ():
        draft, target = drafts.get(row["LOINC"]), row["MAP_TO"]
        if draft is None or target not in drafts:
            report.refuse(row.file, row.line, "no such term", row.text)
            continue
        report.loaded[row.file] += 1
        draft.properties.append(("MAP_TO", "valueCode", target))
        if row["COMMENT"]:
            comment = f"{target}: {row['COMMENT']}"
            draft.properties.append(("MAP_TO_COMMENT", "valueString", comment))


def optional(sources: Sequence[Source], name: str, holds: str, report: Report) -> File | None:
    """Return a file that may be absent; then the report says what lacks."""
    file = file_named(sources, name)
    if file is None:
        report.absent.append((name, holds))
    return file


def _order(version: str) -> tuple[int, ...]:
    """LOINC 2.9 is older than 2.10."""
    return tuple(map(int, version.split("."))) if _VERSION.fullmatch(version) else ()
