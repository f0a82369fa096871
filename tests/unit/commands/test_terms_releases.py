"""`attending terms load-snomed`, `load-gps`, `list` and `remove`, as hospital IT uses them."""

from pathlib import Path

import pytest

from fhir_server import cli
from scripts.make_rf2_release import DATE, MODEL, Release

COUNT = 100 + len(MODEL) + 50
CANONICAL = f"http://snomed.info/sct|http://snomed.info/sct/900000000000207008/version/{DATE}"


@pytest.fixture(autouse=True)
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTENDING_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ATTENDING_LANGUAGE", "en")


@pytest.fixture
def rf2(tmp_path: Path) -> Path:
    Release(100, seed=3).write(tmp_path / "rf2")
    return tmp_path / "rf2"


def test_a_release_is_loaded_listed_and_removed(rf2: Path, tmp_path: Path, capsys) -> None:
    assert cli.main(["terms", "list"]) == 0
    assert capsys.readouterr().out == ""
    assert cli.main(["terms", "load-snomed", str(rf2)]) == 0
    told = capsys.readouterr()
    assert (
        f"sct2_Concept_Snapshot_INT_{DATE}.txt: {COUNT} loaded, 0 left out, 0 refused" in told.out
    )
    assert f"{CANONICAL}: {COUNT} concepts in {tmp_path}/data/terminology/" in told.out
    assert "100 %" in told.err
    assert cli.main(["terms", "list"]) == 0
    assert capsys.readouterr().out.startswith(f"{CANONICAL}\t{COUNT}\t")
    assert cli.main(["terms", "remove", CANONICAL]) == 0
    assert list((tmp_path / "data/terminology").iterdir()) == []
    assert cli.main(["terms", "remove", CANONICAL]) == 1
    assert "terms list" in capsys.readouterr().err


def test_refused_rows_are_kept_and_make_the_exit_code(rf2: Path, tmp_path: Path, capsys) -> None:
    (place,) = rf2.rglob("sct2_Concept_*")
    with place.open("a", encoding="utf-8") as opened:
        opened.write("x\ty\n")
    assert cli.main(["terms", "load-snomed", str(rf2)]) == 1
    told = capsys.readouterr()
    assert f"{COUNT} loaded, 0 left out, 1 (2 columns instead of 5 1) refused" in told.out
    (kept,) = (tmp_path / "data/terminology").glob("*.refused.tsv")
    assert str(kept) in told.err
    assert kept.read_text(encoding="utf-8") == (
        f"{place.name}\t{COUNT + 2}\t2 columns instead of 5\tx y\n".replace("x y", "x\ty")
    )
    assert cli.main(["terms", "list"]) == 0
    assert CANONICAL in capsys.readouterr().out


def test_what_is_no_release_changes_nothing(rf2: Path, tmp_path: Path, capsys) -> None:
    assert cli.main(["terms", "load-snomed", str(rf2)]) == 0
    before = {each: each.stat().st_mtime_ns for each in (tmp_path / "data/terminology").iterdir()}
    capsys.readouterr()
    for wrong in (tmp_path / "nowhere", tmp_path / "data"):
        assert cli.main(["terms", "load-snomed", str(wrong)]) == 1
        assert "Nothing more is loaded" in capsys.readouterr().err
    folder = tmp_path / "data/terminology"
    assert {each: each.stat().st_mtime_ns for each in folder.iterdir()} == before


def test_the_global_patient_set_needs_its_date(tmp_path: Path, capsys) -> None:
    table = tmp_path / "gps.csv"
    table.write_text("code,fsn\n22298006,Myocardial infarction (disorder)\n", encoding="utf-8")
    assert cli.main(["terms", "load-gps", str(table)]) == 1
    assert "--version 20240701" in capsys.readouterr().err
    assert cli.main(["terms", "list"]) == 0
    assert capsys.readouterr().out == ""
    assert cli.main(["terms", "load-gps", str(table), "--version", "20240701"]) == 0
    assert "http://snomed.info/sct|gps-20240701: 1 concepts" in capsys.readouterr().out
