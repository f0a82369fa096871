"""A model card as FHIR R4: valid, about the model, with every attribute for a program to read."""

import pytest

from cds_hooks.record import DIGEST_SYSTEM, MODEL_SYSTEM
from fhir_server.model_cards.resource import ATTRIBUTE_EXTENSION, CARD_TYPES, document_reference
from fhir_server.model_cards.words import Words
from fhir_server.r4.codec import decode, encode
from fhir_server.r4.validation import validate
from inference.source_attributes import ATTRIBUTES
from tests.support.model_cards import URL, subject
from tests.support.model_releases import shipped

MODELS = [model.definition.id for model in shipped()]


def parts(extension: dict, url: str) -> list:
    found = (each for each in extension["extension"] if each["url"] == url)
    return [next(v for k, v in each.items() if k != "url") for each in found]


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("id", MODELS)
def test_a_card_is_valid_r4_and_holds_all_31(id, language):
    made = document_reference(subject(id), Words(language))
    assert [
        issue for issue in validate(decode(encode(made))) if issue.severity != "information"
    ] == []
    held = [e for e in made["extension"] if e["url"] == ATTRIBUTE_EXTENSION]
    names = [parts(each, "name")[0] for each in held]
    assert names == [attribute.id.replace("_", "-") for attribute in ATTRIBUTES]
    for each in held:
        assert parts(each, "paragraph")[0].startswith("45 CFR 170.315(b)(11)(iv)(B)(")
        statements = parts(each, "statement")
        assert statements
        assert all(len(s) >= 2 for s in statements)


def test_it_says_which_model_in_which_version_and_where_the_page_is():
    made = document_reference(subject("china-par"), Words("zh-CN"))
    assert made["status"] == "current"
    assert made["type"]["coding"] == [{"system": CARD_TYPES, "code": "AIModelCard"}]
    assert {i["system"]: i["value"] for i in made["identifier"]} == {
        MODEL_SYSTEM: "china-par|1.0.0",
        DIGEST_SYSTEM: f"sha256:{shipped().get('china-par').digest}",
    }
    pages = {a["attachment"].get("language"): a["attachment"]["url"] for a in made["content"]}
    assert pages["en"] == f"{URL}/models/china-par/card?version=1.0.0&language=en"
    (device,) = made["contained"]
    assert made["subject"]["reference"] == f"#{device['id']}"
    assert device["version"] == [{"value": "1.0.0"}]


def test_a_retired_version_is_superseded():
    made = document_reference(subject("china-par", state="retired"), Words("en"))
    assert made["status"] == "superseded"


def test_what_is_not_known_is_a_code_and_a_reason():
    made = document_reference(subject("china-par"), Words("en"))
    funding = next(e for e in made["extension"] if parts(e, "name") == ["funding"])
    (statement,) = (
        {each["url"]: next(v for k, v in each.items() if k != "url") for each in s}
        for s in parts(funding, "statement")
    )
    assert statement["standing"] == "not-known"
    assert "no source of funding" in statement["text"]
