"""The R4 primitive types: which JSON value each admits.

Formats: http://hl7.org/fhir/R4/datatypes.html#primitive; a test compares them with the published
regular expressions. Dates must exist in the calendar, beyond what an expression can say.
"""

import binascii
import re
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from datetime import date
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from fhir_server.r4.narrative import narrative_fault
from fhir_server.r4.references import ID_PATTERN


class Fault(NamedTuple):
    """Why a value is refused: issue-type code, and what is wrong and how to mend it."""

    code: str
    text: str


Check: TypeAlias = Callable[[object], Fault | None]

_YEAR = r"(?!0000)[0-9]{4}"
_MONTH = r"(?:0[1-9]|1[0-2])"
_DAY = r"(?:0[1-9]|[12][0-9]|3[01])"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_DATE = re.compile(rf"{_YEAR}(?:-{_MONTH}(?:-{_DAY})?)?")
_DATE_TIME = re.compile(rf"{_YEAR}(?:-{_MONTH}(?:-{_DAY}(?:T{_TIME}{_ZONE})?)?)?")
_INSTANT = re.compile(rf"{_YEAR}-{_MONTH}-{_DAY}T{_TIME}{_ZONE}")
# R4 datatypes.html#string: 1 MB at most; of the control characters only tab, CR and LF.
_MAX_STRING = 1024 * 1024
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_INT32 = 2**31
# What a 64-bit float can hold; codec.decode refuses exponents beyond it.
_MAX_NUMBER = 10**308


def _shown(value: object) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 40 else text[:40] + "…"


def wrong_kind(value: object, expected: str) -> Fault:
    """Return the fault of a JSON value of another kind than `expected`."""
    if value is None:
        return Fault(
            "structure",
            "null stands only inside an array of primitives, paired with an extension; "
            "leave the element out.",
        )
    kinds = {bool: "boolean", str: "string", dict: "object", list: "array"}
    kind = kinds.get(type(value), "number")
    if isinstance(value, dict | list):
        return Fault("structure", f"Got a JSON {kind}; write {expected}.")
    return Fault("structure", f"Got the JSON {kind} {_shown(value)}; write {expected}.")


def _string(value: object) -> Fault | None:
    if type(value) is not str:
        return wrong_kind(value, "a JSON string")
    if not value or value.isspace():
        return Fault("value", "The text is empty; leave the element out.")
    if len(value) > _MAX_STRING:
        return Fault("too-long", f"The text is longer than {_MAX_STRING} characters.")
    if not value.isprintable() and _CONTROL.search(value):
        return Fault("value", "The text holds a control character other than tab, CR and LF.")
    return None


# Strings that a check has accepted lately: codes, systems and times recur from record to record,
# and to know one again costs a fraction of its pattern. Not for types that hold names or numbers
# of patients.
_ACCEPTED: dict[Check, set[str]] = {}
_MOST_ACCEPTED = 1024
_LONGEST_ACCEPTED = 100


def accepted_by(check: Check) -> AbstractSet[str]:
    """Return strings that `check` would accept; the set grows while it is used, and is emptied."""
    return _ACCEPTED.get(check, frozenset())


def _remembering(check: Check) -> Check:
    """Return a check that refuses what `check` refuses and remembers what it accepts."""
    accepted: set[str] = set()

    def remembering(value: object) -> Fault | None:
        fault = check(value)
        if fault is None and type(value) is str and len(value) <= _LONGEST_ACCEPTED:
            if len(accepted) >= _MOST_ACCEPTED:
                accepted.clear()
            accepted.add(value)
        return fault

    _ACCEPTED[remembering] = accepted
    return remembering


def _matching(pattern: str, form: str) -> Check:
    # White space is XML's: a no-break space is a character like another.
    matches = re.compile(pattern, re.ASCII).fullmatch

    def check(value: object) -> Fault | None:
        if type(value) is not str:
            return wrong_kind(value, f"a JSON string: {form}")
        if matches(value) is None:
            return Fault("value", f"{_shown(value)} has not the form: {form}.")
        return None

    return check


def _dated(pattern: re.Pattern[str], form: str) -> Check:
    matches = pattern.fullmatch

    def check(value: object) -> Fault | None:
        if type(value) is not str:
            return wrong_kind(value, f"a JSON string: {form}")
        if matches(value) is None:
            return Fault("value", f"{_shown(value)} has not the form: {form}.")
        if value[8:10] > "28" and not _in_calendar(value):
            return Fault("value", f"{_shown(value)} is no day of the calendar.")
        return None

    return check


