"""Panels as a Chinese laboratory's system sends them, each by one of four makes of system."""

from collections.abc import Iterator, Mapping
from typing import Final

from scripts.make_hl7v2_corpus.model import (
    ANALYSER,
    DEMO,
    MODERN,
    NAMELESS,
    Message,
    Person,
    Vendor,
    measured,
    obr,
    obx,
)

ZHANG: Final = Person("000123456", "张", "伟", "19680312", "M")
CHEN: Final = Person("000223344", "陈", "静", "19750820", "F")
LIU: Final = Person("000334455", "刘", "国强", "19511103", "M")
SUN: Final = Person("000445566", "孙", "悦", "19990215", "F")

# What the demo hospital accepted for its codes of 99LIS (tests/data/hl7v2/zh/local_codes.json).
LOINC: Final[Mapping[str, tuple[str, str]]] = {
    "ALT": ("1742-6", "Alanine aminotransferase [Enzymatic activity/volume] in Serum or Plasma"),
    "AST": ("1920-8", "Aspartate aminotransferase [Enzymatic activity/volume] in Serum or Plasma"),
    "CREA": ("14682-9", "Creatinine [Moles/volume] in Serum or Plasma"),
    "GLU": ("14749-6", "Glucose [Moles/volume] in Serum or Plasma"),
    "HBA1C": ("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood"),
    "HDL-C": ("14646-4", "Cholesterol in HDL [Moles/volume] in Serum or Plasma"),
    "HGB": ("718-7", "Hemoglobin [Mass/volume] in Blood"),
    "K": ("2823-3", "Potassium [Moles/volume] in Serum or Plasma"),
    "LDL-C": ("22748-8", "Cholesterol in LDL [Moles/volume] in Serum or Plasma"),
    "NA": ("2951-2", "Sodium [Moles/volume] in Serum or Plasma"),
    "PLT": ("777-3", "Platelets [#/volume] in Blood by Automated count"),
    "TC": ("14647-2", "Cholesterol [Moles/volume] in Serum or Plasma"),
    "TG": ("14927-8", "Triglyceride [Moles/volume] in Serum or Plasma"),
    "WBC": ("6690-2", "Leukocytes [#/volume] in Blood by Automated count"),
}

