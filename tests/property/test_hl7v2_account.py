"""What is put into any component of a field that is read changes what is made, or is listed."""

from functools import cache
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from fhir_server.hl7v2.mapping.accounting import READ
from fhir_server.hl7v2.mapping.conversion import convert, read
from fhir_server.hl7v2.mapping.groups import Unconverted
from fhir_server.hl7v2.problems import Refusal
from tests.unit.hl7v2.examples import MSH, message, surroundings, tokens, with_field

# A report in which each field that is read holds something, with its first component alone.
VALUES: dict[str, dict[int, str]] = {
    "PID": {
        2: "P2^^^H", 3: "1^^^DEMOHOSP^MR", 4: "P4^^^H", 5: "Zhang^Wei", 6: "Li^Fang", 7: "19680312",
        8: "M", 9: "Zhang", 11: "S^^Shanghai", 12: "Huangpu", 13: "021", 14: "022", 15: "zh",
        16: "M", 17: "BTH", 20: "DL7", 24: "N", 25: "1", 26: "CHN", 28: "CHN", 29: "20260101",
        30: "Y", 35: "DOG", 36: "HUSKY", 39: "T", 40: "023",
    },
    "PD1": {3: "Clinic", 4: "D1^Li", 6: "B", 14: "St. Mary"},
    "NK1": {
        2: "Li^Na", 3: "SPO", 4: "S2^^Wuhan", 5: "031", 6: "032", 7: "C", 8: "20200101",
        9: "20210101", 13: "Firm", 15: "F", 40: "033", 41: "034",
    },
    "PV1": {
        2: "I", 3: "W3", 4: "E", 5: "PRE", 6: "W2", 7: "A1^A", 8: "B1^B", 9: "C1^C", 10: "MED",
        11: "OR", 13: "R", 14: "1", 15: "A2", 16: "VIP", 17: "D1^D", 19: "V1", 36: "01", 37: "HOME",
        38: "VEG", 42: "ICU", 44: "20260101", 45: "20260102", 50: "V2", 52: "E1^E",
    },
    "PV2": {1: "W9", 3: "R1", 8: "20260101", 9: "20260103", 11: "2", 13: "F1^F", 25: "2", 38: "A"},
    "ORC": {
        1: "RE", 2: "YZ1", 3: "LAB1", 4: "G1", 5: "CM", 7: "^^^^^R", 9: "20260101", 12: "D9^D",
        16: "DUP", 33: "Y9", 38: "G2",
    },
    "OBR": {
        2: "YZ1", 3: "LAB1", 4: "SG^X^99LIS", 5: "S", 6: "20260101", 7: "20261120080000+0800",
        8: "20261120080500+0800", 11: "A", 16: "D9^D", 22: "20261120103000+0800", 24: "CH", 25: "F",
        26: "C^1", 29: "PAR^CHI", 31: "I10", 32: "N1", 34: "N2", 35: "N3", 46: "S1", 47: "S2",
    },
    "TQ1": {7: "20260101", 8: "20260102", 9: "R"},
    "DG1": {3: "I11"},
    "OBX": {
        2: "CE", 3: "CREA^Crea^99LIS", 4: "1", 5: "text", 6: "umol/L", 7: "57-97", 8: "N", 10: "A",
        11: "F", 14: "20261120080000+0800", 16: "D6^D", 17: "M1", 18: "AU680", 19: "20261120090000",
        20: "ARM", 21: "I1", 23: "Main lab",
    },
    "NTE": {2: "L", 3: "note", 4: "RE", 5: "D7^D", 6: "20260101"},
    "SPM": {
        2: "S1^F1", 3: "S0", 4: "BLD", 6: "EDTK", 7: "V", 8: "ARM", 12: "5", 14: "desc",
        17: "20261120080000^20261120080100", 18: "20261120090000", 20: "Y", 24: "CFU", 27: "TUBE",
        30: "AC1", 31: "S9", 32: "SHIP1",
    },
}  # fmt: skip


