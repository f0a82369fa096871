"""The table of search parameters is R4's, whole, and nothing else."""

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fhir_server.r4.compartments import patient_parameters
from fhir_server.r4.definitions import definitions
from fhir_server.r4.resource_types import RESOURCE_TYPES, STORED_TYPES
from fhir_server.r4.search_parameters import (
    ParameterUse,
    SearchParameter,
    indexed_names,
    parameters_of,
)
from fhir_server.r4.search_plan import plan_of
from fhir_server.r4.search_readers import READ

# What scripts/build_r4_search.py took, unchanged, from HL7's package of R4 4.0.1.
_PUBLISHED = json.loads(
    gzip.decompress(Path(__file__).with_name("official_search_parameters.json.gz").read_bytes())
)
OFFICIAL: dict[str, dict[str, dict[str, Any]]] = {type_name: {} for type_name in RESOURCE_TYPES}
for _parameter in _PUBLISHED["parameters"]:
    for _base in _parameter["base"]:
        for _type in RESOURCE_TYPES if _base in ("Resource", "DomainResource") else (_base,):
            OFFICIAL[_type][_parameter["code"]] = _parameter

_ALL_TYPES = pytest.mark.parametrize("type_name", sorted(RESOURCE_TYPES))
# Published mistakes that the script mends: their expressions are not what is compiled.
_MENDED = {
    "CapabilityStatement-fhirversion",
    "InsurancePlan-name",
    "patient-extensions-Patient-mothersMaidenName",
}
# Nothing says what rows they would have: free text, an algorithm of the server's, a distance.
_WITHOUT_ANSWER = {"_text", "_content", "_query", "_filter", "phonetic", "near"}
_COLUMNS = {"_id", "_lastUpdated"}


def test_every_type_of_r4_is_stored() -> None:
    assert set(STORED_TYPES) == RESOURCE_TYPES
    assert len(_PUBLISHED["parameters"]) == 1385


@_ALL_TYPES
def test_parameters_are_the_official_ones(type_name: str) -> None:
    declared = {(p.name, p.type, p.definition) for p in parameters_of(type_name).values()}
    official = {(p["code"], p["type"], p["url"]) for p in OFFICIAL[type_name].values()}
    assert declared == official
    assert all(name == p.name for name, p in parameters_of(type_name).items())


@_ALL_TYPES
def test_every_parameter_says_where_its_answers_come_from(type_name: str) -> None:
    for parameter in parameters_of(type_name).values():
        sources = [s for s in (parameter.paths, parameter.union_of, parameter.all_of) if s]
        unanswered = parameter.name in _WITHOUT_ANSWER | _COLUMNS
        assert len(sources) == (0 if unanswered else 1), parameter


@_ALL_TYPES
def test_others_that_answer_have_rows_of_the_same_type(type_name: str) -> None:
    parameters = parameters_of(type_name)
    for parameter in parameters.values():
        for use in parameter.union_of:
            other = parameters[use.name]
            assert other.type == parameter.type
            assert other.paths or other.all_of
            assert not use.types or set(use.types) == set(parameter.targets)
        for name in parameter.all_of:
            assert parameters[name].paths
            assert parameters[name].type != "composite"


@_ALL_TYPES
def test_every_path_reads_what_its_search_type_reads(type_name: str) -> None:
    assert plan_of(type_name).by_name
    for parameter in parameters_of(type_name).values():
        for part in parameter.components or (parameter,):
            assert all(path.type in READ[part.type] for path in part.paths), part
        if parameter.type == "composite" and parameter.paths:
            official = OFFICIAL[type_name][parameter.name]
            assert len(parameter.components) == len(official["component"])


@_ALL_TYPES
def test_paths_are_those_of_the_official_expressions(type_name: str) -> None:
    for parameter in parameters_of(type_name).values():
        official = OFFICIAL[type_name][parameter.name]
        expression = official.get("expression", "")
        if (
            parameter.type == "composite"
            or parameter.name in _WITHOUT_ANSWER | _COLUMNS
            or official["url"].rpartition("/")[2] in _MENDED
            or re.search(r"exists\(|xtension\(", expression)
        ):
            continue
        expected = _expected(expression, type_name, READ[parameter.type])
        assert _answering(type_name, parameter) == expected


def _answering(type_name: str, parameter: SearchParameter) -> set[tuple[str, str | None]]:
    """Return (path, restriction) of every row that answers for the parameter."""
    paths = {(path.dotted, path.targets[0] if path.targets else None) for path in parameter.paths}
    for use in parameter.union_of:
        only = use.types[0] if use.types else None
        others = _answering(type_name, parameters_of(type_name)[use.name])
        paths |= {(path, restriction or only) for path, restriction in others}
    # A Bundle's entry is restricted by the parameter itself.
    return {(path, None if path == "entry.resource" else only) for path, only in paths}


