"""Ids that the server assigns to new resources."""

import os
from datetime import datetime


def new_id(now: datetime) -> str:
    """Return a new resource id: a UUID version 7 (RFC 9562, section 5.7) of the instant `now`.

    Its leading 48 bits are the time, so new ids go to the end of the index by id.
    """
    milliseconds = int(now.timestamp() * 1000) & 0xFFFF_FFFF_FFFF
    random = int.from_bytes(os.urandom(10), "big")
    high = (milliseconds << 16) | 0x7000 | (random >> 68)
    low = (0b10 << 62) | (random & 0x3FFF_FFFF_FFFF_FFFF)
    text = f"{(high << 64) | low:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
