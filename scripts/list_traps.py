"""Write docs/reference/traps.md, the list of faulty records that are decided right.

python -m scripts.list_traps
"""

from collections.abc import Iterator
from pathlib import Path

from tests.unit.r4.sound_records import SOUND
from tests.unit.r4.traps import TRAPS
from tests.unit.r4.traps_of_bodies import KEPT_NUMBERS, WIRE_TRAPS

OUTPUT = Path(__file__).parents[1] / "docs" / "reference" / "traps.md"


def page() -> str:
    """Return the page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Traps"
    yield ""
    yield "Records that look right and are not, each refused with one issue at the right place."
    yield "Written by `python -m scripts.list_traps`; a test compares it with the traps."
    yield ""
    yield "| trap | where | issue | source (R4) |"
    yield "|---|---|---|---|"
    for trap in TRAPS:
        where = trap.expression.replace("`", "'")
        yield f"| {trap.name} | `{where}` | {trap.code} | {trap.source} |"
    yield ""
    yield "Bodies that are refused before a record is read:"
    yield ""
    yield "| trap | refusal says | source |"
    yield "|---|---|---|"
    for wire in WIRE_TRAPS:
        yield f"| {wire.name} | {wire.refusal} | {wire.source} |"
    yield ""
    yield "Records that look wrong and are right, each accepted as it is:"
    yield ""
    yield "| record | source (R4) |"
    yield "|---|---|"
    for sound in SOUND:
        yield f"| {sound.name} | {sound.source} |"
    yield ""
    kept = ", ".join(f"`{number.decode()}`" for number in KEPT_NUMBERS)
    yield "Stricter than the letter: R4 says that a string SHOULD hold something beside white"
    yield "space and SHOULD NOT hold control characters; both are refused here, because XML would"
    yield "lose the one and has no form for the other. Numbers end at 1e±308 and at 400 characters."
    yield ""
    yield f"Numbers that come back as they were spelled: {kept}."


if __name__ == "__main__":
    OUTPUT.write_text(page(), encoding="utf-8")
