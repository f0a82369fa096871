"""The shared reference rows of the point scores in the models' own inputs."""

from tests.support.oracles_scores import Row
from tests.support.vectors import rows

_DEGREE = {"none": 0.0, "second_degree": 1.0, "first_degree": 2.0}


def _yes(text: str) -> float:
    return float(text in ("1", "True"))


def _cha2ds2_vasc(r: dict[str, str]) -> Row:
    flags = {"heart_failure": "chf", "hypertension": "htn", "diabetes": "dm",
             "thromboembolism": "stroke", "vascular_disease": "vasc"}  # fmt: skip
    found = {name: _yes(r[column]) for name, column in flags.items()}
    return found | {"male": float(r["sex"] == "male"), "age": float(r["age"])}


def _has_bled(r: dict[str, str]) -> Row:
    # The file has items where the model has measurements: a value on either side of the bound.
    flags = {"chronic_liver_disease": "abnormal_liver_function", "stroke": "stroke",
             "bleeding_history": "bleeding_history", "labile_inr": "labile_inr",
             "bleeding_drugs": "drugs_antiplatelet_nsaid",
             "alcohol_excess": "alcohol_excess"}  # fmt: skip
    found = {name: _yes(r[column]) for name, column in flags.items()}
    return found | {
        "systolic_pressure": 161.0 if _yes(r["hypertension_uncontrolled"]) else 160.0,
        "creatinine": 200.0 if _yes(r["abnormal_renal_function"]) else 199.0,
        "renal_replacement": 0.0,
        "age": 66.0 if _yes(r["elderly_over_65"]) else 65.0,
    }


def _findrisc(r: dict[str, str]) -> Row:
    flags = {"physically_active": "physically_active", "daily_vegetables": "daily_vegetables_fruit",
             "treated": "antihypertensive_medication",
             "high_glucose_history": "high_blood_glucose_history"}  # fmt: skip
    found = {name: _yes(r[column]) for name, column in flags.items()}
    numbers = {"age": "age", "bmi": "bmi", "waist": "waist_cm"}
    found |= {name: float(r[column]) for name, column in numbers.items()}
    return found | {
        "male": float(r["sex"] == "male"),
        "family_diabetes": _DEGREE[r["family_history"]],
    }


def _bode(r: dict[str, str]) -> Row:
    columns = {"bmi": "bmi", "fev1_percent": "fev1_percent_predicted",
               "mmrc_dyspnoea": "mmrc_dyspnoea",
               "six_minute_walk": "six_minute_walk_distance_m"}  # fmt: skip
    return {name: float(r[column]) for name, column in columns.items()}


def _maggic(r: dict[str, str]) -> Row:
    columns = {"lvef": "Ejection fraction (%)", "age": "Age (years)",
               "systolic_pressure": "Systolic blood pressure (mmHg)", "bmi": "BMI (kg/m²)",
               "creatinine": "Creatinine (µmol/l)", "nyha_class": "NYHA Class"}  # fmt: skip
    found = {name: float(r[column]) for name, column in columns.items()}
    recent = "First diagnosis of heart failure in the past 18 months"
    return found | {
        "male": _yes(r["Male"]),
        "smoker": _yes(r["Current smoker"]),
        "diabetes": _yes(r["Diabetic"]),
        "copd": _yes(r["Diagnosis of COPD"]),
        "heart_failure_18_months": 1.0 - _yes(r[recent]),
        "beta_blocker": 1.0 - _yes(r["Not on beta blocker"]),
        "renin_angiotensin": 1.0 - _yes(r["Not on ACEI/ARB"]),
    }


_READERS = {
    "cha2ds2-vasc": ("cha2ds2_vasc.csv", _cha2ds2_vasc),
    "has-bled": ("has_bled.csv", _has_bled),
    "findrisc": ("findrisc.csv", _findrisc),
    "bode": ("bode.csv", _bode),
    "maggic": ("maggic.csv", _maggic),
}


def cases(model_id: str) -> list[tuple[Row, float]]:
    """Return every reference row of a model with the score that the file expects."""
    name, read = _READERS[model_id]
    return [(read(r), float(r["expected"])) for r in rows(name)]
