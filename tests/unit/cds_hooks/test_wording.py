"""The text catalogue is whole, and text from outside stays text."""

import re
import string
from pathlib import Path

import pytest

import cds_hooks
import inference
from cds_hooks.wording import Wording, catalogue, choose_language, escape
from inference.reasons import Reason
from tests.support.patients import REGISTRY

ROOMS = [Path(cds_hooks.__file__).parent, Path(inference.__file__).parent]
MODELS = [model.definition for model in REGISTRY]


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_say_the_same_things_with_the_same_values():
    zh, en = catalogue("zh-CN"), catalogue("en")
    assert zh.keys() == en.keys()
    for key in zh:
        assert placeholders(zh[key]) == placeholders(en[key]), key


def test_every_reason_that_the_code_gives_has_words():
    codes = set()
    for room in ROOMS:
        for file in room.rglob("*.py"):
            codes |= set(re.findall(r'Reason\(\s*"([a-z-]+)"', file.read_text(encoding="utf-8")))
    assert len(codes) > 20
    assert {f"reason.{code}" for code in codes} <= catalogue("en").keys()


def test_every_reason_for_an_unusable_value_has_words():
    room = Path(cds_hooks.__file__).parent.parent / "terminology"
    declared = set()
    for name in ("measurement.py", "quantities.py", "units.py"):
        text = (room / name).read_text(encoding="utf-8")
        for block in re.findall(r"(?:ReasonCode|RefusalReason|RefusalCode)\b.*?\]", text, re.S):
            declared |= set(re.findall(r'"([a-z-]+)"', block))
    assert "implausible" in declared
    assert {f"unusable.{code}" for code in declared} <= catalogue("en").keys()


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_features_have_names(language):
    wording = Wording(language, MODELS)
    for model in MODELS:
        for spec in model.inputs:
            assert wording.feature(spec.feature) != spec.feature
        for exclusion in model.exclusions:
            assert wording.feature(exclusion.flag) != exclusion.flag


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_feature_has_one_name_whatever_models_are_served_last(language):
    """With HAS-BLED last every card said "systolic blood pressure (counts above 160 mmHg)"."""
    one_way, other_way = Wording(language, MODELS), Wording(language, MODELS[::-1])
    for feature in {spec.feature for model in MODELS for spec in model.inputs}:
        assert one_way.feature(feature) == other_way.feature(feature)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "zh-CN"),
        ("", "zh-CN"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("zh-TW", "zh-CN"),
        ("fr, en;q=0.5", "en"),
        ("en;q=0.2, zh;q=0.8", "zh-CN"),
        ("en;q=0", "zh-CN"),
        ("de", "zh-CN"),
        ("en;q=nonsense", "zh-CN"),
    ],
)
def test_language_follows_the_header_else_the_setting(header, expected):
    assert choose_language(header, "zh-CN") == expected


@pytest.mark.parametrize(
    "hostile",
    ["<script>alert(1)</script>", "[x](javascript:alert(1))", "![x](http://e/x)", "a|b", "`x`"],
)
def test_text_from_outside_cannot_become_markup(hostile):
    escaped = escape(hostile)
    assert "<" not in escaped
    assert not re.search(r"(?<!\\)[\[\]|`]", escaped)
    said = Wording("en", MODELS).reason(Reason("preliminary", {"source": hostile}))
    assert escaped in said


@pytest.mark.parametrize(("language", "words"), [("en", "every category"), ("zh-CN", "各项分层均")])
@pytest.mark.parametrize("code", ["category-stable", "category-uncertain", "category-unstable"])
def test_the_share_of_readings_is_said_to_be_of_every_category(code, language, words):
    """54 % is of GFR stage and albuminuria together, not of the one beside it."""
    assert words in Wording(language, MODELS).reason(Reason(code, {"percent": "54"}))
