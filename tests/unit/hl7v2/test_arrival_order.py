"""Whatever arrives first, and however often: the same is stored in the end.

A hospital's feeds (registration, laboratory, orders) are several connections: nothing orders the
messages of one against those of another, and a queue that was stuck sends the old ones last.
"""

import json
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir_server.hl7v2.problems import Refusal
from tests.support.fhir_store import writing
from tests.unit.hl7v2.examples import MSH, OBR, PID, message, obx, with_field
from tests.unit.hl7v2.two_stores import current, process, versions

TYPES = (
    "Patient",
    "Encounter",
    "ServiceRequest",
    "Specimen",
    "Observation",
    "DiagnosticReport",
)
ORC = "ORC|NW|YZ1|LAB1"
PV1 = "PV1|1|I|ICU^301^2||||D100^王^芳||||||||||||VN1^^^DEMOHOSP^VN"


def sent(type: str, minute: int) -> str:
    """The MSH of the message that was sent in that minute."""
    at = f"2026112010{minute:02}00+0800"
    return with_field(with_field(with_field(MSH, 9, type), 10, f"M{minute}"), 7, at)


def pid(number: str, **fields: str) -> str:
    segment = with_field(PID, 3, f"{number}^^^DEMOHOSP^MR")
    for name, value in fields.items():
        segment = with_field(segment, int(name[1:]), value)
    return segment


def result(minute: int, number: str, status: str, value: str) -> bytes:
    """A creatinine of order LAB1, released in that minute."""
    order = with_field(OBR, 22, f"2026112010{minute:02}00+0800")
    # What is final without its value sends none; a withdrawal still says of what time it is.
    segment = obx(f5="" if status == "U" else value, f11=status)
    return message(sent("ORU^R01", minute), pid(number), PV1, order, segment)


def update(minute: int, number: str, fields: dict[str, str]) -> bytes:
    return message(sent("ADT^A08", minute), pid(number, **fields))


def visit(minute: int, number: str, fields: dict[str, str]) -> bytes:
    segment = PV1
    for name, value in fields.items():
        segment = with_field(segment, int(name[1:]), value)
    # An update says nothing of how far the visit is, an admission does.
    type = "ADT^A01" if minute % 2 else "ADT^A08"
    return message(sent(type, minute), pid(number), segment)


def request(minute: int, number: str, control: str) -> bytes:
    return message(
        sent("ORM^O01", minute),
        pid(number),
        with_field(ORC, 1, control),
        "OBR|1|YZ1|LAB1|SG^肾功能^99LIS",
    )


def merge(minute: int, into: str, other: str) -> bytes:
    return message(sent("ADT^A40", minute), pid(into), f"MRG|{other}^^^DEMOHOSP^MR")


def stored(*arriving: tuple[int, bytes]) -> tuple[list[str], int]:
    """What is stored after the messages, each with its number, came in that order.

    Ids of resources say under which number they came first and are replaced by their content.
    """
    with writing() as connection:
        for number, raw in arriving:
            process(connection, raw, f"message-{number}")
        return content(current(connection, *TYPES)), versions(connection)


def content(resources: list[dict[str, Any]]) -> list[str]:
    """The resources without ids and meta; a reference is replaced by what it refers to."""
    known = {f"{each['resourceType']}/{each['id']}": each for each in resources}

    def plain(value: Any, seen: frozenset[str]) -> Any:
        if isinstance(value, dict):
            reference = value.get("reference")
            if reference in known and reference not in seen:
                return plain(known[reference], seen | {reference})
            return {
                name: plain(part, seen)
                for name, part in sorted(value.items())
                if name not in ("meta", "id", "reference")
            }
        if isinstance(value, list):
            return sorted((plain(each, seen) for each in value), key=text)
        return value

    return sorted(text(plain(each, frozenset({name}))) for name, each in known.items())


def text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


LIVES = {
    "preliminary, final, corrected": "PFC",
    "final, withdrawn": "FD",
    "final, corrected, then entered for the wrong patient": "FCW",
    "preliminary twice, then final without its value": "PPU",
    "final without its value, then corrected": "PUC",
    "cancelled after a preliminary result": "PX",
    "withdrawn, and a final one sent again": "FDF",
}


