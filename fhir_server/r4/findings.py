"""What a validation has found so far, and where: the one mutable thing of the walk."""

import re
from typing import Any, TypeAlias

from fhir_server.r4.outcome import Issue

# Parent, name and index of an element, spelled out only where something is wrong there.
Path: TypeAlias = "tuple[Path | None, str, int | None]"

MAX_ISSUES = 50
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class EnoughFound(Exception):
    """MAX_ISSUES are found: more would not help the one who mends the resource."""


class Findings:
    """The issues of one resource; `contained` are the ids that a `#id` may name just now."""

    __slots__ = ("_warned", "contained", "in_transaction", "issues")

    def __init__(self, *, in_transaction: bool) -> None:
        self.issues: list[Issue] = []
        self._warned: set[Issue] = set()
        self.contained: frozenset[Any] = frozenset()
        # R4 http.html#trules: only there may a reference be a search (`Patient?identifier=…`).
        self.in_transaction = in_transaction

    def add(
        self, code: str, text: str, path: Path, name: str | None = None, index: int | None = None
    ) -> None:
        """Record an error at `path`, or at its child `name`; EnoughFound at the limit."""
        if name is not None:
            path = (path, name, index)
        self.issues.append(Issue("error", code, text, (render(path),)))
        if len(self.issues) >= MAX_ISSUES:
            raise EnoughFound

    def warn(self, code: str, text: str, path: Path) -> None:
        """Record once that something at `path` is doubtful, or could not be checked.

        After MAX_ISSUES warnings the last says that there are more.
        """
        issue = Issue("warning", code, text, (render(path),))
        if issue in self._warned or len(self._warned) > MAX_ISSUES:
            return
        if len(self._warned) == MAX_ISSUES:
            more = f"Only the first {MAX_ISSUES} warnings are listed; there are more."
            issue = Issue("warning", "incomplete", more)
        self._warned.add(issue)
        self.issues.append(issue)


def render(path: Path) -> str:
    """Return the FHIRPath of `path`, such as `Patient.name[0].family`."""
    parts: list[str] = []
    step: Path | None = path
    while step is not None:
        step, name, index = step
        # A key of a megabyte must not come back fifty times.
        shown = name if len(name) <= 60 and _IDENTIFIER.fullmatch(name) else _delimited(name)
        parts.append(shown if index is None else f"{shown}[{index}]")
    return ".".join(reversed(parts))


def _delimited(name: str) -> str:
    # FHIRPath, "Identifiers": anything else stands between backticks.
    return "`" + name[:60].replace("\\", "\\\\").replace("`", "\\`") + "`"
