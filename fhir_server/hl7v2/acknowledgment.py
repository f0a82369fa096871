"""The answer to a message: MSH, MSA and one ERR per problem, in the sender's set and separators.

Source: HL7 v2.5.1 section 2.9.2 (original mode), 2.15.5 (ERR), 2.15.8 (MSA); v2.3 section 2.24.5
for the ERR-1 of versions before 2.5. Whatever came in, the answer can be parsed.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, get_args

from fhir_server.hl7v2.charset import codec_of
from fhir_server.hl7v2.escapes import Separators, escape
from fhir_server.hl7v2.header import Header
from fhir_server.hl7v2.problems import CONDITIONS, Acknowledgment, Problem

_MARKS: Final = str.maketrans("", "", "-:T")
_VERSION: Final = re.compile(r"2\.[0-9](\.[0-9])?")
# The version in which a sender is answered whose own cannot be read.
_FALLBACK_VERSION: Final = "2.5.1"
# Where a form is filled in; a message that holds it has no form.
_GAP: Final = "\x00"
_SEVERITY_FIRST: Final = "2.5"
_CODES: Final[dict[bytes, Acknowledgment]] = {
    code.encode(): code for code in get_args(Acknowledgment)
}


def acknowledge(
    header: Header,
    code: Acknowledgment,
    problems: Iterable[Problem] = (),
    *,
    at: datetime,
    control_id: str,
    enhanced: bool = False,
) -> bytes:
    """Return the ACK of a message: segments end with CR, without MLLP blocks.

    `at` (aware) becomes MSH-7, `control_id` MSH-10. AA may carry warnings. `enhanced`: nothing
    is to be sent back to it (MSH-15 and MSH-16 are NE).
    """
    return _written(header, code, problems, timestamp(at), control_id, enhanced)


@dataclass(frozen=True, slots=True)
class Form:
    """The acknowledgment of messages whose headers differ in MSH-7 and MSH-10 alone, to fill in."""

    parts: tuple[bytes, ...]

    @classmethod
    def of(cls, header: Header, code: Acknowledgment) -> "Form | None":
        """Return the form in original mode, without problems; None where there is none."""
        fields = (*header.fields[:10], _GAP, *header.fields[11:])
        text = _written(replace(header, fields=fields), code, (), _GAP, _GAP, enhanced=False)
        parts = tuple(text.split(_GAP.encode()))
        return cls(parts) if len(parts) == 4 else None

    def filled(self, at: str, control_id: str, answered: bytes) -> bytes:
        """Return what `acknowledge` does; `answered` is the MSH-10 of the message, in its bytes."""
        first, second, third, last = self.parts
        return b"".join((first, at.encode(), second, control_id.encode(), third, answered, last))


def _written(
    header: Header,
    code: Acknowledgment,
    problems: Iterable[Problem],
    at: str,
    control_id: str,
    enhanced: bool,
) -> bytes:
    marks = header.separators
    found = list(problems)
    version = header.version if _VERSION.fullmatch(header.version) else _FALLBACK_VERSION
    errors = [problem for problem in found if problem.severity == "E"]
    segments = [
        _msh(header, version, at, control_id, "NE" if enhanced else ""),
        _msa(header, code, errors),
        *_err(found, version, marks),
    ]
    text = "".join(marks.field.join(fields).rstrip(marks.field) + "\r" for fields in segments)
    # A character that the sender's set has not can only come from our own English texts.
    return text.encode(_codec(header), errors="replace")


def code_of(acknowledgment: bytes) -> Acknowledgment:
    """Return MSA-1 of an ACK that this module wrote."""
    place = acknowledgment.find(b"\rMSA")
    if place < 0:
        raise ValueError("the acknowledgment has no MSA")
    return _CODES[acknowledgment[place + 5 : place + 7]]


def _codec(header: Header) -> str:
    if header.codec == "latin-1":
        return "latin-1"
    return codec_of(header.charset) or header.codec


def _msh(header: Header, version: str, at: str, control_id: str, condition: str) -> list[str]:
    event = escape(header.component(9, 2), header.separators)
    kind = header.separators.component.join(("ACK", event, "ACK")) if event else "ACK"
    # Fields are echoed as they came, still escaped: 3 and 4 change places with 5 and 6.
    return [
        "MSH",
        header.separators.encoding_characters,
        header.field(5),
        header.field(6),
        header.field(3),
        header.field(4),
        at,
        "",
        kind,
        control_id,
        header.field(11) or "P",
        version,
        "",
        "",
        condition,
        condition,
        "",
        header.field(18) if codec_of(header.charset) else "",
    ]


def timestamp(at: datetime) -> str:
    """Return an HL7 TS to the second with offset; `strftime` takes ten times as long."""
    text = at.isoformat(timespec="seconds")
    return text[:19].translate(_MARKS) + text[19:].replace(":", "")


def _msa(header: Header, code: Acknowledgment, errors: list[Problem]) -> list[str]:
    # MSA-3 is deprecated since 2.4 and still what most senders log.
    text = escape(errors[0].text, header.separators) if errors else ""
    return ["MSA", code, header.field(10), text[:80] if "\\" not in text else ""]


def _err(problems: list[Problem], version: str, marks: Separators) -> list[list[str]]:
    if version >= _SEVERITY_FIRST:
        return [_err_25(problem, marks) for problem in problems]
    errors = [problem for problem in problems if problem.severity == "E"]
    if not errors:
        return []
    # ERR-1 (ELD) repeats: segment ^ sequence ^ field ^ code&text&system.
    cells = marks.repetition.join(_eld(problem, marks) for problem in errors)
    return [["ERR", cells]]


def _err_25(problem: Problem, marks: Separators) -> list[str]:
    condition = CONDITIONS.get(problem.code, "")
    return [
        "ERR",
        "",
        _place(problem, marks),
        marks.component.join((problem.code, condition, "HL70357")),
        problem.severity,
        "",
        "",
        "",
        escape(problem.text, marks),
    ]


def _eld(problem: Problem, marks: Separators) -> str:
    place = _place(problem, marks).split(marks.component)[:3]
    place += [""] * (3 - len(place))
    condition = (problem.code, CONDITIONS.get(problem.code, ""), "HL70357")
    return marks.component.join((*place, (marks.subcomponent or "&").join(condition)))


def _place(problem: Problem, marks: Separators) -> str:
    if problem.location is None:
        return ""
    return str(problem.location).replace("^", marks.component)
