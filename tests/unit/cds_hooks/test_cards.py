"""A card without a confidence or without the physician's notice cannot be made."""

from dataclasses import replace
from uuid import uuid4

import pytest

from cds_hooks.cards import Card, CardConfidence, CardModel, IncompleteCard, Source
from cds_hooks.notice import Notice

ZH = "本结果由人工智能辅助生成，仅供临床参考；最终诊断和治疗方案的决定权与责任属于执业医师。"
EN = (
    "AI-assisted decision support, for reference only. The final diagnosis and treatment decision, "
    "and the responsibility for it, rest with the licensed physician."
)

CONFIDENCE = CardConfidence("medium", 0.93, ("validated abroad",))


def card(**changes) -> Card:
    fields = {
        "uuid": uuid4(),
        "summary": "risk 12.3%",
        "body": "**risk**",
        "indicator": "info",
        "source": Source("paper", "https://example.org/paper", "model", "Model"),
        "confidence": CONFIDENCE,
        "notice": Notice("en"),
        "model": CardModel("m", "1", "abc"),
        "basis": (),
        "links": (),
        "override_reasons": (),
    } | changes
    return Card(**{name: value for name, value in fields.items() if value is not ...})


def wire(made: Card) -> dict:
    return made.to_json(topic_system="https://example.org/t", override_system="https://e.org/o")


@pytest.mark.parametrize("field", ["confidence", "notice", "model"])
def test_leaving_one_out_is_no_card(field):
    with pytest.raises(TypeError, match=field):
        card(**{field: ...})


@pytest.mark.parametrize("nothing", [None, "", {}, 0.9])
def test_nothing_stands_in_for_the_confidence(nothing):
    with pytest.raises(IncompleteCard):
        card(confidence=nothing)


@pytest.mark.parametrize("nothing", [None, "", "the physician decides"])
def test_nothing_stands_in_for_the_notice(nothing):
    with pytest.raises(IncompleteCard):
        card(notice=nothing)


def test_a_made_card_cannot_lose_them():
    with pytest.raises(AttributeError):
        card().notice = None
    with pytest.raises(IncompleteCard):
        replace(card(), confidence=None)


@pytest.mark.parametrize(
    ("probability", "reasons"), [(1.1, ("x",)), (-0.1, ("x",)), (0.5, ()), (float("nan"), ("x",))]
)
def test_a_confidence_has_a_probability_and_reasons(probability, reasons):
    with pytest.raises(IncompleteCard):
        CardConfidence("low", probability, reasons)


@pytest.mark.parametrize("summary", ["", "x" * 140, "x" * 500])
def test_a_summary_is_under_140_characters(summary):
    with pytest.raises(IncompleteCard):
        card(summary=summary)


@pytest.mark.parametrize(("language", "text"), [("zh-CN", ZH), ("en", EN)])
def test_the_notice_has_the_wording_of_the_standard_in_detail_and_extension(language, text):
    found = wire(card(notice=Notice(language)))
    assert found["detail"].endswith(f"> {text}")
    assert found["extension"]["org.attending.notice"] == text


def test_the_wire_form_has_no_null_and_nothing_empty():
    found = wire(card(links=(), basis=()))
    assert "org.attending.basis" not in found["extension"]
    assert None not in found.values()
    assert found["extension"]["org.attending.confidence"] == {
        "level": "medium",
        "probability": 0.93,
        "reasons": ["validated abroad"],
    }