# name: make, patient, service, what it is, then one result a line:
# code | name | value | unit | low | high | flag (all as printed; `^` of a unit is escaped).
_PANELS: Final[tuple[tuple[str, Vendor, Person, str, str, str], ...]] = (
    (
        "biochemistry_gb18030",
        DEMO,
        ZHANG,
        "SHQT^生化全套",
        "a full biochemistry panel, 生化全套",
        """ALT|丙氨酸氨基转移酶|61|U/L|9|50|H
        AST|天门冬氨酸氨基转移酶|38|U/L|15|40|N
        TP|总蛋白|72.4|g/L|65|85|N
        ALB|白蛋白|44.1|g/L|40|55|N
        TBIL|总胆红素|14.2|umol/L|5.1|19.0|N
        UREA|尿素|6.30|mmol/L|3.1|8.0|N
        CREA|肌酐|88|umol/L|57|97|N
        UA|尿酸|455|umol/L|208|428|H
        GLU|葡萄糖|6.85|mmol/L|3.90|6.10|H""",
    ),
    (
        "biochemistry_utf8",
        MODERN,
        CHEN,
        "BIOCHEM^生化",
        "the same panel of another make, code system L",
        """1001|谷丙转氨酶|17|U/L|7|40|
        1002|谷草转氨酶|20|U/L|13|35|
        1011|尿素氮|3.9|mmol/L|2.6|7.5|
        1012|肌酐|52.7|μmol/L|41|73|
        1020|血糖|4.96|mmol/L|3.90|6.10|""",
    ),
    (
        "lipids_gb18030",
        DEMO,
        ZHANG,
        "XZSX^血脂四项",
        "lipids, 血脂四项: one-sided ranges",
        """TC|总胆固醇|5.80|mmol/L||5.20|H
        TG|甘油三酯|2.10|mmol/L||1.70|H
        HDL-C|高密度脂蛋白胆固醇|0.98|mmol/L|1.04||L
        LDL-C|低密度脂蛋白胆固醇|3.90|mmol/L||3.40|H""",
    ),
    (
        "lipids_gbk_no_system",
        NAMELESS,
        LIU,
        "0102^血脂",
        "lipids with bare codes: nothing may map them",
        """TC|总胆固醇|4.12|mmol/L|2.80|5.70|
        TG|甘油三酯|1.05|mmol/L|0.45|1.70|
        LDL-C|低密度脂蛋白|2.31|mmol/L|2.07|3.10|
        LPA|脂蛋白(a)|412|mg/L|0|300|H
        APOB|载脂蛋白B|0.83|g/L|0.60|1.10|""",
    ),
    (
        "hba1c_gb18030",
        DEMO,
        ZHANG,
        "THXH^糖化血红蛋白",
        "glycated haemoglobin, 糖化血红蛋白",
        "HBA1C|糖化血红蛋白|7.4|%|4.0|6.0|H",
    ),
    (
        "renal_gb18030",
        DEMO,
        LIU,
        "SG^肾功能",
        "renal function, 肾功能, with a computed eGFR",
        """UREA|尿素|14.7|mmol/L|3.6|9.5|H
        CREA|肌酐|186|umol/L|57|111|H
        UA|尿酸|512|umol/L|208|428|H
        CYSC|胱抑素C|2.14|mg/L|0.59|1.03|H
        EGFR|估算肾小球滤过率|31.2|mL/min/1.73m²|90||L""",
    ),
    (
        "renal_utf8_mu",
        MODERN,
        CHEN,
        "RENAL^肾功能",
        "creatinine in μmol/L, the mu as Greek letter",
        """1011|尿素|5.02|mmol/L|2.6|7.5|
        1012|肌酐|61|μmol/L|41|73|
        1013|尿酸|288|μmol/L|155|357|""",
    ),
    (
        "liver_gbk_no_system",
        NAMELESS,
        SUN,
        "0103^肝功能",
        "liver function, 肝功能, without offset in any time",
        """ALT|谷丙转氨酶|122|U/L|7|40|H
        AST|谷草转氨酶|97|U/L|13|35|H
        GGT|γ-谷氨酰转移酶|88|U/L|7|45|H
        ALP|碱性磷酸酶|76|U/L|35|100|
        TBIL|总胆红素|31.5|μmol/L|0|23.0|H
        DBIL|直接胆红素|12.9|μmol/L|0|8.0|H
        TBA|总胆汁酸|18.2|μmol/L|0|10.0|H""",
    ),
    (
        "blood_count_gb18030",
        DEMO,
        SUN,
        "XCG^血常规",
        "blood count, 血常规, units with an escaped power",
        """WBC|白细胞计数|11.82|10^9/L|3.5|9.5|H
        RBC|红细胞计数|4.03|10^12/L|3.8|5.1|N
        HGB|血红蛋白|118|g/L|115|150|N
        HCT|红细胞压积|35.6|%|35|45|N
        MCV|平均红细胞体积|88.3|fL|82|100|N
        MCH|平均血红蛋白量|29.3|pg|27|34|N
        PLT|血小板计数|86|10^9/L|125|350|L
        NEUT%|中性粒细胞百分比|81.4|%|40|75|H""",
    ),
    (
        "blood_count_utf8_times",
        MODERN,
        LIU,
        "CBC^全血细胞分析",
        "blood count, ×10^9/L with a times sign",
        """2001|白细胞|6.20|×10^9/L|3.5|9.5|
        2002|红细胞|4.71|×10^12/L|4.3|5.8|
        2003|血红蛋白|143|g/L|130|175|
        2004|血小板|221|×10^9/L|125|350|""",
    ),
    (
        "urine_albumin_gb18030",
        DEMO,
        ZHANG,
        "NWLBDB^尿微量白蛋白/肌酐",
        "尿微量白蛋白/肌酐 in mg/mmol",
        """MALB|尿微量白蛋白|48.6|mg/L|0|20|H
        UCR|尿肌酐|9.87|mmol/L|||
        UACR|尿微量白蛋白/肌酐比值|4.92|mg/mmol||3.0|H""",
    ),
    (
        "urine_albumin_utf8_mass",
        MODERN,
        CHEN,
        "UACR^尿白蛋白肌酐比",
        "the same ratio in mg/g: never mixed up",
        """3001|尿微量白蛋白|12.0|mg/L|0|30|
        3002|尿肌酐|103.5|mg/dL|||
        3003|尿白蛋白/肌酐|11.6|mg/g||30|""",
    ),
    (
        "electrolytes_gb18030",
        DEMO,
        LIU,
        "DJZ^电解质",
        "electrolytes, 电解质, with a critical potassium",
        """K|钾|6.82|mmol/L|3.5|5.3|HH
        NA|钠|131|mmol/L|137|147|L
        CL|氯|97.1|mmol/L|99|110|L
        CA|钙|2.06|mmol/L|2.11|2.52|L
        P|磷|1.88|mmol/L|0.85|1.51|H
        MG|镁|0.98|mmol/L|0.75|1.02|N""",
    ),
    (
        "thyroid_gbk_no_system",
        NAMELESS,
        CHEN,
        "0201^甲功五项",
        "thyroid function, 甲功五项",
        """FT3|游离三碘甲状腺原氨酸|8.94|pmol/L|3.1|6.8|H
        FT4|游离甲状腺素|31.20|pmol/L|12|22|H
        TSH|促甲状腺激素|0.008|mIU/L|0.27|4.20|L
        TPOAB|抗甲状腺过氧化物酶抗体|186.3|IU/mL|0|34|H""",
    ),
    (
        "coagulation_utf8",
        ANALYSER,
        LIU,
        "NXSX^凝血四项",
        "coagulation, 凝血四项, seconds as s, D-dimer in FEU",
        """PT|凝血酶原时间|14.9|s|11.0|14.3|H
        INR|国际标准化比值|1.24||0.85|1.15|H
        APTT|活化部分凝血活酶时间|33.1|s|31.5|43.5|
        FIB|纤维蛋白原|4.66|g/L|2.0|4.0|H
        DD|D-二聚体|1.83|mg/L FEU|0|0.55|H""",
    ),
    (
        "cardiac_utf8",
        ANALYSER,
        ZHANG,
        "XJBZW^心肌标志物",
        "cardiac markers, 心肌标志物, hs-TnT in ng/L",
        """HSTNT|高敏肌钙蛋白T|412.6|ng/L|0|14|HH
        CKMB|肌酸激酶同工酶质量|38.2|ng/mL|0|4.87|H
        MYO|肌红蛋白|286|ng/mL|28|72|H
        NTPROBNP|N末端B型钠尿肽原|2140|pg/mL|0|125|H""",
    ),
    (
        "inflammation_gb18030",
        DEMO,
        SUN,
        "YZ^炎症指标",
        "CRP, PCT and ESR",
        """CRP|C反应蛋白|86.3|mg/L||10|H
        PCT|降钙素原|2.41|ng/mL||0.05|H
        ESR|血沉|44|mm/h|0|20|H""",
    ),
    (
        "tumour_markers_gbk",
        NAMELESS,
        LIU,
        "0301^肿瘤标志物",
        "tumour markers, two spellings of one unit",
        """AFP|甲胎蛋白|3.12|ng/ml|0|7|
        CEA|癌胚抗原|6.80|ng/mL|0|5|H
        CA199|糖类抗原199|41.70|U/mL|0|37|H
        PSA|总前列腺特异性抗原|5.93|ng/ml|0|4|H""",
    ),
    (
        "blood_gas_utf8",
        ANALYSER,
        SUN,
        "XQ^血气分析",
        "blood gas: kinds of units that are no concentration",
        """PH|酸碱度|7.31||7.35|7.45|L
        PCO2|二氧化碳分压|52.3|mmHg|35|45|H
        PO2|氧分压|58.0|mmHg|80|100|L
        LAC|乳酸|3.40|mmol/L|0.5|2.2|H
        BE|剩余碱|-4.6|mmol/L|-3|3|L""",
    ),
    (
        "units_in_words_gb18030",
        DEMO,
        CHEN,
        "SZ^散项",
        "units in Chinese words",
        """GLU|葡萄糖|5.61|毫摩尔/升|3.90|6.10|N
        PT|凝血酶原时间|12.4|秒|11.0|14.3|N
        HR|心率|72|次/分|60|100|N
        TEMP|体温|36.8|℃|36.0|37.2|N
        WBCU|尿白细胞|3|个/HP|0|5|N
        EC|上皮细胞|7.2|个/μL|0|31|N""",
    ),
)


