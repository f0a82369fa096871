"""PREVENT base: ten-year risks of cardiovascular disease (American Heart Association, 2023)."""

from inference.contract import Speaks, Text
from inference.equations.prevent import declare

MODEL = declare.model(
    id="prevent-base-10y",
    name=Text("PREVENT 基础模型", "PREVENT base"),
    years=10,
    coefficients="coefficients_10y.csv",
    speaks=Speaks(
        Text(
            "本部署位于美国：PREVENT 由美国人群建立，AHA/ACC 2025 高血压指南采用",
            "this deployment is in the United States: PREVENT was derived there, and the AHA/ACC "
            "hypertension guideline of 2025 uses it",
        ),
        regions=("US",),
    ),
)
