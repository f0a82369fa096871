"""Whether a message is one that this server takes, judged by its header alone.

Source: HL7 v2.5.1 section 2.9.2.2: MSH-9, MSH-11 and MSH-12 that do not fit are answered AR.
"""

from collections.abc import Callable
from typing import Final

from fhir_server.hl7v2.charset import SUPPORTED, WrongCharset, check, codec_of
from fhir_server.hl7v2.header import Header
from fhir_server.hl7v2.mapping.structures import STRUCTURES
from fhir_server.hl7v2.problems import Location, Refusal, refuse

VERSIONS: Final = frozenset(
    ("2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.7.1", "2.8", "2.8.1", "2.8.2")
)
MESSAGE_TYPES: Final = frozenset(STRUCTURES)


def admit(header: Header, *, processing_ids: frozenset[str]) -> None:
    """Refuse a header that is broken, incomplete or not for this server: Refusal (AR or AE)."""
    if header.problem is not None:
        raise Refusal(header.problem)
    for check_one in _CHECKS:
        check_one(header)
    if header.component(11) not in processing_ids:
        raise refuse(
            "202",
            f"MSH-11 is not one of {', '.join(sorted(processing_ids))}: the processing ids that "
            "this server takes into its record",
            Location("MSH", 1, 11),
        )


def codec(header: Header, raw: bytes, *, default_charset: str) -> str:
    """Return the codec of the message; Refusal (AE, 102) where the set is unknown or wrong.

    Without MSH-18 the set is `default_charset`, and without that UTF-8, of which ASCII is part.
    """
    name = header.charset or default_charset
    found = codec_of(name) if name else "utf-8"
    if found is None:
        raise refuse(
            "102", f"MSH-18 names a character set that is not read here; {SUPPORTED} are", _CHARSET
        )
    try:
        check(raw, found)
    except WrongCharset as error:
        raise refuse(
            "102",
            f"byte {error.offset + 1} of the message is not {found}: {error}; MSH-18 must name "
            "the character set in which the message is written",
            _CHARSET,
        ) from None
    return found


_CHARSET: Final = Location("MSH", 1, 18)


def _control_id(header: Header) -> None:
    if not header.control_id:
        raise refuse(
            "101",
            "MSH-10, the message control id, is empty: without it a resend cannot be told",
            Location("MSH", 1, 10),
        )


def _type(header: Header) -> None:
    kind, event = header.component(9), header.component(9, 2)
    if header.type in MESSAGE_TYPES:
        return
    if any(kind == each.partition("^")[0] for each in MESSAGE_TYPES):
        raise refuse(
            "201",
            f"trigger event {_short(event)} of {kind} is not taken here; "
            f"{', '.join(sorted(MESSAGE_TYPES))} are",
            Location("MSH", 1, 9, 1, 2),
        )
    raise refuse(
        "200",
        f"message type {_short(header.type)} is not taken here; "
        f"{', '.join(sorted(MESSAGE_TYPES))} is",
        Location("MSH", 1, 9, 1, 1),
    )


def _version(header: Header) -> None:
    if header.version not in VERSIONS:
        raise refuse(
            "203",
            f"MSH-12 {_short(header.version)} is no version that is read here: 2.3 to 2.8.2",
            Location("MSH", 1, 12),
        )


def _sender(header: Header) -> None:
    # Order numbers and patient numbers mean something only within their sender.
    if not header.field(3) and not header.field(4):
        raise refuse(
            "101",
            "MSH-3 and MSH-4 are empty: name the sending application or facility",
            Location("MSH", 1, 4),
        )


def _time(header: Header) -> None:
    # Corrections and late arrivals are put in order by it.
    if not header.component(7):
        raise refuse("101", "MSH-7, the time of the message, is empty", Location("MSH", 1, 7))


def _short(code: str) -> str:
    return code[:20] or "(empty)"


_CHECKS: Final[tuple[Callable[[Header], None], ...]] = (
    _type,
    _version,
    _control_id,
    _time,
    _sender,
)
