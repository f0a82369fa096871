"""What is known of HAS-BLED beside its definition."""

from inference.equations.attributes import not_known, published, said

_PAPER = "https://doi.org/10.1378/chest.10-0134"
_LOIRE = "Lip GYH, et al. Loire Valley Atrial Fibrillation Project (CIRCEP.112.972869)"

ATTRIBUTES = published(
    intended_use=said(
        "清点心房颤动患者抗凝时的出血危险因素，以便纠正可改变者",
        "to count the risk factors for bleeding of a patient with atrial fibrillation, so that "
        "what can be changed is corrected",
        _PAPER,
    ),
    cautioned_use=said(
        "不作为拒绝抗凝的理由；不用于无心房颤动者；不给出每年出血率",
        "no reason to withhold anticoagulation; not for patients without atrial fibrillation; it "
        "gives no yearly rate of bleeding",
    ),
    training_criteria=said(
        "欧洲心脏调查中随访完整的 3978 名心房颤动患者，随访 1 年",
        "3,978 patients with atrial fibrillation of the Euro Heart Survey who were followed up "
        "completely for 1 year",
        _PAPER,
    ),
    training_population=said(
        "欧洲患者，53 例大出血（1.5%）；族裔与社会状况的构成我们没有看到",
        "patients in Europe, 53 major bleeds (1.5 %); their make-up by ethnicity and social "
        "position was not seen",
        _PAPER,
    ),
    internal_validity=said(
        "C 统计量 0.72；仅服抗血小板药者 0.91，未用抗栓药者 0.85",
        "C statistic 0.72; 0.91 in those on antiplatelet drugs alone, 0.85 in those without "
        "antithrombotic drugs",
        _PAPER,
    ),
    external_data=said(
        "法国卢瓦尔河谷 4 家医院的心房颤动患者（2000-2010）",
        "patients with atrial fibrillation of 4 hospitals in the Loire Valley, France (2000-2010)",
        _LOIRE,
    ),
    external_party=said(
        "卢瓦尔河谷的研究组，作者之一为评分作者",
        "the group of the Loire Valley; one of them is an author of the score",
        _LOIRE,
    ),
    external_population=not_known(
        "性别、年龄、族裔与社会状况的构成我们没有看到",
        "the make-up by sex, age, ethnicity and social position was not seen",
        _LOIRE,
    ),
    external_process=said(
        "C 统计量与净重新分类改善，与其他出血评分比较",
        "C statistic and net reclassification, compared with other bleeding scores",
        _LOIRE,
    ),
    external_validity=said(
        "C 约 0.6，不论是否使用维生素 K 拮抗剂；净重新分类优于其他评分",
        "C about 0.6, on a vitamin K antagonist or not; net reclassification better than that of "
        "the other scores",
        _LOIRE,
    ),
    checked_against=said(
        "一公开计算器的 256 例",
        "256 cases of a public calculator",
    ),
)
