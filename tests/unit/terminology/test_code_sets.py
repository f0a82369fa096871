"""Clinical flags by code: what belongs, what does not, and what a code cannot tell."""

import csv
from importlib.resources import files
from pathlib import Path

import pytest

from terminology import code_sets
from terminology.check_digits import is_sctid
from terminology.code_set import CodeSet, Verdict
from terminology.codings import ATC, ICD10, ICD10_CM, LOINC, RXNORM, SNOMED, Coding
from terminology.smoking import _BY_CODE, smoking_status

GPS = Path(__file__).parents[4] / "shared" / "terminology" / "snomed_gps_202009.csv"
ROWS = list(
    csv.DictReader(
        files("terminology")
        .joinpath("data", "snomed_code_sets.csv")
        .read_text("utf-8")
        .splitlines()
    )
)


def icd(flag: CodeSet, code: str, display: str | None = None, text: str | None = None) -> Verdict:
    return flag.verdict([Coding(ICD10, code, display)], text)


@pytest.mark.parametrize(
    ("flag", "codes"),
    [
        (
            code_sets.DIABETES,
            "E10 E11 E11.9 E11.65 E11.900x001 e14.900 E1190 E13.9 E09.9 H36.0 E11.2+N08.3* "
            "E11.300+H36.0* N08.3*",
        ),
        (
            code_sets.PRIOR_CVD,
            "I20 I20.000 I21.900x012 I25.103 I63.900 I64 I69.3 G45.900 I70.200x001 I70.211 I73.9 "
            "Z95.1 Z95.500 Z86.73 I79.2 E11.51 E11.500+I79.2*",
        ),
        (code_sets.HEART_FAILURE, "I50 I50.900 I11.000 I13.2"),
        (code_sets.DIALYSIS, "Z99.2 Z99.200 Z49.1 Z49.2 Z49.31"),
        (code_sets.KIDNEY_TRANSPLANT, "Z94.0 Z94.000"),
        (code_sets.PREGNANCY, "O10 O24.4 O26.9 O99.8 O00.900 Z33 Z33.1 Z34.9 Z35.9 Z3A.20 O80"),
        (code_sets.FAMILY_CVD, "Z82.3 Z82.4 Z82.49 Z82.400"),
        (code_sets.TYPE_1_DIABETES, "E10 E10.900 E10.9 E10.3+H36.0*"),
        (code_sets.TYPE_2_DIABETES, "E11 E11.9 E11.65 E11.900x001 E11.300+H36.0*"),
    ],
)
def test_members_by_icd_10(flag: CodeSet, codes: str) -> None:
    for code in codes.split():
        assert icd(flag, code) == "member", code


@pytest.mark.parametrize(
    ("flag", "codes"),
    [
        (code_sets.DIABETES, "I10 E78.5 O24.4 E23.2 R73.9 Z83.3 E15 E16.2 P70.2 N18.9"),
        (
            code_sets.PRIOR_CVD,
            "I10 I48 I50.9 G45.4 Z82.4 Z82.3 I11.9 I83.9 S06.5 Q24.5 I71.4 E11 E11.900 E14 "
            "Z95.0 Z95.2 Z95.810",
        ),
        (code_sets.HEART_FAILURE, "I10 I25.1 I11.9 I13.1"),
        (code_sets.DIALYSIS, "N18.5 N18.9 N17.9 I10 Z94.0"),
        (code_sets.KIDNEY_TRANSPLANT, "Z94.4 N18.9 Z99.2"),
        (code_sets.PREGNANCY, "I10 N97.9 Z30.9 Z31.6 O94 P07.3 Z87.5"),
        (code_sets.FAMILY_CVD, "I25.1 Z80.3 Z83.3 Z82.5"),
        (code_sets.TYPE_1_DIABETES, "E11.9 E14.9 I10"),
        (code_sets.TYPE_2_DIABETES, "E10.9 E12 E13.9 E08.9 E09.9 O24.4 R73.9 E23.2 Z83.3 I10"),
    ],
)
def test_non_members_by_icd_10(flag: CodeSet, codes: str) -> None:
    for code in codes.split():
        assert icd(flag, code) == "not-member", code


@pytest.mark.parametrize(
    ("flag", "codes"),
    [
        # Pre-existing diabetes in pregnancy, insulin without a diagnosis, a code cut short.
        (code_sets.DIABETES, "O24.1 O24.900 Z79.4 O24"),
        (code_sets.TYPE_2_DIABETES, "E14 E14.900 O24.1 H36.0 Z79.84 E10.3+H36.0*"),
        (
            code_sets.PRIOR_CVD,
            "I70 I70.9 G45 Z86.700 I65.2 I67.900 G46.3 E11.500 E11.501 E14.5 E11.59 Z95.801 "
            "Z95.820 Z98.62",
        ),
        (code_sets.HEART_FAILURE, "I11 I13"),
        (code_sets.DIALYSIS, "N18.6 Z49.0 Z49 Z99 N18"),
        (code_sets.KIDNEY_TRANSPLANT, "Z94 T86.1"),
        # The pregnancy is over, its effect on blood pressure, lipids and kidney is not.
        (code_sets.PREGNANCY, "O86.4 O90.3 Z39.2 Z37.0"),
        (code_sets.FAMILY_CVD, "Z82"),
    ],
)
def test_codes_that_do_not_decide(flag: CodeSet, codes: str) -> None:
    for code in codes.split():
        assert icd(flag, code) == "unconfirmed", code


