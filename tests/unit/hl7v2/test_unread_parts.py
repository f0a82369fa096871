"""What stands in a field that is read, and that no resource holds, is listed by its place."""

import json

import pytest

from fhir_server.hl7v2.mapping.accounting import account
from tests.unit.hl7v2.examples import (
    MSH,
    OBR,
    PID,
    converted,
    message,
    obx,
    resources,
    surroundings,
    tokens,
    with_field,
)


def listed(*lines: str) -> dict[str, tuple[list[int], list[str]]]:
    """The fields and the components that a message's account lists, by segment."""
    found = converted(message(MSH, *lines)).account.as_json()["unconverted"]
    return {
        f"{each['segment']}{each['index']}": (each["fields"], each.get("components", []))
        for each in found
        if "fields" in each
    }


@pytest.mark.parametrize(
    ("segment", "number", "value", "listed_as"),
    [
        # C, callback, is no priority of R4; nor is T, timing critical.
        ("OBR", 5, "C", ([5], [])),
        ("OBR", 5, "S", ([], [])),
        ("PID", 24, "U", ([24], [])),
        ("PID", 24, '""', ([], [])),
        ("PID", 25, "twin", ([25], [])),
        # B, the name at birth; P, a permanent address; VHN, the number of a holiday home.
        ("PID", 5, "张^伟^^^^^B", ([], ["5.7"])),
        ("PID", 11, "3 Lu^^Shanghai^^^^P", ([], ["11.7"])),
        ("PID", 13, "021-5551234^VHN^PH", ([], ["13.2"])),
        ("PID", 13, "^NET^Internet^li@hospital.example", ([], [])),
    ],
)
def test_a_code_that_the_resource_cannot_say_is_listed(segment, number, value, listed_as):
    lines = {line[:3]: line for line in (PID, OBR, obx())}
    lines[segment] = with_field(lines[segment], number, value)
    found = listed(*lines.values())
    assert [*found.values()] == ([listed_as] if any(listed_as) else [])


def test_a_message_of_which_all_is_read_lists_nothing():
    assert listed(PID, OBR, obx()) == {}


@pytest.mark.parametrize(
    ("number", "value", "places"),
    [
        # "Ring at the neighbour's"; a date that is none.
        (11, "3 Lu^^Shanghai^^200000^CN^H^^^^^^20200101^soon^^^^^^按邻居门铃", ["11.14", "11.20"]),
        (11, "Bei&Lu&3&5^^Shanghai", ["11.1.4"]),
        # The prefix of the family name; a range beside the dates that say it; an order of no table.
        (5, "van Houten&van&Houten^Jan^^^^^L^^^2018&2020^X^20190301",
         ["5.1.2", "5.1.3", "5.10", "5.11"]),
        (13, "021-5551234^PRN^PH^^86^21^5551234^12^ask for the ward^^^^^^^^^first",
         ["13.9", "13.18"]),
        (13, "^PRN^PH^li@hospital.example^86^21^5551234", ["13.4"]),
        (3, "000123456^7^M11^DEMOHOSP^MR^WARD3", ["3.3", "3.6"]),
        (16, "M^Married^HL70002~D^Divorced^HL70002", ["16[2]"]),
        (15, "zh^Chinese^ISO639~en^English^ISO639", ["15[2]"]),
        # A text in a second language without a code of its own.
        (16, "M^Married^HL70002^^已婚", ["16.5"]),
        (15, "zh^Chinese^ISO639^^^^2011", ["15.7"]),
    ],
)  # fmt: skip
def test_what_of_the_person_is_not_read_is_listed(number, value, places):
    assert listed(with_field(PID, number, value), OBR, obx())["PID1"] == ([], places)


@pytest.mark.parametrize(
    ("number", "value", "places"),
    [
        # "Salt & pepper", its ampersand not escaped: the display ends before it.
        (3, "CREA^Serum & plasma^99LIS", ["3.2.2"]),
        (16, "1002^Wang^Fang^^^Dr^MD^^DEMOHOSP^^^^NPI", ["16.7", "16.13"]),
        (17, "ENZ^Enzymatic^99LIS~JAFFE^Jaffe^99LIS", ["17[2]"]),
        (8, "H^High^HL70078^A^Abnormal^HL70078", ["8.4", "8.5", "8.6"]),
        # The coding system of a unit: a local one is not read, and UCUM is told by the Quantity.
        (6, "umol/L^umol/L^L", ["6.3"]),
        (14, "20261120080000+0800^S", ["14.2"]),
    ],
)
def test_what_of_a_result_is_not_read_is_listed(number, value, places):
    assert listed(PID, OBR, with_field(obx(), number, value))["OBX3"] == ([], places)


@pytest.mark.parametrize(
    ("kind", "value", "places"),
    [
        ("SN", "<^5^^^ml", ["5.5"]),
        ("CWE", "POS^Positive^99LIS^^阳性", ["5.5"]),
        ("TS", "20261120^D", ["5.2"]),
        ("ED", "LIS^TEXT^PLAIN^A^a^b&c", ["5.1"]),
        ("NA", "1^2^3", []),
        ("ST", "a^b&c~d", []),
        ("XPN", "Li^Na^^^^MD", []),
    ],
)
def test_a_value_is_read_by_its_type(kind, value, places):
    found = listed(PID, OBR, obx(f2=kind, f5=value, f6="", f7=""))
    assert found.get("OBX3", ([], [])) == ([], places)


