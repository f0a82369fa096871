"""Whether an answer is the one that a test of the suite expects.

The expected JSON has control words (tests/readme.md of the suite): `$optional$`,
`$optional-properties$`, `$count-arrays$`, and in texts `$id$`, `$uuid$`, `$instant$`, `$token$`,
`$string$`, `$date$`, `$version$`, `$url$`, `$choice:a|b$`, `$fragments:a;b$`, `$external:n:text$`.
The order of arrays is no matter.
"""

import re
from itertools import zip_longest
from typing import Any

_FORMS = {
    "$id$": r"[A-Za-z0-9\-.]{1,64}",
    "$uuid$": r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "$instant$": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)",
    "$date$": r"\d{4}(-\d\d(-\d\d(T.*)?)?)?",
    "$token$": r"\S+",
    "$string$": r".+",
    "$version$": r".+",
    "$url$": r"\S+",
    "$semver$": r"\d+\.\d+\.\d+.*",
}
# A control word that stands for a part of a text.
_WITHIN = re.compile("|".join(re.escape(word) for word in _FORMS))


def difference(expected: Any, found: Any, at: str = "") -> str | None:
    """Return the first difference with its place, None where the answer is as expected."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return _object(expected, found, at)
    if isinstance(expected, list) and isinstance(found, list):
        return _array(expected, found, at)
    if isinstance(expected, str) and (expected.startswith("$") or _WITHIN.search(expected)):
        return None if _fits(expected, found) else f"{at}: {_short(found)} is no {expected}"
    if type(expected) is type(found) and expected == found:
        return None
    return f"{at}: expected {_short(expected)}, found {_short(found)}"


def contained(expected: Any, found: Any, at: str = "") -> str | None:
    """Return what of the expected is not there; more is no matter (statements of capability)."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for name, value in expected.items():
            fault = f"{at}.{name}: missing"
            if name in found:
                fault = contained(value, found[name], f"{at}.{name}") or ""
            if fault:
                return fault
        return None
    if isinstance(expected, list) and isinstance(found, list):
        lacking = [e for e in expected if all(contained(e, each) for each in found)]
        return f"{at}: no {_short(lacking[0])}" if lacking else None
    return difference(expected, found, at)


def _object(expected: dict[str, Any], found: dict[str, Any], at: str) -> str | None:
    optional = set(expected.get("$optional-properties$", ()))
    for name, value in expected.items():
        if name.startswith("$"):
            continue
        if name not in found:
            if name in optional or _is_optional(value):
                continue
            return f"{at}.{name}: missing"
        fault = difference(value, found[name], f"{at}.{name}")
        if fault is not None:
            return fault
    if "severity" in expected and "details" in expected:
        # Half of the suite's outcomes have them and half have not, on the same findings.
        # What a server says in `diagnostics` is its own matter.
        optional |= {"location", "extension", "diagnostics"}
    more = [name for name in found if name not in expected and name not in optional]
    return f"{at}.{more[0]}: not expected" if more else None


def _array(expected: list[Any], found: list[Any], at: str) -> str | None:
    left = list(enumerate(found))
    faults: list[str] = []
    # What must be there takes its counterpart first.
    for place, item in sorted(enumerate(expected), key=lambda each: _is_optional(each[1])):
        match = next(
            (each for each in left if difference(item, each[1]) is None),
            None,
        )
        if match is not None:
            left.remove(match)
        elif not _is_optional(item):
            near = [difference(item, each[1], f"{at}[{place}]") for each in left]
            deepest = max((f for f in near if f), key=_depth, default="")
            faults.append(deepest or f"{at}[{place}]: missing ({_short(item)})")
    if faults:
        return faults[0]
    return f"{at}: {_short(left[0][1])} is not expected" if left else None


def _depth(fault: str) -> int:
    """How near an answer came: of what differs deep inside most is right."""
    place = fault.partition(": ")[0]
    return place.count(".") + place.count("[") - 2 * place.endswith((".name", ".code"))


def _is_optional(value: Any) -> bool:
    if isinstance(value, list):
        return all(_is_optional(each) for each in value)
    return isinstance(value, dict) and bool(value.get("$optional$"))


def _fits(expected: str, found: Any) -> bool:
    if not isinstance(found, str) or expected == "$$":
        return isinstance(found, str)
    if _WITHIN.search(expected):
        plain = map(re.escape, _WITHIN.split(expected))
        forms = (f"(?:{_FORMS[word]})" for word in _WITHIN.findall(expected))
        pattern = "".join(each for pair in zip_longest(plain, forms, fillvalue="") for each in pair)
        return re.fullmatch(pattern, found, re.DOTALL) is not None
    word, _, rest = expected.strip("$").partition(":")
    if word == "choice":
        return found in rest.split("|")
    if word == "fragments":
        return all(part in found for part in rest.replace("|", ";").split(";"))
    if word == "external":
        # The words of one server; that there are some is what is asked of others.
        return bool(found)
    return found == expected


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 160 else text[:160] + "…"