def test_the_codes_of_all_editions_are_read_alike() -> None:
    chinese = "urn:oid:2.16.156.10011.2.3.3.11"
    for system in (ICD10, ICD10_CM, chinese):
        assert code_sets.DIABETES.verdict([Coding(system, "E11.9")], None) == "member"


@pytest.mark.parametrize("code", ["糖尿病", "E", "E11-E14", "", "11.9", "E11.9;I10"])
def test_what_is_no_icd_10_code_is_not_read(code: str) -> None:
    assert icd(code_sets.DIABETES, code) == "unconfirmed"


def test_a_text_that_names_the_concept_beside_another_code() -> None:
    assert icd(code_sets.DIABETES, "I10", text="高血压病 3 级；2 型糖尿病") == "unconfirmed"
    assert icd(code_sets.DIABETES, "I10", text="Hypertension in T2DM") == "unconfirmed"
    assert icd(code_sets.DIABETES, "I10", text="高血压病 3 级") == "not-member"


def test_a_rule_that_names_a_non_member_explains_the_word() -> None:
    assert icd(code_sets.DIABETES, "Z83.3", "糖尿病家族史") == "not-member"
    assert icd(code_sets.DIABETES, "R73.0", "糖尿病前期") == "not-member"
    assert icd(code_sets.DIABETES, "E23.2", "Diabetes insipidus") == "not-member"
    assert icd(code_sets.PRIOR_CVD, "Z82.4", "冠心病家族史") == "not-member"
    assert icd(code_sets.FAMILY_CVD, "Z83.3", "糖尿病家族史") == "not-member"


@pytest.mark.parametrize(
    "display",
    [
        "Cerebrovascular accident due to occlusion of right middle cerebral artery",
        "CVA - cerebrovascular accident",
        "Heart attack",
        "Brain stem infarction",
        "Infarction of basal ganglia",
        "腦梗塞",
        "多发腔梗",
        "脑血栓形成",
    ],
)
def test_an_unlisted_snomed_code_that_is_called_a_stroke_or_an_infarction(display: str) -> None:
    """Without a loaded release nothing else tells what stands below a stroke."""
    assert code_sets.PRIOR_CVD.verdict([Coding(SNOMED, "999", display)], None) == "unconfirmed"


def test_a_moderate_risk_is_no_stroke() -> None:
    assert icd(code_sets.PRIOR_CVD, "I10", text="高血压，中风险") == "not-member"
    assert icd(code_sets.PRIOR_CVD, "I10", text="高血压，中风后") == "unconfirmed"


def test_words_that_only_sound_alike() -> None:
    other = [Coding(SNOMED, "186659004", "Herpangina")]
    assert code_sets.PRIOR_CVD.verdict(other, None) == "not-member"
    assert icd(code_sets.PRIOR_CVD, "T67.0", "Heatstroke and sunstroke") == "not-member"
    assert icd(code_sets.PREGNANCY, "Z30.9", "避孕咨询") == "not-member"
    assert code_sets.STATIN.verdict([Coding(ATC, "A07AA02", "Nystatin")], None) == "not-member"


@pytest.mark.parametrize("text", ["2型糖尿病", "高血压", "", None])
def test_a_diagnosis_without_a_readable_code_is_unconfirmed(text: str | None) -> None:
    assert code_sets.DIABETES.verdict([], text) == "unconfirmed"
    local = [Coding("urn:id:DEMOHOSP:DX", "DM2", "2型糖尿病"), Coding(None, "E11.9")]
    assert code_sets.DIABETES.verdict(local, text) == "unconfirmed"


def test_snomed_without_its_hierarchy() -> None:
    def verdict(code: str, display: str | None, text: str | None = None) -> Verdict:
        return code_sets.DIABETES.verdict([Coding(SNOMED, code, display)], text)

    assert verdict("44054006", None) == "member"
    assert verdict("11687002", "Gestational diabetes mellitus") == "not-member"
    assert verdict("38341003", "Hypertensive disorder") == "not-member"
    # An unlisted descendant shows by its name; without any name nothing is known of it.
    assert verdict("1481000119100", "Diabetes mellitus type 2 without retinopathy") == "unconfirmed"
    assert verdict("38341003", None, "2 型糖尿病") == "unconfirmed"
    assert verdict("38341003", None) == "unconfirmed"


def test_one_member_among_several_codings_is_enough() -> None:
    codings = [
        Coding("urn:id:DEMOHOSP:DX", "0815"),
        Coding(ICD10, "E11.9"),
        Coding(SNOMED, "44054006"),
    ]
    assert code_sets.DIABETES.verdict(codings, None) == "member"
    known = [Coding(ICD10, "I10"), Coding(SNOMED, "38341003")]
    assert code_sets.DIABETES.verdict(known, None) == "not-member"


