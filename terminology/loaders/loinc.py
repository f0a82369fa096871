"""LOINC from the hospital's own release: terms, parts, answers, groups, languages, hierarchy.

Sources: https://loinc.org/kb/users-guide/ for the files; http://hl7.org/fhir/R4/loinc.html.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from fhir_server.r4.codec import JsonObject
from terminology.loaders.drafts import Drafts
from terminology.loaders.loinc_answers import (
    Members,
    read_answer_links,
    read_answers,
    read_groups,
)
from terminology.loaders.loinc_parts import (
    read_hierarchy,
    read_links,
    read_parts,
    read_radiology,
)
from terminology.loaders.loinc_terms import (
    AXES,
    SIMPLE,
    USES,
    read_consumer_names,
    read_replacements,
    read_terms,
)
from terminology.loaders.loinc_variants import read_variants, write_words
from terminology.loaders.report import Report
from terminology.loaders.sources import Source, SourceRefused
from terminology.releases.form import About
from terminology.releases.writing import ReleaseWriter

URL: Final = "http://loinc.org"
_CODED: Final = (
    *AXES, "CLASS", "time-core", "time-modifier", "system-core", "super-system", "analyte",
    "analyte-core", "analyte-suffix", "analyte-gene", "analyte-numerator", "analyte-divisor",
    "analyte-divisor-suffix", "adjustment", "challenge", "count", "category", "search",
    "document-kind", "document-role", "document-setting", "document-subject-matter-domain",
    "document-type-of-service", "rad-modality-modality-type", "rad-modality-modality-subtype",
    "rad-modality-type", "rad-modality-subtype", "rad-anatomic-location-region-imaged",
    "rad-anatomic-location-imaging-focus", "rad-anatomic-location-laterality-presence",
    "rad-anatomic-location-laterality", "rad-view-aggregation", "rad-view-type",
    "rad-view-view-type", "rad-maneuver-maneuver-type", "rad-timing",
    "rad-pharmaceutical-substance-given", "rad-pharmaceutical-route", "rad-reason-for-exam",
    "rad-guidance-for-presence", "rad-guidance-for-approach", "rad-guidance-for-action",
    "rad-guidance-for-object", "rad-subject", "answer-list", "RID",
)  # fmt: skip
_FREE_TEXT: Final = frozenset(
    (
        "CHANGE_REASON_PUBLIC",
        "EXTERNAL_COPYRIGHT_NOTICE",
        "STATUS_TEXT",
        "FORMULA",
        "SURVEY_QUEST_TEXT",
        "EXMPL_ANSWERS",
    )
)
FILTERABLE: Final = (
    *_CODED,
    *(each for each in SIMPLE if each not in _FREE_TEXT),
    *("PartTypeName", "Status", "MAP_TO", "RPID", "LIST", "answers-for", "copyright"),
)
_FILE_VERSION: Final = re.compile(r"loinc_?([0-9]+\.[0-9]+)", re.IGNORECASE)
_NOTICE: Final = (
    "This material contains content from LOINC (http://loinc.org). LOINC is copyright © "
    "Regenstrief Institute, Inc. and the Logical Observation Identifiers Names and Codes (LOINC) "
    "Committee and is available at no cost under the license at http://loinc.org/license. LOINC® "
    "is a registered United States trademark of Regenstrief Institute, Inc."
)


def load(
    sources: Sequence[Source],
    writer: ReleaseWriter,
    report: Report,
    *,
    version: str = "",
) -> About:
    """Read every file, write the release's content, and return what it is.

    SourceRefused where Loinc.csv or one of its columns is missing, or no version can be told.
    """
    drafts, members = Drafts(), Members()
    newest = read_terms(sources, drafts, report)
    version = version or _named_version(sources) or newest
    if not version:
        raise SourceRefused("The release does not tell its version: give it (--version 2.80).")
    coded: set[str] = set()
    read_consumer_names(sources, drafts, report)
    read_replacements(sources, drafts, report)
    read_parts(sources, drafts, report)
    coded.update(read_links(sources, drafts, report))
    coded.update(read_radiology(sources, drafts, report))
    read_answers(sources, drafts, members, report)
    read_answer_links(sources, drafts, members, report)
    read_groups(sources, drafts, members, report)
    read_hierarchy(sources, drafts, report)
    read_variants(sources, drafts, report)
    _write(drafts, writer)
    members.write(writer)
    write_words(sources, writer)
    uses = tuple({"system": URL, "code": each, "display": each} for each in USES)
    return About(url=URL, version=version, head=_head(version, coded), uses=uses)


def _write(drafts: Drafts, writer: ReleaseWriter) -> None:
    """A property that a newer release has, and this list has not, is told and not filtered."""
    known = frozenset(FILTERABLE)
    for draft in drafts:
        draft.filtered_by = [each for each in draft.filtered_by if each[0] in known]
    drafts.write(writer)


def _named_version(sources: Sequence[Source]) -> str:
    found = (_FILE_VERSION.search(each.label) for each in sources)
    return next((each[1] for each in found if each is not None), "")


def _head(version: str, coded: Iterable[str]) -> JsonObject:
    strings = (*SIMPLE, "MAP_TO_COMMENT", "AnswerListLinkType", "PartTypeName", "Status", "RPID")
    kinds = dict.fromkeys(strings, "string") | dict.fromkeys(("MAP_TO", "Answer"), "code")
    kinds |= dict.fromkeys((*_CODED, *sorted(coded)), "Coding")
    return {
        "resourceType": "CodeSystem",
        "url": URL,
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": "urn:oid:2.16.840.1.113883.6.1"}],
        "version": version,
        "name": "LOINC",
        "title": "LOINC",
        "status": "active",
        "publisher": "Regenstrief Institute, Inc.",
        "copyright": _NOTICE,
        # R4, "LOINC codes are not case sensitive".
        "caseSensitive": False,
        "language": "en",
        "valueSet": f"{URL}/vs",
        # R4, "Subsumption": the multi-axial hierarchy is the basis for subsumption in LOINC.
        "hierarchyMeaning": "is-a",
        "compositional": False,
        "versionNeeded": False,
        "content": "complete",
        "property": [{"code": code, "type": kind} for code, kind in sorted(kinds.items())],
    }
