"""LOINC names taken apart, and where candidates come from."""

import zipfile
from pathlib import Path

import pytest

from terminology.catalogue import load
from terminology.local_mapping import pools
from terminology.local_mapping.candidates import merged
from terminology.local_mapping.loinc_names import parse
from terminology.local_mapping.pools import PoolRefused, read_pool


@pytest.mark.parametrize(
    ("name", "axes"),
    [
        (
            "Creatinine [Mass/volume] in Serum or Plasma",
            ("Creatinine", "MCnc", "Pt", "SerPl", "Qn", ""),
        ),
        ("Hemoglobin A1c/Hemoglobin.total in Blood",
         ("Hemoglobin A1c", "MFr", "Pt", "Bld", "Qn", "")),
        (
            "Basophils/100 leukocytes in Blood by Automated count",
            ("Basophils", "NFr", "Pt", "Bld", "Qn", "automated"),
        ),
        ("Cholesterol in LDL [Moles/volume] in Serum or Plasma by Direct assay",
         ("Cholesterol in LDL", "SCnc", "Pt", "SerPl", "Qn", "direct")),
        ("Protein [Mass/time] in 24 hour Urine", ("Protein", "MRat", "24H", "Ur", "Qn", "")),
        ("Nitrite [Presence] in Urine by Test strip",
         ("Nitrite", "PrThr", "Pt", "Ur", "Ord", "strip")),
        ("Vancomycin [Mass/volume] in Serum or Plasma --trough",
         ("Vancomycin trough", "MCnc", "Pt", "SerPl", "Qn", "")),
        ("Creatinine [Moles/volume] in unspecified time Urine",
         ("Creatinine", "SCnc", "XXX", "Ur", "Qn", "")),
        ("pH of Arterial blood", ("pH", "LsCnc", "Pt", "BldA", "Qn", "")),
        ("Prothrombin time (PT)", ("Prothrombin time (PT)", "", "Pt", "", "", "")),
    ],
)  # fmt: skip
def test_a_long_common_name(name: str, axes: tuple[str, ...]) -> None:
    found = parse("1-8", name)
    assert axes == (
        *(found.component, found.property, found.time, found.system, found.scale, found.method),
    )
    assert found.display() == name


def test_the_shipped_pool_has_the_property_of_the_catalogue() -> None:
    found = pools.shipped()
    assert len(found) > 70
    for each in found:
        entry = load().entry(each.code)
        assert entry is not None
        # What the name says must not contradict what the catalogue says.
        named = parse(each.code, each.display()).property
        assert named in ("", each.property) or each.code == "59261-8"
        assert entry[0].name_zh in each.names


def test_what_is_measured_at_the_bedside_is_no_candidate_for_a_laboratory() -> None:
    """A pulse oximeter's saturation must not be offered for the saturation of a blood gas."""
    left_out = {each.id for each in load().analytes} - {
        entry[0].id for each in pools.shipped() if (entry := load().entry(each.code)) is not None
    }
    assert left_out == {
        *("sbp", "dbp", "heart_rate", "spo2"),
        *("bmi", "weight", "height", "waist", "smoking_status"),
    }


def test_a_table_of_codes(tmp_path: Path) -> None:
    file = tmp_path / "top.csv"
    file.write_text(
        "LOINC #,Long Common Name,Short Name,CLASS,Rank\n"
        "718-7,Hemoglobin [Mass/volume] in Blood,Hgb Bld-mCnc,HEM/BC,2\n",
        encoding="utf-8",
    )
    (found,) = read_pool(file)
    assert (found.code, found.rank, found.system) == ("718-7", 2, "Bld")


