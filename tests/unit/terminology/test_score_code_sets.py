"""What point scores count, by code: members, what is no member, and what a code leaves open."""

import csv
from importlib.resources import files
from pathlib import Path

import pytest

from terminology import code_sets, score_items
from terminology import score_code_sets as sets
from terminology.check_digits import is_loinc_code, is_sctid
from terminology.codings import ATC, ICD10, LOINC, SNOMED, Coding

GPS = Path(__file__).parents[4] / "shared" / "terminology" / "snomed_gps_202009.csv"
ROWS = list(
    csv.DictReader(
        files("terminology")
        .joinpath("data", "snomed_score_sets.csv")
        .read_text("utf-8")
        .splitlines()
    )
)

BY_CODE = {
    sets.ATRIAL_FIBRILLATION: ("I48 I48.0 I48.900 I48.91", "I47.1 I49.9", ""),
    sets.VALVULAR_AF: ("Z95.2 Z95.200", "Z95.3 I35.0 I34.0", "I05.0 I05.200 I34.2 Z95.4 I05"),
    sets.HYPERTENSION: ("I10 I10.x00 I11.9 I13.2 O10", "I27.0 K76.6 R03.0 E11.9", "O13 O14.9"),
    sets.THROMBOEMBOLISM: ("I63.900 I64 I69.3 G45.9 I74.3 Z86.73", "G45.4 I26.9 I65.2 I80.2 Z82.3",
                           "I61.9 I60 I69 Z86.7 H34.1 G45 G46.3"),
    sets.ANY_STROKE: ("I60.9 I61.900 I63 I64 I69.1", "G45.9 I74.3 I67.9 S06.5",
                      "I62.0 I69 Z86.7 G46.3"),
    sets.VASCULAR_DISEASE: ("I21.900 I25.2 I25.200 I70.0 I70.2 I73.9 Z95.1 Z95.500",
                            "I71.4 I73.0 Z82.4 I10 E11 E11.9 E10.4 Z95.810",
                            "I20.0 I25.103 I25.9 I70.9 I70 I25 E11.5 E11.500x021 Z95.8 Z98.62"),
    sets.CHRONIC_LIVER_DISEASE: ("K74.600 K70.3 K72.1", "K76.000 B16.9 K72.0 K80.2",
                                 "B18.100 K73.9 K76.6 C22.0 I85.900"),
    sets.BLEEDING: ("K92.2 K25.4 I61.9 D50.900 D64.9 D66 D68.3", "K25.3 K64.9 D75.1 D68.5 E11",
                    "D69.6 R04.0 R31 I85.000 I85.01 K25"),
    sets.ALCOHOL: ("F10.1 F10.200", "F17.2 Z81.1", "K70.3 F10.0 Z72.1"),
    sets.COPD: ("J44 J44.900 J44.100", "J45.9 J18.9 J47", "J43.9 J42 J41.0"),
    sets.RAISED_GLUCOSE: ("R73 R73.900 O24.4", "E16.2 Z83.3", "O24 O24.9"),
    sets.FAMILY_DIABETES: ("Z83.3 Z83.300", "E11.9 Z83.4", "Z83"),
}  # fmt: skip
BY_DRUG = {
    sets.VITAMIN_K_ANTAGONIST: ("B01AA03 B01AA07", "B01AF01 B01AC06", "B01 B01A"),
    sets.BLEEDING_DRUGS: ("B01AC06 B01AC04 B01AC24 M01AE01 M01AH01 N02BA01 C10BX05",
                          "M02AA15 S01BC03 M01AX05 N02BE01 B01AA03", "M01AX21 B01AC11 C10BX04 B01"),
    sets.BETA_BLOCKER: ("C07AB07 C07AG02 C07BB07", "S01ED01 C08CA01", "C07AA07 C07"),
    sets.RENIN_ANGIOTENSIN: ("C09AA05 C09CA03 C09DX04 C09BA04", "C08CA01 C07AB02 C10BX03",
                             "C09XA02 C10BX04 C09"),
}  # fmt: skip


@pytest.mark.parametrize("wanted", BY_CODE, ids=lambda s: s.id)
def test_by_icd_10(wanted):
    verdicts = ("member", "not-member", "unconfirmed")
    for verdict, codes in zip(verdicts, BY_CODE[wanted], strict=True):
        for code in codes.split():
            assert wanted.verdict([Coding(ICD10, code)], None) == verdict, code


@pytest.mark.parametrize("wanted", BY_DRUG, ids=lambda s: s.id)
def test_by_atc(wanted):
    verdicts = ("member", "not-member", "unconfirmed")
    for verdict, codes in zip(verdicts, BY_DRUG[wanted], strict=True):
        for code in codes.split():
            assert wanted.verdict([Coding(ATC, code)], None) == verdict, code


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        (sets.ATRIAL_FIBRILLATION, "阵发性房颤"), (sets.HYPERTENSION, "高血压病 3 级"),
        (sets.BLEEDING, "上消化道出血"), (sets.COPD, "慢阻肺急性加重"),
        (sets.BLEEDING_DRUGS, "阿司匹林肠溶片"), (sets.VITAMIN_K_ANTAGONIST, "华法林钠片"),
    ],
)  # fmt: skip
def test_text_alone_is_unconfirmed(wanted, text):
    assert wanted.verdict([], text) == "unconfirmed"


def test_every_set_has_its_own_id_and_every_set_is_tried_here():
    ids = [flag.id for flag in (*code_sets.ALL, *sets.ALL)]
    assert len(set(ids)) == len(ids)
    assert {*BY_CODE, *BY_DRUG} == {*sets.ALL}


def test_every_listed_snomed_code_has_its_check_digit_and_one_verdict():
    assert {row["code_set"] for row in ROWS} <= {flag.id for flag in sets.ALL}
    assert all(is_sctid(row["sctid"]) for row in ROWS)
    assert len({(row["code_set"], row["sctid"]) for row in ROWS}) == len(ROWS)


@pytest.mark.skipif(not GPS.exists(), reason="the shared Global Patient Set is not here")
def test_every_listed_snomed_code_is_in_the_global_patient_set():
    names = {r["code"]: r["fsn"] for r in csv.DictReader(GPS.read_text("utf-8").splitlines())}
    assert all(names[row["sctid"]] == row["fully_specified_name"] for row in ROWS)


def test_the_codes_of_score_items_have_their_check_digits():
    keys = {key for item in score_items.ALL for key in (*item.asked, *item.answers)}
    for system, code in keys:
        if system == SNOMED:
            assert is_sctid(code), code
        if system == LOINC and not code.startswith("LA"):
            assert is_loinc_code(code), code


def test_no_answer_of_the_older_mrc_scale_is_read():
    # Its five grades are those of the modified one, counted from 1.
    assert {system for system, _ in score_items.MMRC_DYSPNOEA.answers} == {
        score_items.SCORE_ANSWERS
    }
    assert score_items.MMRC_DYSPNOEA.coded([Coding(SNOMED, "391120009")]) is None


def test_two_answers_that_contradict_are_none():
    yes, no = Coding(LOINC, "LA33-6"), Coding(SNOMED, "373067005")
    assert score_items.LABILE_INR.coded([yes]) == 1
    assert score_items.LABILE_INR.coded([yes, no]) is None
