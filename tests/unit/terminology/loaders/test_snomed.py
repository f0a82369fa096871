"""SNOMED CT from RF2: a made-up release in the form of a real one."""

import zipfile
from pathlib import Path

import pytest

from scripts.make_rf2_release import (
    CORE,
    DATE,
    GB,
    REPLACED_BY,
    ROOT,
    SYNONYM,
    US,
    ZH,
    Release,
    sctid,
)
from terminology.loaders import snomed
from terminology.loaders.report import Report
from terminology.loaders.sources import SourceRefused, source_of
from terminology.releases import release as releases
from terminology.releases.closure import Circle
from terminology.releases.writing import ReleaseWriter
from terminology.service.languages import display_in

COUNT = 200
VERSION = f"http://snomed.info/sct/{CORE}/version/{DATE}"


@pytest.fixture(scope="module")
def made() -> Release:
    return Release(COUNT, seed=3)


@pytest.fixture
def rf2(tmp_path: Path, made: Release) -> Path:
    folder = tmp_path / "rf2"
    Release(COUNT, seed=3).write(folder)
    return folder


def file(rf2: Path, name: str) -> Path:
    (found,) = rf2.rglob(f"*{name}*.txt")
    return found


def add(rf2: Path, name: str, *values: str) -> None:
    with file(rf2, name).open("a", encoding="utf-8", newline="") as opened:
        opened.write("\t".join(values) + "\r\n")


def load(*folders: Path, version: str = "") -> tuple[releases.Release, Report]:
    report = Report()
    writer = ReleaseWriter(folders[0].parent / "out", filterable=snomed.FILTERABLE)
    sources = [source_of(each) for each in folders]
    about = snomed.load(sources, writer, report, version=version)
    return releases.Release(writer.finish(about)), report


def test_every_row_is_accounted_for(rf2: Path) -> None:
    _, report = load(rf2)
    assert report.refused == {}
    for each in rf2.rglob("*.txt"):
        rows = len(each.read_text(encoding="utf-8").splitlines()) - 1
        left_out = sum(n for (name, _), n in report.left_out.items() if name == each.name)
        assert report.loaded[each.name] + left_out == rows, each.name


def test_what_the_release_says(rf2: Path, made: Release) -> None:
    loaded, _ = load(rf2)
    assert loaded.version == VERSION
    assert loaded.roots[0] == ROOT
    assert loaded.is_below(made.codes[150], ROOT)
    for number in (0, 37, 150):
        concept = loaded.get(made.codes[number])
        assert concept is not None
        assert sorted(concept.parents) == sorted(made.parents(number))
        assert concept.is_inactive is not made.is_active(number)
    replaced = loaded.get(made.codes[19])
    assert replaced is not None
    assert replaced.is_inactive
    told = {each.code: each.value for each in replaced.properties}
    assert told[REPLACED_BY] == made.codes[18]
    assert told["moduleId"] == CORE


def test_the_text_that_is_shown_is_the_preferred_synonym(rf2: Path, made: Release) -> None:
    code, description = made.codes[5], sctid(99_000_001, "11")
    row = (description, DATE, "1", CORE, code, "en", SYNONYM, "Haemorrhage of nose", "x")
    add(rf2, "Description_Snapshot-en", *row)
    accepted = (DATE, "1", CORE, GB, description, "900000000000548007")
    add(rf2, "LanguageSnapshot", "made-up-1", *accepted)
    loaded, _ = load(rf2)
    concept = loaded.get(code)
    assert concept is not None
    assert display_in(concept, "en", ("en-GB",)) == concept.display
    british = [each for each in concept.designations if each.language == "en-GB"]
    assert [each.value for each in british] == ["Haemorrhage of nose"]
    chinese = display_in(concept, "en", ("zh-CN",))
    assert chinese != concept.display
    assert loaded.position(code) in loaded.with_texts(chinese[:2]).tolist()
    assert {US, GB, ZH} == set(loaded.about.dialects)


