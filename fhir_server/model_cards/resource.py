"""A model card as FHIR R4: a DocumentReference about a contained Device.

HL7's guide "AI Transparency on FHIR" (1.0.0-ballot) holds a model card in a DocumentReference of
its own type and refers to it from the Provenance of what the model made. The guide is a ballot: its
codes are used, its profiles are not claimed. The 31 attributes are extensions of this product, so
that a program reads them without reading the page.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from cds_hooks.record import DIGEST_SYSTEM, MODEL_SYSTEM, SYSTEM
from fhir_server.model_cards.attributes import Answered, Part, answered
from fhir_server.model_cards.subject import Subject
from fhir_server.model_cards.words import Words
from inference.contract import Language

Resource = dict[str, Any]

ATTRIBUTE_EXTENSION: Final = f"{SYSTEM}/StructureDefinition/source-attribute"
CARD_TYPES: Final = "http://hl7.org/fhir/uv/aitransparency/CodeSystem/AIinputsCS"
FORMATS: Final = f"{SYSTEM}/CodeSystem/model-card-formats"
_URI: Final = "urn:ietf:rfc:3986"
_LANGUAGES: Final[tuple[Language, ...]] = ("zh-CN", "en")
_NO_ID: Final = re.compile(r"[^A-Za-z0-9.-]")
_LONGEST_ID: Final = 64


def document_reference(subject: Subject, words: Words) -> Resource:
    """Return the card in one language; `ModelRefused` where a file of the model has changed."""
    model = subject.model
    definition = model.definition
    every = answered(subject, model.written_attributes(), words)
    name = words.text(definition.name)
    return {
        "resourceType": "DocumentReference",
        "id": _NO_ID.sub("-", f"{definition.id}-{definition.version}")[:_LONGEST_ID],
        "language": words.language,
        "contained": [_device(subject, name)],
        "extension": [_attribute(each) for each in every],
        "masterIdentifier": {"system": _URI, "value": subject.address()},
        "identifier": [
            {"system": MODEL_SYSTEM, "value": f"{definition.id}|{definition.version}"},
            {"system": DIGEST_SYSTEM, "value": f"sha256:{model.digest}"},
        ],
        "status": "superseded" if subject.state == "retired" else "current",
        "type": {"coding": [{"system": CARD_TYPES, "code": "AIModelCard"}]},
        "category": [
            {
                "coding": [{"system": FORMATS, "code": "attending-html"}],
                "text": words.say("document.format"),
            }
        ],
        "subject": {"reference": "#device"},
        "description": words.say("document.description", model=name, version=definition.version),
        "content": _contents(subject, words),
    }


def _device(subject: Subject, name: str) -> Resource:
    """Return the model as what made the figures; R4 has no resource of its own for it."""
    definition = subject.model.definition
    return {
        "resourceType": "Device",
        "id": "device",
        "identifier": [{"system": MODEL_SYSTEM, "value": definition.id}],
        "deviceName": [{"name": name, "type": "model-name"}],
        "modelNumber": definition.id,
        "type": {
            "coding": [
                {
                    "system": f"{SYSTEM}/CodeSystem/task-classes",
                    "code": definition.task_class.value,
                }
            ]
        },
        "version": [{"value": definition.version}],
        "url": subject.address(),
    }


def _contents(subject: Subject, words: Words) -> list[Resource]:
    definition = subject.model.definition
    pages = [
        {
            "attachment": {
                "contentType": "text/html",
                "language": language,
                "url": subject.address(language=language),
                "title": definition.name.said_in(language),
            }
        }
        for language in _LANGUAGES
    ]
    whole = {
        "attachment": {
            "contentType": "application/json",
            "url": f"{subject.deployment.public_url}/models/{definition.id}",
            "title": words.say("document.definition"),
        }
    }
    return [*pages, whole]


def _attribute(each: Answered) -> Resource:
    parts: list[Resource] = [
        {"url": "paragraph", "valueString": each.citation},
        {"url": "name", "valueCode": each.attribute.id.replace("_", "-")},
        {"url": "title", "valueString": each.title},
    ]
    return {"url": ATTRIBUTE_EXTENSION, "extension": parts + _statements(each.parts)}


def _statements(parts: Sequence[Part]) -> list[Resource]:
    return [
        {
            "url": "statement",
            "extension": [
                {"url": "standing", "valueCode": part.standing.value},
                {"url": "text", "valueString": part.text},
                *({"url": "source", "valueString": source} for source in part.sources),
            ],
        }
        for part in parts
    ]
