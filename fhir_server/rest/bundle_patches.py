"""The body of a patch as an entry of a Bundle.

Source: http://hl7.org/fhir/R4/http.html#patch; a JSON Patch is no resource: it comes in a Binary.
"""

import base64
import binascii

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import BadRequest
from fhir_server.rest.bundle_operation import entry_place
from fhir_server.rest.content import JSON_PATCH
from fhir_server.rest.patch import read_change


def patch_body(entry: JsonObject, index: int) -> JsonObject:
    """Return the Parameters of a FHIRPath Patch, or the Binary that holds a JSON Patch."""
    where = f"{entry_place(index)}.resource"
    body = entry.get("resource")
    kind = body.get("resourceType") if isinstance(body, dict) else None
    if not isinstance(body, dict) or kind not in ("Parameters", "Binary"):
        text = (
            "PATCH needs a Parameters (FHIRPath Patch) or a Binary of application/json-patch+json."
        )
        raise BadRequest("required", text, where)
    if kind == "Binary":
        if body.get("contentType") != JSON_PATCH:
            text = f"The Binary of a patch has contentType {JSON_PATCH}."
            raise BadRequest("value", text, f"{where}.contentType")
        read_change(JSON_PATCH, binary_content(body, where))
    return body


def binary_content(body: JsonObject, where: str) -> bytes:
    """Return the bytes of a Binary; BadRequest (400) where `data` is no base64."""
    try:
        return base64.b64decode("".join(str(body.get("data", "")).split()), validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest("value", "Binary.data is no base64.", f"{where}.data") from None
