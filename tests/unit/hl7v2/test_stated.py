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


def test_extensions_of_different_kinds_are_stated_apart():
    def zhangs(stamp, *kinds, ended=()):
        found = [{"url": kind, "valueString": f"{kind} of {stamp[1]}"} for kind in kinds]
        return zhang(stamp, ended, extension=found) if found else zhang(stamp, ended)

    born, both = zhangs(EARLY, "birthPlace"), zhangs(LATE, "religion", "birthPlace")
    for known in (combined(born, both), combined(both, born)):
        said = sorted(each["valueString"] for each in known.resource["extension"])
        assert said == ["birthPlace of m2", "religion of m2"]
    only = combined(both, zhangs(LATEST, "citizenship"))
    assert [each["url"] for each in only.resource["extension"]] == [
        "birthPlace", "citizenship", "religion",
    ]  # fmt: skip
    left = combined(only, zhangs((400, "m4"), ended=["extension religion"]))
    assert [each["url"] for each in left.resource["extension"]] == ["birthPlace", "citizenship"]


def test_the_time_of_birth_goes_with_the_date_that_it_belongs_to():
    timed = zhang(EARLY, birthDate="1968-03-12", _birthDate={"extension": ["14:30"]})
    known = combined(timed, zhang(LATE, birthDate="1968-03-13"))
    assert known.resource["birthDate"] == "1968-03-13"
    assert "_birthDate" not in known.resource
    assert combined(known, timed).resource == known.resource
    ended = combined(timed, zhang(LATE, ended=["birthDate"]))
    assert not {"birthDate", "_birthDate"} & set(ended.resource)


def test_a_discharge_leaves_what_was_said_of_the_admission():
    def visit(stamp, **elements):
        return stated({"resourceType": "Encounter", "id": "e", **elements}, stamp, frozenset())

    admitted = visit(EARLY, hospitalization={"admitSource": {"text": "急诊"}})
    home = visit(LATE, hospitalization={"dischargeDisposition": {"text": "回家"}})
    both = {"admitSource": {"text": "急诊"}, "dischargeDisposition": {"text": "回家"}}
    assert combined(admitted, home).resource["hospitalization"] == both
    assert combined(home, admitted).resource["hospitalization"] == both


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
