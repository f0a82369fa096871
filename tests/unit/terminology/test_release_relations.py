"""Codes judged by what a loaded release of RxNorm or SNOMED CT says of them."""

from collections.abc import Sequence
from datetime import UTC
from pathlib import Path

import pytest

from inference.features.extract import FeatureReader, listed_only
from terminology import code_sets, score_code_sets
from terminology.code_set import CodeSet, Verdict
from terminology.codings import RXNORM, SNOMED, Coding
from terminology.loaders import rxnorm
from terminology.release_relations import LoadedRelations, ReleaseRelations
from terminology.releases.release import Release
from terminology.releases.shelf import Shelf
from tests.support.patients import CATALOGUE, condition, relative, snapshot
from tests.support.releases import written
from tests.support.rxnorm import rxnorm_release
from tests.unit.terminology.loaders.deliveries import loaded

FSN = {"system": SNOMED, "code": "900000000000003001"}
SYNONYM = {"system": SNOMED, "code": "900000000000013009"}


@pytest.fixture(scope="module")
def drugs(tmp_path_factory: pytest.TempPathFactory) -> Release:
    archive = rxnorm_release(tmp_path_factory.mktemp("rxnorm"))
    release, report = loaded(rxnorm.load, rxnorm.FILTERABLE, archive)
    assert report.left_out["RXNCONSO.RRF", "of another source"] == 2
    return release


def of_drug(release: Release, flag: CodeSet, code: str) -> Verdict:
    return flag.verdict([Coding(RXNORM, code)], None, ReleaseRelations(None, release))


@pytest.mark.parametrize(
    ("code", "antihypertensive", "statin"),
    [
        ("900011", "member", "not-member"),  # a tablet
        ("900012", "member", "not-member"),  # its brand
        ("900013", "member", "not-member"),  # the brand's name
        ("900003", "member", "not-member"),  # a salt
        ("900022", "member", "member"),  # two drugs in one tablet
        ("900023", "member", "member"),
        ("900050", "member", "member"),  # a pack
        ("900030", "member", "not-member"),  # known by ATC, as the release itself has it
        ("900031", "unconfirmed", "unconfirmed"),  # no ATC code is known
        ("900032", "unconfirmed", "member"),  # of one substance of two
        ("900033", "member", "unconfirmed"),  # half of it is not known
        ("900040", "unconfirmed", "unconfirmed"),
        ("900060", "unconfirmed", "unconfirmed"),  # a circle
        ("123", "unconfirmed", "unconfirmed"),  # no code of this release
    ],
)
def test_a_drug_is_what_its_ingredients_are(
    drugs: Release, code: str, antihypertensive: Verdict, statin: Verdict
) -> None:
    assert of_drug(drugs, code_sets.ANTIHYPERTENSIVE, code) == antihypertensive
    assert of_drug(drugs, code_sets.STATIN, code) == statin


def test_an_ingredient_of_the_products_own_table_goes_before_the_release(drugs: Release) -> None:
    assert of_drug(drugs, code_sets.ANTIHYPERTENSIVE, "6918") == "member"
    assert of_drug(drugs, score_code_sets.BLEEDING_DRUGS, "1191") == "member"


def concept(code: str, name: str, *parents: str) -> dict:
    texts = [{"use": FSN, "value": name}, {"use": SYNONYM, "value": name.rpartition(" (")[0]}]
    above = [{"code": "parent", "valueCode": each} for each in parents]
    return {"code": code, "display": name, "designation": texts, "property": above}


# The listed codes are SNOMED CT's own; the long ones are made up.
DIABETES, GESTATIONAL, INJURY, STROKE = "73211009", "11687002", "417746004", "230690007"
CONCEPTS = (
    concept("138875005", "SNOMED CT Concept (SNOMED RT+CTV3)"),
    concept("404684003", "Clinical finding (finding)", "138875005"),
    concept(DIABETES, "Diabetes mellitus (disorder)", "404684003"),
    concept("9000000001", "A rare diabetes (disorder)", DIABETES),
    concept(GESTATIONAL, "Gestational diabetes mellitus (disorder)", DIABETES),
    concept("9000000002", "Gestational diabetes on diet (disorder)", GESTATIONAL),
    concept("9000000003", "A broken toe (disorder)", "404684003"),
    concept(STROKE, "Cerebrovascular accident (disorder)", "404684003"),
    concept(INJURY, "Traumatic injury (disorder)", "404684003"),
    concept("9000000004", "Stroke by a blow (disorder)", STROKE, INJURY),
    concept("9000000005", "A rare stroke (disorder)", STROKE),
    concept("763158003", "Medicinal product (product)", "138875005"),
    concept("41549009", "Product containing ACE inhibitor (product)", "763158003"),
    concept("9000000010", "Product containing enalapril (medicinal product)", "41549009"),
    concept("9000000011", "Product containing simvastatin (medicinal product)", "763158003"),
    concept(
        "9000000012",
        "Product containing enalapril and simvastatin (medicinal product)",
        "9000000010",
        "9000000011",
    ),
    concept("9000000013", "Enalapril 5 mg oral tablet (clinical drug)", "9000000010"),
    concept("9000000014", "Product containing unheardofin (medicinal product)", "763158003"),
    concept("9000000015", "Unheardofin 5 mg tablet (clinical drug)", "9000000014"),
    concept("9000000016", "Product in a box (product)", "763158003"),
)


