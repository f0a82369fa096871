"""Examples of the invariants of conformance and terminology resources: broken and sound."""

from typing import Any

from tests.unit.r4.invariant_example import Example, example

_CODING = {"system": "urn:s", "code": "c"}
_REFERENCE = {"reference": "Patient/p-1"}


_STATEMENT = {
    "resourceType": "CapabilityStatement",
    "status": "draft",
    "date": "2026",
    "kind": "requirements",
    "fhirVersion": "4.0.1",
    "format": ["json"],
    "rest": [{"mode": "server"}],
}
_DESCRIBED = {"description": "x"}
_SOFTWARE = {"software": {"name": "x"}}
_IMPLEMENTATION = {"implementation": {"description": "x"}}
_MESSAGING = {"messaging": [{"endpoint": [{"protocol": _CODING, "address": "https://x"}]}]}
_DOCUMENT = {"mode": "producer", "profile": "https://x/p"}


def _statements(type: str, base: dict[str, Any], *keys: str) -> tuple[Example, ...]:
    """The rules that both kinds of capability statement share."""
    described, instance, capability, requirements = keys
    return (
        example(type, described, base, {}, _DESCRIBED),
        example(type, instance, base | {"kind": "instance"}, _DESCRIBED, _IMPLEMENTATION),
        example(type, capability, base | {"kind": "capability"}, _DESCRIBED, _SOFTWARE),
        example(type, requirements, base | _DESCRIBED, _SOFTWARE, {}),
    )


_CAPABILITIES = (
    example(
        "CapabilityStatement",
        "cpb-1",
        {name: value for name, value in _STATEMENT.items() if name != "rest"} | _DESCRIBED,
        {},
        {"document": [_DOCUMENT]},
    ),
    *_statements("CapabilityStatement", _STATEMENT, "cpb-2", "cpb-14", "cpb-15", "cpb-16"),
    example(
        "CapabilityStatement",
        "cpb-3",
        _STATEMENT | _MESSAGING,
        {"kind": "capability"} | _SOFTWARE,
        {"kind": "instance"} | _IMPLEMENTATION,
    ),
    example(
        "CapabilityStatement",
        "cpb-7",
        _STATEMENT | _DESCRIBED,
        {"document": [_DOCUMENT, _DOCUMENT]},
        {"document": [_DOCUMENT, _DOCUMENT | {"mode": "consumer"}]},
    ),
    example(
        "CapabilityStatement.rest",
        "cpb-9",
        {"mode": "server"},
        {"resource": [{"type": "Patient"}, {"type": "Patient"}]},
        {"resource": [{"type": "Patient"}, {"type": "Observation"}]},
    ),
    example(
        "CapabilityStatement.rest.resource",
        "cpb-12",
        {"type": "Patient"},
        {"searchParam": [{"name": "x", "type": "token"}, {"name": "x", "type": "string"}]},
        {"searchParam": [{"name": "x", "type": "token"}, {"name": "y", "type": "token"}]},
    ),
    *_statements(
        "TerminologyCapabilities",
        {
            "resourceType": "TerminologyCapabilities",
            "status": "draft",
            "date": "2026",
            "kind": "requirements",
        },
        *("tcp-2", "tcp-3", "tcp-4", "tcp-5"),
    ),
    example(
        "TerminologyCapabilities.codeSystem",
        "tcp-1",
        {},
        {"version": [{"code": "1"}, {"isDefault": True}]},
        {"version": [{"code": "1"}, {"code": "2"}]},
    ),
)

_MEASURE = {"resourceType": "Measure", "status": "draft"}
_CRITERIA = {"criteria": {"language": "text/cql", "expression": "x"}}
_COMPONENT = {"component": [_CRITERIA]}
_REPORT = {
    "resourceType": "MeasureReport",
    "status": "complete",
    "type": "individual",
    "measure": "https://x/m",
    "period": {"start": "2026"},
}
_STRATUM = {"component": [{"code": {"text": "sex"}, "value": {"text": "female"}}]}
_GUIDE = {
    "resourceType": "ImplementationGuide",
    "url": "https://x/ig",
    "name": "X",
    "status": "draft",
    "packageId": "x.y",
    "fhirVersion": ["4.0.1"],
}


