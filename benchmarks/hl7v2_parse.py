"""One ORU^R01 of 20 results: read by the tokenizer, beside what any reader must at least do.

The floor of a split into four levels is what plain Python needs to make the same pieces at once;
the tokenizer splits fields and leaves the deeper levels until somebody asks for them.
"""

import time
import timeit
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message

from fhir_server.hl7v2.header import read_header
from fhir_server.hl7v2.mapping.context import Context, context
from fhir_server.hl7v2.mapping.conversion import convert, read
from fhir_server.hl7v2.tokenizer import Message, parse
from fhir_server.r4.validation import validate
from terminology.local_codes import LocalCodes

RESULTS: Final = 20
TARGET_US: Final = 150
_HEADER: Final = (
    "MSH|^~\\&|LIS|DEMOHOSP|ATTENDING|DEMOHOSP|20261120103500+0800||ORU^R01^ORU_R01|B1|P|2.5.1"
    "||||||UNICODE UTF-8"
)
_PATIENT: Final = "PID|1||000123456^^^DEMOHOSP^MR||张^伟||19680312|M"
_ORDER: Final = (
    "OBR|1|YZ1|LAB1|SG^生化全套^99LIS|||20261120080000+0800|||||||||||||||20261120103000+0800||CH|F"
)
_RESULT: Final = (
    "OBX|{n}|NM|I{n:02}^项目{n}^99LIS^14682-9^Creatinine^LN||{value}.50|umol/L|57-97|N|||F|||"
    "20261120080000+0800|LAB1^检验科^99LIS|1023^李^检验||ENZ^酶法^99LIS"
)


def message() -> bytes:
    """Return the message, in UTF-8."""
    results = [_RESULT.format(n=n, value=60 + n) for n in range(1, RESULTS + 1)]
    return ("\r".join([_HEADER, _PATIENT, _ORDER, *results]) + "\r").encode()


def main() -> int:
    """Print the microseconds of each way; 1 where the tokenizer is slower than its target."""
    raw = message()
    print(f"one ORU^R01 of {RESULTS} results, {len(raw):,} bytes, microseconds\n")
    ours = _measured(lambda: _parsed(raw))
    for name, step in (
        ("MSH only, by split", lambda: _split_header(raw)),
        ("split to fields", lambda: _split_fields(raw)),
        ("split to four levels", lambda: _split_levels(raw)),
        ("MSH, checked", lambda: read_header(raw)),
    ):
        print(f"{name:<40} {_measured(step):10.1f}")
    print(f"{'MSH and tokenizer, spans of segments':<40} {ours:10.1f}   target {TARGET_US}")
    print(f"{'the same, and every component read':<40} {_measured(lambda: _read_all(raw)):10.1f}")
    print(f"{'hl7apy, tolerant':<40} {_measured(lambda: _by_hl7apy(raw)):10.1f}")
    _print_conversion(raw)
    return int(ours > TARGET_US)


def _print_conversion(raw: bytes) -> None:
    found, around = _parsed(raw), _context(raw)
    converting = _measured(lambda: convert(read(found, around), ["p"]))
    drafts = convert(read(found, around), ["p"]).drafts
    checking = _measured(lambda: [validate(draft.resource) for draft in drafts])
    print(f"{f'converted to {len(drafts)} resources':<40} {converting:10.1f}")
    print(f"{'these checked against R4':<40} {checking:10.1f}\n")


def _measured(step: Callable[[], object]) -> float:
    """Return the best of seven series, in microseconds of processor time."""
    once = max(timeit.timeit(step, number=1, timer=time.process_time), 1e-6)
    number = max(1, min(2000, int(0.1 / once)))
    series = timeit.repeat(step, number=number, repeat=7, timer=time.process_time)
    return 1e6 * min(series) / number


def _split_header(raw: bytes) -> list[bytes]:
    return raw[: raw.index(b"\r")].split(b"|")


def _split_fields(raw: bytes) -> list[list[str]]:
    return [line.split("|") for line in raw.decode().split("\r") if line]


def _split_levels(raw: bytes) -> list[list[object]]:
    return [[_split_field(field) for field in line] for line in _split_fields(raw)]


def _split_field(field: str) -> object:
    if "~" in field or "^" in field or "&" in field:
        return [
            [part.split("&") for part in repetition.split("^")] for repetition in field.split("~")
        ]
    return field


def _parsed(raw: bytes) -> Message:
    return parse(raw, read_header(raw), "utf-8")


def _read_all(raw: bytes) -> list[str]:
    return [
        text
        for segment in _parsed(raw).segments
        for number in range(1, len(segment.fields))
        for repetition in segment.repetitions(number)
        for text in repetition.texts()
    ]


def _by_hl7apy(raw: bytes) -> object:
    return parse_message(raw.decode(), validation_level=VALIDATION_LEVEL.TOLERANT)


def _context(raw: bytes) -> Context:
    return context(
        read_header(raw),
        now=datetime(2026, 11, 20, 12, 0, tzinfo=UTC),
        zone=ZoneInfo("Asia/Shanghai"),
        codes=LocalCodes({}),
        identifier_systems={},
    )
