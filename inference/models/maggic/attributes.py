"""What is known of MAGGIC beside its definition."""

from inference.equations.attributes import published, said

_PAPER = "https://doi.org/10.1093/eurheartj/ehs337"
_SWEDEN = "https://pubmed.ncbi.nlm.nih.gov/24464911/"
_BEIJING = "https://doi.org/10.2147/CIA.S323979"

ATTRIBUTES = published(
    intended_use=said(
        "估计心力衰竭患者 1 年与 3 年内任何原因死亡的风险，供治疗强度与随访的讨论",
        "to estimate the risk of death from any cause within 1 and 3 years in heart failure, for "
        "the talk about the intensity of treatment and follow-up",
        _PAPER,
    ),
    cautioned_use=said(
        "不用于无心力衰竭者；为慢性心力衰竭所建，不用于急性期；在北京老年住院患者中明显高估 1 年"
        "死亡率",
        "not for patients without heart failure; made for chronic heart failure, not for the "
        "acute phase; in old inpatients in Beijing the one-year mortality was clearly "
        "over-estimated",
        _BEIJING,
    ),
    training_criteria=said(
        "30 项队列研究（其中 6 项为临床试验）的心力衰竭患者，射血分数降低与保留者均有；中位随访 "
        "2.5 年",
        "patients with heart failure of 30 cohort studies (six of them trials), with reduced and "
        "with preserved ejection fraction; median follow-up 2.5 years",
        _PAPER,
    ),
    training_population=said(
        "39372 人，40.2% 死亡；族裔与社会状况的构成我们没有看到",
        "39,372 people, of whom 40.2 % died; their make-up by ethnicity and social position was "
        "not seen",
        _PAPER,
    ),
    internal_validity=said(
        "3 年死亡率在最低五分之一为 10%，最高十分之一为 70%；C 统计量我们没有看到",
        "three-year mortality of 10 % in the lowest fifth and 70 % in the highest tenth; the C "
        "statistic was not seen",
        _PAPER,
    ),
    external_data=said(
        "瑞典心力衰竭登记库 51043 人；北京医院 2012-2017 年出院的 70 岁及以上患者 675 人",
        "51,043 people of the Swedish Heart Failure Registry; 675 patients of 70 years and over "
        "discharged from Beijing Hospital in 2012-2017",
        _SWEDEN,
        _BEIJING,
    ),
    external_party=said(
        "独立的研究组（瑞典；北京医院）",
        "groups other than the authors (Sweden; Beijing Hospital)",
        _SWEDEN,
        _BEIJING,
    ),
    external_population=said(
        "瑞典全国登记；中国 70 岁及以上住院患者。族裔与社会状况的构成我们没有看到",
        "a national register of Sweden; inpatients of 70 years and over in China. Their make-up "
        "by ethnicity and social position was not seen",
        _SWEDEN,
        _BEIJING,
    ),
    external_process=said(
        "C 统计量，预测与观察死亡率之比，校准图与 Hosmer-Lemeshow 检验",
        "C statistic, observed to expected mortality, calibration plots and the Hosmer-Lemeshow "
        "test",
        _SWEDEN,
        _BEIJING,
    ),
    external_validity=said(
        "瑞典：C 0.741，3 年死亡率观察 39.4%、预测 36.4%（比值 1.08）。北京：C 0.67，1 年死亡率观"
        "察 10.5%、预测中位 18%（χ² 18.8）",
        "Sweden: C 0.741, three-year mortality 39.4 % observed and 36.4 % predicted (ratio "
        "1.08). Beijing: C 0.67, one-year mortality 10.5 % observed, a median of 18 % predicted "
        "(χ² 18.8)",
        _SWEDEN,
        _BEIJING,
    ),
    external_fairness=said(
        "瑞典：低危者高估，高危者低估；北京 70 岁及以上者高估。其他分组未见",
        "Sweden: over-predicted in those of low and under-predicted in those of high risk; "
        "over-predicted in those of 70 years and over in Beijing. No other groups were seen",
        _SWEDEN,
        _BEIJING,
    ),
    checked_against=said(
        "一公开程序的 150 例；死亡率表与若干公开转录一致，其中一处把 25 分的 0.160 误作 0.060",
        "150 cases of a public program; the table of mortality as several public transcriptions "
        "agree, of which one has 0.060 for 0.160 at 25 points",
    ),
)
