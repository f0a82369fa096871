"""Build the committed pack of FHIR R4's own code systems and value sets.

    npm install hl7.fhir.r4.examples                              (in an empty folder)
    python -m scripts.build_r4_terminology node_modules

writes `fhir_server/r4/data/r4_terminology.zip`: the CodeSystems and ValueSets of R4 4.0.1 with what
the terminology service reads, without narrative. HL7's own definitions are CC0. Code systems of
others, and value sets that list codes of others (SNOMED CT, LOINC, DICOM), are left out: their
licences are others. The output depends on the input only: the same package gives the same bytes.
"""

import argparse
import json
import zipfile
from pathlib import Path
from typing import Any

from fhir_server.r4.own_terminology import BLOCKS, PACK, block_of, is_own
from scripts.r4_packages import resources

_PACKAGE = "hl7.fhir.r4.examples"
# The earliest time that a zip can hold: the same bytes whenever it is built.
_TIME = (1980, 1, 1, 0, 0, 0)
_KEPT = frozenset(
    (
        *("resourceType", "url", "version", "name", "title", "status", "experimental", "language"),
        *("copyright", "caseSensitive", "valueSet", "hierarchyMeaning", "compositional"),
        *("versionNeeded", "content", "supplements", "property", "concept"),
        *("compose", "immutable", "contained"),
    )
)
_STANDARDS_STATUS = "http://hl7.org/fhir/StructureDefinition/structuredefinition-standards-status"
_ENDED = ("deprecated", "withdrawn")


def main() -> None:
    """Read the package below the folder given and write the pack."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("node_modules", type=Path)
    folder = parser.parse_args().node_modules / _PACKAGE
    blocks: list[dict[str, Any]] = [{} for _ in range(BLOCKS)]
    for type in ("CodeSystem", "ValueSet"):
        for resource in resources(folder, f"{type}-*.json"):
            url = resource["url"]
            if is_own(url) and _has_use(resource) and not _lists_others(resource):
                blocks[block_of(type, url)][f"{type} {url}"] = _slim(resource)
    _write(PACK, blocks)
    print(f"{PACK.name}: {sum(map(len, blocks))} resources, {PACK.stat().st_size} bytes")


def _has_use(resource: dict[str, Any]) -> bool:
    """Whether a code system has its codes: a few say that they are complete and list none."""
    return resource["resourceType"] != "CodeSystem" or (
        resource["content"] in ("complete", "fragment") and "concept" in resource
    )


def _lists_others(resource: dict[str, Any]) -> bool:
    """Whether a value set holds codes of a code system that is not HL7's."""
    compose = resource.get("compose", {})
    parts = [*compose.get("include", ()), *compose.get("exclude", ())]
    return any("concept" in part and not is_own(part.get("system", "")) for part in parts)


def _slim(resource: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in resource.items() if name in _KEPT}
    status = [
        each
        for each in resource.get("extension", ())
        if each["url"] == _STANDARDS_STATUS and each.get("valueCode") in _ENDED
    ]
    if status:
        kept["extension"] = status
    if "concept" in kept:
        kept["concept"] = [_concept(each) for each in kept["concept"]]
    return kept


def _concept(concept: dict[str, Any]) -> dict[str, Any]:
    """Return a concept without its extensions: comments, which the service does not read."""
    kept = {name: value for name, value in concept.items() if name != "extension"}
    if "concept" in kept:
        kept["concept"] = [_concept(each) for each in kept["concept"]]
    return kept


def _write(path: Path, blocks: list[dict[str, Any]]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for number, block in enumerate(blocks):
            text = json.dumps(block, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
            entry = zipfile.ZipInfo(str(number), _TIME)
            archive.writestr(entry, text, zipfile.ZIP_DEFLATED, compresslevel=9)


if __name__ == "__main__":
    main()
