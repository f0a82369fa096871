"""Messages beside plain results: visits, merges, orders, specimens, documents, cultures."""

from collections.abc import Iterator
from typing import Any, Final

from scripts.make_hl7v2_corpus.model import DEMO, Message, Person, measured, obr, obx, said

HU: Final = Person("000880011", "胡", "桂英", "19490416", "F")
_EVENT: Final = "EVN||20261120100000+0800"
# PV1-2 class, PV1-3 ward, PV1-7 physician, PV1-19 number of the visit, PV1-44 its begin.
_VISIT: Final = (
    "PV1|1|{kind}|心内科^03^12^DEMOHOSP||||1023^李^建国"
    + "|" * 12
    + "ZY202611{number}"
    + "|" * 25
    + "20261120093000+0800"
)


def messages() -> Iterator[Message]:
    """Yield the messages."""
    yield from _visits()
    yield from _orders()
    yield from _specimens()
    yield from _documents()


def _admission(event: str, shows: str, pid: str, **more: Any) -> Message:
    visit = more.pop("visit", _VISIT.format(kind="I", number=more.pop("number", "001")))
    name = more.pop("name", event.lower())
    return Message(
        name=f"adt_{name}",
        shows=shows,
        lines=[DEMO.msh(f"ADT-{name}", f"ADT^{event}"), _EVENT, pid, *([visit] if visit else [])],
        **{"patient": HU.expected(), "resources": {"Patient": 1, "Encounter": 1}, **more},
    )


def _visits() -> Iterator[Message]:
    yield _admission(
        "A01",
        "ADT^A01: an admission, 入院",
        HU.pid(),
        texts=(
            "ZY202611001",
            '"IMP"',
            '"in-progress"',
            "心内科",
            "李建国",
            "2026-11-20T09:30:00+08:00",
        ),
    )
    yield _admission(
        "A04",
        "ADT^A04: an outpatient registers, 门诊挂号",
        HU.pid(),
        visit=_VISIT.format(kind="O", number="002"),
        texts=("ZY202611002", '"AMB"'),
    )
    moved = Person(HU.number, "胡", "桂瑛", HU.born, HU.sex)
    yield _admission(
        "A08",
        "ADT^A08 after A01: the name was written wrong and is put right",
        moved.pid(),
        patient=moved.expected(),
        after=("adt_a01",),
    )
    yield _admission(
        "A31",
        "ADT^A31: a person's data change, without a visit",
        moved.pid(),
        visit="",
        patient=moved.expected(),
        resources={"Patient": 1},
        after=(),
    )
    survivor = Person("000880099", HU.family, HU.given, HU.born, HU.sex)
    yield Message(
        name="adt_a40",
        shows="ADT^A40: two numbers of one person; the old one is replaced, nothing is deleted",
        lines=[
            DEMO.msh("ADT-a40", "ADT^A40", at="20261120113000+0800"),
            _EVENT,
            survivor.pid(),
            f"MRG|{HU.number}^^^DEMOHOSP^MR",
        ],
        after=("adt_a01",),
        patient=survivor.expected(),
        resources={"Patient": 2, "Encounter": 1},
        texts=('"replaced-by"', '"replaces"'),
    )
    yield Message(
        name="adt_result_after_merge",
        shows="a result under the number that was merged away: it is filed with the survivor",
        lines=[
            DEMO.msh("ADT-after", at="20261120120000+0800"),
            HU.pid(),
            obr(1, DEMO.coded("DJZ", "电解质"), filler="MERGED1"),
            obx(1, DEMO.coded("K", "钾"), "4.10", "mmol/L"),
        ],
        after=("adt_a01", "adt_a40"),
        resources={"Patient": 2, "Observation": 1},
        results=[measured("K", "4.10", "mmol/L", loinc="2823-3", patient="000880099")],
    )


def _ordered(control: str, status: str) -> list[str]:
    placed = "20261120091500+0800"
    return [
        f"ORC|{control}|YZ20261101||ZH1|{status}||||{placed}|||1023^李^建国",
        f"OBR|1|YZ20261101||{DEMO.coded('SHQT', '生化全套')}|||{placed}",
    ]


def _orders() -> Iterator[Message]:
    shared: dict[str, Any] = {
        "patient": HU.expected(),
        "resources": {"Patient": 1, "ServiceRequest": 1, "Observation": 0},
    }
    yield Message(
        name="order_orm",
        shows="ORM^O01 NW: a new order, 开立检验医嘱",
        lines=[DEMO.msh("ORDER-1", "ORM^O01"), HU.pid(), *_ordered("NW", "IP")],
        texts=("YZ20261101", "生化全套", '"active"'),
        **shared,
    )
    yield Message(
        name="order_orm_cancelled",
        shows="ORM^O01 CA after NW: the order is revoked, 作废",
        lines=[
            DEMO.msh("ORDER-2", "ORM^O01", at="20261120110000+0800"),
            HU.pid(),
            *_ordered("CA", "CA"),
        ],
        after=("order_orm",),
        texts=('"revoked"',),
        **shared,
    )
    yield Message(
        name="order_oml",
        shows="OML^O21: the same order with its specimen",
        lines=[
            DEMO.msh("ORDER-3", "OML^O21^OML_O21"),
            HU.pid(),
            *_ordered("NW", "IP"),
            "SPM|1|BB001^BB001||SER^血清^HL70487|||||||||||||20261120093000+0800",
        ],
        texts=("YZ20261101", "血清"),
        patient=HU.expected(),
        resources={"Patient": 1, "ServiceRequest": 1, "Specimen": 1, "Observation": 0},
    )


