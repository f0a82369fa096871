"""Print how much of the official FHIRPath tests for R4 the library that runs invariants passes.

    python -m scripts.check_fhirpath TESTFILE EXAMPLES

TESTFILE is r4/fhirpath/tests-fhir-r4.xml of the repository FHIR/fhir-test-cases, EXAMPLES its
folder r4. A resource in XML is turned into JSON by R4's own structures. Exit code 0 whatever the
figure: it is the library's, and is stated, not asserted.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from fhirpathpy import evaluate
from fhirpathpy.models import models

from fhir_server.r4.definitions import definitions
from fhir_server.r4.primitives import PRIMITIVES

_FHIR = "{http://hl7.org/fhir}"
_XHTML = "{http://www.w3.org/1999/xhtml}"


def main() -> int:
    """Run the tests and print passed, failed and not run by group."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("testfile", type=Path)
    parser.add_argument("examples", type=Path)
    parser.add_argument("--failures", action="store_true", help="name each test that fails")
    arguments = parser.parse_args()
    totals: Counter[str] = Counter()
    for group in ElementTree.parse(arguments.testfile).getroot().iter("group"):  # noqa: S314
        for test in group.iter("test"):
            outcome = _run(test, arguments.examples)
            totals[outcome] += 1
            if arguments.failures and outcome != "passed":
                print(f"{outcome}: {group.get('name')}/{test.get('name')}")
    every = sum(totals.values())
    share = 100 * totals["passed"] / every
    print(f"{every} tests: {dict(totals)}; passed {share:.1f} %")
    return 0


def _run(test: ElementTree.Element, examples: Path) -> str:
    expression = test.find("expression")
    if expression is None or not expression.text:
        return "without expression"
    name = test.get("inputfile")
    resource = {} if name is None else _resource(examples, name)
    if resource is None:
        return "without input"
    try:
        found = evaluate(resource, expression.text, {}, models["r4"])
    except Exception:  # noqa: BLE001 - the library raises plain Exception; the test counts it
        return "passed" if expression.get("invalid") else "failed"
    if expression.get("invalid"):
        return "failed"
    wanted = [(out.get("type"), out.text or "") for out in test.findall("output")]
    if test.get("predicate") == "true":
        found = [bool(found) and found[0] is not False]
    same = len(found) == len(wanted) and all(map(_is_same, wanted, found))
    return "passed" if same else "failed"


def _is_same(wanted: tuple[str | None, str], found: Any) -> bool:
    kind, text = wanted
    readers: dict[str | None, Callable[[], bool]] = {
        "boolean": lambda: found is (text == "true"),
        "integer": lambda: _number(found) == Decimal(text),
        "decimal": lambda: _number(found) == Decimal(text),
    }
    if kind in readers:
        return readers[kind]()
    shown = str(found.get("value", found) if isinstance(found, dict) else found)
    return shown.lstrip("@T") == text.lstrip("@T") or shown == text.strip("'")


def _number(found: Any) -> Decimal | None:
    numeric = isinstance(found, int | float | Decimal) and not isinstance(found, bool)
    return Decimal(str(found)) if numeric else None


def _resource(examples: Path, name: str) -> dict[str, Any] | None:
    stem = name.rpartition(".")[0]
    for folder in (examples, examples / "examples"):
        for path in (folder / name, folder / f"{stem}.json"):
            if path.suffix == ".xml" and path.is_file():
                root = ElementTree.parse(path).getroot()  # noqa: S314 - a file of the caller's
                return _object(root, _tag(root)) | {"resourceType": _tag(root)}
            if path.is_file():
                read: dict[str, Any] = json.loads(path.read_text("utf-8"), parse_float=Decimal)
                return read
    return None


def _object(element: ElementTree.Element, structure: str) -> dict[str, Any]:
    """Return the JSON of an XML element, R4 json.html and xml.html."""
    found: dict[str, Any] = {}
    if "url" in element.attrib and structure == "Extension":
        found["url"] = element.attrib["url"]
    if "id" in element.attrib:
        found["id"] = element.attrib["id"]
    kinds = dict(_keys(structure))
    for child in element:
        key = _tag(child)
        if key not in kinds:
            continue
        many, kind = kinds[key]
        value, sibling = _value(child, kind)
        for name, one in ((key, value), ("_" + key, sibling)):
            if many and (one is not None or name in found or not name.startswith("_")):
                found.setdefault(name, []).append(one)
            elif one is not None:
                found[name] = one
    return found


def _value(element: ElementTree.Element, kind: str) -> tuple[Any, Any]:
    if kind == "xhtml":
        return ElementTree.tostring(element, encoding="unicode"), None
    if kind == "Resource":
        return _object(element[0], _tag(element[0])) | {"resourceType": _tag(element[0])}, None
    if kind not in PRIMITIVES:
        return _object(element, kind), None
    text = element.get("value")
    extra = _object(element, "Element") or None
    return (None if text is None else _primitive(text, kind)), extra


def _primitive(text: str, kind: str) -> Any:
    if kind == "boolean":
        return text == "true"
    if kind in ("integer", "unsignedInt", "positiveInt"):
        return int(text)
    return Decimal(text) if kind == "decimal" else text


def _keys(structure: str) -> Iterator[tuple[str, tuple[bool, str]]]:
    for element in definitions().elements(structure):
        for key, kind in definitions().json_names(element).items():
            yield key, (element.many, kind)


def _tag(element: ElementTree.Element) -> str:
    return element.tag.removeprefix(_FHIR).removeprefix(_XHTML)


if __name__ == "__main__":
    sys.exit(main())
