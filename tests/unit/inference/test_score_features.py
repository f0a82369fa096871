"""What the point scores say, leave open and refuse about patients as records give them."""

from datetime import UTC, datetime, timedelta

import pytest

from cds_hooks.render import detail
from cds_hooks.wording import LANGUAGES, Wording
from inference.features.duration import diagnosed_before
from inference.features.extract import FeatureReader
from inference.features.feature import Absent, Feature
from inference.prediction import Prediction, Withheld
from terminology.codings import LOINC, SNOMED
from terminology.score_items import SCORE_ANSWERS, SCORE_ITEMS
from tests.support.patients import (
    CATALOGUE,
    NOW,
    REGISTRY,
    condition,
    drug,
    observation,
    patient,
    predictor,
    smoking,
    snapshot,
)

AF = "I48.900"


def answered(code: str, *, at: datetime = NOW - timedelta(days=30), system=SCORE_ITEMS, **value):
    return {
        "resourceType": "Observation",
        "id": f"a-{code}-{at:%Y%m%d}",
        "status": "final",
        "code": {"coding": [{"system": system, "code": code}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": at.isoformat(),
    } | value


def coded(system: str, code: str):
    return {"valueCodeableConcept": {"coding": [{"system": system, "code": code}]}}


def ask(model_id: str, **record):
    model = REGISTRY.get(model_id)
    assert model is not None
    found = {"observations": [], "conditions": [], "medications": []} | record
    return predictor().answer(model, snapshot(**found))


def flag(name: str, **record) -> Feature | Absent:
    found = {"observations": [], "conditions": [], "medications": []} | record
    reader = FeatureReader(snapshot(**found), catalogue=CATALOGUE, zone=UTC, region="CN")
    return reader.flag(name)


def why(found: Feature | Absent) -> str:
    assert isinstance(found, Absent), found
    return found.reason.code


def points(answer) -> dict[str, float]:
    assert isinstance(answer, Prediction), answer
    return {c.spec.name: c.amount for c in answer.contributions}


# CHA2DS2-VASc and HAS-BLED


def test_a_woman_of_76_with_atrial_fibrillation_hypertension_and_an_old_stroke():
    answer = ask(
        "cha2ds2-vasc",
        of=patient(gender="female", birthDate="1950-03-12"),
        conditions=[condition(AF), condition("I10.x00"), condition("I69.300")],
    )
    assert points(answer) == {"thromboembolism": 2, "age": 2, "hypertension": 1, "male": 1}
    assert [e.value for e in answer.estimates] == [6, 5]
    assert answer.primary.possible is None
    assert [s.id for s in answer.placements[0].steps] == ["two-or-more"]


@pytest.mark.parametrize("model_id", ["cha2ds2-vasc", "has-bled"])
def test_without_atrial_fibrillation_there_is_no_score(model_id):
    answer = ask(model_id, conditions=[condition("I10.x00")])
    assert isinstance(answer, Withheld)
    assert answer.kind == "not-applicable"
    assert answer.excluded_by == ("no_atrial_fibrillation",)


@pytest.mark.parametrize("model_id", ["cha2ds2-vasc", "has-bled"])
def test_atrial_fibrillation_that_may_be_missing_from_the_list_withholds(model_id):
    answer = ask(model_id, conditions=[], conditions_complete=False)
    assert isinstance(answer, Withheld)
    assert answer.kind == "missing"
    assert [r.code for r in answer.reasons] == ["state-not-known"]


def test_a_mechanical_valve_is_not_scored():
    answer = ask("cha2ds2-vasc", conditions=[condition(AF), condition("Z95.200")])
    assert answer.excluded_by == ("valvular_af",)


def test_an_incomplete_problem_list_gives_the_span_of_all_that_may_be_missing():
    answer = ask("cha2ds2-vasc", conditions=[condition(AF)], conditions_complete=False)
    assert answer.primary.value == 0  # a man of 58
    assert answer.primary.possible == (0, 6)
    assert answer.confidence.level == "low"
    assert len(answer.placements[0].steps) == 3


def test_coronary_disease_without_an_infarction_leaves_the_vascular_item_open():
    answer = ask("cha2ds2-vasc", conditions=[condition(AF), condition("I25.103")])
    assert answer.primary.possible == (0, 1)
    answer = ask("cha2ds2-vasc", conditions=[condition(AF), condition("I25.200")])
    assert points(answer) == {"vascular_disease": 1}


def test_a_beta_blocker_alone_is_no_hypertension_and_no_absence_of_it():
    answer = ask("cha2ds2-vasc", conditions=[condition(AF)], medications=[drug("C07AB02")])
    assert answer.primary.possible == (0, 1)
    assert [missing.reason.code for _, missing in answer.absent] == ["unconfirmed"]


def test_an_intracranial_haemorrhage_counts_for_bleeding_and_leaves_ischaemia_open():
    problems = [condition(AF), condition("I61.900")]
    assert flag("any_stroke", conditions=problems).value == 1
    assert flag("bleeding_history", conditions=problems).value == 1
    assert why(flag("thromboembolism", conditions=problems)) == "unconfirmed"


def test_a_pulmonary_embolism_is_no_systemic_one():
    assert flag("thromboembolism", conditions=[condition("I26.900")]).value == 0


def bleeding_record(**changes):
    return {
        "conditions": [condition(AF), condition("K74.600"), condition("D50.900")],
        "observations": [
            observation("sbp", "8480-6", "172", "mm[Hg]"),
            observation("crea", "14682-9", "210", "umol/L"),
            answered("alcohol-excess", valueBoolean=True),
        ],
        "medications": [drug("B01AC06")],
    } | changes


def test_every_item_of_has_bled_is_read():
    answer = ask("has-bled", **bleeding_record())
    assert points(answer) == dict.fromkeys(
        ("systolic_pressure", "creatinine", "chronic_liver_disease", "bleeding_history",
         "bleeding_drugs", "alcohol_excess"), 1,
    )  # fmt: skip
    assert answer.primary.possible is None  # no warfarin: no INR that could be labile
    assert [c.value for c in answer.counterfactuals] == [5, 5, 5]


def test_under_warfarin_an_unanswered_inr_leaves_a_point_open():
    drugs = [drug("B01AA03")]
    assert why(flag("labile_inr", medications=drugs)) == "item-not-answered"
    stable = [answered("labile-inr", valueBoolean=False)]
    assert flag("labile_inr", medications=drugs, observations=stable).value == 0
    labile = [answered("labile-inr", **coded(SNOMED, "373066001"))]
    assert flag("labile_inr", medications=drugs, observations=labile).value == 1


def test_drinking_is_confirmed_by_a_diagnosis_and_never_denied_by_its_lack():
    assert flag("alcohol_excess", conditions=[condition("F10.200")]).value == 1
    assert why(flag("alcohol_excess")) == "item-not-answered"
    assert why(flag("alcohol_excess", conditions=[condition("K70.900")])) == "unconfirmed"


def test_an_old_pressure_is_not_the_pressure_of_now():
    old = observation("sbp", "8480-6", "172", "mm[Hg]", at=NOW - timedelta(days=120))
    answer = ask("has-bled", **bleeding_record(observations=[old]))
    assert isinstance(answer, Withheld)
    assert [(s.name, a.reason.code) for s, a in answer.absent] == [
        ("systolic_pressure", "value-too-old")
    ]


def test_without_a_creatinine_the_renal_item_is_open():
    pressure = observation("sbp", "8480-6", "120", "mm[Hg]")
    answer = ask("has-bled", conditions=[condition(AF)], observations=[pressure])
    assert answer.primary.possible == (0, 2)  # and alcohol


# FINDRISC


def findrisc_record(**changes):
    return {
        "of": patient(gender="female", birthDate="1976-03-12"),  # 50
        "observations": [
            observation("bmi", "39156-5", "27.4", "kg/m2"),
            observation("waist", "8280-0", "86", "cm"),
            answered("physically-active", valueBoolean=False),
            answered("daily-vegetables", valueBoolean=True),
            answered("high-glucose-history", valueBoolean=False),
            answered("family-diabetes", **coded(SCORE_ANSWERS, "first-degree-relative")),
        ],
    } | changes


def test_a_woman_whose_mother_had_diabetes():
    answer = ask("findrisc", **findrisc_record())
    assert points(answer) == {
        "family_diabetes": 5, "waist": 3, "age": 2, "physically_active": 2, "bmi": 1,
    }  # fmt: skip
    assert answer.primary.value == 13
    assert [s.id for s in answer.placements[0].steps] == ["moderate"]


def test_questions_that_nobody_asked_give_a_span():
    record = findrisc_record()
    record["observations"] = record["observations"][:2]
    answer = ask("findrisc", **record)
    assert answer.primary.value == 6
    assert answer.primary.possible == (6, 6 + 2 + 1 + 5 + 5)
    assert {m.reason.code for _, m in answer.absent} == {"item-not-answered"}


def test_a_family_history_code_tells_no_degree():
    found = flag("family_diabetes", conditions=[condition("Z83.300")])
    assert why(found) == "degree-not-known"


@pytest.mark.parametrize("number", [1, 2])
def test_a_bare_number_is_no_degree_of_a_relative(number):
    found = flag("family_diabetes", observations=[answered("family-diabetes", valueInteger=number)])
    assert why(found) == "item-not-readable"


def test_gestational_diabetes_is_a_raised_glucose_found_before():
    assert flag("high_glucose_history", conditions=[condition("O24.400")]).value == 1
    assert why(flag("high_glucose_history")) == "item-not-answered"


def test_a_patient_with_diabetes_gets_no_findrisc():
    answer = ask("findrisc", **findrisc_record(conditions=[condition("E11.900")]))
    assert answer.excluded_by == ("diabetes",)


# BODE


def bode_results():
    return [
        observation("bmi", "39156-5", "20.5", "kg/m2"),
        observation("fev1", "20152-5", "42", "%"),
        observation("walk", "64098-7", "310", "m"),
        answered("mmrc-dyspnoea", **coded(SCORE_ANSWERS, "mmrc-3")),
    ]


def test_a_patient_with_copd():
    answer = ask("bode", conditions=[condition("J44.900")], observations=bode_results())
    assert answer.primary.value == 1 + 2 + 1 + 2
    assert [s.id for s in answer.placements[0].steps] == ["3"]


@pytest.mark.parametrize("left_out", range(4))
def test_each_measurement_of_bode_is_required(left_out):
    results = bode_results()
    del results[left_out]
    answer = ask("bode", conditions=[condition("J44.900")], observations=results)
    assert isinstance(answer, Withheld)
    names = ["bmi", "fev1_percent", "six_minute_walk", "mmrc_dyspnoea"]
    assert [spec.name for spec, _ in answer.absent] == [names[left_out]]


def test_emphysema_alone_does_not_say_that_the_airways_are_obstructed():
    answer = ask("bode", conditions=[condition("J43.900")], observations=bode_results())
    assert isinstance(answer, Withheld)
    assert answer.kind == "missing"


@pytest.mark.parametrize(
    ("value", "grade"), [({"valueInteger": 0}, 0), ({"valueInteger": 4}, 4),
                         ({"valueInteger": 5}, None), ({"valueString": "3"}, None),
                         ({"valueBoolean": True}, None)],
)  # fmt: skip
def test_grades_of_the_modified_scale(value, grade):
    found = flag("mmrc_dyspnoea", observations=[answered("mmrc-dyspnoea", **value)])
    assert (found.value if isinstance(found, Feature) else None) == grade


# MAGGIC


def maggic_record(**changes):
    onset = {"onsetDateTime": "2024-01-15"}
    return {
        "conditions": [condition("I50.900", **onset), condition("E11.900")],
        "medications": [drug("C07AB07"), drug("C09DX04")],
        "observations": [
            observation("ef", "10230-1", "32", "%"),
            observation("sbp", "8480-6", "118", "mm[Hg]"),
            observation("bmi", "39156-5", "27", "kg/m2"),
            observation("crea", "14682-9", "120", "umol/L"),
            answered("88020-3", system=LOINC, **coded(LOINC, "LA28406-9")),
            smoking(),
        ],
    } | changes


def test_a_man_with_heart_failure_for_two_years():
    answer = ask("maggic", of=patient(birthDate="1954-03-12"), **maggic_record())
    assert answer.primary.value == 3 + 8 + 2 + 2 + 2 + 6 + 1 + 3 + 2
    assert [e.value for e in answer.estimates[1:]] == [0.227, 0.490]
    assert [e.outcome.horizon_years for e in answer.estimates] == [None, 1, 3]


def test_heart_failure_without_a_date_spans_the_two_points():
    problems = [condition("I50.900"), condition("E11.900")]
    answer = ask("maggic", **maggic_record(conditions=problems))
    low, high = answer.primary.possible
    assert high - low == 2


def test_drugs_that_are_not_known_span_their_points():
    answer = ask("maggic", **maggic_record(medications=[], medications_complete=False))
    low, high = answer.primary.possible
    assert answer.primary.value == low
    assert high - low == 4
    assert ask("maggic", **maggic_record(medications=[])).primary.value == high


@pytest.mark.parametrize("name", ["ef", "sbp", "bmi", "crea", "a-88020-3"])
def test_what_maggic_cannot_do_without(name):
    record = maggic_record()
    record["observations"] = [o for o in record["observations"] if not o["id"].startswith(name)]
    answer = ask("maggic", **record)
    assert isinstance(answer, Withheld)
    assert len(answer.absent) == 1


def test_without_heart_failure_there_is_no_maggic():
    answer = ask("maggic", **maggic_record(conditions=[condition("E11.900")]))
    assert answer.excluded_by == ("no_heart_failure",)


@pytest.mark.parametrize(
    ("dates", "wanted"),
    [
        ({"onsetDateTime": "2025-05-22"}, 1),  # 18 months before 2026-11-23 is 2025-05-23
        ({"onsetDateTime": "2025-05-23"}, 0),
        ({"onsetDateTime": "2025-05"}, None),
        ({"onsetDateTime": "2025"}, None),
        ({"onsetDateTime": "2024"}, 1),
        ({"onsetDateTime": "2026-02"}, 0),
        ({"onsetPeriod": {"start": "2020-01-01"}}, 1),
        ({"recordedDate": "2023-01-01"}, 1),  # known by then
        ({"recordedDate": "2026-11-01"}, None),  # when it was written, not when it began
        ({"onsetDateTime": "2031-01-01"}, None),
        ({"onsetDateTime": "long ago"}, None),
        ({}, None),
    ],
)
def test_how_long_heart_failure_has_been_known(dates, wanted):
    found = flag("heart_failure_18_months", conditions=[condition("I50.900", **dates)])
    assert (found.value if isinstance(found, Feature) else None) == wanted


def test_one_undated_entry_may_be_the_first_diagnosis():
    problems = [condition("I50.900", onsetDateTime="2026-08"), condition("I50.100")]
    assert why(flag("heart_failure_18_months", conditions=problems)) == "onset-not-known"


def test_a_duration_of_nothing_known():
    found = diagnosed_before(
        "x", Absent("x", flag("alcohol_excess").reason), months=18, snapshot=snapshot(), zone=UTC
    )
    assert why(found) == "item-not-answered"


# Answers


@pytest.mark.parametrize(
    ("system", "code", "value"),
    [
        (LOINC, "LA28404-4", 1), (LOINC, "LA28407-7", 4), (SNOMED, "421704003", 2),
        (SNOMED, "422293003", 4), (SCORE_ANSWERS, "nyha-3", 3),
    ],
)  # fmt: skip
def test_the_nyha_class_in_each_code_system(system, code, value):
    question = answered("88020-3", system=LOINC, **coded(system, code))
    assert flag("nyha_class", observations=[question]).value == value


def test_the_newest_answer_counts_and_an_old_one_is_none():
    newer = answered("nyha-class", valueInteger=3)
    older = answered("nyha-class", valueInteger=1, at=NOW - timedelta(days=90))
    assert flag("nyha_class", observations=[older, newer]).value == 3
    stale = answered("nyha-class", valueInteger=2, at=NOW - timedelta(days=200))
    assert why(flag("nyha_class", observations=[stale])) == "value-too-old"


def test_a_withdrawn_answer_is_none_and_two_of_one_moment_are_not_chosen_between():
    first = answered("nyha-class", valueInteger=3)
    withdrawn = first | {"id": "w", "status": "entered-in-error"}
    assert why(flag("nyha_class", observations=[first, withdrawn])) == "item-not-answered"
    rival = first | {"id": "r", "valueInteger": 2}
    assert why(flag("nyha_class", observations=[first, rival])) == "values-conflict"
    same = first | {"id": "s"}
    assert flag("nyha_class", observations=[first, same]).value == 3


def test_a_questionnaire_s_answers_as_components():
    form = answered("findrisc-form", system="urn:id:DEMOHOSP:FORM")
    form["component"] = [
        {"code": {"coding": [{"system": SCORE_ITEMS, "code": "physically-active"}]},
         "valueBoolean": True},
        {"code": {"coding": [{"system": SCORE_ITEMS, "code": "daily-vegetables"}]},
         "valueCodeableConcept": {"text": "不详"}},
    ]  # fmt: skip
    assert flag("physically_active", observations=[form]).value == 1
    assert why(flag("daily_vegetables", observations=[form])) == "item-not-readable"


# The words


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_and_figure_of_a_score_has_words(language):
    answers = [
        ask("has-bled", **bleeding_record()),
        ask("cha2ds2-vasc", conditions=[condition(AF), condition("I25.103")]),
        ask("findrisc", **findrisc_record(observations=findrisc_record()["observations"][:2],
                                          conditions=[condition("Z83.300")])),
        ask("bode", conditions=[condition("J44.900")], observations=bode_results()),
        ask("maggic", **maggic_record(conditions=[condition("I50.900")])),
    ]  # fmt: skip
    for answer in answers:
        wording = Wording(language, [answer.model])
        text = detail.body(answer, wording)
        assert "{" not in text
        for _, missing in answer.absent:
            assert wording.reason(missing.reason) in text
