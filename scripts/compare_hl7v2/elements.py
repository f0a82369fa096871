"""Two resources element by element: equal, spelled otherwise, different, or on one side only."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal, TypeAlias

# `spelled`: the same instant with another offset or without its zeros behind the point.
# `digits`: the same number with other digits; it counts as a difference.
Kind: TypeAlias = Literal["equal", "spelled", "digits", "differs", "ours-only", "theirs-only"]

# Extensions of the other engines' own making: no published mapping knows them.
PRIVATE: Final = ("https://reportstream.cdc.gov/", "http://example.com/v2-to-fhir-converter/")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Compared:
    """One element: its path (lists without index, extensions by URL) and both values."""

    path: str
    kind: Kind
    ours: Any = None
    theirs: Any = None


def without_private(value: Any, counted: Counter[str]) -> Any:
    """Return a value without the private extensions of an engine; `counted` counts them by URL."""
    if isinstance(value, list):
        found = (without_private(each, counted) for each in value)
        return [each for each in found if each not in ({}, [])]
    if not isinstance(value, dict):
        return value
    kept = {}
    for name, each in value.items():
        is_extension = name in ("extension", "modifierExtension")
        left = list(_published(each, counted)) if is_extension else each
        content = without_private(left, counted)
        if content not in ({}, []):
            kept[name] = content
    return kept


def _published(extensions: Sequence[Mapping[str, Any]], counted: Counter[str]) -> Iterator[Any]:
    for each in extensions:
        url = str(each.get("url", ""))
        if url.startswith(PRIVATE):
            counted[url] += 1
        else:
            yield each


def compare(ours: Any, theirs: Any, path: str) -> Iterator[Compared]:
    """Yield every element of two values of one path."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        mine, other = _by_url(ours), _by_url(theirs)
        for name in sorted({*mine, *other}):
            yield from _one(mine.get(name), other.get(name), _below(path, name))
    elif isinstance(ours, list) and isinstance(theirs, list):
        for mine, other in _aligned(ours, theirs):
            yield from _one(mine, other, path)
    elif isinstance(ours, (dict, list)) or isinstance(theirs, (dict, list)):
        yield Compared(path, "differs", ours, theirs)
    else:
        yield Compared(path, _kind(ours, theirs), ours, theirs)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield path and value of every element that has no elements below it."""
    if isinstance(value, dict):
        for name, each in _by_url(value).items():
            yield from leaves(each, _below(path, name))
    elif isinstance(value, list):
        for each in value:
            yield from leaves(each, path)
    else:
        yield path, value


def likeness(ours: Any, theirs: Any) -> int:
    """Return how many elements two values share; identifying ones weigh more."""
    mine = Counter((path, _key(value)) for path, value in leaves(ours))
    other = Counter((path, _key(value)) for path, value in leaves(theirs))
    return sum(
        count * (4 if path.endswith(("identifier.value", "code", "value", "url")) else 1)
        for (path, _), count in (mine & other).items()
    )


def best_pairs(ours: Sequence[Any], theirs: Sequence[Any]) -> list[tuple[int, int]]:
    """Return index pairs, the most alike first; equally alike ones in their order."""
    scores = sorted(
        (-likeness(mine, other), abs(i - j), i, j)
        for i, mine in enumerate(ours)
        for j, other in enumerate(theirs)
    )
    found: list[tuple[int, int]] = []
    for _, _, i, j in scores:
        if all(i != one and j != two for one, two in found):
            found.append((i, j))
    return sorted(found)


def _one(ours: Any, theirs: Any, path: str) -> Iterator[Compared]:
    if ours is None or theirs is None:
        kind: Kind = "theirs-only" if ours is None else "ours-only"
        for below, value in leaves(theirs if ours is None else ours, path):
            mine, other = (None, value) if ours is None else (value, None)
            yield Compared(below, kind, mine, other)
    else:
        yield from compare(ours, theirs, path)


def _aligned(ours: Sequence[Any], theirs: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    pairs = best_pairs(ours, theirs)
    yield from ((ours[i], theirs[j]) for i, j in pairs)
    yield from ((each, None) for i, each in enumerate(ours) if i not in {p[0] for p in pairs})
    yield from ((None, each) for j, each in enumerate(theirs) if j not in {p[1] for p in pairs})


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _by_url(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the elements of a value, each extension as an element named by its URL."""
    found = {name: each for name, each in value.items() if name != "extension"}
    for each in value.get("extension", ()):
        name = f"extension({str(each.get('url')).rpartition('/')[2]})"
        found.setdefault(name, []).append(each)
    return found


def _kind(ours: Any, theirs: Any) -> Kind:
    if _is_number(ours) and _is_number(theirs):
        if str(ours) == str(theirs):
            return "equal"
        return "digits" if Decimal(str(ours)) == Decimal(str(theirs)) else "differs"
    if type(ours) is type(theirs) and ours == theirs:
        return "equal"
    first, second = _instant(ours), _instant(theirs)
    return "spelled" if first is not None and first == second else "differs"


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def _instant(value: Any) -> datetime | None:
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def _key(value: Any) -> str:
    instant = _instant(value)
    if instant is not None:
        return str(instant.timestamp())
    return str(Decimal(str(value)).normalize()) if _is_number(value) else str(value)
