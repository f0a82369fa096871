"""What a message makes before the store is asked: resources with their age."""

import json
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from fhir_server.hl7v2.mapping.times import Moment, utc
from fhir_server.hl7v2.tokenizer import Segment
from fhir_server.r4.codec import JsonObject

Merge = Literal["replace", "keep-value", "report", "visit"]
# The part of a draft's key that is the patient.
PATIENT: Final = 2
_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


class Age(msgspec.Struct, frozen=True, order=True):
    """How new a draft is; a greater one is newer, whatever arrived first.

    A settled state (final, corrected, withdrawn, cancelled, unknown) is newer than an open one
    (registered, partial, preliminary): a result is not un-released by a late preliminary one. Then
    count the time of release, the time of sending (microseconds since the epoch), and of two with
    the same times the later step of life: corrected after final, withdrawn after corrected.
    """

    settled: bool
    issued: int
    sent: int
    rank: int


class Draft(msgspec.Struct, frozen=True):
    """A resource with id and subject, ready to be stored.

    `merge` says how it meets a stored one: `replace` it, `keep-value` of it and take the rest,
    for a report, keep the results that the stored one lists, or, for a visit, keep what the
    newer one does not state. `sources` are the segments that it is made of. The id follows from
    `key`, whose third part is the patient; `ended` are the elements that it says hold no more.
    """

    resource: JsonObject
    age: Age
    merge: Merge = "replace"
    sources: tuple[Segment, ...] = ()
    key: tuple[str, ...] = ()
    ended: frozenset[str] = frozenset()

    @property
    def reference(self) -> str:
        """`Type/id`."""
        return f"{self.resource['resourceType']}/{self.resource['id']}"

    @property
    def identity(self) -> str:
        """What tells it from other resources of its type and patient, as one text."""
        return json.dumps([*self.key[:PATIENT], *self.key[PATIENT + 1 :]], ensure_ascii=False)


def microseconds(moment: Moment) -> int:
    """Return the first instant that a time names, in microseconds since the epoch."""
    return (utc(moment.low) - _EPOCH) // timedelta(microseconds=1)
