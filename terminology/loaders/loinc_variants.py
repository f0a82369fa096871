"""LOINC in other languages: the files of its linguistic variants.

Source: LOINC Users' Guide, "Linguistic Variants"; that of Chinese is `zhCN5LinguisticVariant.csv`.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from terminology.loaders.drafts import Drafts, position_of
from terminology.loaders.loinc_terms import AXES, optional, text_of
from terminology.loaders.report import Report
from terminology.loaders.sources import Source
from terminology.loaders.tables import File, Row, files, rows
from terminology.releases.form import Text
from terminology.releases.writing import ReleaseWriter

_NAME: Final = re.compile(r"([a-z]{2,3})([A-Z]{2})([0-9]+)LinguisticVariant\.csv")
_NEEDED: Final = ("LOINC_NUM", *AXES)


def read_variants(sources: Sequence[Source], drafts: Drafts, report: Report) -> None:
    """Add to terms their texts in every language that is there."""
    found = dict(_variants(sources))
    listing = optional(sources, "LinguisticVariants.csv", "names in other languages", report)
    there = {file.short for file in found.values()}
    needed = ("ID", "ISO_LANGUAGE", "ISO_COUNTRY")
    for row in rows(listing, needed, report) if listing else ():
        report.loaded[row.file] += 1
        language, country = row["ISO_LANGUAGE"], row["ISO_COUNTRY"]
        name = f"{language}{country}{row['ID']}LinguisticVariant.csv"
        if name not in there:
            report.absent.append((name, f"names in {language}-{country}"))
    for tag, file in found.items():
        for row in rows(file, _NEEDED, report):
            _read(row, tag, drafts, report)


def _variants(sources: Sequence[Source]) -> Iterator[tuple[str, File]]:
    for file in files(sources, _NAME.pattern):
        match = _NAME.fullmatch(file.short)
        if match is not None:
            yield f"{match[1]}-{match[2]}", file


def _read(row: Row, tag: str, drafts: Drafts, report: Report) -> None:
    draft = drafts.get(row["LOINC_NUM"])
    if draft is None:
        report.refuse(row.file, row.line, "no such term", row.text)
        return
    texts = _texts(row, tag)
    if not texts and not row["RELATEDNAMES2"]:
        report.left_out[row.file, "no whole name"] += 1
        return
    report.loaded[row.file] += 1
    draft.texts += texts


def _texts(row: Row, tag: str) -> list[Text]:
    """Return the names, the one to show first; the six parts where there is no other."""
    uses = ("LinguisticVariantDisplayName", "LONG_COMMON_NAME")
    names = [text_of(use, row[use], tag) for use in uses if row[use]]
    # Users' Guide, "Fully Specified Name": only the method may be absent. A name without its
    # specimen would be that of other terms too.
    if not names and all(row[each] for each in AXES[:5]):
        whole = ":".join(row[each] for each in AXES if row[each])
        names = [text_of("FullySpecifiedName", whole, tag)]
    return names + [text_of("SHORTNAME", each, tag) for each in [row["SHORTNAME"]] if each]


def write_words(sources: Sequence[Source], writer: ReleaseWriter) -> None:
    """Let terms be found by their related names in every language; after they were written.

    The files are read again, because so many texts would not fit into memory beside the rest.
    """
    again = Report()
    for file in dict(_variants(sources)).values():
        for row in rows(file, _NEEDED, again):
            if row["RELATEDNAMES2"] and writer.position(row["LOINC_NUM"]) is not None:
                position = position_of(writer, row["LOINC_NUM"])
                writer.words(position, row["RELATEDNAMES2"], *(row[each] for each in AXES))