def _specimens() -> Iterator[Message]:
    yield Message(
        name="specimen_oul",
        shows="OUL^R22: results that stand under their specimen",
        lines=[
            DEMO.msh("SPECIMEN-1", "OUL^R22^OUL_R22"),
            HU.pid(),
            "SPM|1|BB002^BB002||UR^随机尿^HL70487|||||||||||||20261120083000+0800",
            obr(1, DEMO.coded("NWLBDB", "尿微量白蛋白/肌酐"), filler="OUL1"),
            obx(1, DEMO.coded("UACR", "尿微量白蛋白/肌酐比值"), "31.20", "mg/mmol", flag="H"),
        ],
        patient=HU.expected(),
        resources={"Patient": 1, "Specimen": 1, "Observation": 1, "DiagnosticReport": 1},
        results=[measured("UACR", "31.20", "mg/mmol", flag="H")],
        texts=("随机尿",),
    )
    yield Message(
        name="point_of_care_r30",
        shows="ORU^R30: a glucose meter at the bedside reports without an order",
        lines=[
            DEMO.msh("POCT-1", "ORU^R30^ORU_R30"),
            HU.pid(),
            "ORC|NW",
            obr(1, DEMO.coded("POCTGLU", "床旁血糖"), filler="POCT1"),
            obx(1, DEMO.coded("GLU", "葡萄糖"), "3.2", "mmol/L", flag="LL"),
        ],
        patient=HU.expected(),
        resources={"Patient": 1, "Observation": 1},
        results=[measured("GLU", "3.2", "mmol/L", flag="LL", loinc="14749-6")],
    )
    yield Message(
        name="specimen_of_old_obr",
        shows="OBR-15 of an older version: the specimen is serum",
        lines=[
            DEMO.msh("SPECIMEN-2"),
            HU.pid(),
            obr(1, DEMO.coded("SG", "肾功能"), filler="SPS1").replace(
                "|" * 14 + "20261120103000",
                "|" * 7 + "SER&血清&HL70070" + "|" * 7 + "20261120103000",
            ),
            obx(1, DEMO.coded("CREA", "肌酐"), "77", "umol/L"),
        ],
        patient=HU.expected(),
        resources={"Patient": 1, "Specimen": 1, "Observation": 1},
        results=[measured("CREA", "77", "umol/L", loinc="14682-9")],
        texts=("血清",),
    )


# The smallest text that readers take for a PDF; nothing of a person is in it.
_PDF: Final = "JVBERi0xLjQKJSVFT0YK"


def _documents() -> Iterator[Message]:
    yield Message(
        name="document_pdf",
        shows="OBX of type ED: the report as a PDF beside its numbers",
        lines=[
            DEMO.msh("DOCUMENT-1"),
            HU.pid(),
            obr(1, DEMO.coded("XDT", "心电图报告"), filler="PDF1"),
            obx(1, DEMO.coded("HR", "心率"), "72", "次/分"),
            obx(2, DEMO.coded("PDF", "报告文件"), f"LIS^application^pdf^Base64^{_PDF}", kind="ED"),
        ],
        patient=HU.expected(),
        resources={"Patient": 1, "DocumentReference": 1},
        # An Observation has no room for a document: it has no value and points to it.
        results=[measured("HR", "72", "次/分"), {"code": "PDF", "status": "final"}],
        texts=(_PDF, "application/pdf"),
    )
    culture = DEMO.coded("XPY", "血培养")
    yield Message(
        name="culture",
        shows="a culture: germ and antibiogram, the second order naming the first as its parent",
        lines=[
            DEMO.msh("CULTURE-1"),
            HU.pid(),
            obr(1, culture, filler="MB1"),
            obx(1, DEMO.coded("JD", "鉴定结果"), "ECO^大肠埃希菌^99BAC", kind="CE", sub="1"),
            obr(2, DEMO.coded("YM", "药敏试验"), filler="MB2").replace(
                "||CH|F",
                f"||MB|F|{DEMO.coded('JD', '鉴定结果').replace('^', '&')}^1^大肠埃希菌|||YMB1^MB1",
            ),
            obx(1, DEMO.coded("AMP", "氨苄西林"), "≥32", "μg/mL", kind="ST", flag="R"),
            obx(2, DEMO.coded("IPM", "亚胺培南"), "<=^1", "μg/L", kind="SN", flag="S"),
        ],
        patient=HU.expected(),
        resources={"Patient": 1, "Observation": 3, "DiagnosticReport": 2},
        results=[
            {"code": "JD", "status": "final", "coded": "ECO", "coded_text": "大肠埃希菌"},
            said("AMP", "≥32 μg/mL", flag="R"),
            measured("IPM", "1", "μg/L", comparator="<=", flag="S"),
        ],
        texts=('"derivedFrom"',),
    )
