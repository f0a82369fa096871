"""What is wrong with a message: place, code of HL7 table 0357, text; and the refusal it leads to.

Texts name places and rules, never what stands in a patient's field: they are listed, logged and
sent back. A coded value (a status, a message type, a character set) may be repeated.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

# Table 0008: A. of original mode and of the application, C. that a message is kept (or not).
Acknowledgment: TypeAlias = Literal["AA", "AE", "AR", "CA", "CE", "CR"]
Severity: TypeAlias = Literal["E", "W"]
# What bytes that are no frame are (`hl7v2.framing.Fault`).
FaultKind: TypeAlias = Literal["half-frame", "too-long", "unterminated", "stray-bytes"]

# HL7 table 0357, "Message error condition codes" (v2.5.1 and v2.8).
CONDITIONS: Final = {
    "0": "Message accepted",
    "100": "Segment sequence error",
    "101": "Required field missing",
    "102": "Data type error",
    "103": "Table value not found",
    "104": "Value too long",
    "200": "Unsupported message type",
    "201": "Unsupported event code",
    "202": "Unsupported processing id",
    "203": "Unsupported version id",
    "204": "Unknown key identifier",
    "205": "Duplicate key identifier",
    "206": "Application record locked",
    "207": "Application internal error",
}

# The conditions that v2.5.1 section 2.9.2.2 answers with AR: the header is not for this server,
# or the cause has nothing to do with the content, so that the same message may pass later.
_REJECTING: Final = frozenset({"200", "201", "202", "203", "207"})


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a message as ERL (ERR-2) writes it; numbers count from 1.

    `sequence` counts the segments of the same name: the second OBX of the message is OBX, 2.
    """

    segment: str
    sequence: int = 1
    field: int | None = None
    repetition: int | None = None
    component: int | None = None
    subcomponent: int | None = None

    def __str__(self) -> str:
        parts = [self.segment, str(self.sequence)]
        if self.field is not None:
            parts.append(str(self.field))
            if self.component is not None or self.subcomponent is not None:
                parts += [str(self.repetition or 1), str(self.component or 1)]
                parts += [] if self.subcomponent is None else [str(self.subcomponent)]
            elif self.repetition is not None:
                parts.append(str(self.repetition))
        return "^".join(parts)


@dataclass(frozen=True, slots=True)
class Problem:
    """One error or warning: its code in table 0357, and its place where there is one."""

    code: str
    text: str
    location: Location | None = None
    severity: Severity = "E"

    def as_json(self) -> dict[str, Any]:
        """Return the form in which the problem is stored and listed; it holds no patient data."""
        place = None if self.location is None else str(self.location)
        return {"code": self.code, "severity": self.severity, "location": place, "text": self.text}


def warning(code: str, text: str, location: Location) -> Problem:
    """Return a problem that leaves the message accepted."""
    return Problem(code, text, location, "W")


# What bytes that are no frame are told to be.
FAULTS: Final[dict[FaultKind, Problem]] = {
    "half-frame": Problem("100", "a new start block came before the end block: half a message"),
    "too-long": Problem("104", "the message is longer than this server takes; its start is kept"),
    "unterminated": Problem("100", "the connection or its time ended before the end block"),
    "stray-bytes": Problem("100", "bytes outside a frame"),
}


class Refusal(Exception):
    """The message is refused as a whole; the errors say where and why."""

    def __init__(self, *problems: Problem) -> None:
        if not problems:
            raise ValueError("a refusal needs at least one problem")
        super().__init__("; ".join(problem.text for problem in problems))
        self.problems = problems

    @property
    def acknowledgment(self) -> Acknowledgment:
        """AR where the header is not for this server, AE where the content is wrong."""
        header = any(_is_header(problem) for problem in self.problems)
        rejecting = any(problem.code in _REJECTING for problem in self.problems)
        return "AR" if header or rejecting else "AE"


def _is_header(problem: Problem) -> bool:
    place = problem.location
    if place is None or place.segment != "MSH":
        return False
    return problem.code in ("100", "101") or place.field in (1, 2)


def refuse(code: str, text: str, location: Location | None = None) -> Refusal:
    """Return the refusal for one error."""
    return Refusal(Problem(code, text, location))
