"""A laboratory's own tests as a code system, and supplements and versions of it."""

from collections.abc import Sequence
from typing import Any

from fhir_server.r4.codec import JsonObject
from terminology.service.code_system import CodeSystem, ListedCodeSystem

URL = "http://hospital.example.cn/CodeSystem/lab"
SYNONYM = {"system": "http://snomed.info/sct", "code": "900000000000013009"}


def lab(**changed: Any) -> JsonObject:
    """Blood tests: cholesterol and its fractions below it, a retired one, a heading."""
    return {
        "resourceType": "CodeSystem",
        "url": URL,
        "version": "2026.9",
        "name": "HospitalLab",
        "status": "active",
        "content": "complete",
        "caseSensitive": True,
        "hierarchyMeaning": "is-a",
        "language": "zh-CN",
        "property": [
            {"code": "unit", "type": "string"},
            {
                "code": "state",
                "type": "code",
                "uri": "http://hl7.org/fhir/concept-properties#status",
            },
            {"code": "notSelectable", "type": "boolean"},
        ],
        "concept": [
            {
                "code": "LIPID",
                "display": "血脂",
                "property": [{"code": "notSelectable", "valueBoolean": True}],
                "concept": [
                    {
                        "code": "TC",
                        "display": "总胆固醇",
                        "definition": "血清总胆固醇浓度",
                        "designation": [{"language": "en", "value": "Total cholesterol"}],
                        "property": [{"code": "unit", "valueString": "mmol/L"}],
                        "concept": [
                            {"code": "LDL", "display": "低密度脂蛋白胆固醇"},
                            {"code": "HDL", "display": "高密度脂蛋白胆固醇"},
                        ],
                    },
                    {"code": "TG", "display": "甘油三酯"},
                ],
            },
            {
                "code": "CKMB",
                "display": "肌酸激酶同工酶活性",
                "property": [{"code": "state", "valueCode": "retired"}],
            },
        ],
        **changed,
    }


def supplement(**changed: Any) -> JsonObject:
    """English and Uyghur texts that somebody else adds."""
    return {
        "resourceType": "CodeSystem",
        "url": f"{URL}-texts",
        "version": "1",
        "name": "HospitalLabTexts",
        "status": "active",
        "content": "supplement",
        "supplements": URL,
        "concept": [
            {"code": "TG", "designation": [{"language": "en-GB", "value": "Triglycerides"}]},
            {"code": "NONE", "designation": [{"language": "en", "value": "No such code"}]},
        ],
        **changed,
    }


class Shelf:
    """A library of what it was given."""

    def __init__(self, *resources: JsonObject) -> None:
        self._resources = resources

    def code_systems(self, url: str) -> Sequence[CodeSystem]:
        held = self._held("CodeSystem", url)
        return [ListedCodeSystem(each) for each in held if each.get("content") != "supplement"]

    def supplements(self, url: str) -> Sequence[JsonObject]:
        return [
            each for each in self._held("CodeSystem", url) if each.get("content") == "supplement"
        ]

    def value_sets(self, url: str) -> Sequence[JsonObject]:
        return self._held("ValueSet", url)

    def concept_maps(self, url: str) -> Sequence[JsonObject]:
        return self._held("ConceptMap", url)

    def _held(self, type: str, url: str) -> list[JsonObject]:
        return [
            each
            for each in self._resources
            if (each["resourceType"], each.get("url")) == (type, url)
        ]
