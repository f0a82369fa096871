"""Whether a laboratory's code is right: never "yes" where it is not known."""

from typing import Any

import pytest

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import FhirError
from fhir_server.r4.validation import validate
from terminology.service.code_checks import ValidateCode
from terminology.service.code_findings import Coded
from terminology.service.membership import Membership
from terminology.service.validate_code import validate_code
from terminology.service.value_set import Composition
from terminology.service.versions import Versions
from tests.unit.terminology.code_systems import URL, Shelf, lab, supplement
from tests.unit.terminology.test_expand import SETS, filtered, value_set

FATS = filtered("concept", "is-a", "TC")


def checked(
    *codes: Coded,
    value_set: JsonObject | None = FATS,
    held: tuple[JsonObject, ...] = (),
    versions: Versions | None = None,
    supplements: tuple[str, ...] = (),
    **asked: Any,
) -> dict[str, Any]:
    """The parameters of the answer; `issues` as (severity, kind, expression)."""
    library = Shelf(lab(), *held)
    composition = Composition(library, versions or Versions(), supplements, is_strict=False)
    membership = Membership(composition, library, value_set)
    answer = validate_code(membership, ValidateCode(codes, **asked))
    assert validate(answer) == ()
    found: dict[str, Any] = {"issues": []}
    for each in answer["parameter"]:
        if each["name"] == "issues":
            found["issues"] = [_issue(issue) for issue in each["resource"]["issue"]]
        else:
            found[each["name"]] = next(v for k, v in each.items() if k != "name")
    return found


def _issue(issue: JsonObject) -> tuple[str, str, str]:
    kind = issue["details"]["coding"][0]["code"]
    return issue["severity"], kind, issue.get("expression", [""])[0]


def test_a_code_that_is_right():
    found = checked(Coded("LDL", URL, display="低密度脂蛋白胆固醇"))
    assert found == {
        "result": True,
        "code": "LDL",
        "system": URL,
        "version": "2026.9",
        "display": "低密度脂蛋白胆固醇",
        "issues": [],
    }


@pytest.mark.parametrize(
    ("coded", "issues"),
    [
        (Coded("TG", URL), [("error", "not-in-vs", "code")]),
        (Coded("LPA", URL), [("error", "invalid-code", "code"), ("error", "not-in-vs", "code")]),
        (Coded("LDL", "http://loinc.org"),
         [("error", "not-found", "system"), ("error", "not-in-vs", "code")]),
        (Coded("LDL", "lab"),
         [("error", "invalid-data", "system"), ("error", "not-found", "system"),
          ("error", "not-in-vs", "code")]),
        (Coded("LDL"), [("warning", "invalid-data", "code"), ("error", "not-in-vs", "code")]),
        (Coded("LDL", URL, "2025.1"),
         [("error", "vs-invalid", "version"), ("error", "not-found", "system")]),
        (Coded("LDL", URL, display="高密度脂蛋白"), [("error", "invalid-display", "display")]),
    ],
)  # fmt: skip
def test_a_code_that_is_not_right_says_why_and_where(coded, issues):
    found = checked(coded, value_set={**FATS, "compose": FATS["compose"]})
    assert found["result"] is False
    if coded.version:
        # The value set names no version: that the Coding's is unknown is what is wrong.
        issues = [("warning", "vs-invalid", "version"), issues[1]]
    assert sorted(found["issues"]) == sorted(issues)
    assert found["message"]


def test_what_is_wrong_with_a_coding_names_its_element():
    found = checked(Coded("TG", URL, place="Coding"))
    assert found["issues"] == [("error", "not-in-vs", "Coding.code")]


def test_one_right_coding_of_a_concept_is_enough_and_the_wrong_one_is_told():
    concept = {"coding": [{"system": URL, "code": "TG"}, {"system": URL, "code": "HDL"}]}
    codings = [Coded(each["code"], URL, place=f"CodeableConcept.coding[{n}]")
               for n, each in enumerate(concept["coding"])]  # fmt: skip
    found = checked(*codings, concept=concept)
    assert (found["result"], found["code"], found["codeableConcept"]) == (True, "HDL", concept)
    assert found["issues"] == [
        ("information", "this-code-not-in-vs", "CodeableConcept.coding[0].code")
    ]
    neither = checked(codings[0], concept={"coding": concept["coding"][:1]})
    assert neither["result"] is False
    assert ("error", "not-in-vs", "") in neither["issues"]


@pytest.mark.parametrize("value_set", [FATS, None])
def test_a_text_without_a_code_is_no_code(value_set):
    assert checked(concept={"text": "胆固醇"}, value_set=value_set)["result"] is False


def test_a_code_system_alone():
    assert checked(Coded("TG", URL), value_set=None)["result"] is True
    assert checked(Coded("LPA", URL), value_set=None)["result"] is False


def test_a_retired_code_is_right_and_warned_of_and_refused_where_only_active_ones_count():
    everything = value_set()
    found = checked(Coded("CKMB", URL), value_set=everything)
    assert (found["result"], found["inactive"]) == (True, True)
    assert found["issues"] == [("warning", "code-comment", "code")]
    refused = checked(Coded("CKMB", URL), value_set=everything, active_only=True)
    assert refused["result"] is False
    assert ("error", "code-rule", "code") in refused["issues"]


