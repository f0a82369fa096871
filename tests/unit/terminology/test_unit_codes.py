"""UCUM as a code system: a code is right where the grammar reads it, and there is no list."""

from typing import Any

import pytest

from fhir_server.r4.outcome import FhirError
from terminology import ucum
from terminology.codings import UCUM
from terminology.service.built_in import WithBuiltIn
from terminology.service.code_checks import ValidateCode
from terminology.service.code_findings import Coded
from terminology.service.library import code_system, value_set
from terminology.service.lookup import Lookup, lookup
from terminology.service.membership import Membership
from terminology.service.validate_code import validate_code
from terminology.service.value_set import Composition
from terminology.service.versions import Versions
from tests.unit.terminology.code_systems import Shelf, supplement

FRESH = WithBuiltIn(Shelf())


def definition(*filters: dict[str, str], **part: Any) -> dict[str, Any]:
    include = {"system": UCUM, **({"filter": list(filters)} if filters else {}), **part}
    return {"resourceType": "ValueSet", "compose": {"include": [include]}}


def is_right(code: str, resource: dict[str, Any] | None, *, system: str = UCUM) -> bool:
    membership = Membership(Composition(FRESH, Versions(), is_strict=False), FRESH, resource)
    asked = ValidateCode((Coded(code, system),), infers_system=not system)
    return validate_code(membership, asked)["parameter"][0]["valueBoolean"] is True


def told(code: str) -> dict[str, Any]:
    answer = lookup(code_system(FRESH, UCUM, None), Lookup(code))
    found = {p["name"]: next(v for k, v in p.items() if k != "name") for p in answer["parameter"]}
    for each in answer["parameter"]:
        if each["name"] == "property":
            name, value = each["part"][0]["valueCode"], each["part"][1]
            found[name] = next(v for k, v in value.items() if k != "name")
    return found


@pytest.mark.parametrize("code", ["mg/dL", "mmol/L", "10*9/L", "mL/min/{1.73_m2}", "%", "mm[Hg]"])
def test_units_of_laboratories_are_codes(code: str) -> None:
    assert is_right(code, None)
    assert told(code)["display"] == code


@pytest.mark.parametrize("code", ["mg/dl/", "mmHg", "IU/L", "mcg", "10^9/L.", "umol / L", ""])
def test_what_is_no_expression_is_no_code(code: str) -> None:
    assert code_system(FRESH, UCUM, None).get(code) is None
    assert not is_right(code, None)


def test_case_tells_codes_apart() -> None:
    """mg is a milligram, Mg a megagram, MG a megagauss, and MMOL/L nothing."""
    assert told("mg")["canonical"] == told("Mg")["canonical"] == "g"
    assert told("MG")["canonical"] == "C-1.g.s-1"
    assert code_system(FRESH, UCUM, None).get("MMOL/L") is None


def test_an_arbitrary_unit_comes_with_its_caution() -> None:
    found = told("m[IU]/mL")
    assert found["arbitrary"] is True
    # UCUM: [IU] is another name of [iU].
    assert found["definition"].startswith("[iU]: an arbitrary unit")
    assert told("mmol/L")["arbitrary"] is False
    assert "definition" not in told("mmol/L")
    assert ucum.arbitrary_units("Cel") == ucum.arbitrary_units("no unit") == ()


def test_units_of_one_canonical_unit_are_selected() -> None:
    mass_concentration = definition({"property": "canonical", "op": "=", "value": "g/L"})
    assert is_right("mg/dL", mass_concentration)
    assert not is_right("mg", mass_concentration)
    assert not is_right("banana", mass_concentration)
    assert not is_right("[IU]/L", mass_concentration)


def test_the_value_sets_that_ucum_implies() -> None:
    for url, code, expected in (
        (f"{UCUM}/vs", "kat/L", True),
        (f"{UCUM}/vs", "kats", False),
        (f"{UCUM}/vs/g%2FL", "ug/mL", True),
        (f"{UCUM}/vs/g%2FL", "mL", False),
    ):
        assert is_right(code, value_set(FRESH, url, Versions())) is expected
    assert is_right("kat/L", value_set(FRESH, f"{UCUM}/vs", Versions()), system="")


def test_units_cannot_be_listed() -> None:
    members = Composition(FRESH, Versions()).members(definition())
    for ask in (lambda: len(members), lambda: list(members)):
        with pytest.raises(FhirError, match="cannot be listed") as refused:
            ask()
        assert refused.value.status == 422
    both = definition()
    both["compose"]["include"].append({"system": UCUM, "concept": [{"code": "mg"}]})
    with pytest.raises(FhirError, match="cannot be listed"):
        Composition(FRESH, Versions()).members(both)


def test_units_that_a_value_set_lists_are_its_codes() -> None:
    some = definition(concept=[{"code": "mg/dL"}, {"code": "mmol/L"}, {"code": "no unit"}])
    members = Composition(FRESH, Versions()).members(some)
    assert [key[2] for key in members] == ["mg/dL", "mmol/L"]


@pytest.mark.parametrize(
    ("filter", "said"),
    [
        ({"property": "property", "op": "=", "value": "mass"}, "has the filter canonical"),
        ({"property": "concept", "op": "is-a", "value": "g"}, "has the filter canonical"),
        ({"property": "canonical", "op": "=", "value": "grams"}, "is no UCUM expression"),
    ],
)
def test_a_filter_that_ucum_does_not_have_is_refused(filter: dict[str, str], said: str) -> None:
    with pytest.raises(FhirError, match=said):
        Composition(FRESH, Versions()).members(definition(filter))


def test_a_supplement_adds_a_name_to_a_unit() -> None:
    names = supplement(
        url="http://hospital.example.cn/units", supplements=UCUM,
        concept=[{"code": "mmol/L", "designation": [{"language": "zh", "value": "毫摩尔每升"}]}],
    )  # fmt: skip
    library = WithBuiltIn(Shelf(names))
    composition = Composition(library, Versions(), (names["url"],))
    member = composition.members(definition())[UCUM, ucum.VERSION, "mmol/L"]
    assert [each.value for each in member.concept.designations] == ["毫摩尔每升"]


def test_the_version_is_that_of_the_table() -> None:
    import json
    from importlib.resources import files

    table = json.loads(files("terminology").joinpath("data", "ucum.json").read_text("utf-8"))
    assert table["version"] == ucum.VERSION
