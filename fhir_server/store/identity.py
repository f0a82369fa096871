"""Ids that the server assigns to new resources."""

import os
import threading
from datetime import datetime

# The system's random bytes, for so many ids at once: each call lets go of the interpreter's lock,
# and takes long to have it again where other threads are busy.
_AT_ONCE = 64
_BYTES = 10


class _Store(threading.local):
    """Random bytes that this thread has not used yet."""

    left = b""


_store = _Store()


class _Process:
    """Which of several processes this is, of those that were forked from one."""

    number = 0


def _forget() -> None:
    _store.left = b""
    _Process.number += 1


# A process that was forked must not go on with the bytes of the other.
os.register_at_fork(after_in_child=_forget)


def new_id(now: datetime) -> str:
    """Return a new resource id: a UUID version 7 (RFC 9562, section 5.7) of the instant `now`.

    Its leading 48 bits are the time, so new ids go to the end of the index by id.
    """
    milliseconds = int(now.timestamp() * 1000) & 0xFFFF_FFFF_FFFF
    random = int.from_bytes(_random_bytes(), "big")
    high = (milliseconds << 16) | 0x7000 | (random >> 68)
    low = (0b10 << 62) | (random & 0x3FFF_FFFF_FFFF_FFFF)
    text = f"{(high << 64) | low:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


class OrderedIds:
    """Makes ids of 20 hexadecimal digits; of one maker's a later one is greater.

    The leading 48 bits are the time; of one millisecond the rest goes on from a random start. A
    clock that is set back makes the time stand still.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last, self._process = 0, 0

    def next(self, now: datetime) -> str:
        """Return the next id, at the instant `now`."""
        milliseconds = int(now.timestamp() * 1000) & 0xFFFF_FFFF_FFFF
        with self._lock:
            # A process that was forked must not go on with the numbers of the other.
            if milliseconds > self._last >> 32 or self._process != _Process.number:
                # The highest bit stays free, so that a millisecond has room to go on.
                start = int.from_bytes(_random_bytes()[:4], "big") >> 1
                self._last, self._process = milliseconds << 32 | start, _Process.number
            else:
                self._last += 1
            return f"{self._last:020x}"


def _random_bytes() -> bytes:
    left = _store.left or os.urandom(_AT_ONCE * _BYTES)
    _store.left = left[_BYTES:]
    return left[:_BYTES]
