"""What is put into any component of a field that is read changes what is made, or is listed."""

from functools import cache
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fhir_server.hl7v2.mapping.accounting import READ
from fhir_server.hl7v2.mapping.conversion import convert, read
from fhir_server.hl7v2.mapping.groups import Unconverted
from fhir_server.hl7v2.problems import Refusal
from tests.unit.hl7v2.examples import MSH, message, surroundings, tokens

# A report in which each field that is read holds something, with its first component alone.
REPORT = (
    MSH,
    "PID|1|P2^^^H|1^^^DEMOHOSP^MR|P4^^^H|Zhang^Wei||19680312|M|Zhang||S^^Shanghai||021|022|zh|M|||||"
    "|||N|1||||20260101|Y||||||||||023",
    "PD1|||Clinic|D1^Li",
    "NK1|1|Li^Na|SPO|S2^^Wuhan|031|032|C|20200101|20210101||||Firm||F|||||||||||||||||||||||||033",
    "PV1|1|I|W3|E||W2|A1^A|B1^B|C1^C|MED||||1|||D1^D||V1|||||||||||||||||01||||||||20260101|20260102",
    "PV2|||R1",
    "ORC|RE|YZ1|LAB1|G1|CM||^^^^^R||20260101|||D9^D",
    "OBR|1|YZ1|LAB1|SG^X^99LIS|S|20260101|20261120080000+0800|20261120080500+0800|||A|||||D9^D||||||"
    "20261120103000+0800||CH|F|C^1||||PAR^CHI||I10|N1",
    "TQ1|1||||||20260101|20260102|R",
    "NTE|1|L|note|RE|D7^D|20260101",
    "DG1|1||I11",
    "OBX|1|CE|CREA^Crea^99LIS|1|text|umol/L|57-97|N|||F|||20261120080000+0800||D6^D|M1||"
    "20261120090000|ARM|I1||Main lab",
    "NTE|1|L|note|RE|D7^D|20260101",
    "SPM|1|S1^F1||BLD|||V|ARM||||5||desc||20261120080000|20261120080000^20261120080100|"
    "20261120090000||Y||||CFU||||||AC1",
)
# A code, a name, a number and a date alike, so that it has a place wherever one is read.
VALUE = "20200101"
FIELDS = [
    (index, number)
    for index, line in enumerate(REPORT)
    for number, value in enumerate(line.split("|"))
    # The sub-id of a result is part of its identity, whatever is made of it.
    if index and number and value and number in READ[line[:3]] and (line[:3], number) != ("OBX", 4)
]
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
    found = consequences(at, component, place)
    assert found is None or not all(found)


@given(st.sampled_from(FIELDS))
def test_a_second_repetition_is_read_or_listed(at):
    index, number = at
    fields = REPORT[index].split("|")
    fields[number] += f"~{VALUE}"
    made, listed = outcome((*REPORT[:index], "|".join(fields), *REPORT[index + 1 :]))
    assert is_listed(listed, index, number, f"{number}[2]") != (made != untouched())
