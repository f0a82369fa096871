"""Habits of senders: flags as arrows, words for numbers, odd ranges, odd line ends, gaps."""

from collections.abc import Iterator
from typing import Any, Final

from scripts.make_hl7v2_corpus.model import DEMO, Message, Person, Result, measured, obr, obx, said

WU: Final = Person("000556677", "吴", "敏", "19820601", "F")
_GLU: Final = DEMO.coded("GLU", "葡萄糖")
_CREA: Final = DEMO.coded("CREA", "肌酐")
_WBC: Final = DEMO.coded("WBC", "白细胞计数")
_LOINC_GLU: Final = "14749-6"


def _one(name: str, shows: str, lines: list[str], results: list[Result], **more: Any) -> Message:
    """One order with results of the demo hospital."""
    return Message(
        name=f"habit_{name}",
        shows=shows,
        lines=[
            DEMO.msh(f"HABIT-{name}"),
            WU.pid(),
            obr(1, DEMO.coded("SHSX", "生化"), filler=f"H-{name}"),
            *lines,
        ],
        **{"patient": WU.expected(), "results": results, **more},
    )


def messages() -> Iterator[Message]:
    """Yield the habits."""
    yield from _units()
    yield from _numbers()
    yield from _ranges()
    yield from _words()
    yield from _remarks()
    yield from _lines()
    yield from _gaps()
    yield from _people()


def _units() -> Iterator[Message]:
    yield _one(
        "power_unescaped",
        "×10^9/L sent as it is printed: its ^ is the component separator and the unit must survive",
        [
            obx(1, _WBC, "6.50", "×10^9/L", range="3.5-9.5"),
            obx(2, DEMO.coded("PLT", "血小板计数"), "221", "10^9/L", range="125-350"),
            obx(3, DEMO.coded("RBC", "红细胞计数"), "4.71", "10^12/L"),
        ],
        [
            measured("WBC", "6.50", "×10^9/L", low="3.5", high="9.5", loinc="6690-2"),
            measured("PLT", "221", "10^9/L", low="125", high="350", loinc="777-3"),
            measured("RBC", "4.71", "10^12/L"),
        ],
    )
    yield _one(
        "unit_coded",
        "OBX-6 as CE: code, text and coding system of the unit",
        [obx(1, _GLU, "5.60", "mmol/L^毫摩尔/升^UCUM")],
        [measured("GLU", "5.60", "毫摩尔/升", loinc=_LOINC_GLU)],
    )
    yield _one(
        "no_unit",
        "a number without unit: none is guessed, whatever the analyte",
        [obx(1, _GLU, "5.60"), obx(2, DEMO.coded("PH", "尿酸碱度"), "6.0")],
        [measured("GLU", "5.60", "", loinc=_LOINC_GLU), measured("PH", "6.0", "")],
    )
    yield _one(
        "unit_unknown",
        "a unit that UCUM has not: shown as sent, no code claimed",
        [
            obx(1, DEMO.coded("HBSAG", "乙肝表面抗原"), "0.43", "S/CO", range="0-1"),
            obx(2, DEMO.coded("HCV", "丙肝抗体"), "0.06", "COI"),
        ],
        [
            measured("HBSAG", "0.43", "S/CO", low="0", high="1"),
            measured("HCV", "0.06", "COI"),
        ],
    )


