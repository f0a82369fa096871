"""Fields that recur from message to message, word for word, are read once.

A laboratory has some hundred tests: their codes, units, ranges and flags are a third of what it
costs to convert a panel. Nobody changes what was made of them.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Concatenate, Final, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

_MOST: Final = 2048
# A longer text is a finding, and does not come again.
_LONGEST: Final = 200


def recurring(read: Callable[Concatenate[str, P], R]) -> Callable[Concatenate[str, P], R]:
    """Return `read`, which follows from its arguments alone, with what it made lately kept.

    The first argument is the text of a field; all of them can be hashed.
    """
    kept = lru_cache(maxsize=_MOST)(read)

    def recalled(text: str, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if len(text) > _LONGEST:
            return read(text, *args, **kwargs)
        return kept(text, *args, **kwargs)  # type: ignore[arg-type]

    return recalled
