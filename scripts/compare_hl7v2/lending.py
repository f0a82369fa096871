"""What a message lacks by our rules, lent to it, so that the rest of it can be compared.

The other engine takes messages without sender, patient number or time of observation; this server
refuses them. A lent value is marked, and what came of it stands in neither side's count.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fhir_server.r4.codec import JsonObject

MARK: Final = "LENT"
# No message of the comparison is of this day.
DAY: Final = "19010101"
_FHIR_DAY: Final = "1901-01-01"
_NUMBER: Final = f"{MARK}^^^{MARK}&2.25.1&ISO"

# Where a refusal points (segment, field; "" the segment itself) and what is lent there.
_LOANS: Final[Mapping[tuple[str, str, str], str]] = {
    ("101", "MSH", "7"): DAY,
    ("101", "MSH", "10"): MARK,
    ("202", "MSH", "11"): "P",
    ("101", "PID", "3"): _NUMBER,
    ("101", "OBR", "4"): f"{MARK}^{MARK}",
    ("101", "OBX", "3"): f"{MARK}^{MARK}",
    ("101", "OBX", "14"): DAY,
}


@dataclass(frozen=True, slots=True)
class Loan:
    """One field that was lent: `PID-3`."""

    field: str
    message: str


def lend(message: str, error: Mapping[str, Any]) -> Loan | None:
    """Return the message with what its refusal asks for; None where nothing may be lent."""
    code = str(error.get("code", ""))
    name, sequence, field, *_ = (*str(error.get("location", "")).split("^"), "", "", "")
    if (code, name, field) == ("100", "PID", ""):
        header, end, rest = message.partition("\r")
        return Loan("PID", f"{header}{end}PID|1||{_NUMBER}\r{rest}")
    if (code, name, field) == ("100", "OBR", ""):
        return Loan("OBR", f"{message}OBR|1||{MARK}|{MARK}^{MARK}|||{DAY}||||||||||||||||||F\r")
    value = _LOANS.get((code, name, field))
    if value is None:
        return None
    lines = message.split("\r")
    places = [index for index, line in enumerate(lines) if line.startswith(name)]
    place = int(sequence or 1) - 1
    if place >= len(places):
        return None
    lines[places[place]] = _with_field(lines[places[place]], int(field), value)
    return Loan(f"{name}-{field}", "\r".join(lines))


def under_new_id(message: str, attempt: int) -> str:
    """Return the message under a control id of its own: the changed bytes are another message."""
    header, end, rest = message.partition("\r")
    return _with_field(header, 10, f"{MARK}{attempt}") + end + rest


def is_lent_order(resource: JsonObject) -> bool:
    """Whether a resource of ours is only there because an OBR was lent."""
    return any(each.get("value") == MARK for each in _listed(resource.get("identifier")))


def without_loans(resource: JsonObject) -> JsonObject:
    """Return a resource of ours without the elements that only what was lent filled."""
    kept = {name: value for name, value in resource.items() if not _is_lent(name, value)}
    identifiers = [each for each in _listed(kept.pop("identifier", None)) if each["value"] != MARK]
    return kept | ({"identifier": identifiers} if identifiers else {})


def _is_lent(name: str, value: Any) -> bool:
    if name.startswith(("effective", "issued", "recorded", "occurred")):
        return isinstance(value, str) and value.startswith(_FHIR_DAY)
    return name == "code" and isinstance(value, dict) and value.get("text") == MARK


def _listed(value: Any) -> list[JsonObject]:
    return value if isinstance(value, list) else []


def _with_field(segment: str, number: int, value: str) -> str:
    mark = segment[3:4] or "|"
    fields = segment.split(mark)
    place = number - 1 if fields[0] == "MSH" else number
    fields += [""] * (place + 1 - len(fields))
    kept = fields[place]
    # A number of an account stays beside the one of a person that is lent.
    fields[place] = f"{kept}~{value}" if kept and number == 3 else value
    return mark.join(fields)


def lines(text: str) -> str:
    """Return a message of the file with the line ends that the standard asks for."""
    return re.sub(r"\r?\n|\r", "\r", text).strip("\r") + "\r"
