"""A model card as a page: what it must tell of each model, and that no text becomes markup."""

import base64
import hashlib
import re
import string
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise

import pytest

from cds_hooks.notice import Notice
from fhir_server.model_cards.attributes import VARIABLES, answered
from fhir_server.model_cards.html import Html, element, link
from fhir_server.model_cards.page import page, policy, style
from fhir_server.model_cards.words import Words, catalogue
from inference import folders
from inference.contract import Text
from inference.registry import LoadedModel
from inference.source_attributes import ATTRIBUTES, Standing, statements
from tests.support.model_cards import card, read, subject
from tests.support.model_releases import shipped

LANGUAGES = ("zh-CN", "en")
MODELS = [model.definition.id for model in shipped()]
HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>" onmouseover="alert(2)'


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("id", MODELS)
def test_a_card_tells_all_that_the_definition_and_the_attributes_say(id, language):
    definition = shipped().get(id).definition
    found = card(id, language)
    for attribute in ATTRIBUTES:
        assert len(found.texts[f"attribute-{attribute.id}"]) > 10, attribute.id
    for spec in definition.inputs:
        assert spec.name in found.texts["inputs"]
        assert all(code in found.texts["inputs"] for code in spec.loinc)
    for scale in definition.scales:
        assert scale.guideline.said_in(language) in found.texts["thresholds"]
        assert scale.citation in found.texts["thresholds"]
        assert all(step.name.said_in(language) in found.texts["thresholds"] for step in scale.steps)
    for entry in definition.evidence:
        assert entry.summary.said_in(language) in found.texts["evidence"]
    for limit in definition.limits:
        assert limit.said_in(language) in found.texts["limits"]
    for exclusion in definition.exclusions:
        assert exclusion.reason.said_in(language) in found.texts["exclusions"]
    for fact in (shipped().get(id).digest, definition.version, definition.licence):
        assert fact in found.texts["identity"]
    assert definition.citation_url in found.links
    written = shipped().get(id).written_attributes()
    for statement in statements(written).values():
        assert statement.text.said_in(language) in found.text
        for source in statement.sources:
            assert found.texts["sources"].count(source) == 1
    assert Notice(language).text in found.text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("id", MODELS)
