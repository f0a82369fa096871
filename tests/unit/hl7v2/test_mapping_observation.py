"""OBX to Observation: values, units, states, times; nothing guessed, nothing dropped."""

from decimal import Decimal

import pytest

from fhir_server.hl7v2.mapping.tables import OBSERVATION_STATUS
from fhir_server.hl7v2.problems import Refusal
from tests.unit.hl7v2.examples import (
    DATA,
    MSH,
    OBR,
    PID,
    converted,
    message,
    observation,
    obx,
    resources,
    with_field,
)

UMOL = {"unit": "umol/L", "system": "http://unitsofmeasure.org", "code": "umol/L"}


def remarks(segment: str, *, obr: str = OBR) -> list[tuple[str, str]]:
    found = converted(message(MSH, PID, obr, segment)).remarks
    return [(each.code, str(each.location)) for each in found]


def refused(*lines: str) -> tuple[str, str, str]:
    with pytest.raises(Refusal) as caught:
        converted(message(MSH, PID, *lines))
    (problem,) = caught.value.problems
    return caught.value.acknowledgment, problem.code, str(problem.location)


def test_a_creatinine_with_a_local_code_is_a_loinc_result_too():
    found = observation(obx())
    assert [(each["system"], each["code"]) for each in found["code"]["coding"]] == [
        ("urn:id:DEMOHOSP:99LIS", "CREA"),
        ("http://loinc.org", "14682-9"),
    ]
    assert found["code"]["text"] == "肌酐"
    assert found["valueQuantity"] == {"value": Decimal(88), **UMOL}
    assert found["status"] == "final"
    assert found["effectiveDateTime"] == "2026-11-20T08:00:00+08:00"
    assert found["issued"] == "2026-11-20T10:30:00+08:00"
    assert found["subject"] == {"reference": "Patient/patient-1"}
    assert found["interpretation"][0]["coding"][0]["code"] == "N"
    assert found["referenceRange"] == [
        {
            "low": {"value": Decimal(57), **UMOL},
            "high": {"value": Decimal(97), **UMOL},
            "text": "57-97",
        }
    ]
    assert found["category"][0]["coding"][0]["code"] == "laboratory"


def test_alternate_codes_are_kept_and_not_repeated():
    found = observation(obx(f3="CREA^肌酐^99LIS^14682-9^Creatinine^LN"))
    codes = [(each["system"], each["code"]) for each in found["code"]["coding"]]
    assert codes == [("urn:id:DEMOHOSP:99LIS", "CREA"), ("http://loinc.org", "14682-9")]


def test_a_code_without_system_is_the_sender_s_own():
    assert observation(obx(f3="K"))["code"]["coding"] == [
        {"system": "urn:id:DEMOHOSP", "code": "K"}
    ]


@pytest.mark.parametrize(
    ("name", "system"),
    [
        ("LN", "http://loinc.org"),
        ("SCT", "http://snomed.info/sct"),
        ("2.16.840.1.113883.6.1", "http://loinc.org"),
        ("2.16.840.1.113883.12.78", "http://terminology.hl7.org/CodeSystem/v2-0078"),
        ("HL70085", "http://terminology.hl7.org/CodeSystem/v2-0085"),
        ("2.16.156.10011", "urn:oid:2.16.156.10011"),
        ("L", "urn:id:DEMOHOSP:L"),
        ("https://lis.example/codes", "https://lis.example/codes"),
    ],
)
def test_code_system_names_become_uris(name, system):
    assert observation(obx(f3=f"X1^Name^{name}"))["code"]["coding"][0]["system"] == system


def value(kind: str, written: str, unit: str = "") -> dict:
    found = observation(obx(f2=kind, f5=written, f6=unit, f7="", f8=""))
    return {name: each for name, each in found.items() if name.startswith(("value", "component"))}


