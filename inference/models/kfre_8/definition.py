"""KFRE of eight variables: two- and five-year risk of kidney failure (Tangri)."""

from inference import questions
from inference.contract import ModelDefinition, TaskClass, Text
from inference.equations import inputs
from inference.equations.kidney_failure import parts as kfre

# Spread within a person: round figures of ours.
_CHEMISTRY = (
    inputs.laboratory(
        "albumin",
        Text("白蛋白", "Serum albumin"),
        "g/dL",
        (1, 6),
        loinc=("1751-7",),
        max_age_days=180,
        cv=0.03,
        reference=3.997,
    ),
    inputs.laboratory(
        "phosphate",
        Text("血磷", "Serum phosphate"),
        "mg/dL",
        (1, 15),
        loinc=("14879-1", "2777-1"),
        max_age_days=180,
        cv=0.08,
        reference=3.916,
    ),
    inputs.laboratory(
        "bicarbonate",
        Text("碳酸氢根", "Serum bicarbonate"),
        "mmol/L",  # the paper's mEq/L: the ion has one charge
        (5, 45),
        loinc=("1963-8",),
        max_age_days=180,
        cv=0.05,
        reference=25.57,
    ),
    inputs.laboratory(
        "calcium",
        Text("血钙（总）", "Serum calcium, total"),
        "mg/dL",
        (5, 15),
        loinc=("2000-8", "17861-6"),
        max_age_days=180,
        cv=0.02,
        reference=9.355,
    ),
)

MODEL = ModelDefinition(
    id="kfre-8",
    version="1.0.0",
    name=Text("KFRE（8 变量）", "KFRE (eight variables)"),
    task_class=TaskClass.PROGNOSTIC,
    question=questions.KIDNEY_FAILURE,
    population=kfre.POPULATION,
    # The graph reads its columns in this order.
    inputs=(*kfre.SEX_AND_AGE, *kfre.KIDNEY, *_CHEMISTRY, kfre.CALIBRATION),
    outcomes=kfre.OUTCOMES,
    scales=kfre.SCALES,
    exclusions=kfre.EXCLUSIONS,
    contribution_scale="log-hazard",
    evidence=kfre.EVIDENCE,
    limits=(
        Text(
            "血钙取实测总钙；建模时是否按白蛋白校正未能核对",
            "calcium is the total as measured; whether the equation was made with calcium "
            "corrected for albumin could not be checked",
        ),
        Text(
            "北美以外的 5 年基线风险高于北美（8 变量），与 4 变量方程相反：论文如此发表",
            "the five-year baseline risk outside North America is the higher one, unlike that of "
            "the equation of four variables: so it was published",
        ),
        *kfre.LIMITS,
    ),
    citation=kfre.CITATION,
    citation_url=kfre.CITATION_URL,
    coefficient_provenance=(
        "As printed in the papers; the figures of a public program (kfre 0.1.18) are repeated"
    ),
    licence=kfre.LICENCE,
    on_request=Text(
        "四变量方程主动回答；八变量方程所需的血钙、血磷、白蛋白和碳酸氢盐并非人人都有",
        "the four-variable equation answers unasked; not everyone has the calcium, "
        "phosphate, albumin and bicarbonate that this one needs",
    ),
)
