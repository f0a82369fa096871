"""ICD-10-CM from its tabular list (XML), and from the file of codes in their order (text).

Sources: https://www.cms.gov/medicare/coding-billing/icd-10-codes; ICD-10-CM Official Guidelines,
I.A.4-5 (placeholder X, 7th characters); `icd10OrderFiles.pdf` for the columns of the text.
"""

import re
from collections.abc import Mapping
from typing import Final
from xml.etree.ElementTree import Element

import msgspec

from terminology.loaders.drafts import Draft, Drafts
from terminology.loaders.report import Report
from terminology.loaders.tables import File
from terminology.loaders.xml_elements import elements, local, texts

_BARE: Final = re.compile(r"[A-Z][0-9][0-9A-Z][0-9A-Z]{0,4}")
# "7th characters D and S do not apply to codes in category S06 with 6th character 7 - death due
# to brain injury prior to regaining consciousness, or 8 - death due to other cause".
_EXCEPTION: Final = re.compile(
    r"7th characters? (?P<seventh>[A-Z0-9]\b.*?) do(?:es)? not apply to codes in category "
    r"[A-Z0-9.]+ with (?P<sixth>6th character .*)"
)
_SIXTH: Final = re.compile(r"(?:6th characters?|or|,) ([A-Z0-9]) -")
_DEEPEST: Final = 12
_NOTES: Final = (
    "includes", "excludes1", "excludes2", "codeFirst", "useAdditionalCode", "codeAlso", "notes"
)  # fmt: skip


class _Entry(msgspec.Struct):
    """A chapter, section or code of the tabular list; `seventh` are its 7th characters."""

    line: int
    code: str
    text: str
    parent: str
    is_code: bool
    seventh: tuple[tuple[str, str], ...]
    notes: tuple[tuple[str, str], ...]
    words: tuple[str, ...]


def read_tabular(file: File, drafts: Drafts, report: Report) -> str:
    """Add chapters, sections, codes and those with a 7th character; return the version."""
    version = ""
    entries: dict[str, _Entry] = {}
    for line, element, around in elements(file, "version", "chapter", "section", "diag"):
        if local(element.tag) == "version":
            version = (element.text or "").strip()
            continue
        entry = _entry(line, element, "" if around is None else _code(around))
        if not entry.code or not entry.text or entry.code in entries:
            why = "no code, no text, or this code stood here before"
            report.refuse(file.short, line, why, f"{entry.code} {entry.text}")
            continue
        entries[entry.code] = entry
        if _is_lone(entry.code):
            report.left_out[file.short, "a block of one category"] += 1
        else:
            report.loaded[file.short] += 1
    _add_all(entries, drafts, file, report)
    return version


def _add_all(entries: Mapping[str, _Entry], drafts: Drafts, file: File, report: Report) -> None:
    parents = {each.parent for each in entries.values()}
    for entry in entries.values():
        if _is_lone(entry.code):
            continue
        is_leaf = entry.code not in parents
        if is_leaf and entry.is_code and _seventh(entry, entries) is None:
            lacks = f"codes below {entry.code}: the exception to its 7th characters is not known"
            report.absent.append((file.short, lacks))
        _add(entry, drafts, entries, is_leaf=is_leaf)
        parent = entry.parent
        if _is_lone(parent) and parent in entries:
            parent = entries[parent].parent
        if parent in entries:
            drafts.link(entry.code, parent)
        elif parent:
            report.absent.append((file.short, f"{parent}, which is above {entry.code}"))


def _is_lone(code: str) -> bool:
    """Whether it is a block of one category, which has no code of its own."""
    first, dash, last = code.partition("-")
    return bool(dash) and first == last


def _code(element: Element) -> str:
    if local(element.tag) != "section":
        return next(iter(texts(element, "name")), "")
    # A block of one category would have that one's code.
    block = element.get("id", "")
    return block if "-" in block or not block else f"{block}-{block}"