@pytest.mark.parametrize(
    ("kind", "written", "unit", "expected"),
    [
        ("NM", "5.80", "mmol/L", {"valueQuantity": {"value": Decimal("5.80")}}),
        ("NM", "+5", "", {"valueQuantity": {"value": Decimal(5)}}),
        ("NM", "-0.5", "", {"valueQuantity": {"value": Decimal("-0.5")}}),
        ("NM", ".5", "", {"valueQuantity": {"value": Decimal("0.5")}}),
        ("SN", "^65", "", {"valueQuantity": {"value": Decimal(65)}}),
        ("SN", "<^5", "", {"valueQuantity": {"value": Decimal(5), "comparator": "<"}}),
        ("SN", ">=^90", "", {"valueQuantity": {"value": Decimal(90), "comparator": ">="}}),
        ("SN", "=^7", "", {"valueQuantity": {"value": Decimal(7)}}),
        ("SN", "^1^:^128", "", None),
        ("SN", "^10^-^20", "", None),
        ("ST", r"yellow \T\ clear", "", {"valueString": "yellow & clear"}),
        ("ST", "5.80", "mmol/L", {"valueString": "5.80 mmol/L"}),
        ("TX", r"line one\.br\line two", "", {"valueString": "line one\nline two"}),
        ("TX", "line one~line two", "", {"valueString": "line one\nline two"}),
        ("FT", "a^b", "", {"valueString": "a^b"}),
        ("TS", "20261119", "", {"valueDateTime": "2026-11-19"}),
        ("DTM", "202611190830", "", {"valueDateTime": "2026-11-19T08:30:00+08:00"}),
        ("DT", "202611", "", {"valueDateTime": "2026-11"}),
        ("TM", "0830", "", {"valueTime": "08:30:00"}),
        ("TM", "223100.0000", "", {"valueTime": "22:31:00.0000"}),
        ("NM", "", "", {}),
        ("NM", '""', "", {}),
    ],
)
def test_each_type_has_its_value(kind, written, unit, expected):
    found = value(kind, written, unit)
    if expected is None:
        expected = {
            "^1^:^128": {
                "valueRatio": {
                    "numerator": {"value": Decimal(1)},
                    "denominator": {"value": Decimal(128)},
                }
            },
            "^10^-^20": {
                "valueRange": {"low": {"value": Decimal(10)}, "high": {"value": Decimal(20)}}
            },
        }[written]
    if "valueQuantity" in found:
        found["valueQuantity"] = {
            name: each
            for name, each in found["valueQuantity"].items()
            if name in ("value", "comparator")
        }
    assert found == expected


def test_digits_are_kept_as_sent():
    assert str(value("NM", "5.80", "mmol/L")["valueQuantity"]["value"]) == "5.80"


@pytest.mark.parametrize(
    "written", [">90", "abc", "5,8", "1e5", "5.80^x", "5&6", "<0.1", "5.8.1", "٣"]
)
def test_a_number_that_is_none_stays_text_with_a_warning(written):
    found = value("NM", written, "mmol/L")
    assert "valueQuantity" not in found
    assert found["valueString"].endswith("mmol/L")
    assert remarks(obx(f5=written)) == [("102", "OBX^1^5")]


def test_a_structured_number_that_makes_no_sense_stays_text():
    assert value("SN", "<>^5")["valueString"] == "<> 5"
    assert value("SN", "^2^+")["valueString"] == "2 +"
    assert value("SN", "^20^-^10")["valueString"] == "20 - 10"


def test_dates_that_are_none_stay_text_with_a_warning():
    assert value("TS", "20261340")["valueString"] == "20261340"
    assert value("TM", "2561")["valueString"] == "2561"
    assert remarks(obx(f2="DT", f5="soon")) == [("102", "OBX^1^5")]


def test_a_value_without_type_stays_text_with_a_warning():
    assert value("", "28", "%")["valueString"] == "28 %"
    assert remarks(obx(f2="")) == [("102", "OBX^1^5")]


def test_coded_values_keep_code_text_and_alternate():
    found = value("CWE", "260385009^Negative^SCT^NEG^阴性^99LIS^20250301")
    assert found == {
        "valueCodeableConcept": {
            "coding": [
                {
                    "system": "http://snomed.info/sct",
                    "version": "20250301",
                    "code": "260385009",
                    "display": "Negative",
                },
                {"system": "urn:id:DEMOHOSP:99LIS", "code": "NEG", "display": "阴性"},
            ],
            "text": "Negative",
        }
    }


def test_several_numbers_in_one_result_are_components():
    found = value("NM", "60~120", "/min")
    assert [each["valueQuantity"]["value"] for each in found["component"]] == [60, 120]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("mg/dl", {"unit": "mg/dl", "system": "http://unitsofmeasure.org", "code": "mg/dL"}),
        ("mmol/L^^UCUM", {"unit": "mmol/L", "code": "mmol/L"}),
        ("umol/L^micromole per liter^UCUM", {"unit": "micromole per liter", "code": "umol/L"}),
        ("UMOLL", {"unit": "UMOLL"}),
        ("某单位^^99LIS", {"unit": "某单位"}),
        ("", {}),
    ],
)
def test_a_unit_is_shown_as_sent_and_ucum_only_where_it_is_known(written, expected):
    quantity = observation(obx(f6=written))["valueQuantity"]
    assert {name: each for name, each in quantity.items() if name in expected} == expected
    if "code" not in expected:
        assert "code" not in quantity
        assert "system" not in quantity