def _guided(version: str) -> dict[str, Any]:
    return {"definition": {"resource": [{"reference": _REFERENCE, "fhirVersion": [version]}]}}


def _grouped(group: str) -> dict[str, Any]:
    grouping = [{"id": "g", "name": "G"}]
    return {"grouping": grouping, "resource": [{"reference": _REFERENCE, "groupingId": group}]}


def _strata(stratum: dict[str, Any]) -> dict[str, Any]:
    return {"group": [{"stratifier": [{"stratum": [stratum]}]}]}


def _stratified(stratifier: dict[str, Any]) -> dict[str, Any]:
    return {"group": [{"stratifier": [stratifier]}]}


_SYSTEM = {
    "resourceType": "NamingSystem",
    "name": "X",
    "status": "draft",
    "kind": "identifier",
    "date": "2026",
}
_OID = {"type": "oid", "value": "1.2.3"}
_UUID = {"type": "uuid", "value": "0c1d5d2e-6f0a-4b57-9a4e-2f3f0d6a1a01"}
_PREFERRED = {"preferred": True}
_PARAMETER = {"name": "x", "use": "in", "min": 0, "max": "1"}
_SEARCH = {
    "resourceType": "SearchParameter",
    "url": "https://x/s",
    "name": "X",
    "status": "draft",
    "description": "x",
    "code": "x",
    "base": ["Patient"],
    "type": "token",
}
_DEFINITIONS = (
    example("ImplementationGuide", "ig-2", _GUIDE, _guided("3.0.1"), _guided("4.0.1")),
    example("ImplementationGuide.definition", "ig-1", {}, _grouped("other"), _grouped("g")),
    example("Measure", "mea-1", _MEASURE, _stratified(_CRITERIA | _COMPONENT),
        _stratified(_CRITERIA)),
    example("MeasureReport", "mrp-1", _REPORT, {"type": "data-collection", "group": [{"id": "g"} | {
        "code": {"text": "x"}}]}, {"group": [{"code": {"text": "x"}}]}),
    example("MeasureReport", "mrp-2", _REPORT, _strata(_STRATUM | {"value": {"text": "x"}}),
       _strata(_STRATUM)),
    example("MessageDefinition.focus", "md-1", {"code": "Patient", "min": 0}, {"max": "0"},
       {"max": "1"}),
    example("NamingSystem", "nsd-1", _SYSTEM | {"kind": "root"}, {"uniqueId": [_UUID]},
       {"uniqueId": [_OID]}),
    example("NamingSystem", "nsd-2", _SYSTEM, {"uniqueId": [_OID | _PREFERRED, _OID | _PREFERRED]},
       {"uniqueId": [_OID | _PREFERRED, _UUID | _PREFERRED]}),
    example("OperationDefinition.parameter", "opd-1", _PARAMETER, {}, {"type": "string"}),
    example("OperationDefinition.parameter", "opd-2", _PARAMETER | {"searchType": "token"},
       {"type": "code"}, {"type": "string"}),
    example("OperationDefinition.parameter", "opd-3", _PARAMETER | {"targetProfile": ["https://x/p"]},
       {"type": "string"}, {"type": "canonical"}),
    example("Parameters.parameter", "inv-1", {"name": "x"}, {"valueCode": "a", "part": [
        {"name": "y", "valueCode": "b"}]}, {"part": [{"name": "y", "valueCode": "b"}]}),
    example("SearchParameter", "spd-1", _SEARCH | {"xpath": "f:Patient"}, {},
       {"xpathUsage": "normal"}),
    example("SearchParameter", "spd-2", _SEARCH | {"chain": ["name"]}, {}, {"type": "reference"}),
    example("StructureMap.group.rule.target", "smp-1", {"element": "x"}, {},
       {"context": "y", "contextType": "variable"}),
    example("StructureMap.group.rule.target", "smp-2", {"context": "y"}, {},
       {"contextType": "variable"}),
)  # fmt: skip

