"""Which items the rules accept, and each reason for which they do not."""

from dataclasses import replace

import pytest

from terminology.local_mapping.auto_accept import RULES
from terminology.local_mapping.loinc_names import parse
from terminology.local_mapping.measured import Measurement, load_measurement, vocabulary_digest
from terminology.local_mapping.samples import judge
from terminology.local_mapping.suggest import suggest
from tests.unit.terminology.local_mapping.items import accepted, item, ranker, suggested


@pytest.mark.parametrize(
    ("name", "unit", "specimen", "code"),
    [
        ("肌酐", "umol/L", "血清", "14682-9"),
        ("肌酐", "mg/dL", "血清", "2160-0"),
        ("肌酐", "mmol/L", "尿", "14683-7"),
        ("尿肌酐", "mmol/L", "", "14683-7"),
        ("Creatinine, Urine", "mg/dL", "Urine", "2161-8"),
        ("糖化血红蛋白", "%", "全血", "4548-4"),
        ("糖化血红蛋白(IFCC)", "mmol/mol", "全血", "59261-8"),
        ("超敏C反应蛋白", "mg/L", "血清", "30522-7"),
        ("C反应蛋白", "mg/L", "血清", "1988-5"),
        ("24小时尿蛋白", "g/24h", "24小时尿", "2889-4"),
        ("空腹血糖", "mmol/L", "血清", "14771-0"),
        ("血红蛋白A1c", "%", "全血", "4548-4"),
        ("尿蛋白", "mg/L", "尿", "2888-6"),
    ],
)
def test_everything_agrees(name: str, unit: str, specimen: str, code: str) -> None:
    assert accepted(name, unit, specimen) == code


@pytest.mark.parametrize(
    ("name", "unit", "specimen", "doubt"),
    [
        ("某某", "umol/L", "血清", "name-unknown"),
        ("某某肌酐", "umol/L", "血清", "name-unexplained"),
        ("血清蛋白", "g/L", "血清", "name-unexplained"),
        ("红细胞血红蛋白浓度", "g/L", "全血", "name-ambiguous"),
        ("抗甲状腺球蛋白", "ng/mL", "血清", "unit-unusual"),
        ("尿素(BUN)", "mmol/L", "血清", "name-ambiguous"),
        ("肌酐/尿素", "mmol/L", "血清", "name-ambiguous"),
        ("白细胞计数", "10^9/L", "全血", "not-for-rules"),
        ("葡萄糖(定性)", "mmol/L", "尿", "qualitative"),
        ("肌酐", "", "血清", "unit-missing"),
        ("肌酐", "单位", "血清", "unit-unknown"),
        ("肌酐", "U/L", "血清", "unit-unusual"),
        ("甘油三酯", "ng/mL", "血清", "unit-unusual"),
        ("肌酐比值", "umol/L", "血清", "name-against-unit"),
        ("肌酐", "umol/L", "", "specimen-missing"),
        ("肌酐", "umol/L", "黄管", "specimen-missing"),
        ("尿肌酐", "umol/L", "血清", "specimen-contradictory"),
        ("肌酐", "umol/L", "血", "specimen-vague"),
        ("肌酐", "umol/L", "静脉血", "specimen-vague"),
        ("肌酐", "umol/L", "脑脊液", "no-candidate"),
        ("24小时尿肌酐", "mmol/L", "24小时尿", "no-candidate"),
    ],
)
def test_a_doubt(name: str, unit: str, specimen: str, doubt: str) -> None:
    assert accepted(name, unit, specimen) == doubt


def test_blood_in_chemistry_is_serum_unless_there_is_a_whole_blood_assay() -> None:
    assert accepted("谷丙转氨酶", "U/L", "静脉血", section="生化") == "1742-6"
    assert accepted("葡萄糖", "mmol/L", "静脉血", section="生化") == "specimen-vague"
    assert accepted("糖化血红蛋白", "%", "静脉血", section="生化") == "specimen-vague"


def test_results_that_no_body_has_are_a_doubt() -> None:
    assert accepted("肌酐", "umol/L", "血清", "68", "91") == "14682-9"
    # mmol/L of urine printed as umol/L of serum
    assert accepted("肌酐", "umol/L", "血清", "8800", "9100") == "samples-implausible"
    assert accepted("肌酐", "umol/L", "血清", "阴性", "阳性") == "samples-words"


