"""What is told of a code beside right or wrong, so that whoever sent it knows what to mend."""

from typing import Any

import pytest

from fhir_server.r4.outcome import FhirError
from terminology.service.code_checks import ValidateCode
from terminology.service.code_findings import Coded
from terminology.service.membership import Membership
from terminology.service.validate_code import validate_code
from terminology.service.value_set import Composition
from terminology.service.versions import Versions
from tests.unit.terminology.code_systems import URL, Shelf, lab, supplement
from tests.unit.terminology.test_expand import SETS, value_set

STATUS = "http://hl7.org/fhir/StructureDefinition/structuredefinition-standards-status"
OTHER = "http://other.example.cn/lab"


def told(coded: Coded, held: tuple[Any, ...], resource: Any, **asked: Any) -> dict[str, Any]:
    """The parameters of the answer; `ids` are the message ids of its issues."""
    library = Shelf(*held)
    membership = Membership(Composition(library, Versions(), is_strict=False), library, resource)
    answer = validate_code(membership, ValidateCode((coded,), **asked))
    found: dict[str, Any] = {"ids": []}
    for each in answer["parameter"]:
        found[each["name"]] = next(v for k, v in each.items() if k != "name")
    for issue in found.get("issues", {}).get("issue", ()):
        found["ids"].append(issue["extension"][0]["valueString"])
    return found


def test_other_letters_are_told_where_case_is_no_matter() -> None:
    found = told(Coded("tc", URL), (lab(caseSensitive=False),), value_set())
    assert (found["result"], found["code"], found["normalized-code"]) == (True, "tc", "TC")
    assert found["ids"] == ["CODE_CASE_DIFFERENCE"]
    assert "message" not in found
    same = told(Coded("TC", URL), (lab(caseSensitive=False),), value_set())
    assert same["ids"] == []
    assert "normalized-code" not in same


def test_a_code_that_is_left_out_for_being_inactive_says_so() -> None:
    active = value_set(compose={"inactive": False})
    found = told(Coded("CKMB", URL), (lab(),), active)
    assert found["result"] is False
    assert "STATUS_CODE_WARNING_CODE" in found["ids"]
    # One that would not be there in any case is not said to be.
    listed = value_set({"system": URL, "concept": [{"code": "TC"}]}, compose={"inactive": False})
    found = told(Coded("CKMB", URL), (lab(),), listed)
    assert (found["result"], "STATUS_CODE_WARNING_CODE" in found["ids"]) == (False, False)


def test_a_retired_code_has_its_status() -> None:
    assert told(Coded("CKMB", URL), (lab(),), value_set())["status"] == "retired"
    assert "status" not in told(Coded("TC", URL), (lab(),), value_set())


def test_a_value_set_without_a_name_is_not_called_nothing() -> None:
    resource = value_set({"system": URL, "concept": [{"code": "TC"}]})
    del resource["url"]
    found = told(Coded("TG", URL), (lab(),), resource)
    assert "'(unidentified)'" in found["message"]


def test_a_code_of_several_systems_names_them() -> None:
    held = lab(), lab(url=OTHER, concept=[{"code": "LDL"}])
    both = value_set({"system": URL}, {"system": OTHER})
    found = told(Coded("LDL"), held, both, infers_system=True)
    assert found["result"] is False
    assert f"multiple matches: [{URL}, {OTHER}]" in found["message"]


def test_a_supplement_is_no_code_system() -> None:
    url = f"{URL}-texts"
    found = told(Coded("TG", url), (lab(), supplement()), value_set())
    assert found["result"] is False
    assert f"{url}|1 is a supplement" in found["message"]


def test_a_text_that_was_right_once_is_a_warning_and_names_the_right_one() -> None:
    old = {
        "language": "zh-CN",
        "value": "胆固醇总量",
        "extension": [{"url": STATUS, "valueCode": "withdrawn"}],
    }
    concept = {"code": "TC", "display": "总胆固醇", "designation": [old]}
    held = (lab(concept=[concept]),)
    found = told(Coded("TC", URL, display="胆固醇总量"), held, value_set())
    assert (found["result"], found["ids"]) == (True, ["INACTIVE_DISPLAY_FOUND"])
    (issue,) = found["issues"]["issue"]
    assert '"总胆固醇"' in issue["details"]["text"]
    assert told(Coded("TC", URL, display="总胆固醇"), held, value_set())["ids"] == []


def test_of_two_versions_of_a_value_set_the_one_whose_display_was_sent() -> None:
    older = lab(concept=[{"code": "TC", "display": "胆固醇"}])
    newer = lab(version="2026.10", concept=[{"code": "TC", "display": "总胆固醇"}])
    both = value_set(*({"system": URL, "version": each} for each in ("2026.9", "2026.10")))
    for display, version in (("胆固醇", "2026.9"), ("总胆固醇", "2026.10"), ("", "2026.10")):
        found = told(Coded("TC", URL, display=display), (older, newer), both)
        assert (found["result"], found["version"]) == (True, version)
    assert told(Coded("TC", URL, display="甘油三酯"), (older, newer), both)["result"] is False


def test_no_version_is_told_where_none_was_looked_in() -> None:
    lacking = value_set({"system": URL, "version": "1"})
    found = told(Coded("TC", URL), (lab(),), lacking)
    assert found["result"] is False
    assert "Valid versions: 2026.9" in found["message"]
    assert "version" not in found


def test_by_a_definition_that_is_wrong_in_itself_no_code_is_judged() -> None:
    circle = value_set({"valueSet": [f"{SETS}/b"]}, name="a")
    back = value_set({"valueSet": [f"{SETS}/a"]}, name="b")
    with pytest.raises(FhirError, match="built of itself"):
        told(Coded("TC", URL), (lab(), circle, back), circle)
    nameless = value_set({"system": URL, "concept": [{"display": "总胆固醇"}]})
    with pytest.raises(FhirError, match="has no code") as refused:
        told(Coded("TC", URL), (lab(),), nameless)
    assert refused.value.issues[0].expression == ("ValueSet.compose.include[0].concept[0]",)