RELEASE = (
    '"LOINC_NUM","COMPONENT","PROPERTY","TIME_ASPCT","SYSTEM","SCALE_TYP","METHOD_TYP","STATUS",'
    '"CLASSTYPE","SHORTNAME","LONG_COMMON_NAME","EXAMPLE_UCUM_UNITS","COMMON_TEST_RANK"\n'
    '"1558-6","Glucose^post CFst","MCnc","Pt","Ser/Plas","Qn","","ACTIVE","1","","Fasting glucose '
    '[Mass/volume] in Serum or Plasma","mg/dL","50"\n'
    '"4548-4","Hemoglobin A1c/Hemoglobin.total","MFr","Pt","Bld","Qn","","ACTIVE","1","",'
    '"Hemoglobin A1c/Hemoglobin.total in Blood","%","81"\n'
    '"777-3","Platelets","NCnc","Pt","Bld","Qn","Automated count","ACTIVE","1","",'
    '"Platelets [#/volume] in Blood by Automated count","10*3/uL","9"\n'
    '"2529-6","Lactate dehydrogenase","CCnc","Pt","Body fld","Qn","","DISCOURAGED","1","","Lactate '
    'dehydrogenase [Enzymatic activity/volume] in Body fluid","U/L","0"\n'
    '"44249-1","PHQ-9","-","Pt","^Patient","-","","ACTIVE","4","","PHQ-9 panel","","0"\n'
)  # fmt: skip
VARIANT = '"LOINC_NUM","COMPONENT","LONG_COMMON_NAME"\n"4548-4","血红蛋白 A1c/血红蛋白总数",""\n'


def release(folder: Path) -> Path:
    (folder / "LoincTable").mkdir(parents=True)
    (folder / "LoincTable/Loinc.csv").write_text(RELEASE, encoding="utf-8")
    variants = folder / "AccessoryFiles/LinguisticVariants"
    variants.mkdir(parents=True)
    (variants / "zhCN5LinguisticVariant.csv").write_text(VARIANT, encoding="utf-8")
    return folder


@pytest.mark.parametrize("zipped", [False, True])
def test_a_release_as_folder_and_as_zip(tmp_path: Path, zipped: bool) -> None:
    path = release(tmp_path / "Loinc_2.80")
    if zipped:
        with zipfile.ZipFile(tmp_path / "loinc.zip", "w") as archive:
            for file in path.rglob("*.csv"):
                archive.write(file, file.relative_to(path))
        path = tmp_path / "loinc.zip"
    found = {each.code: each for each in read_pool(path)}
    # What is discouraged is no target, a questionnaire no laboratory item.
    assert set(found) == {"1558-6", "4548-4", "777-3"}
    a1c, platelets = found["4548-4"], found["777-3"]
    assert (a1c.component, a1c.property, a1c.system, a1c.units) == (
        "Hemoglobin A1c",
        "MFr",
        "Bld",
        ("%",),
    )
    assert "血红蛋白 A1c/血红蛋白总数" in a1c.names
    assert (platelets.method, platelets.rank) == ("automated", 9)
    assert found["1558-6"].component == "Glucose post CFst"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("LOINC_NUM,LONG_COMMON_NAME\n718-8,Hemoglobin\n", "line 2: '718-8' is no LOINC code"),
        ("code,name\n1,x\n", "needs a column 'LOINC_NUM'"),
        ("LOINC_NUM,LONG_COMMON_NAME\n", "holds no LOINC code"),
    ],
)
def test_a_table_that_cannot_be_read(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "pool.csv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(PoolRefused, match=said):
        read_pool(file)


def test_other_things_are_no_pool(tmp_path: Path) -> None:
    with pytest.raises(PoolRefused, match="no such file"):
        read_pool(tmp_path / "none.csv")
    (tmp_path / "empty").mkdir()
    with pytest.raises(PoolRefused, match=r"holds LoincTable/Loinc\.csv once, here 0 times"):
        read_pool(tmp_path / "empty")
    (tmp_path / "latin.csv").write_bytes(b"LOINC_NUM,LONG_COMMON_NAME\n718-7,H\xe4moglobin\n")
    with pytest.raises(PoolRefused, match="is not UTF-8"):
        read_pool(tmp_path / "latin.csv")


def test_pools_are_merged_by_code() -> None:
    first = parse("718-7", "Hemoglobin [Mass/volume] in Blood", rank=2)
    second = parse("718-7", "血红蛋白")
    (found,) = merged([[first], [second]])
    assert found.names == ("Hemoglobin [Mass/volume] in Blood", "血红蛋白")
    assert (found.system, found.rank) == ("Bld", 2)
