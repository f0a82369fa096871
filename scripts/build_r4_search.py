"""Build the committed table of FHIR R4 4.0.1 search parameters from HL7's published ones.

    npm install hl7.fhir.r4.examples hl7.fhir.r4.expansions        (in an empty folder)
    python -m scripts.build_r4_search node_modules

writes `fhir_server/r4/data/r4_search.json.gz`: for each of the resource types its parameters with
their FHIRPath compiled to JSON paths, and the Patient compartment; and, for the tests, the
official SearchParameters as they were published. The structures of `r4_structures.json.gz` decide
what an expression means. The output depends on the input only.

`hl7.fhir.r4.examples` (CC0) is HL7's own package: beside the examples it holds the SearchParameters
as published. Everything that is left out or mended is printed with its reason.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from fhir_server.r4.definitions import definitions
from fhir_server.r4.search_table import SearchParameter, SearchPath
from scripts.r4_packages import DATA, ROOT, VERSION, resources, write_packed
from scripts.r4_search_paths import (
    NotCompiled,
    allowed_targets,
    compile_part,
    parts,
    reach,
    root,
)
from scripts.r4_search_unions import as_conjunction, without_repeats

EXTRACT = ROOT / "tests" / "unit" / "r4" / "official_search_parameters.json.gz"
_EXAMPLES = "hl7.fhir.r4.examples"
_COMMON = frozenset({"Resource", "DomainResource"})
_CANONICAL = "http://hl7.org/fhir/SearchParameter/"
# The id and update time are the store's own columns: they have no rows.
_COLUMNS = ("_id", "_lastUpdated")
# Published mistakes: definition -> the expression that was meant, and why.
_MENDED = {
    _CANONICAL + "patient-extensions-Patient-mothersMaidenName": (
        "Patient.extension('http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName')",
        "the extension's own canonical is this one",
    ),
    _CANONICAL + "CapabilityStatement-fhirversion": (
        "CapabilityStatement.fhirVersion",
        "the version of FHIR is this element, as its description says",
    ),
    _CANONICAL + "InsurancePlan-name": (
        "InsurancePlan.name | InsurancePlan.alias",
        "the type is not written",
    ),
}
# Composite and component's expression -> the definition that was meant: they are exchanged, as
# the description says ("relation and relatesTo", that is code and target).
_MENDED_COMPONENTS = {
    ("relationship", "code"): _CANONICAL + "DocumentReference-relation",
    ("relationship", "target"): _CANONICAL + "DocumentReference-relatesto",
}


def main() -> None:
    """Read the packages below the folder given and write the table and the tests' extract."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("node_modules", type=Path)
    root_folder = parser.parse_args().node_modules
    official = list(_official(root_folder / _EXAMPLES))
    builder = _Builder(official, _systems(root_folder / "hl7.fhir.r4.expansions"))
    types = {name: builder.of_type(name) for name in sorted(definitions().resource_types)}
    compartment = next(resources(root_folder / _EXAMPLES, "CompartmentDefinition-patient.json"))
    table = {
        "fhirVersion": VERSION,
        "common": _plain(builder.common()),
        "types": {name: _plain(rows) for name, rows in types.items()},
        "patientCompartment": {
            entry["code"]: entry["param"] for entry in compartment["resource"] if "param" in entry
        },
    }
    for problem in builder.problems:
        print(f"NOT COMPILED {problem}")
    write_packed(DATA / "r4_search.json.gz", table)
    write_packed(EXTRACT, {"parameters": official, "compartment": compartment["resource"]})
    print(_summary(official, [row for rows in types.values() for row in rows]))


def _plain(rows: list[SearchParameter]) -> list[dict[str, Any]]:
    """Return the rows as JSON objects, without what is empty."""
    kept: list[dict[str, Any]] = [_pruned(msgspec.to_builtins(row)) for row in rows]
    return kept


def _pruned(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _pruned(item) for name, item in value.items() if item or item == ""}
    return [_pruned(item) for item in value] if isinstance(value, list | tuple) else value


def _summary(official: list[dict[str, Any]], rows: list[SearchParameter]) -> str:
    return (
        f"{len(official)} SearchParameters, {len(rows)} rows of types: "
        f"{sum(bool(row.paths) for row in rows)} with index rows, "
        f"{sum(bool(row.union_of) for row in rows)} by others, "
        f"{sum(bool(row.all_of) for row in rows)} conjunctions"
    )


