"""Messages as Chinese laboratories send them: each becomes what it means, or is refused.

tests/data/hl7v2/zh/manifest.json says of each message what must come of it; the bytes and the
manifest are written by `python -m scripts.make_hl7v2_corpus`.
"""

import json
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from fhir_server.r4.codec import decode
from fhir_server.r4.validation import validate
from fhir_server.store import hl7v2_messages as messages
from scripts.make_hl7v2_corpus.__main__ import files
from scripts.make_hl7v2_corpus.charsets import COLLIDING
from terminology.local_codes import LocalCodes
from tests.unit.hl7v2.examples import LIS, ack_fields, intake

pytestmark = pytest.mark.anyio

ZH = Path(__file__).parents[2] / "data" / "hl7v2" / "zh"
MANIFEST = json.loads((ZH / "manifest.json").read_text(encoding="utf-8"))
CODES = LocalCodes.load(ZH / "local_codes.json")
V3 = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"


@pytest.mark.parametrize("entry", MANIFEST, ids=lambda entry: entry["file"])
async def test_a_message_becomes_what_it_means(entry, store, clock):
    hospital = intake(store, clock, codes=CODES, **entry.get("policy", {}))
    for before in entry.get("after", ()):
        await hospital.answer((ZH / before).read_bytes(), channel="file", peer=LIS)
    answer = await hospital.answer((ZH / entry["file"]).read_bytes(), channel="file", peer=LIS)
    details = store.read_now(lambda c: messages.details(c, answer.message_id))
    assert answer.code == entry["acknowledgment"], details
    found = current(store)
    for resource in found:
        assert validate(resource) == (), resource
    check_answer(entry, answer, details)
    check_account(entry, details)
    counts = Counter(resource["resourceType"] for resource in found)
    assert {type: counts[type] for type in entry.get("resources", {})} == entry.get("resources", {})
    if "patient" in entry:
        check_patient(entry["patient"], found)
    check_results(entry.get("results", []), found)
    everything = json.dumps(found, ensure_ascii=False, default=str)
    assert [text for text in entry.get("texts", ()) if text not in everything] == []


async def test_taking_the_whole_corpus_again_makes_no_new_version(store, clock):
    hospital = intake(store, clock, codes=CODES)
    for path in sorted(ZH.glob("*.hl7")):
        await hospital.answer(path.read_bytes(), channel="file", peer=LIS)
    versions = "SELECT count(*) FROM resource_version"
    before = store.read_now(lambda c: c.exec_driver_sql(versions).scalar_one())
    assert before > 400
    sql = "UPDATE hl7v2_message SET state = 'received', acknowledgment = NULL"
    await store.write(lambda c: c.exec_driver_sql(f"{sql} WHERE state = 'processed'").rowcount)
    assert await hospital.recover() > 80
    assert store.read_now(lambda c: c.exec_driver_sql(versions).scalar_one()) == before


def test_the_files_are_those_of_the_script():
    committed = {path.name: path.read_bytes() for path in ZH.iterdir()}
    assert committed == files()


def test_the_corpus_shows_what_it_is_for():
    by_set = Counter(entry.get("charset", "") for entry in MANIFEST)
    assert len(MANIFEST) >= 60
    assert {"GB18030", "GBK", "UNICODE UTF-8", "BIG-5"} <= set(by_set)
    assert len(COLLIDING) == 464
    everything = "".join(
        path.read_bytes().decode("gb18030") for path in ZH.glob("charset_all_464.hl7")
    )
    assert set(COLLIDING) <= set(everything)
    assert all((ZH / entry["file"]).exists() for entry in MANIFEST)


def current(store) -> list[dict[str, Any]]:
    """The current resources in the order in which they were first written."""
    sql = (
        "SELECT body FROM resource_version v WHERE NOT deleted AND version = "
        "(SELECT max(version) FROM resource_version w WHERE w.rid = v.rid) ORDER BY rid"
    )
    rows = store.read_now(lambda c: c.exec_driver_sql(sql).fetchall())
    return [decode(body) for (body,) in rows]


def check_answer(entry, answer, details) -> None:
    if "error" in entry:
        code, location = entry["error"]
        (found,) = details["errors"]
        assert (found["code"], found["location"]) == (code, location)
    else:
        assert details["errors"] == []
    warnings = [(each["code"], each["location"]) for each in details["warnings"]]
    for warning in entry.get("warnings", ()):
        assert tuple(warning) in warnings
    if answer.code == "AA" and "warnings" not in entry:
        # What is not said to be doubtful must not be warned of.
        assert [each for each in warnings if each[1].startswith("OBX")] == []
    assert "MSA" in ack_fields(answer.acknowledgment, "gb18030")


