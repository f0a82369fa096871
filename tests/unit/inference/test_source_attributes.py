"""The 31 source attributes of every model: whole, in both languages, and covered by its sums."""

import importlib
import re
from dataclasses import fields, replace

import pytest

from inference import folders
from inference.contract import Text
from inference.registry import ModelRefused, load
from inference.releases import attributes_json, checking, handling, manifest
from inference.releases.opening import open_release
from inference.releases.trust import Trust
from inference.source_attributes import ATTRIBUTES, Standing, WrittenAttributes, statements
from tests.support.model_releases import CREATED, decide, files_of, put, shelf, shipped

# 45 CFR 170.315(b)(11)(iv)(B): how many of each of the nine groups.
GROUPS = {"1": 4, "2": 4, "3": 2, "4": 4, "5": 2, "6": 4, "7": 5, "8": 4, "9": 2}
PLACEHOLDERS = re.compile(r"\b(TODO|TBD|FIXME|XXX|lorem|n/a|placeholder)\b|待补|待定|占位", re.I)
NAMES = list(folders.names())


def written(name: str) -> WrittenAttributes:
    where = folders.path(name) / folders.ATTRIBUTES
    return attributes_json.decode(where.read_bytes(), where=str(where))


def figures(text: str) -> set[str]:
    """Return the figures of a text: decimals, and numbers above ten; below, English has words."""
    plain = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    found = re.findall(r"\d+(?:\.\d+)?", plain)
    return {each for each in found if "." in each or int(each) > 10}


def test_the_31_are_those_of_the_regulation_in_its_order():
    assert len(ATTRIBUTES) == 31
    counted = {group: sum(a.paragraph[0] == group for a in ATTRIBUTES) for group in GROUPS}
    assert counted == GROUPS
    paragraphs = [attribute.paragraph for attribute in ATTRIBUTES]
    parts = ("i", "ii", "iii", "iv", "v")
    assert paragraphs == [f"{g}({p})" for g, n in GROUPS.items() for p in parts[:n]]


def test_what_people_write_is_every_attribute_that_no_definition_says():
    named = {each.name for each in fields(WrittenAttributes)}
    people = {a.id for a in ATTRIBUTES if a.origin != "definition"}
    assert named == people | {"checked_against", "registration"}


@pytest.mark.parametrize("name", NAMES)
def test_the_file_beside_a_model_is_what_its_source_declares(name):
    source = importlib.import_module(f"inference.models.{name}.attributes").ATTRIBUTES
    assert written(name) == source
    assert attributes_json.encode(source) == (folders.path(name) / folders.ATTRIBUTES).read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_empty_and_nothing_is_a_placeholder(name):
    for field, statement in statements(written(name)).items():
        for text in (statement.text.zh, statement.text.en):
            assert len(text.strip()) >= 4, field
            assert not PLACEHOLDERS.search(text), field
        assert re.search(r"[\u4e00-\u9fff]", statement.text.zh), field
        assert not re.search(r"[\u4e00-\u9fff]", statement.text.en), field


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_give_the_same_figures(name):
    for field, statement in statements(written(name)).items():
        assert figures(statement.text.zh) == figures(statement.text.en), field


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_of_performance_has_a_source(name):
    for field in ("internal_validity", "external_validity", "external_fairness", "external_data"):
        statement = statements(written(name))[field]
        if statement.standing is Standing.STATED and figures(statement.text.en):
            assert statement.sources, field


# What a definition prints, and the finer figure that the attributes give: they must round to it.
AGREE = [
    ("china_par", "0.74", "0.741"), ("china_par", "0.78", "0.782"), ("china_par", "20", "19.5"),
    ("china_par", "42", "42.3"), ("prevent_base", "0.757", "0.757"),
    ("prevent_base", "0.794", "0.794"), ("score2", "0.67", "0.67"), ("score2", "0.81", "0.81"),
    ("score2_asia_pacific", "0.71", "0.710"), ("score2_asia_pacific", "0.605", "0.605"),
    ("score2_asia_pacific", "0.840", "0.840"), ("framingham_cvd_2008", "0.76", "0.763"),
    ("framingham_cvd_2008", "0.79", "0.793"), ("cha2ds2_vasc", "0.606", "0.606"),
    ("has_bled", "0.72", "0.72"), ("maggic", "0.74", "0.741"), ("maggic", "39,372", "39,372"),
    ("maggic", "51,043", "51,043"), ("fib4", "1.45", "1.45"), ("fib4", "3.25", "3.25"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "printed", "finer"), AGREE)
