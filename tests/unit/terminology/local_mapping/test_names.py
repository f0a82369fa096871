"""Names of laboratory items in Chinese and English, read into what they say."""

import pytest

from terminology.local_mapping import vocabulary
from terminology.local_mapping.items import read_item
from terminology.local_mapping.names import read_name
from terminology.local_mapping.specimens import agreement, stated
from terminology.local_mapping.tokens import tokens
from tests.unit.terminology.local_mapping.items import item


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ｃ－反应蛋白（CRP）", ("c", "反", "应", "蛋", "白", "crp")),
        ("γ-GT", ("gamma", "gt")),
        ("Haemoglobin", ("hemoglobin",)),
        ("Triglycerides", ("triglyceride",)),
        ("Uric Acid", ("urate",)),
        ("acid", ("acid",)),
        ("Antibodies, HBs", ("ab", "hbs")),
        ("", ()),
    ],
)
def test_tokens(text: str, expected: tuple[str, ...]) -> None:
    assert tokens(text) == expected


@pytest.mark.parametrize(
    ("text", "analytes"),
    [
        ("谷丙转氨酶", {"alt"}),
        ("GPT", {"alt"}),
        ("丙氨酸氨基转移酶(ALT)", {"alt"}),
        ("糖化血红蛋白", {"hba1c"}),
        ("血红蛋白", {"hemoglobin"}),
        ("游离血红蛋白", {"hemoglobin_free"}),
        ("磷酸盐", {"phosphate"}),
        ("碱性磷酸酶", {"alp"}),
        ("酸性磷酸酶", {"acid_phosphatase"}),
        ("降钙素原", {"procalcitonin"}),
        ("降钙素", {"calcitonin"}),
        ("尿素氮", {"urea_nitrogen"}),
        ("尿素", {"urea"}),
        ("尿酸", {"urate"}),
        ("转铁蛋白", {"transferrin"}),
        ("Bilirubin, Direct", {"bilirubin_direct"}),
        ("尿素(BUN)", {"urea", "urea_nitrogen"}),
    ],
)
def test_analytes(text: str, analytes: set[str]) -> None:
    found = read_name(text)
    assert found.analytes == analytes
    assert not found.words


def test_apolipoprotein_a_is_not_apolipoprotein_a1() -> None:
    # Letters are compared without case: 载脂蛋白(a) is the protein of lipoprotein(a).
    found = read_name("载脂蛋白(a)")
    assert "apo_a1" not in found.analytes
    assert found.words == {"载"}
    assert read_name("载脂蛋白A1").analytes == {"apo_a1"}
    assert read_name("脂蛋白(a)").analytes == {"lpa"}


def test_what_is_not_explained_is_kept() -> None:
    found = read_name("某某血红蛋白 xyz")
    assert found.words == {"某某", "xyz"}
    assert found.analytes == {"hemoglobin"}


def test_specimen_method_time_and_scale_of_a_name() -> None:
    found = read_name("24小时尿蛋白定量(酶法)")
    assert found.analytes == {"protein"}
    assert found.specimens == {"Ur"}
    assert found.times == {"24H"}
    assert found.scales == {"Qn"}
    assert found.methods == {"enzymatic"}
    assert read_name("HBsAg(定性)").scales == {"Ord"}
    assert read_name("中性粒细胞百分比").properties == {"fraction"}
    assert read_name("尿胆素/肌酐").ratio


@pytest.mark.parametrize(
    ("text", "section", "code"),
    [
        ("血清", "", "Ser"),
        ("枸橼酸钠血浆", "", "PPP"),
        ("全血", "生化", "Bld"),
        ("血", "", "Blood"),
        ("静脉血", "", "Blood"),
        ("静脉血", "生化组", "BloodSer"),
        ("Blood", "Chemistry", "BloodSer"),
        ("Blood", "Hematology", "Blood"),
        ("脑脊液", "", "CSF"),
        ("黄管", "", ""),
        ("血清或尿", "", ""),
    ],
)
def test_specimens(text: str, section: str, code: str) -> None:
    assert stated(text, section) == code


@pytest.mark.parametrize(
    ("specimen", "system", "expected"),
    [
        ("Ser", "SerPl", "same"),
        ("Ser", "Ur", "different"),
        ("Ser", "Bld", "different"),
        ("Bld", "SerPl", "different"),
        ("Blood", "SerPl", "possible"),
        ("Blood", "Bld", "possible"),
        ("BloodSer", "SerPl", "same"),
        ("Plr", "Fld", "possible"),
        ("Ur", "Ur", "same"),
        ("Ur", "XXX", "possible"),
        ("Ur", "fetus", "unknown"),
        ("", "Ur", "unknown"),
    ],
)
def test_agreement_of_specimens(specimen: str, system: str, expected: str) -> None:
    assert agreement(specimen, system) == expected


def test_the_narrower_word_for_a_specimen_counts() -> None:
    assert read_item(item("血糖", "mmol/L", "血清")).specimen == "Ser"
    assert read_item(item("尿肌酐", "mmol/L", "血清")).specimens == {"Ur", "Ser"}
    assert read_item(item("肌酐", "mmol/L", "黄管")).specimen_unread


def test_a_phrase_with_two_meanings_is_refused() -> None:
    phrases: dict = {}
    vocabulary._add(phrases, ("tg",), (vocabulary.Meaning("analyte", "triglyceride"),))
    with pytest.raises(ValueError, match="'tg' stands for"):
        vocabulary._add(phrases, ("tg",), (vocabulary.Meaning("analyte", "thyroglobulin"),))
    with pytest.raises(ValueError, match="without letters"):
        vocabulary._add(phrases, (), (vocabulary.Meaning("analyte", "x"),))


def test_every_unit_of_the_vocabulary_is_one_that_laboratories_print() -> None:
    from terminology.local_mapping.properties import of_unit

    for row in vocabulary._rows("local_analytes.csv"):
        for unit in row["units"].split():
            assert of_unit(unit), (row["id"], unit)
