"""The bar on standard error that long commands show."""

import sys
import time
from collections.abc import Callable

_BAR = 40
# A line for each batch would fill a log.
_STEPS = 100
# Seconds between two bars of what has no steps, on a terminal and in a log.
_OFTEN = 0.2
_SELDOM = 5.0


def show(done: int, total: int) -> None:
    """Show how far a command has come; a terminal draws over its line, a log gets one each."""
    of = max(total, 1)
    full = _BAR * done // of
    end = "\r" if sys.stderr.isatty() and done < total else "\n"
    bar = "#" * full + "." * (_BAR - full)
    print(f"[{bar}] {done}/{total} {100 * done // of} %", end=end, file=sys.stderr, flush=True)


def steps() -> Callable[[int, int], None]:
    """Return a bar that is drawn a hundred times at most."""
    last = -1

    def draw(done: int, total: int) -> None:
        nonlocal last
        step = _STEPS * done // max(total, 1)
        if step != last:
            last = step
            show(done, total)

    return draw


class Rate:
    """A bar over the bytes of files, with how many messages they gave and how many a second."""

    def __init__(self, whole: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._whole = max(whole, 1)
        self._clock = clock
        self._began = clock()
        self._drawn = 0.0
        self._read = 0
        self._messages = 0

    def read(self, size: int) -> None:
        """Note bytes that were read."""
        self._read += size

    def count(self) -> None:
        """Note a message that was dealt with."""
        self._messages += 1
        now = self._clock()
        if now - self._drawn >= (_OFTEN if sys.stderr.isatty() else _SELDOM):
            self._drawn = now
            self._draw("\r" if sys.stderr.isatty() else "\n")

    def clear(self) -> None:
        """Make room for a line of its own."""
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Draw the last bar."""
        self._draw("\n")

    def _draw(self, end: str) -> None:
        full = _BAR * self._read // self._whole
        bar = "#" * full + "." * (_BAR - full)
        seconds = max(self._clock() - self._began, 0.001)
        share = 100 * self._read // self._whole
        speed = f"{self._messages} ({self._messages / seconds:.0f}/s)"
        print(f"[{bar}] {share} % {speed}", end=end, file=sys.stderr, flush=True)