def test_a_card_can_be_walked_by_its_headings_and_its_contents(id, language):
    found = card(id, language)
    levels = [level for level, _ in found.headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert all(said.strip() for _, said in found.headings)
    assert len(set(found.ids)) == len(found.ids)
    inside = [each[1:] for each in found.links if each.startswith("#")]
    assert set(inside) <= set(found.ids)
    assert inside[0] == "main"
    named = {value for attribute, value in found.attributes if attribute == "aria-labelledby"}
    assert named <= set(found.ids)
    assert ("lang", language) in found.attributes
    assert ("role", "img") in found.attributes


@pytest.mark.parametrize("id", MODELS)
def test_no_card_needs_anything_from_elsewhere_or_runs_anything(id):
    found = card(id)
    assert not {"script", "img", "iframe", "object", "embed", "form", "link"} & set(found.tags)
    assert not [name for name, _ in found.attributes if name.startswith("on") or name == "style"]
    outside = [each for each in found.links if not each.startswith("#")]
    assert all(each.startswith(("https://", "http://127.0.0.1:8080/models/")) for each in outside)


def test_the_policy_lets_in_exactly_the_style_sheet_of_the_page():
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy()
    assert "default-src 'none'" in policy()
    html = page(subject("china-par"), Words("en"))
    assert re.findall(r"<style>(.*?)</style>", html, re.S) == [style()]


def test_china_par_in_a_hospital_in_china():
    found = card("china-par", "zh-CN")
    inputs = found.texts["inputs"]
    assert "80-400 mg/dL" in inputs
    assert "约 2.07-10.3 mmol/L" in inputs
    assert "365 天" in inputs
    assert "按“否”估计，区间覆盖全部可能（否；是）" in inputs
    evidence = found.texts["evidence"]
    assert evidence.index("CN") < evidence.index("适用于本部署") < evidence.index("其他任何地区")
    assert "本机构没有声明" in evidence
    assert "19.5%" in found.texts["attribute-external_validity"]
    assert "0.741" in found.texts["attribute-external_validity"]
    assert "未知" in found.texts["attribute-funding"]
    assert "0.9904" in found.texts["limits"]


def test_another_region_and_a_local_validation_are_told():
    found = card("prevent-base-10y", "en", "US", ("prevent-base-10y@1.0.0",))
    evidence = found.texts["evidence"]
    assert evidence.index("US") < evidence.index("counts here") < evidence.index("CN")
    assert "This hospital states that it has validated" in evidence
    assert "This hospital states" in found.texts["attribute-local_validity"]
    japan = card("prevent-base-10y", "en", "JP").texts["evidence"]
    assert japan.index("any other") < japan.index("counts here")


def test_race_and_deprivation_are_told_where_they_are_inputs_and_only_there():
    assert "race: Race: Black" in card("pce-2013").texts["attribute-variables"]
    assert "race: no input" in card("prevent-full-10y").texts["attribute-variables"]
    assert "determinants of health: Social" in card("prevent-full-10y").texts["attribute-variables"]
    assert "determinants of health: no input" in card("china-par").texts["attribute-variables"]
    assert len(VARIABLES) == 9  # (A)(5) to (A)(13)


def test_what_a_model_gives_out_is_named_by_its_kind():
    assert "a prediction" in card("kfre-4").texts["attribute-output_type"]
    assert (
        "an evaluation of the present state" in card("ckd-epi-2021").texts["attribute-output_type"]
    )
    both = card("maggic").texts["attribute-output_type"]
    assert "points" in both
    assert "a prediction" in both
    assert "classification" not in card("prevent-base-30y").texts["attribute-output_type"]


def test_the_worked_examples_are_shown_as_they_are_kept():
    shown = card("china-par").texts["examples"]
    assert "8 worked examples" in shown
    assert "ascvd = 0.010545412" in shown
    assert "public reference implementation" in shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_release_without_attributes_says_so_thirty_times_and_not_silently(language):
    model = shipped().get("china-par")
    bare = LoadedModel(model.definition, model.digest, b"", b"", model.manifest_digest)
    words = Words(language)
    every = answered(subject(bare), None, words)
    assert len(every) == 31
    unknown = [each for each in every if each.parts[0].standing is Standing.NOT_KNOWN]
    assert len(unknown) == 26
    assert all(each.parts for each in every)
    found = read(page(subject(bare), words))
    assert words.say("not-written") in found.texts["summary"]
    assert words.say("drawing.none") in found.texts["drawing"]
    assert words.say("examples.none") in found.texts["examples"]


def test_hostile_texts_of_a_release_stay_texts():
    model = shipped().get("china-par")
    definition = model.definition
    evil = replace(
        definition,
        name=Text(HOSTILE, HOSTILE),
        population=Text(HOSTILE, HOSTILE),
        citation=HOSTILE,
        citation_url="javascript:alert(1)",
        licence=HOSTILE,
        limits=(Text(HOSTILE, HOSTILE),),
        inputs=tuple(replace(spec, label=Text(HOSTILE, HOSTILE), unit="<b>") if spec.name == "waist"
                     else spec for spec in definition.inputs),
    )  # fmt: skip
    golden = (folders.path("china_par") / folders.GOLDEN).read_bytes()
    golden = golden.replace(b"public reference implementation", b"<svg onload=alert(3)>")
    graph = (folders.path("china_par") / folders.GRAPH).read_bytes()
    loaded = LoadedModel(evil, "<i>", graph, golden, "<i>", {folders.GOLDEN: golden}.get)
    html = page(subject(loaded, region="<u>"), Words("en"))
    found = read(html)
    assert not {"script", "img", "b", "i", "u"} & set(found.tags)
    assert not [name for name, _ in found.attributes if name.startswith("on")]
    assert not [each for each in found.links if each.startswith("javascript")]
    assert HOSTILE in found.texts["limits"]
    assert "<svg onload" not in html


def test_a_server_on_which_nobody_reads_a_card_holds_nothing_of_it():
    code = "import sys, fhir_server.app; print(*[m for m in sys.modules if 'model_cards' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["fhir_server.rest.model_cards"]


def test_an_element_escapes_what_is_no_markup():
    assert element("td", "a < b & c") == "<td>a &lt; b &amp; c</td>"
    assert element("a", Html("<b>x</b>"), href='"><script>') == (
        '<a href="&quot;&gt;&lt;script&gt;"><b>x</b></a>'
    )
    assert link("ftp://x", "x") == "<span>x</span>"


def test_both_catalogues_say_the_same_things_with_the_same_values():
    zh, en = catalogue("zh-CN"), catalogue("en")
    assert zh.keys() == en.keys()
    for key in zh:
        named = [{n for _, n, _, _ in string.Formatter().parse(t) if n} for t in (zh[key], en[key])]
        assert named[0] == named[1], key
        assert zh[key].strip()
        assert en[key].strip()
    assert {f"attribute.{each.id}" for each in ATTRIBUTES} <= en.keys()


@pytest.mark.parametrize("id", MODELS)
def test_the_drawing_is_the_models_own_estimate(id):
    """Each figure of the drawing's table is what the graph gives for the person of the caption."""
    import numpy as np

    from fhir_server.model_cards.curve import drawn

    model = shipped().get(id)
    curve = drawn(model, model.worked_examples())
    assert curve is not None
    names = [spec.name for spec in model.definition.inputs]
    person = {spec.name: value for spec, value in curve.others}
    for line in curve.lines:
        assert curve.spec.low <= line.points[0].at < line.points[-1].at <= curve.spec.high
        for point in line.points[:: max(1, len(line.points) // 5)]:
            whole = person | {curve.spec.name: point.at, "male": float(bool(line.male))}
            row = np.array([[whole.get(name, np.nan) for name in names]])
            found = model.engine.run(row).estimate[0, 0]
            assert found == pytest.approx(point.estimate, rel=1e-12)
