"""An Observation becomes a measurement in canonical units, or says why it cannot be used."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from terminology import catalogue
from terminology.codings import LOINC, UCUM, Coding
from terminology.local_codes import LocalCodes
from terminology.measurement import Measurement, Unusable, measurements

CATALOGUE = catalogue.load()
SHANGHAI = ZoneInfo("Asia/Shanghai")


def observation(loinc: str = "14682-9", /, **changes: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "resourceType": "Observation",
        "id": "crea-1",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": loinc}], "text": "肌酐"},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-01-05T08:30:00+08:00",
        "issued": "2026-01-05T10:30:00.000+08:00",
        "valueQuantity": quantity("88", "μmol/L", "umol/L"),
    }
    whole.update(changes)
    return {name: value for name, value in whole.items() if value is not None}


def quantity(value: str, unit: str | None, code: str | None = None) -> dict[str, Any]:
    made: dict[str, Any] = {"value": Decimal(value)}
    if unit is not None:
        made["unit"] = unit
    if code is not None:
        made |= {"system": UCUM, "code": code}
    return made


def read(resource: dict[str, Any]) -> tuple[Measurement | Unusable, ...]:
    before = deepcopy(resource)
    found = measurements(resource, catalogue=CATALOGUE, zone=SHANGHAI)
    assert resource == before
    return found


def usable(resource: dict[str, Any]) -> Measurement:
    (found,) = read(resource)
    assert isinstance(found, Measurement), found
    return found


def unusable(resource: dict[str, Any]) -> Unusable:
    (found,) = read(resource)
    assert isinstance(found, Unusable), found
    return found


def test_creatinine_as_a_chinese_laboratory_sends_it() -> None:
    assert usable(observation()) == Measurement(
        analyte="creatinine",
        value=88.0,
        unit="umol/L",
        reported_value=Decimal("88"),
        reported_unit="umol/L",
        effective=datetime(2026, 1, 5, 8, 30, tzinfo=SHANGHAI),
        issued=datetime(2026, 1, 5, 10, 30, tzinfo=SHANGHAI),
        status="final",
        source="Observation/crea-1",
        conversion=None,
    )


def test_creatinine_as_an_american_laboratory_sends_it() -> None:
    found = usable(observation("2160-0", valueQuantity=quantity("1.00", "mg/dL", "mg/dL")))
    assert found.value == pytest.approx(88.4017, rel=1e-6)
    assert (found.unit, str(found.reported_value)) == ("umol/L", "1.00")
    assert found.conversion == "1 mg/dL = 88.4017 umol/L (molar mass 113.12 g/mol)"


def test_the_unit_decides_where_it_contradicts_the_codes_property() -> None:
    # 2093-3 is LOINC's mass concentration; laboratories in China send it with mmol/L.
    found = usable(observation("2093-3", valueQuantity=quantity("5.2", "mmol/L")))
    assert (found.analyte, found.value) == ("total_cholesterol", 5.2)
    assert found.conversion == (
        "unit mmol/L although LOINC 2093-3 is a mass concentration; the unit decided"
    )


def test_hba1c_in_ifcc_units() -> None:
    found = usable(observation("59261-8", valueQuantity=quantity("48", "mmol/mol", "mmol/mol")))
    assert found.value == pytest.approx(6.543, abs=0.001)
    assert found.unit == "%"


def test_hba1c_percent_under_the_ifcc_code_may_be_either_scale() -> None:
    # IFCC 4.75 % is NGSP 6.5 %: read as NGSP it would make a diabetic healthy.
    found = unusable(observation("59261-8", valueQuantity=quantity("4.75", "%", "%")))
    assert (found.reason_code, found.analyte) == ("no-conversion", "hba1c")
    both = observation("59261-8", valueQuantity=quantity("6.5", "%", "%"))
    both["code"]["coding"].append({"system": LOINC, "code": "4548-4"})
    assert usable(both).value == 6.5


def blood_pressure() -> dict[str, Any]:
    return observation(
        "85354-9",
        id="bp-1",
        valueQuantity=None,
        component=[
            {
                "code": {"coding": [{"system": LOINC, "code": code}]},
                "valueQuantity": quantity(value, "mmHg", "mm[Hg]"),
            }
            for code, value in (("8480-6", "142"), ("8462-4", "91"))
        ],
    )


def test_a_blood_pressure_panel_gives_two_measurements() -> None:
    systolic, diastolic = read(blood_pressure())
    assert isinstance(systolic, Measurement)
    assert isinstance(diastolic, Measurement)
    assert (systolic.analyte, systolic.value) == ("sbp", 142.0)
    assert (diastolic.analyte, diastolic.value) == ("dbp", 91.0)
    assert systolic.source == diastolic.source == "Observation/bp-1"


def test_half_a_blood_pressure_is_half_usable() -> None:
    panel = blood_pressure()
    panel["component"][1]["valueQuantity"] = quantity("91", None)
    systolic, diastolic = read(panel)
    assert isinstance(systolic, Measurement)
    assert isinstance(diastolic, Unusable)
    assert diastolic.reason_code == "missing-unit"


def test_the_components_of_a_withdrawn_panel_are_withdrawn() -> None:
    found = read(blood_pressure() | {"status": "entered-in-error"})
    assert [entry.analyte for entry in found] == ["sbp", "dbp"]
    assert all(isinstance(e, Unusable) and e.reason_code == "withdrawn" for e in found)


@pytest.mark.parametrize(
    "code",
    [
        {"coding": [{"system": LOINC, "code": "600-7"}]},
        {"coding": [{"system": "urn:id:OTHER", "code": "14682-9"}]},
        {"coding": [{"code": "14682-9"}]},
        {"text": "肌酐"},
        {"coding": [{"system": LOINC, "code": "72166-2"}]},
        "14682-9",
        None,
        [],
    ],
)
def test_what_is_not_in_the_catalogue_is_no_measurement(code: Any) -> None:
    assert read(observation(code=code)) == ()


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled", "unknown", "registered", None])
def test_a_withdrawn_result_keeps_its_analyte_and_time(status: str | None) -> None:
    found = unusable(observation(status=status))
    assert (found.reason_code, found.status, found.analyte) == ("withdrawn", status, "creatinine")
    assert found.effective == datetime(2026, 1, 5, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("status", ["preliminary", "final", "amended", "corrected"])
def test_a_reported_result_keeps_its_status(status: str) -> None:
    assert usable(observation(status=status)).status == status


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"valueQuantity": quantity("30", "mg/L") | {"comparator": "<"}}, "comparator"),
        ({"valueQuantity": quantity("88", None)}, "missing-unit"),
        ({"valueQuantity": quantity("88", "  ")}, "missing-unit"),
        ({"valueQuantity": {"value": Decimal(88), "code": "umol/L"}}, "missing-unit"),
        ({"valueQuantity": quantity("88", "UMOLL")}, "unknown-unit"),
        ({"valueQuantity": quantity("88", "umol/L", "umol")}, "unknown-unit"),
        ({"valueQuantity": quantity("88", "mg/g", "mg/g")}, "no-conversion"),
        ({"valueQuantity": quantity("88", "mg/dL", "umol/L")}, "unit-conflict"),
        ({"valueQuantity": {"unit": "umol/L"}}, "no-value"),
        ({"valueQuantity": None}, "no-value"),
        ({"valueQuantity": None, "dataAbsentReason": {"text": "溶血"}}, "no-value"),
        ({"valueQuantity": None, "valueString": "88 umol/L"}, "not-numeric"),
        ({"valueQuantity": None, "valueCodeableConcept": {"text": "阳性"}}, "not-numeric"),
        ({"valueQuantity": None, "valueInteger": 88}, "missing-unit"),
        ({"valueQuantity": {"value": "88", "unit": "umol/L"}}, "not-numeric"),
        ({"valueQuantity": {"value": True, "unit": "umol/L"}}, "not-numeric"),
        ({"valueQuantity": [88]}, "malformed"),
        ({"dataAbsentReason": {"text": "溶血"}}, "malformed"),
        ({"modifierExtension": [{"url": "urn:x", "valueBoolean": True}]}, "modifier-extension"),
        ({"effectiveDateTime": None}, "no-effective-time"),
        ({"effectiveDateTime": "yesterday"}, "no-effective-time"),
        ({"effectiveDateTime": "2026-02-30"}, "no-effective-time"),
        ({"effectiveDateTime": None, "effectiveTiming": {"event": []}}, "no-effective-time"),
        ({"effectiveDateTime": None, "effectivePeriod": {}}, "no-effective-time"),
    ],
)
def test_unusable_results_say_why(changes: dict[str, Any], code: str) -> None:
    found = unusable(observation(**changes))
    assert (found.reason_code, found.analyte) == (code, "creatinine")
    assert found.source == "Observation/crea-1"
    assert found.text.startswith("creatinine: ")


@pytest.mark.parametrize(
    ("loinc", "value", "unit"),
    [
        ("14682-9", "88", "mg/dL"),
        ("2160-0", "1.0", "umol/L"),
        ("14749-6", "5.6", "mg/dL"),
        ("2345-7", "101", "mmol/L"),
        ("14647-2", "5.2", "mg/dL"),
        ("2093-3", "200", "mmol/L"),
        ("14646-4", "1.3", "mg/dL"),
        ("4548-4", "48", "%"),
        ("4548-4", "6.5", "mmol/mol"),
        ("718-7", "13.5", "g/L"),
        ("718-7", "135", "g/dL"),
        ("8302-2", "1.72", "cm"),
        ("8480-6", "16", "mmHg"),
        ("14682-9", "-88", "umol/L"),
        ("14682-9", "0", "umol/L"),
        ("14682-9", "9e400", "umol/L"),
    ],
)
def test_swapped_units_and_slips_are_implausible(loinc: str, value: str, unit: str) -> None:
    found = unusable(observation(loinc, valueQuantity=quantity(value, unit)))
    assert found.reason_code == "implausible"


def test_the_text_of_an_implausible_value_shows_the_conversion() -> None:
    found = unusable(observation(valueQuantity=quantity("88", "mg/dL")))
    assert found.text == (
        "creatinine: 88 mg/dL (7779.35 umol/L) is outside 15 to 3000 umol/L, the range of a "
        "living body; check the value and its unit"
    )


def test_two_analytes_in_one_code_are_ambiguous() -> None:
    both = observation()
    both["code"]["coding"].append({"system": LOINC, "code": "14683-7"})
    found = unusable(both)
    assert (found.reason_code, found.analyte) == ("ambiguous-code", None)
    assert "14682-9 (creatinine) and 14683-7 (urine_creatinine)" in found.text


def test_two_codes_of_one_analyte_are_not_ambiguous() -> None:
    both = observation(valueQuantity=quantity("1.0", "mg/dL"))
    both["code"]["coding"].append({"system": LOINC, "code": "2160-0"})
    assert usable(both).conversion == "1 mg/dL = 88.4017 umol/L (molar mass 113.12 g/mol)"


def test_unit_and_code_that_mean_the_same_do_not_conflict() -> None:
    alt = observation("1742-6", valueQuantity=quantity("40", "IU/L", "U/L"))
    assert usable(alt).value == 40.0
    acr = observation("9318-7", valueQuantity=quantity("28", "μg/mg", "mg/g"))
    assert usable(acr).value == 28.0
    words = observation(valueQuantity=quantity("88", "micromoles per litre", "umol/L"))
    assert usable(words).value == 88.0


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"effectiveDateTime": "2026-01-05"}, datetime(2026, 1, 5, tzinfo=SHANGHAI)),
        ({"effectiveDateTime": "2026-01"}, datetime(2026, 1, 1, tzinfo=SHANGHAI)),
        (
            {"effectiveDateTime": "2026-01-05T00:30:00Z"},
            datetime(2026, 1, 5, 8, 30, tzinfo=SHANGHAI),
        ),
        (
            {
                "effectiveDateTime": None,
                "effectivePeriod": {"start": "2026-01-04", "end": "2026-01-05T08:00:00+08:00"},
            },
            datetime(2026, 1, 5, 8, tzinfo=SHANGHAI),
        ),
        (
            {"effectiveDateTime": None, "effectiveInstant": "2026-01-05T08:30:00.250+08:00"},
            datetime(2026, 1, 5, 8, 30, 0, 250_000, tzinfo=SHANGHAI),
        ),
    ],
)
def test_the_time_is_that_of_the_specimen(changes: dict[str, Any], wanted: datetime) -> None:
    found = usable(observation(**changes))
    assert found.effective == wanted
    assert found.effective.utcoffset() == timedelta(hours=8)


def test_a_float_keeps_the_digits_that_it_prints() -> None:
    found = usable(observation(valueQuantity={"value": 88.1, "unit": "umol/L"}))
    assert found.reported_value == Decimal("88.1")


def test_a_local_code_counts_through_the_hospitals_table() -> None:
    local = LocalCodes({("urn:id:DEMOHOSP:99LIS", "CREA"): Coding(LOINC, "14682-9")})
    sent = observation(code={"coding": [{"system": "urn:id:DEMOHOSP:99LIS", "code": "CREA"}]})
    (found,) = measurements(sent, catalogue=CATALOGUE, zone=SHANGHAI, local_codes=local)
    assert isinstance(found, Measurement)
    assert found.analyte == "creatinine"
    assert measurements(sent, catalogue=CATALOGUE, zone=SHANGHAI) == ()


def test_a_table_may_say_which_other_loinc_code_equals_one_of_the_catalogue() -> None:
    table = LocalCodes({(LOINC, "77140-2"): Coding(LOINC, "14682-9")})
    sent = observation("77140-2")
    (found,) = measurements(sent, catalogue=CATALOGUE, zone=SHANGHAI, local_codes=table)
    assert found.analyte == "creatinine"
    assert measurements(sent, catalogue=CATALOGUE, zone=SHANGHAI) == ()


def test_an_observation_without_an_id_is_no_reference() -> None:
    assert usable(observation(id=None)).source == "Observation"


@pytest.mark.parametrize("component", [None, {}, "x", [None, 1, "x"], [{}], [{"code": 1}]])
def test_malformed_components_are_passed_over(component: Any) -> None:
    assert len(read(observation(component=component))) == 1