_CODES = {"resourceType": "CodeSystem", "status": "draft", "content": "complete"}
_MAPPED = {"code": "c", "equivalence": "narrower"}
_TERMINOLOGY = (
    example("CodeSystem", "csd-1", _CODES,
       {"concept": [{"code": "a", "concept": [{"code": "a"}]}]},
       {"concept": [{"code": "a", "concept": [{"code": "b"}]}]}),
    example("ConceptMap.group.element.target", "cmd-1", _MAPPED, {}, {"comment": "x"}),
    example("ConceptMap.group.unmapped", "cmd-2", {"mode": "fixed"}, {}, {"code": "c"}),
    example("ConceptMap.group.unmapped", "cmd-3", {"mode": "other-map"}, {}, {"url": "https://x/m"}),
    example("ValueSet.compose.include", "vsd-1", {"version": "1"}, {}, {"valueSet": ["https://x/v"]}),
    example("ValueSet.compose.include", "vsd-2",
       {"concept": [{"code": "c"}], "valueSet": ["https://x/v"]}, {}, {"system": "urn:s"}),
    example("ValueSet.compose.include", "vsd-3",
       {"system": "urn:s", "concept": [{"code": "c"}]},
       {"filter": [{"property": "concept", "op": "is-a", "value": "x"}]}, {}),
    example("ValueSet.expansion.contains", "vsd-6", {"abstract": True}, {"system": "urn:s"},
       {"display": "x"}),
    example("ValueSet.expansion.contains", "vsd-9", {"display": "x"}, {}, {"abstract": True}),
    example("ValueSet.expansion.contains", "vsd-10", {"code": "c"}, {}, {"system": "urn:s"}),
)  # fmt: skip


def _item(type: str, **more: Any) -> dict[str, Any]:
    return {"linkId": "1", "type": type} | more


_OPTION = {"answerOption": [{"valueString": "x"}]}
_INITIAL = {"initial": [{"valueString": "x"}]}
_WHEN = {"question": "1", "operator": "=", "answerBoolean": True}


def _form(*links: str) -> dict[str, Any]:
    inner = [{"linkId": link, "type": "string"} for link in links]
    item = [{"linkId": "1", "type": "group", "item": inner}]
    return {"resourceType": "Questionnaire", "status": "draft", "item": item}


_FORMS = (
    example("Questionnaire", "que-2", {}, _form("2", "1"), _form("2", "3")),
    *(
        example("Questionnaire.item", key, {}, bad, good)
        for key, bad, good in (
            ("que-1", _item("group"), _item("group", item=[_item("string", linkId="2")])),
            ("que-3", _item("display", code=[_CODING]), _item("string", code=[_CODING])),
            ("que-4", _item("choice", answerValueSet="https://x/v", **_OPTION),
             _item("choice", **_OPTION)),
            ("que-5", _item("boolean", answerValueSet="https://x/v"),
             _item("choice", answerValueSet="https://x/v")),
            ("que-6", _item("display", required=True), _item("string", required=True)),
            ("que-8", _item("display", **_INITIAL), _item("string", **_INITIAL)),
            ("que-9", _item("display", readOnly=True), _item("string", readOnly=True)),
            ("que-10", _item("date", maxLength=10), _item("string", maxLength=10)),
            ("que-11", _item("choice", **_OPTION, **_INITIAL), _item("choice", **_OPTION)),
            ("que-12", _item("string", enableWhen=[_WHEN] * 3),
             _item("string", enableWhen=[_WHEN] * 3, enableBehavior="all")),
            ("que-13", _item("string", initial=[{"valueString": "x"}, {"valueString": "y"}]),
             _item("string", repeats=True,
                   initial=[{"valueString": "x"}, {"valueString": "y"}])),
        )
    ),
    example("Questionnaire.item.enableWhen", "que-7", {"question": "1", "operator": "exists"},
       {"answerString": "x"}, {"answerBoolean": True}),
    example("QuestionnaireResponse.item", "qrs-1",
       {"linkId": "1", "answer": [{"valueString": "x"}]}, {"item": [{"linkId": "2"}]}, {}),
)  # fmt: skip

