"""Of each element the newest statement counts; silence says nothing, a null ends it."""

from fhir_server.hl7v2.stated import combined, stated

EARLY, LATE, LATEST = (100, "m1"), (200, "m2"), (300, "m3")


def zhang(stamp, ended=(), **elements):
    return stated({"resourceType": "Patient", "id": "p", **elements}, stamp, frozenset(ended))


def test_an_older_address_does_not_return_for_a_message_between_that_was_silent():
    # 8:00 in Shijiazhuang; 9:00 moved to Baoding; 10:00 an update without an address.
    moved = zhang(LATE, address=["保定"])
    known = combined(
        combined(zhang(EARLY, address=["石家庄"]), zhang(LATEST, gender="male")), moved
    )
    assert known.resource["address"] == ["保定"]
    assert known.resource["gender"] == "male"


def test_what_was_ended_does_not_return_with_an_older_message():
    widowed = zhang(LATE, ended=["maritalStatus"])
    known = combined(widowed, zhang(EARLY, maritalStatus={"text": "M"}))
    assert "maritalStatus" not in known.resource
    married = combined(known, zhang(LATEST, maritalStatus={"text": "M"}))
    assert married.resource["maritalStatus"] == {"text": "M"}


def test_a_time_of_death_replaces_the_statement_that_somebody_lives():
    died = zhang(LATE, deceasedDateTime="2026-11-20")
    known = combined(zhang(EARLY, deceasedBoolean=False), died)
    assert known.resource["deceasedDateTime"] == "2026-11-20"
    assert "deceasedBoolean" not in known.resource


def test_of_two_messages_of_one_second_the_later_arrival_counts():
    first, second = zhang((100, "m1"), gender="male"), zhang((100, "m2"), gender="female")
    assert combined(first, second).resource["gender"] == "female"
    assert combined(second, first).resource["gender"] == "female"


def test_a_visit_whose_state_nobody_tells_keeps_the_state_that_was_told():
    def visit(stamp, **elements):
        return stated({"resourceType": "Encounter", "id": "e", **elements}, stamp, frozenset())

    told = visit(EARLY, status="in-progress", **{"class": {"code": "IMP"}})
    silent = visit(LATE, status="unknown", period={"start": "2026"}, **{"class": {"code": "UNK"}})
    known = combined(silent, told).resource
    assert (known["status"], known["class"]["code"]) == ("in-progress", "IMP")
    assert combined(silent, silent).resource["status"] == "unknown"


def test_numbers_add_up_and_the_newer_statement_on_one_number_counts():
    def number(value, kind="MR"):
        return {"system": "urn:id:H", "value": value, "type": kind}

    known = combined(
        zhang(LATE, identifier=[number("7", "PI")]),
        zhang(EARLY, identifier=[number("7"), number("9")]),
    )
    assert known.resource["identifier"] == [number("7", "PI"), number("9")]
