"""PREVENT base: thirty-year risks of cardiovascular disease (AHA, 2023)."""

from inference.contract import Text
from inference.equations.prevent import declare

MODEL = declare.model(
    id="prevent-base-30y",
    name=Text("PREVENT 基础模型（30 年）", "PREVENT base, 30 years"),
    years=30,
)
