"""ATC from tables of codes and names."""

from pathlib import Path

import pytest

from terminology.loaders import atc
from terminology.loaders.report import Report
from terminology.loaders.sources import SourceRefused
from terminology.releases.release import Release
from tests.unit.terminology.loaders.deliveries import codes, loaded

TABLE = (
    "name;code;name_zh\n"
    "Made-up system;X;\n"
    "Made-up drugs;X01;\n"
    "Testants;X01A;\n"
    "Simple testants;X01AA;\n"
    "testin;X01AA01;测试素\n"
    "strayin;X01BA02;\n"
    "no code;X1;\n"
    "testin;X01AA01;\n"
    "another;X01AA01;\n"
)


def load(folder: Path, text: str, version: str = "2099") -> tuple[Release, Report]:
    path = folder / "atc.csv"
    path.write_text(text, "utf-8")
    return loaded(atc.load, atc.FILTERABLE, path, version=version)


def test_the_hierarchy_is_that_of_the_codes(tmp_path: Path) -> None:
    release, report = load(tmp_path, TABLE)
    assert release.canonical == "http://www.whocc.no/atc|2099"
    assert sorted(release.ancestors("X01AA01")) == ["X", "X01", "X01A", "X01AA"]
    assert codes(release, release.with_texts("测试")) == ["X01AA01"]
    assert codes(release, release.of_property("level", "5")) == ["X01AA01", "X01BA02"]
    # A group that is not there is told, and its members are found below the one above it.
    assert release.is_below("X01BA02", "X01")
    assert report.absent == [("X01BA", "the group above X01BA02")]
    assert [(each.line, each.why) for each in report.refusals] == [
        (8, "no ATC code, or no name"),
        (10, "this code stood here with another name"),
    ]
    assert report.left_out == {("atc.csv", "this code with another dose"): 1}


def test_the_year_must_be_given(tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match="--version 2026"):
        load(tmp_path, TABLE, version="")


def test_a_table_without_names_is_refused_by_its_column(tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match=r"atc\.csv: the column name is missing"):
        load(tmp_path, "code,title\nX01,Made-up drugs\n")