def _official(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the parts that matter of HL7's SearchParameters, saying which are no use."""
    kept = ("url", "code", "base", "type", "expression", "target", "xpathUsage", "component")
    for parameter in resources(folder, "SearchParameter-*.json"):
        url, base = parameter["url"], parameter.get("base")
        if parameter["id"].startswith("example"):
            continue  # examples of a SearchParameter, no part of the standard
        if not base:
            print(f"left out, it names no resource type: {url}")
        elif "expression" not in parameter and not set(base) <= _COMMON:
            print(f"left out, it has no expression: {url}")
        else:
            yield {name: parameter[name] for name in kept if name in parameter}


def _systems(folder: Path) -> dict[str, str]:
    """Return value set -> code system, for the value sets whose codes are all of one system."""
    found: dict[str, str] = {}
    for value_set in resources(folder, "ValueSet-*.json"):
        systems = {include.get("system") for include in value_set["compose"]["include"]}
        nested = any("valueSet" in include for include in value_set["compose"]["include"])
        if len(systems) == 1 and not nested:
            found[value_set["url"]] = str(systems.pop())
    return found


class _Builder:
    """Compiles the official parameters type by type and collects what it could not compile."""

    def __init__(self, official: list[dict[str, Any]], systems: dict[str, str]) -> None:
        self._official = official
        self._systems = systems
        self.problems: list[str] = []

    def common(self) -> list[SearchParameter]:
        """Return the parameters of every type."""
        rows = [
            self._simple(parameter, "Resource")
            for parameter in self._official
            if _COMMON.intersection(parameter["base"])
        ]
        rows = [replace(row, paths=()) if row.name in _COLUMNS else row for row in rows]
        return sorted(rows, key=lambda row: row.name)

    def of_type(self, type_name: str) -> list[SearchParameter]:
        """Return the parameters of one resource type, the common ones left out."""
        own = [parameter for parameter in self._official if type_name in parameter["base"]]
        rows = {
            parameter["url"]: self._simple(parameter, type_name)
            for parameter in own
            if parameter["type"] != "composite"
        }
        composites = [
            self._composite(parameter, type_name, rows)
            for parameter in own
            if parameter["type"] == "composite"
        ]
        return [_conjunction_only(row) for row in without_repeats([*rows.values(), *composites])]

    def _simple(self, official: dict[str, Any], type_name: str) -> SearchParameter:
        row = SearchParameter(official["code"], official["type"], official["url"])
        # Algorithms of the server's choice, and a distance: no rows say what they would match.
        if official.get("xpathUsage") in ("phonetic", "nearby"):
            return row
        paths = self._paths(official.get("expression", ""), official, type_name)
        systems = {path.system for path in paths}
        (system,) = systems if len(systems) == 1 else (None,)
        targets = _targets(official, type_name, paths)
        # An entry of a Bundle is no reference: what it may be is the parameter's own matter.
        paths = tuple(
            replace(path, targets=targets) if path.type == "Resource" else path for path in paths
        )
        return replace(row, paths=paths, code_system=system, targets=targets)

    def _paths(
        self, expression: str, official: dict[str, Any], type_name: str
    ) -> tuple[SearchPath, ...]:
        if official["url"] in _MENDED:
            expression, why = _MENDED[official["url"]]
            print(f"mended, {why}: {official['url']}")
        found: list[SearchPath] = []
        for part in parts(expression):
            if root(part) not in (type_name, "Resource"):
                continue
            below = part if " and " in part else part.partition(".")[2]
            # What every resource has is read from one of them: Resource is no row of the table.
            start = "Basic" if type_name == "Resource" else type_name
            found += self._compiled(below, official, type_name, start=start)
        if expression and not found:
            self.problems.append(f"{official['url']} of {type_name}: {expression}")
        return tuple(dict.fromkeys(found))

    def _compiled(
        self, part: str, official: dict[str, Any], type_name: str, *, start: str
    ) -> list[SearchPath]:
        try:
            return compile_part(
                part,
                start=start,
                search_type=official["type"],
                resource=type_name,
                system_of=self._systems.get,
            )
        except NotCompiled as error:
            self.problems.append(f"{official['url']} of {type_name}: {error}")
            return []

    def _composite(
        self, official: dict[str, Any], type_name: str, rows: dict[str, SearchParameter]
    ) -> SearchParameter:
        contexts: list[SearchPath] = []
        repeats = False
        for part in parts(official["expression"]):
            if root(part) == type_name:
                for end in reach(part.partition(".")[2], start=type_name, system_of=lambda _: None):
                    contexts.append(SearchPath(end.type, end.steps))
                    repeats = repeats or end.many
        components = tuple(
            self._component(official["code"], component, contexts[0].type, type_name, rows)
            for component in official["component"]
        )
        row = SearchParameter(
            official["code"],
            "composite",
            official["url"],
            tuple(contexts),
            components=components,
        )
        return row if repeats else as_conjunction(row, rows)

    def _component(
        self,
        composite: str,
        component: dict[str, str],
        context: str,
        type_name: str,
        rows: dict[str, SearchParameter],
    ) -> SearchParameter:
        definition, expression = component["definition"], component["expression"]
        of = rows[_MENDED_COMPONENTS.get((composite, expression), definition)]
        if of.definition != definition:
            print(f"mended, components exchanged: {composite} of {type_name}, {expression}")
        official = {"url": of.definition, "type": of.type}
        paths = [
            path
            for part in parts(expression)
            for path in self._compiled(part, official, type_name, start=context)
        ]
        return replace(of, paths=tuple(paths))


def _conjunction_only(row: SearchParameter) -> SearchParameter:
    """Return the row without the contexts and components of a composite that has no rows."""
    return replace(row, paths=(), components=()) if row.all_of else row


def _targets(
    official: dict[str, Any], type_name: str, paths: tuple[SearchPath, ...]
) -> tuple[str, ...]:
    """Return what the parameter may find: as published, less what the elements cannot name."""
    # HL7 writes "any" as all types but Parameters, which has no identity of its own.
    every = definitions().resource_types - {"Parameters"}
    targets = frozenset(official.get("target", ())) & every or every
    for path in paths:
        if path.targets:
            return path.targets
    if paths and all(path.type == "Reference" for path in paths):
        targets &= frozenset().union(*(allowed_targets(type_name, path) for path in paths))
    return () if targets == every or official["type"] != "reference" else tuple(sorted(targets))


if __name__ == "__main__":
    main()