@pytest.mark.parametrize("life", LIVES.values(), ids=LIVES)
def test_every_order_of_a_result_s_life_ends_the_same(life: str) -> None:
    steps = [
        (number, result(number, "NEW1", status, str(80 + number)))
        for number, status in enumerate(life, start=1)
    ]
    ends = [stored(*order)[0] for order in permutations(steps)]
    assert all(end == ends[0] for end in ends)


FIELDS = st.dictionaries(
    st.sampled_from(["f5", "f11", "f13", "f15", "f16", "f29", "f30"]),
    st.sampled_from(["", '""', "1", "2"]),
    max_size=4,
)
SPELLED = {
    ("f5", "1"): "张^伟",
    ("f5", "2"): "张^卫",
    ("f11", "1"): "中山路1号^^石家庄",
    ("f11", "2"): "^^保定",
    ("f15", "1"): "zh",
    ("f15", "2"): "en",
    ("f16", "1"): "M",
    ("f16", "2"): "S",
    ("f29", "1"): "20261119",
    ("f29", "2"): "20261118",
    ("f30", "1"): "Y",
    ("f30", "2"): "N",
}


def spelled(fields: dict[str, str]) -> dict[str, str]:
    return {name: SPELLED.get((name, value), value) for name, value in fields.items()}


VISIT_FIELDS = st.dictionaries(
    st.sampled_from(["f2", "f3", "f44", "f45"]), st.sampled_from(["", '""', "1", "2"]), max_size=3
)
VISITS = {
    ("f2", "1"): "O",
    ("f2", "2"): "",
    ("f3", "1"): "WARD1^1",
    ("f3", "2"): "WARD2^2",
    ("f44", "1"): "20261119080000+0800",
    ("f44", "2"): "20261119090000+0800",
    ("f45", "1"): "20261120090000+0800",
    ("f45", "2"): "20261120093000+0800",
}


@st.composite
def messages(draw: st.DrawFn) -> list[tuple[int, bytes]]:
    """Messages on one person under two numbers, in the order in which they were sent."""
    chosen = []
    for minute in range(1, draw(st.integers(2, 6)) + 1):
        number = draw(st.sampled_from(["OLD9", "NEW1"]))
        kind = draw(st.sampled_from(["result", "result", "update", "visit", "request", "merge"]))
        if kind == "result":
            status = draw(st.sampled_from("PPFFCDXU"))
            raw = result(minute, number, status, str(80 + minute))
        elif kind == "update":
            raw = update(minute, number, spelled(draw(FIELDS)))
        elif kind == "visit":
            told = draw(VISIT_FIELDS)
            raw = visit(
                minute, number, {name: VISITS.get((name, v), v) for name, v in told.items()}
            )
        elif kind == "request":
            raw = request(minute, number, draw(st.sampled_from(["NW", "CR", "SC"])))
        else:
            raw = merge(minute, "NEW1", "OLD9")
        chosen.append((minute, raw))
    return chosen


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(messages(), st.randoms(use_true_random=False))
def test_messages_in_any_order_end_in_the_same_state(said, random) -> None:
    shuffled = list(said)
    random.shuffle(shuffled)
    assert stored(*shuffled)[0] == stored(*said)[0]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(messages())
def test_messages_processed_again_make_no_version(said) -> None:
    once = stored(*said)
    assert stored(*said, *said) == once


def test_a_merge_in_two_steps_ends_the_same_in_any_order() -> None:
    said = [
        (1, result(1, "OLD9", "F", "88")),
        (2, merge(2, "MID5", "OLD9")),
        (3, merge(3, "NEW1", "MID5")),
        (4, result(4, "NEW1", "C", "108")),
    ]
    ends = [stored(*order)[0] for order in permutations(said)]
    assert all(end == ends[0] for end in ends)
    assert sum('"108"' in each or "108" in each for each in ends[0] if "Observation" in each)


def test_a_circle_of_merges_is_refused_whichever_comes_last() -> None:
    for first, last in (("OLD9", "NEW1"), ("NEW1", "OLD9")):
        with writing() as connection:
            process(connection, merge(1, first, last), "message-1")
            with pytest.raises(Refusal) as refused:
                process(connection, merge(2, last, first), "message-2")
            assert refused.value.problems[0].code == "205"
