"""Records are held to loaded profiles, and what cannot be checked is said."""

import json
from pathlib import Path
from typing import Any

import pytest

from fhir_server.r4.codec import decode
from fhir_server.r4.outcome import Issue
from fhir_server.r4.profile_packages import ProfilesRefused, Publication
from fhir_server.r4.profile_value_sets import ValueSets
from fhir_server.r4.profiles import Profiles
from fhir_server.r4.validation import validate
from tests.unit.r4.records import LEAVE_OUT, blood_pressure, patient, report

PRESSURE = "https://example.org/StructureDefinition/pressure"
CITY = "https://example.org/StructureDefinition/city"
LOINC = "http://loinc.org"


def _element(id: str, min: int = 0, max: str = "*", **more: Any) -> dict[str, Any]:
    return {"id": id, "path": id, "min": min, "max": max, "base": {"min": 0, "max": "*"}} | more


def _coding(code: str) -> dict[str, Any]:
    return {"coding": [{"system": LOINC, "code": code}]}


def _definition(url: str, type: str, *elements: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "StructureDefinition",
        "url": url,
        "version": "1.2.0",
        "fhirVersion": "4.0.1",
        "type": type,
        "derivation": "constraint",
        "snapshot": {"element": list(elements)},
    } | more


def _slice(name: str, code: str) -> list[dict[str, Any]]:
    at = f"Observation.component:{name}"
    return [
        _element(at, 1, "1"),
        _element(f"{at}.code", patternCodeableConcept=_coding(code)),
        _element(f"{at}.value[x]", 1, "1", type=[{"code": "Quantity"}]),
    ]


def _pressure(rules: str) -> dict[str, Any]:
    return _definition(
        PRESSURE,
        "Observation",
        _element(
            "Observation",
            constraint=[
                {
                    "key": "ex-1",
                    "severity": "error",
                    "human": "A pressure names its cuff or its site",
                    "expression": "device.exists() or bodySite.exists()",
                    "source": PRESSURE,
                }
            ],
        ),
        _element("Observation.status", binding={"strength": "required", "valueSet": "urn:ended"}),
        _element("Observation.language", fixedCode="zh-CN"),
        _element("Observation.effective[x]", 1, "1", type=[{"code": "dateTime"}]),
        _element(
            "Observation.performer",
            0,
            "1",
            type=[
                {
                    "code": "Reference",
                    "targetProfile": ["http://hl7.org/fhir/StructureDefinition/Practitioner"],
                }
            ],
        ),
        _element(
            "Observation.component",
            slicing={
                "discriminator": [{"type": "pattern", "path": "code"}],
                "rules": rules,
                "ordered": True,
            },
            type=[{"code": "BackboneElement"}],
            constraint=[
                {
                    "key": "ex-2",
                    "severity": "error",
                    "human": "A component has a value",
                    "expression": "value.exists()",
                    "source": PRESSURE,
                }
            ],
        ),
        _element(
            "Observation.component.interpretation",
            constraint=[
                {
                    "key": "ex-3",
                    "severity": "error",
                    "human": "An interpretation is coded",
                    "expression": "coding.exists()",
                    "source": PRESSURE,
                }
            ],
        ),
        *_slice("systolic", "8480-6"),
        *_slice("diastolic", "8462-4"),
    )


def _city() -> dict[str, Any]:
    return _definition(
        CITY,
        "Extension",
        _element("Extension"),
        _element("Extension.url", 1, "1", fixedUri=CITY),
        _element("Extension.value[x]", 1, "1", type=[{"code": "boolean"}]),
        context=[{"type": "element", "expression": "Patient"}],
    )


