"""What physicians did with cards, as clients report it (CDS Hooks 2.0, "Feedback")."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast
from uuid import UUID

from fhir_server.r4.outcome import BadRequest, FhirError, Issue

_OUTCOMES = ("accepted", "overridden")
_MAX_ENTRIES = 100
_MAX_COMMENT = 4000


class UnknownCard(FhirError):
    """404: feedback names a card that this service did not issue; nothing of it was kept."""

    def __init__(self, index: int) -> None:
        diagnostics = "The card was not issued by this service; nothing of this feedback was kept."
        where = (f"feedback[{index}].card",)
        super().__init__(404, Issue("error", "not-found", diagnostics, where))


@dataclass(frozen=True, slots=True)
class Feedback:
    """One entry. A client may send `accepted` and later `overridden` for the same card."""

    card: UUID
    outcome: Literal["accepted", "overridden"]
    at: datetime
    accepted_suggestions: tuple[str, ...]
    reason: Mapping[str, Any] | None
    comment: str | None


def parse_feedback(body: Mapping[str, Any]) -> tuple[Feedback, ...]:
    """Parse a feedback request; `BadRequest` names the entry and field at fault."""
    entries = body.get("feedback")
    if not isinstance(entries, list) or not 0 < len(entries) <= _MAX_ENTRIES:
        raise BadRequest(
            "required", f"feedback must be an array of 1 to {_MAX_ENTRIES} entries.", "feedback"
        )
    return tuple(_entry(entry, f"feedback[{index}]") for index, entry in enumerate(entries))


def _entry(entry: Any, where: str) -> Feedback:
    if not isinstance(entry, dict):
        raise BadRequest("structure", "A feedback entry must be an object.", where)
    outcome = entry.get("outcome")
    if outcome not in _OUTCOMES:
        raise BadRequest("value", "outcome must be accepted or overridden.", f"{where}.outcome")
    reason, comment = _override(entry.get("overrideReason"), f"{where}.overrideReason")
    return Feedback(
        card=_card(entry.get("card"), f"{where}.card"),
        outcome=cast(Literal["accepted", "overridden"], outcome),
        at=_timestamp(entry.get("outcomeTimestamp"), f"{where}.outcomeTimestamp"),
        accepted_suggestions=_suggestions(entry, f"{where}.acceptedSuggestions"),
        reason=reason,
        comment=comment,
    )


def _card(value: Any, where: str) -> UUID:
    try:
        return UUID(value)
    except (TypeError, ValueError, AttributeError):
        raise BadRequest("value", "card must be the uuid of a card.", where) from None


def _timestamp(value: Any, where: str) -> datetime:
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        found = None
    if found is None or found.tzinfo is None:
        raise BadRequest("value", "outcomeTimestamp must be an ISO 8601 time with zone.", where)
    return found


def _suggestions(entry: Mapping[str, Any], where: str) -> tuple[str, ...]:
    accepted = entry.get("acceptedSuggestions", [])
    if not isinstance(accepted, list):
        raise BadRequest("structure", "acceptedSuggestions must be an array.", where)
    identifiers = [item.get("id") if isinstance(item, dict) else None for item in accepted]
    if not all(isinstance(identifier, str) for identifier in identifiers):
        raise BadRequest("required", "Every accepted suggestion must have an id.", where)
    return tuple(str(identifier) for identifier in identifiers)


def _override(value: Any, where: str) -> tuple[Mapping[str, Any] | None, str | None]:
    if value is None:
        return None, None
    if not isinstance(value, dict):
        raise BadRequest("structure", "overrideReason must be an object.", where)
    reason, comment = value.get("reason"), value.get("userComment")
    if reason is not None and not isinstance(reason, dict):
        raise BadRequest("structure", "reason must be a Coding.", f"{where}.reason")
    if comment is not None and (not isinstance(comment, str) or len(comment) > _MAX_COMMENT):
        raise BadRequest(
            "value", f"userComment must be a text of up to {_MAX_COMMENT} characters.",
            f"{where}.userComment",
        )  # fmt: skip
    return reason, comment
