"""What PID and PD1 say of a person beside name and number, as the published mapping has it."""

import pytest

from tests.unit.hl7v2.examples import (
    MSH,
    OBR,
    PID,
    converted,
    demo_patient,
    message,
    with_field,
)

HL7 = "http://hl7.org/fhir/StructureDefinition/"


def person(*more: str, **fields: str) -> dict:
    segment = PID
    for name, value in fields.items():
        segment = with_field(segment, int(name[1:]), value)
    return demo_patient(message(MSH, segment, *more, OBR))


def told(extension: dict) -> object:
    """What an extension says: its value, or what stands inside it."""
    if "extension" in extension:
        return [(each["url"], told(each)) for each in extension["extension"]]
    (value,) = (value for name, value in extension.items() if name != "url")
    return value


@pytest.mark.parametrize(
    ("field", "value", "name", "expected"),
    [
        ("f6", "李^芳", "patient-mothersMaidenName", "李芳"),
        (
            "f23",
            "河北省石家庄市 & 正定县",
            "patient-birthPlace",
            {"text": "河北省石家庄市 & 正定县"},
        ),
    ],
)
def test_what_has_no_element_is_an_extension(field, value, name, expected):
    (found,) = person(**{field: value})["extension"]
    assert (found["url"], told(found)) == (f"{HL7}{name}", expected)


def test_a_religion_is_that_of_v3_where_table_0006_has_one():
    (found,) = person(f17="BTH^Buddhist: Theravada")["extension"]
    assert found["url"] == f"{HL7}patient-religion"
    codings = found["valueCodeableConcept"]["coding"]
    v3 = "http://terminology.hl7.org/CodeSystem/v3-ReligiousAffiliation"
    v2 = "http://terminology.hl7.org/CodeSystem/v2-0006"
    assert [(each["system"], each["code"]) for each in codings] == [(v3, "1051"), (v2, "BTH")]


def test_citizenship_and_nationality_are_codes_inside_their_extension():
    found = person(f26="CHN^中国^ISO3166_1~CAN^加拿大^ISO3166_1", f28="CHN^中国^ISO3166_1")
    urls = [each["url"].removeprefix(HL7) for each in found["extension"]]
    assert urls == ["patient-citizenship", "patient-citizenship", "patient-nationality"]
    for each, code in zip(found["extension"], ("CHN", "CAN", "CHN"), strict=True):
        ((url, concept),) = told(each)
        assert (url, concept["coding"][0]["code"]) == ("code", code)


@pytest.mark.parametrize(
    ("sent", "system", "period"),
    [
        ("130102^冀A^20301231", "urn:id:%E5%86%80A:DL", {"end": "2030-12-31"}),
        ("130102", "urn:id:DEMOHOSP:DL", None),
    ],
)
def test_a_driving_licence_is_a_number_of_who_issued_it(sent, system, period):
    *_, found = person(f20=sent)["identifier"]
    assert found["type"]["coding"][0]["code"] == "DL"
    assert (found["system"], found["value"], found.get("period")) == (system, "130102", period)


def test_an_animal_has_a_species_and_may_have_a_breed():
    (found,) = person(f35="DOG^Dog^L", f36="HUSKY^Husky^L")["extension"]
    assert [url for url, _ in told(found)] == ["species", "breed"]
    assert "extension" not in person(f36="HUSKY^Husky^L")


def test_disability_and_congregation_come_of_pd1():
    found = person("PD1||||||B^Blind|||||||| St. Mary")["extension"]
    assert [each["url"].removeprefix(HL7) for each in found] == [
        "patient-disability",
        "patient-congregation",
    ]
    assert found[1]["valueString"] == "St. Mary"


@pytest.mark.parametrize(
    ("written", "time"),
    [
        ("19680312", None),
        ("196803121430", "1968-03-12T14:30:00+08:00"),
        ("19680312235900-0500", "1968-03-12T23:59:00-05:00"),
    ],
)
def test_the_time_of_birth_stands_with_the_date(written, time):
    patient = person(f7=written)
    assert patient["birthDate"] == "1968-03-12"
    found = patient.get("_birthDate", {}).get("extension", [])
    expected = [{"url": f"{HL7}patient-birthTime", "valueDateTime": time}] if time else []
    assert found == expected


@pytest.mark.parametrize(
    ("address", "county", "districts"),
    [
        ("正定^^石家庄", "正定县", ["正定县"]),
        ("正定^^石家庄^^^^^^正定县", "正定县", ["正定县"]),
        ("正定^^石家庄^^^^^^长安区", "正定县", ["长安区", "正定县"]),
        ("A^^石家庄~B^^北京", "正定县", [None, None, "正定县"]),
        ("", "正定县", ["正定县"]),
    ],
)
def test_the_county_of_pid_12_is_of_the_only_address_or_stands_alone(address, county, districts):
    found = person(f11=address, f12=county)["address"]
    assert [each.get("district") for each in found] == districts


def test_an_address_says_for_whom_and_how_long():
    (found,) = person(f11="3 Lu^2F^Shanghai^^^CN^H^^^0012.01^^^20200101^20211231^^^^^李娜 收")[
        "address"
    ]
    assert found["line"] == ["3 Lu", "2F", "李娜 收"]
    assert found["period"] == {"start": "2020-01-01", "end": "2021-12-31"}
    tract = {"url": f"{HL7}iso21090-ADXP-censusTract", "valueString": "0012.01"}
    assert found["extension"] == [tract]
    (older,) = person(f11="3 Lu^^^^^^^^^^^20200101&20211231")["address"]
    assert older["period"] == found["period"]


def test_a_name_says_how_long_and_which_part_comes_first():
    first, called = person(f5="Yamada^Taro^^^^^L^^^2001&2010^F^^^^Taro-chan")["name"]
    assert first["period"] == {"start": "2001", "end": "2010"}
    order = {"url": f"{HL7}humanname-assembly-order", "valueCode": "F"}
    assert first["extension"] == [order]
    assert called == {"use": "nickname", "text": "Taro-chan", "given": ["Taro-chan"]}


def test_a_number_says_its_parts_its_rank_and_how_long():
    (found,) = person(f13="^PRN^PH^^86^21^5551234^12^^^^^2020^2021^^^^2")["telecom"]
    assert found["value"] == "+86 21 5551234 X12"
    assert [each["url"].rpartition("-")[2] for each in found["extension"]] == [
        "country",
        "area",
        "local",
        "extension",
    ]
    assert [each["valueString"] for each in found["extension"]] == ["86", "21", "5551234", "12"]
    assert (found["rank"], found["period"]) == (2, {"start": "2020", "end": "2021"})


def test_a_mail_address_has_no_parts_of_a_number():
    raw = message(MSH, with_field(PID, 13, "^NET^Internet^li@h.example^86^21^5551234"), OBR)
    (found,) = demo_patient(raw)["telecom"]
    assert found == {"system": "email", "value": "li@h.example"}
    (listed,) = converted(raw).account.unconverted
    assert listed.components == ("13.5", "13.6", "13.7")
