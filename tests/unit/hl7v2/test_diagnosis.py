"""hl7apy's second opinion on a message that was refused."""

import pytest

from fhir_server.hl7v2.diagnosis import diagnose
from tests.unit.hl7v2.examples import DATA, MSH, OBR, PID, message, obx, with_field

pytestmark = pytest.mark.filterwarnings("ignore")


def test_a_conforming_message_has_no_finding():
    raw = message(with_field(MSH, 12, "2.5.1"), with_field(PID, 5, "Demo^Mary"), OBR, obx())
    assert diagnose(raw) == []


def test_what_the_structure_lacks_is_named():
    findings = diagnose(message(MSH, PID))
    assert any("ORDER_OBSERVATION" in each for each in findings)


def test_a_broken_header_is_named_without_hl7apy():
    assert diagnose(b"HELLO") == ["MSH^1: the message does not begin with MSH"]


def test_lines_without_a_name_and_versions_without_structure_are_named():
    findings = diagnose(message(with_field(MSH, 12, "2.9"), PID, "??|x"))
    assert "line 3 begins with no segment name" in findings
    assert any("2.9" in each for each in findings)


@pytest.mark.parametrize("path", sorted(DATA.glob("*.hl7")), ids=lambda path: path.stem)
def test_it_never_fails_on_a_message(path):
    assert isinstance(diagnose(path.read_bytes()), list)
