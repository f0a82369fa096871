"""What makes two HL7v2 messages one: the sender and the control id, as one key of a fixed length.

A sender may put anything into MSH-3, MSH-4 and MSH-10, and a B-tree of PostgreSQL takes 2.7 KB
at most; so the key is a digest.
"""

import hashlib
import json
from typing import Final

# One encoder for all: `json.dumps` would make one for each message.
_TEXT: Final = json.JSONEncoder(ensure_ascii=False).encode


def message_key(sender: str, control_id: str, sha256: str) -> str:
    """Return the key under which a message is stored once: sender and MSH-10.

    Without a control id nothing but the bytes (`sha256`) tells a resend.
    """
    return _digest("id", sender, control_id) if control_id else _digest("bytes", sender, sha256)


def plain_key(quoted: bytes, control_id: bytes) -> str:
    """Return `message_key` for a control id that JSON writes as it stands; `quoted` the sender."""
    return hashlib.sha256(b'["id", %b, "%b"]' % (quoted, control_id)).hexdigest()


def quoted(sender: str) -> bytes:
    """Return a sender as it stands in a key."""
    return _TEXT(sender).encode("utf-8", "surrogatepass")


def other_key(sender: str, control_id: str, sha256: str) -> str:
    """Return the key of a message whose control id its sender has used for other bytes."""
    return _digest("other", sender, control_id, sha256)


def _digest(*parts: str) -> str:
    return hashlib.sha256(_TEXT(parts).encode("utf-8", "surrogatepass")).hexdigest()
