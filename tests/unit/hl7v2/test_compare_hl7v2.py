"""The comparison with other engines: what is equal, what differs, and which rule may explain it."""

import json
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.compare_hl7v2.elements import best_pairs, compare, without_private
from scripts.compare_hl7v2.lending import MARK
from scripts.compare_hl7v2.ours import convert
from scripts.compare_hl7v2.pairing import compare_resources
from scripts.compare_hl7v2.printing import lines, page
from scripts.compare_hl7v2.report import Report
from scripts.compare_hl7v2.rules import Rule, RuleError, Rules, load_rules
from tests.unit.hl7v2.examples import CREATININE, MSH, OBR, PID

pytestmark = pytest.mark.anyio

MAPPING = Path(__file__).parents[3] / "docs" / "reference" / "hl7v2-mapping.md"
JSON = st.recursive(
    st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.dictionaries(st.text(min_size=1, max_size=4), inner, min_size=1, max_size=3)
    ),
    max_leaves=8,
)


def kinds(ours, theirs) -> list[str]:
    return [element.kind for element in compare(ours, theirs, "Observation.valueQuantity")]


@pytest.mark.parametrize(
    ("ours", "theirs", "kind"),
    [
        ("2026-11-20T08:00:00+08:00", "2026-11-20T00:00:00Z", "spelled"),
        ("2026-11-20T08:00:00+08:00", "2026-11-20T08:00:00.000+08:00", "spelled"),
        ("2026-11-20T08:00:00+08:00", "2026-11-20T08:00:00Z", "differs"),
        ("2026-11-20", "2026-11-20T00:00:00Z", "differs"),
        (Decimal("88"), Decimal("88.0"), "digits"),
        (Decimal("88"), Decimal("89"), "differs"),
        (Decimal("88"), "88", "differs"),
        (True, 1, "differs"),
        ("umol/L", "umol/l", "differs"),
        ("umol/L", None, "ours-only"),
        (None, "umol/L", "theirs-only"),
    ],
)
def test_only_a_spelling_of_the_same_instant_is_no_difference(ours, theirs, kind):
    sides = [{} if value is None else {"x": value} for value in (ours, theirs)]
    assert kinds(*sides) == [kind]


def test_lists_are_compared_by_content_not_by_place():
    mine = [{"system": "a", "value": "1"}, {"system": "b", "value": "2"}]
    assert set(kinds(mine, mine[::-1])) == {"equal"}
    assert kinds(mine, mine[1:]) == ["equal", "equal", "ours-only", "ours-only"]


@given(JSON)
def test_anything_equals_itself(value):
    assert set(kinds(value, value)) <= {"equal"}


@given(st.lists(JSON, max_size=5), st.lists(JSON, max_size=5))
def test_each_item_has_one_partner_at_most(ours, theirs):
    pairs = best_pairs(ours, theirs)
    assert len(pairs) == min(len(ours), len(theirs))
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)


def test_extensions_of_an_engine_of_its_own_are_set_aside_and_counted():
    counted: Counter[str] = Counter()
    own = {"url": "https://reportstream.cdc.gov/fhir/StructureDefinition/x", "valueString": "y"}
    published = {"url": "http://hl7.org/fhir/StructureDefinition/z", "valueString": "y"}
    code = {"coding": [{"extension": [own], "code": "88"}], "extension": [own, published]}
    left = without_private(code, counted)
    assert left == {"coding": [{"code": "88"}], "extension": [published]}
    assert counted.total() == 2


def test_a_stored_practitioner_and_a_logical_reference_are_the_same_statement():
    ours = {
        "resourceType": "ServiceRequest",
        "id": "1",
        "requester": {
            "type": "Practitioner",
            "identifier": {"system": "urn:id:A", "value": "2001"},
            "display": "Dr Wei Wang",
        },
    }
    theirs = [
        {
            "resourceType": "ServiceRequest",
            "id": "x",
            "requester": {"reference": "PractitionerRole/r"},
        },
        {
            "resourceType": "PractitionerRole",
            "id": "r",
            "practitioner": {"reference": "Practitioner/p"},
        },
        {
            "resourceType": "Practitioner",
            "id": "p",
            "identifier": [{"system": "urn:id:A", "value": "2001"}],
            "name": [{"family": "Wang", "given": ["Wei"], "prefix": ["Dr"]}],
        },
    ]
    found = compare_resources([ours], theirs)
    assert {element.kind for element in found.elements} == {"equal"}
    assert [each["resourceType"] for each in found.theirs_alone] == [
        "PractitionerRole",
        "Practitioner",
    ]


