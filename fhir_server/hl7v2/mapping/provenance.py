"""Where the resources of a message come from: one Provenance per message.

Source: v2-to-FHIR implementation guide, MSH[Provenance-Source].
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from fhir_server.hl7v2.mapping.context import Context
from fhir_server.hl7v2.mapping.datatypes import filled
from fhir_server.hl7v2.mapping.identity import resource_id
from fhir_server.hl7v2.tokenizer import Segment
from fhir_server.r4.codec import JsonObject

MESSAGE_SYSTEM: Final = "urn:attending:hl7v2-message"
SOURCE: Final = "urn:attending:hl7v2-source"
_AGENT_TYPE: Final = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"


def provenance(
    targets: Mapping[str, Sequence[Segment]],
    *,
    message_id: str,
    kind: str,
    received: datetime,
    context: Context,
) -> JsonObject:
    """Return the Provenance of `targets`; its id follows from the message's row id.

    `targets` are references with the segments that each is made of; an extension of the target
    says them, as `OBX^3;512-640`: the third OBX, bytes 512 to 639 of the message as it came.
    `recorded` is the time of receipt, so that a message processed again yields the same.
    """
    return {
        "resourceType": "Provenance",
        "id": resource_id("Provenance", message_id),
        "target": [_target(*each) for each in targets.items()],
        **filled(occurredDateTime=context.sent.text if context.sent.is_instant else ""),
        "recorded": received.isoformat(timespec="milliseconds"),
        "activity": {"text": f"message - {kind}"},
        "agent": [
            {
                "type": {"coding": [{"system": _AGENT_TYPE, "code": "author"}]},
                "who": filled(
                    identifier={"system": "urn:attending:hl7v2-sender", "value": _sender(context)},
                    display=_sender(context),
                ),
            }
        ],
        "entity": [
            {
                "role": "source",
                "what": {"identifier": {"system": MESSAGE_SYSTEM, "value": message_id}},
            }
        ],
    }


def _target(reference: str, sources: Sequence[Segment]) -> JsonObject:
    found = [
        {"url": SOURCE, "valueString": f"{each.at()};{each.span[0]}-{each.span[1]}"}
        for each in sources
    ]
    return {"extension": found, "reference": reference} if found else {"reference": reference}


def _sender(context: Context) -> str:
    return " @ ".join(name for name in context.sender if name)