def _numbers() -> Iterator[Message]:
    yield _one(
        "beyond_measuring",
        "NM with >1000 and <0.01: text with its unit, a warning, and never a number",
        [
            obx(1, DEMO.coded("HCG", "人绒毛膜促性腺激素"), ">1000", "IU/L", flag="H"),
            obx(2, DEMO.coded("TNI", "肌钙蛋白I"), "<0.01", "ng/mL"),
        ],
        [said("HCG", ">1000 IU/L", flag="H"), said("TNI", "<0.01 ng/mL")],
        warnings=(("102", "OBX^1^5"), ("102", "OBX^2^5")),
    )
    yield _one(
        "structured_number",
        "SN: comparator, interval, titre",
        [
            obx(1, DEMO.coded("HCG", "人绒毛膜促性腺激素"), ">^1000", "IU/L", kind="SN"),
            obx(2, DEMO.coded("WBCU", "尿白细胞"), "^3^-^5", "个/HP", kind="SN"),
            obx(3, DEMO.coded("ANA", "抗核抗体滴度"), "^1^:^320", kind="SN"),
        ],
        [
            measured("HCG", "1000", "IU/L", comparator=">"),
            {
                "code": "WBCU",
                "status": "final",
                "range_value": ["3", "5"],
                "unit": "个/HP",
                "ucum": "/[HPF]",
            },
            {"code": "ANA", "status": "final", "ratio": ["1", "320"]},
        ],
    )
    yield _one(
        "flag_in_value",
        "an arrow behind the number: it is not cut off, the value stays text and is warned of",
        [obx(1, _GLU, "8.90↑", "mmol/L", range="3.90-6.10")],
        [said("GLU", "8.90↑ mmol/L", low="3.90", high="6.10", loinc=_LOINC_GLU)],
        warnings=(("102", "OBX^1^5"),),
    )
    yield _one(
        "odd_digits",
        "digits are kept: 6.80, .5, a leading plus; a thousands comma is no number",
        [
            obx(1, _GLU, "6.80", "mmol/L"),
            obx(2, _CREA, ".5", "mg/dL"),
            obx(3, DEMO.coded("BE", "剩余碱"), "+2.3", "mmol/L"),
            obx(4, DEMO.coded("PLT", "血小板"), "1,200", "10\\S\\9/L"),
        ],
        [
            measured("GLU", "6.80", "mmol/L", loinc=_LOINC_GLU),
            measured("CREA", "0.5", "mg/dL", loinc="14682-9"),
            measured("BE", "2.3", "mmol/L"),
            said("PLT", "1,200 10^9/L", loinc="777-3"),
        ],
        warnings=(("102", "OBX^4^5"),),
    )
    yield _one(
        "full_width_digits",
        "digits and letters in full width: no number is made of them, the unit is known",
        [obx(1, _GLU, "５．６", "ｍｍｏｌ／Ｌ")],
        [said("GLU", "５．６ ｍｍｏｌ／Ｌ", loinc=_LOINC_GLU)],
        warnings=(("102", "OBX^1^5"),),
    )
    yield _one(
        "unit_in_value",
        "value and unit in one ST: text, for it is not known what of it is the unit",
        [obx(1, _GLU, "5.6 mmol/L", kind="ST")],
        [said("GLU", "5.6 mmol/L", loinc=_LOINC_GLU)],
    )


def _ranges() -> Iterator[Message]:
    yield _one(
        "ranges",
        "reference ranges: dashes, tildes, 至, one-sided, a unit behind, by sex, in words",
        [
            obx(1, DEMO.coded("A", "甲"), "5.0", "mmol/L", range="3.90--6.10"),
            obx(2, DEMO.coded("B", "乙"), "5.0", "mmol/L", range="3.90～6.10"),
            obx(3, DEMO.coded("C", "丙"), "5.0", "mmol/L", range="3.90至6.10"),
            obx(4, DEMO.coded("D", "丁"), "5.0", "mmol/L", range="≤5.20"),
            obx(5, DEMO.coded("E", "戊"), "5.0", "mmol/L", range="≥1.04"),
            obx(6, DEMO.coded("F", "己"), "5.0", "mmol/L", range="3.90-6.10 mmol/L"),
            obx(7, DEMO.coded("G", "庚"), "5.0", "mmol/L", range="男:57-97;女:41-73"),
            obx(8, DEMO.coded("H", "辛"), "5.0", "mmol/L", range="阴性"),
            obx(9, DEMO.coded("I", "壬"), "5.0", "mmol/L", range="70-110 mg/dL"),
            obx(10, DEMO.coded("J", "癸"), "5.0", "mmol/L", range="3.90~6.10"),
        ],
        [
            measured("A", "5.0", "mmol/L", low="3.90", high="6.10", range="3.90--6.10"),
            measured("B", "5.0", "mmol/L", low="3.90", high="6.10", range="3.90～6.10"),
            measured("C", "5.0", "mmol/L", low="3.90", high="6.10", range="3.90至6.10"),
            measured("D", "5.0", "mmol/L", high="5.20", range="≤5.20"),
            measured("E", "5.0", "mmol/L", low="1.04", range="≥1.04"),
            measured("F", "5.0", "mmol/L", low="3.90", high="6.10", range="3.90-6.10 mmol/L"),
            measured("G", "5.0", "mmol/L", range="男:57-97;女:41-73"),
            measured("H", "5.0", "mmol/L", range="阴性"),
            measured("I", "5.0", "mmol/L", range="70-110 mg/dL"),
            measured("J", "5.0", "mmol/L", low="3.90", high="6.10", range="3.90~6.10"),
        ],
    )
    yield _one(
        "arrows",
        "↑, ↓ and 异常 in OBX-8: no code of table 0078, kept as their text",
        [
            obx(1, _GLU, "8.90", "mmol/L", flag="↑"),
            obx(2, _CREA, "33", "umol/L", flag="↓"),
            obx(3, DEMO.coded("UA", "尿酸"), "520", "umol/L", flag="异常"),
            obx(4, DEMO.coded("K", "钾"), "6.9", "mmol/L", flag="HH^危急值^HL70078"),
        ],
        [
            measured("GLU", "8.90", "mmol/L", flag_text="↑", loinc=_LOINC_GLU),
            measured("CREA", "33", "umol/L", flag_text="↓", loinc="14682-9"),
            measured("UA", "520", "umol/L", flag_text="异常"),
            measured("K", "6.9", "mmol/L", flag="HH", flag_text="危急值", loinc="2823-3"),
        ],
    )


