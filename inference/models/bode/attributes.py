"""What is known of BODE beside its definition."""

from inference.equations.attributes import not_known, published, said

_PAPER = "https://doi.org/10.1056/NEJMoa021322"
_UPDATED = (
    "Puhan MA, et al. Expansion of the prognostic assessment of patients with chronic "
    "obstructive pulmonary disease: the updated BODE index and the ADO index"
)

ATTRIBUTES = published(
    intended_use=said(
        "概括慢性阻塞性肺疾病的严重程度，供随访与康复的讨论",
        "to sum up the severity of chronic obstructive pulmonary disease, for the talk about "
        "follow-up and rehabilitation",
        _PAPER,
    ),
    cautioned_use=said(
        "不用于无慢性阻塞性肺疾病者；不由它推算生存率",
        "not for patients without chronic obstructive pulmonary disease; no survival is to be "
        "read from it",
    ),
    training_criteria=not_known(
        "建模患者的纳入与排除标准我们没有看到",
        "the criteria of inclusion and exclusion of the derivation were not seen",
        _PAPER,
    ),
    training_population=not_known(
        "建模患者的构成我们没有看到；验证在美国、西班牙与委内瑞拉，见各人群证据",
        "the make-up of the derivation was not seen; it was validated in the United States, "
        "Spain and Venezuela, see the evidence by population",
        _PAPER,
    ),
    external_data=said(
        "瑞士 232 名长期重度患者，西班牙 342 名因中重度病情首次住院者",
        "232 patients with longstanding severe disease in Switzerland, 342 after a first "
        "admission for moderate to severe disease in Spain",
        _UPDATED,
    ),
    external_party=said(
        "独立的研究组",
        "a group other than the authors",
        _UPDATED,
    ),
    external_population=not_known(
        "性别、年龄、族裔与社会状况的构成我们没有看到",
        "the make-up by sex, age, ethnicity and social position was not seen",
        _UPDATED,
    ),
    external_process=said(
        "比较 3 年的预测与观察全因死亡率",
        "predicted and observed mortality from any cause over 3 years",
        _UPDATED,
    ),
    external_validity=said(
        "校准差：瑞士低估 36%（预测 21.7%，观察 34.1%），西班牙高估 39%（预测 16.7%，观察 12.0%）"
        "；因此本产品不给出生存率",
        "poorly calibrated: under-predicted by 36 % in Switzerland (21.7 % predicted, 34.1 % "
        "observed), over-predicted by 39 % in Spain (16.7 %, 12.0 %); this product gives no "
        "survival",
        _UPDATED,
    ),
    checked_against=said(
        "一公开程序的 125 例；没有第二个独立程序",
        "125 cases of a public program; there is no second independent program",
    ),
)
