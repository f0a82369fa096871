"""Ids of resources that a message makes: the same content gets the same id, whoever sends again.

An id is the SHA-256 of what identifies the resource, in the form of a UUID of version 8 (RFC
9562). So a resend, a correction or a withdrawal meets the resource that the first message made.
"""

import hashlib
from json.encoder import encode_basestring
from uuid import UUID


def resource_id(type: str, *parts: str) -> str:
    """Return the id of the resource of `type` that `parts` identify, in their order."""
    # The JSON array of the parts, as `json.dumps` writes it: no two lists of parts have one text.
    text = ", ".join([encode_basestring(part) for part in (type, *parts)])
    digest = hashlib.sha256(f"[{text}]".encode()).digest()
    value = int.from_bytes(digest[:16], "big")
    value = value & ~(0xF << 76) | (0x8 << 76)  # version 8: the bits are the vendor's own
    value = value & ~(0x3 << 62) | (0x2 << 62)
    return str(UUID(int=value))


class Ordinals:
    """Tells apart repetitions of one identity within a message: the second is not the first.

    Several OBX with the same OBX-3 and no sub-id are lines of one report or repeated results;
    without an ordinal the last would overwrite the others.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[str, ...], int] = {}

    def next(self, *parts: str) -> str:
        """Return "1" for the first call with these parts, "2" for the second."""
        count = self._seen.get(parts, 0) + 1
        self._seen[parts] = count
        return str(count)
