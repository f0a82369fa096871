"""What each status code of a result and a report becomes, as the document says it."""

import re
from pathlib import Path

import pytest

from fhir_server.hl7v2.mapping.tables import OBSERVATION_STATUS, REFUSED_REPORT, REPORT_STATUS
from fhir_server.hl7v2.problems import Refusal
from tests.unit.hl7v2.examples import MSH, OBR, PID, converted, message, obx, resources, with_field

DOCUMENT = Path(__file__).parents[3] / "docs" / "reference" / "hl7v2-mapping.md"

# HL7 v2.8.2, table 0085: code, Observation.status, whose decision it is, and why.
RESULTS = [
    ("A", "amended", "guide", "amended on clinical information"),
    ("B", "amended", "ours", "appended: the values stand, something was added to the report"),
    ("C", "corrected", "guide", "replaces a final result"),
    ("D", "entered-in-error", "guide", "deletes the OBX: nobody may use it any more"),
    ("F", "final", "guide", "can only be changed by a corrected result"),
    ("I", "registered", "ours", "the specimen is in the laboratory, the result is pending"),
    ("N", "cancelled", "ours", "not asked: there will be no result"),
    ("O", "registered", "ours", "detail of the order, no result yet"),
    ("P", "preliminary", "guide", "preliminary"),
    ("R", "preliminary", "ours", "entered and not verified: it may still change"),
    ("S", "preliminary", "ours", "partial: the rest is still to come"),
    ("U", "final", "ours", "final without sending the preliminary value again"),
    ("V", "final", "ours", "verified, no change to the value"),
    ("W", "entered-in-error", "guide", "wrong, such as of another patient"),
    ("X", "cancelled", "guide", "cannot be obtained for this observation"),
]
# HL7 v2.8.2, table 0123: code and DiagnosticReport.status; Y and Z are refused.
REPORTS = [
    ("A", "partial", "ours", "some results are there, not all"),
    ("C", "corrected", "guide", "correction of results"),
    ("F", "final", "guide", "verified and final"),
    ("I", "registered", "guide", "the specimen is there, the procedure is not done"),
    ("M", "preliminary", "ours", "corrected and not final: what counts is that it may change"),
    ("N", "registered", "ours", "the procedure is done, results are pending"),
    ("O", "registered", "guide", "the order is there, the specimen is not"),
    ("P", "preliminary", "guide", "a verified early result"),
    ("R", "partial", "guide", "stored, not verified"),
    ("S", "registered", "guide", "scheduled, not done"),
    ("X", "cancelled", "guide", "no results available; the order was cancelled"),
]
# The states in which somebody may go by a result.
USABLE = {"final", "corrected", "amended", "preliminary"}


@pytest.mark.parametrize(("code", "status", "source", "reason"), RESULTS)
@pytest.mark.parametrize("written", [str.upper, str.lower])
def test_a_result_of_each_code(code, status, source, reason, written):
    (found,) = resources(message(MSH, PID, OBR, obx(f11=written(code))), "Observation")
    assert found["status"] == status, reason
    # Whatever its state: what was measured, of whom, and the value are there to be looked at.
    assert (found["valueQuantity"]["value"], found["code"]["text"]) == (88, "肌酐")
    assert documented("OBX-11")[code] == (status, source)


@pytest.mark.parametrize(("code", "status", "source", "reason"), REPORTS)
@pytest.mark.parametrize("written", [str.upper, str.lower])
def test_a_report_of_each_code(code, status, source, reason, written):
    raw = message(MSH, PID, with_field(OBR, 25, written(code)), obx())
    (found,) = resources(raw, "DiagnosticReport")
    assert found["status"] == status, reason
    assert documented("OBR-25")[code] == (status, source)


@pytest.mark.parametrize("code", ["Y", "Z", "y"])
def test_a_report_that_knows_no_such_order_or_patient_is_refused(code):
    with pytest.raises(Refusal) as refused:
        converted(message(MSH, PID, with_field(OBR, 25, code), obx()))
    assert [str(each.location) for each in refused.value.problems] == ["OBR^1^25"]
    assert documented("OBR-25")[code.upper()] == ("refused", "guide")


@pytest.mark.parametrize("code", ["", "E", "G", "FINAL", "F1", "1", "结果", "FF"])
def test_a_code_of_no_table_is_unknown_with_a_warning_and_never_a_model_s_input(code):
    raw = message(MSH, PID, with_field(OBR, 25, code), obx(f11=code))
    (result,) = resources(raw, "Observation")
    (report,) = resources(raw, "DiagnosticReport")
    assert (result["status"], report["status"]) == ("unknown", "unknown")
    assert result["status"] not in USABLE
    warned = {(each.code, str(each.location)) for each in converted(raw).remarks}
    assert warned == {("103", "OBX^1^11"), ("103", "OBR^1^25")}


def test_a_code_with_blanks_around_it_is_that_code():
    (found,) = resources(message(MSH, PID, OBR, obx(f11=" F ")), "Observation")
    assert found["status"] == "final"


def test_every_code_of_the_tables_has_its_decision_and_its_row_in_the_document():
    assert OBSERVATION_STATUS.keys() == {code for code, *_ in RESULTS}
    assert REPORT_STATUS.keys() == {code for code, *_ in REPORTS}
    assert documented("OBX-11").keys() == OBSERVATION_STATUS.keys()
    assert documented("OBR-25").keys() == REPORT_STATUS.keys() | REFUSED_REPORT


def documented(field: str) -> dict[str, tuple[str, str]]:
    """Status and source of each code that the document names for a field."""
    section = (
        DOCUMENT.read_text("utf-8").partition(f"## {field}: state of")[2].partition("\n## ")[0]
    )
    rows = {}
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        codes = re.match(r"([A-Z](?:, [A-Z])*)(?: |$)", cells[0])
        if len(cells) == 3 and codes:
            status = re.split("[,;]", cells[1])[0]
            source = (
                "guide" if cells[2].endswith("guide") or cells[2].startswith("guide") else "ours"
            )
            source = "ours" if "status ours" in cells[2] else source
            for code in codes[1].split(", "):
                rows[code] = (status, source)
    return rows
