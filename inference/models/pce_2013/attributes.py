"""What is known of the pooled cohort equations beside their definition."""

from inference.equations.attributes import not_known, published, said

_GOFF = "https://doi.org/10.1161/01.cir.0000437741.48606.98"
_REGARDS = "https://doi.org/10.1001/jama.2014.2630"

ATTRIBUTES = published(
    intended_use=said(
        "估计美国成人首次动脉粥样硬化性心血管事件的 10 年风险；在本产品中供比较",
        "to estimate the ten-year risk of a first atherosclerotic cardiovascular event in adults "
        "of the United States; in this product, for comparison",
        _GOFF,
    ),
    cautioned_use=said(
        "不作中国患者决策的依据；不用于二级预防；未登记种族者不作估计；美国指南已另有 PREVENT",
        "no ground for decisions on patients in China; not for secondary prevention; no estimate "
        "where race is not stated; in the United States there is PREVENT by now",
    ),
    training_criteria=said(
        "多个美国社区队列中无动脉粥样硬化性心血管病的白人与黑人；详细标准我们没有看到",
        "White and Black people without atherosclerotic cardiovascular disease of several "
        "population-based cohorts of the United States; the detailed criteria were not seen",
        _REGARDS,
    ),
    training_population=said(
        "白人与黑人、男女各一方程；其他种族没有进入建模。社会状况的构成我们没有看到",
        "one equation each for White and Black women and men; people of another race were not in "
        "the derivation. Social position was not seen",
        _GOFF,
    ),
    fairness_approach=said(
        "作者按种族与性别分别建模；后来的 PREVENT 方程不含种族",
        "the authors made an equation for each race and sex; the later PREVENT equations have no "
        "race",
    ),
    external_data=said(
        "美国 REGARDS 研究：45-79 岁 10997 人，无糖尿病、LDL-C 70-189 mg/dL、未服他汀，2003-2010 "
        "年",
        "the REGARDS study of the United States: 10,997 people of 45-79 years without diabetes, "
        "with an LDL cholesterol of 70-189 mg/dL, not on statins, 2003-2010",
        _REGARDS,
    ),
    external_party=said(
        "REGARDS 研究组，作者之一为方程的第一作者",
        "the REGARDS investigators; one of them is the equations' first author",
        _REGARDS,
    ),
    external_population=not_known(
        "该分析中性别、种族与社会状况的构成我们没有看到",
        "the make-up of that analysis by sex, race and social position was not seen",
        _REGARDS,
    ),
    external_process=said(
        "按预测的 10 年风险分组，比较 5 年的预测与经裁定的观察发病率",
        "predicted and adjudicated incidence over 5 years, by groups of the predicted ten-year "
        "risk",
        _REGARDS,
    ),
    external_validity=said(
        "REGARDS 每 1000 人年预测与观察：风险 <5% 组 1.9 与 1.9，5%-<7.5% 组 4.8 与 4.8"
        "（338 例事件）",
        "REGARDS, per 1,000 person-years predicted and observed: 1.9 and 1.9 in those below 5 %, "
        "4.8 and 4.8 at 5 to under 7.5 % (338 events)",
        _REGARDS,
    ),
    checked_against=said(
        "一公开程序的 150 行（女性，1e-9）与论文的 4 个算例；另一程序有 56 行不同。论文算例中白人"
        "男性印作 5.3%（按取整的和），印出的系数给出 5.38%",
        "150 rows of a public program (women, 1e-9) and the paper's 4 worked examples; another "
        "program differs in 56 rows. For the White man of the example the paper prints 5.3 %, "
        "from rounded sums; the printed coefficients give 5.38 %",
    ),
)
