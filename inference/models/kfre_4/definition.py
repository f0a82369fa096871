"""KFRE of four variables: two- and five-year risk of kidney failure (Tangri)."""

from inference.contract import ModelDefinition, TaskClass, Text, Voice
from inference.equations.kidney_failure import parts as kfre

MODEL = ModelDefinition(
    id="kfre-4",
    version="1.0.0",
    name=Text("KFRE（4 变量）", "KFRE (four variables)"),
    task_class=TaskClass.PROGNOSTIC,
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
    voice=Voice.ON_REQUEST,
)