def test_rows_that_cannot_be_taken_are_told(rf2: Path, made: Release) -> None:
    nobody = sctid(99_000_002, "10")
    text = (sctid(99_000_003, "11"), DATE, "1", CORE, nobody, "en", SYNONYM, "Nobody's", "x")
    add(rf2, "Description_Snapshot-en", *text)
    add(rf2, "Concept_Snapshot", made.codes[0], DATE, "1", CORE, "900000000000074008")
    add(rf2, "sct2_Concept_Snapshot", "one", "two")
    loaded, report = load(rf2)
    assert len(loaded) == report.loaded[file(rf2, "Concept_Snapshot").name]
    assert sorted(why for _, why in report.refused) == [
        "2 columns instead of 5",
        "no such concept or type, or empty",
        "this concept stood here before",
    ]
    assert {each.text.split("\t")[0] for each in report.refusals} == {"one", text[0], made.codes[0]}
    assert min(each.line for each in report.refusals) > COUNT


def test_an_extension_changes_what_the_edition_says(rf2: Path, made: Release) -> None:
    extension = rf2.parent / "extension" / "Snapshot"
    extension.mkdir(parents=True)
    name = file(rf2, "sct2_Concept_Snapshot").name.replace("INT", "CN1999999")
    header = file(rf2, "sct2_Concept_Snapshot").read_text(encoding="utf-8").splitlines()[0]
    own_module, own = sctid(1, "10"), sctid(99_000_004, "10")
    rows = [
        (made.codes[3], "20260601", "0", own_module, "900000000000074008"),
        (own, "20260601", "1", own_module, "900000000000074008"),
        (made.codes[4], "20250101", "0", own_module, "900000000000074008"),
    ]
    lines = [header, *("\t".join(row) for row in rows)]
    (extension / name.replace(DATE, "20260601")).write_text("\n".join(lines), encoding="utf-8")
    loaded, report = load(rf2, extension.parent)
    changed, older = loaded.get(made.codes[3]), loaded.get(made.codes[4])
    assert changed is not None
    assert changed.is_inactive
    assert older is not None
    assert not older.is_inactive
    assert loaded.get(own) is not None
    assert loaded.version == f"http://snomed.info/sct/{own_module}/version/20260601"
    assert sum(report.left_out.values()) == 2


def test_a_zip_is_read_as_it_is(rf2: Path, tmp_path: Path) -> None:
    place = tmp_path / "SnomedCT_Release_INT.zip"
    with zipfile.ZipFile(place, "w") as archive:
        for each in rf2.rglob("*.txt"):
            archive.write(each, f"SnomedCT_Release/{each.relative_to(rf2).as_posix()}")
    zipped, _ = load(place)
    plain, _ = load(rf2)
    assert list(zipped) == list(plain)


def test_what_is_no_whole_release_is_refused(rf2: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match=r"no snapshot file of Concept, Description"):
        load(tmp_path / "out")
    for each in list(rf2.rglob("*.txt")):
        each.rename(each.with_name(each.name.replace("Snapshot", "Full")))
    with pytest.raises(SourceRefused, match="it holds Full files only"):
        load(rf2)


def test_another_header_is_refused(rf2: Path) -> None:
    place = file(rf2, "sct2_Concept_Snapshot")
    text = place.read_text(encoding="utf-8").replace("moduleId", "module", 1)
    place.write_text(text, encoding="utf-8")
    with pytest.raises(SourceRefused, match="its first line is not id effectiveTime active"):
        load(rf2)


def test_a_circle_leaves_nothing_behind(rf2: Path, made: Release) -> None:
    is_a = ("0", "116680003", "900000000000011006", "x")
    top = made.codes[0]
    below = next(code for n, code in enumerate(made.codes) if top in made.parents(n))
    row = (sctid(99_000_005, "12"), DATE, "1", CORE, top, below, *is_a)
    add(rf2, "sct2_Relationship_Snapshot", *row)
    with pytest.raises(Circle):
        load(rf2)
    assert list((rf2.parent / "out").glob("*.release")) == []


def test_given_version_is_the_version(rf2: Path) -> None:
    assert load(rf2, version="http://snomed.info/sct/1/version/20270101")[0].version.endswith(
        "0101"
    )