# Published decision per code of table 0085: docs/reference/hl7v2-mapping.md.
DECISIONS = {
    "A": "amended", "B": "amended", "C": "corrected", "D": "entered-in-error", "F": "final",
    "I": "registered", "N": "cancelled", "O": "registered", "P": "preliminary",
    "R": "preliminary", "S": "preliminary", "U": "final", "V": "final",
    "W": "entered-in-error", "X": "cancelled",
}  # fmt: skip


@pytest.mark.parametrize(("code", "status"), DECISIONS.items())
def test_every_result_status_has_its_decision(code, status):
    assert observation(obx(f11=code))["status"] == status


def test_the_decisions_are_all_of_table_0085():
    assert OBSERVATION_STATUS.keys() == DECISIONS.keys()


@pytest.mark.parametrize("code", ["", "Z", "结果"])
def test_a_status_that_says_nothing_is_unknown_with_a_warning(code):
    assert observation(obx(f11=code))["status"] == "unknown"
    assert remarks(obx(f11=code)) == [("103", "OBX^1^11")]


def test_a_result_that_cannot_be_had_says_why_it_has_no_value():
    absent = observation(obx(f5="", f11="X"))["dataAbsentReason"]["coding"][0]
    assert absent["code"] == "unknown"
    asked = observation(obx(f5="", f11="N"))["dataAbsentReason"]["coding"][0]
    assert asked["code"] == "not-asked"
    assert "dataAbsentReason" not in observation(obx(f11="X"))


@pytest.mark.parametrize(
    ("written", "bounds"),
    [
        ("3.10-5.70", ("3.10", "5.70")),
        ("3.10 - 5.70", ("3.10", "5.70")),
        ("3.10--5.70", ("3.10", "5.70")),
        ("3.10～5.70", ("3.10", "5.70")),
        ("3.10~5.70", ("3.10", "5.70")),
        ("-2.0-2.0", ("-2.0", "2.0")),
        ("57-97 umol/L", ("57", "97")),
        ("<5.2", (None, "5.2")),
        ("≤5.2", (None, "5.2")),
        (">1.04", ("1.04", None)),
        ("57-97 mg/dL", (None, None)),
        ("男:62-115;女:53-97", (None, None)),
        ("阴性", (None, None)),
        ("9-1", (None, None)),
        ("[ ]", (None, None)),
        ("[ 57 - 97 ]", ("57", "97")),
        ("(57-97)", ("57", "97")),
        ("【57-97】", ("57", "97")),
        ("（５７－９７）", ("57", "97")),
        ("57至97", ("57", "97")),
        ("57to97", ("57", "97")),
        ("57−97", ("57", "97")),
        ("57umol/L-97umol/L", ("57", "97")),
        ("57umol/L-97", (None, None)),
        ("57mg/dL-97umol/L", (None, None)),
        ("57-97 μmol/L", ("57", "97")),
        ("[ < 0.21 ]", (None, "0.21")),
        ("＜5.2", (None, "5.2")),
        ("<5.2 umol/L", (None, "5.2")),
        ("<5.2 mmol/L", (None, None)),
        ("<130 optimal", (None, None)),
        ("≥60", ("60", None)),
        ("-5 - -3", ("-5", "-3")),
        ("-5--3", (None, None)),  # -5 to -3, or -5 to 3: not guessed at
        ("70_105", (None, None)),
        ("3,10-5,70", (None, None)),
        ("1.3.5-2", (None, None)),
        ("0-5,>60岁:0-7", (None, None)),
        ("阴性(-)", (None, None)),
    ],
)
def test_reference_ranges_have_bounds_only_where_the_text_is_one_range(written, bounds):
    (found,) = observation(obx(f7=written))["referenceRange"]
    assert found["text"] == written
    stated = tuple(str(found[name]["value"]) if name in found else None for name in ("low", "high"))
    assert stated == bounds