def _words() -> Iterator[Message]:
    yield _one(
        "urinalysis",
        "尿常规: 阴性, 阳性(+), ±, 3+ as ST with the range 阴性",
        [
            obx(1, DEMO.coded("PRO", "尿蛋白"), "阳性(+)", kind="ST", range="阴性", flag="A"),
            obx(2, DEMO.coded("GLUU", "尿糖"), "阴性", kind="ST", range="阴性"),
            obx(3, DEMO.coded("KET", "酮体"), "±", kind="ST", range="阴性"),
            obx(4, DEMO.coded("BLD", "潜血"), "3+", kind="ST", range="阴性", flag="A"),
            obx(5, DEMO.coded("COLOR", "颜色"), "淡黄色", kind="ST"),
            obx(6, DEMO.coded("SG", "比重"), "1.020", range="1.003-1.030"),
        ],
        [
            said("PRO", "阳性(+)", range="阴性", flag="A"),
            said("GLUU", "阴性", range="阴性"),
            said("KET", "±", range="阴性"),
            said("BLD", "3+", range="阴性", flag="A"),
            said("COLOR", "淡黄色"),
            measured("SG", "1.020", "", low="1.003", high="1.030"),
        ],
    )
    yield _one(
        "words_as_numbers",
        "阴性 and 未检出 under OBX-2 NM: text with a warning, never zero",
        [
            obx(1, DEMO.coded("HBSAG", "乙肝表面抗原"), "阴性"),
            obx(2, DEMO.coded("PCT", "降钙素原"), "未检出", "ng/mL"),
        ],
        [said("HBSAG", "阴性"), said("PCT", "未检出 ng/mL")],
        warnings=(("102", "OBX^1^5"), ("102", "OBX^2^5")),
    )
    yield _one(
        "haemolysed",
        "溶血: the result is cancelled (X), its reason stands in the note, no value is made",
        [
            obx(1, DEMO.coded("K", "钾"), "", "mmol/L", status="X"),
            "NTE|1|L|标本溶血，钾结果不报告，请重新采血",
        ],
        [
            {
                "code": "K",
                "status": "cancelled",
                "absent": "unknown",
                "notes": ["标本溶血，钾结果不报告，请重新采血"],
                "loinc": "2823-3",
            }
        ],
    )
    yield _one(
        "haemolysed_in_value",
        "溶血 as the value of an NM: text, so that no number is missing unseen",
        [obx(1, DEMO.coded("K", "钾"), "溶血", "mmol/L")],
        [said("K", "溶血 mmol/L", loinc="2823-3")],
        warnings=(("102", "OBX^1^5"),),
    )
    yield _one(
        "coded_results",
        "blood group as CE with a local code, and as CWE with the original text",
        [
            obx(1, DEMO.coded("ABO", "ABO血型"), "AB^AB型^99BLD", kind="CE"),
            obx(2, DEMO.coded("RH", "RhD血型"), "P^阳性^99BLD^^^^^^RhD阳性", kind="CWE"),
        ],
        [
            {"code": "ABO", "status": "final", "coded": "AB", "coded_text": "AB型"},
            {"code": "RH", "status": "final", "coded": "P", "coded_text": "RhD阳性"},
        ],
    )


