"""NTE to Annotation: the repetitions of NTE-3 are lines of one comment."""

from collections.abc import Iterable
from typing import Final

from fhir_server.hl7v2.mapping.datatypes import clean
from fhir_server.hl7v2.tokenizer import Segment
from fhir_server.r4.codec import JsonObject

FIELDS: Final = frozenset((1, 2, 3))


def notes(segments: Iterable[Segment]) -> list[JsonObject]:
    """Return one Annotation per NTE that says anything."""
    found = []
    for nte in segments:
        text = "\n".join(clean(each.whole()) for each in nte.repetitions(3)).strip()
        if text:
            found.append({"text": text})
    return found
