"""What is known of China-PAR beside its definition."""

from inference.equations.attributes import published, said

_YANG = "https://doi.org/10.1161/CIRCULATIONAHA.116.022367"
_YINZHOU = "https://doi.org/10.3760/cma.j.cn112338-20211206-00952"
_MONGOLIA = "https://doi.org/10.3967/bes2018.061"
_FANGSHAN = "Tang X, et al. Beijing Da Xue Xue Bao 2017;49:439-445"
_PROVINCES = "https://rs.yiigle.com/CN115399202004/1479515.htm"

ATTRIBUTES = published(
    intended_use=said(
        "估计首次动脉粥样硬化性心血管病的 10 年风险，供一级预防的讨论",
        "to estimate the ten-year risk of a first atherosclerotic cardiovascular event, for the "
        "talk about primary prevention",
        _YANG,
    ),
    cautioned_use=said(
        "不用于二级预防、急症，也不用于发现已有的疾病；在内蒙古蒙古族人群中低估风险，在北京农村人"
        "群中高估（5 年、重新校准的方程）",
        "not for secondary prevention, nor for acute care, nor to find disease that is present; "
        "it under-estimated in Mongolians of Inner Mongolia, and over-estimated in rural people "
        "near Beijing (five years, recalibrated)",
        _MONGOLIA,
        _FANGSHAN,
    ),
    training_criteria=said(
        "按统一方案随访的两项前瞻性研究中的中国成人；详细的纳入与排除标准我们没有看到",
        "Chinese adults of two prospective studies that were followed by one protocol; the "
        "detailed criteria of inclusion and exclusion were not seen",
        _YANG,
    ),
    training_population=said(
        "当代中国队列，男女分别建模；族裔、语言与社会状况的构成我们没有看到",
        "contemporary Chinese cohorts, with one equation for men and one for women; their "
        "make-up by ethnicity, language and social position was not seen",
        _YANG,
    ),
    external_data=said(
        "宁波鄞州电子健康档案（40-79 岁，225811 人，中位随访 7.26 年，13301 例事件）；中国多省市"
        "心血管病前瞻队列（35 岁及以上，21948 人，8 省市，10 年）；北京房山农村（"
        "40-79 岁，6489 人，平均 5.82 年）；内蒙古蒙古族（2589 人，2003-2012）",
        "electronic health records of Yinzhou (40-79 years, 225,811 people, median follow-up "
        "7.26 years, 13,301 events); the Chinese Multi-provincial Cohort Study (35 years and "
        "over, 21,948 people of 8 provinces and cities, 10 years); rural Fangshan "
        "near Beijing (40-79 years, 6,489 people, mean 5.82 years); Mongolians of "
        "Inner Mongolia (2,589 people, 2003-2012)",
        _YINZHOU,
        _PROVINCES,
        _FANGSHAN,
        _MONGOLIA,
    ),
    external_party=said(
        "与方程作者不同的研究组：北京大学与鄞州区疾病预防控制中心（鄞州），北京大学（房山），以及"
        "所引论文的作者",
        "groups other than the equation's authors: Peking University with the CDC of Yinzhou "
        "(Yinzhou), Peking University (Fangshan), and the authors of the papers cited",
        _YINZHOU,
        _PROVINCES,
        _FANGSHAN,
        _MONGOLIA,
    ),
    external_population=said(
        "中国社区与农村成人，男女分别报告；一项为蒙古族。语言与社会状况的构成我们没有看到",
        "Chinese adults of towns and villages, men and women reported apart; one study of "
        "Mongolians. Their make-up by language and social position was not seen",
        _YINZHOU,
        _PROVINCES,
        _FANGSHAN,
        _MONGOLIA,
    ),
    external_process=said(
        "以 Kaplan-Meier 法的实际发生率与预测值之比、C 统计量、校准 χ² 与校准图评价",
        "the ratio of expected to observed (Kaplan-Meier) events, C statistic, calibration χ² "
        "and calibration plots",
        _YINZHOU,
        _FANGSHAN,
    ),
    external_validity=said(
        "鄞州：C 男 0.741（0.735-0.747）、女 0.782（0.776-0.788），男低估 19.5%、女低估 42.3%。多"
        "省市队列：C 男 0.781（0.763-0.798）、女 0.769（0.745-0.794），男性校准良好（χ² 2.20）。"
        "房山：重新校准后 5 年风险男高估 22.2%、女高估 33.1%。蒙古族：C 0.76-0.86，低估",
        "Yinzhou: C 0.741 (0.735-0.747) in men and 0.782 (0.776-0.788) in women, under-estimated "
        "by 19.5 % in men and 42.3 % in women. Provinces: C 0.781 (0.763-0.798) in men and 0.769 "
        "(0.745-0.794) in women, well calibrated in men (χ² 2.20). Fangshan: over-estimated by "
        "22.2 % in men and 33.1 % in women after recalibration, at 5 years. Mongolians: C "
        "0.76-0.86, under-estimated",
        _YINZHOU,
        _PROVINCES,
        _FANGSHAN,
        _MONGOLIA,
    ),
    external_fairness=said(
        "按性别：鄞州女性低估多于男性；按族裔：蒙古族低估。其他分组未见",
        "by sex: in Yinzhou women were under-estimated more than men; by ethnicity: Mongolians "
        "were under-estimated. No other groups were seen",
        _YINZHOU,
        _MONGOLIA,
    ),
    checked_against=said(
        "与一公开程序的 150 行对照，差异不超过 1e-9；系数由两个互不相关的公开程序一致给出，女性基"
        "线生存率一处印作 0.99，其余为 0.9904，本产品用 0.9904",
        "150 rows of a public program are repeated within 1e-9; two unrelated public programs "
        "agree on the coefficients. One source prints 0.99 for the baseline survival of women, "
        "the others 0.9904, which is used here",
    ),
)
