"""The clinical questions that the shipped models answer."""

from typing import Final

from inference.contract import Question, Text

CARDIOVASCULAR_10Y: Final = Question(
    "cardiovascular-risk-10y", Text("10 年心血管病风险", "10-year cardiovascular risk")
)
CARDIOVASCULAR_30Y: Final = Question(
    "cardiovascular-risk-30y", Text("30 年心血管病风险", "30-year cardiovascular risk")
)
KIDNEY_FUNCTION: Final = Question("kidney-function", Text("肾功能", "kidney function"))
KIDNEY_FAILURE: Final = Question("kidney-failure", Text("肾衰竭风险", "risk of kidney failure"))
LIVER_FIBROSIS: Final = Question("liver-fibrosis", Text("肝纤维化", "liver fibrosis"))
STROKE_IN_ATRIAL_FIBRILLATION: Final = Question(
    "stroke-in-atrial-fibrillation",
    Text("房颤患者的卒中风险", "risk of stroke in atrial fibrillation"),
)
BLEEDING_IN_ATRIAL_FIBRILLATION: Final = Question(
    "bleeding-in-atrial-fibrillation",
    Text("房颤患者抗凝的出血风险", "risk of bleeding on anticoagulants in atrial fibrillation"),
)
TYPE_2_DIABETES: Final = Question(
    "type-2-diabetes", Text("2 型糖尿病风险", "risk of type 2 diabetes")
)
COPD_MORTALITY: Final = Question(
    "copd-mortality", Text("慢阻肺患者的死亡风险", "risk of death in COPD")
)
HEART_FAILURE_MORTALITY: Final = Question(
    "heart-failure-mortality",
    Text("心力衰竭患者的死亡风险", "risk of death in heart failure"),
)
