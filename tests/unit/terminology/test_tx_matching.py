"""The runner of the public tests tells a right answer from a wrong one."""

import pytest

from scripts.check_tx_ecosystem.matching import difference
from scripts.check_tx_ecosystem.versions import to_r4, to_r5, translate_request
from terminology.service.expansion_properties import DECLARED, OF_CODE

UUID = "urn:uuid:00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ({"a": [1, 2]}, {"a": [2, 1]}),
        ({"a": "$uuid$"}, {"a": UUID}),
        ({"a": "$choice:x|y$"}, {"a": "y"}),
        ({"a": "http://x|$version$"}, {"a": "http://x|4.0.1"}),
        ({"a": "$fragments:supplement|http://x$"}, {"a": "no supplement http://x here"}),
        ({"a": "$external:1:http://x$"}, {"a": "other words"}),
        ({"$optional-properties$": ["date"], "a": 1, "date": "2026"}, {"a": 1}),
        ({"p": [{"name": "x", "$optional$": True}, {"name": "y"}]}, {"p": [{"name": "y"}]}),
        ({"severity": "error", "details": {}}, {"severity": "error", "details": {},
                                                 "location": ["code"], "diagnostics": "why"}),
    ],
)  # fmt: skip
def test_a_right_answer(expected, found):
    assert difference(expected, found) is None


@pytest.mark.parametrize(
    ("expected", "found", "place"),
    [
        ({"a": 1}, {"a": True}, ".a"),
        ({"a": 1}, {"a": 1, "b": 2}, ".b"),
        ({"a": 1, "b": 2}, {"a": 1}, ".b"),
        ({"a": [1, 1]}, {"a": [1]}, ".a[1]"),
        ({"a": [1]}, {"a": [1, 1]}, ".a"),
        ({"a": "$uuid$"}, {"a": "urn:uuid:1"}, ".a"),
        ({"a": "$external:1$"}, {"a": ""}, ".a"),
        ({"a": "http://x|$version$"}, {"a": "http://y|4.0.1"}, ".a"),
        ({"a": {"b": 1}}, {"a": [1]}, ".a"),
        ({"p": [{"name": "x", "$optional$": True, "v": 1}]}, {"p": [{"name": "x", "v": 2}]}, ".p"),
    ],
)
def test_a_wrong_answer_is_told_with_its_place(expected, found, place):
    assert (difference(expected, found) or "").startswith(place)


def test_what_r4_has_elsewhere():
    child_of = {"property": "concept", "op": "child-of", "value": "x"}
    compose = {"include": [{"filter": [child_of]}]}
    value_set = {"resourceType": "ValueSet", "status": "active", "compose": compose}
    (given,) = to_r4(value_set)["compose"]["include"][0]["filter"]
    assert "op" not in given
    assert given["_op"]["extension"][0]["valueCode"] == "child-of"
    declared = {"url": DECLARED, "extension": [{"url": "code", "valueCode": "unit"}]}
    own = {"url": OF_CODE, "extension": [{"url": "code", "valueCode": "unit"},
                                         {"url": "value", "valueString": "g"}]}  # fmt: skip
    assert to_r5({"extension": [declared], "contains": [{"extension": [own]}]}) == {
        "property": [{"code": "unit"}],
        "contains": [{"property": [{"code": "unit", "valueString": "g"}]}],
    }
    back = [{"name": "targetCode", "valueCode": "x"}, {"name": "targetSystem", "valueUri": "t"}]
    assert {each["name"] for each in translate_request(back)} == {"code", "system", "reverse"}