def _in_calendar(text: str) -> bool:
    try:
        date(int(text[:4]), int(text[5:7]), int(text[8:10]))
    except ValueError:
        return False
    return True


def _boolean(value: object) -> Fault | None:
    return None if type(value) is bool else wrong_kind(value, "true or false without quotes")


def _decimal(value: object) -> Fault | None:
    if type(value) is int:
        if not -_MAX_NUMBER <= value <= _MAX_NUMBER:
            return Fault("value", "The number is beyond 1e±308; mend its value.")
        return None
    if isinstance(value, Decimal):
        if value.is_finite():
            return None
        return Fault("value", f"{value} is no number; leave the element out.")
    if isinstance(value, float):
        # A float has lost the precision that R4 asks to keep.
        return Fault("structure", "A binary float was given; build the number as Decimal.")
    return wrong_kind(value, "a JSON number")


def _integer(low: int, high: int) -> Check:
    def check(value: object) -> Fault | None:
        if type(value) is not int:
            return wrong_kind(value, "a whole JSON number without fraction or exponent")
        if not low <= value <= high:
            return Fault("value", f"{_shown(value)} is not between {low} and {high}.")
        return None

    return check


def _base64(value: object) -> Fault | None:
    if type(value) is not str:
        return wrong_kind(value, "a JSON string in base64")
    if not value:
        return Fault("value", "The data is empty; leave the element out.")
    data = "".join(value.split())
    if len(data) % 4:
        return Fault("value", "The data is no base64: its length is no multiple of 4.")
    try:
        binascii.a2b_base64(data, strict_mode=True)
    except ValueError as error:
        return Fault("value", f"The data is no base64: {error}.")
    return None


def _xhtml(value: object) -> Fault | None:
    if type(value) is not str:
        return wrong_kind(value, "a JSON string with an XHTML div")
    fault = narrative_fault(value)
    return None if fault is None else Fault("invariant", f"Narrative (txt-1, txt-2): {fault}.")


_URI = _remembering(_matching(r"\S+", "a URI without white space"))

PRIMITIVES: Mapping[str, Check] = {
    "base64Binary": _base64,
    "boolean": _boolean,
    "canonical": _URI,
    "code": _remembering(
        _matching(r"\S+(?:\s\S+)*", "a code, no white space at its ends or doubled")
    ),
    "date": _dated(_DATE, "YYYY, YYYY-MM or YYYY-MM-DD"),
    "dateTime": _remembering(
        _dated(
            _DATE_TIME, "YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss[.fff] with Z or +hh:mm"
        )
    ),
    "decimal": _decimal,
    "id": _matching(ID_PATTERN, "1 to 64 of A-Z a-z 0-9 - and ."),
    "instant": _remembering(_dated(_INSTANT, "YYYY-MM-DDThh:mm:ss[.fff] with Z or +hh:mm")),
    "integer": _integer(-_INT32, _INT32 - 1),
    "markdown": _string,
    "oid": _matching(r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+", "urn:oid:1.2.3"),
    "positiveInt": _integer(1, _INT32 - 1),
    "string": _string,
    "time": _matching(_TIME, "hh:mm:ss[.fff], without zone, at most 23:59:60"),
    "unsignedInt": _integer(0, _INT32 - 1),
    "uri": _URI,
    "url": _URI,
    "uuid": _matching(
        r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "urn:uuid: and a UUID in lower case",
    ),
    "xhtml": _xhtml,
}

_MIME = r"[A-Za-z0-9!#$&^_.+\-]{1,127}"
# Codes of required (or maximum) bindings that no list can hold are checked by their form. Left to
# the terminology room: UCUM units (`ucum-units`), three elements of research resources.
CODE_FORMS: Mapping[str, Check] = {
    # BCP 13; R4 http.html#mime-type adds the short names.
    "http://hl7.org/fhir/ValueSet/mimetypes": _matching(
        rf"(?:{_MIME}/{_MIME}(?:\s?;\S*(?:\s\S+)*)?|xml|json|ttl|html)",
        "a MIME type such as application/pdf (BCP 13)",
    ),
    "http://hl7.org/fhir/ValueSet/all-languages": _matching(
        r"(?:[A-Za-z]{2,8}|[xi])(?:-[A-Za-z0-9]{1,8})*", "a language tag such as zh-CN (BCP 47)"
    ),
}
