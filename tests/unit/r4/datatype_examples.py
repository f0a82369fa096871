"""Examples of the invariants of datatypes: broken and sound."""

from tests.unit.r4.invariant_example import UCUM, Example, example

_MEASURED = {"value": 1, "system": UCUM}

DATATYPE_EXAMPLES: tuple[Example, ...] = (
    example("Attachment", "att-1", {"data": "eA=="}, {}, {"contentType": "image/png"}),
    example("ContactPoint", "cpt-2", {"value": "110"}, {}, {"system": "phone"}),
    example("Age", "age-1", _MEASURED, {}, {"code": "a"}),
    example("Count", "cnt-3", _MEASURED, {"code": "a"}, {"code": "1"}),
    example("Distance", "dis-1", _MEASURED, {}, {"code": "m"}),
    example("Duration", "drt-1", {"system": UCUM, "code": "h"}, {}, {"value": 1}),
    example(
        "MoneyQuantity",
        "mqty-1",
        {"value": 1, "code": "CNY"},
        {"system": UCUM},
        {"system": "urn:iso:std:iso:4217"},
    ),
    *(
        example(name, "qty-3", {"value": 1, "code": code}, {}, {"system": system})
        for name, code, system in (
            ("Age", "a", UCUM),
            ("Count", "1", UCUM),
            ("Distance", "m", UCUM),
            ("MoneyQuantity", "CNY", "urn:iso:std:iso:4217"),
            ("Quantity", "mg", UCUM),
            ("SimpleQuantity", "mg", UCUM),
        )
    ),
    example("DataRequirement.codeFilter", "drq-1", {"path": "code"}, {"searchParam": "code"}, {}),
    example("DataRequirement.dateFilter", "drq-2", {"path": "date"}, {"searchParam": "date"}, {}),
    *(
        example("ElementDefinition", key, {"path": "Basic.code"}, bad, good)
        for key, bad, good in (
            ("eld-2", {"min": 2, "max": "1"}, {"min": 1, "max": "1"}),
            ("eld-3", {"max": "many"}, {"max": "*"}),
            (
                "eld-5",
                {"contentReference": "#Basic", "maxLength": 1},
                {"contentReference": "#Basic"},
            ),
            (
                "eld-6",
                {"fixedCode": "a", "type": [{"code": "code"}, {"code": "id"}]},
                {"fixedCode": "a", "type": [{"code": "code"}]},
            ),
            (
                "eld-7",
                {"patternCode": "a", "type": [{"code": "code"}, {"code": "id"}]},
                {"patternCode": "a", "type": [{"code": "code"}]},
            ),
            ("eld-8", {"patternCode": "a", "fixedCode": "a"}, {"patternCode": "a"}),
            ("eld-13", {"type": [{"code": "id"}, {"code": "id"}]}, {"type": [{"code": "id"}]}),
            (
                "eld-14",
                {"constraint": [{"key": "a-1", "severity": "error", "human": "x"}] * 2},
                {"constraint": [{"key": "a-1", "severity": "error", "human": "x"}]},
            ),
            (
                "eld-15",
                {"defaultValueCode": "a", "meaningWhenMissing": "b"},
                {"defaultValueCode": "a"},
            ),
            ("eld-16", {"sliceName": "a b"}, {"sliceName": "a/b"}),
            ("eld-18", {"isModifier": True}, {"isModifier": True, "isModifierReason": "x"}),
            ("eld-19", {"path": ".code"}, {"path": "Basic.code"}),
            (
                "eld-22",
                {"sliceIsConstraining": True},
                {"sliceIsConstraining": True, "sliceName": "a"},
            ),
        )
    ),
    example("ElementDefinition.slicing", "eld-1", {"rules": "open"}, {}, {"description": "x"}),
    example(
        "ElementDefinition.binding",
        "eld-12",
        {"strength": "required"},
        {"valueSet": "ftp://x"},
        {"valueSet": "http://x"},
    ),
    example(
        "ElementDefinition.type",
        "eld-4",
        {"aggregation": ["bundled"]},
        {"code": "code"},
        {"code": "Reference"},
    ),
    example(
        "ElementDefinition.type",
        "eld-17",
        {"targetProfile": ["http://x"]},
        {"code": "code"},
        {"code": "Reference"},
    ),
    example("Expression", "exp-1", {"language": "text/fhirpath"}, {}, {"expression": "true"}),
    example("Extension", "ext-1", {"url": "urn:x"}, {}, {"valueCode": "a"}),
    example("Period", "per-1", {"start": "2026-03"}, {"end": "2026-02"}, {"end": "2026"}),
    example(
        "Range", "rng-2", {"low": {"value": 2}}, {"high": {"value": 1}}, {"high": {"value": 3}}
    ),
    example("Ratio", "rat-1", {"numerator": {"value": 1}}, {}, {"denominator": {"value": 2}}),
    *(
        example("Timing.repeat", key, {}, bad, good)
        for key, bad, good in (
            ("tim-1", {"duration": 1}, {"duration": 1, "durationUnit": "h"}),
            ("tim-2", {"period": 1}, {"period": 1, "periodUnit": "h"}),
            (
                "tim-4",
                {"duration": -1, "durationUnit": "h"},
                {"duration": 0, "durationUnit": "h"},
            ),
            ("tim-5", {"period": -1, "periodUnit": "h"}, {"period": 0, "periodUnit": "h"}),
            ("tim-6", {"periodMax": 2}, {"periodMax": 2, "period": 1, "periodUnit": "h"}),
            ("tim-7", {"durationMax": 2}, {"durationMax": 2, "duration": 1, "durationUnit": "h"}),
            ("tim-8", {"countMax": 2}, {"countMax": 2, "count": 1}),
            ("tim-9", {"offset": 30, "when": ["CM"]}, {"offset": 30, "when": ["ACM"]}),
            ("tim-10", {"timeOfDay": ["08:00:00"], "when": ["MORN"]}, {"when": ["MORN"]}),
        )
    ),
    *(
        example("TriggerDefinition", key, {}, bad, good)
        for key, bad, good in (
            (
                "trd-1",
                {"type": "data-added", "data": [{"type": "Patient"}], "timingDate": "2026"},
                {"type": "data-added", "data": [{"type": "Patient"}]},
            ),
            (
                "trd-2",
                {
                    "type": "named-event",
                    "name": "x",
                    "condition": {"language": "text/cql", "expression": "x"},
                },
                {"type": "named-event", "name": "x"},
            ),
            ("trd-3", {"type": "periodic"}, {"type": "periodic", "timingDate": "2026"}),
        )
    ),
)
