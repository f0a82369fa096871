"""ICD-10 from the hospital's own file: ICD-10-CM of CMS, or the table of a Chinese edition.

Source: http://hl7.org/fhir/R4/icd.html for the url of ICD-10-CM. The editions of China (GB/T 14396,
the clinical edition 2.0, that of the health insurance) have no url of their own: it must be given.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

from fhir_server.r4.codec import JsonObject
from terminology.loaders.drafts import Drafts
from terminology.loaders.icd10_list import read_list
from terminology.loaders.icd10_tabular import read_order, read_tabular
from terminology.loaders.report import Report
from terminology.loaders.sources import Source, SourceRefused
from terminology.loaders.tables import File, files
from terminology.releases.form import About
from terminology.releases.writing import ReleaseWriter

URL: Final = "http://hl7.org/fhir/sid/icd-10-cm"
FILTERABLE: Final = ("billable", "additionalCode")
# The addenda beside them tell only what has changed.
_TABULAR: Final = r"(?!.*addenda).*tabular.*\.xml"
_ORDER: Final = r"(?!.*addenda).*order[-_a-z]*[0-9]{4}\.txt"
_LIST: Final = r".*\.(csv|txt|tsv)"
_IDEOGRAPH: Final = re.compile("[\u4e00-\u9fff]")


def load(
    sources: Sequence[Source],
    writer: ReleaseWriter,
    report: Report,
    *,
    version: str = "",
    url: str = "",
    name: str = "",
) -> About:
    """Read the one file, write the release's content, and return what it is.

    SourceRefused for none or several files, and for a table without `url` and `version`.
    """
    drafts, told = Drafts(), [version]
    kind, file = _one(sources)
    is_cm = kind != _LIST
    if not is_cm and not (url and version):
        raise SourceRefused(
            f"{file.short}: a table does not tell which edition of ICD-10 it is, and none of China "
            "has an official url. Give both (--url URL --version 2.0), the url that your systems "
            "write with these codes."
        )
    if kind == _ORDER and not version:
        told.append(file.short[-8:-4])
    reading: dict[str, Callable[[], None]] = {
        _TABULAR: lambda: told.append(read_tabular(file, drafts, report)),
        _ORDER: lambda: read_order(file, drafts, report),
        _LIST: lambda: read_list(file, drafts, report),
    }
    reading[kind]()
    drafts.write(writer)
    if not len(drafts):
        raise SourceRefused(f"{file.short}: no row of it is a code with a name.")
    known = next((each for each in told if each), "")
    if not known:
        raise SourceRefused(f"{file.short} does not tell its version: give it (--version 2026).")
    head = _head(url or URL, known, name or ("ICD-10-CM" if is_cm else "ICD-10"), drafts)
    return About(url=url or URL, version=known, head=head)


def _one(sources: Sequence[Source]) -> tuple[str, File]:
    """Return the file to read and what it is: of what CMS delivers together the best."""
    for kind in (_TABULAR, _ORDER, _LIST):
        found = files(sources, kind)
        if len(found) > 1:
            names = ", ".join(each.name for each in found)
            raise SourceRefused(f"There are several files ({names}). Give one of them.")
        if found:
            return kind, found[0]
    raise SourceRefused(
        "There is no tabular list (.xml), no order file (icd10cm_order_2026.txt) and no table "
        "(.csv, .txt)."
    )


def _head(url: str, version: str, name: str, drafts: Drafts) -> JsonObject:
    is_chinese = any(_IDEOGRAPH.search(each.display) for each in drafts)
    return {
        "resourceType": "CodeSystem",
        "url": url,
        "version": version,
        "name": name,
        "title": name,
        "status": "active",
        "copyright": "ICD-10 is copyright of the World Health Organization (WHO); this edition is "
        "used under the terms of those who publish it.",
        "caseSensitive": True,
        "language": "zh-CN" if is_chinese else "en",
        "hierarchyMeaning": "is-a",
        "content": "complete",
        "property": [
            {"code": "billable", "type": "boolean"},
            {"code": "additionalCode", "type": "code"},
        ],
    }