@pytest.mark.parametrize(
    "line",
    [
        with_field(OBR, 4, "SG^肾功能^99LIS^2160-0^Creatinine^LN^1^2^SG"),
        obx(f6="umol/L^umol/L^UCUM"),
        obx(f4="1^2^3^left"),
        obx(f4="1&a^b"),
        with_field(PID, 13, "^PRN^PH^^86^21^5551234^12"),
        with_field(PID, 13, "^NET^Internet^li@hospital.example"),
    ],
)
def test_what_is_read_is_not_listed(line):
    lines = {PID[:3]: PID, OBR[:3]: OBR, "OBX": obx()} | {line[:3]: line}
    assert listed(*lines.values()) == {}


def test_other_separators_are_those_of_the_message():
    lines = [MSH, with_field(PID, 11, "3 Lu^^Shanghai^^^^^^^^^20200101&&C"), OBR, obx()]
    marks = str.maketrans({"^": "$", "~": "!", "&": "%"})
    raw = message(*(line.translate(marks) for line in lines))
    (found,) = converted(raw).account.unconverted
    assert (found.fields, found.components) == ((), ("11.12.3",))


def test_fields_and_components_are_listed_together_without_their_content():
    secret = with_field(with_field(PID, 10, "2106-3"), 11, "3 Lu^^^^^^^^^^^^^^20200101")
    raw = message(MSH, secret, OBR, obx())
    found = converted(raw).account.as_json()
    (entry,) = found["unconverted"]
    assert entry["reason"] == "fields and components that are not read"
    assert (entry["fields"], entry["components"]) == ([10], ["11.15"])
    assert not {"2106-3", "20200101"} & set(json.dumps(found).split('"'))
    # Counted as a segment that was converted.
    assert found["segments"] == found["converted"] == 4


def test_a_laboratory_beside_the_one_that_is_named_is_listed():
    both = with_field(obx(f15="L2^Second lab"), 23, "Main lab")
    assert listed(PID, OBR, both)["OBX3"] == ([15], [])
    assert listed(PID, OBR, obx(f15="L2^Second lab")) == {}


def test_the_specimen_of_obr_is_listed_where_spm_says_it():
    with_source = with_field(with_field(OBR, 14, "20261120090000"), 15, "BLD")
    assert listed(PID, with_source, obx()) == {}
    spm = "SPM|1|S1||SER^Serum^HL70487"
    assert listed(PID, with_source, obx(), spm)["OBR2"] == ([14, 15], [])
    # A time of receipt without a specimen that was received.
    assert listed(PID, with_field(OBR, 14, "20261120090000"), obx())["OBR2"] == ([14], [])


def test_what_only_a_report_says_is_listed_where_an_order_has_none():
    msh = MSH.replace("ORU^R01^ORU_R01", "OML^O21^OML_O21")
    found = converted(message(msh, PID, "ORC|NW|YZ1", OBR)).account.unconverted
    assert [(each.segment.name, each.fields) for each in found] == [("OBR", (7, 24))]


def test_a_number_or_a_physician_that_is_passed_over_is_listed():
    orc = "ORC|RE|YZ1|LAB2|||||||||1001^Li^Na"
    same, other = with_field(OBR, 16, "1001^Li^Na"), with_field(OBR, 16, "1002^Wang^Fang")
    assert listed(PID, orc, same, obx()) == {"ORC2": ([3], [])}
    assert listed(PID, orc, other, obx()) == {"ORC2": ([3], []), "OBR3": ([16], [])}
    (request,) = resources(message(MSH, PID, orc, other, obx()), "ServiceRequest")
    assert request["requester"]["display"] == "Na Li"


def test_the_type_of_a_patient_in_a_visit_is_listed():
    pv1 = with_field("PV1|1|I|||||||||||||||||V7^^^DEMOHOSP^VN", 18, "INP")
    assert listed(PID, pv1, OBR, obx())["PV12"] == ([18], [])


def test_an_nk1_that_is_no_contact_is_listed():
    raw = message(MSH, PID, "NK1|1||SPO^Spouse||||||20200101", "NK1|2|Li^Na|SPO^Spouse", OBR, obx())
    (found,) = converted(raw).account.unconverted
    assert (found.segment.index, found.fields) == (2, None)
    assert "contact" in found.reason


def test_an_account_is_of_the_message_and_not_of_the_one_before():
    first = message(MSH, PID, OBR, obx(f2="CE", f5="A^b^c"))
    second = message(MSH, PID, OBR, obx(f2="TS", f5="2026^b^c"))
    assert account(tokens(first), []).unconverted == ()
    (found,) = account(tokens(second), []).unconverted
    assert found.components == ("5.2", "5.3")
    assert surroundings(first).remarks == []