_URL = "https://x/StructureDefinition/X"
_FHIR_URL = "http://hl7.org/fhir/StructureDefinition/X"


def _element(path: str, **more: Any) -> dict[str, Any]:
    base = {"path": path, "min": 0, "max": "*"}
    return {"id": path, "path": path, "definition": "x", "min": 0, "max": "*", "base": base} | more


def _structure(*elements: dict[str, Any], view: str = "snapshot", **more: Any) -> dict[str, Any]:
    """A profile of Patient whose elements are given."""
    return {
        "resourceType": "StructureDefinition",
        "url": _URL,
        "name": "X",
        "status": "draft",
        "kind": "resource",
        "abstract": False,
        "type": "Patient",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
        "derivation": "constraint",
        view: {"element": list(elements)},
    } | more


def _without(structure: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in structure.items() if name not in names}


_ROOT, _NAME = _element("Patient"), _element("Patient.name")
_TYPED = {"type": [{"code": "Patient"}]}
_OWN = {"url": _FHIR_URL, "derivation": "specialization"}
_CODED = {"type": [{"code": "no-type"}]}
_STRING = {"type": [{"code": "string"}]}
_DEFAULT = {"type": [{"code": "string"}], "defaultValueString": "x"}
_DIFF = {"view": "differential"}
_SPECIAL = {"derivation": "specialization"}
_CONTEXT = {"context": [{"type": "element", "expression": "Patient"}]}
_EXTENSION = _structure(_element("Extension"), type="Extension")