def _entry(line: int, element: Element, parent: str) -> _Entry:
    noted = {name: [e for e in element if local(e.tag) == name] for name in _NOTES}
    seventh = [
        (each.get("char", ""), " ".join((each.text or "").split()))
        for of in element
        if local(of.tag) == "sevenChrDef"
        for each in of
        if local(each.tag) == "extension"
    ]
    return _Entry(
        line=line,
        code=_code(element),
        text=next(iter(texts(element, "desc")), ""),
        parent=parent,
        is_code=local(element.tag) == "diag",
        seventh=tuple(seventh),
        notes=tuple((n, text) for n, of in noted.items() for e in of for text in texts(e, "note")),
        words=tuple(
            text for of in element if local(of.tag) == "inclusionTerm" for text in texts(of, "note")
        ),
    )


def _add(entry: _Entry, drafts: Drafts, entries: Mapping[str, _Entry], *, is_leaf: bool) -> None:
    seventh = _seventh(entry, entries) if is_leaf and entry.is_code else ()
    is_whole = entry.is_code and is_leaf and seventh == ()
    drafts.add(
        Draft(
            code=entry.code,
            display=entry.text,
            properties=[
                ("billable", "valueBoolean", is_whole),
                *((name, "valueString", text) for name, text in entry.notes),
            ],
            is_abstract=not entry.is_code,
            found_by=list(entry.words),
        )
    )
    for character, meaning in seventh or ():
        # Guidelines I.A.5: a shorter code is filled up with X before its 7th character.
        code = dotted(f"{entry.code.replace('.', '').ljust(6, 'X')}{character}")
        drafts.add(
            Draft(
                code=code,
                display=f"{entry.text}, {meaning}",
                properties=[("billable", "valueBoolean", True)],
                found_by=list(entry.words),
            )
        )
        drafts.link(code, entry.code)


def _seventh(entry: _Entry, entries: Mapping[str, _Entry]) -> tuple[tuple[str, str], ...] | None:
    """Return the 7th characters of a code: its own, else those of the nearest above it.

    None where an exception is made that is not understood: no code is made up.
    """
    bare = entry.code.replace(".", "")
    above: _Entry | None = entry
    # No list is as deep: in a damaged one a code could stand above itself.
    for _ in range(_DEEPEST):
        if above is None or above.seventh:
            break
        above = entries.get(above.parent)
    if len(bare) > 6 or above is None:
        return ()
    excepted: set[str] = set()
    for _, note in above.notes:
        if "7th character" in note and "not apply" in note:
            match = _EXCEPTION.match(note)
            if match is None:
                return None
            if bare.ljust(6, "X")[5] in _SIXTH.findall(match["sixth"]):
                excepted.update(re.findall(r"\b[A-Z0-9]\b", match["seventh"]))
    return tuple(each for each in above.seventh if each[0] not in excepted)


def read_order(file: File, drafts: Drafts, report: Report) -> None:
    """Add the codes of `icd10cm_order_YYYY.txt`, with the decimal point that it leaves out."""
    found: set[str] = set()
    for number, line in enumerate(file.source.lines(file.name), 1):
        bare, flag, short, long = (
            line[6:13].strip(), line[14:15], line[16:76].strip(), line[77:].strip()
        )  # fmt: skip
        if not line.strip():
            continue
        if _BARE.fullmatch(bare) is None or flag not in ("0", "1") or not long:
            report.refuse(file.short, number, "not the columns of an order file", line)
            continue
        draft = Draft(
            code=dotted(bare),
            display=long,
            properties=[("billable", "valueBoolean", flag == "1")],
            found_by=[short],
        )
        if not drafts.add(draft):
            report.refuse(file.short, number, "this code stood here before", line)
            continue
        report.loaded[file.short] += 1
        found.add(bare)
    for bare in found:
        above = next((bare[:n] for n in range(len(bare) - 1, 2, -1) if bare[:n] in found), None)
        if above is not None:
            drafts.link(dotted(bare), dotted(above))


def dotted(bare: str) -> str:
    """Return an ICD-10-CM code with its point after the third character."""
    return bare if len(bare) <= 3 else f"{bare[:3]}.{bare[3:]}"
