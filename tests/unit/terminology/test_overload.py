"""A value set that holds a laboratory's codes in two versions."""

from typing import Any

import pytest

from terminology.service.overload import merged
from tests.unit.terminology.code_systems import URL, lab
from tests.unit.terminology.test_expand import expansion, value_set

PARAMETER = "http://hl7.org/fhir/StructureDefinition/valueset-expansion-parameter"
OLD = lab(version="1", concept=[{"code": "TC"}, {"code": "TG"}, {"code": "CKMB"}])
NEW = lab(version="2", concept=[{"code": "TC"}, {"code": "TG"}, {"code": "LPA"}])
ONE, TWO = ({"system": URL, "version": each} for each in ("1", "2"))


def said(value: str) -> dict[str, Any]:
    parts = [{"url": "name", "valueCode": "versionsMatch"}, {"url": "value", "valueString": value}]
    return {"extension": [{"url": PARAMETER, "extension": parts}]}


def held(*include: Any, **compose: Any) -> tuple[list[str], bool]:
    """`code|version` of each code, and whether versions were said to match."""
    found = expansion(value_set(*include, compose=compose), OLD, NEW)
    codes = [f"{each['code']}|{each.get('version', '')}" for each in found.get("contains", ())]
    return codes, {"name": "versionsMatch", "valueBoolean": True} in found["parameter"]


@pytest.mark.parametrize(
    ("compose", "expected", "match"),
    [
        ({}, ["TC|1", "TG|1", "CKMB|1", "TC|2", "TG|2", "LPA|2"], False),
        (said("false"), ["TC|1", "TG|1", "CKMB|1", "TC|2", "TG|2", "LPA|2"], False),
        (said("true"), ["TC|2", "TG|2", "CKMB|1", "LPA|2"], True),
    ],
)
def test_both_versions_unless_they_are_said_to_match(compose, expected, match) -> None:
    codes, found = held(ONE, TWO, **compose)
    assert (sorted(codes), found) == (sorted(expected), match)


@pytest.mark.parametrize(
    ("include", "exclude", "compose", "expected"),
    [
        # Nothing of version 1 is included: it would never leave anything out.
        ((TWO,), ONE, {}, ["LPA|2"]),
        ((TWO,), ONE, said("true"), ["LPA|2"]),
        ((TWO,), ONE, said("false"), ["TC|2", "TG|2", "LPA|2"]),
        ((ONE, TWO), {**ONE, "concept": [{"code": "TC"}]}, {},
         ["TG|1", "CKMB|1", "TC|2", "TG|2", "LPA|2"]),
        ((ONE, TWO), {**ONE, "concept": [{"code": "TC"}]}, said("true"),
         ["TG|2", "CKMB|1", "LPA|2"]),
    ],
)  # fmt: skip
def test_an_exclude_leaves_something_out(include, exclude, compose, expected) -> None:
    codes, _ = held(*include, exclude=[exclude], **compose)
    assert sorted(codes) == sorted(expected)


def test_codes_of_two_systems_are_never_merged() -> None:
    keys = {("a", "1", "X"): 1, ("b", "2", "X"): 2, ("a", "10", "X"): 3, ("a", "9", "X"): 4}
    assert merged(keys) == {("a", "10", "X"): 3, ("b", "2", "X"): 2}
