"""What recurs from message to message is read once, and never for another sender."""

from fhir_server.hl7v2.mapping.recurring import recurring
from terminology.codings import Coding
from terminology.local_codes import LocalCodes
from tests.unit.hl7v2.examples import MSH, OBR, PID, message, obx, resources, with_field

_SYSTEM = "urn:id:DEMOHOSP:99LIS"


def codes(raw: bytes, **changed) -> list[str]:
    (result,) = resources(raw, "Observation", **changed)
    return [coding["code"] for coding in result["code"]["coding"]]


def test_a_code_table_that_changed_is_asked_again():
    raw = message(MSH, PID, OBR, obx())
    assert codes(raw) == ["CREA", "14682-9"]
    assert codes(raw, codes=LocalCodes.none()) == ["CREA"]
    other = LocalCodes({(_SYSTEM, "CREA"): Coding("http://loinc.org", "2160-0", "Creatinine")})
    assert codes(raw, codes=other) == ["CREA", "2160-0"]
    assert codes(raw) == ["CREA", "14682-9"]


def test_the_same_local_code_of_another_hospital_is_another_code():
    ours = message(MSH, PID, OBR, obx())
    theirs = message(with_field(MSH, 4, "OTHERHOSP"), PID, OBR, obx())
    systems = [
        result["code"]["coding"][0]["system"]
        for raw in (ours, theirs, ours)
        for result in resources(raw, "Observation")
    ]
    assert systems == [_SYSTEM, "urn:id:OTHERHOSP:99LIS", _SYSTEM]


def test_one_text_under_other_separators_is_read_by_those():
    usual = message(MSH, PID, OBR, obx(f7="57&97", f8="H~L"))
    odd = message(MSH.replace("^~\\&", "^!\\~"), PID, OBR, obx(f7="57&97", f8="H~L"))
    for _ in range(2):
        (first,), (second,) = resources(usual, "Observation"), resources(odd, "Observation")
        assert [len(each["interpretation"]) for each in (first, second)] == [2, 1]


def test_a_unit_changes_what_the_same_range_text_means():
    mass, molar = (
        resources(message(MSH, PID, OBR, obx(f6=unit, f7="57-97")), "Observation")[0]
        for unit in ("mg/L", "umol/L")
    )
    assert mass["referenceRange"][0]["low"]["code"] == "mg/L"
    assert molar["referenceRange"][0]["low"]["code"] == "umol/L"


def test_a_long_text_is_not_kept():
    read: list[str] = []

    @recurring
    def length(text: str) -> int:
        read.append(text)
        return len(text)

    assert [length("H"), length("H"), length("x" * 201), length("x" * 201)] == [1, 1, 201, 201]
    assert [len(text) for text in read] == [1, 201, 201]
