"""The wire form of what is refused."""

from collections.abc import Mapping
from dataclasses import replace

from fastapi import Response

from fhir_server.r4.codec import encode
from fhir_server.r4.outcome import FhirError, Issue, operation_outcome

FHIR_JSON = "application/fhir+json"


class MethodNotAllowed(FhirError):
    """405: the address exists, the method does not apply to it; `allowed` are those that do."""

    def __init__(self, method: str, allowed: tuple[str, ...]) -> None:
        text = f"{method} does not apply to this address; it takes {', '.join(allowed)}."
        super().__init__(405, Issue("error", "not-supported", text))
        self.allowed = allowed


class NotAcceptable(FhirError):
    """406: the client accepts no form in which this server answers."""

    def __init__(self, asked: str) -> None:
        text = f"Cannot answer as {asked[:100]!r}; this server writes application/fhir+json."
        super().__init__(406, Issue("error", "not-supported", text))


def error_response(error: FhirError) -> Response:
    """Return `error` as an OperationOutcome with its status."""
    # Some refusals bring headers of their own: WWW-Authenticate, Retry-After.
    headers: dict[str, str] = dict(getattr(error, "headers", {}))
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = ", ".join(error.allowed)
    if error.status == 503:
        headers["Retry-After"] = "1"
    return outcome_response(error.status, *error.issues, headers=headers)


def outcome_response(
    status: int, *issues: Issue, headers: Mapping[str, str] | None = None
) -> Response:
    """Return an OperationOutcome of at least one issue."""
    body = encode(operation_outcome(issues))
    return Response(body, status_code=status, media_type=FHIR_JSON, headers=dict(headers or {}))


def within(error: FhirError, place: str) -> FhirError:
    """Return `error` as that of an entry: expressions led by `place`, such as `Bundle.entry[2]`.

    `Patient.name` becomes `Bundle.entry[2].resource.name`; an issue without expression gets
    `place` itself.
    """
    return FhirError(error.status, *(issue_within(issue, place) for issue in error.issues))


def issue_within(issue: Issue, place: str) -> Issue:
    """Return one issue of an entry's resource with its expressions led by `place`."""
    moved = tuple(_moved(expression, place) for expression in issue.expression) or (place,)
    return replace(issue, expression=moved)


def _moved(expression: str, place: str) -> str:
    if expression.startswith("Bundle."):
        return expression
    _type, dot, rest = expression.partition(".")
    return f"{place}.resource{dot}{rest}"
