"""What is not in a part of a code system is not wrong, and nothing follows from its absence."""

from typing import Any

import pytest

from fhir_server.r4.outcome import FhirError
from terminology.codings import LOINC, SNOMED
from terminology.service.built_in import WithBuiltIn
from terminology.service.code_checks import ValidateCode
from terminology.service.code_findings import Coded
from terminology.service.code_system import ListedCodeSystem
from terminology.service.expand import Expand, expand
from terminology.service.library import code_system
from terminology.service.membership import Membership
from terminology.service.subsumption import subsumes
from terminology.service.validate_code import validate_code
from terminology.service.value_set import Composition
from terminology.service.versions import Versions
from tests.unit.terminology.code_systems import URL, Shelf, lab
from tests.unit.terminology.test_expand import NOW

INFARCTION, DIABETES, TYPE_2 = "22298006", "73211009", "44054006"
NAMES: dict[str, Any] = {
    "resourceType": "CodeSystem",
    "url": SNOMED,
    "version": "gps-20240701",
    "content": "fragment",
    "concept": [
        {"code": DIABETES, "display": "Diabetes mellitus"},
        {"code": TYPE_2, "display": "Type 2 diabetes mellitus"},
    ],
}
EDITION: dict[str, Any] = {
    **NAMES,
    "version": "http://snomed.info/sct/900000000000207008/version/20250701",
    "content": "complete",
    "hierarchyMeaning": "is-a",
    "concept": [{**NAMES["concept"][0], "concept": [NAMES["concept"][1]]}],
}


def of(part: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "ValueSet", "url": "http://x", "compose": {"include": [part]}}


def checked(library: Shelf, part: dict[str, Any], code: str, system: str = SNOMED) -> Any:
    membership = Membership(Composition(library, Versions(), is_strict=False), library, of(part))
    answer = validate_code(membership, ValidateCode((Coded(code, system),)))
    return {p["name"]: next(v for k, v in p.items() if k != "name") for p in answer["parameter"]}


def test_the_complete_one_is_meant_unless_a_version_is_named() -> None:
    library = Shelf(NAMES, EDITION)
    assert code_system(library, SNOMED, None).version == EDITION["version"]
    assert code_system(library, SNOMED, "gps-20240701").content == "fragment"
    newer = Shelf({**NAMES, "version": "http://z/version/20991231"}, EDITION)
    assert code_system(newer, SNOMED, None).content == "complete"


def test_names_without_a_hierarchy_do_not_say_that_one_is_no_kind_of_the_other() -> None:
    with pytest.raises(FhirError, match="only a part is here") as refused:
        subsumes(ListedCodeSystem(NAMES), DIABETES, TYPE_2)
    assert refused.value.status == 422
    assert subsumes(ListedCodeSystem(EDITION), DIABETES, TYPE_2) == "subsumes"
    assert subsumes(ListedCodeSystem(NAMES), TYPE_2, TYPE_2) == "equivalent"
    # What a fragment does say, it says.
    part = ListedCodeSystem({**EDITION, "content": "fragment"})
    assert subsumes(part, DIABETES, TYPE_2) == "subsumes"
    with pytest.raises(FhirError, match="Load the code system"):
        subsumes(ListedCodeSystem(lab(content="fragment")), "LDL", "HDL")


@pytest.mark.parametrize(
    ("name", "op", "value"),
    [
        ("concept", "is-a", DIABETES),
        ("concept", "descendent-of", DIABETES),
        ("parent", "=", DIABETES),
        ("concept", "in", "723264001"),
        ("constraint", "=", f"<< {DIABETES}"),
        ("inactiveReason", "=", "duplicate"),
        ("moduleId", "exists", "true"),
    ],
)
def test_a_filter_of_what_a_fragment_does_not_say_is_refused(
    name: str, op: str, value: str
) -> None:
    part = {"system": SNOMED, "filter": [{"property": name, "op": op, "value": value}]}
    with pytest.raises(FhirError, match="load the code system"):
        Composition(Shelf(NAMES), Versions()).members(of(part))
    found = checked(Shelf(NAMES), part, TYPE_2)
    assert found["result"] is False
    assert "only a part is here" in found["message"]


def test_a_filter_of_what_a_fragment_says_is_evaluated() -> None:
    part = {"system": SNOMED, "filter": [{"property": "display", "op": "regex", "value": "Type.*"}]}
    assert [key[2] for key in Composition(Shelf(NAMES), Versions()).members(of(part))] == [TYPE_2]
    below = {"system": URL, "filter": [{"property": "concept", "op": "is-a", "value": "TC"}]}
    library = Shelf(lab(content="fragment"))
    composition = Composition(library, Versions())
    assert [key[2] for key in composition.members(of(below))] == ["TC", "LDL", "HDL"]
    assert composition.selected_fragments == {f"{URL}|2026.9"}


def test_a_listed_code_that_a_fragment_does_not_have_is_kept_and_told_of() -> None:
    """A laboratory's list of LOINC codes, of which the catalogue has one."""
    part = {
        "system": LOINC,
        "concept": [{"code": "2160-0"}, {"code": "3173-2", "display": "aPTT"}, {"code": "3173-3"}],
    }
    library = WithBuiltIn(Shelf())
    composition = Composition(library, Versions())
    answer = expand(composition, of(part), Expand(), now=NOW)["expansion"]
    # 3173-3 has a wrong check digit.
    assert [each["code"] for each in answer["contains"]] == ["2160-0", "3173-2"]
    assert answer["contains"][1]["display"] == "aPTT"
    assert "extension" not in answer
    found = checked(library, part, "3173-2", LOINC)  # type: ignore[arg-type]
    assert found["result"] is True
    assert found["issues"]["issue"][0]["severity"] == "warning"
    assert checked(library, part, "2951-2", LOINC)["result"] is False  # type: ignore[arg-type]
    assert checked(library, part, "3173-3", LOINC)["result"] is False  # type: ignore[arg-type]


def test_a_slip_is_wrong_in_a_fragment_too() -> None:
    whole = {"system": SNOMED}
    assert checked(Shelf(NAMES), whole, INFARCTION)["result"] is True
    wrong = checked(Shelf(NAMES), whole, "22298007")
    assert wrong["result"] is False
    assert "may be valid" not in wrong["message"]


def test_an_expansion_of_the_whole_fragment_is_not_closed() -> None:
    composition = Composition(Shelf(NAMES), Versions())
    answer = expand(composition, of({"system": SNOMED}), Expand(), now=NOW)["expansion"]
    assert any(each.get("valueBoolean") is True for each in answer["extension"])