@pytest.mark.parametrize(
    ("written", "code"),
    [("H", "H"), ("hh", "HH"), ("A^Abnormal^HL70078", "A"), ("<", "<"), ("POS", "POS")],
)
def test_flags_of_table_0078_are_interpretations(written, code):
    (found,) = observation(obx(f8=written))["interpretation"]
    assert found["coding"][0]["code"] == code
    assert found["coding"][0]["system"].endswith("v3-ObservationInterpretation")


def test_other_flags_stay_text_or_their_own_code():
    assert observation(obx(f8="↑"))["interpretation"] == [{"text": "↑"}]
    assert observation(obx(f8="QCF"))["interpretation"][0]["coding"][0]["system"].endswith("0078")
    own = observation(obx(f8="1^Flag^99LIS"))["interpretation"][0]["coding"][0]
    assert own["system"] == "urn:id:DEMOHOSP:99LIS"
    assert "interpretation" not in observation(obx(f8="^^^^^^2.7"))


def test_notes_stand_with_their_result():
    found = observation(obx(), r"NTE|1|L|标本溶血\.br\请复查", "NTE|2|L|second~line")
    assert [each["text"] for each in found["note"]] == ["标本溶血\n请复查", "second\nline"]


def test_a_note_says_whose_it_is_of_what_kind_by_whom_and_when():
    nte = "NTE|1|L|标本溶血|RE^Remark^HL70364|1023^李^检验|20261120101500"
    (note,) = observation(obx(), nte)["note"]
    source, kind = note["extension"]
    assert source["valueCoding"]["code"] == "L"
    assert source["valueCoding"]["system"].endswith("v2-0105")
    assert kind["valueCodeableConcept"]["coding"][0]["code"] == "RE"
    assert note["authorReference"]["display"] == "李检验"
    assert note["time"] == "2026-11-20T10:15:00+08:00"


def test_a_note_whose_time_is_none_is_kept_with_a_warning():
    (note,) = observation(obx(), "NTE|1|L|标本溶血|||soon")["note"]
    assert "time" not in note
    found = converted(message(MSH, PID, OBR, obx(), "NTE|1|L|标本溶血|||soon")).remarks
    assert [str(each.location) for each in found] == ["NTE^1^6"]


@pytest.mark.parametrize(
    ("lines", "type"),
    [
        ((PID, OBR, "NTE|1|L|空腹", obx()), "ServiceRequest"),
        ((PID, "ORC|RE|YZ1|LAB1", "NTE|1|P|空腹", OBR, obx()), "ServiceRequest"),
        ((PID, OBR, obx(), "SPM|1|S1||SER", "NTE|1|L|空腹"), "Specimen"),
    ],
)
def test_a_note_stands_with_what_it_is_behind(lines, type):
    (found,) = resources(message(MSH, *lines), type)
    assert [each["text"] for each in found["note"]] == ["空腹"]
    assert converted(message(MSH, *lines)).account.converted == len(lines) + 1


def test_a_note_behind_an_order_that_does_not_come_is_listed():
    lines = (PID, "ORC|RE|YZ9", "NTE|1|P|空腹", "ORC|RE|YZ1|LAB1", OBR, obx())
    listed = [
        each.segment.at()
        for each in converted(message(MSH, *lines)).account.unconverted
        if each.fields is None
    ]
    assert [str(each) for each in listed] == ["ORC^1", "NTE^1"]


def test_the_analyser_is_named_by_its_number():
    sent = obx(f18="BC-6800^LIS^1.2.3.4^ISO~AU680")
    assert observation(sent)["device"] == {
        "type": "Device",
        "identifier": {"system": "urn:oid:1.2.3.4", "value": "BC-6800"},
    }
    by_guid = observation(obx(f18="7^LIS^426D2726-51FC-89FE-A946-8596E80A80EB^GUID"))["device"]
    assert by_guid["identifier"]["system"] == "urn:uuid:426d2726-51fc-89fe-a946-8596e80a80eb"
    assert observation(obx(f18="AU680"))["device"]["identifier"] == {
        "system": "urn:id:DEMOHOSP:device",
        "value": "AU680",
    }
    assert "device" not in observation(obx(f18="^LIS"))
    # R4 has one device: the second is listed.
    (listed,) = converted(message(MSH, PID, OBR, sent)).account.unconverted
    assert listed.components == ("18[2]",)


def test_by_what_a_test_is_abnormal_is_an_extension():
    found = observation(obx(f10="S~A^Age^HL70080"))["extension"]
    assert [each["valueCodeableConcept"]["coding"][0]["code"] for each in found] == ["S", "A"]
    assert {each["url"] for each in found} == {
        "http://hl7.org/fhir/StructureDefinition/observation-nature-of-abnormal-test"
    }


