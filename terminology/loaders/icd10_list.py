"""ICD-10 from a table of codes and names, as Chinese editions are handed out.

Codes stay as they are written, with dagger, asterisk and extension (`A17.0†`, `E11.900x001`);
their hierarchy is that of what they begin with, or what a column says.
"""

import re
from collections.abc import Mapping
from typing import Final

from terminology.loaders.drafts import Draft, Drafts
from terminology.loaders.report import Report
from terminology.loaders.sources import SourceRefused
from terminology.loaders.tables import File, Row, rows

_COLUMNS: Final = {
    **dict.fromkeys(
        ("编码", "代码", "诊断编码", "诊断代码", "疾病编码", "疾病代码", "主要编码", "icd编码",
         "icd-10编码", "icd10编码", "code"), "code",
    ),
    **dict.fromkeys(
        ("名称", "诊断名称", "疾病名称", "疾病诊断名称", "name", "display"), "name",
    ),
    **dict.fromkeys(("附加码", "附加编码", "additional code", "additional"), "additional"),
    **dict.fromkeys(("上级", "上级编码", "父级", "父级编码", "parent"), "parent"),
}  # fmt: skip
_CODE: Final = re.compile(r"([A-Z][0-9][0-9A-Z](?:\.?[0-9A-Za-z]+)*)[†‡*+]*(?:[A-Z][0-9.]+[*+]?)?")
# Chapters and blocks (`A00-B99`), and morphology, which begins like a disease and is none.
_RANGE: Final = re.compile(r"([A-Z][0-9]{2})-([A-Z][0-9]{2})")
_MORPHOLOGY: Final = re.compile(r"M[0-9]{4,5}/[0-9]+")


def read_list(file: File, drafts: Drafts, report: Report) -> None:
    """Add the codes of a table in UTF-8 or GB18030; SourceRefused without its columns."""
    encoding = _encoding(file)
    first = next(iter(file.source.lines(file.name, encoding)), "")
    delimiter = max(",;\t|", key=first.count)
    above: list[tuple[str, str]] = []
    for row in rows(
        file, ("code", "name"), report, named=_named, delimiter=delimiter, encoding=encoding
    ):
        code = row["code"]
        if not row["name"] or not _is_code(code):
            report.refuse(row.file, row.line, "no ICD-10 code, or no name", row.text)
        elif drafts.add(_draft(row)):
            report.loaded[row.file] += 1
            if row["parent"] not in ("", code):
                above.append((code, row["parent"]))
        else:
            report.refuse(row.file, row.line, "this code stood here before", row.text)
    told = dict(above)
    _link(drafts, told, file, report)


def _encoding(file: File) -> str:
    try:
        for _ in file.source.lines(file.name):
            pass
    except SourceRefused:
        return "gb18030"
    return "utf-8"


def _named(header: str) -> str:
    return _COLUMNS.get(header.replace(" ", "").casefold(), _COLUMNS.get(header.casefold(), header))


def _is_code(code: str) -> bool:
    return any(each.fullmatch(code) is not None for each in (_CODE, _RANGE, _MORPHOLOGY))


def _draft(row: Row) -> Draft:
    additional = row["additional"]
    return Draft(
        code=row["code"],
        display=row["name"],
        properties=[("additionalCode", "valueCode", additional)] if additional else [],
        is_abstract=_RANGE.fullmatch(row["code"]) is not None,
    )


def _link(drafts: Drafts, told: Mapping[str, str], file: File, report: Report) -> None:
    """Link each code to what its row says, else to the longest code that it begins with."""
    cores: dict[str, str] = {}
    for draft in drafts:
        # Of `A17.0` and `A17.0†` the plain one stands for both.
        cores.setdefault(_core(draft.code), draft.code)
    ranges = [match for draft in drafts if (match := _RANGE.fullmatch(draft.code))]
    for draft in drafts:
        code = draft.code
        above = told.get(code) or _by_prefix(code, cores) or _by_range(code, ranges)
        if above in drafts:
            drafts.link(code, above)
        elif above:
            report.absent.append((file.short, f"{above}, which is above {code}"))


def _core(code: str) -> str:
    match = _CODE.fullmatch(code)
    return code if match is None else match[1]


def _by_prefix(code: str, cores: Mapping[str, str]) -> str:
    if _MORPHOLOGY.fullmatch(code) or _RANGE.fullmatch(code):
        return ""
    core = _core(code)
    lengths = range(len(core) - 1, 2, -1)
    return next((cores[core[:n]] for n in lengths if core[:n] in cores), "")


def _by_range(code: str, ranges: list[re.Match[str]]) -> str:
    """Return the smallest block or chapter around a category or a block."""
    own = _RANGE.fullmatch(code)
    first, last = (own[1], own[2]) if own is not None else (code[:3], code[:3])
    if _MORPHOLOGY.fullmatch(code):
        return ""
    around = [
        each for each in ranges if each[1] <= first and last <= each[2] and each.string != code
    ]
    smallest = min(around, key=lambda each: (_size(each), each.string), default=None)
    return "" if smallest is None else smallest.string


def _size(block: re.Match[str]) -> int:
    numbers = [ord(each[0]) * 100 + int(each[1:]) for each in (block[1], block[2])]
    return numbers[1] - numbers[0]
