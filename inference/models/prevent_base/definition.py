"""PREVENT base: ten-year risks of cardiovascular disease (American Heart Association, 2023)."""

from inference.contract import Text, Voice
from inference.equations.prevent import declare

MODEL = declare.model(
    id="prevent-base-10y",
    name=Text("PREVENT 基础模型", "PREVENT base"),
    years=10,
    coefficients="coefficients_10y.csv",
    voice=Voice.UNASKED,
)
