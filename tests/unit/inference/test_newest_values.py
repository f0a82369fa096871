"""Which of several results and answers speaks, as laboratories and EMRs send them."""

from datetime import UTC, timedelta

import pytest

from inference.features.extract import FeatureReader
from inference.features.feature import Absent, Feature
from tests.support.patients import CATALOGUE, NOW, REGISTRY, observation, smoking, snapshot

LAST_YEAR = NOW - timedelta(days=300)
NEVER, DAILY = "266919005", "449868002"
CHOLESTEROL = next(
    s for s in REGISTRY.get("china-par").definition.inputs if s.name == "total_cholesterol"
)


def reader(*observations) -> FeatureReader:
    found = snapshot(observations=list(observations))
    return FeatureReader(found, catalogue=CATALOGUE, zone=UTC, region="CN")


def smokes(*observations) -> Feature | Absent:
    return reader(*observations).flag("current_smoker")


def cholesterol(id: str, value: str, **changes) -> dict:
    found = observation(id, "14647-2", value, "mmol/L") | changes
    return {name: part for name, part in found.items() if part is not None}


def timed(status: dict, **times) -> dict:
    return {k: v for k, v in status.items() if k != "effectiveDateTime"} | times


@pytest.mark.parametrize(
    "time",
    [
        {"effectivePeriod": {"start": "2026-10-01", "end": "2026-10-02"}},
        {"effectivePeriod": {"start": "2026-10-01"}},
        {"effectiveInstant": "2026-10-01T08:00:00+08:00"},
        {"effectiveDateTime": "2026-10"},
    ],
)
def test_the_newest_smoking_status_counts_however_its_time_is_written(time):
    """A smoker of this autumn is not the never-smoker of last year."""
    assert smokes(smoking(NEVER, at=LAST_YEAR), timed(smoking(DAILY), **time)).value == 1.0


def test_a_smoking_status_without_a_time_leaves_a_doubt():
    found = smokes(smoking(NEVER, at=LAST_YEAR), timed(smoking(DAILY)))
    assert (found.value, [c.code for c in found.cautions]) == (0.0, ["newer-unusable"])
    assert smokes(timed(smoking(DAILY))).reason.code == "smoking-not-known"


@pytest.mark.parametrize("order", [1, -1])
def test_two_smoking_statuses_of_one_day_are_not_chosen_between(order):
    found = smokes(*[smoking(NEVER), smoking(DAILY)][::order])
    assert found.reason.code == "values-conflict"


def test_a_smoking_status_withdrawn_at_its_source_withdraws_its_copy():
    withdrawn = smoking(NEVER) | {"id": "lab", "status": "entered-in-error"}
    assert smokes(smoking(NEVER), withdrawn).reason.code == "smoking-not-known"
    # What was said before stands again.
    assert smokes(smoking(NEVER), withdrawn, smoking(DAILY, at=LAST_YEAR)).value == 1.0


def test_a_smoking_status_that_an_unknown_modifier_may_negate_is_not_read():
    negated = smoking(NEVER) | {"modifierExtension": [{"url": "urn:x", "valueBoolean": True}]}
    assert smokes(negated).reason.code == "smoking-not-known"


def test_a_smoking_status_in_a_panel_of_social_history_is_read():
    part = {name: smoking(DAILY)[name] for name in ("code", "valueCodeableConcept")}
    panel = smoking(DAILY) | {"code": {"text": "Social history"}, "component": [part]}
    del panel["valueCodeableConcept"]
    assert smokes(smoking(NEVER, at=LAST_YEAR), panel).value == 1.0


def test_a_third_result_of_one_moment_that_differs_is_not_passed_over():
    """The laboratory's result, its copy in the EMR, and another of the same time."""
    found = reader(
        cholesterol("lab", "5.80"), cholesterol("copy", "5.8"), cholesterol("x", "7.1")
    ).read(CHOLESTEROL)
    assert found.reason.code == "values-conflict"
    assert found.reason.values["second"] == "Observation/x"


@pytest.mark.parametrize("status", ["unknown", None], ids=["unknown", "no status"])
def test_a_newer_result_whose_status_says_nothing_leaves_a_doubt(status):
    older = cholesterol("older", "5.80", effectiveDateTime=LAST_YEAR.isoformat())
    found = reader(older, cholesterol("newer", "9.9", status=status)).read(CHOLESTEROL)
    assert [(c.code, c.values["why"]) for c in found.cautions] == [
        ("newer-unusable", "status-unknown")
    ]


@pytest.mark.parametrize("status", ["registered", "cancelled", "entered-in-error"])
def test_a_test_that_was_cancelled_or_is_not_ready_leaves_none(status):
    older = cholesterol("older", "5.80", effectiveDateTime=LAST_YEAR.isoformat())
    newer = cholesterol("newer", "9.9", status=status, valueQuantity=None)
    assert reader(older, newer).read(CHOLESTEROL).cautions == ()


def test_an_older_result_says_that_a_newer_one_was_set_aside_with_a_withdrawn_one():
    """The replacement of a withdrawn result has its time, and looks like a copy of it."""
    older = cholesterol("older", "5.0", effectiveDateTime=LAST_YEAR.isoformat())
    withdrawn = cholesterol("slip", "5.80", status="entered-in-error")
    found = reader(older, withdrawn, cholesterol("replacement", "9.8")).read(CHOLESTEROL)
    assert found.reported == "5.0 mmol/L"
    assert [(c.values["source"], c.values["why"]) for c in found.cautions] == [
        ("Observation/replacement", "withdrawn-copy")
    ]


