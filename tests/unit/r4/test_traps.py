"""Every trap is decided right, and the page that lists them is the list."""

import json

import pytest

from fhir_server.r4.codec import decode, encode
from fhir_server.r4.outcome import BadRequest
from fhir_server.r4.validation import validate
from scripts import list_traps
from tests.unit.r4.sound_records import SOUND
from tests.unit.r4.trap import Sound, Trap, WireTrap
from tests.unit.r4.traps import TRAPS
from tests.unit.r4.traps_of_bodies import KEPT_NUMBERS, WIRE_TRAPS


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.name)
def test_trap(trap: Trap) -> None:
    (issue,) = validate(decode(json.dumps(trap.record).encode()))
    assert (issue.severity, issue.expression, issue.code) == (
        "error",
        (trap.expression,),
        trap.code,
    )


@pytest.mark.parametrize("sound", SOUND, ids=lambda sound: sound.name)
def test_what_looks_wrong_and_is_right(sound: Sound) -> None:
    assert validate(decode(json.dumps(sound.record).encode())) == ()


@pytest.mark.parametrize("trap", WIRE_TRAPS, ids=lambda trap: trap.name)
def test_wire_trap(trap: WireTrap) -> None:
    with pytest.raises(BadRequest, match=trap.refusal):
        decode(trap.body, unique_keys=True)


@pytest.mark.parametrize("number", KEPT_NUMBERS)
def test_a_number_keeps_its_spelling(number: bytes) -> None:
    body = b'{"value":' + number + b"}"
    assert encode(decode(body)) == body


def test_the_page_lists_every_trap() -> None:
    assert list_traps.OUTPUT.read_text(encoding="utf-8") == list_traps.page()
    names = [each.name for each in (*TRAPS, *WIRE_TRAPS, *SOUND)]
    assert len(set(names)) == len(names) >= 200