_STRUCTURES = (
    *(
        example("StructureDefinition", key, {}, bad, good, *also)
        for key, bad, good, *also in (
            ("sdf-1", _structure(_ROOT, _NAME, _NAME | {"id": "2"}, **_SPECIAL),
             _structure(_ROOT, _NAME, _NAME | {"id": "2"})),
            ("sdf-4", _without(_structure(_ROOT), "baseDefinition"), _structure(_ROOT)),
            ("sdf-5", _EXTENSION, _EXTENSION | _CONTEXT),
            ("sdf-6", _without(_structure(_ROOT), "snapshot"), _structure(_ROOT)),
            ("sdf-8", _structure(_ROOT, _element("Group.name")), _structure(_ROOT, _NAME)),
            ("sdf-8a", _structure(_ROOT, _element("Group.name"), **_DIFF),
             _structure(_ROOT, _NAME, **_DIFF)),
            ("sdf-9", _structure(_ROOT | {"label": "x"}), _structure(_ROOT)),
            ("sdf-11", _structure(_element("Group")), _structure(_ROOT), "sdf-8"),
            ("sdf-14", _structure(_ROOT, _without(_NAME, "id")), _structure(_ROOT, _NAME),
             "sdf-16"),
            ("sdf-15", _structure(_ROOT | _TYPED), _structure(_ROOT)),
            ("sdf-15a", _structure(_ROOT | _TYPED, **_DIFF), _structure(_NAME, **_DIFF)),
            ("sdf-16", _structure(_ROOT, _NAME, _NAME),
             _structure(_ROOT, _NAME, _NAME | {"id": "2"})),
            ("sdf-17", _structure(_ROOT, _NAME, _NAME, **_DIFF),
             _structure(_ROOT, _NAME, _NAME | {"id": "2"}, **_DIFF)),
            ("sdf-18", _structure(_ROOT, contextInvariant=["true"]),
             _EXTENSION | _CONTEXT | {"contextInvariant": ["true"]}),
            ("sdf-19", _structure(_ROOT, _NAME | _CODED, **_OWN),
             _structure(_ROOT, _NAME | _STRING, **_OWN)),
            ("sdf-21", _structure(_NAME | _DEFAULT, **_DIFF),
             _structure(_NAME | _DEFAULT, **_DIFF, **_SPECIAL)),
            ("sdf-22", _structure(_ROOT, _NAME | _DEFAULT, **_OWN),
             _structure(_ROOT, _NAME | _DEFAULT, **_SPECIAL)),
            ("sdf-23", _structure(_ROOT | {"sliceName": "x"}),
             _structure(_ROOT, _NAME | {"sliceName": "x"})),
        )
    ),
    example("StructureDefinition.differential", "sdf-20", {},
       {"element": [_ROOT | {"slicing": {"description": "x", "rules": "open"}}]},
       {"element": [_NAME | {"slicing": {"description": "x", "rules": "open"}}]}),
    example("StructureDefinition.mapping", "sdf-2", {"identity": "x"}, {}, {"name": "x"}),
    example("StructureDefinition.snapshot", "sdf-3", {},
        {"element": [_without(_ROOT, "definition")]},
       {"element": [_ROOT]}),
    example("StructureDefinition.snapshot", "sdf-8b", {}, {"element": [_without(_ROOT, "base")]},
       {"element": [_ROOT]}),
    example("StructureDefinition.snapshot", "sdf-10", {},
       {"element": [_ROOT | {"binding": {"strength": "required"}}]},
       {"element": [_ROOT | {"binding": {"strength": "required", "description": "x"}}]}),
)  # fmt: skip

_OPERATION = {"encodeRequestUrl": True, "sourceId": "x"}
_ASSERT = {"warningOnly": False}
_RESULT = {"result": "pass"}
_TESTING = (
    *(
        example(structure, key, {"operation": operation}, {"assert": assertion}, {})
        for structure, key, operation, assertion in (
            ("TestReport.setup.action", "inv-1", _RESULT, _RESULT),
            ("TestReport.test.action", "inv-2", _RESULT, _RESULT),
            ("TestScript.setup.action", "tst-1", _OPERATION, _ASSERT),
            ("TestScript.test.action", "tst-2", _OPERATION, _ASSERT),
        )
    ),
    example("TestScript.setup.action.assert", "tst-5", _ASSERT,
       {"contentType": "json", "resource": "Patient"}, {"contentType": "json"}),
    example("TestScript.setup.action.assert", "tst-10", _ASSERT | {"compareToSourceId": "x"}, {},
       {"compareToSourcePath": "y"}),
    example("TestScript.setup.action.assert", "tst-12", _ASSERT | {"response": "okay"},
       {"direction": "request"}, {"direction": "response"}),
    example("TestScript.setup.action.operation", "tst-7", {"encodeRequestUrl": True},
       {"url": "x", "params": "y"}, {"url": "x"}),
    example("TestScript.variable", "tst-3", {"name": "x", "path": "y", "expression": "z"},
       {"headerField": "ETag"}, {}),
)  # fmt: skip

_ENTRY = {"resource": {"resourceType": "Patient", "id": "p"}}
_BUNDLED = (
    example(
        "Bundle.entry",
        "Bundle.entry.fullUrl",
        _ENTRY,
        {"fullUrl": "https://x/Patient/q"},
        {"fullUrl": "https://x/Patient/p"},
    ),
)

CONFORMANCE_EXAMPLES: tuple[Example, ...] = (
    *(*_CAPABILITIES, *_DEFINITIONS, *_TERMINOLOGY, *_FORMS, *_STRUCTURES, *_TESTING, *_BUNDLED),
)
