"""KFRE, PCE 2013, Framingham 2008 and FIB-4 asked for patients as records give them."""

from datetime import timedelta
from uuid import UUID

import pytest

from cds_hooks.record import RecordContext, risk_assessment
from cds_hooks.render import detail
from cds_hooks.wording import Wording
from inference.features.race import ETHNICITY_EXTENSION, RACE_EXTENSION
from inference.prediction import Prediction, Withheld
from tests.support import oracles_risk_equations as oracles
from tests.support.patients import (
    NOW,
    REGISTRY,
    condition,
    observation,
    patient,
    predictor,
    smoking,
    snapshot,
    without,
)

WHITE, BLACK, ASIAN, OTHER = "2106-3", "2054-5", "2028-9", "2131-1"
HISPANIC, NOT_HISPANIC = "2135-2", "2186-5"
CDC = "urn:oid:2.16.840.1.113883.6.238"
NULL_FLAVOR = "http://terminology.hl7.org/CodeSystem/v3-NullFlavor"
MODELS = [model.definition for model in REGISTRY]


def ask(model_id, *, region="CN", **record):
    model = REGISTRY.get(model_id)
    assert model is not None
    return predictor(region=region).answer(model, snapshot(**record))


def kidney_results(egfr="32", acr="80"):
    return [
        observation("egfr", "98979-8", egfr, "mL/min/{1.73_m2}"),
        observation("acr", "30000-4", acr, "mg/mmol"),
        observation("alb", "1751-7", "36", "g/L"),
        observation("phos", "14879-1", "1.42", "mmol/L"),
        observation("hco3", "1963-8", "21", "mmol/L"),
        observation("ca", "2000-8", "2.25", "mmol/L"),
    ]


def heart_results():
    return [
        observation("tc", "14647-2", "5.80", "mmol/L"),
        observation("hdl", "14646-4", "1.05", "mmol/L"),
        observation("sbp", "8480-6", "152", "mm[Hg]"),
        smoking(),
    ]


def liver_results(ast="61", alt="48", platelets="160"):
    return [
        observation("ast", "1920-8", ast, "U/L"),
        observation("alt", "1742-6", alt, "U/L"),
        observation("plt", "777-3", platelets, "10*9/L"),
    ]


def kidney(model_id="kfre-4", *, region="CN", conditions=None, results=None, **changes):
    found = kidney_results() if results is None else results
    return ask(model_id, region=region, of=patient(**changes), observations=found,
               conditions=[condition("N18.900")] if conditions is None else conditions)  # fmt: skip


def heart(model_id, *, region="US", **changes):
    return ask(model_id, region=region, of=patient(**changes), observations=heart_results(),
               conditions=[condition("E11.900")])  # fmt: skip


def us_core(url, *codes, system=CDC):
    stated = [{"url": "ombCategory", "valueCoding": {"system": system, "code": c}} for c in codes]
    return {"url": url, "extension": [*stated, {"url": "text", "valueString": "as stated"}]}


def race(*codes, ethnicity=None, system=CDC):
    found = [us_core(RACE_EXTENSION, *codes, system=system)]
    return found + ([us_core(ETHNICITY_EXTENSION, ethnicity)] if ethnicity else [])


def born(years: int) -> str:
    return NOW.replace(year=NOW.year - years).date().isoformat()


def reasons(answer) -> set[str]:
    if isinstance(answer, Withheld):
        found = [*answer.reasons, *(absent.reason for _, absent in answer.absent)]
    else:
        found = list(answer.confidence.reasons)
    return {reason.code for reason in found}


def missing(answer: Withheld) -> set[str]:
    return {spec.name for spec, _ in answer.absent}


@pytest.mark.parametrize(("model_id", "variables"), [("kfre-4", 4), ("kfre-8", 8)])
@pytest.mark.parametrize(
    ("region", "north_america"), [("CN", 0), ("US", 1), ("CA", 1), ("MX", 0), ("DE", 0)]
)
def test_the_country_of_the_deployment_decides_the_baseline_risk(
    model_id, variables, region, north_america
):
    answer = kidney(model_id, region=region)
    assert isinstance(answer, Prediction)
    values = {
        "male": 1, "age": 58, "egfr": 32, "acr": 80 * 8.84017, "north_america": north_america,
        "albumin": 3.6, "phosphate": 1.42 * 3.0974, "bicarbonate": 21, "calcium": 2.25 * 4.0078,
    }  # fmt: skip
    expected = [oracles.kfre(values, variables=variables, years=years) for years in (5, 2)]
    assert [e.value for e in answer.estimates] == pytest.approx(expected, rel=1e-4)
    assert "north_america" not in {share.spec.name for share in answer.contributions}