def _remarks() -> Iterator[Message]:
    yield _one(
        "notes",
        "NTE behind the order and behind a result; \\.br\\ is a line break, ~ a next line",
        [
            "NTE|1|L|餐后采血",
            obx(1, _GLU, "9.2", "mmol/L"),
            "NTE|1|L|结果已复查\\.br\\请结合临床~检验者：周",
        ],
        [
            measured(
                "GLU",
                "9.2",
                "mmol/L",
                notes=["结果已复查\n请结合临床\n检验者：周"],
                loinc=_LOINC_GLU,
            )
        ],
        texts=("餐后采血",),
    )
    yield _one(
        "escapes",
        "escaped separators in a text: none of them splits, each comes back as itself",
        [
            obx(
                1,
                DEMO.coded("BZ", "备注"),
                "A\\F\\B \\S\\ C\\T\\D \\R\\ E\\E\\F 尿蛋白2\\S\\+",
                kind="ST",
            )
        ],
        [said("BZ", "A|B ^ C&D ~ E\\F 尿蛋白2^+")],
    )
    yield _one(
        "lines_of_a_report",
        "several OBX under one code without sub-id: lines of one report, none overwrites another",
        [
            obx(1, DEMO.coded("GSXJ", "骨髓所见"), "骨髓增生活跃", kind="TX"),
            obx(2, DEMO.coded("GSXJ", "骨髓所见"), "粒系占62%", kind="TX"),
            obx(3, DEMO.coded("GSXJ", "骨髓所见"), "未见异常细胞", kind="TX"),
        ],
        [
            said("GSXJ", "骨髓增生活跃"),
            said("GSXJ", "粒系占62%"),
            said("GSXJ", "未见异常细胞"),
        ],
    )
    yield _one(
        "ogtt",
        "OGTT: one code at three times, told apart by OBX-4 and by OBX-14",
        [
            obx(1, _GLU, "5.8", "mmol/L", sub="0h", at="20261120080000+0800"),
            obx(2, _GLU, "11.4", "mmol/L", sub="1h", at="20261120090000+0800"),
            obx(3, _GLU, "8.6", "mmol/L", sub="2h", at="20261120100000+0800"),
        ],
        [
            measured(
                "GLU", "5.8", "mmol/L", sub="0h", at="2026-11-20T08:00:00+08:00", loinc=_LOINC_GLU
            ),
            measured(
                "GLU", "11.4", "mmol/L", sub="1h", at="2026-11-20T09:00:00+08:00", loinc=_LOINC_GLU
            ),
            measured(
                "GLU", "8.6", "mmol/L", sub="2h", at="2026-11-20T10:00:00+08:00", loinc=_LOINC_GLU
            ),
        ],
    )


def _lines() -> Iterator[Message]:
    glucose = [measured("GLU", "5.6", "mmol/L", loinc=_LOINC_GLU)]
    plain = [obx(1, _GLU, "5.6", "mmol/L")]
    yield _one("crlf", "lines that end with CR LF", plain, glucose, line_end="\r\n")
    yield _one("lf", "lines that end with LF", plain, glucose, line_end="\n")
    yield _one("blank_lines", "blank lines between segments", ["", plain[0], "", ""], glucose)
    yield _marked(plain, glucose)
    yield _one(
        "local_segments",
        "Z segments between and behind results: no result is lost, each is listed",
        [
            "ZLB|1|仪器|XN-9000",
            obx(1, _GLU, "5.6", "mmol/L"),
            "ZQC|1|在控",
            obx(2, _CREA, "71", "umol/L"),
            "ZSH|1|审核者|周",
        ],
        [*glucose, measured("CREA", "71", "umol/L", loinc="14682-9")],
        left_out=("ZLB", "ZQC", "ZSH"),
    )


def _marked(lines: list[str], results: list[Result]) -> Message:
    return Message(
        name="habit_byte_order_mark",
        shows="a UTF-8 byte order mark before MSH",
        lines=[
            DEMO.msh("HABIT-BOM", charset="UNICODE UTF-8"),
            WU.pid(),
            obr(1, DEMO.coded("SHSX", "生化"), filler="H-BOM"),
            *lines,
        ],
        charset="UNICODE UTF-8",
        prefix=b"\xef\xbb\xbf",
        patient=WU.expected(),
        results=results,
    )