def segment(name: str) -> str:
    line = f"{name}|1"
    for number, value in VALUES[name].items():
        line = with_field(line, number, value)
    return line


REPORT = (MSH, *map(segment, VALUES))
# A code, a name, a number and a date alike, so that it has a place wherever one is read.
VALUE = "20200101"
FIELDS = [
    (index, number)
    for index, line in enumerate(REPORT)
    for number, value in enumerate(line.split("|"))
    # The sub-id of a result is part of its identity, whatever is made of it.
    if index and number and value and number in READ[line[:3]] and (line[:3], number) != ("OBX", 4)
]
NUMBERS = {("PID", 13), ("PID", 14), ("NK1", 5), ("NK1", 6)}
# Of these components no mapping reads any, in any type but a text; of lower ones some.
STRANGE = (15, 16, 18, 19, 21, 22, 23)


def outcome(lines: tuple[str, ...]) -> tuple[Any, tuple[Unconverted, ...]]:
    """What is made of a message with all its warnings, and what its account lists."""
    raw = message(*lines)
    try:
        found = read(tokens(raw), surroundings(raw))
        conversion = convert(found, ["patient"])
    except Refusal as refusal:
        return refusal.problems, ()
    made = [draft.resource for draft in (*found.patients, *conversion.drafts)]
    return (made, conversion.remarks), conversion.account.unconverted


@cache
def untouched() -> Any:
    return outcome(REPORT)[0]


def put(line: str, number: int, component: int, place: int) -> str | None:
    """The segment with the value in a sub-component of a field, None where one is there."""
    fields = line.split("|")
    components = fields[number].split("^")
    components += [""] * (component - len(components))
    inner = components[component - 1].split("&")
    inner += [""] * (place - len(inner))
    if inner[place - 1]:
        return None
    inner[place - 1] = VALUE
    components[component - 1] = "&".join(inner)
    fields[number] = "^".join(components)
    return "|".join(fields)


def consequences(at: tuple[int, int], component: int, place: int) -> tuple[bool, bool] | None:
    """Whether the value changes what is made, and whether its place is listed."""
    index, number = at
    line = put(REPORT[index], number, component, place)
    if line is None:
        return None
    made, listed = outcome((*REPORT[:index], line, *REPORT[index + 1 :]))
    places = (f"{number}.{component}", f"{number}.{component}.{place}")
    return made != untouched(), is_listed(listed, index, number, *places)


def is_listed(listed: tuple[Unconverted, ...], index: int, number: int, *places: str) -> bool:
    """Whether an account lists a field as a whole, or one of the places in it."""
    return any(
        number in (each.fields or ()) or bool({*places} & {*each.components})
        for each in listed
        if each.segment.index == index
    )


@given(st.sampled_from(FIELDS), st.sampled_from(STRANGE), st.integers(1, 3))
def test_a_component_that_nobody_reads_is_listed(at, component, place):
    found = consequences(at, component, place)
    assert found is None or found[0] != found[1]


@given(st.sampled_from(FIELDS), st.integers(1, 23), st.integers(1, 5))
def test_what_is_listed_is_nowhere_else(at, component, place):
    # A use of a number (XTN.2) that R4 has not takes away the use that the field itself says.
    assume(component != 2 or (REPORT[at[0]][:3], at[1]) not in NUMBERS)
    found = consequences(at, component, place)
    assert found is None or not all(found)


@given(st.sampled_from(FIELDS))
def test_a_second_repetition_is_read_or_listed(at):
    index, number = at
    fields = REPORT[index].split("|")
    fields[number] += f"~{VALUE}"
    made, listed = outcome((*REPORT[:index], "|".join(fields), *REPORT[index + 1 :]))
    assert is_listed(listed, index, number, f"{number}[2]") != (made != untouched())