def test_the_time_is_obx_14_then_obr_7_then_the_collection_of_the_specimen():
    untimed = with_field(OBR, 7, "")
    assert observation(obx(f14="20261119"))["effectiveDateTime"] == "2026-11-19"
    (of_order,) = resources(message(MSH, PID, OBR, obx(f14="")), "Observation")
    assert of_order["effectiveDateTime"] == "2026-11-20T08:00:00+08:00"
    spm = "SPM|1|S1||SER|||||||||||||20261120073000"
    (of_specimen,) = resources(message(MSH, PID, untimed, obx(f14=""), spm), "Observation")
    assert of_specimen["effectiveDateTime"] == "2026-11-20T07:30:00+08:00"


def test_a_period_of_collection_is_kept():
    timed = with_field(OBR, 8, "20261120090000+0800")
    (found,) = resources(message(MSH, PID, timed, obx(f14="")), "Observation")
    assert found["effectivePeriod"]["end"] == "2026-11-20T09:00:00+08:00"


def test_a_result_without_any_time_is_refused_at_obx_14():
    assert refused(with_field(OBR, 7, ""), obx(f14="")) == ("AE", "101", "OBX^1^14")


@pytest.mark.parametrize("code", ["D", "W", "X", "I"])
def test_a_withdrawal_needs_no_time(code):
    raw = message(MSH, PID, with_field(OBR, 7, ""), obx(f14="", f11=code))
    (found,) = resources(raw, "Observation")
    assert "effectiveDateTime" not in found


@pytest.mark.parametrize(
    ("obr", "segment", "place"),
    [
        (OBR, obx(f14="20261120200600+0800"), "OBX^1^14"),
        (with_field(OBR, 7, "20270101"), obx(f14=""), "OBR^1^7"),
        (with_field(OBR, 22, "20270101"), obx(), "OBR^1^22"),
        (OBR, obx(f14="2026-11-20"), "OBX^1^14"),
        (OBR, obx(f14="20261120250000"), "OBX^1^14"),
        (with_field(OBR, 7, "yesterday"), obx(), "OBR^1^7"),
    ],
)
def test_a_time_of_the_future_or_none_at_all_is_refused_at_its_place(obr, segment, place):
    assert refused(obr, segment) == ("AE", "102", place)


def test_clocks_may_differ_by_five_minutes():
    assert observation(obx(f14="20261120200459+0800"))["status"] == "final"


def test_times_without_zone_take_that_of_msh_7_else_the_configured_one():
    local = obx(f14="20261119081500")
    american = with_field(MSH, 7, "20261119101500-0500")
    unzoned = with_field(MSH, 7, "20261120103500")
    times = [observation(local, msh=msh)["effectiveDateTime"] for msh in (american, unzoned)]
    assert times == ["2026-11-19T08:15:00-05:00", "2026-11-19T08:15:00+08:00"]


def test_missing_codes_are_refused_at_their_place():
    assert refused(OBR, obx(f3="")) == ("AE", "101", "OBX^1^3")
    assert refused(with_field(OBR, 4, ""), obx()) == ("AE", "101", "OBR^1^4")


def test_vital_signs_are_vital_signs():
    raw = (DATA / "zh_vital_signs_utf8.hl7").read_bytes()
    found = resources(raw, "Observation")
    assert [str(each["valueQuantity"]["value"]) for each in found] == [
        "146", "92", "172", "78.5", "92",
    ]  # fmt: skip
    loinc = observation(obx(f3="8480-6^Systolic^LN", f6="mm[Hg]"))
    assert loinc["category"][0]["coding"][0]["code"] == "vital-signs"


def test_who_measured_how_and_where():
    segment = obx(f15="LAB1^Central^99LIS", f16="1023^李^检验", f17="ENZ^酶法^99LIS", f20="LA",
                  f19="20261120090000", f4="1.2", f21="OBS7")  # fmt: skip
    found = observation(segment)
    assert found["performer"][0]["display"] == "李检验"
    assert found["performer"][1]["identifier"]["value"] == "LAB1"
    assert found["method"]["coding"][0]["code"] == "ENZ"
    assert found["bodySite"]["coding"][0]["code"] == "LA"
    assert found["identifier"][0]["value"] == "OBS7"
    urls = [each["url"].rpartition("/")[2] for each in found["extension"]]
    assert urls == ["observation-v2-subid", "observation-analysis-date-time"]
