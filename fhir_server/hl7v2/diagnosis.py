"""What hl7apy finds in a message that was refused: a second opinion for a person, never a gate.

hl7apy costs some 60 ms and 2 MB a message and drops what it does not know, so it neither reads
nor judges messages here; it compares one with HL7's message structures when somebody asks.
"""

import re
from typing import Final

from fhir_server.hl7v2.charset import codec_of
from fhir_server.hl7v2.header import body_start, read_header
from fhir_server.hl7v2.tokenizer import parse

_STRUCTURES: Final = ("2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8")
_MOST: Final = 50


def diagnose(raw: bytes) -> list[str]:
    """Return the findings, empty where the message conforms to its version's structure.

    Blocking, some 60 ms: call it off the event loop. Findings may name values of the message.
    """
    # Imported here: its structure tables take 100 ms and are for this command only.
    from hl7apy.exceptions import HL7apyException  # noqa: PLC0415
    from hl7apy.parser import parse_message  # noqa: PLC0415
    from hl7apy.validation import Validator  # noqa: PLC0415

    header = read_header(raw)
    if header.problem is not None:
        return [f"{header.problem.location}: {header.problem.text}"]
    text = _text(raw, codec_of(header.charset) or "utf-8")
    findings = _lost_names(raw)
    try:
        message = parse_message(text, find_groups=True)
        Validator.validate(message)
    except HL7apyException as error:
        findings.append(f"hl7apy: {type(error).__name__}: {error}")
    except (KeyError, ValueError, IndexError, AttributeError) as error:
        # hl7apy raises these on input that it did not foresee; that too is a finding.
        findings.append(f"hl7apy cannot read the message ({type(error).__name__})")
    if header.version not in _STRUCTURES:
        findings.append(f"hl7apy has no structures of version {header.version}")
    return findings[:_MOST]


def _text(raw: bytes, codec: str) -> str:
    """Return the message with CR line ends: with others hl7apy sees MSH alone."""
    text = raw[body_start(raw) :].decode(codec, errors="replace")
    return re.sub(r"\r\n|\n", "\r", text)


def _lost_names(raw: bytes) -> list[str]:
    """Return what hl7apy would drop without a word: lines that are no segment of the standard."""
    header = read_header(raw)
    message = parse(raw, header, "latin-1")
    return [
        f"line {segment.index + 1} begins with no segment name"
        for segment in message.segments
        if not segment.name
    ]