def _gaps() -> Iterator[Message]:
    plain = obx(1, _GLU, "5.6", "mmol/L")
    glucose = measured("GLU", "5.6", "mmol/L", loinc=_LOINC_GLU)
    yield _one(
        "no_result_status",
        "OBX-11 empty: unknown, never taken for final",
        [obx(1, _GLU, "5.6", "mmol/L", status="")],
        [{**glucose, "status": "unknown"}],
        warnings=(("103", "OBX^1^11"),),
    )
    yield _refused(
        "no_patient_number",
        "PID-3 empty: results cannot be filed, and the answer says where",
        [WU.pid().replace("000556677^^^DEMOHOSP^MR", ""), obr(1, _GLU, filler="N1"), plain],
        ("101", "PID^1^3"),
    )
    yield _refused(
        "no_time",
        "no time of observation anywhere: a result of unknown age is refused",
        [WU.pid(), obr(1, _GLU, filler="N2").replace("20261120080000+0800", ""), plain],
        ("101", "OBX^1^14"),
    )
    yield _refused(
        "future",
        "observed in the future: the clock of the sender is wrong",
        [WU.pid(), obr(1, _GLU, filler="N3", at="20361120080000+0800"), plain],
        ("102", "OBR^1^7"),
    )
    yield _refused(
        "no_such_day",
        "30 February is no time",
        [WU.pid(), obr(1, _GLU, filler="N4", at="20260230080000+0800"), plain],
        ("102", "OBR^1^7"),
    )


def _refused(name: str, shows: str, lines: list[str], error: tuple[str, str]) -> Message:
    return Message(
        name=f"habit_{name}",
        shows=shows,
        lines=[DEMO.msh(f"HABIT-{name}"), *lines],
        code="AE",
        error=error,
        resources={"Patient": 0, "Observation": 0},
    )


def _people() -> Iterator[Message]:
    plain = [obr(1, _GLU, filler="P1"), obx(1, _GLU, "5.6", "mmol/L")]
    glucose = [measured("GLU", "5.6", "mmol/L", loinc=_LOINC_GLU)]
    expected = WU.expected()
    yield Message(
        name="habit_sex_in_chinese",
        shows="PID-8 男: no code of table 0001; the sex stays unstated and is warned of",
        lines=[DEMO.msh("PEOPLE-1"), WU.pid().replace("|F", "|男"), *plain],
        patient={**expected, "gender": None},
        results=glucose,
        warnings=(("103", "PID^1^8"),),
    )
    yield Message(
        name="habit_birth_date_zeros",
        shows="PID-7 00000000: no date; none is stored and the answer says so",
        lines=[DEMO.msh("PEOPLE-2"), WU.pid().replace("19820601", "00000000"), *plain],
        patient={**expected, "birthDate": None},
        results=glucose,
        warnings=(("102", "PID^1^7"),),
    )
    yield Message(
        name="habit_identity_card",
        shows="a second number in PID-3: an identity card of the impossible region 000000",
        lines=[
            DEMO.msh("PEOPLE-3"),
            WU.pid().replace("^MR", "^MR~000000198206010026^^^CN-ID&2.16.156.1&ISO^NNCHN"),
            *plain,
        ],
        patient=expected,
        results=glucose,
        texts=("000000198206010026",),
    )
    yield Message(
        name="habit_name_whole",
        shows="the whole name in PID-5.1: it is not cut into family and given name",
        lines=[
            DEMO.msh("PEOPLE-4"),
            Person("000556699", "欧阳小敏", "", WU.born, WU.sex).pid(),
            *plain,
        ],
        patient={**expected, "number": "000556699", "name": "欧阳小敏"},
        results=glucose,
    )
    yield Message(
        name="habit_two_patients",
        shows="two patients in one message: each gets the own results and no other",
        lines=[
            DEMO.msh("PEOPLE-5"),
            WU.pid(),
            *plain,
            Person("000998877", "何", "平", "19600101", "M").pid(sequence=2),
            obr(2, _CREA, filler="P2"),
            obx(1, _CREA, "99", "umol/L"),
        ],
        results=[
            {**glucose[0], "patient": "000556677"},
            measured("CREA", "99", "umol/L", loinc="14682-9", patient="000998877"),
        ],
        resources={"Patient": 2, "Observation": 2, "DiagnosticReport": 2},
    )