@pytest.mark.parametrize(
    ("flag", "codes", "wanted"),
    [
        (
            code_sets.ANTIHYPERTENSIVE,
            "C02AC01 C03AA03 C03DA01 C07AB02 C08CA01 C09AA05 C09CA04 C09DB07 C10BX03 C09",
            "member",
        ),
        (
            code_sets.ANTIHYPERTENSIVE,
            "C02KX01 C03XA01 S01ED01 A10BA02 C10AA05 C10BX05 C01DA02 C04AD03",
            "not-member",
        ),
        (
            code_sets.ANTIHYPERTENSIVE,
            "C03CA01 C03EB01 C03DA05 C07AA07 C08CA06 G04CA03 C03 C07 C08 C",
            "unconfirmed",
        ),
        (code_sets.STATIN, "C10AA05 C10BA02 C10BX03 A10BH51", "member"),
        (code_sets.STATIN, "C10AB05 C10AX09 C10BA10 C09CA04", "not-member"),
        (code_sets.STATIN, "C10 C10B C10BA", "unconfirmed"),
    ],
)
def test_drugs_by_atc(flag: CodeSet, codes: str, wanted: Verdict) -> None:
    for code in codes.split():
        assert flag.verdict([Coding(ATC, code)], None) == wanted, code


def test_a_drug_without_a_code_that_is_known_is_unconfirmed() -> None:
    for drug in (Coding(RXNORM, "1", "atorvastatin"), Coding("urn:id:HIS", "0012", "阿莫西林")):
        assert code_sets.STATIN.verdict([drug], None) == "unconfirmed"
    assert code_sets.ANTIHYPERTENSIVE.verdict([], "苯磺酸氨氯地平片") == "unconfirmed"


def test_a_number_in_the_place_of_a_name_says_nothing() -> None:
    """Some systems write the code as the text too: nobody was told what it is called."""
    unlisted = [Coding(SNOMED, "9000000005", "9000000005")]
    assert code_sets.PRIOR_CVD.verdict(unlisted, "9000000005") == "unconfirmed"


def test_a_drugs_text_that_contradicts_its_atc_code() -> None:
    drug = [Coding(ATC, "A10BA02", "Metformin")]
    assert code_sets.STATIN.verdict(drug, "瑞舒伐他汀钙片") == "unconfirmed"


def test_the_sets_have_unique_ids_and_both_names() -> None:
    assert len({flag.id for flag in code_sets.ALL}) == len(code_sets.ALL)
    assert all(flag.name_en and flag.name_zh for flag in code_sets.ALL)


def test_every_listed_snomed_code_has_its_check_digit_and_one_verdict() -> None:
    assert {row["code_set"] for row in ROWS} <= {flag.id for flag in code_sets.ALL}
    assert all(is_sctid(row["sctid"]) for row in ROWS)
    assert len({(row["code_set"], row["sctid"]) for row in ROWS}) == len(ROWS)


@pytest.mark.skipif(not GPS.exists(), reason="the shared Global Patient Set is not here")
def test_every_listed_snomed_code_is_in_the_global_patient_set() -> None:
    rows = csv.DictReader(GPS.read_text(encoding="utf-8").splitlines())
    names = {row["code"]: row["fsn"] for row in rows}
    assert all(names[row["sctid"]] == row["fully_specified_name"] for row in ROWS)


@pytest.mark.parametrize(
    ("system", "code", "wanted"),
    [
        (SNOMED, "449868002", "current"),
        (SNOMED, "428041000124106", "current"),
        (LOINC, "LA18976-3", "current"),
        (LOINC, "LA18982-1", "current"),
        (SNOMED, "8517006", "not-current"),
        (SNOMED, "266919005", "not-current"),
        (LOINC, "LA15920-4", "not-current"),
        (LOINC, "LA18978-9", "not-current"),
        (SNOMED, "266927001", "unknown"),
        (LOINC, "LA18979-7", "unknown"),
        (LOINC, "LA18980-5", "unknown"),
        (SNOMED, "38341003", "unconfirmed"),
        (LOINC, "449868002", "unconfirmed"),
        (None, "LA18976-3", "unconfirmed"),
    ],
)
def test_smoking_status_answers(system: str | None, code: str, wanted: str) -> None:
    assert smoking_status([Coding(system, code)], None) == wanted


def test_smoking_answers_in_two_systems() -> None:
    former = [Coding(SNOMED, "8517006"), Coding(LOINC, "LA15920-4")]
    assert smoking_status(former, None) == "not-current"
    assert smoking_status([*former, Coding(SNOMED, "449868002")], None) == "unconfirmed"


@pytest.mark.parametrize("text", ["否认吸烟", "已戒烟", "吸烟 20 支/日", "Never smoker", None])
def test_a_smoking_text_is_not_interpreted(text: str | None) -> None:
    assert smoking_status([], text) == "unconfirmed"


def test_the_smoking_answers_of_snomed_have_their_check_digits() -> None:
    assert all(is_sctid(code) for system, code in _BY_CODE if system == SNOMED)
