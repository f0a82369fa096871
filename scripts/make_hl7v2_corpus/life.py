"""A result's life: preliminary, final, corrected, withdrawn, cancelled, late, sent again."""

from collections.abc import Iterator
from typing import Any, Final

from scripts.make_hl7v2_corpus.model import DEMO, Message, Person, Result, measured, obr, obx, said

MA: Final = Person("000660011", "马", "秀兰", "19570224", "F")
_CREA: Final = DEMO.coded("CREA", "肌酐")
_K: Final = DEMO.coded("K", "钾")
_SERVICE: Final = DEMO.coded("SG", "肾功能")
_ONE: Final = {"Patient": 1, "Observation": 1, "DiagnosticReport": 1, "ServiceRequest": 1}


def _step(
    name: str,
    shows: str,
    value: str,
    status: str,
    result: Result,
    *,
    at: str,
    filler: str = "LIFE1",
    **more: Any,
) -> Message:
    """A creatinine of one order, reported at a time of 20 November."""
    released = f"20261120{at}00+0800"
    order = obr(1, _SERVICE, filler=filler, status=more.pop("report", "F"))
    return Message(
        name=f"life_{name}",
        shows=shows,
        lines=[
            DEMO.msh(f"LIFE-{name}", at=released),
            MA.pid(),
            order.replace("20261120103000+0800", released),
            obx(1, _CREA, value, "umol/L" if value else "", status=status),
        ],
        **{
            "patient": MA.expected(),
            "resources": _ONE,
            "results": [{**result, "loinc": "14682-9"}],
            **more,
        },
    )


def messages() -> Iterator[Message]:
    """Yield the steps; `after` names those that came before."""
    yield from _forward()
    yield from _backward()
    yield from _several()
    yield from _again()


def _forward() -> Iterator[Message]:
    yield _step(
        "preliminary",
        "P: a preliminary result",
        "180",
        "P",
        {**measured("CREA", "180", "umol/L"), "status": "preliminary"},
        at="0900",
        report="P",
    )
    yield _step(
        "final",
        "P, then F: the same Observation, now final",
        "186",
        "F",
        measured("CREA", "186", "umol/L"),
        at="0930",
        after=("life_preliminary",),
    )
    yield _step(
        "corrected",
        "P, F, then C: the corrected number stands, and is said to be corrected",
        "86",
        "C",
        {**measured("CREA", "86", "umol/L"), "status": "corrected"},
        at="1000",
        report="C",
        after=("life_preliminary", "life_final"),
    )
    yield _step(
        "deleted",
        "F, then D: the result is withdrawn and no model may read it",
        "",
        "D",
        {"code": "CREA", "status": "entered-in-error"},
        at="1030",
        report="C",
        after=("life_final",),
    )
    yield _step(
        "wrong_patient",
        "F, then W: it was another patient's; withdrawn",
        "186",
        "W",
        {**measured("CREA", "186", "umol/L"), "status": "entered-in-error"},
        at="1031",
        report="C",
        after=("life_final",),
    )
    yield _step(
        "cancelled",
        "X after P: no result can be had",
        "",
        "X",
        {"code": "CREA", "status": "cancelled", "absent": "unknown"},
        at="1032",
        report="X",
        after=("life_preliminary",),
    )
    yield _step(
        "finalised",
        "P, then U: final, and the number of the preliminary one stands",
        "",
        "U",
        measured("CREA", "180", "umol/L"),
        at="0931",
        after=("life_preliminary",),
    )


def _backward() -> Iterator[Message]:
    yield _step(
        "late_preliminary",
        "F, then the P of half an hour before: it changes nothing",
        "180",
        "P",
        measured("CREA", "186", "umol/L"),
        at="0859",
        report="P",
        after=("life_final",),
    )
    yield _step(
        "late_final",
        "C, then the F that it corrected: the corrected number stays",
        "186",
        "F",
        {**measured("CREA", "86", "umol/L"), "status": "corrected"},
        at="0929",
        after=("life_corrected",),
    )
    yield _step(
        "late_after_deletion",
        "D, then the F that it withdrew: it stays withdrawn",
        "186",
        "F",
        {"code": "CREA", "status": "entered-in-error"},
        at="0928",
        after=("life_deleted",),
    )