@pytest.mark.parametrize(
    ("samples", "code", "unit", "verdict"),
    [
        ((), "718-7", "g/L", "none"),
        (("135",), "718-7", "g/L", "typical"),
        (("135",), "718-7", "g/dL", "implausible"),
        (("<0.5", ">20 ↑"), "1988-5", "mg/L", "typical"),
        (("阴性",), "718-7", "g/L", "words"),
        (("1.0",), "10535-3", "ng/mL", "unchecked"),
        (("1.0",), "718-7", "furlong", "unchecked"),
    ],
)
def test_samples(samples, code: str, unit: str, verdict: str) -> None:
    assert judge(samples, code=code, unit=unit) == verdict


def test_two_codes_that_agree_leave_the_choice_to_a_person() -> None:
    from terminology.local_mapping.ranking import Ranker, load_weights

    (serum,) = [each for each in ranker().pool if each.code == "14682-9"]
    twin = replace(serum, code="14683-7x")
    found = suggest(
        item("肌酐", "umol/L", "血清"), Ranker([serum, twin], weights=load_weights().weights)
    )
    assert found.doubt == "several-candidates"


def test_urine_of_unspecified_time_is_a_second_candidate() -> None:
    from terminology.local_mapping.ranking import Ranker, load_weights

    (spot,) = [each for each in ranker().pool if each.code == "14683-7"]
    unspecified = replace(spot, code="35674-1", time="XXX")
    weights = load_weights().weights
    both = Ranker([spot, unspecified], weights=weights)
    assert suggest(item("肌酐", "mmol/L", "尿"), both).doubt == "several-candidates"
    alone = Ranker([unspecified], weights=weights)
    assert suggest(item("肌酐", "mmol/L", "尿"), alone).doubt == "no-candidate"


def test_what_is_not_the_first_candidate_is_not_accepted() -> None:
    from terminology.local_mapping.ranking import Ranker

    (right,) = [each for each in ranker().pool if each.code == "14682-9"]
    other = parse("1-8", "Creatinine [Moles/volume] in Serum or Plasma --post dialysis")
    usual = Ranker([right, other], weights={"text": 1.0})
    assert suggest(item("肌酐", "umol/L", "血清"), usual).accepted == right
    # A weight that turns the order round.
    odd = Ranker([right, other], weights={"text": -1.0})
    assert suggest(item("肌酐", "umol/L", "血清"), odd).doubt == "not-first"


def test_without_rules_nothing_is_accepted() -> None:
    found = suggest(item("肌酐", "umol/L", "血清"), ranker(), rules=False)
    assert (found.accepted, found.doubt) == (None, "rules-off")
    assert found.suggestions[0].candidate.code == "14682-9"


def test_reasons_are_data() -> None:
    found = suggested("肌酐", "umol/L", "血清", "68")
    assert [each.code for each in found.suggestions[0].reasons] == [
        "name-same",
        "unit-agrees",
        "specimen-same",
        "samples-typical",
    ]
    assert found.suggestions[0].share > 0.9


def measurement(**told: object) -> Measurement:
    stored = load_measurement()
    fields = {name: getattr(stored, name) for name in stored.__struct_fields__}
    return Measurement(**{**fields, **told})  # type: ignore[arg-type]


def test_the_stored_measurement_is_of_these_rules_and_words() -> None:
    # After a change of rules or words: python -m scripts.fit_local_mapping FOLDER
    stored = load_measurement()
    assert (stored.rules, stored.vocabulary) == (RULES, vocabulary_digest())
    assert stored.accepted >= 30
    assert stored.allows()


@pytest.mark.parametrize(
    ("told", "allowed"),
    [
        ({"accepted": 200, "wrong": 1}, True),
        ({"accepted": 199, "wrong": 1}, False),
        ({"accepted": 49, "wrong": 1}, False),
        ({"accepted": 0, "wrong": 0}, False),
        ({"rules": "0"}, False),
        ({"vocabulary": "other"}, False),
    ],
)
def test_rules_are_used_only_where_they_were_measured_to_be_precise(told, allowed: bool) -> None:
    assert measurement(**told).allows() is allowed


@pytest.mark.parametrize(
    ("accepted", "wrong", "bound"),
    # Clopper-Pearson, one side: 0.05 ** (1 / n) where none is wrong.
    [(42, 0, 0.9312), (598, 0, 0.9950), (49, 1, 0.9068), (0, 0, 0.0)],
)
def test_the_lower_bound_of_the_precision(accepted: int, wrong: int, bound: float) -> None:
    assert measurement(accepted=accepted, wrong=wrong).lower_bound() == pytest.approx(
        bound, abs=2e-4
    )
