"""A laboratory's dictionary as a file: CSV or tab-separated, headers in Chinese or English."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from terminology.local_mapping.items import LocalItem

# What laboratories call the columns; compared without case, spaces and underscores.
_ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "code": (
        "code", "local code", "item code", "itemid", "test code", "代码", "编码", "项目代码",
        "项目编码", "项目编号", "编号", "检验项目代码", "检验项目编码",
    ),
    "name": (
        "name", "chinese name", "item name", "test name", "label", "display", "名称", "项目名称",
        "中文名", "中文名称", "检验项目", "检验项目名称", "项目",
    ),
    "english": (
        "english", "english name", "abbreviation", "abbr", "short name", "英文名", "英文名称",
        "英文缩写", "缩写", "简称", "英文简称",
    ),
    "unit": ("unit", "units", "uom", "valueuom", "单位", "结果单位", "计量单位"),
    "specimen": (
        "specimen", "sample type", "specimen type", "fluid", "system type", "标本", "标本类型",
        "样本", "样本类型", "标本种类", "样本种类",
    ),
    "section": (
        "section", "category", "department", "group", "专业组", "检验组", "科室", "类别",
        "检验类别", "分组", "组别",
    ),
    "samples": (
        "samples", "results", "result samples", "sample results", "结果", "结果示例", "样例",
        "结果样例", "示例结果",
    ),
    "system": ("system", "code system", "系统", "代码系统", "编码系统"),
}  # fmt: skip
_NEEDED: Final = ("code", "name")
# Both by strict decoding: GB18030 reads nearly any bytes, so UTF-8 is asked first.
CHARSETS: Final = ("utf-8-sig", "gb18030")
_CALLED: Final[Mapping[str, str]] = {"utf-8-sig": "UTF-8", "gb18030": "GB18030"}
# GB 18030 holds GBK and GB 2312.
_NAMED: Final[Mapping[str, str]] = {
    "UTF8": "utf-8-sig",
    "GB18030": "gb18030",
    "GBK": "gb18030",
    "GB2312": "gb18030",
}


class DictionaryRefused(ValueError):
    """A dictionary cannot be read; `fault` for machines, `values` for the sentence about it."""

    def __init__(self, fault: str, **values: object) -> None:
        super().__init__(f"{fault}: {values}")
        self.fault = fault
        self.values = values


@dataclass(frozen=True, slots=True)
class Dictionary:
    """The items of a file in its order, the character set they were read in, unused columns."""

    items: tuple[LocalItem, ...]
    charset: str
    unused: tuple[str, ...]


def read_dictionary(content: bytes, *, charset: str | None = None) -> Dictionary:
    """Return the items of a dictionary; DictionaryRefused with the line and what would mend it.

    `charset` is UTF-8 or GB18030; None detects it by strict decoding. Several results in one cell
    are separated by `;` or `|`. A code stands once for each code system.
    """
    text, used = decoded(content, charset=charset)
    rows, header = table(text)
    columns = _columns(header)
    items: list[LocalItem] = []
    seen: dict[tuple[str, str], int] = {}
    for line, row in rows:
        item = _item(row, columns, line)
        first = seen.setdefault((item.system, item.code), line)
        if first != line:
            raise DictionaryRefused("code-twice", code=item.code, line=line, first=first)
        items.append(item)
    if not items:
        raise DictionaryRefused("no-rows")
    unused = tuple(name for name in header if name and name not in columns.values())
    return Dictionary(tuple(items), used, unused)


def decoded(content: bytes, *, charset: str | None = None) -> tuple[str, str]:
    """Return the text and the name of its character set."""
    wanted = _codecs(charset)
    for codec in wanted:
        try:
            return content.decode(codec), _CALLED[codec]
        except UnicodeDecodeError as fault:
            at = fault.start
    raise DictionaryRefused(
        "charset", charsets=", ".join(_CALLED[codec] for codec in wanted), byte=at
    )


def table(text: str) -> tuple[list[tuple[int, dict[str, str]]], list[str]]:
    """Return the rows with their lines, and the header; commas, semicolons or tabs separate."""
    first = text.split("\n", 1)[0]
    delimiter = max("\t,;", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        rows = []
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > len(header):
                raise DictionaryRefused("too-many-cells", line=reader.line_num)
            filled = [cell.strip() for cell in cells] + [""] * (len(header) - len(cells))
            rows.append((reader.line_num, dict(zip(header, filled, strict=True))))
    except csv.Error as fault:
        raise DictionaryRefused("broken-csv", line=reader.line_num, why=str(fault)) from fault
    return rows, header


def _codecs(charset: str | None) -> tuple[str, ...]:
    if charset is None:
        return CHARSETS
    codec = _NAMED.get(charset.upper().replace("-", ""))
    if codec is None:
        raise DictionaryRefused("charset-unknown", charset=charset)
    return (codec,)


def _columns(header: Sequence[str]) -> dict[str, str]:
    """Return which column of the file is which; two for one are refused."""
    found: dict[str, str] = {}
    for written in header:
        folded = _folded(written)
        for name, aliases in _ALIASES.items():
            if folded not in {_folded(alias) for alias in aliases}:
                continue
            if name in found:
                raise DictionaryRefused("column-twice", first=found[name], second=written)
            found[name] = written
    missing = [name for name in _NEEDED if name not in found]
    if missing:
        raise DictionaryRefused(
            "column-missing",
            columns=", ".join(f"{name} ({', '.join(_ALIASES[name][:6])})" for name in missing),
            found=", ".join(header),
        )
    return found


def _folded(name: str) -> str:
    return "".join(c for c in name.casefold() if c not in " _-")


def _item(row: Mapping[str, str], columns: Mapping[str, str], line: int) -> LocalItem:
    cells = {name: row[written] for name, written in columns.items()}
    if not cells["code"] or not cells["name"]:
        raise DictionaryRefused(
            "row-without", column="code" if cells["name"] else "name", line=line
        )
    samples = cells.get("samples", "").replace("|", ";").replace("；", ";").split(";")
    return LocalItem(
        code=cells["code"],
        names=tuple(filter(None, (cells["name"], cells.get("english", "")))),
        unit=cells.get("unit", ""),
        specimen=cells.get("specimen", ""),
        section=cells.get("section", ""),
        samples=tuple(each.strip() for each in samples if each.strip()),
        system=cells.get("system", ""),
    )