def test_a_heading_is_refused_where_a_test_is_asked_for():
    everything = value_set()
    assert checked(Coded("LIPID", URL), value_set=everything)["result"] is True
    found = checked(Coded("LIPID", URL), value_set=everything, abstract=False)
    refused = [("error", "code-rule", "code"), ("error", "not-in-vs", "code")]
    assert (found["result"], found["issues"]) == (False, refused)
    alone = checked(Coded("LIPID", URL), value_set=None, abstract=False)
    assert (alone["result"], alone["issues"]) == (False, [("error", "code-rule", "code")])


@pytest.mark.parametrize(
    ("display", "languages", "result"),
    [
        ("Total cholesterol", (), True),
        ("total CHOLESTEROL", ("en",), True),
        ("总胆固醇", ("zh-CN",), True),
        ("总胆固醇", ("en",), False),
        ("甘油三酯", (), False),
        ("Total  cholesterol", (), False),
        # There is no German text: what is right by default is right.
        ("总胆固醇", ("de",), True),
    ],
)
def test_the_display_is_one_of_its_texts_in_the_language_asked_for(display, languages, result):
    found = checked(Coded("TC", URL, display=display), languages=languages)
    assert found["result"] is result


def test_a_wrong_display_may_be_tolerated():
    found = checked(Coded("TC", URL, display="甘油三酯"), lenient_display=True)
    assert (found["result"], found["issues"]) == (
        True,
        [("warning", "invalid-display", "display")],
    )


def test_the_system_of_a_bare_code_is_that_of_the_value_set_where_that_is_asked_for():
    found = checked(Coded("LDL"), infers_system=True)
    assert (found["result"], found["system"]) == (True, URL)
    other = lab(url="http://other.example.cn/lab", concept=[{"code": "LDL"}])
    two = value_set({"system": URL}, {"system": "http://other.example.cn/lab"})
    found = checked(Coded("LDL"), value_set=two, held=(other,), infers_system=True)
    assert found["result"] is False
    assert ("error", "cannot-infer", "code") in found["issues"]


def test_a_value_set_of_which_a_part_is_missing_makes_nothing_right():
    lacking = value_set({"system": URL}, {"system": "http://loinc.org"})
    found = checked(Coded("TC", URL), value_set=lacking)
    assert found["result"] is False
    assert found["x-caused-by-unknown-system"] == "http://loinc.org"
    imported = value_set({"valueSet": [f"{SETS}/none"]})
    assert checked(Coded("TC", URL), value_set=imported)["result"] is False


def test_of_a_fragment_nobody_knows_what_it_lacks():
    part = lab(content="fragment", url="http://part.example.cn")
    whole = value_set({"system": "http://part.example.cn"})
    found = checked(Coded("LPA", "http://part.example.cn"), value_set=whole, held=(part,))
    assert (found["result"], found["issues"]) == (True, [("warning", "invalid-code", "code")])
    listed = value_set({"system": "http://part.example.cn", "concept": [{"code": "TC"}]})
    found = checked(Coded("LPA", "http://part.example.cn"), value_set=listed, held=(part,))
    assert found["result"] is False


NEWER = lab(version="2026.10", concept=[{"code": "TC", "display": "胆固醇"}])


@pytest.mark.parametrize(
    ("named", "sent", "versions", "result", "version"),
    [
        ("", "", Versions(), True, "2026.10"),
        ("2026.9", "", Versions(), True, "2026.9"),
        ("2026.9", "2026.9", Versions(), True, "2026.9"),
        ("2026.9", "2026.10", Versions(), False, "2026.9"),
        ("2026.x", "2026.9", Versions(), True, "2026.9"),
        ("", "", Versions(default={URL: "2026.9"}), True, "2026.9"),
        ("2026.9", "", Versions(forced={URL: "2026.10"}), True, "2026.10"),
        ("2026.9", "", Versions(checked={URL: "2026.10"}), False, "2026.9"),
    ],
)
def test_the_version_is_that_of_the_value_set(named, sent, versions, result, version):
    include = {"system": URL} | ({"version": named} if named else {})
    found = checked(
        Coded("TC", URL, sent), value_set=value_set(include), held=(NEWER,), versions=versions
    )
    assert (found["result"], found["version"]) == (result, version)


def test_a_supplement_gives_its_texts_and_one_that_is_missing_is_an_error():
    coded = Coded("TG", URL, display="Triglycerides")
    everything = value_set()
    found = checked(coded, value_set=everything, held=(supplement(),))
    assert found["result"] is False
    names = (f"{URL}-texts",)
    found = checked(coded, value_set=everything, held=(supplement(),), supplements=names)
    assert found["result"] is True
    with pytest.raises(FhirError, match="Required supplement"):
        checked(coded, value_set=everything, supplements=names)


def test_a_draft_is_no_more_than_that():
    draft = lab(status="draft", url="http://draft.example.cn")
    found = checked(
        Coded("TC", "http://draft.example.cn"),
        value_set=value_set({"system": "http://draft.example.cn"}),
        held=(draft,),
    )
    assert (found["result"], found["issues"]) == (True, [("information", "status-check", "")])