def _expected(
    expression: str, type_name: str, readable: frozenset[str]
) -> set[tuple[str, str | None]]:
    found: set[tuple[str, str | None]] = set()
    for part in (part.strip() for part in expression.split("|")):
        if not re.match(rf"\(?({type_name}|Resource)\.", part):
            continue
        bare, *restriction = re.split(r"\.where\(resolve\(\) is (\w+)\)$", part)
        bare = re.sub(r"\[0\]|\.where\(\w+='[^']*'\)", "", bare)
        cast = re.fullmatch(r"\((.+) as (\w+)\)(.*)", bare)
        cast = cast or re.fullmatch(r"(.+)\.as\((\w+)\)(.*)", bare)
        path, only, below = (cast[1], cast[2], cast[3]) if cast else (bare, None, "")
        names = path.split(".")[1:]
        if only is not None and not below and only not in readable:
            continue  # SampledData, no single quantity
        for json_path in _json_paths(names, type_name, readable, only):
            found.add((json_path + below, restriction[0] if restriction else None))
    return found


def _json_paths(
    names: list[str], owner: str, readable: frozenset[str], only: str | None
) -> set[str]:
    name, below = names[0], names[1:]
    for element in definitions().elements(owner):
        if element.name == name:
            if not below:
                return {name}
            return {f"{name}.{p}" for p in _json_paths(below, element.types[0], readable, only)}
        if element.name == name + "[x]":
            wanted = {only} if only else readable
            keys = definitions().json_names(element).items()
            return {key for key, type_name in keys if type_name in wanted}
    raise AssertionError(f"{owner} has no {name}")


@_ALL_TYPES
def test_targets_are_official_and_possible(type_name: str) -> None:
    for parameter in parameters_of(type_name).values():
        published = set(OFFICIAL[type_name][parameter.name].get("target", RESOURCE_TYPES))
        assert set(parameter.targets) <= published
        assert not parameter.targets or parameter.type == "reference"


@_ALL_TYPES
def test_code_system_is_the_one_that_the_binding_implies(type_name: str) -> None:
    elements = {element.name: element for element in definitions().elements(type_name)}
    for parameter in parameters_of(type_name).values():
        for path in parameter.paths if parameter.type == "token" else ():
            element = elements.get(path.dotted)
            systems = definitions().value_sets.get(element.binding or "", {}) if element else {}
            if path.type == "code" and len(systems) == 1:
                assert {path.system} == set(systems)
            if path.type != "code":
                assert path.system is None


def test_the_patients_own_parameter_is_answered_by_the_subjects_rows() -> None:
    observation = parameters_of("Observation")
    assert observation["patient"].union_of == (ParameterUse("subject", ("Patient",)),)
    assert observation["combo-code"].union_of == (
        ParameterUse("code"),
        ParameterUse("component-code"),
    )
    assert observation["code-value-quantity"].all_of == ("code", "value-quantity")
    assert observation["combo-code-value-quantity"].union_of == (
        ParameterUse("code-value-quantity"),
        ParameterUse("component-code-value-quantity"),
    )
    assert parameters_of("Patient")["gender"].code_system == (
        "http://hl7.org/fhir/administrative-gender"
    )


def test_a_composite_that_reads_less_than_its_parts_has_rows_of_its_own() -> None:
    # value-string reads the text of a concept too; code-value-string does not.
    assert [c.name for c in parameters_of("Observation")["code-value-string"].components] == [
        "code",
        "value-string",
    ]


def test_what_can_have_rows_is_named() -> None:
    names = indexed_names("Observation")
    assert {"_tag", "_profile", "subject", "subject:identifier", "code"} <= set(names)
    assert not {"_id", "_text", "patient", "patient:identifier", "combo-code"} & set(names)
    assert len(names) == len(set(names))


def test_mended_expressions() -> None:
    (version,) = parameters_of("CapabilityStatement")["fhirversion"].paths
    assert version.dotted == "fhirVersion"
    plan = parameters_of("InsurancePlan")["name"].paths
    assert [path.dotted for path in plan] == ["name", "alias"]
    relation = parameters_of("DocumentReference")["relationship"].components
    assert [component.name for component in relation] == ["relation", "relatesto"]


def test_no_other_types_have_parameters() -> None:
    with pytest.raises(KeyError):
        parameters_of("Patients")
    with pytest.raises(KeyError):
        patient_parameters("Resource")


def test_patient_compartment_is_the_official_one() -> None:
    official = {e["code"]: tuple(e.get("param", ())) for e in _PUBLISHED["compartment"]}
    for type_name in RESOURCE_TYPES:
        assert patient_parameters(type_name) == official.get(type_name, ())
        for name in patient_parameters(type_name):
            assert parameters_of(type_name)[name].type == "reference"
    assert patient_parameters("Observation") == ("subject", "performer")
    assert patient_parameters("Organization") == ()


def test_importing_reads_no_table() -> None:
    script = (
        "import fhir_server.r4.search_parameters, fhir_server.r4.compartments\n"
        "from fhir_server.r4 import search_table\n"
        "assert search_table._table.cache_info().currsize == 0\n"
        "search_table.parameters_of('Patient')\n"
        "assert search_table._table.cache_info().currsize == 1\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
