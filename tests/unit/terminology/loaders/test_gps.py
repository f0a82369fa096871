"""The Global Patient Set from a table of codes and names, or from RF2 without relationships."""

from pathlib import Path

import pytest

from scripts.make_rf2_release import Release as Rf2
from terminology.loaders import gps
from terminology.loaders.report import Report
from terminology.loaders.sources import SourceRefused, source_of
from terminology.releases.release import Release
from terminology.releases.writing import ReleaseWriter

TABLE = (
    "code,fsn\n"
    "22298006,Myocardial infarction (disorder)\n"
    '44054006,"Diabetes mellitus type 2 (disorder)"\n'
    "109006,Anxiety disorder of childhood OR adolescence (disorder)\n"
    "125001,Ferrous (59-Fe) sulfate (substance)\n"
)


def load(path: Path, *, version: str = "202009") -> tuple[Release, Report]:
    report = Report()
    writer = ReleaseWriter(path.parent / "out", filterable=gps.FILTERABLE)
    try:
        about = gps.load([source_of(path)], writer, report, version=version)
    except SourceRefused:
        writer.discard()
        raise
    return Release(writer.finish(about)), report


def table(folder: Path, text: str, name: str = "gps.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def test_codes_have_their_names_without_and_with_the_semantic_tag(tmp_path: Path) -> None:
    release, report = load(table(tmp_path, TABLE))
    found = release.get("22298006")
    assert found is not None
    assert found.display == "Myocardial infarction"
    assert [(each.value, each.use and each.use["code"]) for each in found.designations] == [
        ("Myocardial infarction (disorder)", "900000000000003001")
    ]
    ferrous = release.get("125001")
    assert ferrous is not None
    assert ferrous.display == "Ferrous (59-Fe) sulfate"
    assert (report.loaded["gps.csv"], sum(report.refused.values())) == (4, 0)


def test_it_is_a_fragment_under_a_version_of_its_own(tmp_path: Path) -> None:
    release, _ = load(table(tmp_path, TABLE))
    assert release.canonical == "http://snomed.info/sct|gps-202009"
    assert release.content == "fragment"
    assert release.is_flat
    assert "creativecommons.org/licenses/by/4.0" in release.resource["copyright"]


def test_further_columns_give_preferred_term_and_status(tmp_path: Path) -> None:
    text = (
        "\ufeffConcept ID\tFSN\tPreferred Term\tStatus\r\n"
        "44054006\tDiabetes mellitus type 2 (disorder)\tType 2 diabetes mellitus\tActive\r\n"
        '80146002\tAppendectomy "open" (procedure)\t\tInactive\r\n'
    )
    release, report = load(table(tmp_path, text, "gps.txt"))
    diabetes, appendectomy = release.get("44054006"), release.get("80146002")
    assert diabetes is not None
    assert appendectomy is not None
    assert (diabetes.display, diabetes.is_inactive) == ("Type 2 diabetes mellitus", False)
    assert (appendectomy.display, appendectomy.is_inactive) == ('Appendectomy "open"', True)
    assert not report.refused
    assert [*release.codes(release.of_property("inactive", "true"))] == ["80146002"]


def test_rows_that_are_wrong_are_refused_by_line(tmp_path: Path) -> None:
    more = "22298007,Wrong check digit (finding)\n22298006,Again (disorder)\n73211009,\n38341003\n"
    release, report = load(table(tmp_path, TABLE + more))
    assert len(release) == 4
    assert [(each.line, each.why.partition(",")[0]) for each in report.refusals] == [
        (6, "no SNOMED CT identifier"),
        (7, "this concept stood here before"),
        (8, "no fully specified name"),
        (9, "no fully specified name"),
    ]
    found = release.get("22298006")
    assert found is not None
    assert found.display == "Myocardial infarction"


def test_a_status_that_says_neither_is_refused(tmp_path: Path) -> None:
    text = "id,fsn,active\n22298006,Myocardial infarction (disorder),perhaps\n44054006,Type 2,1\n"
    release, report = load(table(tmp_path, text))
    assert len(release) == 1
    assert report.refusals[0].why == "its status is neither active nor inactive"


@pytest.mark.parametrize(
    ("text", "version", "said"),
    [
        ("a,b\n1,2\n", "202009", "names columns `code` and `fsn`"),
        ("", "202009", "names columns `code` and `fsn`"),
        (TABLE, "", "--version 20240701"),
        (TABLE, "http://snomed.info/sct/900000000000207008/version/20200731", "no edition"),
    ],
)
def test_what_is_no_global_patient_set_is_refused(
    tmp_path: Path, text: str, version: str, said: str
) -> None:
    with pytest.raises(SourceRefused, match=said):
        load(table(tmp_path, text), version=version)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_file_beside_the_table_is_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "package"
    folder.mkdir()
    table(folder, TABLE)
    table(folder, "Read this first.\nThe second line.\n", "Readme.txt")
    release, report = load(folder)
    assert len(release) == 4
    assert report.left_out["Readme.txt", "no columns of codes and names"] == 1


def test_rf2_files_say_their_date_and_have_no_hierarchy(tmp_path: Path) -> None:
    folder = tmp_path / "rf2"
    made = Rf2(30, seed=5)
    made.write(folder)
    for path in folder.rglob("*Relationship*"):
        path.unlink()
    release, report = load(folder, version="")
    assert release.version.startswith("gps-20")
    assert release.content == "fragment"
    assert release.is_flat
    assert release.get(made.codes[0]) is not None
    assert not report.refused