def test_an_address_abroad_does_not_move_the_baseline_risk():
    here, abroad = kidney(), kidney(address=[{"country": "US", "state": "NY"}])
    assert here.primary.value == abroad.primary.value


@pytest.mark.parametrize(
    ("egfr", "told"), [("5", True), ("4.9", False), ("59.99", True), ("60", False)]
)
def test_kfre_speaks_below_an_egfr_of_60(egfr, told):
    answer = kidney(results=kidney_results(egfr))
    assert isinstance(answer, Prediction) == told
    assert told or (answer.kind, missing(answer)) == ("not-applicable", {"egfr"})


@pytest.mark.parametrize(("acr", "told"), [("0.02", True), ("0", False)])
def test_kfre_takes_no_logarithm_of_nothing(acr, told):
    assert isinstance(kidney(results=kidney_results(acr=acr)), Prediction) == told


@pytest.mark.parametrize(
    ("model_id", "least", "most"),
    [("kfre-4", 18, 100), ("kfre-8", 18, 100), ("pce-2013", 40, 79),
     ("framingham-cvd-2008", 30, 74), ("fib-4", 36, 120)],
)  # fmt: skip
def test_the_ends_of_the_age_range_count_and_the_years_beyond_do_not(model_id, least, most):
    for years, told in ((least - 1, False), (least, True), (most, True), (most + 1, False)):
        answer = ask(
            model_id,
            of=patient(birthDate=born(years), extension=race(WHITE)),
            observations=[*kidney_results(), *heart_results(), *liver_results()],
            conditions=[condition("E11.900")],
        )
        assert isinstance(answer, Prediction) == told, years
        assert told or missing(answer) == {"age"}


@pytest.mark.parametrize(
    ("code", "flag"), [("Z99.200", "dialysis"), ("Z94.000", "kidney_transplant")]
)
def test_kfre_is_silent_once_the_kidney_has_been_replaced(code, flag):
    answer = kidney(conditions=[condition(code)])
    assert isinstance(answer, Withheld)
    assert answer.excluded_by == (flag,)


def test_kfre_is_silent_where_no_list_tells_whether_there_is_a_transplant():
    answer = ask("kfre-4", observations=kidney_results(), conditions=[], conditions_complete=False)
    assert isinstance(answer, Withheld)
    assert "state-not-known" in reasons(answer)


@pytest.mark.parametrize(
    ("model_id", "id", "name"),
    [("kfre-4", "egfr", "egfr"), ("kfre-4", "acr", "acr"), ("kfre-8", "alb", "albumin"),
     ("kfre-8", "phos", "phosphate"), ("kfre-8", "hco3", "bicarbonate"),
     ("kfre-8", "ca", "calcium")],
)  # fmt: skip
def test_kfre_names_the_result_that_is_missing(model_id, id, name):
    answer = kidney(model_id, results=without(kidney_results(), id))
    assert isinstance(answer, Withheld)
    assert missing(answer) == {name}


def test_kfre_of_eight_variables_uses_no_albumin_of_another_specimen():
    urine = observation("alb", "14957-5", "36", "mg/L")
    answer = kidney("kfre-8", results=[*without(kidney_results(), "alb"), urine])
    assert isinstance(answer, Withheld)
    assert missing(answer) == {"albumin"}


@pytest.mark.parametrize(("code", "black"), [(WHITE, 0), (BLACK, 1)])
def test_pce_by_the_race_that_is_stated(code, black):
    answer = heart("pce-2013", extension=race(code, ethnicity=NOT_HISPANIC))
    assert isinstance(answer, Prediction)
    values = {
        "male": 1, "black": black, "age": 58, "total_cholesterol": 5.80 * 38.6664,
        "hdl_cholesterol": 1.05 * 38.6664, "systolic_pressure": 152, "treated": 1, "smoker": 0,
        "diabetes": 1,
    }  # fmt: skip
    assert answer.primary.value == pytest.approx(oracles.pce(values), abs=1e-12)
    assert not reasons(answer) & {"race-not-published", "hispanic-not-published"}


@pytest.mark.parametrize("code", [ASIAN, OTHER])
def test_pce_of_another_race_is_that_of_white_people_and_says_so(code):
    answer = heart("pce-2013", extension=race(code))
    white = heart("pce-2013", extension=race(WHITE))
    assert isinstance(answer, Prediction)
    assert answer.primary.value == white.primary.value
    assert "race-not-published" in reasons(answer)
    assert answer.confidence.level != "high"


