"""OBX-11 = U: a result is final, and its value, sent before, is not sent again.

Source: HL7 v2.8 table 0085. The value is that of the newest message that has one, whichever of
them comes first; so what U says is kept beside the result and laid over each open value. A
settled result stays as it is: a withdrawn one is not revived, one of unknown state not released.
"""

from dataclasses import dataclass
from typing import Final

from fhir_server.hl7v2.mapping.drafts import Age
from fhir_server.r4.codec import JsonObject, decode, encode

# What refers to other resources of this server.
_FILED: Final = ("id", "subject", "encounter", "basedOn", "specimen", "derivedFrom")


@dataclass(frozen=True, slots=True)
class Finality:
    """What one U said."""

    age: Age
    message_id: str
    resource: JsonObject

    def as_text(self) -> str:
        """Return the form in which it is stored."""
        age = self.age
        stored = {
            "age": [age.settled, age.issued, age.sent, age.rank],
            "message": self.message_id,
            "resource": self.resource,
        }
        return encode(stored).decode()


def from_text(text: str) -> Finality | None:
    """Return what `as_text` wrote, None for an empty text."""
    if not text:
        return None
    stored = decode(text.encode())
    return Finality(Age(*stored["age"]), stored["message"], stored["resource"])


def place(result: JsonObject) -> JsonObject:
    """Return of a result only whose it is and of which order."""
    return {name: result[name] for name in _FILED if name in result}


def finalised(valued: JsonObject, status: JsonObject) -> JsonObject:
    """Return the result `valued` with what a bare change of status says of it.

    Whose result it is, and of which order, is as it is filed now: a merge may lie between.
    """
    dated = any(name.startswith("effective") for name in status)
    kept = {
        name: value
        for name, value in valued.items()
        if name != "meta" and not (dated and name.startswith("effective"))
    }
    said = {name: value for name, value in status.items() if name != "meta"}
    return {**kept, **said, **place(valued)}