@pytest.mark.parametrize(
    "correction",
    [
        {"valueQuantity": None, "dataAbsentReason": {"text": "标本溶血"}},
        {"valueQuantity": {"value": 2, "comparator": "<", "unit": "mmol/L"}},
    ],
    ids=["haemolysed", "a bound"],
)
def test_a_correction_without_a_value_takes_the_first_report_back(correction):
    """The laboratory corrects its report; the EMR still holds the copy of the first."""
    first = cholesterol("emr", "5.80")
    corrected = cholesterol("lab", "5.80", status="corrected", **correction)
    found = reader(first, corrected).read(CHOLESTEROL)
    assert found.reason.code == "value-unusable"
    older = cholesterol("older", "5.0", effectiveDateTime=LAST_YEAR.isoformat())
    found = reader(first, corrected, older).read(CHOLESTEROL)
    assert found.reported == "5.0 mmol/L"
    assert {c.values["source"] for c in found.cautions} == {"Observation/lab", "Observation/emr"}


def test_a_first_report_without_a_value_takes_nothing_back():
    found = reader(
        cholesterol("first", "0", valueQuantity=None), cholesterol("lab", "6.1", status="corrected")
    ).read(CHOLESTEROL)
    assert found.reported == "6.1 mmol/L"


@pytest.mark.parametrize(
    ("copy", "withdrawn", "stands"),
    [
        ({"effectiveDateTime": "2026-11-22"}, {}, False),
        ({}, {"effectiveDateTime": "2026-11-22"}, False),
        ({"effectiveDateTime": "2026-11-22"}, {"value": "9.8"}, True),
        ({"effectiveDateTime": "2026-11-21"}, {}, True),
        ({"effectiveDateTime": "2026-11-22"}, {"status": "cancelled"}, True),
    ],
    ids=["a copy without its hour", "a withdrawal without its hour", "another result of the day",
         "of the day before", "another test of the day, not done"],
)  # fmt: skip
def test_a_withdrawn_result_is_known_again_where_a_system_keeps_the_day_only(
    copy, withdrawn, stands
):
    """The EMR files results under the day; the laboratory erases the one of 02:00 that day."""
    changes = {"status": "entered-in-error"} | withdrawn
    erased = cholesterol("lab", changes.pop("value", "5.80"), **changes)
    found = reader(cholesterol("emr", "5.80", **copy), erased).read(CHOLESTEROL)
    assert isinstance(found, Feature) is stands
    if not stands:
        assert found.reason.code == "value-unusable"


def test_a_reported_egfr_is_doubted_where_a_newer_creatinine_gave_none():
    """88 mg/dL is a unit swapped; the eGFR of three months ago may be far from today's."""
    spec = next(s for s in REGISTRY.get("kfre-4").definition.inputs if s.feature == "egfr")
    old = observation("egfr", "98979-8", "45", "mL/min/{1.73_m2}", at=NOW - timedelta(days=100))
    swapped = observation("crea", "14682-9", "88", "mg/dL")
    found = reader(old, swapped).read(spec)
    assert [(c.code, c.values["source"]) for c in found.cautions] == [
        ("creatinine-is-newer", "Observation/crea")
    ]
    assert reader(old).read(spec).cautions == ()
    assert reader(old, swapped | {"status": "cancelled"}).read(spec).cautions == ()


def test_a_creatinine_is_doubted_where_a_newer_egfr_was_reported():
    """The card of kidney function says 46, and the laboratory reported 75 since."""
    spec = next(s for s in REGISTRY.get("ckd-epi-2021").definition.inputs if s.name == "creatinine")
    old = observation("crea", "14682-9", "150", "umol/L", at=NOW - timedelta(days=100))
    reported = observation("egfr", "98979-8", "75", "mL/min/{1.73_m2}")
    found = reader(old, reported).read(spec)
    assert [(c.code, c.values["source"]) for c in found.cautions] == [
        ("egfr-is-newer", "Observation/egfr")
    ]
    assert (
        reader(observation("crea", "14682-9", "150", "umol/L"), reported).read(spec).cautions == ()
    )


@pytest.mark.parametrize(
    ("drawn", "reported"),
    [
        ("2026-11-22T08:30:00+08:00", "2026-11-22T08:30:12+08:00"),
        ("2026-11-22", "2026-11-22T08:30:00Z"),
    ],
    ids=["computed twelve seconds later", "a copy that keeps the day only"],
)
def test_an_egfr_of_the_same_sample_is_no_newer_than_its_creatinine(drawn, reported):
    spec = next(s for s in REGISTRY.get("ckd-epi-2021").definition.inputs if s.name == "creatinine")
    creatinine = observation("crea", "14682-9", "88", "umol/L") | {"effectiveDateTime": drawn}
    egfr = observation("egfr", "98979-8", "85", "mL/min/{1.73_m2}")
    assert reader(creatinine, egfr | {"effectiveDateTime": reported}).read(spec).cautions == ()
    later = observation("egfr", "98979-8", "45", "mL/min/{1.73_m2}", at=NOW)
    assert [c.code for c in reader(creatinine, later).read(spec).cautions] == ["egfr-is-newer"]


def test_a_smoking_status_written_again_beside_the_erased_one_is_told():
    """A nurse strikes "daily" out and files "never" at the same time; last year's is "daily"."""
    again = smoking(NEVER), smoking(DAILY) | {"status": "entered-in-error"}
    found = smokes(smoking(DAILY, at=LAST_YEAR) | {"id": "old"}, *again)
    assert (found.value, [c.code for c in found.cautions]) == (1.0, ["newer-unusable"])
    assert found.cautions[0].values["source"] == f"Observation/smoking-{NEVER}"