def messages() -> Iterator[Message]:
    """Yield the panels."""
    for number, (name, vendor, person, service, shows, rows) in enumerate(_PANELS, start=1):
        yield _panel(number, name, vendor, person, service, shows, rows)


def _panel(
    number: int, name: str, vendor: Vendor, person: Person, service: str, shows: str, rows: str
) -> Message:
    code, _, title = service.partition("^")
    at = "" if vendor.zone else "20261120080000"
    lines = [
        vendor.msh(f"PANEL{number:03}"),
        person.pid(assigner=vendor.facility),
        obr(1, vendor.coded(code, title), filler=f"L{number:03}", at=at),
    ]
    results = []
    for place, row in enumerate(rows.splitlines(), start=1):
        code, title, value, unit, low, high, flag = (each.strip() for each in row.split("|"))
        written = f"{low}-{high}" if low and high else f"<{high}" if high else f">{low}"
        written = written if low or high else ""
        lines.append(
            obx(
                place,
                vendor.coded(code, title),
                value,
                unit.replace("^", "\\S\\"),
                range=written,
                flag=flag,
            )
        )
        expected = {"low": low, "high": high, "range": written, "flag": flag, "title": title}
        known = {name: text for name, text in expected.items() if text}
        mapped = LOINC.get(code) if vendor is DEMO else None
        known["loinc"] = mapped[0] if mapped else ""
        results.append(measured(code, value, unit, **known, at="2026-11-20T08:00:00+08:00"))
    return Message(
        name=f"panel_{name}",
        shows=shows,
        lines=lines,
        charset=vendor.charset,
        patient=person.expected(),
        resources={
            "Patient": 1,
            "ServiceRequest": 1,
            "DiagnosticReport": 1,
            "Observation": len(results),
        },
        results=results,
    )
