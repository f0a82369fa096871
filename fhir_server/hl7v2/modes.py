"""Which acknowledgments a message asks for: original mode, or enhanced by MSH-15 and MSH-16.

Source: HL7 v2.5.1 section 2.9.2 (original), 2.9.3 (enhanced), table 0155.
"""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from fhir_server.hl7v2.header import Header
from fhir_server.hl7v2.problems import Acknowledgment, Location, Problem

Condition: TypeAlias = Literal["AL", "NE", "ER", "SU"]

_CONDITIONS: Final[dict[str, Condition]] = {"AL": "AL", "NE": "NE", "ER": "ER", "SU": "SU"}


@dataclass(frozen=True, slots=True)
class Mode:
    """What is sent back: `accept` (MSH-15) once a message is durable, `application` (MSH-16)
    once it is processed. In original mode there is one acknowledgment, always.
    """

    enhanced: bool
    accept: Condition
    application: Condition


ORIGINAL: Final = Mode(False, "NE", "AL")


def mode_of(header: Header) -> Mode:
    """Return the mode of a message.

    Both fields empty, or null, is original mode; in enhanced mode an empty one is NE (2.9.3).
    A value that is none of table 0155 asks for nothing that is understood: original mode.
    """
    asked = [_asked(header, number) for number in (15, 16)]
    if not any(asked) or not all(each in ("", *_CONDITIONS) for each in asked):
        return ORIGINAL
    accept, application = (_CONDITIONS.get(each, "NE") for each in asked)
    return Mode(True, accept, application)


def doubts(header: Header) -> list[Problem]:
    """Return a warning for each of MSH-15 and MSH-16 that is none of table 0155."""
    return [
        Problem(
            "103", f"MSH-{number} is none of AL, NE, ER and SU", Location("MSH", 1, number), "W"
        )
        for number in (15, 16)
        if _asked(header, number) not in ("", *_CONDITIONS)
    ]


def _asked(header: Header, number: int) -> str:
    return header.component(number).strip('"').upper()


def is_wanted(condition: Condition, code: Acknowledgment) -> bool:
    """Whether an acknowledgment with `code` is sent under a condition of table 0155."""
    accepted = code in ("AA", "CA")
    return (
        condition == "AL"
        or (condition == "SU" and accepted)
        or (condition == "ER" and not accepted)
    )
