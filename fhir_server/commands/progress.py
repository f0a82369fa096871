"""The bar on standard error that long commands show."""

import sys
from collections.abc import Callable

_BAR = 40
# A line for each batch would fill a log.
_STEPS = 100


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