def check_account(entry, details) -> None:
    account = details["account"]
    raw = (ZH / entry["file"]).read_bytes()
    lines = [line for line in raw.replace(b"\n", b"\r").split(b"\r") if line.strip()]
    listed = [each for each in account["unconverted"] if "fields" not in each]
    assert account["segments"] == len(lines) == account["converted"] + len(listed)
    assert set(entry.get("left_out", ())) <= {each["segment"] for each in listed}


def check_patient(expected: Mapping[str, Any], found) -> None:
    (patient,) = [each for each in found if numbers(each) & {expected["number"]}]
    assert patient["name"][0]["text"] == expected["name"]
    assert patient.get("gender") == expected["gender"]
    assert patient.get("birthDate") == expected["birthDate"]


def numbers(patient: Mapping[str, Any]) -> set[str]:
    if patient["resourceType"] != "Patient":
        return set()
    return {each["value"] for each in patient.get("identifier", ())}


def check_results(results, found) -> None:
    observations = [each for each in found if each["resourceType"] == "Observation"]
    patients = {f"Patient/{each['id']}": numbers(each) for each in found if numbers(each)}
    if results:
        assert len(observations) == len(results)
    used: set[str] = set()
    for expected in results:
        (observation, *_) = [
            each
            for each in observations
            if each["id"] not in used and is_meant(expected, each, patients)
        ] or [None]
        assert observation is not None, (expected, observations)
        used.add(observation["id"])
        check_result(expected, observation)


def is_meant(expected, observation, patients) -> bool:
    codes = {
        each["code"]
        for each in observation["code"].get("coding", ())
        if each.get("system") != "http://loinc.org"
    }
    if expected["code"] not in codes:
        return False
    if "patient" in expected:
        return expected["patient"] in patients[observation["subject"]["reference"]]
    if "sub" in expected:
        return expected["sub"] in json.dumps(observation.get("extension", []))
    return True


def check_result(expected, observation) -> None:
    assert observation["status"] == expected["status"]
    check_value(expected, observation)
    check_coding(expected, observation)
    shown = [each.get("text") for each in observation.get("referenceRange", ())]
    if "range" in expected:
        assert shown == [expected["range"]]
    bounds = (observation.get("referenceRange") or [{}])[0]
    for name in ("low", "high"):
        bound = bounds.get(name, {}).get("value")
        assert (None if bound is None else str(bound)) == expected.get(name)
    assert [each["text"] for each in observation.get("note", ())] == expected.get("notes", [])
    if "at" in expected:
        assert observation["effectiveDateTime"] == expected["at"]
    absent = observation.get("dataAbsentReason", {}).get("coding", [{}])[0].get("code")
    if "absent" in expected:
        assert absent == expected["absent"]


def check_value(expected, observation) -> None:
    values = {name for name in observation if name.startswith("value")}
    if "value" in expected:
        quantity = observation["valueQuantity"]
        assert quantity["value"] == Decimal(expected["value"])
        assert str(quantity["value"]).lstrip("0") == expected["value"].lstrip("0+")
        check_unit(expected, quantity)
        assert quantity.get("comparator") == expected.get("comparator")
    elif "range_value" in expected:
        low, high = observation["valueRange"]["low"], observation["valueRange"]["high"]
        assert [str(low["value"]), str(high["value"])] == expected["range_value"]
        check_unit(expected, low)
        check_unit(expected, high)
    elif "ratio" in expected:
        ratio = observation["valueRatio"]
        parts = [str(ratio[name]["value"]) for name in ("numerator", "denominator")]
        assert parts == expected["ratio"]
    elif "text" in expected:
        assert observation["valueString"] == expected["text"]
    elif "coded" in expected:
        concept = observation["valueCodeableConcept"]
        assert concept["coding"][0]["code"] == expected["coded"]
        assert concept["text"] == expected["coded_text"]
    else:
        assert values == set()
    assert len(values) <= 1


def check_unit(expected, quantity) -> None:
    assert quantity.get("unit") == expected.get("unit")
    assert quantity.get("code") == expected.get("ucum")
    system = "http://unitsofmeasure.org" if expected.get("ucum") else None
    assert quantity.get("system") == system


def check_coding(expected, observation) -> None:
    loinc = [
        each["code"]
        for each in observation["code"]["coding"]
        if each.get("system") == "http://loinc.org"
    ]
    assert loinc == ([expected["loinc"]] if expected.get("loinc") else [])
    if "title" in expected:
        assert observation["code"]["coding"][0]["display"] == expected["title"]
    flags = observation.get("interpretation", [])
    codes = [c["code"] for flag in flags for c in flag.get("coding", ()) if c["system"] == V3]
    assert codes == ([expected["flag"]] if expected.get("flag") else [])
    if "flag_text" in expected:
        assert [flag.get("text") for flag in flags] == [expected["flag_text"]]


def test_the_systems_of_local_codes_are_those_of_their_sender():
    # A code of one laboratory means nothing at another: the sender stands in its system.
    assert quote("DEMOHOSP") in (ZH / "local_codes.json").read_text(encoding="utf-8")
