"""KFRE of four variables: two- and five-year risk of kidney failure (Tangri)."""

from inference import questions
from inference.contract import ModelDefinition, Speaks, TaskClass, Text
from inference.equations.kidney_failure import parts as kfre

MODEL = ModelDefinition(
    id="kfre-4",
    version="1.0.0",
    name=Text("KFRE（4 变量）", "KFRE (four variables)"),
    task_class=TaskClass.PROGNOSTIC,
    question=questions.KIDNEY_FAILURE,
    population=kfre.POPULATION,
    # The graph reads its columns in this order.
    inputs=(*kfre.SEX_AND_AGE, *kfre.KIDNEY, kfre.CALIBRATION),
    outcomes=kfre.OUTCOMES,
    scales=kfre.SCALES,
    exclusions=kfre.EXCLUSIONS,
    contribution_scale="log-hazard",
    evidence=kfre.EVIDENCE,
    limits=kfre.LIMITS,
    citation=kfre.CITATION,
    citation_url=kfre.CITATION_URL,
    coefficient_provenance=(
        "As printed in the papers; 150 rows of a public program for both horizons and both "
        "baseline risks are repeated"
    ),
    licence=kfre.LICENCE,
    speaks=Speaks(
        Text(
            "eGFR 低于 60：KDIGO 2024 建议用经验证的方程估计肾衰竭风险；四变量方程所需的值通常已有",
            "eGFR is below 60: KDIGO 2024 asks for the risk of kidney failure by a validated "
            "equation; the four variables are those that a record usually holds",
        ),
        when=("reduced_gfr",),
    ),
)
