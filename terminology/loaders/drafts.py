"""Concepts while the files of a release are read: what is said of one stands in several of them."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from terminology.releases.form import Body, Text
from terminology.releases.writing import ReleaseWriter

SYNONYM: Final = {
    "system": "http://snomed.info/sct",
    "code": "900000000000013009",
    "display": "Synonym",
}


class Draft(msgspec.Struct):
    """A concept so far; `found_by` are further texts, `filtered_by` further values of properties.

    The latter are not told with the concept: `("COMPONENT", "Glucose")` beside the part's code.
    """

    code: str
    display: str = ""
    definition: str = ""
    texts: list[Text] = []
    properties: list[tuple[str, str, Any]] = []
    status: str = ""
    is_inactive: bool = False
    is_abstract: bool = False
    found_by: list[str] = []
    filtered_by: list[tuple[str, str]] = []


class Drafts:
    """The concepts of a release by their codes, and which stands directly below which."""

    def __init__(self) -> None:
        self._drafts: dict[str, Draft] = {}
        self._links: set[tuple[str, str]] = set()

    def __len__(self) -> int:
        return len(self._drafts)

    def __iter__(self) -> Iterator[Draft]:
        """Yield them sorted by code: then the order of rows does not change a release."""
        return iter([self._drafts[code] for code in sorted(self._drafts)])

    def __contains__(self, code: str) -> bool:
        return code in self._drafts

    def get(self, code: str) -> Draft | None:
        """Return the concept of a code, None without."""
        return self._drafts.get(code)

    def add(self, draft: Draft) -> bool:
        """Add a concept; False, and nothing is done, where its code is there already."""
        return self._drafts.setdefault(draft.code, draft) is draft

    def link(self, child: str, parent: str) -> None:
        """Say that one concept stands directly below another, both of them added before writing."""
        self._links.add((child, parent))

    def write(self, writer: ReleaseWriter) -> None:
        """Write every concept, then who stands below whom."""
        for draft in self:
            position = writer.add(draft.code, _body(draft), *draft.found_by)
            if position is None:
                raise ValueError(draft.code)
            for name, value in sorted(set(draft.filtered_by)):
                writer.index(name, value, position)
        for child, parent in sorted(self._links):
            writer.link(position_of(writer, child), position_of(writer, parent))


def position_of(writer: ReleaseWriter, code: str) -> int:
    """Return where a concept was written; KeyError for one that was not."""
    found = writer.position(code)
    if found is None:
        raise KeyError(code)
    return found


def _body(draft: Draft) -> Body:
    return Body(
        display=draft.display,
        definition=draft.definition,
        texts=tuple(dict.fromkeys(draft.texts)),
        properties=_sorted(draft.properties),
        status=draft.status,
        is_inactive=draft.is_inactive,
        is_abstract=draft.is_abstract,
    )


def _sorted(properties: list[tuple[str, str, Any]]) -> tuple[tuple[str, str, Any], ...]:
    """Each once, by name and value."""
    known = {(name, kind, str(value)): value for name, kind, value in properties}
    return tuple((name, kind, known[name, kind, text]) for name, kind, text in sorted(known))
