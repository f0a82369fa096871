"""What people write down alike of the published equations; only the build reads it.

A statement that a model does not make for itself is the one here, which says that nothing is known.
"""

from dataclasses import replace
from typing import Any, Final

from inference.contract import Text
from inference.source_attributes import Standing, Statement, WrittenAttributes


def said(zh: str, en: str, *sources: str) -> Statement:
    """Return what is known, with where its figures come from."""
    return Statement(Text(zh, en), sources=sources)


def not_known(zh: str, en: str, *sources: str) -> Statement:
    """Return that we have not seen it."""
    return Statement(Text(zh, en), Standing.NOT_KNOWN, sources)


def not_published(zh: str, en: str, *sources: str) -> Statement:
    """Return that the source prints nothing of it."""
    return Statement(Text(zh, en), Standing.NOT_PUBLISHED, sources)


def not_done(zh: str, en: str, *sources: str) -> Statement:
    """Return that nobody known to us does it."""
    return Statement(Text(zh, en), Standing.NOT_DONE, sources)


_NOWHERE: Final = not_known(
    "我们所见的论文摘要与资料没有写明",
    "what we saw of the papers does not say it",
)

_SHARED: Final = WrittenAttributes(
    developer=said(
        "本干预（已发表方程的计算图、输入的读取、置信度与说明）由 Attending 维护者开发，"
        "联系方式为取得本软件的代码仓库的问题跟踪；方程的作者见引用文献",
        "the maintainers of Attending developed this intervention (the published equation as a "
        "graph, how its inputs are read, its confidence and its explanation); they are reached by "
        "the issue tracker of the repository that the software came from. The equation's authors "
        "are those of the citation",
    ),
    funding=not_known(
        "本软件的资料没有记载技术实现的资金来源；研究本身的资助见论文",
        "no source of funding of the technical implementation is recorded with "
        "the product; who paid for the study is stated in the paper",
    ),
    intended_use=_NOWHERE,
    users=said(
        "负责该患者的医师及其团队；评价模型的质量管理人员。不供患者自行使用",
        "the physicians who treat the patient, and their team; quality officers who judge the "
        "model. Not for patients on their own",
    ),
    role=said(
        "为临床决策提供信息：给出估计、区间、置信度与依据；不替代临床判断，不下医嘱。"
        "决定与责任属于医师",
        "it informs a decision: an estimate with its interval, its confidence and what it rests "
        "on. It replaces no clinical judgement and orders nothing; decision and responsibility are "
        "the physician's",
    ),
    cautioned_use=_NOWHERE,
    training_criteria=_NOWHERE,
    training_population=_NOWHERE,
    training_relevance=said(
        "建模人群与本机构患者有多接近，须由使用机构判断；已知的证据按国家列出",
        "how near the people of the derivation are to those treated here is for the hospital to "
        "judge; what is known is listed by country",
    ),
    fairness_approach=not_known(
        "我们所见的资料没有写明建模时的公平性做法；本软件不改动方程，也没有另做公平性评价",
        "what we saw tells of no approach in the derivation; this product does "
        "not change the equation and made no assessment of its own",
    ),
    bias_handling=said(
        "本软件按发表的方程计算，不另作校正；取值范围以外的值拒绝计算，缺失项予以指明，"
        "证据来自其他人群时降低置信度并写明原因",
        "the equation is computed as published and corrected for nothing; values outside its "
        "domain are refused, what is missing is named, and evidence from another population lowers "
        "the confidence and is said",
    ),
    external_data=_NOWHERE,
    external_party=_NOWHERE,
    external_population=_NOWHERE,
    external_process=_NOWHERE,
    internal_validity=_NOWHERE,
    internal_fairness=not_known(
        "我们没有看到建模数据中按性别、年龄、族裔或社会状况分组的结果",
        "no results by sex, age, ethnicity or social position in the data of the "
        "derivation were seen",
    ),
    external_validity=_NOWHERE,
    external_fairness=not_known(
        "我们没有看到外部数据中按性别、年龄、族裔或社会状况分组的结果",
        "no results by sex, age, ethnicity or social position in external data were seen",
    ),
    outcome_evaluations=not_known(
        "我们不知道有研究评价使用该模型能否降低发病率、死亡率或住院时间",
        "we know of no study of whether the use of this model lowered morbidity, mortality or "
        "length of stay",
    ),
    validity_monitoring=said(
        "每次启动时，模型文件须与校验和一致并重现算例；新版本先以影子方式与使用中的版本并行，"
        "分歧予以计数。本软件不随访患者结局，结局的评价周期由使用机构决定",
        "at every start the model's files must match their sums and repeat the worked examples; a "
        "new version first runs in the shadow of the active one, and their disagreements are "
        "counted. Patients' outcomes are not followed by this product: how often they are judged "
        "is the hospital's decision",
    ),
    local_validity=not_known(
        "本软件没有该模型在本机构患者中的结果；本机构完成验证后，"
        "在 ATTENDING_VALIDATED_MODELS 中声明",
        "this product has no result of the model on this hospital's patients; a "
        "hospital that has validated it says so in ATTENDING_VALIDATED_MODELS",
    ),
    fairness_monitoring=not_done(
        "本软件不按人群分组持续监测；医师对卡片的反馈予以保存，可供使用机构评价",
        "the product monitors nothing by group over time; what physicians answer to a card is kept "
        "and can be evaluated by the hospital",
    ),
    local_fairness=not_known(
        "本软件没有该模型在本机构患者中按人群分组的结果",
        "this product has no result of the model by group on this hospital's patients",
    ),
    updates=said(
        "每个版本是一个发布包（各文件的 sha256，可签名）；新版本先为草稿，再以影子方式运行，"
        "由具名人员写明理由后启用，并可在一秒内退回。作者发表新方程或发现错误时更新，没有固定周期",
        "each version is a release (the sha256 of every file; it can be signed); a new one begins "
        "as a draft, runs in the shadow, is brought into service by a named person with a reason, "
        "and can be taken back within a second. It is updated when the authors publish another "
        "equation or a fault is found; there is no fixed period",
    ),
    corrections=said(
        "没有固定周期：发现有关有效性或公平性的风险时以新版本更正，并写入变更记录；"
        "在此之前使用机构可停用或限制该版本，一秒内生效",
        "there is no fixed period: a risk to validity or fairness that is found is corrected by a "
        "new version and told in the changelog; until then the hospital can retire or restrict "
        "the version, which takes effect within a second",
    ),
    checked_against=_NOWHERE,
    registration=not_done(
        "本软件没有医疗器械注册证（国家药品监督管理局或其他机构）；作为医疗器械使用时，"
        "由使用机构按适用法律注册并写明注册证号、类别与有效期",
        "this product holds no registration as a medical device (NMPA or any other authority); an "
        "operator who uses it as one registers it under the law that applies, and states number, "
        "class and expiry",
    ),
)


def published(**own: Any) -> WrittenAttributes:
    """Return the attributes of a published equation: its `own`, else the shared ones."""
    return replace(_SHARED, **own)
