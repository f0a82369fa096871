"""A release says of a code system what its resource says."""

import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.r4.outcome import FhirError
from terminology.releases import shelf as shelf_room
from terminology.releases.release import Release, ReleaseRefused
from terminology.releases.shelf import Shelf
from terminology.service.code_system import CodeSystem, ListedCodeSystem
from terminology.service.expand import Expand, expand
from terminology.service.value_set import Composition
from terminology.service.versions import Versions
from tests.support.releases import written
from tests.unit.terminology.code_systems import URL, lab, supplement
from tests.unit.terminology.test_expand import NOW

CODES = ("A", "B", "C", "D", "E", "F")


class Holding:
    """A library of one code system and what supplements it."""

    def __init__(self, system: CodeSystem, *supplements: Any) -> None:
        self._system = system
        self._supplements = supplements

    def code_systems(self, url: str) -> list[CodeSystem]:
        return [self._system] if url == self._system.url else []

    def supplements(self, url: str) -> list[Any]:
        return [each for each in self._supplements if each["url"] == url]

    def value_sets(self, url: str) -> list[Any]:
        return []

    def concept_maps(self, url: str) -> list[Any]:
        return []


@pytest.fixture
def release(tmp_path: Path) -> Release:
    return written(tmp_path, lab())


def test_each_concept_is_the_same(release: Release) -> None:
    listed = ListedCodeSystem(lab())
    assert list(release) == list(listed)
    assert [release.get(each.code) for each in listed] == list(listed)
    assert release.get("XX") is None
    assert len(release) == len(listed)
    assert release.canonical == listed.canonical
    assert release.language == "zh-CN"


def test_hierarchy_is_the_same(release: Release) -> None:
    assert release.ancestors("LDL") == {"TC", "LIPID"}
    assert release.descendants("LIPID") == {"TC", "TG", "LDL", "HDL"}
    assert release.is_below("LDL", "LIPID")
    assert not release.is_below("LIPID", "LDL")
    assert not release.is_below("LDL", "LDL")
    assert not release.is_below("LDL", "XX")
    assert release.roots == ("LIPID", "CKMB")


def test_texts_are_found_by_their_words_and_by_code(release: Release) -> None:
    def found(text: str) -> list[str]:
        return release.codes(release.with_texts(text))

    assert found("胆固醇") == ["TC", "LDL", "HDL"]
    assert found("密度") == ["LDL", "HDL"]
    assert found("chol") == ["TC"]
    assert found("total chol") == ["TC"]
    assert found("CKMB") == ["CKMB"]
    assert found("醇胆") == []


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "x.release"
    place.write_bytes(b"no database")
    with pytest.raises(ReleaseRefused, match="is no release"):
        Release(place)


def selections(draw: st.DrawFn) -> dict[str, Any]:
    code = st.sampled_from((*CODES, "none"))
    hierarchical = st.sampled_from(("is-a", "is-not-a", "descendent-of", "generalizes", "child-of"))
    one = st.one_of(
        st.fixed_dictionaries(
            {"property": st.just("concept"), "op": hierarchical, "value": st.sampled_from(CODES)}
        ),
        st.fixed_dictionaries(
            {
                "property": st.just("kind"),
                "op": st.sampled_from(("=", "in", "not-in", "regex")),
                "value": st.sampled_from(("x", "y", "x,y", "[xy]")),
            }
        ),
        st.fixed_dictionaries(
            {
                "property": st.just("kind"),
                "op": st.just("exists"),
                "value": st.sampled_from(("true", "false")),
            }
        ),
        st.fixed_dictionaries(
            {"property": st.just("parent"), "op": st.just("="), "value": st.sampled_from(CODES)}
        ),
    )
    part = st.one_of(
        st.just({}),
        st.builds(lambda f: {"filter": f}, st.lists(one, min_size=1, max_size=2)),
        st.builds(
            lambda c: {"concept": [{"code": each} for each in dict.fromkeys(c)]},
            st.lists(code, min_size=1, max_size=3),
        ),
    )
    including = draw(st.lists(part, min_size=1, max_size=3))
    excluding = draw(st.lists(part, max_size=2))
    compose = {"include": [{"system": URL, **each} for each in including]}
    if excluding:
        compose["exclude"] = [{"system": URL, **each} for each in excluding]
    if draw(st.booleans()):
        compose["inactive"] = False
    return {"resourceType": "ValueSet", "url": "http://x.example/vs", "compose": compose}