def test_a_figure_that_the_definition_prints_too_is_the_same(name, printed, finer):
    definition = folders.definition(name)
    said = [e.summary.en for e in definition.evidence] + [t.en for t in definition.limits]
    assert any(printed in text for text in said)
    assert any(finer in s.text.en for s in statements(written(name)).values())
    places = len(printed.partition(".")[2])
    plain = float(finer.replace(",", ""))
    assert f"{plain:.{places}f}" == printed.replace(",", "")


def test_a_changed_byte_refuses_the_start(tmp_path):
    for file in folders.path("china_par").glob("*.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    path = tmp_path / folders.ATTRIBUTES
    load("china_par", tmp_path)
    path.write_bytes(path.read_bytes().replace(b"0.741", b"0.841"))
    with pytest.raises(ModelRefused, match=r"attributes\.json: sha256"):
        load("china_par", tmp_path)


def test_a_byte_changed_after_the_start_is_refused_when_a_card_is_asked_for(tmp_path):
    for file in folders.path("china_par").glob("*.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    model = load("china_par", tmp_path)
    assert model.written_attributes() == written("china_par")
    assert len(model.worked_examples()) == 8
    for name in (folders.ATTRIBUTES, folders.GOLDEN):
        path = tmp_path / name
        path.write_bytes(path.read_bytes().replace(b"0", b"1", 1))
    with pytest.raises(ModelRefused, match="was changed"):
        model.written_attributes()
    with pytest.raises(ModelRefused, match="was changed"):
        model.worked_examples()


def test_a_release_brings_its_own_attributes(tmp_path):
    put(tmp_path)
    decide(tmp_path, "1.1.0", "shadow", "active")
    model = shelf(tmp_path).get("china-par")
    assert model.definition.version == "1.1.0"
    assert model.written_attributes() == written("china_par")
    assert model.worked_examples()


def without_attributes() -> dict[str, bytes]:
    left = {n: c for n, c in files_of().items() if n not in (manifest.ATTRIBUTES, "manifest.json")}
    definition = replace(folders.definition("china_par"), version="1.1.0")
    return handling.make(definition, left, created=CREATED)


def test_a_release_from_before_attributes_is_served_and_says_so(tmp_path):
    from inference.releases import package

    path = tmp_path / "china-par-1.1.0.zip"
    package.write(path, without_attributes())
    rows = {row.check: row for row in checking.release(path, Trust())}
    assert rows["attributes"].passed is None
    assert "before" in rows["attributes"].said.en
    decide(tmp_path, "1.1.0", "shadow", "active")
    assert shelf(tmp_path).get("china-par").written_attributes() is None


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_attribute_that_says_nothing_is_refused(tmp_path, empty):
    from inference.releases import package

    own = written("china_par")
    own = replace(own, funding=replace(own.funding, text=Text("未知", empty)))
    files = dict(files_of())
    files[manifest.ATTRIBUTES] = attributes_json.encode(own)
    left = {n: c for n, c in files.items() if n != manifest.MANIFEST}
    definition = replace(folders.definition("china_par"), version="1.1.0")
    path = tmp_path / "china-par-1.1.0.zip"
    package.write(path, handling.make(definition, left, created=CREATED))
    with pytest.raises(ModelRefused, match="funding is empty"):
        open_release(path, Trust())
    rows = {row.check: row.passed for row in checking.release(path, Trust())}
    assert rows["attributes"] is False


def test_starting_reads_no_attributes(monkeypatch):
    """Start memory is bounded: nobody's attributes are decoded before a card is asked for."""

    def refuse(*_args, **_kwargs):
        raise AssertionError("decoded at the start")

    monkeypatch.setattr(attributes_json, "decode", refuse)
    load("china_par", folders.path("china_par"))
    assert shipped().get("china-par") is not None