def _several() -> Iterator[Message]:
    results = [
        measured("K", "6.82", "mmol/L", loinc="2823-3"),
        measured("CREA", "186", "umol/L", loinc="14682-9"),
    ]
    first = Message(
        name="life_two_results",
        shows="two results of one order",
        lines=[
            DEMO.msh("LIFE-TWO", at="20261120093000+0800"),
            MA.pid(),
            obr(1, _SERVICE, filler="LIFE2"),
            obx(1, _K, "6.82", "mmol/L"),
            obx(2, _CREA, "186", "umol/L"),
        ],
        patient=MA.expected(),
        resources={**_ONE, "Observation": 2},
        results=results,
    )
    yield first
    yield Message(
        name="life_one_of_two_corrected",
        shows="a correction of one of them: the other stays, also in the report",
        lines=[
            DEMO.msh("LIFE-ONE", at="20261120110000+0800"),
            MA.pid(),
            obr(1, _SERVICE, filler="LIFE2", status="C"),
            obx(1, _K, "4.82", "mmol/L", status="C"),
            "NTE|1|L|前次标本溶血，更正",
        ],
        after=("life_two_results",),
        patient=MA.expected(),
        resources={**_ONE, "Observation": 2},
        results=[
            {
                **measured("K", "4.82", "mmol/L", loinc="2823-3"),
                "status": "corrected",
                "notes": ["前次标本溶血，更正"],
            },
            results[1],
        ],
    )
    yield Message(
        name="life_number_used_again",
        shows="the order number of one patient comes back for another: two results, never mixed",
        lines=[
            DEMO.msh("LIFE-REUSED", at="20261120120000+0800"),
            Person("000660022", "高", "翔", "20050510", "M").pid(),
            obr(1, _SERVICE, filler="LIFE1"),
            obx(1, _CREA, "54", "umol/L"),
        ],
        after=("life_final",),
        resources={"Patient": 2, "Observation": 2, "DiagnosticReport": 2},
        results=[
            measured("CREA", "186", "umol/L", patient="000660011", loinc="14682-9"),
            measured("CREA", "54", "umol/L", patient="000660022", loinc="14682-9"),
        ],
    )


def _again() -> Iterator[Message]:
    again = _step(
        "sent_again",
        "the final message once more, byte for byte: the stored answer, nothing new",
        "186",
        "F",
        measured("CREA", "186", "umol/L"),
        at="0930",
    )
    final = next(each for each in _forward() if each.name == "life_final")
    yield Message(
        name=again.name,
        shows=again.shows,
        lines=final.lines,
        after=("life_final",),
        patient=again.patient,
        resources=again.resources,
        results=again.results,
    )
    yield Message(
        name="life_control_id_used_again",
        shows="other bytes under a used MSH-10: kept for a person to judge, nothing is changed",
        lines=[line.replace("|186|", "|86|") for line in final.lines],
        after=("life_final",),
        code="AE",
        error=("205", "MSH^1^10"),
        patient=again.patient,
        resources=again.resources,
        results=again.results,
    )
    yield Message(
        name="life_other_person",
        shows="a known number with another birth date and sex: most likely given to somebody else",
        lines=[
            DEMO.msh("LIFE-OTHER", at="20261120130000+0800"),
            Person(MA.number, "高", "翔", "20050510", "M").pid(),
            obr(1, _SERVICE, filler="LIFE9"),
            obx(1, _CREA, "54", "umol/L"),
        ],
        after=("life_final",),
        code="AE",
        error=("205", "PID^1^3"),
        patient=again.patient,
        resources=again.resources,
        results=again.results,
    )
    yield Message(
        name="life_late_note",
        shows="a text result amended (A)",
        lines=[
            DEMO.msh("LIFE-NOTE", at="20261120140000+0800"),
            MA.pid(),
            obr(1, DEMO.coded("BLZD", "病理诊断"), filler="LIFE5", status="C"),
            obx(1, DEMO.coded("BLZD", "病理诊断"), "（胃窦）慢性炎", kind="TX", status="A"),
        ],
        patient=MA.expected(),
        results=[{**said("BLZD", "（胃窦）慢性炎"), "status": "amended"}],
    )