@st.composite
def cases(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    concepts = []
    for at, code in enumerate(CODES):
        above = draw(st.lists(st.sampled_from(CODES[:at]), max_size=2, unique=True)) if at else []
        properties = [{"code": "parent", "valueCode": each} for each in above]
        kind = draw(st.sampled_from((None, "x", "y")))
        if kind:
            properties.append({"code": "kind", "valueString": kind})
        if draw(st.booleans()):
            properties.append({"code": "inactive", "valueBoolean": True})
        concepts.append({"code": code, "display": f"Test {code}", "property": properties})
    declared = [{"code": "parent", "type": "code"}, {"code": "kind", "type": "string"}]
    return lab(concept=concepts, property=declared), selections(draw)


def codes(system: CodeSystem, value_set: dict[str, Any]) -> set[str]:
    members = Composition(Holding(system), Versions()).members(value_set)
    return {code for _, _, code in members}


@given(cases())
def test_a_value_set_holds_the_same_codes(case: tuple[dict[str, Any], dict[str, Any]]) -> None:
    resource, value_set = case
    with tempfile.TemporaryDirectory() as folder:
        release = written(Path(folder), resource)
        listed = ListedCodeSystem(resource)
        expected = codes(listed, value_set)
        assert codes(release, value_set) == expected
        members = Composition(Holding(release), Versions()).members(value_set)
        for code in CODES:
            assert ((URL, release.version, code) in members) == (code in expected)


def expanded(system: CodeSystem, **asked: Any) -> list[str]:
    value_set = {
        "resourceType": "ValueSet",
        "url": "http://x.example/vs",
        "compose": {"include": [{"system": URL}]},
    }
    library = Holding(system, supplement())
    composition = Composition(library, Versions(), asked.pop("supplements", ()))
    found = expand(composition, value_set, Expand(**asked), now=NOW)["expansion"]
    return [str(found["total"]), *(each["code"] for each in found.get("contains", ()))]


def test_pages_of_a_release(release: Release) -> None:
    assert expanded(release, count=2) == ["6", "LIPID", "TC"]
    assert expanded(release, count=2, offset=4) == ["6", "TG", "CKMB"]
    assert expanded(release, count=10, active_only=True)[0] == "5"
    # The shortest text first.
    assert expanded(release, filter="胆固醇", count=2) == ["3", "TC", "LDL"]


def test_supplements_speak_of_a_release(release: Release) -> None:
    value_set = {"resourceType": "ValueSet", "compose": {"include": [{"system": URL}]}}
    composition = Composition(Holding(release, supplement()), Versions(), (f"{URL}-texts",))
    asked = Expand(languages=("en-GB",), filter="TG")
    found = expand(composition, value_set, asked, now=NOW)["expansion"]["contains"]
    assert [each["display"] for each in found] == ["Triglycerides"]


def test_loinc_s_filters_over_every_path(release: Release) -> None:
    def found(name: str, value: str) -> set[str]:
        part = {"system": URL, "filter": [{"property": name, "op": "=", "value": value}]}
        return codes(release, {"resourceType": "ValueSet", "compose": {"include": [part]}})

    assert found("ancestor", "LIPID") == {"TC", "TG", "LDL", "HDL"}
    assert found("descendant", "LDL") == {"TC", "LIPID"}
    assert found("parent", "TC") == {"LDL", "HDL"}
    assert found("child", "LDL") == {"TC"}


def test_a_code_that_is_not_there_selects_nothing_silently(release: Release) -> None:
    part = {"system": URL, "filter": [{"property": "concept", "op": "is-a", "value": "XX"}]}
    with pytest.raises(FhirError, match="Unknown code 'XX'"):
        codes(release, {"resourceType": "ValueSet", "compose": {"include": [part]}})


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(shelf_room, "_SECONDS", 0.0)
    yield


@pytest.mark.usefixtures("quick")
def test_a_release_is_replaced_while_it_is_read(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    assert shelf.of(URL) == ()
    written(tmp_path, lab())
    (first,) = shelf.of(URL)
    assert first.get("TC") is not None
    written(tmp_path, lab(concept=[{"code": "NEW", "display": "新"}]))
    (second,) = shelf.of(URL)
    assert second.get("TC") is None
    # Who began to read goes on in what was there.
    assert first.get("TC") is not None
    assert first.codes(first.with_texts("胆固醇")) == ["TC", "LDL", "HDL"]
    second.path.unlink()
    assert shelf.of(URL) == ()
    assert second.get("NEW") is not None


@pytest.mark.usefixtures("quick")
def test_versions_stand_side_by_side_and_what_is_damaged_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for version in ("2025", "2026"):
        written(tmp_path, lab(version=version))
    (tmp_path / "broken.release").write_bytes(b"half a file")
    shelf = Shelf(tmp_path)
    assert sorted(each.version for each in shelf.of(URL)) == ["2025", "2026"]
    assert "broken.release" in caplog.text


@pytest.mark.usefixtures("quick")
def test_switching_versions_fails_no_reader(tmp_path: Path) -> None:
    """Eight readers ask without a pause while releases come and go."""
    written(tmp_path, lab(version="1"))
    shelf, faults, stop = Shelf(tmp_path), list[str](), threading.Event()
    answered = [0] * 8

    def read(number: int) -> None:
        while not stop.is_set():
            found = shelf.of(URL)
            held = [each.get("TC") for each in found]
            if not held or any(each is None or each.display != "总胆固醇" for each in held):
                faults.append(f"{found} {held}")
            answered[number] += 1

    readers = [threading.Thread(target=read, args=(n,)) for n in range(8)]
    for each in readers:
        each.start()
    for number in range(2, 12):
        written(tmp_path, lab(version=str(number)))
        for old in shelf.of(URL):
            if int(old.version) < number:
                old.path.unlink(missing_ok=True)
        time.sleep(0.01)
    stop.set()
    for each in readers:
        each.join()
    assert faults == []
    assert min(answered) > 0
