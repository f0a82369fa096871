"""What is wrong, said once: issues, the errors that carry them, and their wire form.

An error is raised where the fact is known and becomes an OperationOutcome at the HTTP rim only.
Codes are those of http://hl7.org/fhir/R4/valueset-issue-type.html.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

Severity: TypeAlias = Literal["fatal", "error", "warning", "information"]


@dataclass(frozen=True, slots=True)
class Issue:
    """One problem: its issue-type code, what is wrong and how to mend it, and where.

    `expression` holds simple FHIRPath such as `Observation.component[1].valueQuantity.value`;
    it is empty where no element can be named (malformed JSON, an unknown resource id).
    `kind` is a code of tx-issue-type, of what a terminology server refuses, and `hint` how to mend
    that: clients compare the words of what is wrong.
    """

    severity: Severity
    code: str
    diagnostics: str
    expression: tuple[str, ...] = ()
    kind: str = ""
    hint: str = ""


# https://hl7.org/fhir/tools/0.5.0/CodeSystem-tx-issue-type.html
TX_ISSUE_TYPE: Final = "http://hl7.org/fhir/tools/CodeSystem/tx-issue-type"


def operation_outcome(issues: Iterable[Issue]) -> dict[str, Any]:
    """Return the R4 OperationOutcome of `issues`; ValueError where there is none to report."""
    entries: list[dict[str, Any]] = []
    for issue in issues:
        entry: dict[str, Any] = {"severity": issue.severity, "code": issue.code}
        if issue.kind:
            coding = {"system": TX_ISSUE_TYPE, "code": issue.kind}
            entry["details"] = {"coding": [coding], "text": issue.diagnostics}
        entry["diagnostics"] = f"{issue.diagnostics} {issue.hint}".rstrip()
        if issue.expression:
            entry["expression"] = list(issue.expression)
        entries.append(entry)
    if not entries:
        # OperationOutcome.issue is 1..*: an empty outcome would be an error that says nothing.
        raise ValueError("an OperationOutcome needs at least one issue")
    return {"resourceType": "OperationOutcome", "issue": entries}


class FhirError(Exception):
    """A FHIR request that is refused: HTTP status and at least one issue."""

    status: int
    issues: tuple[Issue, ...]

    def __init__(self, status: int, *issues: Issue) -> None:
        if not issues:
            raise ValueError("a FhirError needs at least one issue")
        super().__init__("; ".join(issue.diagnostics for issue in issues))
        self.status = status
        self.issues = issues


class BadRequest(FhirError):
    """400: the request cannot be understood; `code` is the issue-type code."""

    def __init__(self, code: str, diagnostics: str, *expression: str) -> None:
        super().__init__(400, Issue("error", code, diagnostics, expression))


class InvalidResource(FhirError):
    """422: the JSON is well formed but is no valid R4 resource."""

    def __init__(self, issues: Iterable[Issue]) -> None:
        super().__init__(422, *issues)


class NotFound(FhirError):
    """404: this server has never held the resource."""

    def __init__(self, type: str, id: str) -> None:
        super().__init__(404, Issue("error", "not-found", f"{type}/{id} is not on this server."))


class Gone(FhirError):
    """410: the resource was deleted."""

    def __init__(self, type: str, id: str) -> None:
        super().__init__(
            410,
            Issue("error", "deleted", f"{type}/{id} was deleted; its earlier versions remain."),
        )


class UnknownResourceType(FhirError):
    """404: no such R4 resource type, or one that this server does not store."""

    def __init__(self, type: str) -> None:
        super().__init__(
            404,
            Issue(
                "error",
                "not-supported",
                f"Resource type {type!r} is not served here; GET /fhir/metadata lists the types.",
            ),
        )


class VersionConflict(FhirError):
    """412: If-Match names another version than the current one."""

    def __init__(self, type: str, id: str, *, expected: int, current: int) -> None:
        super().__init__(
            412,
            Issue(
                "error",
                "conflict",
                f"{type}/{id} is at version {current}, the request expects {expected}; "
                "read it again and repeat the change on the current version.",
            ),
        )


class UnsupportedMediaType(FhirError):
    """415: the body is not JSON by its Content-Type; `media_type` is None where none was sent."""

    def __init__(self, media_type: str | None) -> None:
        got = "no Content-Type" if media_type is None else f"Content-Type {media_type!r}"
        super().__init__(
            415,
            Issue("error", "not-supported", f"Got {got}; send application/fhir+json."),
        )


class PayloadTooLarge(FhirError):
    """413: the body is longer than `limit` bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            413,
            Issue("error", "too-long", f"The body is longer than the limit of {limit} bytes."),
        )
