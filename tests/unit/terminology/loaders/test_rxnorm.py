"""RxNorm from its pipe files, of made-up drugs."""

from pathlib import Path

import pytest

from fhir_server.r4.outcome import FhirError
from terminology.loaders import rxnorm
from terminology.loaders.report import Report
from terminology.loaders.sources import SourceRefused
from terminology.releases.release import Release
from terminology.service.subsumption import subsumes
from tests.unit.terminology.loaders.deliveries import codes, loaded, zipped


def name(code: str, kind: str, text: str, suppress: str = "N", source: str = "RXNORM") -> str:
    return f"{code}|ENG||||||A{code}||||{source}|{kind}|{code}|{text}|0|{suppress}|4096|"


def relation(first: str, second: str, kind: str, source: str = "RXNORM") -> str:
    return f"{first}||CUI|RO|{second}||CUI|{kind}|1||{source}|{source}||||4096|"


def attribute(code: str, of: str, value: str) -> str:
    return f"{code}||||CUI|{code}|||{of}|RXNORM|{value}|N|4096|"


FILES = {
    "RXNCONSO.RRF": (
        name("1", "IN", "testin"),
        name("1", "SY", "test acid"),
        name("1", "IN", "foreign name", source="MTHSPL"),
        name("2", "SCD", "testin 10 MG Oral Tablet"),
        name("2", "PSN", "testin 10 mg tablet"),
        name("3", "SBD", "Testex 10 MG Oral Tablet"),
        name("4", "SCD", "testin 5 MG Oral Tablet", suppress="O"),
        name("5", "SCDF", "testin Oral Tablet"),
        "torn|row",
    ),
    "RXNREL.RRF": (
        relation("1", "2", "has_ingredient"),
        relation("2", "3", "tradename_of"),
        relation("5", "2", "isa"),
        relation("9", "2", "has_dose_form"),
        relation("1", "2", "may_treat", source="MED-RT"),
        relation("1", "2", ""),
    ),
    "RXNSAT.RRF": (attribute("2", "NDC", "00000000001"),),
}


def load(
    folder: Path, files: dict[str, tuple[str, ...]], file: str = "RxNorm_full_01052099.zip"
) -> tuple[Release, Report]:
    texts = {f"rrf/{n}": "\n".join(lines) for n, lines in files.items()}
    return loaded(rxnorm.load, rxnorm.FILTERABLE, zipped(folder / file, texts))


def test_a_concept_has_its_own_name_and_the_others_beside_it(tmp_path: Path) -> None:
    release, report = load(tmp_path, FILES)
    assert release.version == "01052099"
    drug = release.get("2")
    assert drug is not None
    assert drug.display == "testin 10 MG Oral Tablet"
    assert [each.value for each in drug.designations] == ["testin 10 mg tablet"]
    assert codes(release, release.of_property("TTY", "SCD")) == ["2", "4"]
    assert codes(release, release.of_property("NDC", "00000000001")) == ["2"]
    assert codes(release, release.with_texts("test acid")) == ["1"]
    assert release.get("1").display == "testin"  # type: ignore[union-attr]
    assert report.left_out["RXNCONSO.RRF", "of another source"] == 1
    assert [(each.file, each.line) for each in report.refusals] == [
        ("RXNCONSO.RRF", 9),
        ("RXNREL.RRF", 4),
    ]


def test_the_second_concept_of_a_row_has_the_relation_to_the_first(tmp_path: Path) -> None:
    release, report = load(tmp_path, FILES)
    assert codes(release, release.of_property("has_ingredient", "1")) == ["2"]
    assert codes(release, release.of_property("has_ingredient", "CUI:1")) == ["2"]
    assert codes(release, release.of_property("tradename_of", "2")) == ["3"]
    assert release.get("2").parents == ("5",)  # type: ignore[union-attr]
    # R4: RxNorm defines no subsumption, and "not-subsumed" would be an answer.
    with pytest.raises(FhirError, match="grouped-by"):
        subsumes(release, "2", "5")
    assert report.left_out["RXNREL.RRF", "of names, or without a label"] == 1


def test_what_is_obsolete_is_inactive(tmp_path: Path) -> None:
    release, _ = load(tmp_path, FILES)
    assert codes(release, release.inactive) == ["4"]


def test_a_release_without_relations_or_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match=r"no RXNCONSO\.RRF with RXNREL\.RRF"):
        load(tmp_path, {"RXNCONSO.RRF": FILES["RXNCONSO.RRF"]})
    with pytest.raises(SourceRefused, match="give it"):
        load(tmp_path, FILES, "mine.zip")
