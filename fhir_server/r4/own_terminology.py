"""R4's own code systems and value sets, as they were published with R4 4.0.1.

Read from a committed pack (`scripts/build_r4_terminology.py`) when they are asked for, and not
before: a server that nobody asks spends neither time nor memory on them. A resource lies in the
block that its url says, so that one is found without the others.
"""

import zipfile
import zlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal, TypeAlias

import msgspec

from fhir_server.r4.codec import JsonObject, decode

PACK: Final = Path(__file__).parent / "data" / "r4_terminology.zip"
BLOCKS: Final = 48
Kind: TypeAlias = Literal["CodeSystem", "ValueSet"]
_OWN: Final = (
    "http://hl7.org/fhir/",
    "http://terminology.hl7.org/CodeSystem/",
    "http://terminology.hl7.org/ValueSet/",
    "http://terminology.hl7.org/fhir/",
)
# Of others' code systems and of the specification's examples R4 has a few codes only.
_OTHERS: Final = ("http://hl7.org/fhir/sid/", "http://hl7.org/fhir/CodeSystem/example")


def is_own(url: str) -> bool:
    """Whether a url is one of those under which HL7 publishes terminology of its own."""
    return url.startswith(_OWN) and not url.startswith(_OTHERS)


def block_of(type: str, url: str) -> int:
    """Return the block of the pack in which a resource lies, if it is there."""
    return zlib.crc32(f"{type} {url}".encode()) % BLOCKS


# The largest is of 0.3 MB; most of what a server is asked for is asked again.
@lru_cache(maxsize=64)
def own_terminology(type: Kind, url: str) -> JsonObject | None:
    """Return R4's CodeSystem or ValueSet of a url, None where R4 has none; not to be changed."""
    if not is_own(url):
        return None
    found = _block(block_of(type, url)).get(f"{type} {url}")
    return None if found is None else decode(bytes(found))


def every_code_system() -> Iterator[JsonObject]:
    """Yield every code system of R4's own, in no order."""
    for number in range(BLOCKS):
        for name, found in _block(number).items():
            if name.startswith("CodeSystem "):
                yield decode(bytes(found))


def _block(number: int) -> dict[str, msgspec.Raw]:
    with zipfile.ZipFile(PACK) as archive:
        return msgspec.json.decode(archive.read(str(number)), type=dict[str, msgspec.Raw])
