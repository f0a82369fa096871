"""A hospital's local-code table is taken whole, or refused with the place and the remedy."""

import json
from pathlib import Path
from typing import Any

import pytest

from terminology import catalogue
from terminology.codings import LOINC, Coding
from terminology.local_codes import LocalCodes, LocalCodesError

EXAMPLE = Path(__file__).parents[3] / "fhir_server" / "demo" / "local-codes.json"
LIS = "urn:id:DEMOHOSP:99LIS"


def concept_map(*targets: dict[str, Any], **changes: Any) -> dict[str, Any]:
    elements = [{"code": f"T{number}", "target": [target]} for number, target in enumerate(targets)]
    group = {"source": LIS, "target": LOINC, "element": elements}
    return {"resourceType": "ConceptMap", "status": "active", "group": [group]} | changes


def target(code: str = "14682-9", equivalence: str = "equivalent", **more: Any) -> dict[str, Any]:
    return {"code": code, "equivalence": equivalence, **more}


def written(folder: Path, resource: Any, name: str = "codes.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(resource), encoding="utf-8")
    return path


def refused(path: Path) -> str:
    with pytest.raises(LocalCodesError) as caught:
        LocalCodes.load(path)
    return str(caught.value)


def test_the_example_maps_the_demo_hospitals_codes() -> None:
    codes = LocalCodes.load(EXAMPLE)
    assert len(codes) == 12
    (creatinine,) = codes.translate(LIS, "CREA")
    assert (creatinine.system, creatinine.code) == (LOINC, "14682-9")


def test_every_code_of_the_example_is_in_the_catalogue() -> None:
    codes, known = LocalCodes.load(EXAMPLE), catalogue.load()
    wanted = {
        "TC": "total_cholesterol", "HDL-C": "hdl_cholesterol", "LDL-C": "ldl_cholesterol",
        "TG": "triglyceride", "CREA": "creatinine", "HBA1C": "hba1c", "UACR": "acr", "SBP": "sbp",
        "DBP": "dbp", "WAIST": "waist", "HEIGHT": "height", "WEIGHT": "weight",
    }  # fmt: skip
    found = {}
    for local in wanted:
        (coding,) = codes.translate(LIS, local)
        analyte = known.by_loinc(coding.code)
        assert analyte is not None
        found[local] = analyte.id
    assert found == wanted


@pytest.mark.parametrize(
    ("system", "code"), [(None, "CREA"), ("urn:id:OTHER", "CREA"), (LIS, "crea"), (LIS, "CREA ")]
)
def test_another_system_or_spelling_is_not_mapped(system: str | None, code: str) -> None:
    assert LocalCodes.load(EXAMPLE).translate(system, code) == ()


def test_a_hospital_that_sends_loinc_needs_no_table() -> None:
    assert LocalCodes.none().translate(LIS, "CREA") == ()


def test_several_files_of_a_folder_are_one_table(tmp_path: Path) -> None:
    written(tmp_path, concept_map(target()), "a.json")
    other = concept_map(target("4548-4", "equal", display="Hemoglobin A1c"))
    other["group"][0]["source"] = "urn:id:OTHER"
    written(tmp_path, other, "b.json")
    (tmp_path / "readme.txt").write_text("not a table")
    codes = LocalCodes.load(tmp_path)
    assert codes.translate(LIS, "T0") == (Coding(LOINC, "14682-9"),)
    assert codes.translate("urn:id:OTHER", "T0") == (Coding(LOINC, "4548-4", "Hemoglobin A1c"),)


def test_the_same_row_twice_is_one_row(tmp_path: Path) -> None:
    written(tmp_path, concept_map(target()), "a.json")
    written(tmp_path, concept_map(target()), "b.json")
    assert len(LocalCodes.load(tmp_path)) == 1


def test_two_files_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    written(tmp_path, concept_map(target()), "a.json")
    written(tmp_path, concept_map(target("14683-7")), "b.json")
    text = refused(tmp_path)
    assert "b.json: ConceptMap.group[0].element[0].target[0]" in text
    assert "'T0' of urn:id:DEMOHOSP:99LIS already maps to 14682-9" in text


@pytest.mark.parametrize(
    "equivalence", ["wider", "narrower", "inexact", "relatedto", "specializes", "unmatched", None]
)
def test_a_weaker_equivalence_is_refused_with_its_place(
    tmp_path: Path, equivalence: str | None
) -> None:
    rows = (target(), {"code": "4548-4", "equivalence": equivalence})
    text = refused(written(tmp_path, concept_map(*rows)))
    assert "codes.json: ConceptMap.group[0].element[1].target[0].equivalence" in text
    assert "only equal and equivalent" in text


@pytest.mark.parametrize(
    ("resource", "place"),
    [
        (concept_map(target("14682-8")), "element[0].target[0].code '14682-8' is no LOINC code"),
        (concept_map(target("CREA")), "element[0].target[0].code 'CREA' is no LOINC code"),
        (concept_map(target(dependsOn=[{}])), "element[0].target[0] maps under a condition"),
        (concept_map({"equivalence": "equal"}), "element[0].target[0].code is missing"),
        (concept_map(status="draft"), "ConceptMap.status must be active"),
        (concept_map(group=[{"source": LIS, "target": "urn:x"}]), "group[0].target must be"),
        (concept_map(group=[{"target": LOINC}]), "group[0].source is missing"),
        (
            concept_map(group=[{"source": LIS, "target": LOINC, "unmapped": {"mode": "fixed"}}]),
            "group[0].unmapped would map codes unseen",
        ),
        (concept_map(group={}), "ConceptMap.group must be an array"),
        (concept_map(group=["x"]), "ConceptMap.group[0] must be an object"),
        ({"resourceType": "ValueSet"}, "resourceType must be ConceptMap"),
        ([], "resourceType must be ConceptMap"),
    ],
)
def test_a_broken_table_is_refused_with_its_place(
    tmp_path: Path, resource: Any, place: str
) -> None:
    assert place in refused(written(tmp_path, resource))


def test_what_is_no_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "codes.json"
    path.write_bytes(b'{"resourceType": ')
    assert "line 1 column" in refused(path)
    path.write_bytes("肌酐".encode("gb18030"))
    assert "UTF-8" in refused(path)


def test_a_missing_file_or_an_empty_folder_is_refused(tmp_path: Path) -> None:
    assert "no such file or folder" in refused(tmp_path / "none.json")
    assert "holds no *.json file" in refused(tmp_path)
