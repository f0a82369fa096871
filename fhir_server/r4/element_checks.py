"""How one JSON key of a structure is checked: single or array, primitive or not.

A check takes the value of the key, the object that holds the key, the object's path and the
findings; it records what is wrong and returns nothing.
"""

import difflib
from collections.abc import Callable
from typing import Any, TypeAlias

from fhir_server.r4.codec import encode
from fhir_server.r4.findings import Findings, Path
from fhir_server.r4.primitives import Check as PrimitiveCheck

JsonObject: TypeAlias = dict[str, Any]
Check: TypeAlias = Callable[[Any, JsonObject, Path, Findings], None]
NodeCheck: TypeAlias = Callable[[Any, Path, Findings], None]

ONLY_AN_ID = "All FHIR elements must have a value or children beside the id (ele-1)."


def one(name: str, node_check: NodeCheck) -> Check:
    """Return the check of an object that may not repeat."""

    def check(value: Any, _node: JsonObject, path: Path, findings: Findings) -> None:
        if type(value) is list:
            _refuse_array(name, path, findings)
        else:
            node_check(value, (path, name, None), findings)

    return check


def many(name: str, node_check: NodeCheck) -> Check:
    """Return the check of an array of objects."""

    def check(value: Any, _node: JsonObject, path: Path, findings: Findings) -> None:
        if _is_filled_array(value, name, path, findings):
            for index, item in enumerate(value):
                node_check(item, (path, name, index), findings)

    return check


def one_primitive(name: str, primitive: PrimitiveCheck, codes: frozenset[str] | None) -> Check:
    """Return the check of a primitive; `codes` are those of a required binding."""

    def check(value: Any, _node: JsonObject, path: Path, findings: Findings) -> None:
        fault = primitive(value)
        if fault is not None:
            if type(value) is list:
                _refuse_array(name, path, findings)
            else:
                findings.add(fault.code, fault.text, path, name)
        elif codes is not None and value not in codes:
            findings.add("code-invalid", _not_bound(value, codes), path, name)

    return check


def many_primitives(name: str, primitive: PrimitiveCheck, codes: frozenset[str] | None) -> Check:
    """Return the check of an array of primitives: null only where `_name` adds an extension."""

    def check(value: Any, node: JsonObject, path: Path, findings: Findings) -> None:
        if not _is_filled_array(value, name, path, findings):
            return
        siblings = node.get("_" + name)
        for index, item in enumerate(value):
            if item is None and _has_item(siblings, index):
                continue
            fault = primitive(item)
            if fault is not None:
                findings.add(fault.code, fault.text, path, name, index)
            elif codes is not None and item not in codes:
                findings.add("code-invalid", _not_bound(item, codes), path, name, index)

    return check


def one_sibling(name: str, walk: NodeCheck) -> Check:
    """Return the check of `_name`: id and extensions of the primitive `name`."""

    def check(value: Any, node: JsonObject, path: Path, findings: Findings) -> None:
        if name not in node and _is_only_an_id(value):
            findings.add("invariant", ONLY_AN_ID, path, name)
        walk(value, (path, name, None), findings)

    return check


def many_siblings(name: str, walk: NodeCheck) -> Check:
    """Return the check of `_name` beside an array: as long as it, null where nothing is added."""

    def check(value: Any, node: JsonObject, path: Path, findings: Findings) -> None:
        if not _is_filled_array(value, name, path, findings):
            return
        values = node.get(name)
        if type(values) is list and len(values) != len(value):
            text = f"_{name} must be as long as {name}: fill the gaps of both with null."
            findings.add("structure", text, path, name)
        for index, item in enumerate(value):
            if item is not None:
                if _is_only_an_id(item) and not _has_item(values, index):
                    findings.add("invariant", ONLY_AN_ID, path, name, index)
                walk(item, (path, name, index), findings)
            elif not _has_item(values, index):
                text = f"{name} and _{name} are both empty here; leave the place out of both."
                findings.add("structure", text, path, name, index)

    return check


_MOST_RECURRING = 1024
_LONGEST_RECURRING = 1024


def recurring(node_check: NodeCheck) -> NodeCheck:
    """Return the check of objects that recur: one whose JSON was right before is right again.

    What is stored is that very JSON. A reference is not remembered: whether `#id` exists depends
    on the resource around it.
    """
    right: set[bytes] = set()

    def check(value: Any, path: Path, findings: Findings) -> None:
        try:
            text = encode(value)
        except (TypeError, ValueError, RecursionError):  # no JSON; the check says what it is
            text = b""
        if text in right:
            return
        before = len(findings.issues)
        node_check(value, path, findings)
        if (
            0 < len(text) <= _LONGEST_RECURRING
            and len(findings.issues) == before
            and b'"reference"' not in text
        ):
            if len(right) >= _MOST_RECURRING:
                right.clear()
            right.add(text)

    return check


def _is_only_an_id(value: Any) -> bool:
    return type(value) is dict and list(value) == ["id"]


def _has_item(values: Any, index: int) -> bool:
    return type(values) is list and index < len(values) and values[index] is not None


def _is_filled_array(value: Any, name: str, path: Path, findings: Findings) -> bool:
    if type(value) is not list:
        findings.add("structure", f"{name} may repeat: write a JSON array.", path, name)
        return False
    if not value:
        findings.add("structure", "The array is empty; leave the element out.", path, name)
        return False
    return True


def _refuse_array(name: str, path: Path, findings: Findings) -> None:
    findings.add("structure", f"{name} may not repeat: write one value, no array.", path, name)


def _not_bound(value: str, codes: frozenset[str]) -> str:
    if len(codes) <= 20:
        return f"Code {value[:40]!r} is none of {', '.join(sorted(codes))}."
    close = difflib.get_close_matches(value[:40], codes, n=3)
    hint = f"; did you mean {' or '.join(close)}?" if close else "."
    return f"Code {value[:40]!r} is none of the {len(codes)} codes that R4 requires here{hint}"