@pytest.mark.parametrize("code", [WHITE, BLACK])
def test_pce_of_hispanic_people_is_that_of_the_stated_race_and_says_so(code):
    answer = heart("pce-2013", extension=race(code, ethnicity=HISPANIC))
    assert answer.primary.value == heart("pce-2013", extension=race(code)).primary.value
    assert "hispanic-not-published" in reasons(answer)


@pytest.mark.parametrize(
    ("extension", "why"),
    [
        ([], "race-not-stated"),
        (race("UNK", system=NULL_FLAVOR), "race-not-stated"),
        (race(WHITE, system="http://example.org/race"), "race-not-stated"),
        (race(WHITE, BLACK), "race-several"),
        (race(WHITE, ASIAN), "race-several"),
    ],
)
def test_pce_never_takes_an_unstated_race_for_white(extension, why):
    answer = heart("pce-2013", extension=extension)
    assert isinstance(answer, Withheld)
    assert missing(answer) == {"black"}
    assert why in reasons(answer)


@pytest.mark.parametrize("model_id", ["pce-2013", "framingham-cvd-2008"])
def test_in_china_american_equations_have_little_confidence(model_id):
    answer = heart(model_id, region="CN", extension=race(ASIAN))
    assert isinstance(answer, Prediction)
    assert answer.confidence.level == "low"
    assert "仅供比较" in detail.body(answer, Wording("zh-CN", MODELS))


@pytest.mark.parametrize("model_id", ["pce-2013", "framingham-cvd-2008"])
@pytest.mark.parametrize("code", ["I21.900", "I50.900"])
def test_primary_prevention_is_over_after_an_event(model_id, code):
    answer = ask(model_id, of=patient(extension=race(WHITE)), observations=heart_results(),
                 conditions=[condition(code)])  # fmt: skip
    assert isinstance(answer, Withheld)
    assert answer.kind == "not-applicable"


def test_fib4_from_the_results_of_a_liver_panel_and_a_blood_count():
    answer = ask("fib-4", observations=liver_results())
    assert isinstance(answer, Prediction)
    values = {"age": 58, "ast": 61, "alt": 48, "platelets": 160}
    assert answer.primary.value == pytest.approx(oracles.fib4(values), rel=1e-12)
    assert "**FIB-4 index: 3.19**" in detail.body(answer, Wording("en", MODELS))


@pytest.mark.parametrize(("id", "name"), [("ast", "ast"), ("alt", "alt"), ("plt", "platelets")])
def test_fib4_names_the_result_that_is_missing_or_too_old(id, name):
    assert missing(ask("fib-4", observations=without(liver_results(), id))) == {name}
    old = [r | {"effectiveDateTime": (NOW - timedelta(days=181)).isoformat()}
           if r["id"] == id else r for r in liver_results()]  # fmt: skip
    answer = ask("fib-4", observations=old)
    assert isinstance(answer, Withheld)
    assert (missing(answer), reasons(answer)) == ({name}, {"value-too-old"})


def test_fib4_is_silent_in_acute_injury_of_the_liver():
    answer = ask("fib-4", observations=liver_results(ast="1840"))
    assert isinstance(answer, Withheld)
    assert missing(answer) == {"ast"}


def test_platelets_in_another_unit_are_converted():
    same = [*without(liver_results(), "plt"), observation("plt", "777-3", "160000", "/uL")]
    assert ask("fib-4", observations=same).primary.value == pytest.approx(
        ask("fib-4", observations=liver_results()).primary.value, rel=1e-12
    )


def test_a_two_year_risk_never_stands_under_five_years():
    answer = kidney(results=kidney_results("16", "250"))
    text = detail.body(answer, Wording("en", MODELS))
    five, two = text.index("5-year risk of kidney failure"), text.index("Other outcomes (2 years)")
    assert five < two
    assert "Other outcomes (5 years)" not in text


def test_each_scale_is_recorded_with_the_horizon_that_it_grades():
    answer = kidney(results=kidney_results("16", "250"))
    context = RecordContext(
        "r", "p", UUID(int=1), {"reference": "Patient/p1"}, "", "test", "http://c"
    )
    record = risk_assessment(answer, context, Wording("en", MODELS))
    five, two = record["prediction"]
    assert five["whenRange"]["high"]["value"] == 5
    assert two["whenRange"]["high"]["value"] == 2
    systems = [
        [coding["system"].rpartition("/")[2] for coding in found["qualitativeRisk"]["coding"]]
        for found in (five, two)
    ]
    assert systems == [["kfre-referral"], ["kfre-planning"]]
