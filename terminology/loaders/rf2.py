"""The files of a SNOMED CT release (RF2 snapshot) and their rows.

Source: https://confluence.ihtsdotools.org/display/DOCRELFMT, "Release File Specifications".
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

import msgspec

from terminology.loaders.report import Report
from terminology.loaders.sources import Source, SourceRefused

Row: TypeAlias = list[str]
# `x` stands before the name of a release for review.
_NAME: Final = re.compile(
    r"x?(?:sct|der)2_(?P<content>[A-Za-z0-9]+)_"
    r"(?P<summary>[A-Za-z0-9]*?)(?P<type>Snapshot|Full|Delta)(?:-(?P<language>[A-Za-z-]+))?"
    r"_(?P<namespace>[A-Za-z0-9]+)_(?P<date>[0-9]{8})\.txt$"
)
_CONCEPT: Final = ("id", "effectiveTime", "active", "moduleId")
_RELATION: Final = ("relationshipGroup", "typeId", "characteristicTypeId", "modifierId")
_TEXT: Final = ("conceptId", "languageCode", "typeId", "term", "caseSignificanceId")
COLUMNS: Final = {
    "Concept": (*_CONCEPT, "definitionStatusId"),
    "Description": (*_CONCEPT, *_TEXT),
    "TextDefinition": (*_CONCEPT, *_TEXT),
    "Relationship": (*_CONCEPT, "sourceId", "destinationId", *_RELATION),
    "RelationshipConcreteValues": (*_CONCEPT, "sourceId", "value", *_RELATION),
}
# What every edition has; the Global Patient Set has no relationships.
NEEDED: Final = ("Concept", "Description", "Relationship")
_REFSET: Final = (*_CONCEPT, "refsetId", "referencedComponentId")


class File(msgspec.Struct, frozen=True):
    """A snapshot file; of its name `content` (`Description`, `cRefset`), `summary` (`Language`)."""

    source: Source
    name: str
    content: str
    summary: str
    namespace: str
    date: str

    @property
    def is_refset(self) -> bool:
        """Whether its rows are members of reference sets."""
        return self.content.endswith("Refset")


def snapshot_files(sources: Sequence[Source], needed: Sequence[str] = NEEDED) -> list[File]:
    """Return the snapshot files; SourceRefused where one that is needed is missing."""
    found: list[File] = []
    others: set[str] = set()
    for source in sources:
        for name in source.names():
            match = _NAME.search(name.rpartition("/")[2])
            if match is None:
                continue
            if match["type"] != "Snapshot":
                others.add(match["type"])
                continue
            found.append(
                File(
                    source,
                    name,
                    match["content"],
                    match["summary"],
                    match["namespace"],
                    match["date"],
                )
            )
    missing = [content for content in needed if not _of(found, content)]
    if missing:
        held = f"; it holds {' and '.join(sorted(others))} files only" if others else ""
        text = f"There is no snapshot file of {', '.join(missing)}{held}. Give the whole release."
        raise SourceRefused(text)
    return found


def rows(file: File, report: Report) -> Iterator[tuple[int, Row]]:
    """Yield the rows of a file with their lines; what has not its columns is refused."""
    columns = _REFSET if file.is_refset else COLUMNS[file.content]
    short = file.name.rpartition("/")[2]
    lines = file.source.lines(file.name)
    header = next(lines, "").split("\t")
    if tuple(header[: len(columns)]) != columns:
        raise SourceRefused(f"{short}: its first line is not {' '.join(columns)}.")
    width = len(header)
    for number, line in enumerate(lines, 2):
        row = line.split("\t")
        if len(row) == width:
            yield number, row
        elif line:
            report.refuse(short, number, f"{len(row)} columns instead of {width}", line)


def _of(files: Sequence[File], content: str) -> list[File]:
    return [each for each in files if each.content == content]


def current(files: Sequence[File], report: Report) -> Iterator[tuple[str, int, Row]]:
    """Yield the rows of files with file name and line; of one component its newest state only.

    An extension comes with the edition that it extends and may change what stands there.
    """
    if len({id(each.source) for each in files}) < 2:
        for file in files:
            short = file.name.rpartition("/")[2]
            for number, row in rows(file, report):
                yield short, number, row
        return
    newest: dict[str, tuple[str, int, Row]] = {}
    for file in files:
        short = file.name.rpartition("/")[2]
        for number, row in rows(file, report):
            before = newest.get(row[0])
            if before is not None:
                older = before if before[2][1] <= row[1] else (short, number, row)
                report.left_out[older[0], "an older state"] += 1
                if older is not before:
                    continue
            newest[row[0]] = (short, number, row)
    yield from newest.values()
