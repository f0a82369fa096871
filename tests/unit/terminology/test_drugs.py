"""Drugs by the codes of RxNorm and SNOMED CT: judged as their substances' ATC codes are."""

import csv
import re
from importlib.resources import files
from pathlib import Path

import pytest

from terminology import code_sets, score_code_sets
from terminology.check_digits import is_sctid
from terminology.code_set import CodeSet, Verdict
from terminology.codings import ATC, RXNORM, SNOMED, Coding
from terminology.drugs import atc_of, atc_of_substance

GPS = Path(__file__).parents[4] / "shared" / "terminology" / "snomed_gps_202009.csv"
ROWS = list(
    csv.DictReader(
        files("terminology").joinpath("data", "drugs.csv").read_text("utf-8").splitlines()
    )
)
# The Global Patient Set calls a class by what it contains or by what it does.
NAMES = (
    "Product containing {} (medicinal product)",
    "Product containing {} (product)",
    "Medicinal product acting as {} (product)",
    "{} (product)",
)


def of(system: str, flag: CodeSet, code: str, display: str | None = None) -> Verdict:
    return flag.verdict([Coding(system, code, display)], None)


@pytest.mark.parametrize(
    ("flag", "member", "not_member"),
    [
        # Lisinopril, amlodipine, metoprolol, losartan, hydrochlorothiazide; atorvastatin, metformin
        (
            code_sets.ANTIHYPERTENSIVE,
            "29046 17767 6918 52175 5487",
            "83367 6809 1191 11289",
        ),
        # Atorvastatin, rosuvastatin, simvastatin; lisinopril, metformin, aspirin
        (code_sets.STATIN, "83367 301542 36567", "29046 6809 1191"),
        # Warfarin; aspirin, lisinopril
        (score_code_sets.VITAMIN_K_ANTAGONIST, "11289", "1191 29046"),
        # Aspirin, clopidogrel; lisinopril
        (score_code_sets.BLEEDING_DRUGS, "1191 32968", "29046 83367"),
        # Metoprolol, carvedilol; lisinopril, amlodipine
        (score_code_sets.BETA_BLOCKER, "6918 20352", "29046 17767"),
        # Lisinopril, losartan; amlodipine, metoprolol
        (score_code_sets.RENIN_ANGIOTENSIN, "29046 52175", "17767 6918"),
    ],
)
def test_ingredients_of_rxnorm(flag: CodeSet, member: str, not_member: str) -> None:
    for code in member.split():
        assert of(RXNORM, flag, code) == "member", code
    for code in not_member.split():
        assert of(RXNORM, flag, code) == "not-member", code


@pytest.mark.parametrize(
    ("flag", "codes"),
    [
        # Timolol and clonidine are also given as eye drops and for pain, furosemide for congestion.
        (code_sets.ANTIHYPERTENSIVE, "10600 2599 4603"),
        # Diclofenac and ibuprofen are also put on the skin.
        (score_code_sets.BLEEDING_DRUGS, "3355 5640"),
        # Lisinopril 10 mg tablets: which substance is in a product, a release tells.
        (code_sets.ANTIHYPERTENSIVE, "314076"),
        (code_sets.STATIN, "314076"),
    ],
)
def test_what_an_rxnorm_code_alone_does_not_tell(flag: CodeSet, codes: str) -> None:
    for code in codes.split():
        assert of(RXNORM, flag, code) == "unconfirmed", code


def test_products_and_classes_of_snomed_ct() -> None:
    antihypertensive, statin = code_sets.ANTIHYPERTENSIVE, code_sets.STATIN
    assert of(SNOMED, antihypertensive, "108537001") == "member"  # amlodipine
    assert of(SNOMED, antihypertensive, "41549009") == "member"  # an ACE inhibitor
    assert of(SNOMED, antihypertensive, "1182007") == "member"  # a hypotensive agent
    assert of(SNOMED, antihypertensive, "30492008") == "unconfirmed"  # a diuretic
    assert of(SNOMED, antihypertensive, "109081006") == "not-member"  # metformin
    assert of(SNOMED, antihypertensive, "386864001") == "unconfirmed"  # listed nowhere
    assert of(SNOMED, statin, "96302009") == "member"
    assert of(SNOMED, statin, "108537001") == "not-member"
    assert of(SNOMED, score_code_sets.RENIN_ANGIOTENSIN, "1182007") == "unconfirmed"


def test_a_name_that_contradicts_the_code_is_unconfirmed() -> None:
    assert of(RXNORM, code_sets.STATIN, "6809", "Atorvastatin 20 MG Oral Tablet") == "unconfirmed"


def test_the_code_of_one_system_says_nothing_in_another() -> None:
    assert atc_of(Coding(RXNORM, "108537001")) is None
    assert atc_of(Coding(SNOMED, "29046")) is None
    assert atc_of(Coding(None, "29046")) is None


def test_a_substance_has_its_name_in_both_systems() -> None:
    assert atc_of_substance("Hydrochlorothiazide") == {"C03AA03"}
    assert atc_of_substance("acetaminophen") == atc_of_substance("Paracetamol") == {"N02BE01"}
    assert atc_of_substance("nothing of this name") is None


def test_every_row_is_one_substance_with_codes_that_can_be() -> None:
    for column in ("substance", "also", "rxcui", "sctid"):
        told = [row[column] for row in ROWS if row[column]]
        assert len(set(told)) == len(told), column
    assert all(row["rxcui"].isdecimal() for row in ROWS if row["rxcui"])
    assert all(is_sctid(row["sctid"]) for row in ROWS if row["sctid"])
    codes = [code for row in ROWS for code in row["atc"].split()]
    assert all(re.fullmatch(r"[A-V][0-9]{2}([A-Z]([A-Z]([0-9]{2})?)?)?", code) for code in codes)
    assert all(row["atc"] for row in ROWS)


@pytest.mark.parametrize("flag", [f for f in (*code_sets.ALL, *score_code_sets.ALL) if f.atc])
def test_a_drug_is_judged_as_its_single_atc_code_is(flag: CodeSet) -> None:
    for row in ROWS:
        if row["rxcui"] and " " not in row["atc"]:
            by_atc = flag.verdict([Coding(ATC, row["atc"])], None)
            assert of(RXNORM, flag, row["rxcui"]) == by_atc, row["substance"]


@pytest.mark.skipif(not GPS.exists(), reason="the shared Global Patient Set is not here")
def test_every_snomed_code_is_of_the_substance_in_the_global_patient_set() -> None:
    names = {row["code"]: row["fsn"] for row in csv.DictReader(GPS.read_text("utf-8").splitlines())}
    for row in ROWS:
        if row["sctid"]:
            wanted = [name.format(row[c]) for name in NAMES for c in ("substance", "also")]
            assert names[row["sctid"]].casefold() in [each.casefold() for each in wanted]
