"""A model card over HTTP: for a browser, for a program, and from where a model is named."""

import json

import pytest

from cds_hooks.record import MODEL_CARD_EXTENSION
from fhir_server.r4.codec import encode
from fhir_server.rest.boundary import needed_interface
from inference import folders
from inference.releases import package
from tests.support.hooks import order_sign
from tests.support.model_cards import read
from tests.support.model_releases import decide, files_of
from tests.support.server import BASE, serving

pytestmark = pytest.mark.anyio

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture
async def client(tmp_path):
    async with serving(tmp_path) as found:
        yield found


async def test_a_physician_follows_the_link_in_a_browser(client):
    answer = await client.get(
        "/models/china-par/card", headers={"Accept": BROWSER, "Accept-Language": "zh-CN"}
    )
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-language"] == "zh-CN"
    assert answer.headers["vary"].startswith("Accept, Accept-Language")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    found = read(answer.text)
    assert found.headings[0] == (1, "China-PAR：模型卡")
    assert "使用中" in found.texts["identity"]


@pytest.mark.parametrize(
    ("query", "accept", "type"),
    [
        ("", "application/fhir+json", "application/fhir+json"),
        ("", "application/json", "application/fhir+json"),
        ("", "*/*", "text/html; charset=utf-8"),
        ("", "text/html;q=0.1, application/fhir+json", "application/fhir+json"),
        ("?_format=fhir", BROWSER, "application/fhir+json"),
        ("?_format=application/fhir+json", BROWSER, "application/fhir+json"),
        ("?_format=html", "application/fhir+json", "text/html; charset=utf-8"),
    ],
)
async def test_format_goes_before_accept(client, query, accept, type):
    answer = await client.get(f"/models/china-par/card{query}", headers={"Accept": accept})
    assert answer.headers["content-type"] == type
    if "fhir" in type:
        assert answer.json()["resourceType"] == "DocumentReference"


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("china-par/card?_format=pdf", 406, "pdf"),
        ("china-par/card?format=fhir", 400, "format"),
        ("china-par/card?language=fr", 400, "zh-CN or en"),
        ("china-par/card?version=9.9.9", 404, "china-par 9.9.9"),
        ("no-such-model/card", 404, "there are"),
    ],
)
async def test_what_cannot_be_answered_is_refused_with_the_reason(client, address, status, said):
    answer = await client.get(f"/models/{address}")
    assert answer.status_code == status
    assert said in answer.json()["issue"][0]["diagnostics"]


async def test_the_definition_says_where_the_card_is(client):
    definition = (await client.get("/models/kfre-8")).json()
    assert (await client.get(definition["card"])).status_code == 200


async def test_the_language_may_be_named(client):
    answer = await client.get("/models/ckd-epi-2021/card?language=zh-cn")
    assert answer.headers["content-language"] == "zh-CN"
    assert "目录" in answer.text


async def test_the_link_of_a_record_opens_the_version_that_spoke(tmp_path):
    """After an exchange the card of the retired version is still there, and says so."""
    release = tmp_path / "models" / "china-par-1.1.0.zip"
    package.write(release, files_of())
    decide(release.parent, "1.1.0", "shadow", "active")
    async with serving(tmp_path) as client:
        now = await client.get("/models/china-par/card?language=en")
        before = await client.get("/models/china-par/card?version=1.0.0&language=en")
    assert "china-par 1.1.0 · active" in read(now.text).text
    assert "china-par 1.0.0 · retired" in read(before.text).text


async def test_every_card_and_every_record_name_the_model_card(client):
    call = json.loads(encode(order_sign()))
    answer = await client.post("/cds-services/chronic-risk-order-sign", json=call)
    cards = answer.json()["cards"]
    assert len(cards) == 2
    for card in cards:
        model = card["extension"]["org.attending.model"]
        url = f"{BASE}/models/{model['id']}/card?version={model['version']}"
        assert url in [link["url"] for link in card["links"]]
        shown = await client.get(url)
        assert shown.status_code == 200
        record = next(k["url"] for k in card["links"] if "RiskAssessment" in k["url"])
        assessment = (await client.get(record)).json()
        held = {e["url"]: e for e in assessment["extension"]}
        assert held[MODEL_CARD_EXTENSION]["valueUrl"] == url
        target = f"RiskAssessment/{assessment['id']}"
        found = await client.get("/fhir/Provenance", params={"target": target})
        entities = found.json()["entry"][0]["resource"]["entity"]
        assert {"system": "urn:ietf:rfc:3986", "value": url} in [
            entity["what"]["identifier"] for entity in entities
        ]


async def test_a_file_that_was_changed_is_not_shown(client, monkeypatch, tmp_path):
    real = folders.path("china_par")
    changed = tmp_path / "changed"
    changed.mkdir()
    for file in real.glob("*.*"):
        (changed / file.name).write_bytes(file.read_bytes())
    path = changed / folders.ATTRIBUTES
    path.write_bytes(path.read_bytes().replace(b"0.741", b"0.941"))
    model = client.app.state.models.model("china-par")
    monkeypatch.setattr(model, "_beside", lambda name: _sealed_in(changed, real, name))
    answer = await client.get("/models/china-par/card")
    assert answer.status_code == 500
    assert "was changed" in answer.json()["issue"][0]["diagnostics"]
    assert "0.941" not in answer.text


def _sealed_in(changed, real, name):
    from inference.registry import _sealed
    from inference.releases import manifest

    sums = manifest.parse((real / folders.MANIFEST).read_bytes(), where="")
    return _sealed(changed, sums, name)


@pytest.mark.parametrize(
    ("path", "interface"),
    [
        ("/models/china-par/card", None),
        ("/models/china-par", "fhir"),
        ("/models", "fhir"),
        ("/models/china-par/predict", "fhir"),
        ("/models/a/b/card", "fhir"),
        ("/models/china-par/card/x", "fhir"),
        ("/fhir/models/x/card", "fhir"),
    ],
)
def test_in_production_only_the_card_needs_no_client(path, interface):
    assert needed_interface("GET", path) == interface