@pytest.fixture(scope="module")
def snomed(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return edition(tmp_path_factory.mktemp("snomed"), CONCEPTS)


def edition(folder: Path, concepts: Sequence[dict], version: str = "20990101") -> Release:
    resource = {
        "resourceType": "CodeSystem",
        "url": SNOMED,
        "version": f"http://snomed.info/sct/900000000000207008/version/{version}",
        "content": "complete",
        "status": "active",
        "concept": list(concepts),
    }
    return written(folder, resource)


def of_sctid(release: Release, flag: CodeSet, code: str, text: str | None = None) -> Verdict:
    return flag.verdict([Coding(SNOMED, code)], text, ReleaseRelations(release, None))


def test_a_diagnosis_is_what_it_stands_below(snomed: Release) -> None:
    flag = code_sets.DIABETES
    assert of_sctid(snomed, flag, "9000000001") == "member"
    assert of_sctid(snomed, flag, GESTATIONAL) == "not-member"
    # What is nearest decides, not that gestational diabetes is a diabetes too.
    assert of_sctid(snomed, flag, "9000000002") == "not-member"
    assert of_sctid(snomed, flag, "9000000003") == "not-member"
    assert of_sctid(snomed, flag, "9000000003", "糖尿病足") == "unconfirmed"
    assert of_sctid(snomed, flag, "9999999999") == "unconfirmed"


def test_a_diagnosis_below_a_member_and_a_non_member_is_unconfirmed(snomed: Release) -> None:
    assert of_sctid(snomed, code_sets.PRIOR_CVD, "9000000004") == "unconfirmed"
    assert of_sctid(snomed, code_sets.PRIOR_CVD, STROKE) == "member"


@pytest.mark.parametrize(
    ("code", "antihypertensive", "statin"),
    [
        ("9000000013", "member", "not-member"),
        ("9000000012", "member", "member"),
        ("9000000015", "unconfirmed", "unconfirmed"),
        ("9000000016", "unconfirmed", "unconfirmed"),
        ("41549009", "member", "not-member"),
        ("9999999999", "unconfirmed", "unconfirmed"),
    ],
)
def test_a_product_is_what_the_products_above_it_contain(
    snomed: Release, code: str, antihypertensive: Verdict, statin: Verdict
) -> None:
    assert of_sctid(snomed, code_sets.ANTIHYPERTENSIVE, code) == antihypertensive
    assert of_sctid(snomed, code_sets.STATIN, code) == statin


def test_a_product_of_two_substances_is_neither_of_a_third(snomed: Release) -> None:
    assert of_sctid(snomed, score_code_sets.BETA_BLOCKER, "9000000012") == "not-member"


def test_problem_list_and_family_history_are_read_by_the_hierarchy(snomed: Release) -> None:
    """A diagnosis that is listed only through what it stands below, one's own and a father's."""
    relations = ReleaseRelations(snomed, None)
    stroke = {"code": {"coding": [{"system": SNOMED, "code": "9000000005"}]}}
    patient = snapshot(
        conditions=[condition("9000000005", system=SNOMED)],
        family=[relative("FTH", condition=[stroke])],
    )
    for known, found in ((lambda: relations, 1.0), (listed_only, None)):
        reader = FeatureReader(patient, catalogue=CATALOGUE, zone=UTC, region="CN", relations=known)
        for flag in ("prior_cvd", "family_cvd"):
            assert getattr(reader.flag(flag), "value", None) == found, flag


def test_a_release_is_asked_as_soon_as_it_is_on_the_shelf(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("terminology.releases.shelf._SECONDS", 0.0)
    relations = LoadedRelations(Shelf(tmp_path))
    rare = [Coding(SNOMED, "9000000001", "A rare diabetes")]
    assert code_sets.DIABETES.verdict(rare, None, relations()) == "unconfirmed"
    edition(tmp_path, CONCEPTS)
    assert code_sets.DIABETES.verdict(rare, None, relations()) == "member"
    assert relations() is relations()
    without = [each for each in CONCEPTS if each["code"] != "9000000001"]
    edition(tmp_path, without, version="20990201")
    assert code_sets.DIABETES.verdict(rare, None, relations()) == "unconfirmed"