@pytest.fixture(params=["closed"])
def profiles(tmp_path: Path, request: pytest.FixtureRequest) -> Profiles:
    ended = {
        "resourceType": "ValueSet",
        "url": "urn:ended",
        "compose": {"include": [{"system": "urn:s", "concept": [{"code": "final"}]}]},
    }
    package = tmp_path / "package"
    package.mkdir()
    for name, content in (("p", _pressure(request.param)), ("c", _city()), ("v", ended)):
        (package / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    return Profiles.load(tmp_path)


def _record(**changes: Any) -> dict[str, Any]:
    return blood_pressure(
        **{"meta": {"profile": [PRESSURE]}, "bodySite": {"text": "left arm"}} | changes
    )


def _check(record: dict[str, Any], profiles: Profiles, **more: Any) -> tuple[Issue, ...]:
    return validate(decode(json.dumps(record).encode()), profiles=profiles, **more)


def test_a_record_that_conforms(profiles: Profiles) -> None:
    assert _check(_record(), profiles) == ()
    assert _check(_record(meta={"profile": [PRESSURE + "|1.2"]}), profiles) == ()


SYSTOLIC, DIASTOLIC = blood_pressure()["component"]


@pytest.mark.parametrize(
    ("changes", "expression", "code"),
    [
        ({"bodySite": LEAVE_OUT}, "Observation", "invariant"),
        ({"status": "amended"}, "Observation.status", "code-invalid"),
        ({"language": "en"}, "Observation.language", "value"),
        ({"effectiveDateTime": LEAVE_OUT}, "Observation.effective", "required"),
        (
            {"effectiveDateTime": LEAVE_OUT, "effectiveInstant": "2026-03-01T00:00:00Z"},
            "Observation.effectiveInstant",
            "structure",
        ),
        (
            {"performer": [{"reference": "Organization/1"}]},
            "Observation.performer[0].reference",
            "value",
        ),
        (
            {"performer": [{"reference": f"Practitioner/{n}"} for n in (1, 2)]},
            "Observation.performer",
            "structure",
        ),
        (
            {"component": [SYSTOLIC, DIASTOLIC | {"interpretation": [{"text": "high"}]}]},
            "Observation.component[1].interpretation[0]",
            "invariant",
        ),
        ({"component": [SYSTOLIC]}, "Observation.component", "required"),
        ({"component": [SYSTOLIC, SYSTOLIC, DIASTOLIC]}, "Observation.component", "structure"),
        ({"component": [DIASTOLIC, SYSTOLIC]}, "Observation.component[1]", "structure"),
        (
            {"component": [SYSTOLIC, DIASTOLIC, {"code": {"text": "mean"}, "valueString": "x"}]},
            "Observation.component[2]",
            "structure",
        ),
        (
            {"component": [SYSTOLIC, {"code": DIASTOLIC["code"], "valueString": "86"}]},
            "Observation.component[1].valueString",
            "structure",
        ),
        (
            {"extension": [{"url": CITY, "valueBoolean": True}]},
            "Observation.extension[0]",
            "structure",
        ),
    ],
)
def test_a_record_that_does_not(
    profiles: Profiles, changes: dict[str, Any], expression: str, code: str
) -> None:
    (issue,) = _check(_record(**changes), profiles)
    assert (issue.severity, issue.expression, issue.code) == ("error", (expression,), code)


@pytest.mark.parametrize("profiles", ["open"], indirect=True)
def test_open_slicing_lets_other_values_pass(profiles: Profiles) -> None:
    mean = {"code": {"text": "mean"}, "valueString": "x"}
    assert _check(_record(component=[SYSTOLIC, mean, DIASTOLIC]), profiles) == ()


@pytest.mark.parametrize("profiles", ["openAtEnd"], indirect=True)
def test_open_at_end_takes_them_after_the_slices(profiles: Profiles) -> None:
    mean = {"code": {"text": "mean"}, "valueString": "x"}
    assert _check(_record(component=[SYSTOLIC, DIASTOLIC, mean]), profiles) == ()
    (issue,) = _check(_record(component=[SYSTOLIC, mean, DIASTOLIC]), profiles)
    assert issue.expression == ("Observation.component[1]",)


@pytest.mark.parametrize(("rules", "least"), [("open", 0), ("open", 1), ("closed", 0)])
def test_a_slice_by_a_profile_that_is_elsewhere_is_doubted_where_it_matters(
    rules: str, least: int
) -> None:
    """The result that a report names is not in the record: what it is cannot be known."""
    slicing = {"discriminator": [{"type": "profile", "path": "resolve()"}], "rules": rules}
    target = {"code": "Reference", "targetProfile": [PRESSURE]}
    elements = (
        _element("DiagnosticReport"),
        _element("DiagnosticReport.result", slicing=slicing, type=[{"code": "Reference"}]),
        _element("DiagnosticReport.result:p", least, "1", sliceName="p", type=[target]),
    )
    definitions = [_pressure("open"), _definition("urn:report", "DiagnosticReport", *elements)]
    loaded = Profiles(Publication(structures={d["url"]: [d] for d in definitions}))
    issues = _check(report(result=[{"reference": "Observation/o-1"}]), loaded,
                    against=("urn:report",))  # fmt: skip
    assert {issue.severity for issue in issues} <= {"warning"}
    assert [issue.expression for issue in issues] == (
        [] if (rules, least) == ("open", 0) else [("DiagnosticReport.result[0]",)]
    )


def test_an_extension_is_held_to_its_definition(profiles: Profiles) -> None:
    assert _check(patient(extension=[{"url": CITY, "valueBoolean": True}]), profiles) == ()
    (issue,) = _check(patient(extension=[{"url": CITY, "valueString": "yes"}]), profiles)
    assert issue.expression == ("Patient.extension[0].valueString",)


@pytest.mark.parametrize("canonical", ["https://example.org/none", PRESSURE + "|9.0.0"])
def test_an_unknown_profile_is_a_warning_never_silence(profiles: Profiles, canonical: str) -> None:
    (issue,) = _check(_record(meta={"profile": [canonical]}), profiles)
    assert (issue.severity, issue.code) == ("warning", "not-found")
    assert canonical in issue.diagnostics


def test_a_profile_of_another_type(profiles: Profiles) -> None:
    (issue,) = _check(patient(), profiles, against=(PRESSURE,))
    assert (issue.severity, issue.code) == ("error", "invalid")


def test_without_profiles_nothing_is_asked() -> None:
    assert validate(_record(bodySite=LEAVE_OUT)) == ()


def test_a_faulty_record_is_not_held_to_profiles_and_says_so(profiles: Profiles) -> None:
    error, note = _check(_record(status="done"), profiles)
    assert (error.severity, note.severity) == ("error", "information")


def test_a_profile_without_snapshot_stops_the_load(tmp_path: Path) -> None:
    broken = {k: v for k, v in _city().items() if k != "snapshot"}
    (tmp_path / "x.json").write_text(json.dumps(broken), encoding="utf-8")
    with pytest.raises(ProfilesRefused, match="no snapshot"):
        Profiles.load(tmp_path)
    with pytest.raises(ProfilesRefused, match="no folder"):
        Profiles.load(tmp_path / "none")


@pytest.mark.parametrize(
    ("rule", "codes"),
    [
        ({}, {"registered", "preliminary", "final", "amended", "corrected", "cancelled",
              "entered-in-error", "unknown"}),
        ({"op": "is-a", "value": "amended"}, {"amended", "corrected"}),
        ({"op": "descendent-of", "value": "amended"}, {"corrected"}),
        ({"op": "is-not-a", "value": "amended"}, {"registered", "preliminary", "final",
              "cancelled", "entered-in-error", "unknown"}),
        ({"op": "regex", "value": "f.*"}, None),
        ({"op": "is-a", "property": "parent", "value": "amended"}, None),
    ],
)  # fmt: skip
def test_a_value_set_of_r4s_own_codes_by_hierarchy(
    rule: dict[str, Any], codes: set[str] | None
) -> None:
    system = "http://hl7.org/fhir/observation-status"
    include = {"system": system} | ({"filter": [{"property": "concept"} | rule]} if rule else {})
    url = "urn:v"
    sets = {url: {"resourceType": "ValueSet", "url": url, "compose": {"include": [include]}}}
    found = ValueSets(Publication(value_sets=sets)).codes(url)
    assert found == (None if codes is None else {system: frozenset(codes)})


def test_a_value_set_of_a_published_hierarchy() -> None:
    """A ward's own code system with levels; its newborn wards are left out."""
    wards = [
        {"code": "medical", "concept": [{"code": "cardiology"}]},
        {"code": "newborn", "concept": [{"code": "nicu", "concept": [{"code": "nicu-3"}]}]},
    ]
    system = {"resourceType": "CodeSystem", "url": "urn:w", "content": "complete", "concept": wards}
    rule = {"property": "concept", "op": "is-a", "value": "newborn"}
    compose = {
        "include": [{"system": "urn:w"}],
        "exclude": [{"system": "urn:w", "filter": [rule]}],
    }
    sets = {"urn:v": {"resourceType": "ValueSet", "url": "urn:v", "compose": compose}}
    found = ValueSets(Publication(value_sets=sets, code_systems={"urn:w": system}))
    assert found.codes("urn:v") == {"urn:w": frozenset({"medical", "cardiology"})}