def test_references_are_compared_by_the_resource_that_they_point_to():
    def side(order: list[str], ids: dict[str, str]) -> list[dict[str, object]]:
        results = [
            {"resourceType": "Observation", "id": ids[code], "code": {"text": code}}
            for code in order
        ]
        first = {"reference": f"Observation/{ids['K']}"}
        return [*results, {"resourceType": "DiagnosticReport", "id": "r", "result": [first]}]

    ours = side(["K", "NA"], {"K": "1", "NA": "2"})
    same = compare_resources(ours, side(["NA", "K"], {"K": "7", "NA": "8"}))
    other = compare_resources(ours, side(["NA", "K"], {"K": "7", "NA": "8"})[:1] + ours[2:])
    assert {element.kind for element in same.elements} == {"equal"}
    assert [e.theirs for e in other.elements if e.path == "DiagnosticReport.result.reference"] == [
        "Observation (no such resource)"
    ]


async def test_what_was_lent_to_a_message_is_in_no_resource():
    bare = MSH.replace("|LIS|DEMOHOSP|", "|||").replace("|P|", "||")
    result = CREATININE.rpartition("||")[0]
    nobody = PID.replace("000123456^^^DEMOHOSP^MR", "")
    order = OBR.replace("20261120080000+0800", "", 1)
    found = await convert("\n".join([bare, nobody, order, result]))
    assert found.refusal == ""
    assert found.lent == ("MSH-3, MSH-4", "MSH-11", "PID-3", "OBX-14")
    assert MARK not in json.dumps(found.resources, default=str).replace(f"urn:id:{MARK}", "")
    (observation,) = [each for each in found.resources if each["resourceType"] == "Observation"]
    assert "effectiveDateTime" not in observation
    assert observation["valueQuantity"]["value"] == 88


async def test_what_cannot_be_lent_stays_refused():
    found = await convert("\r".join([MSH.replace("ORU^R01^ORU_R01", "ADT^A99"), PID]))
    assert found.resources == ()
    assert found.refusal.startswith("MSH^1^9")


def difference(path: str):
    (found,) = compare({"x": 1}, {}, path)
    return found


def test_a_difference_is_explained_only_where_path_kind_and_engine_fit():
    rule = Rule(r"Patient\.x", ["ours-only"], "choice", "because", "section", engine="microsoft")
    rules = Rules([rule])
    assert rules.judge(difference("Patient"), "ours-only", "microsoft") == 0
    assert rules.judge(difference("Patient"), "ours-only", "reportstream") is None
    assert rules.judge(difference("Patient"), "theirs-only", "microsoft") is None
    assert rules.judge(difference("Observation"), "ours-only", "microsoft") is None


@pytest.mark.parametrize(
    "changed", [{"path": ".*"}, {"path": r"Observation\..*"}, {"reason": ""}, {"source": ""}]
)
def test_a_rule_that_says_too_little_or_takes_too_much_is_refused(tmp_path, changed):
    rule = {
        "path": r"Observation\.status",
        "kinds": ["differs"],
        "verdict": "choice",
        "reason": "because",
        "source": "section",
    }
    path = tmp_path / "rules.json"
    path.write_text(json.dumps([rule | changed]))
    with pytest.raises(RuleError):
        load_rules(path)


def test_each_choice_names_a_section_of_the_mapping_that_is_there():
    headings = re.findall(r"^## (.+)$", MAPPING.read_text(encoding="utf-8"), re.MULTILINE)
    rules = load_rules().rules
    named = [
        found[1]
        for rule in rules
        if (found := re.search(r'hl7v2-mapping\.md, "([^"]+)"', rule.source))
    ]
    assert len(rules) > 100
    assert len(named) > 40
    assert [name for name in named if not any(each.startswith(name) for each in headings)] == []


async def test_a_difference_without_rule_is_reported_and_so_is_a_rule_without_difference():
    rule = Rule(r"Patient\.x", ["ours-only"], "choice", "because", "section")
    report = Report(Rules([rule]))
    message = {"path": "microsoft/x", "hl7": "\r".join([MSH, PID, OBR, CREATININE])}
    patient = {"resourceType": "Patient", "id": "1", "gender": "male"}
    found = list(report.add(7, message, await convert(message["hl7"]), [patient]))
    printed = "\n".join(lines(report))
    assert found
    assert "UNCLASSED 7 ours-only Patient.birthDate" in printed
    assert r"UNUSED Patient\.x" in printed
    assert "| Patient | 1 |" in page(report)
